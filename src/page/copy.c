/* A page file that others wrote, made anew: only pages that are whole, and nothing else of it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "page/page.h"
#include "page/recode.h"
#include "page/tiff_write.h"

enum { PATH_SIZE = 4400, PAGE_BYTES_MAX = 64 * 1024 * 1024 };

/* FW_NOT_FOUND: there is no further page. */
static enum fw_err copy_page(struct fw_tiff_reader *r, struct fw_tiff_writer *w,
                             struct fw_fault *fault)
{
    struct fw_page_info page;
    struct fw_buf t6 CLEANUP(fw_buf_done);
    fw_buf_init(&t6, PAGE_BYTES_MAX);
    enum fw_err err = fw_tiff_reader_page(r, &page, fault);
    if (!err)
        err = fw_page_recode(r, &page, &t6, fault);
    if (err)
        return err;
    const struct fw_tiff_page to = { page.width, page.rows, page.x_dpi, page.y_dpi,
                                     fw_buf_span(&t6), FW_CODING_T6 };
    return fw_tiff_put(w, &to);
}

/* As many as are whole, at most `pages_max`; the rest of the file may be anything. */
static enum fw_err copy_pages(struct fw_tiff_reader *r, int fd, uint32_t pages_max,
                              uint32_t *ret_count, struct fw_fault *fault)
{
    struct fw_tiff_writer w;
    enum fw_err err = fw_tiff_start(&w, fd, pages_max);
    *ret_count = 0;
    while (!err && *ret_count < pages_max) {
        err = copy_page(r, &w, fault);
        if (!err && ++*ret_count < pages_max)
            err = fw_tiff_reader_next(r, fault);
    }
    return err == FW_INVALID || err == FW_NOT_FOUND ? FW_OK : err;
}

static enum fw_err copy_to(const char *from, const char *to, uint32_t pages_max,
                           uint32_t *ret_count, struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    int fd CLEANUP(fw_fd_close) = -1;
    *ret_count = 0;
    enum fw_err err = fw_tiff_reader_open(from, &r, fault);
    if (err)
        return err == FW_INVALID ? FW_OK : err;
    fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return FW_IO;
    err = copy_pages(r, fd, pages_max, ret_count, fault);
    return !err && fsync(fd) < 0 ? FW_IO : err;
}

static enum fw_err name_it(const char *temporary, const char *to)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(to, '/');
    if (rename(temporary, to) < 0)
        return FW_IO;
    if (!slash)
        return fw_dir_sync(".");
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - to), to);
    return fw_dir_sync(slash == to ? "/" : folder);
}

enum fw_err fw_page_copy(const char *from, const char *to, uint32_t pages_max, uint32_t *ret_count,
                         struct fw_fault *fault)
{
    char temporary[PATH_SIZE];
    const int used = snprintf(temporary, sizeof temporary, "%s.new", to);
    if (used < 0 || (size_t)used >= sizeof temporary || pages_max == 0)
        return FW_LIMIT;
    enum fw_err err = copy_to(from, temporary, pages_max, ret_count, fault);
    /* Each page says of how many it is one. */
    if (!err && *ret_count > 0 && *ret_count < pages_max)
        err = copy_to(from, temporary, *ret_count, ret_count, fault);
    if (!err && *ret_count > 0)
        return name_it(temporary, to);
    unlink(temporary);
    return err;
}
