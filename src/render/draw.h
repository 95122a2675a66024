/* draw.h - the edge to MuPDF's drawing: one page to bits and greys, with what is known of its parts.
 *
 * MuPDF's errors are jumps: functions here throw as MuPDF's own do and are called inside fz_try.
 */
#ifndef FW_DRAW_H
#define FW_DRAW_H
#include "render/plane.h"
#include "render/tone.h"
#include <mupdf/fitz.h>

struct fw_letters;

struct fw_drawing {
    struct fw_plane    plane;      /* the page as it is drawn */
    fz_pixmap         *grey;       /* the plane's greys, for MuPDF */
    struct fw_letters *letters;    /* NULL: all is drawn grey, for diffusion */
    uint8_t           *tiles;      /* enum fw_tile: where a picture lies, and where there may be a tint */
    size_t             tiles_size;
    uint32_t           threshold;  /* of the tone */
    uint32_t           rows;       /* of this page */
    int                complaints; /* what MuPDF skipped on the page */
};

/* Makes room for the longest page at `y_dpi`; used for all pages. What is black or white by `threshold` is not drawn
 * grey, unless `mode` is to diffuse all. */
void fw_drawing_init(fz_context *ctx, struct fw_drawing *d, uint32_t y_dpi, enum fw_tone_mode mode, uint32_t threshold);
void fw_drawing_done(fz_context *ctx, struct fw_drawing *d);
/* Of how many fax pages the page will be; 1 for one that cannot be drawn. Never throws. */
int  fw_drawing_parts(fz_context *ctx, fz_document *doc, int index, uint32_t y_dpi);
void fw_drawing_page(fz_context *ctx, struct fw_drawing *d, fz_document *doc, int index, int part,
                     uint32_t y_dpi);
#endif
