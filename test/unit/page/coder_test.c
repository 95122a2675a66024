/* The coders of T.4 and T.6 against libtiff, both ways: it reads what we write and writes the same
 * bytes. And the two builds of the coder against each other. */
#include "chance.h"
#include "test.h"
#include "base/file.h"
#include "page/coder.h"
#include "page/t4.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

enum { WIDTH_MAX = 5000, ROWS = 48, ROW_MAX = WIDTH_MAX / 8 + 1 };

static char folder[] = "/tmp/fw-coder-XXXXXX";
static char path[64];
static uint8_t page[ROWS * ROW_MAX];

static void flip_from(uint8_t *row, uint32_t from, uint32_t width)
{
    for (uint32_t x = from; x < width; x++)
        row[x / 8] ^= (uint8_t)(0x80 >> x % 8);
}

/* Noise, stripes of one pixel, the row above with edges moved by up to four pixels (each vertical
 * code and just beyond), few long runs, blank, and the same again. */
static void fill_row(uint8_t *row, const uint8_t *above, uint32_t width)
{
    const size_t size = (width + 7) / 8;
    const uint32_t kind = chance(8);
    memset(row, 0, size);
    if (kind == 0) {
        for (size_t i = 0; i < size; i++)
            row[i] = (uint8_t)chance(256);
    } else if (kind == 1) {
        memset(row, chance(2) ? 0xaa : 0x55,
               size - size / 8); /* a row of it overflows libtiff's reader */
    } else if (kind <= 4 && above) {
        bool black = false;
        for (uint32_t x = 0; x < width; x++) {
            const bool now = above[x / 8] & (0x80 >> x % 8);
            const uint32_t to = x + chance(5);
            if (now != black)
                flip_from(row, to < 2 ? 0 : to - 2, width);
            black = now;
        }
    } else if (kind == 5) {
        for (int i = 0; i < 4; i++)
            flip_from(row, chance(width), width);
    } else if (kind == 6 && above) {
        memcpy(row, above, size);
    }
    if (chance(4) == 0)
        flip_from(row, 0, width);
    row[size - 1] &= (uint8_t)(0xff00U >> ((width - 1) % 8 + 1));
}

static void fill_page(uint32_t width)
{
    const size_t size = (width + 7) / 8;
    for (uint32_t y = 0; y < ROWS; y++)
        fill_row(page + y * size, y > 0 ? page + (y - 1) * size : NULL, width);
}

static void code_ours(enum fw_coding coding, uint32_t width, struct fw_buf *ret)
{
    const size_t size = (width + 7) / 8;
    struct fw_t6 *t6 = NULL;
    struct fw_t4 *t4 = NULL;
    fw_buf_init(ret, 16 << 20);
    if (coding == FW_CODING_T6)
        CHECK_INT(fw_t6_new(width, &t6), FW_OK);
    else
        CHECK_INT(fw_t4_new(width, coding == FW_CODING_MH ? FW_T4_MH : FW_T4_MR_FINE, &t4), FW_OK);
    for (uint32_t y = 0; y < ROWS; y++) {
        const uint8_t *row = page + y * size;
        CHECK_INT(t6 ? fw_t6_row(t6, row, ret) : fw_t4_row(t4, row, ret), FW_OK);
    }
    CHECK_INT(t6 ? fw_t6_end(t6, ret) : fw_t4_end(t4, ret), FW_OK);
    fw_t6_free(t6);
    fw_t4_free(t4);
}

static void write_ours(enum fw_coding coding, uint32_t width)
{
    struct fw_buf code;
    code_ours(coding, width, &code);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct fw_tiff_writer w;
    const struct fw_tiff_page put = { width, ROWS, 204, 196, fw_buf_span(&code), coding };
    CHECK_INT(fw_tiff_start(&w, fd, 1), FW_OK);
    CHECK_INT(fw_tiff_put(&w, &put), FW_OK);
    close(fd);
    fw_buf_done(&code);
}

static int complaints;
static char complaint[200];

static void on_complaint(const char *module, const char *fmt, va_list args)
{
    (void)module;
    complaints++;
    vsnprintf(complaint, sizeof complaint, fmt, args);
}

/* Nothing but every pixel as it was, and no complaint: libtiff mends bad code silently otherwise.
 */
static void check_read_back(uint32_t width)
{
    uint8_t row[ROW_MAX];
    const size_t size = (width + 7) / 8;
    complaints = 0;
    TIFF *tiff = TIFFOpen(path, "r");
    CHECK(tiff != NULL);
    for (uint32_t y = 0; y < ROWS; y++) {
        memset(row, 0, sizeof row);
        if (TIFFReadScanline(tiff, row, y, 0) != 1 || complaints)
            fail_msg("seed %llu width %u row %u: %s", (unsigned long long)seed, width, y,
                     complaint);
        row[size - 1] &= (uint8_t)(0xff00U >> ((width - 1) % 8 + 1));
        if (memcmp(row, page + y * size, size) != 0)
            fail_msg("seed %llu width %u row %u differs", (unsigned long long)seed, width, y);
    }
    TIFFClose(tiff);
    CHECK_INT(complaints, 0);
}

static size_t code_theirs(enum fw_coding coding, uint32_t width, uint8_t *dst, size_t dst_size)
{
    TIFF *tiff = TIFFOpen(path, "w");
    CHECK(tiff != NULL);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, ROWS);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, ROWS);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 196.0);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION,
                 coding == FW_CODING_T6 ? COMPRESSION_CCITT_T6 : COMPRESSION_CCITT_T4);
    if (coding != FW_CODING_T6)
        TIFFSetField(tiff, TIFFTAG_GROUP3OPTIONS,
                     coding == FW_CODING_MR ? GROUP3OPT_2DENCODING : 0);
    CHECK(TIFFWriteEncodedStrip(tiff, 0, page, (tmsize_t)(ROWS * ((width + 7) / 8))) > 0);
    TIFFClose(tiff);
    tiff = TIFFOpen(path, "r");
    const tmsize_t got = TIFFReadRawStrip(tiff, 0, dst, (tmsize_t)dst_size);
    CHECK(got > 0);
    TIFFClose(tiff);
    return (size_t)got;
}

static const uint32_t widths[] = { 1,    2,    7,    8,    9,    63,   64,   65,   127,  128,
                                   1727, 1728, 1729, 2048, 2432, 2623, 2624, 2625, 4864, 4999 };

static void libtiff_reads_every_coding(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 25; round++) {
        for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
            seed = round * 1000 + i;
            fill_page(widths[i]);
            for (int coding = FW_CODING_T6; coding <= FW_CODING_MH; coding++) {
                write_ours((enum fw_coding)coding, widths[i]);
                check_read_back(widths[i]);
            }
        }
    }
}

/* Up to the end mark, which libtiff leaves out of T.4. Its MR of 196 dpi has k = 4 as well. */
static void libtiff_writes_the_same_bytes(void **state)
{
    (void)state;
    static uint8_t theirs[4 << 20];
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        for (int coding = FW_CODING_T6; coding <= FW_CODING_MH; coding++) {
            seed = 77 + i;
            fill_page(widths[i]);
            struct fw_buf ours;
            code_ours((enum fw_coding)coding, widths[i], &ours);
            const size_t size =
                code_theirs((enum fw_coding)coding, widths[i], theirs, sizeof theirs);
            CHECK(size <= ours.size + 1 && size + 12 >= ours.size);
            /* The last byte of T.4 may hold the beginning of our RTC. */
            const size_t same = coding == FW_CODING_T6 ? size : size - 1;
            if (memcmp(ours.data, theirs, same) != 0)
                fail_msg("coding %d, width %u", coding, widths[i]);
            fw_buf_done(&ours);
        }
    }
}

static void code_with(bool simd, uint32_t width, bool two_d, struct fw_buf *ret)
{
    struct fw_coder *c = NULL;
    fw_buf_init(ret, 16 << 20);
    CHECK_INT(fw_coder_new(width, simd, &c), FW_OK);
    for (uint32_t y = 0; y < ROWS; y++)
        CHECK_INT(fw_coder_row(c, page + y * ((width + 7) / 8), two_d, ret), FW_OK);
    CHECK_INT(fw_coder_end(c, ret), FW_OK);
    fw_coder_free(c);
}

static void both_builds_write_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 200; round++) {
        const uint32_t width = widths[round % ARRAY_LEN(widths)];
        seed = round;
        fill_page(width);
        for (int two_d = 0; two_d < 2; two_d++) {
            struct fw_buf simd, plain;
            code_with(true, width, two_d, &simd);
            code_with(false, width, two_d, &plain);
            CHECK_INT(simd.size, plain.size);
            assert_memory_equal(simd.data, plain.data, plain.size);
            fw_buf_done(&simd);
            fw_buf_done(&plain);
        }
    }
}

/* What lies in the last byte behind the row must not show in the code. */
static void padding_bits_are_ignored(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        const uint32_t width = widths[i];
        const size_t size = (width + 7) / 8;
        struct fw_buf clean, dirty;
        seed = i;
        fill_page(width);
        code_ours(FW_CODING_T6, width, &clean);
        for (uint32_t y = 0; y < ROWS; y++)
            page[y * size + size - 1] |=
                (uint8_t)(chance(256) & ~(0xff00U >> ((width - 1) % 8 + 1)));
        code_ours(FW_CODING_T6, width, &dirty);
        CHECK_INT(dirty.size, clean.size);
        assert_memory_equal(dirty.data, clean.data, clean.size);
        fw_buf_done(&clean);
        fw_buf_done(&dirty);
    }
}

/* A page that passes its ceiling fails, and the coder can be used for the next one. */
static void a_full_page_is_told(void **state)
{
    (void)state;
    struct fw_t6 *t6 = NULL;
    struct fw_buf small, page_two;
    uint8_t row[1728 / 8];
    memset(row, 0xaa, sizeof row);
    fw_buf_init(&small, 1000);
    fw_buf_init(&page_two, 1000);
    CHECK_INT(fw_t6_new(1728, &t6), FW_OK);
    enum fw_err err = FW_OK;
    for (int y = 0; y < 200; y++) {
        row[y] ^= 0xff;
        err = err ? err : fw_t6_row(t6, row, &small);
    }
    err = err ? err : fw_t6_end(t6, &small);
    CHECK_INT(err, FW_LIMIT);
    (void)!fw_t6_end(t6, &small);
    memset(row, 0, sizeof row);
    CHECK_INT(fw_t6_row(t6, row, &page_two), FW_OK);
    CHECK_INT(fw_t6_end(t6, &page_two), FW_OK);
    static const uint8_t blank[] = { 0x80, 0x08, 0x00, 0x80 }; /* V0 and EOFB */
    CHECK_INT(page_two.size, sizeof blank);
    assert_memory_equal(page_two.data, blank, sizeof blank);
    fw_t6_free(t6);
    fw_buf_done(&small);
    fw_buf_done(&page_two);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    TIFFSetWarningHandler(on_complaint);
    TIFFSetErrorHandler(on_complaint);
    snprintf(path, sizeof path, "%s/a.tif", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fw_dir_remove(folder, 1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libtiff_reads_every_coding),
        cmocka_unit_test(libtiff_writes_the_same_bytes),
        cmocka_unit_test(both_builds_write_the_same_bits),
        cmocka_unit_test(padding_bits_are_ignored),
        cmocka_unit_test(a_full_page_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
