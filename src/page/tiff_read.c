/* The only file that includes libtiff. It is fed what strangers send, so it trusts no field. */
#include "page/tiff_read.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

enum { ALLOCATION_MAX = 64 * 1024 * 1024 }; /* bytes libtiff may ask for at once */

struct fw_tiff_reader {
    TIFF *tiff;
    uint8_t *row;
    size_t row_size;
    uint8_t *strip;
    size_t strip_size;
    struct fw_page_info page;
    uint32_t row_index;
    uint32_t page_index;
    bool inverted; /* 1 is white in the file */
    bool decoding; /* complaints now are about pixels */
    bool damaged;
    char complaint[160];
};

/* Bad codes and lines of wrong length are repaired by libtiff with a mere complaint, so while rows
 * are decoded any complaint means damage. */
__attribute__((format(printf, 4, 0))) static int on_complaint(TIFF *tiff, void *arg,
                                                              const char *module, const char *fmt,
                                                              va_list args)
{
    (void)tiff;
    (void)module;
    struct fw_tiff_reader *r = arg;
    if (!r->damaged && r->decoding) {
        r->damaged = true;
        vsnprintf(r->complaint, sizeof r->complaint, fmt, args);
        for (char *c = r->complaint; *c; c++) /* names and texts in the file are the sender's */
            *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
    return 1;
}

void fw_tiff_reader_free(struct fw_tiff_reader *r)
{
    if (!r)
        return;
    if (r->tiff)
        TIFFClose(r->tiff);
    free(r->row);
    free(r->strip);
    free(r);
}

void fw_tiff_reader_free_p(struct fw_tiff_reader **r)
{
    fw_tiff_reader_free(*r);
}

static void options_free(TIFFOpenOptions **o)
{
    if (*o)
        TIFFOpenOptionsFree(*o);
}

/* Of a file with this name, or of `fd`, which is then the reader's. */
static enum fw_err open_either(const char *path, int fd, struct fw_tiff_reader **ret, struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = calloc(1, sizeof *r);
    TIFFOpenOptions *options CLEANUP(options_free) = TIFFOpenOptionsAlloc();
    if (!r || !options)
        return FW_NO_MEMORY;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, ALLOCATION_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_complaint, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_complaint, r);
    /* c: no chopping of long strips; m: no mapping, a file that shrinks must not be a SIGBUS. */
    r->tiff = path ? TIFFOpenExt(path, "rcm", options) : TIFFFdOpenExt(fd, "pages", "rcm", options);
    if (!r->tiff) {
        fw_fault_set(fault, "", "not a TIFF file, or its first page is damaged");
        return FW_INVALID;
    }
    *ret = TAKE(r);
    return FW_OK;
}

enum fw_err fw_tiff_reader_open(const char *path, struct fw_tiff_reader **ret,
                                struct fw_fault *fault)
{
    if (access(path, R_OK) != 0) {
        fw_fault_set(fault, "", "the page file cannot be read: %s", strerror(errno));
        return errno == ENOENT ? FW_NOT_FOUND : FW_IO;
    }
    return open_either(path, -1, ret, fault);
}

enum fw_err fw_tiff_reader_open_fd(int fd, struct fw_tiff_reader **ret, struct fw_fault *fault)
{
    return open_either(NULL, fd, ret, fault);
}

static uint32_t dpi_of(TIFF *tiff, uint32_t tag, uint32_t otherwise)
{
    float value = 0;
    uint16_t unit = RESUNIT_INCH;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (!TIFFGetField(tiff, tag, &value) || unit == RESUNIT_NONE)
        return otherwise;
    const double dpi = (double)value * (unit == RESUNIT_CENTIMETER ? 2.54 : 1.0);
    return dpi >= 20 && dpi <= 2400 ? (uint32_t)(dpi + 0.5) : otherwise;
}

static size_t bytes_of(TIFF *tiff)
{
    uint64_t sum = 0;
    const uint32_t strips = TIFFNumberOfStrips(tiff);
    for (uint32_t i = 0; i < strips; i++) {
        if (__builtin_add_overflow(sum, TIFFRawStripSize64(tiff, i), &sum))
            return SIZE_MAX;
    }
    return (size_t)sum;
}

static bool is_fax_page(TIFF *tiff, uint32_t *ret_width, uint32_t *ret_rows, uint16_t *ret_photo)
{
    uint16_t bits = 0, samples = 0, compression = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, ret_width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, ret_rows))
        return false;
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, ret_photo))
        *ret_photo = PHOTOMETRIC_MINISWHITE;
    const bool coding_known =
        compression == COMPRESSION_NONE || compression == COMPRESSION_CCITTRLE ||
        compression == COMPRESSION_CCITT_T4 || compression == COMPRESSION_CCITT_T6;
    return bits == 1 && samples == 1 && coding_known && !TIFFIsTiled(tiff) && *ret_width > 0 &&
           *ret_width <= FW_PAGE_WIDTH_MAX && *ret_rows > 0 && *ret_rows <= FW_PAGE_ROWS_MAX &&
           TIFFNumberOfStrips(tiff) <= *ret_rows &&
           (*ret_photo == PHOTOMETRIC_MINISWHITE || *ret_photo == PHOTOMETRIC_MINISBLACK);
}

enum fw_err fw_tiff_reader_page(struct fw_tiff_reader *r, struct fw_page_info *ret,
                                struct fw_fault *fault)
{
    uint16_t photometric = 0;
    struct fw_page_info page = { 0 };
    if (!is_fax_page(r->tiff, &page.width, &page.rows, &photometric)) {
        fw_fault_set(fault, "", "page %u is not a bitonal fax page", r->page_index + 1);
        return FW_INVALID;
    }
    page.bytes = bytes_of(r->tiff);
    page.x_dpi = dpi_of(r->tiff, TIFFTAG_XRESOLUTION, 204);
    page.y_dpi = dpi_of(r->tiff, TIFFTAG_YRESOLUTION,
                        page.rows <= 1400   ? 98
                        : page.rows <= 2900 ? 196
                                            : 391);
    const size_t row_size = ((size_t)page.width + 7) / 8;
    if (TIFFScanlineSize64(r->tiff) != row_size) {
        fw_fault_set(fault, "", "page %u has rows of an unexpected size", r->page_index + 1);
        return FW_INVALID;
    }
    if (row_size > r->row_size) {
        uint8_t *row = realloc(r->row, row_size);
        if (!row)
            return FW_NO_MEMORY;
        r->row = row;
        r->row_size = row_size;
    }
    r->inverted = photometric == PHOTOMETRIC_MINISBLACK;
    r->row_index = 0;
    r->page = page;
    *ret = page;
    return FW_OK;
}

enum fw_err fw_tiff_reader_next(struct fw_tiff_reader *r, struct fw_fault *fault)
{
    if (TIFFLastDirectory(r->tiff))
        return FW_NOT_FOUND;
    if (r->page_index + 1 >= FW_PAGE_FILE_PAGES_MAX || !TIFFReadDirectory(r->tiff)) {
        fw_fault_set(fault, "", "the file is damaged behind page %u", r->page_index + 1);
        return FW_INVALID;
    }
    r->page_index++;
    r->page = (struct fw_page_info){ 0 };
    return FW_OK;
}

enum fw_err fw_tiff_reader_row(struct fw_tiff_reader *r, const uint8_t **ret,
                               struct fw_fault *fault)
{
    fw_assert(r->row_index < r->page.rows);
    r->decoding = true;
    const bool read = TIFFReadScanline(r->tiff, r->row, r->row_index, 0) == 1;
    r->decoding = false;
    if (!read || r->damaged) {
        fw_fault_set(fault, "", "page %u is damaged in row %u: %s", r->page_index + 1,
                     r->row_index + 1, r->complaint);
        return FW_INVALID;
    }
    const size_t row_size = ((size_t)r->page.width + 7) / 8;
    for (size_t i = 0; r->inverted && i < row_size; i++)
        r->row[i] = (uint8_t)~r->row[i];
    if (r->page.width % 8 != 0)
        r->row[row_size - 1] &= (uint8_t)(0xff00U >> r->page.width % 8);
    r->row_index++;
    *ret = r->row;
    return FW_OK;
}

static bool is_plain_t6(TIFF *tiff)
{
    uint16_t compression = 0, photometric = PHOTOMETRIC_MINISBLACK, order = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_FILLORDER, &order);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    return compression == COMPRESSION_CCITT_T6 && photometric == PHOTOMETRIC_MINISWHITE &&
           order == FILLORDER_MSB2LSB && TIFFNumberOfStrips(tiff) == 1;
}

/* Two EOLs and less than a byte of zeros: a page that was cut short does not end so. */
static bool has_end(const uint8_t *code, size_t size)
{
    if (size < 4)
        return false;
    const uint8_t *p = code + size - 4;
    const uint32_t last =
        (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    for (unsigned zeros = 0; zeros < 8; zeros++) {
        if ((last >> zeros & 0xffffff) == 0x001001)
            return (last & ((1U << zeros) - 1)) == 0;
    }
    return false;
}

enum fw_err fw_tiff_reader_t6(struct fw_tiff_reader *r, struct fw_span *ret, struct fw_fault *fault)
{
    const size_t size = r->page.bytes;
    if (!is_plain_t6(r->tiff) || size == 0 || size > ALLOCATION_MAX)
        return FW_NOT_FOUND;
    if (size > r->strip_size) {
        uint8_t *strip = realloc(r->strip, size);
        if (!strip)
            return FW_NO_MEMORY;
        r->strip = strip;
        r->strip_size = size;
    }
    if (TIFFReadRawStrip(r->tiff, 0, r->strip, (tmsize_t)size) != (tmsize_t)size) {
        fw_fault_set(fault, "", "page %u is cut short", r->page_index + 1);
        return FW_INVALID;
    }
    if (!has_end(r->strip, size))
        return FW_NOT_FOUND;
    *ret = (struct fw_span){ r->strip, size };
    return FW_OK;
}
