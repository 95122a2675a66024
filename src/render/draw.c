/* Draws pages as fax wants them. The draw device's functions are wrapped: each wrapper looks at
 * what is drawn, notes where pictures lie, and makes what would be lost in black and white survive.
 */
#include "render/draw.h"
#include "render/draw_image.h"
#include "render/tone_kernel.h"
#include <mupdf/pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 * 1024 * 1024 };

/* Lines and text lighter than these keep their grey; the rest is drawn in black. */
static const float line_grey_max = 0.88F, text_grey_max = 0.6F;

struct wrapped {
    fz_device draw; /* the functions of the draw device before we took their place */
    struct fw_drawing *drawing;
};

/* MuPDF gives its devices no room for a caller's pointer; the program has one page at a time. */
static struct wrapped wrapped;

static bool is_dark(fz_context *ctx, fz_colorspace *space, const float *color, float alpha,
                    fz_color_params params, float grey_max)
{
    float grey[FZ_MAX_COLORS] = { 0 };
    if (space)
        fz_convert_color(ctx, space, color, fz_device_gray(ctx), grey, NULL, params);
    return alpha > 0.3F && 1 - (1 - grey[0]) * alpha < grey_max;
}

static void mark(fz_rect area, enum fw_tile as)
{
    const struct fw_drawing *d = wrapped.drawing;
    const fz_irect all = fz_make_irect(0, 0, FW_RENDER_WIDTH, (int)d->rows);
    const fz_irect box = fz_intersect_irect(fz_irect_from_rect(area), all);
    if (fz_is_empty_irect(box))
        return;
    const int left = box.x0 / FW_TONE_TILE, right = (box.x1 - 1) / FW_TONE_TILE;
    for (int y = box.y0 / FW_TONE_TILE; y <= (box.y1 - 1) / FW_TONE_TILE; y++) {
        uint8_t *tiles = d->tiles + y * FW_TONE_TILES;
        for (int x = left; x <= right; x++)
            tiles[x] = tiles[x] == FW_TILE_PICTURE ? FW_TILE_PICTURE : (uint8_t)as;
    }
}

static void mark_picture(fz_rect area)
{
    mark(area, FW_TILE_PICTURE);
}

/* Whether this is drawn as black or white, which make no tint. */
static bool is_plain_colour(fz_context *ctx, fz_colorspace *space, const float *color, float alpha,
                            fz_color_params params)
{
    float grey[FZ_MAX_COLORS] = { 0 };
    if (space)
        fz_convert_color(ctx, space, color, fz_device_gray(ctx), grey, NULL, params);
    const float seen = 255 * (1 - (1 - grey[0]) * alpha);
    return seen <= FW_TONE_BLACK_SNAP || (alpha >= 1 && seen >= FW_TONE_WHITE_SNAP);
}

/* The smallest extent, in pixels, of a pen one user unit thick. */
static float pen_extent(fz_matrix m)
{
    const float across = hypotf(m.a, m.c), down = hypotf(m.b, m.d);
    return across < down ? across : down;
}

/* A line is at least one pixel thick both ways, and a thin one is black: half a pixel of grey would
 * be no line at all after the threshold. */
static void stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
                        const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *space,
                        const float *color, float alpha, fz_color_params params)
{
    static const float black[1] = { 0 };
    const float extent = pen_extent(ctm);
    const bool thin = extent > 1e-6F && stroke->linewidth * extent < 2;
    if (!is_plain_colour(ctx, space, color, alpha, params))
        mark(fz_bound_path(ctx, path, stroke, ctm), FW_TILE_LOOK);
    if (!thin || (size_t)stroke->dash_len > ARRAY_LEN(stroke->dash_list)) {
        wrapped.draw.stroke_path(ctx, dev, path, stroke, ctm, space, color, alpha, params);
        return;
    }
    fz_stroke_state pen = *stroke;
    if (pen.linewidth * extent < 1)
        pen.linewidth = 1 / extent;
    if (is_dark(ctx, space, color, alpha, params, line_grey_max))
        wrapped.draw.stroke_path(ctx, dev, path, &pen, ctm, fz_device_gray(ctx), black, 1, params);
    else
        wrapped.draw.stroke_path(ctx, dev, path, &pen, ctm, space, color, alpha, params);
}

/* Shapes thinner than a pixel, which is how many programs draw the lines of a table: a path is
 * walked part by part, and the box around each thin part is drawn one pixel thick. */
static const fz_rect nothing = { 1e30F, 1e30F, -1e30F, -1e30F };
struct thin_parts {
    fz_path *path;
    fz_matrix ctm;
    fz_rect part;
};

static void part_end(fz_context *ctx, struct thin_parts *t)
{
    fz_rect r = t->part;
    t->part = nothing;
    const float width = r.x1 - r.x0, height = r.y1 - r.y0;
    if (!fz_is_valid_rect(r) || (width >= 1 && height >= 1) || width > 1e6F || height > 1e6F)
        return;
    if (width < 1) {
        r.x0 = floorf((r.x0 + r.x1) / 2);
        r.x1 = r.x0 + 1;
    }
    if (height < 1) {
        r.y0 = floorf((r.y0 + r.y1) / 2);
        r.y1 = r.y0 + 1;
    }
    if (!t->path)
        t->path = fz_new_path(ctx);
    fz_rectto(ctx, t->path, r.x0, r.y0, r.x1, r.y1);
}

static void on_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct thin_parts *t = arg;
    t->part = fz_include_point_in_rect(t->part, fz_transform_point_xy(x, y, t->ctm));
}

static void on_move(fz_context *ctx, void *arg, float x, float y)
{
    part_end(ctx, arg);
    on_line(ctx, arg, x, y);
}

static void on_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                     float y3)
{
    on_line(ctx, arg, x1, y1);
    on_line(ctx, arg, x2, y2);
    on_line(ctx, arg, x3, y3);
}

static void on_close(fz_context *ctx, void *arg)
{
    part_end(ctx, arg);
}

static void fill_path(fz_context *ctx, fz_device *dev, const fz_path *path, int even_odd,
                      fz_matrix ctm, fz_colorspace *space, const float *color, float alpha,
                      fz_color_params params)
{
    static const fz_path_walker walker = {
        .moveto = on_move, .lineto = on_line, .curveto = on_curve, .closepath = on_close
    };
    static const float black[1] = { 0 };
    wrapped.draw.fill_path(ctx, dev, path, even_odd, ctm, space, color, alpha, params);
    if (!is_plain_colour(ctx, space, color, alpha, params))
        mark(fz_bound_path(ctx, path, NULL, ctm), FW_TILE_LOOK);
    if (!is_dark(ctx, space, color, alpha, params, line_grey_max))
        return;
    struct thin_parts thin = { .ctm = ctm, .part = nothing };
    fz_try(ctx)
    {
        fz_walk_path(ctx, path, &walker, &thin);
        part_end(ctx, &thin);
        if (thin.path)
            wrapped.draw.fill_path(ctx, dev, thin.path, 0, fz_identity, fz_device_gray(ctx), black,
                                   1, params);
    }
    fz_always(ctx) fz_drop_path(ctx, thin.path);
    fz_catch(ctx) fz_rethrow(ctx);
}

static void fill_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_colorspace *space, const float *color, float alpha, fz_color_params params)
{
    static const float black[1] = { 0 };
    if (is_dark(ctx, space, color, alpha, params, text_grey_max)) {
        wrapped.draw.fill_text(ctx, dev, text, ctm, fz_device_gray(ctx), black, 1, params);
        return;
    }
    if (is_dark(ctx, space, color, alpha, params, line_grey_max))
        mark_picture(fz_bound_text(ctx, text, NULL, ctm)); /* grey stays visible as dots */
    else if (!is_plain_colour(ctx, space, color, alpha, params))
        mark(fz_bound_text(ctx, text, NULL, ctm), FW_TILE_LOOK);
    wrapped.draw.fill_text(ctx, dev, text, ctm, space, color, alpha, params);
}

/* An image of one bit is a scanned fax or a stamp: made for the threshold. */
static void fill_image(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm, float alpha,
                       fz_color_params params)
{
    mark(fz_transform_rect(fz_unit_rect, ctm), image->bpc > 1 || image->n > 1 ? FW_TILE_PICTURE : FW_TILE_LOOK);
    if (alpha < 1 || !fw_draw_image(ctx, image, ctm, false))
        wrapped.draw.fill_image(ctx, dev, image, ctm, alpha, params);
}

static void fill_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm,
                            fz_colorspace *space, const float *color, float alpha,
                            fz_color_params params)
{
    const bool black = alpha >= 1 && is_dark(ctx, space, color, alpha, params, 0.1F);
    mark(fz_transform_rect(fz_unit_rect, ctm), FW_TILE_LOOK); /* its greys when it is made smaller */
    if (!black || !fw_draw_image(ctx, image, ctm, true))
        wrapped.draw.fill_image_mask(ctx, dev, image, ctm, space, color, alpha, params);
}

static void fill_shade(fz_context *ctx, fz_device *dev, fz_shade *shade, fz_matrix ctm, float alpha,
                       fz_color_params params)
{
    mark_picture(fz_bound_shade(ctx, shade, ctm));
    wrapped.draw.fill_shade(ctx, dev, shade, ctm, alpha, params);
}

/* What is drawn inside of these is mixed with what is there, by masks of any grey. */
static void begin_mask(fz_context *ctx, fz_device *dev, fz_rect area, int luminosity, fz_colorspace *space,
                       const float *color, fz_color_params params)
{
    mark(area, FW_TILE_LOOK);
    wrapped.draw.begin_mask(ctx, dev, area, luminosity, space, color, params);
}

static void begin_group(fz_context *ctx, fz_device *dev, fz_rect area, fz_colorspace *space, int isolated,
                        int knockout, int blendmode, float alpha)
{
    mark(area, FW_TILE_LOOK);
    wrapped.draw.begin_group(ctx, dev, area, space, isolated, knockout, blendmode, alpha);
}

static void clip_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm, fz_rect scissor)
{
    mark(fz_transform_rect(fz_unit_rect, ctm), FW_TILE_LOOK);
    wrapped.draw.clip_image_mask(ctx, dev, image, ctm, scissor);
}

/* A pattern is drawn once, at a place of its own, and repeated over the area. */
static int begin_tile(fz_context *ctx, fz_device *dev, fz_rect area, fz_rect view, float x_step, float y_step,
                      fz_matrix ctm, int id)
{
    mark(fz_transform_rect(area, ctm), FW_TILE_LOOK);
    return wrapped.draw.begin_tile(ctx, dev, area, view, x_step, y_step, ctm, id);
}

static void wrap(fz_device *dev, struct fw_drawing *d)
{
    wrapped = (struct wrapped){ .draw = *dev, .drawing = d };
    dev->stroke_path = stroke_path;
    dev->fill_path = fill_path;
    dev->fill_text = fill_text;
    dev->fill_image = fill_image;
    dev->fill_image_mask = fill_image_mask;
    dev->fill_shade = fill_shade;
    dev->begin_mask = begin_mask;
    dev->begin_group = begin_group;
    dev->clip_image_mask = clip_image_mask;
    dev->begin_tile = begin_tile;
    fw_draw_image_wrap(dev, d);
}

/* A letter touches twenty rows, and two rows hardly share a page of memory: with large ones the processor finds
 * them without a walk through its tables. NULL: no memory. */
static uint8_t *pixels_new(size_t size)
{
    const size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    uint8_t *pixels = aligned_alloc(LARGE_PAGE, whole);
    if (pixels)
        (void)madvise(pixels, whole, MADV_HUGEPAGE); /* a wish */
    return pixels;
}

void fw_drawing_init(fz_context *ctx, struct fw_drawing *d, uint32_t y_dpi)
{
    *d = (struct fw_drawing){ .rows = fw_geometry_rows_max(y_dpi) };
    d->tiles_size = (size_t)((d->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    d->tiles = fz_malloc(ctx, d->tiles_size);
    d->samples = pixels_new((size_t)d->rows * FW_RENDER_WIDTH);
    if (!d->samples)
        fz_throw(ctx, FZ_ERROR_MEMORY, "no room for a page");
    d->grey = fz_new_pixmap_with_data(ctx, fz_device_gray(ctx), FW_RENDER_WIDTH, (int)d->rows, NULL, 0,
                                      FW_RENDER_WIDTH, d->samples);
}

void fw_drawing_done(fz_context *ctx, struct fw_drawing *d)
{
    fz_drop_pixmap(ctx, d->grey);
    free(d->samples);
    fz_free(ctx, d->tiles);
    *d = (struct fw_drawing){ 0 };
}

/* Until it is known to be white again, none of it is. */
static void clear(struct fw_drawing *d, uint32_t rows)
{
    const uint32_t from = d->white_rows;
    if (rows > from)
        memset(d->grey->samples + (size_t)from * FW_RENDER_WIDTH, 255, (size_t)(rows - from) * FW_RENDER_WIDTH);
    d->cleared_rows = rows > from ? rows : from;
    d->white_rows = 0;
}

void fw_drawing_whitened(struct fw_drawing *d)
{
    d->white_rows = d->cleared_rows;
}

static fz_matrix matrix_of(fz_rect box, const struct fw_geometry *g, int part)
{
    fz_matrix m = fz_translate(-box.x0, -box.y0);
    if (g->turned) /* clockwise: the left edge goes up */
        m = fz_concat(m, fz_make_matrix(0, 1, -1, 0, box.y1 - box.y0, 0));
    m = fz_concat(m, fz_scale((float)g->x_scale, (float)g->y_scale));
    return fz_concat(m, fz_translate((float)g->x_at, -(float)g->step * (float)part));
}

static struct fw_geometry geometry_of(fz_rect box, uint32_t y_dpi)
{
    return fw_geometry_of((double)(box.x1 - box.x0), (double)(box.y1 - box.y0), y_dpi);
}

/* From the page's dictionary alone: what is on the page does not matter, nor that it can be drawn. */
int fw_drawing_parts(fz_context *ctx, fz_document *doc, int index, uint32_t y_dpi)
{
    pdf_document *pdf = pdf_specifics(ctx, doc);
    int parts = 1;
    fz_var(parts);
    fz_try(ctx)
    {
        if (pdf) {
            fz_rect box;
            fz_matrix m;
            pdf_page_obj_transform(ctx, pdf_lookup_page_obj(ctx, pdf, index), &box, &m);
            parts = geometry_of(fz_transform_rect(box, m), y_dpi).parts;
        }
    }
    fz_catch(ctx) parts = 1; /* drawing it says what is wrong */
    return parts;
}

/* What a form's fields looked like before they were filled is of no use, where the form says so:
 * ISO 32000-1 clause 12.7.2, NeedAppearances. */
static void drop_old_appearances(fz_context *ctx, pdf_document *pdf, int index)
{
    pdf_obj *root = pdf_dict_get(ctx, pdf_trailer(ctx, pdf), PDF_NAME(Root));
    if (!pdf_to_bool(ctx, pdf_dict_getp(ctx, root, "AcroForm/NeedAppearances")))
        return;
    pdf_obj *annots = pdf_dict_get(ctx, pdf_lookup_page_obj(ctx, pdf, index), PDF_NAME(Annots));
    const int count = pdf_array_len(ctx, annots);
    for (int i = 0; i < count; i++) {
        pdf_obj *annot = pdf_array_get(ctx, annots, i);
        pdf_obj *type = pdf_dict_get_inheritable(ctx, annot, PDF_NAME(FT));
        if (pdf_name_eq(ctx, type, PDF_NAME(Tx)) || pdf_name_eq(ctx, type, PDF_NAME(Ch)))
            pdf_dict_del(ctx, annot, PDF_NAME(AP));
    }
}

static fz_page *load_page(fz_context *ctx, fz_document *doc, int index)
{
    pdf_document *pdf = pdf_specifics(ctx, doc);
    fz_try(ctx)
    {
        if (pdf)
            drop_old_appearances(ctx, pdf, index);
    }
    fz_catch(ctx) fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
    return fz_load_page(ctx, doc, index);
}

/* Fields and marks that have no looks of their own get those of MuPDF. One that is too broken for
 * that is left as it is. */
static void make_appearances(fz_context *ctx, pdf_page *page)
{
    fz_try(ctx)
    {
        if (page)
            pdf_update_page(ctx, page);
    }
    fz_catch(ctx) fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
}

void fw_drawing_page(fz_context *ctx, struct fw_drawing *d, fz_document *doc, int index, int part,
                     uint32_t y_dpi)
{
    fz_page *page = NULL;
    fz_device *dev = NULL;
    fz_cookie cookie = { 0 };
    fz_var(page);
    fz_var(dev);
    fz_try(ctx)
    {
        page = load_page(ctx, doc, index);
        /* MuPDF shows a blank page where a page is missing; a fax must not. */
        pdf_page *pdf = pdf_page_from_fz_page(ctx, page);
        if (pdf && !pdf_is_dict(ctx, pdf->obj))
            fz_throw(ctx, FZ_ERROR_GENERIC, "page missing");
        make_appearances(ctx, pdf);
        const fz_rect box = fz_bound_page(ctx, page);
        const struct fw_geometry g = geometry_of(box, y_dpi);
        fw_assert(part < g.parts);
        fw_assert(g.rows <= (uint32_t)d->grey->h);
        d->rows = g.rows;
        clear(d, g.rows);
        memset(d->tiles, 0, d->tiles_size);
        /* The page ends where the paper does, whatever its content thinks. */
        const fz_irect paper = fz_make_irect(0, 0, FW_RENDER_WIDTH, (int)g.rows);
        dev = fz_new_draw_device_with_bbox(ctx, fz_identity, d->grey, &paper);
        wrap(dev, d);
        fz_run_page(ctx, page, dev, matrix_of(box, &g, part), &cookie);
        fz_close_device(ctx, dev);
        d->complaints = cookie.errors;
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, dev);
        fz_drop_page(ctx, page);
    }
    fz_catch(ctx) fz_rethrow(ctx);
}
