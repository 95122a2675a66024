/* draw_image.h - images that lie upright on the page, which is what scans are, go onto it row by row:
 * decoded, scaled and written without ever being held whole. MuPDF draws all others.
 *
 * A bitonal scan stays packed bits until it is scaled; a JPEG gives its luminance only.
 */
#ifndef FW_DRAW_IMAGE_H
#define FW_DRAW_IMAGE_H
#include "render/draw.h"

/* `black_mask`: paint black where the image, an image mask, is set. False: not done, draw it the
 * ordinary way; the page may hold some rows of it already. Never throws. */
MUST_USE bool fw_draw_image(fz_context *ctx, struct fw_drawing *to, fz_image *image, fz_matrix ctm, bool black_mask);
#endif
