/* Copies of page files that a program left behind when it was killed: the whole pages, and only they. */
#include "test.h"

#include "base/file.h"
#include "page/page.h"
#include "page/t6.h"
#include "page/tiff_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIDTH = 1728, ROWS = 60, PAGES = 3 };

static char folder[] = "/tmp/fw-copy-XXXXXX";
static char from[64], to[64], want[64];

static void put_page(struct fw_tiff_writer *w, unsigned number)
{
    struct fw_t6 *t6 = NULL;
    struct fw_buf code CLEANUP(fw_buf_done);
    fw_buf_init(&code, 1 << 20);
    CHECK_INT(fw_t6_new(WIDTH, &t6), FW_OK);
    for (unsigned y = 0; y < ROWS; y++) {
        uint8_t row[WIDTH / 8] = { 0 };
        for (unsigned i = 0; i < sizeof row; i++)
            row[i] = (uint8_t)(number * 37 + y * (i + 1));
        CHECK_INT(fw_t6_row(t6, row, &code), FW_OK);
    }
    CHECK_INT(fw_t6_end(t6, &code), FW_OK);
    fw_t6_free(t6);
    const struct fw_tiff_page page = { WIDTH, ROWS, 204, 196, fw_buf_span(&code) };
    CHECK_INT(fw_tiff_put(w, &page), FW_OK);
}

static void write_pages(const char *path, unsigned count)
{
    struct fw_tiff_writer w;
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT(fw_tiff_start(&w, fd, count), FW_OK);
    for (unsigned i = 0; i < count; i++)
        put_page(&w, i);
}

static uint32_t copied(uint32_t pages_max)
{
    struct fw_fault fault = { 0 };
    uint32_t count = 99;
    CHECK_INT(fw_page_copy(from, to, pages_max, &count, &fault), FW_OK);
    CHECK_INT(access(to, F_OK) == 0, count > 0);
    return count;
}

static void check_copy(uint32_t pages)
{
    struct fw_page_difference difference;
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    write_pages(want, pages);
    const enum fw_err err = fw_pages_equal(want, to, &count, &difference, &fault);
    if (err)
        print_error("%u pages: %s %s\n", pages, difference.text, fault.message);
    CHECK_INT(err, FW_OK);
    CHECK_INT(count, pages);
    unlink(to);
}

/* A page whose resolution was cut off, which stands behind all of it, has all its rows: so much is asked. */
static void check_whole(uint32_t pages)
{
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    CHECK_INT(fw_page_file_info(to, 0, &count, NULL, &fault), FW_OK);
    CHECK_INT(count, pages);
    for (uint32_t i = 0; i < pages; i++)
        CHECK_INT(fw_page_check(to, i, &fault), FW_OK);
    unlink(to);
}

static void as_many_pages_as_were_confirmed(void **unused)
{
    (void)unused;
    write_pages(from, PAGES);
    for (uint32_t pages = 1; pages <= PAGES; pages++) {
        CHECK_INT(copied(pages), pages);
        check_copy(pages);
    }
    CHECK_INT(copied(PAGES + 5), PAGES); /* more were promised than are there */
    check_copy(PAGES);
}

static void what_follows_the_whole_pages_may_be_anything(void **unused)
{
    (void)unused;
    struct stat st;
    write_pages(from, PAGES);
    CHECK_INT(stat(from, &st), 0);
    uint32_t least = PAGES;
    for (off_t size = st.st_size - 1; size > 0; size -= size > 64 ? 37 : 1) {
        CHECK_INT(truncate(from, size), 0);
        const uint32_t pages = copied(PAGES);
        CHECK(pages <= least); /* the shorter the fewer, and each of them right */
        if (pages > 0)
            check_whole(pages);
        least = pages;
    }
    CHECK_INT(least, 0);
    int fd CLEANUP(fw_fd_close) = open(from, O_WRONLY | O_TRUNC | O_CLOEXEC);
    CHECK(fw_write_all(fd, fw_span_of("no page file at all")) == FW_OK);
    CHECK_INT(copied(PAGES), 0);
}

static void nothing_to_copy_is_told(void **unused)
{
    (void)unused;
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    unlink(from);
    CHECK_INT(fw_page_copy(from, to, 1, &count, &fault), FW_NOT_FOUND);
    write_pages(from, 1);
    CHECK_INT(fw_page_copy(from, "/nowhere/at/all.tif", 1, &count, &fault), FW_IO);
    CHECK(access(to, F_OK) != 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(as_many_pages_as_were_confirmed),
        cmocka_unit_test(what_follows_the_whole_pages_may_be_anything),
        cmocka_unit_test(nothing_to_copy_is_told),
    };
    CHECK(mkdtemp(folder) != NULL);
    snprintf(from, sizeof from, "%s/from.tif", folder);
    snprintf(to, sizeof to, "%s/to.tif", folder);
    snprintf(want, sizeof want, "%s/want.tif", folder);
    const int failed = cmocka_run_group_tests(cases, NULL, NULL);
    fw_dir_remove(folder, 1);
    return failed;
}
