/* text.h - plain text to a page description in HTML that MuPDF draws. Pure.
 *
 * Rows, pages and columns are decided here: 66 rows a page as printers have them, tabs every eight
 * columns, form feeds, long lines wrapped at words. A table of up to 132 columns, as old programs
 * print them, is set smaller rather than broken.
 */
#ifndef FW_TEXT_LAYOUT_H
#define FW_TEXT_LAYOUT_H
#include "base/buf.h"

enum { FW_TEXT_ROWS = 66 }; /* of a page, of 12 points each */

/* `ret` is initialised, and bounds the result. FW_LIMIT: that bound, or more than `pages_max`
 * pages; FW_INVALID: nothing to be seen in the text. */
MUST_USE enum fw_err fw_text_layout(struct fw_span text, int pages_max, struct fw_buf *ret);
#endif
