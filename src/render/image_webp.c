/* The edge to libwebp: one picture, on white where it is transparent; of an animation the first. */
#include "render/exif.h"
#include "render/image.h"
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

enum { WIDTH_MAX = 4096 }; /* decoded no wider: twice and more what a fax shows */

static void decode_size(const WebPBitstreamFeatures *in, int *ret_width, int *ret_height)
{
    *ret_width = in->width < WIDTH_MAX ? in->width : WIDTH_MAX;
    const int64_t height = (int64_t)in->height * *ret_width / in->width;
    *ret_height = height < 1 ? 1 : (int)height;
}

static void to_grey(const uint8_t *rgba, size_t count, uint8_t *dst)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = rgba + 4 * i;
        const uint32_t grey = (p[0] * 77U + p[1] * 150U + p[2] * 29U) / 256, alpha = p[3];
        dst[i] = (uint8_t)((grey * alpha + 255 * (255 - alpha)) / 255);
    }
}

static fz_pixmap *decode(fz_context *ctx, const WebPData *part)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config) ||
        WebPGetFeatures(part->bytes, part->size, &config.input) != VP8_STATUS_OK ||
        config.input.width < 1 || config.input.height < 1)
        fz_throw(ctx, FZ_ERROR_GENERIC, "no WebP picture");
    int width, height;
    decode_size(&config.input, &width, &height);
    fz_pixmap *grey = fz_new_pixmap(ctx, fz_device_gray(ctx), width, height, NULL, 0);
    uint8_t *rgba = fz_malloc_no_throw(ctx, (size_t)width * (size_t)height * 4);
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgba;
    config.output.u.RGBA.stride = width * 4;
    config.output.u.RGBA.size = (size_t)width * (size_t)height * 4;
    config.options.use_scaling = width != config.input.width;
    config.options.scaled_width = width;
    config.options.scaled_height = height;
    const VP8StatusCode status = rgba ? WebPDecode(part->bytes, part->size, &config) : VP8_STATUS_OUT_OF_MEMORY;
    if (status == VP8_STATUS_OK)
        to_grey(rgba, (size_t)width * (size_t)height, grey->samples);
    WebPFreeDecBuffer(&config.output);
    fz_free(ctx, rgba);
    if (status == VP8_STATUS_OK)
        return grey;
    fz_drop_pixmap(ctx, grey);
    fz_throw(ctx, status == VP8_STATUS_OUT_OF_MEMORY ? FZ_ERROR_MEMORY : FZ_ERROR_GENERIC,
             "the WebP picture cannot be decoded");
}

static int orientation_of(const WebPDemuxer *file)
{
    WebPChunkIterator chunk;
    memset(&chunk, 0, sizeof chunk);
    const int found = WebPDemuxGetChunk(file, "EXIF", 1, &chunk);
    const int orientation =
        found ? fw_exif_orientation((struct fw_span){ chunk.chunk.bytes, chunk.chunk.size }) : 1;
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

static fz_pixmap *first_picture(fz_context *ctx, const WebPDemuxer *file)
{
    WebPIterator frame;
    memset(&frame, 0, sizeof frame);
    fz_pixmap *grey = NULL;
    fz_var(grey);
    fz_try(ctx)
    {
        if (!WebPDemuxGetFrame(file, 1, &frame) || !frame.complete)
            fz_throw(ctx, FZ_ERROR_GENERIC, "no whole picture in the WebP file");
        grey = decode(ctx, &frame.fragment);
    }
    fz_always(ctx) WebPDemuxReleaseIterator(&frame);
    fz_catch(ctx) fz_rethrow(ctx);
    return grey;
}

fz_image *fw_webp_image(fz_context *ctx, struct fw_span bytes, struct fw_frame *ret)
{
    const WebPData data = { bytes.data, bytes.size };
    WebPDemuxer *file = WebPDemux(&data);
    fz_pixmap *grey = NULL;
    fz_image *image = NULL;
    fz_var(grey);
    fz_try(ctx)
    {
        if (!file)
            fz_throw(ctx, FZ_ERROR_GENERIC, "no WebP file");
        grey = first_picture(ctx, file);
        image = fz_new_image_from_pixmap(ctx, grey, NULL);
        /* A pixel that was scaled away still takes its place on paper. */
        *ret = (struct fw_frame){ .width = WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH),
                                  .height = WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT),
                                  .orientation = orientation_of(file) };
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, grey);
        WebPDemuxDelete(file);
    }
    fz_catch(ctx) fz_rethrow(ctx);
    return image;
}
