/* t4.h - the T.4 coders, MH (one dimension) and MR (two): rows of pixels in, one page of code out.
 *
 * Rows as in t6.h. Each row begins with EOL, which in MR tells by its next bit how the row is
 * coded; of each `k` rows the first stands for itself and the others are coded against the row
 * above. The end of a page is RTC.
 *
 * Source: ITU-T T.4 (07/2003) clauses 4.1 and 4.2.
 */
#ifndef FW_T4_H
#define FW_T4_H
#include "base/buf.h"

enum { FW_T4_MH = 1, FW_T4_MR_STANDARD = 2, FW_T4_MR_FINE = 4 }; /* k; the finest may use 8 */

struct fw_t4; /* one page at a time; may be used again after fw_t4_end */

MUST_USE enum fw_err fw_t4_new(uint32_t width, uint32_t k, struct fw_t4 **ret);
void fw_t4_free(struct fw_t4 *t);
/* Appends to `page`, which must be the same buffer from the first row to the end of a page.
 * Errors are those of fw_buf_put; the page is then lost. */
MUST_USE enum fw_err fw_t4_row(struct fw_t4 *t, const uint8_t *row, struct fw_buf *page);
MUST_USE enum fw_err fw_t4_end(struct fw_t4 *t, struct fw_buf *page);
#endif
