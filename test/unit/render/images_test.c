/* Images of every kind through the renderer: right way up, right size, whole or refused. */
#include "program.h"
#include <jpeglib.h>
#include <webp/encode.h>

enum { WIDTH = 640, HEIGHT = 960 }; /* 6.67 x 10 inches at 96: a page with margins */

/* White, with the corner of the first row and column black; grey or three bytes a pixel. */
static uint8_t *pattern(uint32_t width, uint32_t height, uint32_t bytes)
{
    uint8_t *grey = malloc((size_t)width * height * bytes);
    CHECK(grey != NULL);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            memset(grey + ((size_t)y * width + x) * bytes, x < width / 2 && y < height / 2 ? 0 : 255,
                   bytes);
    }
    return grey;
}

/* The corner of the page that is black: 0 top left, 1 top right, 2 bottom right, 3 bottom left;
 * -1 when it is not exactly one. */
static int black_corner(void)
{
    struct fw_page_info first;
    CHECK_INT(page_count(&first), 1);
    const uint32_t x[] = { 500, 1150, 1150, 500 };
    int found = -1;
    for (int i = 0; i < 4; i++) {
        const uint32_t y = first.rows * (i < 2 ? 3 : 6) / 10, black = share(pages_path, x[i], y, 60);
        if (black != 0 && black != 100)
            return -1;
        if (black == 100 && found >= 0)
            return -1;
        found = black == 100 ? i : found;
    }
    return found;
}

/* Where the first row and column lie when an orientation is obeyed (TIFF 6.0, Orientation). From 5
 * on the image lies on its side and is too wide, so it is turned clockwise on top of that. */
static const int corners[9] = { 0, 0, 1, 2, 3, 1, 2, 3, 0 };

static void tiff_put(TIFF *tiff, uint16_t compression, uint16_t bits, uint16_t photometric, uint16_t orientation,
                     uint32_t rows_a_strip)
{
    const uint16_t samples = photometric == PHOTOMETRIC_RGB ? 3 : 1;
    uint8_t *pixels = pattern(WIDTH, HEIGHT, samples);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, orientation);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows_a_strip);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        uint8_t *row = pixels + (size_t)y * WIDTH * samples, packed[WIDTH / 8] = { 0 };
        for (uint32_t x = 0; bits == 1 && x < WIDTH; x++) {
            const bool one = (row[x] == 0) == (photometric == PHOTOMETRIC_MINISWHITE);
            packed[x / 8] = (uint8_t)(packed[x / 8] | one << (7 - x % 8));
        }
        for (uint32_t x = 0; bits == 8 && photometric == PHOTOMETRIC_MINISWHITE && x < WIDTH; x++)
            row[x] = (uint8_t)(255 - row[x]);
        CHECK_INT(TIFFWriteScanline(tiff, bits == 1 ? packed : row, y, 0), 1);
    }
    free(pixels);
}

static void tiff_make(const char *path, uint16_t compression, uint16_t bits, uint16_t photometric,
                      uint16_t orientation, uint32_t rows_a_strip)
{
    TIFF *tiff = TIFFOpen(path, "w");
    CHECK(tiff != NULL);
    tiff_put(tiff, compression, bits, photometric, orientation, rows_a_strip);
    TIFFClose(tiff);
}

static void tiffs_of_every_compression(void **state)
{
    (void)state;
    static const struct {
        uint16_t compression, bits, photometric;
    } cases[] = {
        { COMPRESSION_NONE, 1, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_CCITTRLE, 1, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_CCITTFAX3, 1, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_CCITTFAX4, 1, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_CCITTFAX4, 1, PHOTOMETRIC_MINISBLACK },
        { COMPRESSION_PACKBITS, 1, PHOTOMETRIC_MINISBLACK },
        { COMPRESSION_PACKBITS, 8, PHOTOMETRIC_MINISBLACK },
        { COMPRESSION_LZW, 8, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_ADOBE_DEFLATE, 8, PHOTOMETRIC_RGB },
        { COMPRESSION_ADOBE_DEFLATE, 1, PHOTOMETRIC_MINISWHITE },
        { COMPRESSION_LZMA, 8, PHOTOMETRIC_RGB },
        { COMPRESSION_ZSTD, 8, PHOTOMETRIC_MINISBLACK },
        { COMPRESSION_JPEG, 8, PHOTOMETRIC_MINISBLACK },
        { COMPRESSION_JPEG, 8, PHOTOMETRIC_RGB },
    };
    int tried = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (!TIFFIsCODECConfigured(cases[i].compression))
            continue;
        tiff_make(document("made.tif"), cases[i].compression, cases[i].bits, cases[i].photometric, 1,
                  i % 2 ? 16 : HEIGHT);
        const int code = RENDER(document("made.tif"), NULL);
        if (code != FW_RENDER_OK || black_corner() != 0)
            fail_msg("compression %d, %d bits, photometric %d: exit %d", cases[i].compression,
                     cases[i].bits, cases[i].photometric, code);
        tried++;
    }
    CHECK(tried >= 10);
}

/* Black share of a small square of a page of `pages_path`, in percent; its middle in points of the paper. */
static uint32_t ink_at(uint16_t page, double x, double y)
{
    TIFF *tiff = TIFFOpen(pages_path, "r");
    CHECK(tiff && TIFFSetDirectory(tiff, page));
    const uint32_t left = (uint32_t)(x * 1728 / 609.45) - 10, top = (uint32_t)(y * 7.7 * 25.4 / 72) - 10;
    uint8_t row[FW_RENDER_WIDTH / 8];
    uint32_t black = 0;
    for (uint32_t i = 0; i < top + 20; i++) {
        CHECK_INT(TIFFReadScanline(tiff, row, i, 0), 1);
        black += i >= top ? black_between(row, left, left + 20) : 0;
    }
    TIFFClose(tiff);
    return black / 4;
}

/* Each page in its own coding, colours and resolution: each keeps its size, and they stay in order. */
static void pages_of_a_tiff_may_differ(void **state)
{
    (void)state;
    static const struct {
        uint16_t compression, bits, photometric;
        float x_dpi, y_dpi;
        uint32_t rows; /* of the fax page */
    } pages[] = {
        { COMPRESSION_CCITTFAX4, 1, PHOTOMETRIC_MINISWHITE, 80, 80, 2347 }, /* 8 x 12 inches: a page itself */
        { COMPRESSION_LZW, 8, PHOTOMETRIC_RGB, 200, 100, 2287 },            /* 3.2 x 9.6 on A4 */
        { COMPRESSION_CCITTFAX3, 1, PHOTOMETRIC_MINISBLACK, 160, 80, 2499 }, /* 4 x 12, with margins */
        { COMPRESSION_JPEG, 8, PHOTOMETRIC_MINISBLACK, 300, 300, 2287 },     /* 2.1 x 3.2 */
        { COMPRESSION_PACKBITS, 1, PHOTOMETRIC_MINISWHITE, 204, 98, 2287 },  /* as a coarse fax, 3.1 x 9.8 */
    };
    TIFF *tiff = TIFFOpen(document("mixed.tif"), "w");
    CHECK(tiff != NULL);
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, (double)pages[i].x_dpi);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, (double)pages[i].y_dpi);
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        tiff_put(tiff, pages[i].compression, pages[i].bits, pages[i].photometric, 1, 64);
        CHECK(TIFFWriteDirectory(tiff));
    }
    TIFFClose(tiff);
    struct fw_page_info info[ARRAY_LEN(pages)];
    struct fw_fault fault;
    uint32_t count = 0;
    CHECK_INT(RENDER(document("mixed.tif"), NULL), FW_RENDER_OK);
    CHECK_INT(fw_page_file_info(pages_path, ARRAY_LEN(pages), &count, info, &fault), FW_OK);
    CHECK_INT(count, ARRAY_LEN(pages));
    for (uint16_t i = 0; i < ARRAY_LEN(pages); i++) {
        const double width = WIDTH * 72 / (double)pages[i].x_dpi, height = HEIGHT * 72 / (double)pages[i].y_dpi;
        const double left = (609.45 - width) / 2, top = width < 540 ? 28 : 0;
        if (info[i].rows + 3 < pages[i].rows || info[i].rows > pages[i].rows + 3)
            fail_msg("page %d has %u rows", i + 1, info[i].rows);
        CHECK(ink_at(i, left + width / 4, top + height / 4) == 100 && ink_at(i, left + width / 2 - 8, top + height / 4) == 100);
        CHECK(ink_at(i, left + width / 2 + 8, top + height / 4) == 0 && ink_at(i, left + width / 4, top + height / 2 + 8) == 0);
        CHECK(ink_at(i, left + width / 4, top + height / 2 - 8) == 100 && ink_at(i, left - 8, top + height / 4) == 0);
    }
}

static void orientations_are_obeyed(void **state)
{
    (void)state;
    for (uint16_t orientation = 1; orientation <= 8; orientation++) {
        tiff_make(document("turned.tif"), COMPRESSION_CCITTFAX4, 1, PHOTOMETRIC_MINISWHITE,
                  orientation, 64);
        CHECK_INT(RENDER(document("turned.tif"), NULL), FW_RENDER_OK);
        CHECK_INT(black_corner(), corners[orientation]);
        tiff_make(document("turned.tif"), COMPRESSION_LZW, 8, PHOTOMETRIC_RGB, orientation, 64);
        CHECK_INT(RENDER(document("turned.tif"), NULL), FW_RENDER_OK);
        if (black_corner() != corners[orientation])
            fail_msg("orientation %d: black in corner %d", orientation, black_corner());
    }
}

static void jpeg_make(const char *path, uint8_t orientation)
{
    uint8_t exif[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
    exif[25] = orientation;
    uint8_t *grey = pattern(WIDTH, HEIGHT, 1);
    FILE *file = fopen(path, "w");
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    CHECK(file != NULL);
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, file);
    c.image_width = WIDTH;
    c.image_height = HEIGHT;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    c.density_unit = 1;
    c.X_density = c.Y_density = 96;
    jpeg_start_compress(&c, TRUE);
    jpeg_write_marker(&c, JPEG_APP0 + 1, exif, sizeof exif - 1);
    while (c.next_scanline < HEIGHT) {
        JSAMPROW row = grey + (size_t)c.next_scanline * WIDTH;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fclose(file);
    free(grey);
}

static void cameras_are_held_any_way(void **state)
{
    (void)state;
    for (uint8_t orientation = 1; orientation <= 8; orientation++) {
        jpeg_make(document("camera.jpg"), orientation);
        CHECK_INT(RENDER(document("camera.jpg"), NULL), FW_RENDER_OK);
        if (black_corner() != corners[orientation])
            fail_msg("orientation %d: black in corner %d", orientation, black_corner());
    }
    /* Half of it is refused, not sent with a grey lower half. */
    CHECK_INT(truncate(document("camera.jpg"), 3000), 0);
    CHECK_INT(RENDER(document("camera.jpg"), NULL), FW_RENDER_FORMAT_INVALID);
    CHECK(result_has("this is a JPEG image, but it is damaged"));
}

static void webp_is_read(void **state)
{
    (void)state;
    uint8_t *rgb = pattern(WIDTH, HEIGHT, 3), *coded[2] = { NULL, NULL };
    const size_t sizes[] = { WebPEncodeRGB(rgb, WIDTH, HEIGHT, WIDTH * 3, 80, &coded[0]),
                             WebPEncodeLosslessRGB(rgb, WIDTH, HEIGHT, WIDTH * 3, &coded[1]) };
    for (int i = 0; i < 2; i++) {
        const struct fw_span whole = { coded[i], sizes[i] };
        CHECK_INT(fw_file_write(document("made.webp"), whole, 0600), FW_OK);
        CHECK_INT(RENDER(document("made.webp"), NULL), FW_RENDER_OK);
        CHECK_INT(black_corner(), 0);
        CHECK_INT(truncate(document("made.webp"), (off_t)sizes[i] / 2), 0);
        CHECK_INT(RENDER(document("made.webp"), NULL), FW_RENDER_FORMAT_INVALID);
        CHECK(result_has("this is a WebP image, but it is damaged"));
        WebPFree(coded[i]);
    }
    free(rgb);
}

static void other_images_are_read(void **state)
{
    (void)state;
    static const char *const names[] = { "corner.gif", "corner.bmp", "corner.png",
                                         "corner-alpha.png", "corner-16.png" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const int code = RENDER(document(names[i]), NULL);
        if (code != FW_RENDER_OK || black_corner() != 0)
            fail_msg("%s: exit %d", names[i], code);
    }
    CHECK_INT(RENDER(document("scroll.png"), NULL), FW_RENDER_OK);
    CHECK(result_has("{\"pages\":8,"));
    CHECK_INT(RENDER(document("scroll.png"), ARG("--pages-max"), ARG("7"), NULL),
              FW_RENDER_PAGE_COUNT_LIMIT);
}

static void what_is_seen_and_taken_is_said(void **state)
{
    (void)state;
    const struct fw_span zip = { (const uint8_t *)"PK\3\4rest", 8 };
    CHECK_INT(fw_file_write(document("a.zip"), zip, 0600), FW_OK);
    CHECK_INT(RENDER(document("a.zip"), NULL), FW_RENDER_FORMAT_INVALID);
    CHECK(result_has("this is a ZIP archive, which cannot be faxed; taken are PDF, TIFF, PNG, JPEG"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiffs_of_every_compression), cmocka_unit_test(pages_of_a_tiff_may_differ),
        cmocka_unit_test(orientations_are_obeyed),
        cmocka_unit_test(cameras_are_held_any_way),   cmocka_unit_test(webp_is_read),
        cmocka_unit_test(other_images_are_read),      cmocka_unit_test(what_is_seen_and_taken_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
