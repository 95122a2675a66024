/* Gives MuPDF our painter for spans of plain grey, wherever it would take its own (see -Wl,--wrap). */
#include <mupdf/fitz.h>

#include "render/paint.h"

/* As MuPDF 1.21 has them in private headers: n values a pixel, of which da are alpha. */
typedef void span_painter(uint8_t *to, const uint8_t *cover, int n, int width, const uint8_t *color, int da,
                          const void *overprint);
span_painter *__real_fz_get_span_color_painter(int n, int da, const uint8_t *color, const void *overprint);
span_painter *__wrap_fz_get_span_color_painter(int n, int da, const uint8_t *color, const void *overprint);

static void paint(uint8_t *to, const uint8_t *cover, int n, int width, const uint8_t *color, int da,
                  const void *overprint)
{
    (void)n, (void)da, (void)overprint;
    fw_paint_span(to, cover, (size_t)width, color[0]);
}

/* Ours stands for the one that it takes for opaque grey without overprinting, and for no other. */
span_painter *__wrap_fz_get_span_color_painter(int n, int da, const uint8_t *color, const void *overprint)
{
    static const uint8_t black[2] = { 0, 255 };
    span_painter *theirs = __real_fz_get_span_color_painter(n, da, color, overprint);
    return theirs == __real_fz_get_span_color_painter(1, 0, black, NULL) ? paint : theirs;
}
