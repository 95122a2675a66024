/* draw_clip.h - when drawing past MuPDF's draw device is right: not within clips that cut what is drawn, groups,
 * masks or patterns, which it draws elsewhere first. One device at a time.
 */
#ifndef FW_DRAW_CLIP_H
#define FW_DRAW_CLIP_H
#include "base/base.h"
#include <mupdf/fitz.h>

/* Takes the place of the device's clips, groups, masks and patterns; the page has `rows`. */
void          fw_draw_clip_wrap(fz_device *dev, uint32_t rows);
/* Whether all of `box`, in pixels, is drawn on the page itself now. */
MUST_USE bool fw_draw_clip_open(fz_rect box);
#endif
