/* draw.h - the edge to MuPDF's drawing: one page to grey, with what is known of its parts.
 *
 * MuPDF's errors are jumps: functions here throw as MuPDF's own do and are called inside fz_try.
 */
#ifndef FW_DRAW_H
#define FW_DRAW_H
#include "render/geometry.h"
#include <mupdf/fitz.h>

struct fw_drawing {
    fz_pixmap *grey;        /* FW_RENDER_WIDTH x rows, 255 is white */
    uint8_t   *samples;     /* its own */
    uint8_t   *tiles;       /* enum fw_tile: where a picture lies, and where there may be a tint */
    size_t     tiles_size;
    uint32_t   rows;                     /* of this page */
    uint32_t   white_rows, cleared_rows; /* from the top: white now; white before this page */
    int        complaints;  /* what MuPDF skipped on the page */
};

/* Makes room for the longest page at `y_dpi`; used for all pages. */
void fw_drawing_init(fz_context *ctx, struct fw_drawing *d, uint32_t y_dpi);
void fw_drawing_done(fz_context *ctx, struct fw_drawing *d);
/* Of how many fax pages the page will be; 1 for one that cannot be drawn. Never throws. */
int  fw_drawing_parts(fz_context *ctx, fz_document *doc, int index, uint32_t y_dpi);
void fw_drawing_page(fz_context *ctx, struct fw_drawing *d, fz_document *doc, int index, int part,
                     uint32_t y_dpi);
/* The rows of the page are white again: the next need not be cleared. */
void fw_drawing_whitened(struct fw_drawing *d);
#endif
