/* A page file of a captured renderer, joined behind a good one: the good one stays as it is. And each of its pages put
 * under a header line. */
#include "media/join.h"
#include "page/header.h"
#include "page/tiff_write.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GOOD_MAX = 1024, PAGES_MAX = 350 };

static int good_file(uint8_t bytes[GOOD_MAX], size_t *ret_size)
{
    static const uint8_t t6[] = { 0x80, 0x01, 0x00, 0x10, 0x01 };
    const struct fw_tiff_page page = { 1728, 1, 204, 196, { t6, sizeof t6 } };
    const int fd = memfd_create("good", MFD_CLOEXEC);
    struct fw_tiff_writer w;
    fw_assert(fd >= 0 && fw_tiff_start(&w, fd, 2) == FW_OK);
    fw_assert(fw_tiff_put(&w, &page) == FW_OK && fw_tiff_put(&w, &page) == FW_OK);
    *ret_size = w.end;
    fw_assert(w.end <= GOOD_MAX && pread(fd, bytes, w.end, 0) == (ssize_t)w.end);
    return fd;
}

/* Only what is in the file is read, and the page grows by no more than a header. */
static void put_headers(int fd, size_t size, struct fw_header *h)
{
    struct fw_join_page page;
    uint32_t at = 0;
    for (int i = 0; i < PAGES_MAX && fw_join_page(fd, &at, &page) == FW_OK; i++) {
        fw_assert(page.code_at < size && page.code_size <= size - page.code_at);
        uint8_t *code = malloc(page.code_size);
        struct fw_buf made;
        uint32_t rows = 0;
        fw_buf_init(&made, size + 65536);
        fw_assert(code && fw_join_read(fd, code, page.code_size, page.code_at) == FW_OK);
        const enum fw_err err = fw_header_put(h, (uint32_t)i + 1, (struct fw_span){ code, page.code_size }, page.rows, &made, &rows);
        fw_assert(err || (rows >= page.rows && rows - page.rows <= 2 * FW_HEADER_ROWS) || page.rows > UINT32_MAX - 100);
        fw_buf_done(&made);
        free(code);
        if (at == 0)
            break;
    }
}

static struct fw_header *header_new(void)
{
    static uint8_t sheet[FW_HEADER_SHEET_BYTES(2)];
    static const struct fw_header_line line = { .date = "2026-11-29 14:05 +01:00", .from = "+1", .to = "+2", .first = 1, .total = 9 };
    struct fw_header *h = NULL;
    memset(sheet, 0x5a, sizeof sheet);
    fw_assert(fw_header_new((struct fw_span){ sheet, sizeof sheet }, 196, &line, &h) == FW_OK);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t before[GOOD_MAX], after[GOOD_MAX];
    size_t good_size = 0;
    const int good = good_file(before, &good_size);
    const int fd = memfd_create("page", MFD_CLOEXEC);
    fw_assert(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
    static struct fw_header *header;
    header = header ? header : header_new();
    put_headers(fd, size, header);
    int count = 0, all = 0;
    const enum fw_err counted = fw_join_count(fd, PAGES_MAX, &count);
    fw_assert(counted || (count >= 1 && count <= PAGES_MAX));
    const enum fw_err joined = fw_join_append(good, fd, PAGES_MAX);
    fw_assert(joined || !counted);
    fw_assert(pread(good, after, good_size, 0) == (ssize_t)good_size);
    /* All but the link from the last page, at the end of its directory before two rationals. */
    const size_t link = good_size - 16 - 4;
    fw_assert(memcmp(before, after, link) == 0 && memcmp(before + link + 4, after + link + 4, 16) == 0);
    if (!joined && fw_join_number(good, PAGES_MAX) == FW_OK)
        fw_assert(fw_join_count(good, PAGES_MAX, &all) != FW_OK || all >= 3);
    close(fd);
    close(good);
    return 0;
}
