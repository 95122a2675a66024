/* Page files from bytes of anyone's making: checked, described, compared, made a PDF of. */
#include "page/page.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const int fd = memfd_create("page", MFD_CLOEXEC);
    fw_assert(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

    struct fw_fault fault;
    struct fw_page_info pages[4];
    struct fw_page_difference difference;
    uint32_t count = 0, equal = 0;
    const enum fw_err info = fw_page_file_info(path, 4, &count, pages, &fault);
    const enum fw_err check = fw_page_check(path, 0, &fault);
    if (!info) {
        fw_assert(count >= 1 && pages[0].width <= FW_PAGE_WIDTH_MAX &&
                  pages[0].rows <= FW_PAGE_ROWS_MAX);
        fw_assert(check != FW_NOT_FOUND);
    }
    if (!check) { /* a file is the same as itself, if it can be read at all */
        const enum fw_err same = fw_pages_equal(path, path, &equal, &difference, &fault);
        fw_assert(same != FW_CONFLICT && (same || equal == count));
    }
    close(fd);
    return 0;
}
