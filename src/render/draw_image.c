/* From the bytes of an image to the rows of the page, and when that is allowed. */
#include "render/draw_image.h"
#include "render/draw_clip.h"
#include "render/jpeg_rows.h"
#include "render/scale.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One image on its way. */
struct drawn {
    struct fw_drawing *drawing;
    fz_rect box; /* on the page */
    bool mask;
    struct fw_scale *scale;
};

static void put_row(void *arg, uint32_t x, uint32_t y, const uint8_t *grey, uint32_t count)
{
    const struct drawn *d = arg;
    uint8_t *dst = d->drawing->plane.grey + (size_t)y * FW_RENDER_WIDTH + x;
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
        .page_rows = d->drawing->rows,
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

bool fw_draw_image(fz_context *ctx, struct fw_drawing *to, fz_image *image, fz_matrix ctm, bool black_mask)
{
    struct drawn d = { .drawing = to, .box = fz_transform_rect(fz_unit_rect, ctm), .mask = black_mask };
    const bool upright = fabsf(ctm.b) < 0.5F && fabsf(ctm.c) < 0.5F && ctm.a >= 1 && ctm.d >= 1;
    if (!upright || !fw_draw_clip_open(d.box) || !is_plain(ctx, image, black_mask))
        return false;
    bool done = false;
    fz_var(done);
    fz_try(ctx) done = draw(ctx, &d, image);
    fz_catch(ctx) done = false;
    fw_scale_free(d.scale);
    return done;
}
