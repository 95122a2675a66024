/* Pages fitted to what a far machine can print: every black dot is on one of the sheets, and none is longer than it may be. */
#include "chance.h"
#include "test.h"

#include "base/file.h"
#include "page/fit.h"
#include "page/t6.h"
#include "page/tiff_read.h"
#include "page/tiff_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 1728, SIZE = WIDTH / 8, ROWS_MAX = 6000 };

static char folder[] = "/tmp/fw-fit-XXXXXX";
static char from[64], to[64];
static uint8_t rows[ROWS_MAX][SIZE], got[ROWS_MAX][SIZE];

/* A few dots in each row up to `inked`, none behind. */
static void make_rows(uint32_t count, uint32_t inked)
{
    memset(rows, 0, sizeof rows);
    for (uint32_t y = 0; y < inked && y < count; y++) {
        for (int i = 0; i < 3; i++)
            rows[y][chance(SIZE)] |= (uint8_t)(1U << chance(8));
    }
}

static void write_page(struct fw_tiff_writer *w, uint32_t count, uint32_t y_dpi)
{
    struct fw_t6 *t6 = NULL;
    struct fw_buf code CLEANUP(fw_buf_done);
    fw_buf_init(&code, 1 << 24);
    CHECK_INT(fw_t6_new(WIDTH, &t6), FW_OK);
    for (uint32_t y = 0; y < count; y++)
        CHECK_INT(fw_t6_row(t6, rows[y], &code), FW_OK);
    CHECK_INT(fw_t6_end(t6, &code), FW_OK);
    fw_t6_free(t6);
    const struct fw_tiff_page page = { WIDTH, count, 204, y_dpi, fw_buf_span(&code), FW_CODING_T6 };
    CHECK_INT(fw_tiff_put(w, &page), FW_OK);
}

static void write_file(int pages, uint32_t count, uint32_t y_dpi)
{
    struct fw_tiff_writer w;
    int fd CLEANUP(fw_fd_close) = open(from, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK_INT(fw_tiff_start(&w, fd, (uint32_t)pages), FW_OK);
    for (int i = 0; i < pages; i++)
        write_page(&w, count, y_dpi);
}

static struct fw_fitted fit(unsigned divisor, uint32_t length_mm)
{
    const struct fw_fit wanted = { divisor, length_mm };
    struct fw_fitted fitted;
    CHECK_INT(fw_page_fit(from, to, &wanted, &fitted), FW_OK);
    return fitted;
}

static struct fw_page_info read_sheet(struct fw_tiff_reader *r)
{
    struct fw_page_info page;
    struct fw_fault fault;
    CHECK_INT(fw_tiff_reader_page(r, &page, &fault), FW_OK);
    for (uint32_t y = 0; y < page.rows; y++) {
        const uint8_t *row;
        CHECK_INT(fw_tiff_reader_row(r, &row, &fault), FW_OK);
        memcpy(got[y], row, SIZE);
    }
    return page;
}

static struct fw_page_info read_only_sheet(void)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_fault fault;
    CHECK_INT(fw_tiff_reader_open(to, &r, &fault), FW_OK);
    const struct fw_page_info page = read_sheet(r);
    CHECK_INT(fw_tiff_reader_next(r, &fault), FW_NOT_FOUND);
    return page;
}

static uint32_t dots(uint8_t of[][SIZE], uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t y = 0; y < count; y++) {
        for (uint32_t i = 0; i < SIZE; i++)
            sum += (uint32_t)__builtin_popcount(of[y][i]);
    }
    return sum;
}

static void rows_are_joined_and_black_wins(void **state)
{
    (void)state;
    static const struct { unsigned divisor; uint32_t count, y_dpi, fitted_dpi; } cases[] = {
        { 2, 101, 196, 98 }, { 2, 200, 391, 196 }, { 4, 202, 391, 98 }, { 4, 1, 391, 98 }, { 1, 77, 196, 196 } };
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const unsigned divisor = cases[c].divisor;
        seed = c;
        make_rows(cases[c].count, cases[c].count);
        write_file(1, cases[c].count, cases[c].y_dpi);
        CHECK_INT(fit(divisor, 0).pages, 1);
        const struct fw_page_info page = read_only_sheet();
        CHECK_INT(page.rows, (cases[c].count + divisor - 1) / divisor);
        CHECK_INT(page.y_dpi, cases[c].fitted_dpi);
        for (uint32_t y = 0; y < page.rows; y++) {
            uint8_t want[SIZE] = { 0 };
            for (uint32_t i = y * divisor; i < (y + 1) * divisor && i < cases[c].count; i++) {
                for (size_t b = 0; b < SIZE; b++)
                    want[b] |= rows[i][b];
            }
            assert_memory_equal(got[y], want, SIZE);
        }
    }
}

static void what_fits_keeps_its_code(void **state)
{
    (void)state;
    struct fw_page_difference difference;
    struct fw_fault fault;
    uint32_t count = 0;
    make_rows(500, 500);
    write_file(3, 500, 196);
    const struct fw_fitted f = fit(1, 297);
    CHECK_INT(f.pages, 3);
    for (uint16_t i = 0; i < 3; i++)
        CHECK_INT(f.sheets[i], i + 1);
    CHECK_INT(fw_pages_equal(from, to, &count, &difference, &fault), FW_OK);
}

static void a_blank_end_is_left_out(void **state)
{
    (void)state;
    const uint32_t limit = fw_fit_rows(297, 196);
    CHECK_INT(limit, 2286);
    make_rows(2700, limit);
    write_file(1, 2700, 196);
    CHECK_INT(fit(1, 297).sheets[0], 1);
    CHECK_INT(read_only_sheet().rows, limit);
    for (uint32_t y = 0; y < limit; y++)
        assert_memory_equal(got[y], rows[y], SIZE);
}

static void a_little_too_long_is_squeezed(void **state)
{
    (void)state;
    const uint32_t limit = fw_fit_rows(297, 196), count = limit + 40; /* a header line on a page without margins */
    memset(rows, 0, sizeof rows);
    for (uint32_t y = 0; y < count; y++) /* dots that do not cover one another */
        rows[y][y % SIZE] |= 0x80;
    write_file(1, count, 196);
    CHECK_INT(fit(1, 297).sheets[0], 1);
    CHECK_INT(read_only_sheet().rows, limit);
    CHECK_INT(dots(got, limit), count);
}

static void a_long_page_becomes_sheets(void **state)
{
    (void)state;
    for (uint32_t count = 2500; count < ROWS_MAX; count += 350) {
        struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
        struct fw_fault fault;
        const uint32_t limit = fw_fit_rows(297, 196), overlap = fw_fit_rows(FW_FIT_OVERLAP_MM, 196);
        seed = count;
        make_rows(count, count);
        write_file(2, count, 196);
        const struct fw_fitted f = fit(1, 297);
        CHECK_INT(f.pages, 2);
        CHECK_INT(f.sheets[1], 2 * f.sheets[0]);
        CHECK_INT(fw_tiff_reader_open(to, &r, &fault), FW_OK);
        for (int page = 0; page < 2; page++) {
            uint32_t at = 0;
            for (int sheet = 0; sheet < f.sheets[0]; sheet++) {
                const struct fw_page_info info = read_sheet(r);
                CHECK(info.rows <= limit && info.rows > overlap);
                at -= sheet > 0 ? overlap : 0;
                for (uint32_t y = 0; y < info.rows; y++)
                    assert_memory_equal(got[y], rows[at + y], SIZE);
                at += info.rows;
                (void)!fw_tiff_reader_next(r, &fault);
            }
            CHECK_INT(at, count);
        }
    }
}

static void both_at_once(void **state)
{
    (void)state;
    make_rows(5500, 5500); /* 357 mm at the finest */
    write_file(1, 5500, 391);
    const struct fw_fitted f = fit(4, 297);
    CHECK_INT(f.sheets[0], 2);
    unlink(to);
}

static void what_is_no_page_file_leaves_nothing(void **state)
{
    (void)state;
    const struct fw_fit wanted = { 2, 297 };
    struct fw_fitted fitted;
    CHECK_INT(fw_page_fit("/nonexistent/pages.tif", to, &wanted, &fitted), FW_NOT_FOUND);
    make_rows(300, 300);
    write_file(2, 300, 196);
    struct fw_buf whole CLEANUP(fw_buf_done);
    fw_buf_init(&whole, 1 << 24);
    CHECK_INT(fw_file_read(from, 1 << 24, &whole), FW_OK);
    for (uint64_t round = 1; round <= 400; round++) { /* mutated: an error or pages, and never a file after an error */
        seed = round;
        struct fw_buf bad CLEANUP(fw_buf_done);
        fw_buf_init(&bad, 1 << 24);
        CHECK_INT(fw_buf_put(&bad, fw_buf_span(&whole)), FW_OK);
        for (uint32_t i = 0; i <= chance(4); i++)
            bad.data[chance((uint32_t)bad.size)] = (uint8_t)chance(256);
        if (round % 3 == 0)
            bad.size = chance((uint32_t)bad.size);
        CHECK_INT(fw_file_write(from, fw_buf_span(&bad), 0600), FW_OK);
        const struct fw_fit how = { 1U << round % 3, round % 2 ? 20 : 0 };
        const enum fw_err err = fw_page_fit(from, to, &how, &fitted);
        CHECK_INT(access(to, F_OK) == 0, err == FW_OK);
        unlink(to);
    }
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(rows_are_joined_and_black_wins), cmocka_unit_test(what_fits_keeps_its_code),
        cmocka_unit_test(a_blank_end_is_left_out),        cmocka_unit_test(a_little_too_long_is_squeezed),
        cmocka_unit_test(a_long_page_becomes_sheets),     cmocka_unit_test(both_at_once),
        cmocka_unit_test(what_is_no_page_file_leaves_nothing),
    };
    assert_non_null(mkdtemp(folder));
    (void)snprintf(from, sizeof from, "%s/from.tif", folder);
    (void)snprintf(to, sizeof to, "%s/to.tif", folder);
    const int failed = cmocka_run_group_tests(cases, NULL, NULL);
    fw_dir_remove(folder, 1);
    return failed;
}
