/* From the bytes of an image to the rows of the page, and when that is allowed. */
#include "render/draw_image.h"
#include "render/jpeg_rows.h"
#include "render/scale.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

/* What the device does now: a stack of clips, groups, masks and patterns. As in draw.c, the program
 * has one page at a time. */
static struct {
    fz_device device; /* its functions before we took their place */
    struct fw_drawing *drawing;
    int depth;
    bool closed[DEPTH_MAX];  /* drawing past the device is wrong at this depth */
    fz_rect area[DEPTH_MAX]; /* and elsewhere only within this */
} state;

static void push(bool closed, fz_rect area)
{
    const int from = state.depth < DEPTH_MAX ? state.depth : DEPTH_MAX - 1;
    state.depth++;
    if (state.depth >= DEPTH_MAX)
        return;
    state.closed[state.depth] = state.closed[from] || closed;
    state.area[state.depth] = fz_intersect_rect(state.area[from], area);
}

static void pop(void)
{
    state.depth -= state.depth > 0;
}

static bool open_for(fz_rect box)
{
    if (state.depth >= DEPTH_MAX || state.closed[state.depth])
        return false;
    const fz_rect a = state.area[state.depth];
    return a.x0 <= box.x0 + 1 && a.y0 <= box.y0 + 1 && a.x1 >= box.x1 - 1 && a.y1 >= box.y1 - 1;
}

/* Whether a path is one upright rectangle: four sides, each level or plumb. */
struct sides {
    fz_matrix ctm;
    fz_point at;
    int count;
    bool other;
};

static void on_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct sides *s = arg;
    s->other = s->other || s->count > 0;
    s->at = fz_transform_point_xy(x, y, s->ctm);
}

static void on_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct sides *s = arg;
    const fz_point to = fz_transform_point_xy(x, y, s->ctm);
    s->other = s->other || (fabsf(to.x - s->at.x) > 0.01F && fabsf(to.y - s->at.y) > 0.01F);
    s->count++;
    s->at = to;
}

static void on_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                     float y3)
{
    (void)ctx, (void)x1, (void)y1, (void)x2, (void)y2, (void)x3, (void)y3;
    ((struct sides *)arg)->other = true;
}

static void on_close(fz_context *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
}

static void clip_path(fz_context *ctx, fz_device *dev, const fz_path *path, int even_odd,
                      fz_matrix ctm, fz_rect scissor)
{
    static const fz_path_walker walker = {
        .moveto = on_move, .lineto = on_line, .curveto = on_curve, .closepath = on_close
    };
    struct sides sides = { .ctm = ctm };
    fz_walk_path(ctx, path, &walker, &sides);
    const bool rectangle = !sides.other && (sides.count == 3 || sides.count == 4);
    state.device.clip_path(ctx, dev, path, even_odd, ctm, scissor);
    push(!rectangle, fz_bound_path(ctx, path, NULL, ctm));
}

static void clip_stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
                             const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
    state.device.clip_stroke_path(ctx, dev, path, stroke, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_rect scissor)
{
    state.device.clip_text(ctx, dev, text, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
                             const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
    state.device.clip_stroke_text(ctx, dev, text, stroke, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm,
                            fz_rect scissor)
{
    state.device.clip_image_mask(ctx, dev, image, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void pop_clip(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.pop_clip(ctx, dev);
}

/* Ends as a clip: its pop_clip takes it from the stack. */
static void begin_mask(fz_context *ctx, fz_device *dev, fz_rect area, int luminosity,
                       fz_colorspace *space, const float *color, fz_color_params params)
{
    state.device.begin_mask(ctx, dev, area, luminosity, space, color, params);
    push(true, fz_infinite_rect);
}

static void begin_group(fz_context *ctx, fz_device *dev, fz_rect area, fz_colorspace *space,
                        int isolated, int knockout, int blendmode, float alpha)
{
    state.device.begin_group(ctx, dev, area, space, isolated, knockout, blendmode, alpha);
    push(true, fz_infinite_rect);
}

static void end_group(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.end_group(ctx, dev);
}

static int begin_tile(fz_context *ctx, fz_device *dev, fz_rect area, fz_rect view, float xstep,
                      float ystep, fz_matrix ctm, int id)
{
    push(true, fz_infinite_rect);
    return state.device.begin_tile(ctx, dev, area, view, xstep, ystep, ctm, id);
}

static void end_tile(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.end_tile(ctx, dev);
}

void fw_draw_image_wrap(fz_device *dev, struct fw_drawing *d)
{
    state.device = *dev;
    state.drawing = d;
    state.depth = 0;
    state.closed[0] = false;
    state.area[0] = fz_make_rect(0, 0, FW_RENDER_WIDTH, (float)d->rows);
    dev->clip_path = clip_path;
    dev->clip_stroke_path = clip_stroke_path;
    dev->clip_text = clip_text;
    dev->clip_stroke_text = clip_stroke_text;
    dev->clip_image_mask = clip_image_mask;
    dev->pop_clip = pop_clip;
    dev->begin_mask = begin_mask;
    dev->begin_group = begin_group;
    dev->end_group = end_group;
    dev->begin_tile = begin_tile;
    dev->end_tile = end_tile;
}

/* One image on its way. */
struct drawn {
    fz_rect box; /* on the page */
    bool mask;
    struct fw_scale *scale;
};

static void put_row(void *arg, uint32_t x, uint32_t y, const uint8_t *grey, uint32_t count)
{
    const struct drawn *d = arg;
    uint8_t *dst = state.drawing->grey->samples + (size_t)y * FW_RENDER_WIDTH + x;
    if (!d->mask) {
        memcpy(dst, grey, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        dst[i] = grey[i] < dst[i] ? grey[i] : dst[i];
}

static bool start(void *arg, uint32_t width, uint32_t rows)
{
    struct drawn *d = arg;
    const struct fw_scale_want want = {
        .source_width = width,
        .source_rows = rows,
        .x0 = (double)d->box.x0,
        .y0 = (double)d->box.y0,
        .x1 = (double)d->box.x1,
        .y1 = (double)d->box.y1,
        .page_width = FW_RENDER_WIDTH,
        .page_rows = state.drawing->rows,
        .put = put_row,
        .arg = d,
    };
    return fw_scale_new(&want, &d->scale) == FW_OK;
}

static void on_grey(void *arg, const uint8_t *grey)
{
    fw_scale_grey(((struct drawn *)arg)->scale, grey);
}

static bool draw_jpeg(struct drawn *d, const fz_image *image, const fz_compressed_buffer *bytes,
                      struct fw_span jpeg)
{
    if (image->bpc != 8 || image->invert_cmyk_jpeg ||
        (image->n == 3 && bytes->params.u.jpeg.color_transform == 0))
        return false;
    const struct fw_jpeg_rows want = {
        .width_wanted = (uint32_t)(d->box.x1 - d->box.x0 + 0.5F),
        .width_max = FW_SCALE_SOURCE_MAX,
        .planes = image->n,
        .start = start,
        .row = on_grey,
        .arg = d,
    };
    return fw_jpeg_rows(jpeg, &want);
}

/* In place: the first byte of each three becomes their luminance. */
static void to_grey(uint8_t *row, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++)
        row[x] = (uint8_t)((77U * row[3 * x] + 150U * row[3 * x + 1] + 29U * row[3 * x + 2]) >> 8);
}

static void draw_row(struct drawn *d, const fz_image *image, uint8_t *row, size_t size,
                     bool inverted)
{
    for (size_t i = 0; inverted && i < size; i++)
        row[i] = (uint8_t)~row[i];
    if (image->n == 3)
        to_grey(row, (uint32_t)image->w);
    if (image->bpc == 1)
        fw_scale_bits(d->scale, row);
    else
        fw_scale_grey(d->scale, row);
}

/* Rows of any coding that MuPDF reads as a stream. May throw. */
static bool draw_stream(fz_context *ctx, struct drawn *d, fz_image *image,
                        fz_compressed_buffer *bytes)
{
    /* A mask paints where it is 0; decoding the other way round turns that, and any other image. */
    const bool inverted = image->use_decode && image->decode[0] > image->decode[1];
    const size_t size = ((size_t)image->w * image->n * image->bpc + 7) / 8;
    fz_stream *stream = NULL;
    uint8_t *row = NULL;
    bool done = false;
    fz_var(stream);
    fz_var(row);
    fz_var(done);
    fz_try(ctx)
    {
        int halvings = 0;
        row = fz_malloc(ctx, size);
        stream = fz_open_image_decomp_stream_from_buffer(ctx, bytes, &halvings);
        int y = 0;
        while (y < image->h && fz_read(ctx, stream, row, size) == size) {
            draw_row(d, image, row, size, inverted);
            y++;
        }
        done = y == image->h;
    }
    fz_always(ctx)
    {
        fz_drop_stream(ctx, stream);
        fz_free(ctx, row);
    }
    fz_catch(ctx) fz_rethrow(ctx);
    return done;
}

static bool plain_decode(const fz_image *image)
{
    const bool turned = image->n == 1 && image->decode[0] == 1 && image->decode[1] == 0;
    return !image->use_decode || turned;
}

/* Of the kinds and codings that can be done here. */
static bool is_plain(fz_context *ctx, const fz_image *image, bool black_mask)
{
    const bool bits = image->bpc == 1 && image->n == 1;
    const bool bytes = image->bpc == 8 && (image->n == 1 || image->n == 3);
    if (image->mask || image->use_colorkey || image->orientation > 1 || image->w <= 0 ||
        image->h <= 0 || image->w > FW_SCALE_SOURCE_MAX || (!bits && !bytes) ||
        !plain_decode(image))
        return false;
    if (black_mask || image->imagemask)
        return black_mask && image->imagemask && bits;
    return image->colorspace &&
           (image->n == 1 ? fz_colorspace_is_gray(ctx, image->colorspace)
                          : fz_colorspace_is_rgb(ctx, image->colorspace) && image->n == 3);
}

static bool draw(fz_context *ctx, struct drawn *d, fz_image *image)
{
    fz_compressed_buffer *bytes = fz_compressed_image_buffer(ctx, image);
    if (!bytes || !bytes->buffer)
        return false;
    uint8_t *data = NULL;
    const size_t size = fz_buffer_storage(ctx, bytes->buffer, &data);
    switch (bytes->params.type) {
    case FZ_IMAGE_JPEG:
        return !image->use_decode && draw_jpeg(d, image, bytes, (struct fw_span){ data, size });
    case FZ_IMAGE_RAW:
    case FZ_IMAGE_FAX:
    case FZ_IMAGE_FLATE:
    case FZ_IMAGE_LZW:
    case FZ_IMAGE_RLD:
    case FZ_IMAGE_JBIG2:
        return start(d, (uint32_t)image->w, (uint32_t)image->h) &&
               draw_stream(ctx, d, image, bytes);
    default:
        return false;
    }
}

bool fw_draw_image(fz_context *ctx, fz_image *image, fz_matrix ctm, bool black_mask)
{
    struct drawn d = { .box = fz_transform_rect(fz_unit_rect, ctm), .mask = black_mask };
    const bool upright = fabsf(ctm.b) < 0.5F && fabsf(ctm.c) < 0.5F && ctm.a >= 1 && ctm.d >= 1;
    if (!upright || !open_for(d.box) || !is_plain(ctx, image, black_mask))
        return false;
    bool done = false;
    fz_var(done);
    fz_try(ctx) done = draw(ctx, &d, image);
    fz_catch(ctx) done = false;
    fw_scale_free(d.scale);
    return done;
}
