/* gray.h - a fax page as a reader of barcodes wants it: a byte a pixel, 0 is black, and pixels that are square.
 *
 * Fax pages have 98, 196 or 391 rows an inch and 204 columns: rows are written twice, or two become one of their mean.
 */
#ifndef FW_GRAY_H
#define FW_GRAY_H
#include "page/tiff_read.h"

enum { FW_GRAY_PIXELS_MAX = 40 * 1000 * 1000 }; /* an A3 page of 400 dpi has 32 million */

struct fw_gray {
    uint8_t *pixels; /* owned */
    size_t   capacity;
    uint32_t width, height;
};
void fw_gray_done(struct fw_gray *g);
/* The page that `r` stands on; what of it is beyond FW_GRAY_PIXELS_MAX is left out. FW_INVALID: it is damaged. */
MUST_USE enum fw_err fw_gray_read(struct fw_tiff_reader *r, struct fw_gray *ret, struct fw_fault *fault);
#endif
