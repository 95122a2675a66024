/* draw_clip.h - when drawing past MuPDF's draw device is right: not within clips that cut what is drawn, groups,
 * masks or patterns, which it draws elsewhere first. One device at a time.
 */
#ifndef FW_DRAW_CLIP_H
#define FW_DRAW_CLIP_H
#include "render/plane.h"
#include <mupdf/fitz.h>

/* Takes the place of the device's clips, groups, masks and patterns, which turn the page grey below them. */
void          fw_draw_clip_wrap(fz_device *dev, struct fw_plane *plane);
/* Whether the page itself is drawn on now, and within which upright area. */
MUST_USE bool fw_draw_clip_on_page(fz_rect *ret_area);
/* Whether all of `box`, in pixels, is. */
MUST_USE bool fw_draw_clip_open(fz_rect box);
/* MuPDF is about to draw within `box`: if that is on the page, its rows become grey. */
void          fw_draw_clip_needs_grey(fz_rect box);
#endif
