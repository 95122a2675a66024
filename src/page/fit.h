/* fit.h - the same pages as a far machine can print them: with fewer rows to the inch, and no longer than its paper.
 *
 * Rows are joined in pairs or fours, black wins, so that no thin line is lost. A page that is too long loses
 * blank rows at its end; if that is not enough and it is a little too long only, rows all over it are joined
 * until it fits; a longer one becomes several sheets of equal length, which overlap by a line of text. Nothing
 * that is black is lost in any case.
 * Pages that fit as they are keep their code. Any thread; a page that is cut is in memory as a whole meanwhile.
 *
 * Source: ITU-T T.4 (07/2003) clause 2 (lengths of A4 and B4).
 */
#ifndef FW_PAGE_FIT_H
#define FW_PAGE_FIT_H
#include "page/page.h"

enum {
    FW_FIT_PAGES_MAX = 400,
    FW_FIT_SHEETS_MAX = 4000,
    FW_FIT_SQUEEZE_PERCENT = 5, /* what is longer by less is squeezed, not cut */
    FW_FIT_OVERLAP_MM = 5,
};

struct fw_fit {
    unsigned divisor;   /* rows that become one: 1, 2 or 4 */
    uint32_t length_mm; /* of the longest paper; 0: any length */
};

struct fw_fitted {
    uint32_t pages;
    uint16_t sheets[FW_FIT_PAGES_MAX]; /* of the first n + 1 pages */
};

/* The most rows that a page may have. */
uint32_t fw_fit_rows(uint32_t length_mm, uint32_t y_dpi);
/* Writes `from`, fitted, to `to`. FW_LIMIT: too many pages, or too large; FW_NOT_FOUND, FW_INVALID: not a page
 * file, or damaged; FW_IO, FW_NO_MEMORY. After a failure there is no file at `to`. */
MUST_USE enum fw_err fw_page_fit(const char *from, const char *to, const struct fw_fit *fit, struct fw_fitted *ret);
#endif
