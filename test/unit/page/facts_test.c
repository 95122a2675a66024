/* What a page takes on the line, and how it looks small. */
#include "test.h"

#include "base/file.h"
#include "page/facts.h"
#include "page/png.h"
#include "page/t6.h"
#include "page/tiff_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { WIDTH = 1728, ROW_SIZE = WIDTH / 8 };

static char folder[] = "/tmp/fw-facts-XXXXXX";
static char pages[64], facts[64];
static struct fw_tiff_writer writer;
static int fd = -1;

static void file_begin(uint32_t count)
{
    fw_fd_close(&fd);
    fd = open(pages, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT(fw_tiff_start(&writer, fd, count), FW_OK);
}

typedef void make_row(uint32_t y, uint8_t row[ROW_SIZE]);

static void put_page(uint32_t rows, uint32_t y_dpi, make_row *make)
{
    struct fw_t6 *t6 = NULL;
    struct fw_buf code CLEANUP(fw_buf_done);
    fw_buf_init(&code, 8 << 20);
    CHECK_INT(fw_t6_new(WIDTH, &t6), FW_OK);
    for (uint32_t y = 0; y < rows; y++) {
        uint8_t row[ROW_SIZE] = { 0 };
        make(y, row);
        CHECK_INT(fw_t6_row(t6, row, &code), FW_OK);
    }
    CHECK_INT(fw_t6_end(t6, &code), FW_OK);
    fw_t6_free(t6);
    const struct fw_tiff_page page = { WIDTH, rows, 204, y_dpi, fw_buf_span(&code), FW_CODING_T6 };
    CHECK_INT(fw_tiff_put(&writer, &page), FW_OK);
}

static void white(uint32_t y, uint8_t row[ROW_SIZE])
{
    (void)y;
    (void)row;
}

static void left_half(uint32_t y, uint8_t row[ROW_SIZE])
{
    (void)y;
    memset(row, 0xff, ROW_SIZE / 2);
}

static void top_half(uint32_t y, uint8_t row[ROW_SIZE])
{
    if (y < 500)
        memset(row, 0xff, ROW_SIZE);
}

static void checked(uint32_t y, uint8_t row[ROW_SIZE])
{
    memset(row, y % 2 ? 0xaa : 0x55, ROW_SIZE);
}

static void noise(uint32_t y, uint8_t row[ROW_SIZE])
{
    uint32_t state = y * 2654435761U + 1;
    for (int i = 0; i < ROW_SIZE; i++) {
        state = state * 1103515245 + 12345;
        row[i] = (uint8_t)(state >> 16);
    }
}

/* The smallest of three, and the same as when the whole file is measured. */
static void each_page_has_its_coding(void **state)
{
    (void)state;
    struct fw_page_fact got[4];
    struct fw_fault fault;
    uint32_t count = 0;
    file_begin(3);
    put_page(2200, 196, left_half);
    put_page(1100, 98, noise);
    put_page(2200, 196, white);
    CHECK_INT(fw_page_facts_measure(pages, 4, &count, got, &fault), FW_OK);
    CHECK_INT(count, 3);
    CHECK_INT(got[0].coding, FW_PAGE_MMR);
    CHECK(got[0].bytes < 2000 && got[2].bytes < got[0].bytes);
    CHECK(got[1].width == WIDTH && got[1].rows == 1100 && got[1].x_dpi == 204 && got[1].y_dpi == 98);

    size_t bytes[FW_PAGE_CODINGS];
    file_begin(1);
    put_page(1100, 98, noise);
    CHECK_INT(fw_page_measure(pages, 1, bytes, &fault), FW_OK);
    CHECK(bytes[FW_PAGE_MH] < bytes[FW_PAGE_MMR]); /* noise is why there is a choice */
    for (int i = 0; i < FW_PAGE_CODINGS; i++)
        CHECK(got[1].bytes <= bytes[i]);
    CHECK_INT(got[1].bytes, bytes[got[1].coding]);
    CHECK_INT(fw_page_fact_seconds(&got[1], FW_PAGE_RATE), (got[1].bytes * 8 + 14399) / 14400);
    CHECK(fw_page_fact_seconds(&got[1], FW_PAGE_RATE_POOR) > fw_page_fact_seconds(&got[1], FW_PAGE_RATE));
}

static void facts_are_kept(void **state)
{
    (void)state;
    static const char *const damaged[] = { "", "1728 10 204 196 2\n", "1728 10 204 196 2 100", "1728 10 204 196 3 100\n",
                                           "1728 10 204 196 2 99999999999\n", "a b c d e f\n", "1728 10 204 196 2 1 1\n" };
    struct fw_page_fact measured[2], got[2];
    struct fw_fault fault;
    uint32_t count = 0;
    CHECK_INT(fw_page_facts_read(facts, 2, &count, got), FW_NOT_FOUND);
    file_begin(2);
    put_page(300, 391, left_half);
    put_page(900, 196, noise);
    CHECK_INT(fw_page_facts_write(pages, facts, &fault), FW_OK);
    CHECK_INT(fw_page_facts_measure(pages, 2, &count, measured, &fault), FW_OK);
    CHECK_INT(fw_page_facts_read(facts, 2, &count, got), FW_OK);
    CHECK_INT(count, 2);
    CHECK(memcmp(measured, got, sizeof got) == 0);
    CHECK_INT(fw_page_facts_read(facts, 1, &count, got), FW_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        CHECK_INT(fw_file_write(facts, fw_span_of(damaged[i]), 0600), FW_OK);
        if (fw_page_facts_read(facts, 2, &count, got) != FW_INVALID)
            fail_msg("taken: \"%s\"", damaged[i]);
    }
    CHECK_INT(fw_page_facts_write(folder, facts, &fault), FW_INVALID);
}

struct picture {
    uint32_t width, height;
    uint8_t *rows; /* each with its filter byte in front */
};

/* A PNG taken apart again: the checksums, the order of chunks, the pixels. */
static struct picture open_png(struct fw_span png)
{
    static const uint8_t signature[] = "\x89PNG\r\n\x1a\n";
    struct fw_reader r = fw_reader_of(png);
    CHECK(memcmp(fw_get_span(&r, 8).data, signature, 8) == 0);
    struct picture p = { 0 };
    z_stream z = { 0 };
    CHECK_INT(inflateInit(&z), Z_OK);
    for (bool end = false; !end;) {
        const uint32_t size = fw_get_be32(&r);
        const struct fw_span chunk = fw_get_span(&r, size + 4);
        CHECK(chunk.size == size + 4 && fw_get_be32(&r) == crc32(0, chunk.data, (uInt)chunk.size));
        if (memcmp(chunk.data, "IHDR", 4) == 0) {
            struct fw_reader head = fw_reader_of((struct fw_span){ chunk.data + 4, size });
            p.width = fw_get_be32(&head);
            p.height = fw_get_be32(&head);
            CHECK(fw_get_be32(&head) == 0x08000000 && fw_get_u8(&head) == 0 && size == 13);
            p.rows = calloc(p.height, (size_t)p.width + 1);
            CHECK(p.rows != NULL);
            z.next_out = p.rows;
            z.avail_out = p.height * (p.width + 1);
        } else if (memcmp(chunk.data, "IDAT", 4) == 0) {
            union { const uint8_t *from; Bytef *to; } in = { .from = chunk.data + 4 };
            z.next_in = in.to;
            z.avail_in = size;
            (void)inflate(&z, Z_NO_FLUSH);
        } else {
            end = memcmp(chunk.data, "IEND", 4) == 0;
            CHECK(end && size == 0);
        }
    }
    CHECK(z.avail_out == 0 && r.rest.size == 0);
    inflateEnd(&z);
    return p;
}

static struct picture png_of(uint32_t index, uint32_t width)
{
    struct fw_buf png CLEANUP(fw_buf_done) = { 0 };
    struct fw_fault fault = { 0 };
    if (fw_page_png(pages, index, width, &png, &fault))
        fail_msg("%s", fault.message);
    return open_png(fw_buf_span(&png));
}

static uint8_t pixel(const struct picture *p, uint32_t x, uint32_t y)
{
    return p->rows[(size_t)y * (p->width + 1) + 1 + x];
}

static void pages_look_small_as_they_are(void **state)
{
    (void)state;
    file_begin(4);
    put_page(2287, 196, left_half);
    put_page(1000, 98, top_half);
    put_page(2287, 196, checked);
    put_page(1143, 98, white);
    struct picture p = png_of(0, 432);
    CHECK(p.width == 432 && p.height > 594 && p.height < 596); /* A4 is 1.414 times as high, fax paper 215 mm wide */
    for (uint32_t y = 0; y < p.height; y++) {
        CHECK(pixel(&p, 0, y) == 0 && pixel(&p, 215, y) == 0 && pixel(&p, 216, y) == 255 && pixel(&p, 431, y) == 255);
    }
    free(p.rows);
    p = png_of(1, 1728); /* rows drawn more than once */
    CHECK(p.width == 1728 && p.height > 2080 && p.height < 2083);
    CHECK(pixel(&p, 900, 0) == 0 && pixel(&p, 900, p.height / 2 - 2) == 0 && pixel(&p, 900, p.height / 2 + 2) == 255);
    free(p.rows);
    p = png_of(2, 200);
    for (uint32_t y = 0; y < p.height; y++) {
        for (uint32_t x = 0; x < p.width; x++)
            CHECK(pixel(&p, x, y) > 110 && pixel(&p, x, y) < 145);
    }
    free(p.rows);
    p = png_of(3, 32);
    for (uint32_t i = 0; i < p.height; i++)
        CHECK(pixel(&p, i % 32, i) == 255);
    free(p.rows);
}

static void odd_pages_are_bounded(void **state)
{
    (void)state;
    struct fw_buf png CLEANUP(fw_buf_done) = { 0 };
    struct fw_fault fault = { 0 };
    file_begin(2);
    put_page(1, 391, left_half);
    put_page(FW_PAGE_ROWS_MAX, 98, left_half);
    struct picture p = png_of(0, 100);
    CHECK(p.width == 100 && p.height == 1);
    free(p.rows);
    p = png_of(1, 1728);
    CHECK(p.width < 1728 && p.height <= 8192);
    free(p.rows);
    CHECK_INT(fw_page_png(pages, 2, 100, &png, &fault), FW_NOT_FOUND);
    fw_buf_done(&png);
    CHECK_INT(truncate(pages, 20), 0);
    CHECK(fw_page_png(pages, 0, 100, &png, &fault) != FW_OK);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(pages, sizeof pages, "%s/pages.tif", folder);
    snprintf(facts, sizeof facts, "%s/pages.facts", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fw_fd_close(&fd);
    fw_dir_remove(folder, 1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_page_has_its_coding),
        cmocka_unit_test(facts_are_kept),
        cmocka_unit_test(pages_look_small_as_they_are),
        cmocka_unit_test(odd_pages_are_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
