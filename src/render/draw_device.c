/* The draw device's functions are wrapped: each wrapper looks at what is drawn, notes where pictures lie, and
 * makes what would be lost in black and white survive.
 */
#include "render/draw_device.h"
#include "render/draw_clip.h"
#include "render/draw_image.h"
#include "render/letters.h"
#include "render/tone_kernel.h"
#include "render/upright.h"
#include <math.h>

/* Lines and text lighter than these keep their grey; the rest is drawn in black. */
static const float line_grey_max = 0.88F, text_grey_max = 0.6F;
static const float fine_line_max = 6, thin_line_max = 2; /* pixels: on a page with letters as bits, on one of greys */

struct wrapped {
    fz_device draw; /* the functions of the draw device before we took their place */
    struct fw_drawing *drawing;
};

/* MuPDF gives its devices no room for a caller's pointer; the program has one page at a time. */
static struct wrapped wrapped;

/* On white paper. */
static float grey_of(fz_context *ctx, fz_colorspace *space, const float *color, float alpha, fz_color_params params)
{
    float grey[FZ_MAX_COLORS] = { 0 };
    if (space)
        fz_convert_color(ctx, space, color, fz_device_gray(ctx), grey, NULL, params);
    return 1 - (1 - grey[0]) * alpha;
}

static bool is_dark(fz_context *ctx, fz_colorspace *space, const float *color, float alpha,
                    fz_color_params params, float grey_max)
{
    return alpha > 0.3F && grey_of(ctx, space, color, alpha, params) < grey_max;
}

/* Something that is no plain black or white: its tiles are looked at, and its rows have greys. */
static void mark(fz_rect area, enum fw_tile as)
{
    fw_draw_clip_needs_grey(area);
    const struct fw_drawing *d = wrapped.drawing;
    const fz_irect all = fz_make_irect(0, 0, FW_RENDER_WIDTH, (int)d->rows);
    const fz_irect box = fz_intersect_irect(fz_irect_from_rect(area), all);
    if (fz_is_empty_irect(box))
        return;
    const int left = box.x0 / FW_TONE_TILE, right = (box.x1 - 1) / FW_TONE_TILE;
    for (int y = box.y0 / FW_TONE_TILE; y <= (box.y1 - 1) / FW_TONE_TILE; y++) {
        uint8_t *tiles = d->tiles + y * FW_TONE_TILES;
        /* What a clip cuts off is not there. */
        for (int x = left; fw_plane_is_grey(&d->plane, (uint32_t)y * FW_TONE_TILE) && x <= right; x++)
            tiles[x] = tiles[x] == FW_TILE_PICTURE ? FW_TILE_PICTURE : (uint8_t)as;
    }
}

static void mark_picture(fz_rect area)
{
    mark(area, FW_TILE_PICTURE);
}

enum colour { BLACK, WHITE, COLOUR };

/* Whether this is drawn as black or white, which make no tint. */
static enum colour colour_of(fz_context *ctx, fz_colorspace *space, const float *color, float alpha,
                             fz_color_params params)
{
    const float seen = 255 * grey_of(ctx, space, color, alpha, params);
    return seen <= FW_TONE_BLACK_SNAP                 ? BLACK
           : alpha >= 1 && seen >= FW_TONE_WHITE_SNAP ? WHITE
                                                      : COLOUR;
}

static fz_irect pixels_of(fz_rect area)
{
    const fz_irect page = fz_make_irect(0, 0, FW_RENDER_WIDTH, (int)wrapped.drawing->rows);
    return fz_intersect_irect(fz_irect_from_rect(area), page);
}

/* False: it must be drawn the ordinary way. */
static bool fill_boxes(const struct fw_upright *u, bool black)
{
    fz_rect area;
    if (!fw_draw_clip_on_page(&area))
        return false;
    const fz_irect clip = pixels_of(area);
    for (int i = 0; i < u->count; i++) {
        struct fw_plane_box b = u->boxes[i];
        b.x0 = b.x0 > clip.x0 ? b.x0 : clip.x0;
        b.y0 = b.y0 > clip.y0 ? b.y0 : clip.y0;
        b.x1 = b.x1 < clip.x1 ? b.x1 : clip.x1;
        b.y1 = b.y1 < clip.y1 ? b.y1 : clip.y1;
        fw_plane_fill(&wrapped.drawing->plane, b, black);
    }
    return true;
}

_Static_assert((int)FW_TONE_TILE == (int)FW_PLANE_BAND, "a row of tiles is grey or is not");

/* The smallest extent, in pixels, of a pen one user unit thick. */
static float pen_extent(fz_matrix m)
{
    const float across = hypotf(m.a, m.c), down = hypotf(m.b, m.d);
    return across < down ? across : down;
}

/* A line is at least one pixel thick both ways, and up to the thickness of a letter's strokes it is black: half a pixel
 * of grey would be no line at all after the threshold, and a row of dots is hardly one. What is too light for the
 * threshold is drawn thinner instead. False: not such a line. */
static bool fine_line(const fz_stroke_state *stroke, float extent, float grey, fz_stroke_state *ret)
{
    const struct fw_drawing *d = wrapped.drawing;
    if (extent <= 1e-6F || stroke->linewidth * extent >= (d->letters ? fine_line_max : thin_line_max) ||
        (size_t)stroke->dash_len > ARRAY_LEN(stroke->dash_list))
        return false;
    *ret = *stroke;
    if (grey * 256 >= (float)d->threshold && grey < line_grey_max)
        ret->linewidth *= fminf(1, (1 - grey) / (1 - text_grey_max));
    ret->linewidth = fmaxf(ret->linewidth, 1 / extent);
    return true;
}

static void stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
                        const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *space,
                        const float *color, float alpha, fz_color_params params)
{
    static const float black[1] = { 0 };
    const float grey = grey_of(ctx, space, color, alpha, params);
    const enum colour colour = colour_of(ctx, space, color, alpha, params);
    fz_stroke_state pen;
    const bool fine = fine_line(stroke, pen_extent(ctm), grey, &pen);
    const fz_stroke_state *used = fine ? &pen : stroke;
    const bool drawn_black = colour == BLACK || (fine && is_dark(ctx, space, color, alpha, params, line_grey_max));
    struct fw_upright lines;
    if (wrapped.drawing->letters && drawn_black &&
        fw_upright_stroke(ctx, path, used, ctm, &lines) && fill_boxes(&lines, true))
        return;
    const fz_rect bound = fz_bound_path(ctx, path, stroke, ctm);
    fw_draw_clip_needs_grey(fz_expand_rect(bound, 2));
    if (drawn_black && fine) {
        wrapped.draw.stroke_path(ctx, dev, path, used, ctm, fz_device_gray(ctx), black, 1, params);
        return;
    }
    if (colour == COLOUR)
        mark(bound, FW_TILE_LOOK);
    wrapped.draw.stroke_path(ctx, dev, path, used, ctm, space, color, alpha, params);
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

/* Black and white rectangles, and rules of any dark colour. */
static bool fill_upright(fz_context *ctx, const fz_path *path, int even_odd, fz_matrix ctm,
                         fz_colorspace *space, const float *color, float alpha,
                         fz_color_params params)
{
    const uint32_t threshold = wrapped.drawing->threshold;
    struct fw_upright boxes;
    if (!wrapped.drawing->letters ||
        !fw_upright_fill(ctx, path, even_odd != 0, ctm, threshold, &boxes))
        return false;
    switch (colour_of(ctx, space, color, alpha, params)) {
    case BLACK:
        return fill_boxes(&boxes, true);
    case WHITE:
        /* White shapes do not grow, nor does light grey become white where the threshold makes it
         * black. */
        return threshold <= FW_TONE_WHITE_SNAP && !boxes.thin && fill_boxes(&boxes, false);
    case COLOUR:
        break;
    }
    return boxes.thin && is_dark(ctx, space, color, alpha, params, line_grey_max) &&
           fill_boxes(&boxes, true);
}

static void fill_path(fz_context *ctx, fz_device *dev, const fz_path *path, int even_odd,
                      fz_matrix ctm, fz_colorspace *space, const float *color, float alpha,
                      fz_color_params params)
{
    static const fz_path_walker walker = {
        .moveto = on_move, .lineto = on_line, .curveto = on_curve, .closepath = on_close
    };
    static const float black[1] = { 0 };
    if (fill_upright(ctx, path, even_odd, ctm, space, color, alpha, params))
        return;
    const fz_rect bound = fz_bound_path(ctx, path, NULL, ctm);
    fw_draw_clip_needs_grey(fz_expand_rect(bound, 2));
    if (colour_of(ctx, space, color, alpha, params) == COLOUR)
        mark(bound, FW_TILE_LOOK);
    wrapped.draw.fill_path(ctx, dev, path, even_odd, ctm, space, color, alpha, params);
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

/* Goes over the letters of a text with `act`; false: one of them cannot be had as bits, or `act` did not want it. */
typedef bool letter_act(void *arg, const struct fw_stamp *stamp, int x, int y);
static bool each_letter(fz_context *ctx, const fz_text *text, fz_matrix ctm, letter_act *act, void *arg)
{
    struct fw_letters *letters = wrapped.drawing->letters;
    for (const fz_text_span *span = text->head; span; span = span->next) {
        const struct fw_letters_face *face =
            fw_letters_face(ctx, letters, span->font, fz_concat(span->trm, ctm));
        for (int i = 0; face && i < span->len; i++) {
            const fz_text_item *item = &span->items[i];
            int x = 0, y = 0;
            if (item->gid < 0)
                continue;
            const fz_point at = fz_transform_point_xy(item->x, item->y, ctm);
            const struct fw_stamp *stamp =
                fw_letters_get(ctx, letters, face, item->gid, at, &x, &y);
            if (!stamp || !act(arg, stamp, x, y))
                return false;
        }
        if (!face)
            return false;
    }
    return true;
}

static bool put_letter(void *arg, const struct fw_stamp *s, int x, int y)
{
    const fz_irect *clip = arg;
    x += s->x;
    y += s->y;
    if (s->strips == 0)
        return true;
    if (x < clip->x0 || y < clip->y0 || x + s->width > clip->x1 || y + s->rows > clip->y1)
        return false;
    fw_plane_stamp(&wrapped.drawing->plane, s, x - s->x, y - s->y);
    return true;
}

static bool include_letter(void *arg, const struct fw_stamp *s, int x, int y)
{
    const float left = (float)(x + s->x), top = (float)(y + s->y);
    fz_rect *bound = arg;
    *bound = fz_union_rect(*bound,
                           fz_make_rect(left, top, left + (float)s->width, top + (float)s->rows));
    return true;
}

/* MuPDF is about to draw this text, smoothed. A font may lie about the size of its letters, so they
 * are looked at; smoothing reaches a pixel beyond what the threshold leaves. */
static void text_needs_grey(fz_context *ctx, const fz_text *text, fz_matrix ctm)
{
    fz_rect area, bound = fz_empty_rect;
    if (!wrapped.drawing->letters || !fw_draw_clip_on_page(&area))
        return;
    const bool known = each_letter(ctx, text, ctm, include_letter, &bound);
    fw_draw_clip_needs_grey(known ? fz_expand_rect(bound, 3) : fz_infinite_rect);
}

static void fill_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_colorspace *space, const float *color, float alpha, fz_color_params params)
{
    static const float black[1] = { 0 };
    fz_rect area;
    if (is_dark(ctx, space, color, alpha, params, text_grey_max)) {
        if (wrapped.drawing->letters && fw_draw_clip_on_page(&area)) {
            fz_irect clip = pixels_of(area);
            if (each_letter(ctx, text, ctm, put_letter, &clip))
                return;
        }
        text_needs_grey(ctx, text, ctm);
        wrapped.draw.fill_text(ctx, dev, text, ctm, fz_device_gray(ctx), black, 1, params);
        return;
    }
    text_needs_grey(ctx, text, ctm);
    if (is_dark(ctx, space, color, alpha, params, line_grey_max))
        mark_picture(fz_bound_text(ctx, text, NULL, ctm)); /* grey stays visible as dots */
    else if (colour_of(ctx, space, color, alpha, params) == COLOUR)
        mark(fz_bound_text(ctx, text, NULL, ctm), FW_TILE_LOOK);
    wrapped.draw.fill_text(ctx, dev, text, ctm, space, color, alpha, params);
}

static void stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
                        const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *space,
                        const float *color, float alpha, fz_color_params params)
{
    fw_draw_clip_needs_grey(fz_infinite_rect);
    wrapped.draw.stroke_text(ctx, dev, text, stroke, ctm, space, color, alpha, params);
}

/* An image of one bit is a scanned fax or a stamp: made for the threshold. */
static void fill_image(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm, float alpha,
                       fz_color_params params)
{
    mark(fz_transform_rect(fz_unit_rect, ctm),
         image->bpc > 1 || image->n > 1 ? FW_TILE_PICTURE : FW_TILE_LOOK);
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
    dev->stroke_text = stroke_text;
    dev->fill_image = fill_image;
    dev->fill_image_mask = fill_image_mask;
    dev->fill_shade = fill_shade;
    dev->begin_mask = begin_mask;
    dev->begin_group = begin_group;
    dev->clip_image_mask = clip_image_mask;
    dev->begin_tile = begin_tile;
    fw_draw_clip_wrap(dev, &d->plane);
}
