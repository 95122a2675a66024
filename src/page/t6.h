/* t6.h - the T.6 (Group 4, MMR) encoder: rows of pixels in, one page of code out.
 *
 * Rows are packed eight pixels a byte, the leftmost in the top bit, 1 is black; bits behind `width`
 * are ignored. Works on lists of colour changes found 64 pixels at a time, which is several times
 * faster than libtiff's encoder.
 *
 * Source: ITU-T T.6 (11/1988) clause 2.
 */
#ifndef FW_T6_H
#define FW_T6_H
#include "base/buf.h"

enum { FW_T6_WIDTH_MAX = 16384 };

struct fw_t6; /* one page at a time; may be used again after fw_t6_end */

MUST_USE enum fw_err fw_t6_new(uint32_t width, struct fw_t6 **ret);
void                 fw_t6_free(struct fw_t6 *t);
/* Appends to `page`, which must be the same buffer from the first row to the end of a page.
 * Errors are those of fw_buf_put; the page is then lost. */
MUST_USE enum fw_err fw_t6_row(struct fw_t6 *t, const uint8_t *row, struct fw_buf *page);
/* Writes the end of the page and starts the next with an all-white reference line. */
MUST_USE enum fw_err fw_t6_end(struct fw_t6 *t, struct fw_buf *page);
#endif
