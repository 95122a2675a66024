/* facts.h - what each page of a page file takes on the line, measured once and kept beside it.
 *
 * A page goes in the coding that is smallest for it. That is T.6 unless the page is full of dots, so
 * only pages above FW_PAGE_FACTS_SMALL bytes are coded in the other ways to see. A receiver that does
 * not take the coding, slower lines and repeated lines make it longer: this is what the page asks for.
 * Any thread.
 *
 * Source: ITU-T T.30 (09/2005) clause 2.1 (V.17 goes up to 14,400 bit/s).
 */
#ifndef FW_PAGE_FACTS_H
#define FW_PAGE_FACTS_H
#include "page/page.h"

enum {
    FW_PAGE_FACTS_SMALL = 48 * 1024,
    FW_PAGE_LONG_S = 120, /* a page that takes longer is worth a warning */
    FW_PAGE_RATE = 14400, /* bit/s of an ordinary line */
    FW_PAGE_RATE_POOR = 9600,
};

struct fw_page_fact {
    uint32_t width, rows;
    uint32_t x_dpi, y_dpi;
    enum fw_page_coding coding;
    uint32_t bytes; /* in that coding */
};

/* Measures the pages of `tiff_path`, at most `pages_max`. FW_NOT_FOUND, FW_INVALID as in page.h. */
MUST_USE enum fw_err fw_page_facts_measure(const char *tiff_path, uint32_t pages_max, uint32_t *ret_count,
                                           struct fw_page_fact *ret, struct fw_fault *fault);
/* The same, to a file, whole or not at all. */
MUST_USE enum fw_err fw_page_facts_write(const char *tiff_path, const char *path, struct fw_fault *fault);
/* FW_NOT_FOUND: no such file; FW_INVALID: it is damaged. */
MUST_USE enum fw_err fw_page_facts_read(const char *path, uint32_t pages_max, uint32_t *ret_count,
                                        struct fw_page_fact *ret);

uint32_t    fw_page_fact_seconds(const struct fw_page_fact *f, uint32_t rate_bps); /* rounded up */
const char *fw_page_coding_text(enum fw_page_coding coding); /* "MH", "MR", "MMR" */
#endif
