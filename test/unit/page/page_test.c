/* Page files: what is written reads back, what is damaged is told. libtiff is the second opinion.
 */
#include "chance.h"
#include "test.h"
#include "base/file.h"
#include "page/page.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

enum { WIDTH = 1728, ROW_SIZE = WIDTH / 8, ROWS = 300 };

static char folder[] = "/tmp/fw-page-XXXXXX";
static char path_a[64], path_b[64], path_pdf[64];


static void set_run(uint8_t *row, uint32_t from, uint32_t to)
{
    for (uint32_t x = from; x < to; x++)
        row[x / 8] |= (uint8_t)(0x80 >> x % 8);
}

/* Rows that take each way through the coder: white, black, noise, and small shifts of the row
 * above. */
static void fill_row(uint8_t *row, const uint8_t *above, uint32_t width)
{
    const size_t size = (width + 7) / 8;
    memset(row, 0, size);
    switch (chance(6)) {
    case 0:
        break;
    case 1:
        set_run(row, 0, width);
        break;
    case 2:
        for (size_t i = 0; i < size; i++)
            row[i] = (uint8_t)chance(256);
        break;
    case 3:
        memcpy(row, above, size);
        row[chance((uint32_t)size)] ^= (uint8_t)(1U << chance(8));
        break;
    case 4:
        for (size_t i = 1; i < size; i++)
            row[i] = (uint8_t)(above[i] >> 1 | above[i - 1] << 7);
        break;
    default:
        for (uint32_t x = chance(40); x < width;) {
            const uint32_t end = x + 1 + chance(chance(2) ? 9 : width);
            set_run(row, x, end < width ? end : width);
            x = end + 1 + chance(chance(2) ? 9 : width);
        }
    }
}

static void fill_page(uint8_t *page, uint32_t width, uint32_t rows)
{
    static const uint8_t white[FW_T6_WIDTH_MAX / 8];
    const size_t size = (width + 7) / 8;
    for (uint32_t y = 0; y < rows; y++)
        fill_row(page + y * size, y > 0 ? page + (y - 1) * size : white, width);
}

static void code(const uint8_t *page, uint32_t width, uint32_t rows, struct fw_buf *ret)
{
    struct fw_t6 *t6 = NULL;
    CHECK_INT(fw_t6_new(width, &t6), FW_OK);
    for (uint32_t y = 0; y < rows; y++)
        CHECK_INT(fw_t6_row(t6, page + y * ((width + 7) / 8), ret), FW_OK);
    CHECK_INT(fw_t6_end(t6, ret), FW_OK);
    fw_t6_free(t6);
}

/* `count` pages of `rows` rows, one behind the other in `pages`. */
static void write_ours(const char *path, const uint8_t *pages, uint32_t width, uint32_t rows,
                       uint32_t count)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    struct fw_tiff_writer w;
    CHECK_INT(fw_tiff_start(&w, fd, count), FW_OK);
    for (uint32_t i = 0; i < count; i++) {
        struct fw_buf coded;
        fw_buf_init(&coded, 16 << 20);
        code(pages + (size_t)i * rows * ((width + 7) / 8), width, rows, &coded);
        const struct fw_tiff_page page = { width, rows, 204, 196, fw_buf_span(&coded), FW_CODING_T6 };
        CHECK_INT(fw_tiff_put(&w, &page), FW_OK);
        fw_buf_done(&coded);
    }
    close(fd);
}

struct form {
    uint16_t compression, photometric, fill_order;
    uint32_t rows_per_strip;
};

static void write_theirs(const char *path, const uint8_t *page, uint32_t rows, const struct form *f)
{
    TIFF *tiff = TIFFOpen(path, "w");
    CHECK(tiff != NULL);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, rows);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, f->compression);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, f->photometric);
    TIFFSetField(tiff, TIFFTAG_FILLORDER, f->fill_order);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, f->rows_per_strip);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 80.4);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 77.0);
    for (uint32_t y = 0; y < rows; y++) {
        uint8_t row[ROW_SIZE];
        for (size_t i = 0; i < ROW_SIZE; i++) {
            const uint8_t byte = page[y * ROW_SIZE + i];
            row[i] = f->photometric == PHOTOMETRIC_MINISBLACK ? (uint8_t)~byte : byte;
        }
        CHECK_INT(TIFFWriteScanline(tiff, row, y, 0), 1);
    }
    TIFFClose(tiff);
}

static uint8_t page[2 * ROWS * ROW_SIZE];

static void libtiff_reads_our_code(void **state)
{
    (void)state;
    static const struct form raw = { COMPRESSION_NONE, PHOTOMETRIC_MINISWHITE, FILLORDER_MSB2LSB,
                                     ROWS };
    for (seed = 1; seed < 3000; seed++) {
        const uint64_t shown = seed;
        fill_page(page, WIDTH, 40);
        write_ours(path_a, page, WIDTH, 40, 1);
        write_theirs(path_b, page, 40, &raw);
        uint32_t count = 0;
        struct fw_page_difference d = { "" };
        struct fw_fault fault = { "", "" };
        const enum fw_err err = fw_pages_equal(path_a, path_b, &count, &d, &fault);
        if (err)
            fail_msg("seed %llu: %s %s", (unsigned long long)shown, d.text, fault.message);
        seed = shown + 100;
    }
}

/* Each length of run in each colour, also above 2560, where make-up codes repeat. */
static void every_run_length_is_coded(void **state)
{
    (void)state;
    enum { WIDE = FW_PAGE_WIDTH_MAX, WIDE_SIZE = WIDE / 8 };
    uint8_t *wide = calloc(2 * WIDE, WIDE_SIZE);
    CHECK(wide != NULL);
    for (uint32_t run = 1; run < WIDE; run++) {
        set_run(wide + (size_t)(2 * run) * WIDE_SIZE, run, WIDE);
        set_run(wide + (size_t)(2 * run + 1) * WIDE_SIZE, 0, run);
    }
    struct fw_buf coded;
    fw_buf_init(&coded, 64 << 20);
    write_ours(path_a, wide, WIDE, 2 * WIDE, 1);
    TIFF *tiff = TIFFOpen(path_a, "r");
    CHECK(tiff != NULL);
    uint8_t row[WIDE_SIZE];
    for (uint32_t y = 0; y < 2 * WIDE; y++) {
        CHECK_INT(TIFFReadScanline(tiff, row, y, 0), 1);
        assert_memory_equal(row, wide + (size_t)y * WIDE_SIZE, WIDE_SIZE);
    }
    TIFFClose(tiff);
    free(wide);
    fw_buf_done(&coded);
}

static void odd_widths_end_cleanly(void **state)
{
    (void)state;
    static const uint32_t widths[] = { 1, 7, 8, 9, 63, 64, 65, 1727, 1729, 2432 };
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        seed = i;
        memset(page, 0, sizeof page);
        fill_page(page, widths[i], 50);
        write_ours(path_a, page, widths[i], 50, 1);
        struct fw_fault fault;
        struct fw_page_info info;
        uint32_t count = 0;
        CHECK_INT(fw_page_check(path_a, 0, &fault), FW_OK);
        CHECK_INT(fw_page_file_info(path_a, 1, &count, &info, &fault), FW_OK);
        CHECK_INT(info.width, widths[i]);
    }
}

static void the_same_page_in_any_form_is_equal(void **state)
{
    (void)state;
    static const struct form forms[] = {
        { COMPRESSION_NONE, PHOTOMETRIC_MINISBLACK, FILLORDER_MSB2LSB, 7 },
        { COMPRESSION_NONE, PHOTOMETRIC_MINISWHITE, FILLORDER_LSB2MSB, ROWS },
        { COMPRESSION_CCITT_T4, PHOTOMETRIC_MINISWHITE, FILLORDER_LSB2MSB, ROWS },
        { COMPRESSION_CCITT_T4, PHOTOMETRIC_MINISBLACK, FILLORDER_MSB2LSB, 64 },
        { COMPRESSION_CCITTRLE, PHOTOMETRIC_MINISWHITE, FILLORDER_MSB2LSB, ROWS },
        { COMPRESSION_CCITT_T6, PHOTOMETRIC_MINISWHITE, FILLORDER_LSB2MSB, 10 },
        { COMPRESSION_CCITT_T6, PHOTOMETRIC_MINISBLACK, FILLORDER_MSB2LSB, ROWS },
    };
    seed = 99;
    fill_page(page, WIDTH, ROWS);
    write_ours(path_a, page, WIDTH, ROWS, 1);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        write_theirs(path_b, page, ROWS, &forms[i]);
        uint32_t count = 0;
        struct fw_page_difference d = { "" };
        struct fw_fault fault = { "", "" };
        if (fw_pages_equal(path_a, path_b, &count, &d, &fault))
            fail_msg("form %zu: %s %s", i, d.text, fault.message);
        CHECK_INT(count, 1);
    }
}

static void a_single_pixel_is_found(void **state)
{
    (void)state;
    uint32_t count = 0;
    struct fw_page_difference d = { "" };
    struct fw_fault fault;
    seed = 5;
    fill_page(page, WIDTH, 2 * ROWS);
    write_ours(path_a, page, WIDTH, ROWS, 2);
    page[(ROWS + 16) * ROW_SIZE + 100] |= 0x04;
    write_ours(path_a, page, WIDTH, ROWS, 2);
    page[(ROWS + 16) * ROW_SIZE + 100] &= (uint8_t)~0x04;
    write_ours(path_b, page, WIDTH, ROWS, 2);
    CHECK_INT(fw_pages_equal(path_a, path_b, &count, &d, &fault), FW_CONFLICT);
    CHECK_TEXT(d.text, "page 2, row 17, column 806: black in the first file only");
    write_ours(path_b, page, WIDTH, ROWS, 1);
    CHECK_INT(fw_pages_equal(path_a, path_b, &count, &d, &fault), FW_CONFLICT);
    CHECK_TEXT(d.text, "the second file ends after page 1, the other goes on");
    CHECK_INT(fw_pages_equal(path_a, "/nowhere.tif", &count, &d, &fault), FW_NOT_FOUND);
}

/* Cut anywhere, the file is either refused or says of the page that it is not whole. */
static void truncation_is_always_noticed(void **state)
{
    (void)state;
    static const struct form form = { COMPRESSION_CCITT_T4, PHOTOMETRIC_MINISWHITE,
                                      FILLORDER_LSB2MSB, ROWS };
    struct fw_fault fault;
    seed = 17;
    fill_page(page, WIDTH, ROWS);
    for (int kind = 0; kind < 2; kind++) {
        if (kind == 0)
            write_ours(path_a, page, WIDTH, ROWS, 1);
        else
            write_theirs(path_a, page, ROWS, &form);
        CHECK_INT(fw_page_check(path_a, 0, &fault), FW_OK);
        struct fw_buf whole;
        CHECK_INT(fw_file_read(path_a, 16 << 20, &whole), FW_OK);
        for (size_t size = 0; size < whole.size - 40; size += whole.size / 97 + 1) {
            CHECK_INT(fw_file_write(path_b, (struct fw_span){ whole.data, size }, 0600), FW_OK);
            CHECK_INT(fw_page_check(path_b, 0, &fault), FW_INVALID);
            CHECK_INT(fw_page_to_pdf(path_b, path_pdf, 1 << 20, &fault), FW_INVALID);
        }
        fw_buf_done(&whole);
    }
}

/* The strip of a page ends early although the file is whole: what a full disk leaves behind. */
static void missing_rows_are_noticed(void **state)
{
    (void)state;
    struct fw_fault fault;
    struct fw_buf coded;
    seed = 23;
    fill_page(page, WIDTH, ROWS);
    fw_buf_init(&coded, 16 << 20);
    code(page, WIDTH, ROWS - 20, &coded);
    const int fd = open(path_a, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct fw_tiff_writer w;
    CHECK_INT(fw_tiff_start(&w, fd, 1), FW_OK);
    const struct fw_tiff_page shown = { WIDTH, ROWS, 204, 196, fw_buf_span(&coded), FW_CODING_T6 };
    CHECK_INT(fw_tiff_put(&w, &shown), FW_OK);
    close(fd);
    CHECK_INT(fw_page_check(path_a, 0, &fault), FW_INVALID);
    CHECK_INT(fw_page_check(path_a, 1, &fault), FW_NOT_FOUND);
    fw_buf_done(&coded);
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct fw_buf whole;
    seed = 31;
    fill_page(page, WIDTH, 2 * 40);
    write_ours(path_a, page, WIDTH, 40, 2);
    CHECK_INT(fw_file_read(path_a, 16 << 20, &whole), FW_OK);
    int noticed = 0;
    for (int round = 0; round < 2000; round++) {
        uint8_t kept[4];
        size_t at[4];
        for (int i = 0; i < 4; i++) {
            at[i] = chance(4) ? chance((uint32_t)whole.size) : whole.size - 1 - chance(200);
            kept[i] = whole.data[at[i]];
            whole.data[at[i]] ^= (uint8_t)(1U << chance(8));
        }
        FILE *file = fopen(path_b, "wb");
        CHECK(file && fwrite(whole.data, 1, whole.size, file) == whole.size && fclose(file) == 0);
        struct fw_fault fault;
        struct fw_page_info info[2];
        uint32_t count = 0;
        noticed += fw_page_check(path_b, 0, &fault) != FW_OK;
        noticed += fw_page_file_info(path_b, 2, &count, info, &fault) != FW_OK;
        for (int i = 3; i >= 0; i--)
            whole.data[at[i]] = kept[i];
    }
    CHECK(noticed > 500);
    fw_buf_done(&whole);
}

static void other_pictures_are_refused(void **state)
{
    (void)state;
    struct fw_fault fault;
    uint32_t count;
    TIFF *tiff = TIFFOpen(path_a, "w");
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 8);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFWriteScanline(tiff, page, 0, 0);
    TIFFClose(tiff);
    CHECK_INT(fw_page_check(path_a, 0, &fault), FW_INVALID);
    CHECK_INT(fw_file_write(path_a, fw_span_of("%PDF-1.4\n"), 0600), FW_OK);
    CHECK_INT(fw_page_file_info(path_a, 0, &count, NULL, &fault), FW_INVALID);
}

static bool has(const struct fw_buf *b, const char *text)
{
    return memmem(b->data, b->size, text, strlen(text));
}

static void pdf_has_all_pages_at_paper_size(void **state)
{
    (void)state;
    struct fw_fault fault;
    struct fw_buf pdf;
    seed = 3;
    fill_page(page, WIDTH, 2 * ROWS);
    write_ours(path_a, page, WIDTH, ROWS, 2);
    CHECK_INT(fw_page_to_pdf(path_a, path_pdf, 8 << 20, &fault), FW_OK);
    CHECK_INT(fw_file_read(path_pdf, 8 << 20, &pdf), FW_OK);
    CHECK(has(&pdf, "%PDF-1.4\n"));
    CHECK(has(&pdf, "/Count 2/Kids[3 0 R\n6 0 R\n]"));
    CHECK(has(&pdf, "/MediaBox[0 0 609.449 110.441]")); /* 215 mm, and 300 rows of 7.7 a mm */
    CHECK(has(&pdf, "/CCITTFaxDecode/DecodeParms<</K -1/Columns 1728/Rows 300>>"));
    CHECK(has(&pdf, "%%EOF\n"));
    fw_buf_done(&pdf);
    CHECK_INT(unlink(path_pdf), 0);
    CHECK_INT(fw_page_to_pdf(path_a, path_pdf, 1000, &fault), FW_LIMIT);
    CHECK(access(path_pdf, F_OK) != 0);
}

/* What was coded by us stands in the PDF byte for byte; what cannot be copied is coded anew, to the same
 * bytes, as both are T.6 of one picture. */
static void pdf_takes_strips_as_they_are(void **state)
{
    (void)state;
    static const struct form others[] = {
        { COMPRESSION_CCITT_T6, PHOTOMETRIC_MINISWHITE, FILLORDER_LSB2MSB, ROWS },
        { COMPRESSION_CCITT_T6, PHOTOMETRIC_MINISBLACK, FILLORDER_MSB2LSB, ROWS },
        { COMPRESSION_CCITT_T6, PHOTOMETRIC_MINISWHITE, FILLORDER_MSB2LSB, 50 },
        { COMPRESSION_CCITT_T4, PHOTOMETRIC_MINISWHITE, FILLORDER_MSB2LSB, ROWS },
    };
    struct fw_fault fault;
    struct fw_buf coded, pdf;
    seed = 12;
    fill_page(page, WIDTH, ROWS);
    fw_buf_init(&coded, 16 << 20);
    code(page, WIDTH, ROWS, &coded);
    for (size_t i = 0; i <= ARRAY_LEN(others); i++) {
        if (i == 0)
            write_ours(path_a, page, WIDTH, ROWS, 1);
        else
            write_theirs(path_a, page, ROWS, &others[i - 1]);
        CHECK_INT(fw_page_to_pdf(path_a, path_pdf, 8 << 20, &fault), FW_OK);
        CHECK_INT(fw_file_read(path_pdf, 8 << 20, &pdf), FW_OK);
        CHECK(memmem(pdf.data, pdf.size, coded.data, coded.size) != NULL);
        fw_buf_done(&pdf);
    }
    fw_buf_done(&coded);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path_a, sizeof path_a, "%s/a.tif", folder);
    snprintf(path_b, sizeof path_b, "%s/b.tif", folder);
    snprintf(path_pdf, sizeof path_pdf, "%s/a.pdf", folder);
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
        cmocka_unit_test(libtiff_reads_our_code),
        cmocka_unit_test(every_run_length_is_coded),
        cmocka_unit_test(odd_widths_end_cleanly),
        cmocka_unit_test(the_same_page_in_any_form_is_equal),
        cmocka_unit_test(a_single_pixel_is_found),
        cmocka_unit_test(truncation_is_always_noticed),
        cmocka_unit_test(missing_rows_are_noticed),
        cmocka_unit_test(damage_never_crashes),
        cmocka_unit_test(other_pictures_are_refused),
        cmocka_unit_test(pdf_has_all_pages_at_paper_size),
        cmocka_unit_test(pdf_takes_strips_as_they_are),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
