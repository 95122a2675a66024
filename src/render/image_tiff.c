/* The edge to libtiff: what it can decompress can be faxed.
 *
 * Black-and-white images, which scanners and other fax machines make, stay one bit a pixel. Of the
 * rest grey is taken as it is, and everything with colour goes by libtiff's own way to RGB, a band
 * of rows at a time.
 */
#include "render/image.h"
#include <limits.h>
#include <string.h>
#include <tiffio.h>

enum {
    DIRECTORIES_MAX = 4096,
    BAND_PIXELS_MAX = 32 * 1024 * 1024, /* of 4 bytes */
    PIXELS_MAX = 256 * 1024 * 1024,
    ALLOC_MAX = 256 * 1024 * 1024, /* libtiff's, at once */
};

struct memory {
    struct fw_span bytes;
    uint64_t at;
};

static tmsize_t memory_read(thandle_t arg, void *dst, tmsize_t size)
{
    struct memory *m = arg;
    if (size < 0 || m->at >= m->bytes.size)
        return 0;
    const uint64_t left = m->bytes.size - m->at, taken = left < (uint64_t)size ? left : (uint64_t)size;
    memcpy(dst, m->bytes.data + m->at, (size_t)taken);
    m->at += taken;
    return (tmsize_t)taken;
}

static tmsize_t memory_write(thandle_t arg, void *src, tmsize_t size)
{
    (void)arg;
    (void)src;
    (void)size;
    return -1;
}

static toff_t memory_seek(thandle_t arg, toff_t at, int whence)
{
    struct memory *m = arg;
    const uint64_t from = whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->bytes.size : 0;
    m->at = from + at; /* unsigned: a step back wraps as it should */
    return m->at;
}

static int memory_close(thandle_t arg)
{
    (void)arg;
    return 0;
}

static toff_t memory_size(thandle_t arg)
{
    return ((struct memory *)arg)->bytes.size;
}

static int quiet(TIFF *tif, void *arg, const char *module, const char *fmt, va_list va)
{
    (void)tif; /* it may quote the document */
    (void)arg;
    (void)module;
    (void)fmt;
    (void)va;
    return 1;
}

static TIFF *tiff_open(struct memory *m)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, ALLOC_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, quiet, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, quiet, NULL);
    TIFF *tif = TIFFClientOpenExt("document", "rm", m, memory_read, memory_write, memory_seek,
                                  memory_close, memory_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tif;
}

/* Images --------------------------------------------------------------------------------------- */

static double dpi_of(TIFF *tif, uint32_t tag)
{
    float value = 0;
    uint16_t unit = RESUNIT_INCH;
    if (!TIFFGetField(tif, tag, &value) || !(value > 0))
        return 0;
    TIFFGetFieldDefaulted(tif, TIFFTAG_RESOLUTIONUNIT, &unit);
    return unit == RESUNIT_CENTIMETER ? (double)value * 2.54 : unit == RESUNIT_INCH ? (double)value : 0;
}

static bool frame_read(TIFF *tif, uint32_t index, struct fw_frame *ret)
{
    uint32_t subfile = 0;
    uint16_t orientation = 1;
    TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &subfile);
    TIFFGetFieldDefaulted(tif, TIFFTAG_ORIENTATION, &orientation);
    *ret = (struct fw_frame){ .x_dpi = dpi_of(tif, TIFFTAG_XRESOLUTION),
                              .y_dpi = dpi_of(tif, TIFFTAG_YRESOLUTION),
                              .orientation = orientation >= 1 && orientation <= 8 ? orientation : 1,
                              .index = index };
    return TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &ret->width) &&
           TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &ret->height) && ret->width > 0 &&
           ret->height > 0 && !(subfile & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
}

int fw_tiff_frames(fz_context *ctx, struct fw_span bytes, struct fw_frame **ret)
{
    struct fw_frame *frames = fz_malloc(ctx, DIRECTORIES_MAX * sizeof *frames);
    struct memory memory = { bytes, 0 };
    TIFF *tif = tiff_open(&memory);
    int count = 0;
    if (tif) {
        uint32_t index = 0;
        do {
            if (frame_read(tif, index++, &frames[count]))
                count++;
        } while (index < DIRECTORIES_MAX && TIFFReadDirectory(tif));
        TIFFClose(tif);
    }
    if (count == 0) {
        fz_free(ctx, frames);
        fz_throw(ctx, FZ_ERROR_GENERIC, "no image in the TIFF");
    }
    *ret = frames;
    return count;
}

static uint16_t field16(TIFF *tif, uint32_t tag)
{
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(tif, tag, &value) ? value : 0;
}

/* Rows as they are stored, when libtiff hands them over in the shape MuPDF takes. */
static bool is_plain(TIFF *tif, uint16_t bits)
{
    const uint16_t photometric = field16(tif, TIFFTAG_PHOTOMETRIC);
    return !TIFFIsTiled(tif) && field16(tif, TIFFTAG_BITSPERSAMPLE) == bits &&
           field16(tif, TIFFTAG_SAMPLESPERPIXEL) == 1 &&
           (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK);
}

static void read_rows(fz_context *ctx, TIFF *tif, const struct fw_frame *f, uint8_t *dst, size_t stride)
{
    if ((size_t)TIFFScanlineSize(tif) != stride)
        fz_throw(ctx, FZ_ERROR_GENERIC, "rows of an unexpected size");
    for (uint32_t y = 0; y < f->height; y++) {
        if (TIFFReadScanline(tif, dst + y * stride, y, 0) < 0)
            fz_throw(ctx, FZ_ERROR_GENERIC, "a row cannot be read");
    }
}

/* One component of `bits` bits, without compression, as an image. Takes `samples` in any case. */
static fz_image *raw_image(fz_context *ctx, const struct fw_frame *f, uint8_t *samples, size_t size,
                           int bits, bool zero_is_white)
{
    float decode[2] = { zero_is_white ? 1 : 0, zero_is_white ? 0 : 1 };
    fz_compressed_buffer *raw = NULL;
    fz_buffer *buffer = NULL;
    fz_var(buffer);
    fz_var(raw);
    fz_try(ctx)
    {
        buffer = fz_new_buffer_from_data(ctx, samples, size); /* frees it even when it throws */
        raw = fz_malloc_struct(ctx, fz_compressed_buffer);
    }
    fz_catch(ctx)
    {
        fz_drop_buffer(ctx, buffer);
        fz_rethrow(ctx);
    }
    raw->params.type = FZ_IMAGE_RAW;
    raw->buffer = buffer;
    return fz_new_image_from_compressed_buffer(ctx, (int)f->width, (int)f->height, bits,
                                               fz_device_gray(ctx), 96, 96, 0, 0, decode, NULL, raw,
                                               NULL);
}

static fz_image *plain_image(fz_context *ctx, TIFF *tif, const struct fw_frame *f, int bits)
{
    const size_t stride = ((size_t)f->width * (size_t)bits + 7) / 8;
    uint8_t *samples = fz_malloc(ctx, stride * f->height);
    fz_try(ctx) read_rows(ctx, tif, f, samples, stride);
    fz_catch(ctx)
    {
        fz_free(ctx, samples);
        fz_rethrow(ctx);
    }
    return raw_image(ctx, f, samples, stride * f->height, bits,
                     field16(tif, TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_MINISWHITE);
}

/* As in ITU-R BT.601; what is transparent shows the paper. libtiff has multiplied by alpha. */
static uint8_t grey_of(uint32_t abgr)
{
    const uint32_t grey =
        (TIFFGetR(abgr) * 77 + TIFFGetG(abgr) * 150 + TIFFGetB(abgr) * 29) / 256 + (255 - TIFFGetA(abgr));
    return (uint8_t)(grey > 255 ? 255 : grey);
}

/* Rows that libtiff decodes together are asked for together, or it would decode them many times. */
static uint32_t band_rows(TIFF *tif, const struct fw_frame *f)
{
    uint32_t rows = 0;
    if (!TIFFGetField(tif, TIFFIsTiled(tif) ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows))
        rows = f->height;
    return rows == 0 || rows > f->height ? f->height : rows;
}

static void read_bands(fz_context *ctx, TIFFRGBAImage *image, const struct fw_frame *f, uint32_t rows,
                       uint32_t *band, uint8_t *dst)
{
    image->orientation = image->req_orientation = ORIENTATION_TOPLEFT; /* turned later, by us */
    for (uint32_t y = 0; y < f->height; y += rows) {
        const uint32_t count = f->height - y < rows ? f->height - y : rows;
        image->row_offset = (int)y;
        image->col_offset = 0;
        memset(band, 0xFF, (size_t)f->width * rows * sizeof *band);
        if (!TIFFRGBAImageGet(image, band, f->width, count))
            fz_throw(ctx, FZ_ERROR_GENERIC, "a band of rows cannot be read");
        for (size_t i = 0; i < (size_t)f->width * count; i++)
            dst[(size_t)y * f->width + i] = grey_of(band[i]);
    }
}

static fz_image *color_image(fz_context *ctx, TIFF *tif, const struct fw_frame *f)
{
    TIFFRGBAImage image;
    char why[1024] = "";
    const size_t size = (size_t)f->width * f->height;
    const uint32_t rows = band_rows(tif, f);
    if ((uint64_t)rows * f->width > BAND_PIXELS_MAX)
        fz_throw(ctx, FZ_ERROR_MEMORY, "too many pixels to decode at once");
    uint8_t *samples = fz_malloc(ctx, size);
    uint32_t *band = fz_malloc_no_throw(ctx, (size_t)rows * f->width * sizeof *band);
    fz_try(ctx)
    {
        if (!band)
            fz_throw(ctx, FZ_ERROR_MEMORY, "no memory for a band of rows");
        if (!TIFFRGBAImageOK(tif, why) || !TIFFRGBAImageBegin(&image, tif, 1, why))
            fz_throw(ctx, FZ_ERROR_GENERIC, "pixels of a kind that is not known");
        fz_try(ctx) read_bands(ctx, &image, f, rows, band, samples);
        fz_always(ctx) TIFFRGBAImageEnd(&image);
        fz_catch(ctx) fz_rethrow(ctx);
    }
    fz_always(ctx) fz_free(ctx, band);
    fz_catch(ctx)
    {
        fz_free(ctx, samples);
        fz_rethrow(ctx);
    }
    return raw_image(ctx, f, samples, size, 8, false);
}

fz_image *fw_tiff_image(fz_context *ctx, struct fw_span bytes, const struct fw_frame *f)
{
    if ((uint64_t)f->width * f->height > PIXELS_MAX || f->width > INT_MAX || f->height > INT_MAX)
        fz_throw(ctx, FZ_ERROR_MEMORY, "too many pixels");
    struct memory memory = { bytes, 0 };
    TIFF *tif = tiff_open(&memory);
    fz_image *image = NULL;
    fz_var(image);
    fz_try(ctx)
    {
        if (!tif || !TIFFSetDirectory(tif, (tdir_t)f->index))
            fz_throw(ctx, FZ_ERROR_GENERIC, "no such image in the TIFF");
        image = is_plain(tif, 1)   ? plain_image(ctx, tif, f, 1)
                : is_plain(tif, 8) ? plain_image(ctx, tif, f, 8)
                                   : color_image(ctx, tif, f);
    }
    fz_always(ctx)
    {
        if (tif)
            TIFFClose(tif);
    }
    fz_catch(ctx) fz_rethrow(ctx);
    return image;
}
