/* The sheet of header lines. The name is laid out by MuPDF's HTML, which knows scripts that run the other
 * way, join their letters, or need another font. */
#include "render/header_sheet.h"

#include <mupdf/fitz.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "page/header.h"
#include "page/page.h"
#include "render/html.h"

enum { NAME_BYTES_MAX = 1024, BASELINE = 23, STORE_MAX = 8 * 1024 * 1024, DARK = 140, DARK_STANDARD = 175 };

static const float size = 9;                          /* points */
static const float x_scale = 204.0F / 72, y_scale = 98.0F / 72; /* dots a point, at 98 rows an inch */

struct sheet {
    fz_pixmap *grey;
    uint32_t scale;
};

/* As seen from the baseline of line `line` of the sheet, at dot `x`. */
static fz_matrix place(const struct sheet *s, uint32_t line, float x)
{
    const float rows = (float)(FW_HEADER_GLYPH_ROWS * line * s->scale) + (float)(BASELINE * s->scale) / 2;
    return fz_make_matrix(x_scale, 0, 0, y_scale * (float)s->scale, x, rows);
}

/* What it draws ends where its line does. */
static fz_device *device_of(fz_context *ctx, const struct sheet *s, uint32_t line, uint32_t x, uint32_t width)
{
    const int rows = (int)(FW_HEADER_GLYPH_ROWS * s->scale);
    const fz_irect box = fz_make_irect((int)x, (int)line * rows, (int)(x + width), (int)(line + 1) * rows);
    return fz_new_draw_device_with_bbox(ctx, fz_identity, s->grey, &box);
}

static void draw_glyph(fz_context *ctx, const struct sheet *s, fz_font *font, unsigned index)
{
    const uint32_t in_row = FW_HEADER_WIDTH / FW_HEADER_CELL, x = index % in_row * FW_HEADER_CELL;
    const int c = (int)(FW_HEADER_FIRST + index), glyph = fz_encode_character(ctx, font, c);
    const float black[1] = { 0 };
    fz_text *text = NULL;
    fz_device *dev = NULL;
    fz_var(text);
    fz_var(dev);
    fz_try(ctx)
    {
        const fz_rect ink = fz_bound_glyph(ctx, font, glyph, fz_scale(size * x_scale, size * x_scale));
        text = fz_new_text(ctx);
        fz_show_glyph(ctx, text, font, fz_make_matrix(size, 0, 0, -size, 0, 0), glyph, c, 0, 0, FZ_BIDI_LTR,
                      FZ_LANG_UNSET);
        dev = device_of(ctx, s, index / in_row, x, FW_HEADER_CELL);
        fz_fill_text(ctx, dev, text, place(s, index / in_row, (float)x - ink.x0), fz_device_gray(ctx), black, 1,
                     fz_default_color_params);
        fz_close_device(ctx, dev);
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, dev);
        fz_drop_text(ctx, text);
    }
    fz_catch(ctx) fz_rethrow(ctx);
}

static void draw_alphabet(fz_context *ctx, const struct sheet *s)
{
    fz_font *font = fz_new_base14_font(ctx, "Helvetica");
    fz_try(ctx)
    {
        for (unsigned i = 0; i < FW_HEADER_CHARACTERS; i++)
            draw_glyph(ctx, s, font, i);
    }
    fz_always(ctx) fz_drop_font(ctx, font);
    fz_catch(ctx) fz_rethrow(ctx);
}

/* Where its letters stand. False: it has none. */
static bool find_line(const fz_stext_page *text, fz_rect *ret, float *ret_baseline)
{
    bool found = false;
    *ret = fz_empty_rect;
    for (const fz_stext_block *b = text->first_block; b; b = b->next) {
        if (b->type != FZ_STEXT_BLOCK_TEXT)
            continue;
        for (const fz_stext_line *l = b->u.t.first_line; l; l = l->next) {
            if (l->first_char && !found)
                *ret_baseline = l->first_char->origin.y;
            found = found || l->first_char;
            *ret = fz_union_rect(*ret, l->bbox);
        }
    }
    return found && ret->x1 > ret->x0;
}

static void draw_page(fz_context *ctx, const struct sheet *s, fz_page *page, fz_rect box, float baseline)
{
    const float width = (box.x1 - box.x0) * x_scale;
    const float condensed = width > FW_HEADER_NAME_WIDTH ? FW_HEADER_NAME_WIDTH / width : 1;
    fz_matrix m = fz_translate(-box.x0, -baseline);
    m = fz_concat(fz_concat(m, fz_scale(condensed, 1)), place(s, FW_HEADER_CELL_ROWS, 0));
    fz_device *dev = device_of(ctx, s, FW_HEADER_CELL_ROWS, 0, FW_HEADER_NAME_WIDTH);
    fz_try(ctx)
    {
        fz_run_page(ctx, page, dev, m, NULL);
        fz_close_device(ctx, dev);
    }
    fz_always(ctx) fz_drop_device(ctx, dev);
    fz_catch(ctx) fz_rethrow(ctx);
}

static void draw_name(fz_context *ctx, const struct sheet *s, struct fw_span html)
{
    fz_document *doc = NULL;
    fz_page *page = NULL;
    fz_stext_page *text = NULL;
    fz_var(doc);
    fz_var(page);
    fz_var(text);
    fz_try(ctx)
    {
        fz_rect box;
        float baseline = 0;
        doc = fw_html_document(ctx, html);
        page = fz_load_page(ctx, doc, 0);
        text = fz_new_stext_page_from_page(ctx, page, NULL);
        if (find_line(text, &box, &baseline))
            draw_page(ctx, s, page, box, baseline);
    }
    fz_always(ctx)
    {
        fz_drop_stext_page(ctx, text);
        fz_drop_page(ctx, page);
        fz_drop_document(ctx, doc);
    }
    fz_catch(ctx) fz_rethrow(ctx);
}

static enum fw_err make_html(struct fw_span name, struct fw_buf *ret)
{
    enum fw_err err = fw_buf_put_text(
        ret, "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><style>@page{margin:0}body{margin:0}"
             "p{margin:0;white-space:nowrap;font-family:sans-serif;font-size:9pt}</style></head><body><p>");
    for (size_t i = 0; !err && i < name.size; i++) {
        const uint8_t c = name.data[i];
        const char *as = c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c < ' ' ? " " : NULL;
        err = as ? fw_buf_put_text(ret, as) : fw_buf_put_u8(ret, c);
    }
    return err ? err : fw_buf_put_text(ret, "</p></body></html>");
}

static enum fw_err write_sheet(const struct sheet *s, int out)
{
    const uint32_t rows = (uint32_t)s->grey->h;
    struct fw_buf bits CLEANUP(fw_buf_done);
    fw_buf_init(&bits, (size_t)rows * FW_HEADER_ROW_BYTES);
    enum fw_err err = FW_OK;
    for (size_t at = 0; !err && at < (size_t)rows * FW_HEADER_WIDTH; at += 8) {
        unsigned byte = 0;
        for (size_t i = 0; i < 8; i++)
            byte = byte << 1 | (s->grey->samples[at + i] < (s->scale > 1 ? DARK : DARK_STANDARD));
        err = fw_buf_put_u8(&bits, (uint8_t)byte);
    }
    return err ? err : fw_write_all(out, fw_buf_span(&bits));
}

static enum fw_render_exit draw(fz_context *ctx, const struct fw_convert *c, struct fw_span name)
{
    struct sheet s = { NULL, fw_page_scale(c->y_dpi) };
    struct fw_buf html CLEANUP(fw_buf_done);
    enum fw_render_exit code = FW_RENDER_OK;
    fw_buf_init(&html, 16 * NAME_BYTES_MAX);
    if (make_html(name, &html))
        return FW_RENDER_LIMITS;
    fz_var(code);
    fz_try(ctx)
    {
        const int rows = (int)(FW_HEADER_GLYPH_ROWS * (FW_HEADER_CELL_ROWS + 1) * s.scale);
        s.grey = fz_new_pixmap(ctx, fz_device_gray(ctx), FW_HEADER_WIDTH, rows, NULL, 0);
        fz_clear_pixmap_with_value(ctx, s.grey, 255);
        draw_alphabet(ctx, &s);
        if (name.size > 0)
            draw_name(ctx, &s, fw_buf_span(&html));
        if (write_sheet(&s, c->out))
            code = FW_RENDER_LIMITS;
    }
    fz_always(ctx) fz_drop_pixmap(ctx, s.grey);
    fz_catch(ctx) code = FW_RENDER_LIMITS;
    return code;
}

static void on_message(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

enum fw_render_exit fw_header_sheet_run(const struct fw_convert *c, struct fw_converted *ret)
{
    uint8_t name[NAME_BYTES_MAX];
    const ssize_t got = pread(c->in, name, sizeof name, 0);
    fz_context *ctx = got < 0 ? NULL : fz_new_context(NULL, NULL, STORE_MAX);
    enum fw_render_exit code = FW_RENDER_LIMITS;
    if (ctx) {
        fz_set_error_callback(ctx, on_message, NULL);
        fz_set_warning_callback(ctx, on_message, NULL);
        code = draw(ctx, c, (struct fw_span){ name, (size_t)got });
        fz_drop_context(ctx);
    }
    if (code)
        snprintf(ret->why, sizeof ret->why, "the header line cannot be drawn");
    return code;
}
