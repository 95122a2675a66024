/* png.h - a page of a page file as a PNG to look at: smaller, with each pixel the mean of what lies under it.
 *
 * Pixels are square, whatever the resolution of the page. A row of the page is in memory at a time. Any
 * thread.
 *
 * Source: PNG (Second Edition), W3C 2003, clauses 5 and 11.2.
 */
#ifndef FW_PAGE_PNG_H
#define FW_PAGE_PNG_H
#include "base/buf.h"
#include "page/page.h"

enum {
    FW_PNG_WIDTH_MIN = 32,
    FW_PNG_WIDTH_MAX = 1728,
    FW_PNG_BYTES_MAX = 16 * 1024 * 1024,
};

/* Page `index`, from 0, `width` pixels wide (within the bounds above) or less where it would be far too
 * high. `ret` is initialised by this and the caller's to free, also on failure. FW_NOT_FOUND: no such file
 * or page; FW_INVALID: it is damaged; FW_LIMIT. */
MUST_USE enum fw_err fw_page_png(const char *tiff_path, uint32_t index, uint32_t width, struct fw_buf *ret,
                                 struct fw_fault *fault);
#endif
