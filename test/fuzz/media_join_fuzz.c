/* A page file of a captured renderer, joined behind a good one: the good one stays as it is. */
#include "media/join.h"
#include "page/tiff_write.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t before[GOOD_MAX], after[GOOD_MAX];
    size_t good_size = 0;
    const int good = good_file(before, &good_size);
    const int fd = memfd_create("page", MFD_CLOEXEC);
    fw_assert(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
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
