/* The draw device's functions are wrapped: each wrapper looks at what is drawn, notes where pictures lie, and
 * makes what would be lost in black and white survive.
 */
#include "render/draw_device.h"
#include "render/draw_clip.h"
#include "render/draw_image.h"
#include "render/tone_kernel.h"
#include <math.h>

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
    if (alpha < 1 || !fw_draw_image(ctx, wrapped.drawing, image, ctm, false))
        wrapped.draw.fill_image(ctx, dev, image, ctm, alpha, params);
}

static void fill_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm,
                            fz_colorspace *space, const float *color, float alpha,
                            fz_color_params params)
{
    const bool black = alpha >= 1 && is_dark(ctx, space, color, alpha, params, 0.1F);
    mark(fz_transform_rect(fz_unit_rect, ctm), FW_TILE_LOOK); /* its greys when it is made smaller */
    if (!black || !fw_draw_image(ctx, wrapped.drawing, image, ctm, true))
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

void fw_draw_device_wrap(fz_device *dev, struct fw_drawing *d)
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
    fw_draw_clip_wrap(dev, d->rows);
}
