/* faxwire-barcode and what its parent makes of it: pages with codes, hostile pages, and a program that lies.
 *
 * Where libzbar is not installed what needs it is skipped.
 */
#include "draw.h"

#include "base/text.h"
#include "chance.h"
#include "fax/barcode.h"
#include "fax/fax_json.h"
#include "media/barcodes.h"
#include <stdio.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 240 * 1000 }; /* what a hundred pages may need where much else goes on */

static char folder[] = "/tmp/fw-barcode-XXXXXX", tif[64];
static struct drawing page;
static bool can;

static int setup(void **state)
{
    (void)state;
    can = fw_media_barcodes_can(BARCODE_PROGRAM);
    if (!mkdtemp(folder))
        return -1;
    snprintf(tif, sizeof tif, "%s/pages.tif", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fw_dir_remove(folder, 1);
    return 0;
}

#define NEEDS_ZBAR                                                                                                     \
    if (!can)                                                                                                          \
    skip()

/* The drawing, `count` times. */
static void write_pages(int count, uint32_t y_dpi)
{
    struct fw_tiff_writer w;
    int fd CLEANUP(fw_fd_close) = open(tif, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(fw_tiff_start(&w, fd, (uint32_t)count), FW_OK);
    for (int i = 0; i < count; i++)
        put_drawing(&w, &page, y_dpi);
}

/* One `page type data` a line. */
static void check_read(int pages, const char *expected)
{
    char told[2000] = "";
    char *text = fw_media_barcodes(BARCODE_PROGRAM, "a-fax", tif, pages, PATIENCE_MS, NULL);
    CHECK(text != NULL);
    json_t *list CLEANUP(fw_json_free) = json_loads(text, 0, NULL), *item;
    size_t i;
    json_array_foreach(list, i, item) {
        const char *data = json_string_value(json_object_get(item, "data"));
        const char *base64 = json_string_value(json_object_get(item, "data_base64"));
        const size_t size = strlen(told);
        snprintf(told + size, sizeof told - size, "%d %s %s%s\n", (int)json_integer_value(json_object_get(item, "page")),
                 json_string_value(json_object_get(item, "type")), base64 ? "base64 " : "", base64 ? base64 : data);
    }
    free(text);
    assert_string_equal(told, expected);
}

static void each_kind_is_read_at_each_resolution(void **unused)
{
    (void)unused;
    static const uint32_t resolutions[] = { 98, 196, 391 };
    NEEDS_ZBAR;
    page = (struct drawing){ 0 };
    draw_qr(&page, 100, 100, QR_URL);
    draw_code128(&page, 100, 300, "FAX-4711 \"x\"", false);
    draw_code39(&page, 100, 450, "*ABC-123*");
    draw_itf(&page, 100, 600, "12345678");
    draw_ean13(&page, 100, 750, "2112345678900");
    draw_ean13(&page, 100, 900, "0012345678905"); /* is the UPC-A 012345678905 */
    draw_code128(&page, 1000, 1000, "lying", true);
    draw_code93(&page, 100, 1050, "FAX 93");
    draw_codabar(&page, 100, 1200, "A40-1532B");
    draw_ean8(&page, 100, 1350, "96385074");
    draw_upc_e(&page, 100, 1500, "123456", 5);
    for (size_t i = 0; i < ARRAY_LEN(resolutions); i++) {
        write_pages(1, resolutions[i]);
        check_read(1, "1 qr_code https://example.com/fax?id=47\xc3\xa4\n"
                      "1 code_128 FAX-4711 \"x\"\n"
                      "1 code_39 ABC-123\n"
                      "1 itf 12345678\n"
                      "1 ean_13 2112345678900\n"
                      "1 upc_a 012345678905\n"
                      "1 code_128 lying\n"
                      "1 code_93 FAX 93\n"
                      "1 codabar A40-1532B\n"
                      "1 ean_8 96385074\n"
                      "1 upc_e 01234565\n");
    }
}

static void bytes_that_are_no_text_are_base64(void **unused)
{
    (void)unused;
    NEEDS_ZBAR;
    page = (struct drawing){ 0 };
    draw_qr(&page, 100, 100, QR_LATIN1);
    draw_qr(&page, 100, 400, QR_NUL);
    write_pages(1, 196);
    check_read(1, "1 qr_code base64 TfxsbGVyICYgU/ZobmU=\n1 qr_code base64 YQBiAGM=\n");
}

static void each_once_a_page_and_no_more_than_a_fax_may_have(void **unused)
{
    (void)unused;
    char expected[2000] = "";
    NEEDS_ZBAR;
    page = (struct drawing){ 0 };
    draw_code128(&page, 100, 100, "twice", false);
    draw_code128(&page, 100, 400, "twice", false);
    draw_qr(&page, 100, 600, QR_URL);
    draw_qr(&page, 600, 600, QR_URL);
    write_pages(40, 98);
    for (int i = 1; i <= FW_BARCODES_MAX / 2; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
                 "%d code_128 twice\n%d qr_code https://example.com/fax?id=47\xc3\xa4\n", i, i);
    check_read(40, expected);
}

static void later_pages_are_left_alone(void **unused)
{
    (void)unused;
    struct fw_tiff_writer w;
    NEEDS_ZBAR;
    int fd CLEANUP(fw_fd_close) = open(tif, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(fw_tiff_start(&w, fd, FW_BARCODE_PAGES_MAX + 1), FW_OK);
    page = (struct drawing){ 0 };
    for (int i = 0; i < FW_BARCODE_PAGES_MAX - 1; i++)
        put_drawing(&w, &page, 98);
    draw_code128(&page, 100, 100, "late", false);
    put_drawing(&w, &page, 98);
    put_drawing(&w, &page, 98);
    check_read(FW_BARCODE_PAGES_MAX + 1, "100 code_128 late\n");
}

static void nothing_on_a_page_is_an_empty_list(void **unused)
{
    (void)unused;
    NEEDS_ZBAR;
    page = (struct drawing){ 0 };
    box(&page, 100, 100, 900, 40);
    write_pages(2, 196);
    check_read(2, "");
}

/* Corners of QR Codes all over the page, as small as can be: the worst for time that was found. And noise. */
static void hostile_pages_take_their_time_and_no_more(void **unused)
{
    (void)unused;
    static const uint8_t corner[] = { 0xfe, 0x82, 0xba, 0xba, 0xba, 0x82, 0xfe };
    NEEDS_ZBAR;
    page = (struct drawing){ 0 };
    for (int y = 0; y < PAGE_HEIGHT; y++) {
        for (int x = 0; x < PAGE_WIDTH; x++) {
            if (y % 9 < 7 && x % 9 < 7 && corner[y % 9] >> (7 - x % 9) & 1)
                dot(&page, x, y);
        }
    }
    write_pages(20, 196);
    struct fw_mono before = fw_mono_now();
    free(fw_media_barcodes(BARCODE_PROGRAM, "a-fax", tif, 20, 2000, NULL)); /* either will do, when it ends */
    CHECK(fw_mono_now().us - before.us < 10 * 1000000LL);

    seed = 7;
    for (int y = 0; y < PAGE_HEIGHT; y++) {
        for (size_t i = 0; i < sizeof page.rows[y]; i++)
            page.rows[y][i] = (uint8_t)chance(256);
    }
    write_pages(1, 391);
    check_read(1, "");
}

static void what_is_no_page_file_is_none(void **unused)
{
    (void)unused;
    NEEDS_ZBAR;
    CHECK_INT(fw_file_write(tif, fw_span_of("II*"), 0600), FW_OK);
    CHECK(!fw_media_barcodes(BARCODE_PROGRAM, "a-fax", tif, 1, 60 * 1000, NULL));
    unlink(tif);
    CHECK(!fw_media_barcodes(BARCODE_PROGRAM, "a-fax", tif, 1, 60 * 1000, NULL));
}

static const char *script(const char *lines)
{
    static char path[80], text[2000];
    snprintf(path, sizeof path, "%s/program", folder);
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", lines);
    CHECK_INT(fw_file_write(path, fw_span_of(text), 0700), FW_OK);
    CHECK_INT(fw_file_write(tif, fw_span_of("pages"), 0600), FW_OK);
    return path;
}

static char *said(const char *lines, uint32_t wall_ms)
{
    return fw_media_barcodes(script(lines), "a-fax", tif, 3, wall_ms, NULL);
}

/* As if a page had taken it over. */
static void a_program_that_lies_dies_or_hangs_harms_nobody(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "kill -SEGV $$", "kill -KILL $$", "exit 12", "exit 2", "exit 0", "echo '{}'", "echo null", "echo '[1]'",
        "echo '[{\"page\":4,\"type\":\"itf\",\"data\":\"1\"}]'", "echo '[{\"page\":0,\"type\":\"itf\",\"data\":\"1\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\"}]'", "echo '[{\"page\":1,\"type\":\"itf\",\"data\":\"\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data\":\"a\\u0000b\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data\":7}]'", "echo '[{\"page\":1,\"type\":\"bar\",\"data\":\"1\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data\":\"1\",\"data_base64\":\"MQ==\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data_base64\":\"?\"}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data\":\"1\",\"more\":1}]'",
        "echo '[{\"page\":1,\"type\":\"itf\",\"data\":\"1\"}'", "head -c 600000 /dev/zero",
        "printf '[0'; for i in $(seq 64); do printf ',{\"page\":1,\"type\":\"itf\",\"data\":\"%d\"}' $i; done; echo ']'",
        "printf '[{\"page\":1,\"type\":\"itf\",\"data\":\"%05000d\"}]' 0",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *text = said(bad[i], 20 * 1000);
        if (text)
            print_error("case %zu: %s\n", i, text);
        CHECK(!text);
    }
    const struct fw_mono before = fw_mono_now();
    CHECK(!said("while :; do :; done", 300));
    CHECK(fw_mono_now().us - before.us < 10 * 1000000LL);
    atomic_bool stop = true;
    CHECK(!fw_media_barcodes(script("while :; do :; done"), "a-fax", tif, 3, 60 * 1000, &stop));
    CHECK(!fw_media_barcodes("/nonexistent/faxwire-barcode", "a-fax", tif, 3, 60 * 1000, NULL));
    CHECK(!fw_media_barcodes_can("/nonexistent/faxwire-barcode"));
    CHECK(!fw_media_barcodes_can(script("exit 2")));
}

static void what_it_may_say_is_told_as_it_is(void **unused)
{
    (void)unused;
    char *text = said("echo ' [ {\"type\":\"itf\", \"page\":3, \"data\":\"\\u00e4\\u001d1\"} ]'", 20 * 1000);
    assert_string_equal(text, "[{\"page\":3,\"type\":\"itf\",\"data\":\"\xc3\xa4\\u001D1\"}]");
    free(text);
    text = said("echo '[{\"page\":1,\"type\":\"qr_code\",\"data_base64\":\"//4=\"}]'", 20 * 1000);
    assert_string_equal(text, "[{\"page\":1,\"type\":\"qr_code\",\"data_base64\":\"//4=\"}]");
    free(text);
    text = said("echo '[]'", 20 * 1000);
    assert_string_equal(text, "[]");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_at_each_resolution),
        cmocka_unit_test(bytes_that_are_no_text_are_base64),
        cmocka_unit_test(each_once_a_page_and_no_more_than_a_fax_may_have),
        cmocka_unit_test(later_pages_are_left_alone),
        cmocka_unit_test(nothing_on_a_page_is_an_empty_list),
        cmocka_unit_test(hostile_pages_take_their_time_and_no_more),
        cmocka_unit_test(what_is_no_page_file_is_none),
        cmocka_unit_test(a_program_that_lies_dies_or_hangs_harms_nobody),
        cmocka_unit_test(what_it_may_say_is_told_as_it_is),
    };
    return cmocka_run_group_tests_name("barcode", tests, setup, teardown);
}
