/* scale.h - makes rows of an image into rows of a page, by area: each pixel is the mean of what
 * lies under it. Pure.
 *
 * Source rows come in order, bitonal or grey; rows of the page go out as they are complete, so no
 * image is ever held whole. Weights are 1/64 across and 1/256 down, and both add up exactly, so
 * white stays white. AVX2 when the processor has it, with the same results.
 */
#ifndef FW_SCALE_H
#define FW_SCALE_H
#include "base/base.h"

enum {
    FW_SCALE_SOURCE_MAX = 16384, /* pixels of a source row */
    FW_SCALE_RATIO_MAX = 3,      /* source pixels a pixel of the page, across: four taps reach */
    FW_SCALE_ROW_SLACK = 48,     /* bytes behind a source or page row that may be touched */
};

struct fw_scale; /* one image */

struct fw_scale_want {
    uint32_t source_width, source_rows;
    /* Where the image lies on the page, in pixels; may reach beyond it on any side. */
    double x0, y0, x1, y1;
    uint32_t page_width, page_rows;
    void (*put)(void *arg, uint32_t x, uint32_t y, const uint8_t *grey, uint32_t count);
    void *arg;
};

/* FW_LIMIT: a shape that this does not do well; use something else. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_scale_new(const struct fw_scale_want *want, struct fw_scale **ret);
void fw_scale_free(struct fw_scale *s);
/* The next row: one byte a pixel, or packed bits with 1 for white. */
void fw_scale_grey(struct fw_scale *s, const uint8_t *row);
void fw_scale_bits(struct fw_scale *s, const uint8_t *row);
#endif
