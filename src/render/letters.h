/* letters.h - letters as bits, kept from page to page. An edge to MuPDF, whose errors are jumps.
 *
 * The same few hundred letters make up a document. Each is smoothed once, as MuPDF does it, put
 * through the threshold of the page, and is then a few words that are laid over the page.
 */
#ifndef FW_LETTERS_H
#define FW_LETTERS_H
#include "render/plane.h"
#include <mupdf/fitz.h>

struct fw_letters;

/* `threshold`: grey below it is black, as the tone of the page has it. Throws. */
struct fw_letters *fw_letters_new(fz_context *ctx, uint32_t threshold);
void fw_letters_free(fz_context *ctx, struct fw_letters *l);

/* One look of a font: what its letters are found by. Valid until the next call of fw_letters_face.
 */
struct fw_letters_face {
    fz_font *font;
    fz_matrix matrix; /* to pixels, without its translation */
    uint32_t number;
    int x_mask, y_mask; /* parts of a pixel, of 256, that make a difference */
    float x_round, y_round;
    bool settles; /* its letters' rims: not those of the smallest, where a pixel is a whole stroke */
};
/* NULL: too large, to be drawn as a shape. Throws. */
const struct fw_letters_face *fw_letters_face(fz_context *ctx, struct fw_letters *l, fz_font *font,
                                              fz_matrix m);
/* The letter for an origin at `at`, and the pixel that its own origin goes to. NULL: this one
 * cannot be had as bits. Valid until the next call. Throws. */
const struct fw_stamp *fw_letters_get(fz_context *ctx, struct fw_letters *l,
                                      const struct fw_letters_face *face, int glyph, fz_point at,
                                      int *ret_x, int *ret_y);
#endif
