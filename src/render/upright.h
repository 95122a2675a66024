/* upright.h - paths that are nothing but upright rectangles, or level and plumb lines, as boxes of
 * whole pixels.
 *
 * Rules, frames, bars and backgrounds are such. An edge goes to the nearest pixel, so that lines of
 * one thickness stay alike wherever they lie and what touches still does; nothing is thinner than a
 * pixel. MuPDF's errors are jumps.
 */
#ifndef FW_UPRIGHT_H
#define FW_UPRIGHT_H
#include "render/plane.h"
#include <mupdf/fitz.h>

enum { FW_UPRIGHT_MAX = 64 };

struct fw_upright {
    struct fw_plane_box boxes[FW_UPRIGHT_MAX];
    int count;
    bool thin; /* all of them were thinner than a pixel one way */
};

/* False: it is something else, or more than FW_UPRIGHT_MAX. `threshold` as in tone.h: a high one
 * makes shapes wider. Throws. */
MUST_USE bool fw_upright_fill(fz_context *ctx, const fz_path *path, bool even_odd, fz_matrix ctm,
                              uint32_t threshold, struct fw_upright *ret);
MUST_USE bool fw_upright_stroke(fz_context *ctx, const fz_path *path, const fz_stroke_state *pen,
                                fz_matrix ctm, struct fw_upright *ret);
#endif
