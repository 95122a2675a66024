/* Header lines on pages: what stands below is what it was, dot by dot; what is above says what it is to say. */
#include "chance.h"
#include "test.h"

#include "base/file.h"
#include "base/text.h"
#include "page/header.h"
#include "page/page.h"
#include "page/t6.h"
#include "page/tiff_read.h"
#include "page/tiff_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = FW_HEADER_ROW_BYTES, ROWS_MAX = 400, SEEDS = 300 };

static char folder[] = "/tmp/fw-header-XXXXXX";
static char path[64];
static uint8_t rows[ROWS_MAX][SIZE], got[ROWS_MAX + 4 * FW_HEADER_ROWS][SIZE];
static uint8_t sheet[FW_HEADER_SHEET_BYTES(4)];

/* Each character a bar of its own width with its number under it; the name a pattern of `name` dots. */
static struct fw_span make_sheet(uint32_t scale, uint32_t name)
{
    const uint32_t in_row = FW_HEADER_WIDTH / FW_HEADER_CELL, glyph_rows = FW_HEADER_GLYPH_ROWS * scale;
    memset(sheet, 0, sizeof sheet);
    for (uint32_t i = 0; i < FW_HEADER_CHARACTERS; i++) {
        for (uint32_t y = 0; y < glyph_rows; y++) {
            uint8_t *cell = sheet + (size_t)(i / in_row * glyph_rows + y) * SIZE + i % in_row * 4;
            cell[0] = y == 0 ? 0xff : (uint8_t)(i << 1);
            cell[1] = (uint8_t)(y == 0 ? 0xff << i % 8 : 0);
        }
    }
    for (uint32_t y = 0; y < glyph_rows; y++) {
        for (uint32_t x = 0; x < name; x++)
            sheet[(size_t)(FW_HEADER_CELL_ROWS * glyph_rows + y) * SIZE + x / 8] |= (uint8_t)((x * y % 3 != 1) << (7 - x % 8));
    }
    return (struct fw_span){ sheet, FW_HEADER_SHEET_BYTES(scale) };
}

static void make_rows(uint32_t count, uint32_t blank)
{
    for (uint32_t y = 0; y < count; y++) {
        for (uint32_t i = 0; i < SIZE; i++)
            rows[y][i] = y < blank || chance(4) ? 0 : (uint8_t)chance(256);
        rows[y][0] = (uint8_t)(rows[y][0] | (y == blank ? 0x81 : 0)); /* it does end there */
    }
}

static void code_rows(uint32_t count, struct fw_buf *ret)
{
    struct fw_t6 *t6 = NULL;
    CHECK_INT(fw_t6_new(FW_HEADER_WIDTH, &t6), FW_OK);
    for (uint32_t y = 0; y < count; y++)
        CHECK_INT(fw_t6_row(t6, rows[y], ret), FW_OK);
    CHECK_INT(fw_t6_end(t6, ret), FW_OK);
    fw_t6_free(t6);
}

/* By another decoder than ours. */
static void decode(struct fw_span code, uint32_t count, uint32_t y_dpi)
{
    struct fw_tiff_writer w;
    struct fw_page_info page;
    struct fw_fault fault = { 0 };
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const struct fw_tiff_page to = { FW_HEADER_WIDTH, count, 204, y_dpi, code, FW_CODING_T6 };
    CHECK_INT(fw_tiff_start(&w, fd, 1), FW_OK);
    CHECK_INT(fw_tiff_put(&w, &to), FW_OK);
    CHECK_INT(fw_tiff_reader_open(path, &r, &fault), FW_OK);
    CHECK_INT(fw_tiff_reader_page(r, &page, &fault), FW_OK);
    for (uint32_t y = 0; y < count; y++) {
        const uint8_t *row = NULL;
        if (fw_tiff_reader_row(r, &row, &fault))
            fail_msg("seed %llu: %s", (unsigned long long)seed, fault.message);
        memcpy(got[y], row, SIZE);
    }
    struct fw_span whole;
    CHECK_INT(fw_tiff_reader_t6(r, &whole, &fault), FW_OK); /* with an end mark, and no more than it */
    CHECK_INT(unlink(path), 0);
}

static const struct fw_header_line usual = { .date = "2026-11-29 14:05 +01:00", .from = "+13125550123",
                                             .to = "+12005550100", .first = 1, .total = 3 };

static uint32_t put(const struct fw_header_line *line, uint32_t y_dpi, uint32_t name, uint32_t number, uint32_t count)
{
    struct fw_header *h CLEANUP(fw_header_free_p) = NULL;
    struct fw_buf code CLEANUP(fw_buf_done), made CLEANUP(fw_buf_done);
    uint32_t made_rows = 0;
    fw_buf_init(&code, 1 << 22);
    fw_buf_init(&made, 1 << 22);
    code_rows(count, &code);
    CHECK_INT(fw_header_new(make_sheet(fw_page_scale(y_dpi), name), y_dpi, line, &h), FW_OK);
    CHECK_INT(fw_header_put(h, number, fw_buf_span(&code), count, &made, &made_rows), FW_OK);
    decode(fw_buf_span(&made), made_rows, y_dpi);
    return made_rows;
}

static void below_it_all_is_as_it_was(void **state)
{
    (void)state;
    static const uint32_t dpis[] = { 98, 196, 391 };
    for (uint32_t round = 1; round <= SEEDS; round++) {
        seed = round;
        const uint32_t y_dpi = dpis[round % 3], band = FW_HEADER_ROWS * fw_page_scale(y_dpi);
        const uint32_t count = 1 + chance(ROWS_MAX), blank = chance(3) ? chance(count + 1) : 0;
        const uint32_t used = blank < band ? blank : band;
        make_rows(count, blank);
        CHECK_INT(put(&usual, y_dpi, round % 600, 1 + round % 3, count), count + band - used);
        for (uint32_t y = used; y < count; y++) {
            if (memcmp(got[y + band - used], rows[y], SIZE) != 0)
                fail_msg("seed %u: row %u of %u differs, %u blank", round, y, count, blank);
        }
    }
}

/* What a line says, read back by the numbers that are drawn under the bars of the sheet. */
static void read_line(uint32_t scale, char *ret, size_t ret_size)
{
    const uint8_t *top = got[3 * scale], *under = got[3 * scale + 1];
    size_t count = 0;
    for (uint32_t x = 0; x < FW_HEADER_WIDTH && count + 1 < ret_size; x++) {
        if (!(top[x / 8] & 0x80 >> x % 8))
            continue;
        unsigned index = 0;
        for (uint32_t i = 0; i < 7; i++)
            index = index << 1 | !!(under[(x + i) / 8] & 0x80 >> (x + i) % 8);
        ret[count++] = (char)(FW_HEADER_FIRST + index);
        while (x < FW_HEADER_WIDTH && (top[x / 8] & 0x80 >> x % 8))
            x++;
    }
    ret[count] = '\0';
}

static void it_says_what_it_is_to_say(void **state)
{
    (void)state;
    static const uint32_t dpis[] = { 98, 196, 391 };
    char text[200];
    make_rows(100, 0);
    for (size_t i = 0; i < ARRAY_LEN(dpis); i++) {
        struct fw_header_line line = usual;
        put(&line, dpis[i], 0, 2, 100);
        read_line(fw_page_scale(dpis[i]), text, sizeof text);
        CHECK_TEXT(text, "2026-11-2914:05+01:00+13125550123to+12005550100page2of3");
        line.continued = true;
        put(&line, dpis[i], 0, 3, 100);
        read_line(fw_page_scale(dpis[i]), text, sizeof text);
        CHECK_TEXT(text, "2026-11-2914:05+01:00+13125550123to+12005550100continued,page3of3");
        fw_text_clip(line.from, sizeof line.from, "caf\xc3\xa9\x01");
        put(&line, dpis[i], 0, 1, 100);
        read_line(fw_page_scale(dpis[i]), text, sizeof text);
        CHECK_TEXT(text, "2026-11-2914:05+01:00caf???to+12005550100continued,page1of3");
    }
}

static uint32_t black_from(uint32_t scale, uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t y = 0; y < FW_HEADER_ROWS * scale; y++) {
        for (uint32_t x = from; x < to; x++)
            count += !!(got[y][x / 8] & 0x80 >> x % 8);
    }
    return count;
}

static void what_is_too_long_leaves_the_page_its_number(void **state)
{
    (void)state;
    struct fw_header_line line = usual;
    char text[400];
    make_rows(50, 0);
    memset(line.to, 'x', sizeof line.to - 1);
    memset(line.from, 'y', sizeof line.from - 1);
    line.total = 350;
    for (uint32_t name = 0; name <= FW_HEADER_NAME_WIDTH; name += FW_HEADER_NAME_WIDTH) {
        put(&line, 196, name, 350, 50);
        if (name == 0) { /* a name is no text */
            read_line(2, text, sizeof text);
            CHECK_TEXT(text + strlen(text) - strlen("page350of350"), "page350of350");
        }
        CHECK_INT(black_from(2, 0, 48), 0);
        CHECK_INT(black_from(2, FW_HEADER_WIDTH - 44, FW_HEADER_WIDTH), 0);
        for (uint32_t y = 36; y < 40; y++) /* the page is coded against a white row */
            CHECK(got[y][0] == 0 && memcmp(got[y], got[y] + 1, SIZE - 1) == 0);
    }
}

static void the_name_stands_where_it_can(void **state)
{
    (void)state;
    struct fw_header_line line = usual;
    make_rows(50, 0);
    put(&line, 196, 0, 1, 50);
    const uint32_t without = black_from(2, 0, FW_HEADER_WIDTH);
    put(&line, 196, 200, 1, 50);
    uint32_t name = 0;
    for (uint32_t y = 0; y < 30; y++) {
        for (uint32_t x = 0; x < 200; x++)
            name += x * y % 3 != 1;
    }
    CHECK_INT(black_from(2, 0, FW_HEADER_WIDTH), without + name); /* nothing lies over anything else */
}

/* Whatever the code is, and whatever is said of its rows: no more is read than there is. */
static void hostile_code_is_only_copied(void **state)
{
    (void)state;
    for (uint32_t round = 1; round <= SEEDS; round++) {
        struct fw_header *h CLEANUP(fw_header_free_p) = NULL;
        struct fw_buf made CLEANUP(fw_buf_done);
        uint32_t made_rows = 0;
        seed = round;
        const size_t size = chance(40);
        uint8_t *code = malloc(size + !size); /* so that a byte too many is seen */
        for (size_t i = 0; i < size; i++)
            code[i] = (uint8_t)(round % 3 ? chance(256) : 0xff);
        fw_buf_init(&made, round % 7 ? 1 << 20 : 600);
        CHECK_INT(fw_header_new(make_sheet(2, 30), 196, &usual, &h), FW_OK);
        const uint32_t count = (uint32_t)chance(9000), most = count < 2 * FW_HEADER_ROWS ? count : 2 * FW_HEADER_ROWS;
        uint32_t blank = 0;
        while (blank < most && blank / 8 < size && (code[blank / 8] & 0x80 >> blank % 8))
            blank++;
        const enum fw_err err = fw_header_put(h, 1, (struct fw_span){ code, size }, count, &made, &made_rows);
        CHECK(err == (size * 8 < blank + 24 ? FW_INVALID : FW_OK) || (err == FW_LIMIT && round % 7 == 0));
        free(code);
    }
}

static void a_sheet_has_one_size(void **state)
{
    (void)state;
    struct fw_header *h = NULL;
    const struct fw_span s = make_sheet(4, 10);
    CHECK_INT(fw_header_new(s, 196, &usual, &h), FW_INVALID);
    CHECK_INT(fw_header_new((struct fw_span){ s.data, s.size - 1 }, 391, &usual, &h), FW_INVALID);
    CHECK_INT(fw_header_new((struct fw_span){ s.data, 0 }, 98, &usual, &h), FW_INVALID);
    memset(sheet, 0xff, sizeof sheet); /* all black is a sheet too */
    CHECK_INT(fw_header_new(s, 391, &usual, &h), FW_OK);
    fw_header_free(h);
}

/* White rows to its last bit, in memory that ends there: nothing behind it is read. 40 rows and an end take 8 octets. */
static void code_without_an_end_is_refused(void **state)
{
    (void)state;
    struct fw_header *h CLEANUP(fw_header_free_p) = NULL;
    CHECK_INT(fw_header_new(make_sheet(2, 100), 196, &usual, &h), FW_OK);
    for (size_t size = 1; size <= 8; size++) {
        struct fw_buf made CLEANUP(fw_buf_done);
        uint32_t made_rows = 0;
        uint8_t *code = malloc(size);
        fw_buf_init(&made, 1 << 20);
        memset(code, 0xff, size);
        CHECK_INT(fw_header_put(h, 1, (struct fw_span){ code, size }, 1000, &made, &made_rows), size < 8 ? FW_INVALID : FW_OK);
        free(code);
    }
}

static int open_folder(void **state)
{
    (void)state;
    CHECK(mkdtemp(folder) != NULL);
    return snprintf(path, sizeof path, "%s/page.tif", folder) < 0;
}

static int close_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(below_it_all_is_as_it_was),
        cmocka_unit_test(it_says_what_it_is_to_say),
        cmocka_unit_test(what_is_too_long_leaves_the_page_its_number),
        cmocka_unit_test(the_name_stands_where_it_can),
        cmocka_unit_test(hostile_code_is_only_copied),
        cmocka_unit_test(a_sheet_has_one_size),
        cmocka_unit_test(code_without_an_end_is_refused),
    };
    return cmocka_run_group_tests(cases, open_folder, close_folder);
}
