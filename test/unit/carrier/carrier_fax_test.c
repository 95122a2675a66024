/* Whole faxes into the carrier program: a calling machine, UDP on loopback, the mailbox.
 *
 * What runs faster than the telephone line is tested each time; with FAXWIRE_SLOW=1 line speed
 * and G.711 are, a minute each.
 */
#include "test.h"
#include "fax_caller.h"
#include "base/file.h"
#include "page/page.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], document[128];
static pid_t carrier;
static struct sip_client client;

/* Text-like pages: short runs of black whose places differ from page to page. */
static void write_document(uint32_t page_count, uint32_t rows)
{
    struct fw_tiff_writer w;
    struct fw_t6 *t6 = NULL;
    struct fw_buf page;
    int fd CLEANUP(fw_fd_close) = open(document, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(fw_tiff_start(&w, fd, page_count), FW_OK);
    CHECK_INT(fw_t6_new(1728, &t6), FW_OK);
    for (uint32_t p = 0; p < page_count; p++) {
        fw_buf_init(&page, 1 << 20);
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t row[216] = { 0 };
            for (size_t x = 20; x < 190 && y % 40 < 24; x += 7)
                row[x + (y / 40 + p) % 5] = (uint8_t)(0x3c >> (y / 8 % 3));
            CHECK_INT(fw_t6_row(t6, row, &page), FW_OK);
        }
        CHECK_INT(fw_t6_end(t6, &page), FW_OK);
        const struct fw_tiff_page made = { 1728, rows, 204, 196, fw_buf_span(&page) };
        CHECK_INT(fw_tiff_put(&w, &made), FW_OK);
        fw_buf_done(&page);
    }
    fw_t6_free(t6);
}

static int start(void **state)
{
    (void)state;
    uint16_t port = 0;
    snprintf(folder, sizeof folder, "/tmp/faxwire-carrier-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(document, sizeof document, "%s/document.tif", folder);
    write_document(3, 2156);
    carrier = carrier_start(folder, NULL, &port);
    client_open(&client, port);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    client_close(&client);
    const int status = carrier_stop(carrier);
    fw_dir_remove(folder, 3);
    return status == 0 ? 0 : -1;
}

/* The newest file of a number with this end. The name comes at the end of a rename: wait. */
static bool find_file(const char *number, const char *end, char *ret, size_t size)
{
    char dir_path[128];
    snprintf(dir_path, sizeof dir_path, "%s/%s", folder, number);
    ret[0] = '\0';
    for (int i = 0; i < 300 && ret[0] == '\0'; i++) {
        DIR *dir = opendir(dir_path);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            const char *dot = strchr(e->d_name, '.');
            if (dot && strcmp(dot, end) == 0)
                snprintf(ret, size, "%s/%s", dir_path, e->d_name);
        }
        if (dir)
            closedir(dir);
        if (ret[0] == '\0')
            usleep(20000);
    }
    return ret[0] != '\0';
}

static void check_sidecar(const char *number, const char *has)
{
    char path[512];
    struct fw_buf line;
    CHECK(find_file(number, ".json", path, sizeof path));
    CHECK_INT(fw_file_read(path, 8192, &line), FW_OK);
    CHECK_INT(fw_buf_put_u8(&line, 0), FW_OK);
    if (!strstr((char *)line.data, has))
        print_message("%s lacks %s\n", (char *)line.data, has);
    CHECK(strstr((char *)line.data, has) != NULL);
    fw_buf_done(&line);
}

static struct fax_caller_seen seen; /* of the last call */

static void deliver(const char *number, const struct fax_caller_options *options)
{
    struct fw_terminal_result result;
    struct fw_page_difference difference = { 0 };
    struct fw_fault fault = { 0 };
    char path[512];
    uint32_t count = 0;
    fax_caller_run(&client, options, &seen, &result);
    print_message("%s: sip %d t30 %d pages %u rate %u ecm %d: %s\n", number, seen.status,
                  result.t30_code, result.pages, result.bit_rate, result.ecm, result.text);
    CHECK_INT(seen.status, 200);
    CHECK_INT(result.t30_code, 0);
    CHECK_INT(result.pages, 3);
    CHECK(find_file(number, ".tif", path, sizeof path));
    CHECK_INT(fw_pages_equal(document, path, &count, &difference, &fault), FW_OK);
    CHECK_INT(count, 3);
    CHECK(find_file(number, ".pdf", path, sizeof path));
    check_sidecar(number, "\"complete\":true");
    check_sidecar(number, "\"pages\":3");
    check_sidecar(number, "\"from\":\"+13125550123\"");
}

static void three_pages_over_unpaced_t38(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+12005550100", .tif = document, .t38 = true, .unpaced = true, .limit_s = 60
    };
    deliver("12005550100", &o);
    check_sidecar("12005550100", "\"transport\":\"t38_unpaced\"");
}

static void the_caller_asks_for_t38(void **state)
{
    (void)state;
    const struct fax_caller_options o = { .number = "+15551234567",
                                          .tif = document,
                                          .t38 = true,
                                          .asks = true,
                                          .unpaced = true,
                                          .limit_s = 60 };
    deliver("15551234567", &o);
}

static void without_ecm(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+12005550120", .tif = document, .t38 = true, .unpaced = true, .limit_s = 60
    };
    deliver("12005550120", &o);
    check_sidecar("12005550120", "\"ecm\":false");
}

static void without_v17(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+12005550112", .tif = document, .t38 = true, .unpaced = true, .limit_s = 60
    };
    deliver("12005550112", &o);
    check_sidecar("12005550112", "\"bit_rate\":9600");
}

static void a_hangup_leaves_a_partial_fax(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+12005550107", .tif = document, .t38 = true, .unpaced = true, .limit_s = 60
    };
    struct fw_terminal_result result;
    char path[512];
    fax_caller_run(&client, &o, &seen, &result);
    CHECK(result.t30_code != 0);
    CHECK(result.pages <= 1);
    CHECK(find_file("12005550107", ".partial.tif", path, sizeof path));
    check_sidecar("12005550107", "\"complete\":false");
    check_sidecar("12005550107", "\"pages\":1");
}

/* What goes wrong on these lines is put right by the machines. */
static void overcome(const char *number, bool asks)
{
    const struct fax_caller_options o = {
        .number = number, .tif = document, .t38 = true, .asks = asks, .unpaced = true, .limit_s = 60
    };
    deliver(number, &o);
}

enum { PPR = 0x3d, RTN = 0x32, FTT = 0x22 };

static void spoiled_frames_are_asked_for_again(void **state)
{
    (void)state;
    overcome("12005550109", false);
    CHECK(seen.frames[PPR] > 0);
}

static void loss_is_made_good_by_redundancy(void **state)
{
    (void)state;
    overcome("12005550115", false);
}

static void an_image_line_too_many(void **state)
{
    (void)state;
    overcome("12005550117", false);
    CHECK_INT(seen.media_lines, 2);
}

static void a_refresh_in_mid_page(void **state)
{
    (void)state;
    overcome("12005550118", false);
    CHECK_INT(seen.reinvites, 2);
    CHECK_INT(seen.refreshes, 1);
}

static void both_ask_at_once(void **state)
{
    (void)state;
    overcome("12005550119", true);
    CHECK_INT(seen.refused, 1);
    CHECK(seen.reinvites > 0);
}

static void the_killer_frame(void **state)
{
    (void)state;
    overcome("12005550122", false);
    CHECK_INT(seen.deadly, 1);
}

static void break_off(const char *number, int limit_s, struct fw_terminal_result *ret)
{
    const struct fax_caller_options o = {
        .number = number, .tif = document, .t38 = true, .unpaced = true, .limit_s = limit_s
    };
    fax_caller_run(&client, &o, &seen, ret);
    print_message("%s: sip %d t30 %d pages %u: %s\n", number, seen.status, ret->t30_code,
                  ret->pages, ret->text);
    CHECK_INT(seen.status, 200);
    CHECK(ret->t30_code != 0);
}

static void training_fails(void **state)
{
    (void)state;
    struct fw_terminal_result result;
    break_off("12005550108", 60, &result);
    CHECK_INT(result.pages, 0);
    CHECK(seen.frames[FTT] > 0);
    check_sidecar("12005550108", "\"complete\":false");
}

static void no_page_is_confirmed_by_rtn(void **state)
{
    (void)state;
    struct fw_terminal_result result;
    break_off("12005550110", 60, &result);
    CHECK_INT(result.pages, 0);
    CHECK(seen.frames[RTN] > 0);
    check_sidecar("12005550110", "\"complete\":false");
}

static void silence_after_the_last_page(void **state)
{
    (void)state;
    struct fw_terminal_result result;
    break_off("12005550113", 60, &result);
    CHECK_INT(result.pages, 2);
}

static void a_human_hangs_up(void **state)
{
    (void)state;
    struct fw_terminal_result result;
    break_off("12005550105", 60, &result);
    CHECK_INT(result.pages, 0);
}

static void t38_without_a_packet(void **state)
{
    (void)state;
    struct fw_terminal_result result;
    break_off("12005550121", 120, &result);
    CHECK_INT(result.pages, 0);
}

static void line_speed(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+15551110001", .tif = document, .t38 = true, .limit_s = 300
    };
    deliver("15551110001", &o);
    check_sidecar("15551110001", "\"transport\":\"t38\"");
}

static void g711(void **state)
{
    (void)state;
    const struct fax_caller_options o = {
        .number = "+12005550106", .tif = document, .asks = true, .limit_s = 300
    };
    deliver("12005550106", &o);
    check_sidecar("12005550106", "\"transport\":\"g711\"");
}

static void g711_after_a_refusal(void **state)
{
    (void)state;
    const struct fax_caller_options o = { .number = "+12005550100",
                                          .tif = document,
                                          .limit_s = 300 };
    deliver("12005550100", &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_pages_over_unpaced_t38),
        cmocka_unit_test(the_caller_asks_for_t38),
        cmocka_unit_test(without_ecm),
        cmocka_unit_test(without_v17),
        cmocka_unit_test(a_hangup_leaves_a_partial_fax),
        cmocka_unit_test(spoiled_frames_are_asked_for_again),
        cmocka_unit_test(loss_is_made_good_by_redundancy),
        cmocka_unit_test(an_image_line_too_many),
        cmocka_unit_test(a_refresh_in_mid_page),
        cmocka_unit_test(both_ask_at_once),
        cmocka_unit_test(the_killer_frame),
        cmocka_unit_test(training_fails),
        cmocka_unit_test(no_page_is_confirmed_by_rtn),
    };
    const struct CMUnitTest slow_tests[] = {
        cmocka_unit_test(line_speed),           cmocka_unit_test(g711),
        cmocka_unit_test(g711_after_a_refusal), cmocka_unit_test(silence_after_the_last_page),
        cmocka_unit_test(a_human_hangs_up),     cmocka_unit_test(t38_without_a_packet),
    };
    if (getenv("FAXWIRE_SLOW"))
        return cmocka_run_group_tests(slow_tests, start, stop);
    return cmocka_run_group_tests(tests, start, stop);
}
