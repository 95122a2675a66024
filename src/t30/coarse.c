/* Page files at half or a quarter of their rows, read and written through libtiff. */
#include "t30/coarse.h"
#include <stdlib.h>
#include <tiffio.h>
#include <unistd.h>

enum { WIDTH_MAX = 4864, ROWS_MAX = 40000 };

static void close_p(TIFF **tiff)
{
    if (*tiff)
        TIFFClose(*tiff);
}

static void free_p(uint8_t **data)
{
    free(*data);
}

struct page {
    uint32_t width, rows;
    uint16_t photometric;
    float x_dpi, y_dpi;
};

static bool describe(TIFF *in, struct page *ret)
{
    uint16_t bits = 1, samples = 1;
    if (TIFFGetField(in, TIFFTAG_IMAGEWIDTH, &ret->width) != 1 ||
        TIFFGetField(in, TIFFTAG_IMAGELENGTH, &ret->rows) != 1)
        return false;
    (void)TIFFGetFieldDefaulted(in, TIFFTAG_BITSPERSAMPLE, &bits);
    (void)TIFFGetFieldDefaulted(in, TIFFTAG_SAMPLESPERPIXEL, &samples);
    ret->photometric = PHOTOMETRIC_MINISWHITE;
    (void)TIFFGetField(in, TIFFTAG_PHOTOMETRIC, &ret->photometric);
    ret->x_dpi = 204.0f;
    ret->y_dpi = 196.0f;
    (void)TIFFGetField(in, TIFFTAG_XRESOLUTION, &ret->x_dpi);
    (void)TIFFGetField(in, TIFFTAG_YRESOLUTION, &ret->y_dpi);
    return bits == 1 && samples == 1 && ret->width > 0 && ret->width <= WIDTH_MAX &&
           ret->rows > 0 && ret->rows <= ROWS_MAX;
}

static void set_fields(TIFF *out, const struct page *p, uint32_t rows, unsigned divisor, int index)
{
    TIFFSetField(out, TIFFTAG_IMAGEWIDTH, p->width);
    TIFFSetField(out, TIFFTAG_IMAGELENGTH, rows);
    TIFFSetField(out, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(out, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(out, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(out, TIFFTAG_PHOTOMETRIC, p->photometric);
    TIFFSetField(out, TIFFTAG_ROWSPERSTRIP, rows);
    TIFFSetField(out, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(out, TIFFTAG_XRESOLUTION, (double)p->x_dpi);
    TIFFSetField(out, TIFFTAG_YRESOLUTION, (double)p->y_dpi / divisor);
    TIFFSetField(out, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
    TIFFSetField(out, TIFFTAG_PAGENUMBER, index, 0);
}

/* Black wins: it is 1 with "min is white", else 0. */
static void join(uint8_t *row, const uint8_t *next, size_t size, bool black_is_one)
{
    for (size_t i = 0; i < size; i++)
        row[i] = black_is_one ? row[i] | next[i] : row[i] & next[i];
}

static bool page_make(TIFF *in, TIFF *out, const struct page *p, unsigned divisor)
{
    const size_t size = (size_t)TIFFScanlineSize(in);
    uint8_t *row CLEANUP(free_p) = calloc(1, size);
    uint8_t *next CLEANUP(free_p) = calloc(1, size);
    if (!row || !next || size != (p->width + 7) / 8)
        return false;
    for (uint32_t y = 0; y < p->rows; y++) {
        if (TIFFReadScanline(in, y % divisor == 0 ? row : next, y, 0) != 1)
            return false;
        if (y % divisor != 0)
            join(row, next, size, p->photometric == PHOTOMETRIC_MINISWHITE);
        if ((y % divisor == divisor - 1 || y + 1 == p->rows) &&
            TIFFWriteScanline(out, row, y / divisor, 0) != 1)
            return false;
    }
    return true;
}

static enum fw_err make(TIFF *in, TIFF *out, unsigned divisor)
{
    int index = 0;
    do {
        struct page p;
        if (index == FW_COARSE_PAGES_MAX)
            return FW_LIMIT;
        if (!describe(in, &p))
            return FW_INVALID;
        set_fields(out, &p, (p.rows + divisor - 1) / divisor, divisor, index);
        if (!page_make(in, out, &p, divisor) || TIFFWriteDirectory(out) != 1)
            return FW_IO;
        index++;
    } while (TIFFReadDirectory(in) == 1);
    return FW_OK;
}

enum fw_err fw_coarse_make(const char *from, const char *to, unsigned divisor)
{
    fw_assert(divisor == 2 || divisor == 4);
    TIFF *in CLEANUP(close_p) = TIFFOpen(from, "rm");
    TIFF *out CLEANUP(close_p) = TIFFOpen(to, "w");
    const enum fw_err err = in && out ? make(in, out, divisor) : FW_IO;
    if (err)
        unlink(to);
    return err;
}
