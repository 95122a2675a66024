/* jpeg_rows.h - the edge to libjpeg: the luminance of a JPEG, row by row.
 *
 * Half or a quarter of the size when that is still enough, which saves most of the work.
 */
#ifndef FW_JPEG_ROWS_H
#define FW_JPEG_ROWS_H
#include "base/buf.h"

struct fw_jpeg_rows {
    uint32_t width_wanted; /* pixels the rows must have at least, if the image has them */
    uint32_t width_max;    /* a wider one is refused */
    int      planes;       /* 1 grey, 3 colour; others are refused */
    /* Called once, before the first row. False ends it. */
    bool (*start)(void *arg, uint32_t width, uint32_t rows);
    void (*row)(void *arg, const uint8_t *grey);
    void *arg;
};

/* False: not such a JPEG, damaged, or ended by `start`. */
MUST_USE bool fw_jpeg_rows(struct fw_span jpeg, const struct fw_jpeg_rows *want);
#endif
