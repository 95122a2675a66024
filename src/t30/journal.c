/* The journal of a call: written by the modem, read by its parent. */
#include "t30/journal.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOURNAL_BYTES_MAX = 64 * 1024, LINE_MAX_BYTES = 64, CODE_MAX = 255 };

struct fw_journal {
    int fd;
    char *path; /* owned; NULL when its folder is synced */
};

void fw_journal_free(struct fw_journal *j)
{
    if (!j)
        return;
    fw_fd_close(&j->fd);
    free(j->path);
    free(j);
}

static void free_p(struct fw_journal **j)
{
    fw_journal_free(*j);
}

static enum fw_err folder_sync(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    if (!slash)
        return fw_dir_sync(".");
    const size_t size = slash == path ? 1 : (size_t)(slash - path);
    if (!fw_text_copy(folder, sizeof folder, (struct fw_span){ (const uint8_t *)path, size }))
        return FW_IO;
    return fw_dir_sync(folder);
}

enum fw_err fw_journal_new(const char *path, struct fw_journal **ret)
{
    struct fw_journal *j CLEANUP(free_p) = calloc(1, sizeof *j);
    if (!j)
        return FW_NO_MEMORY;
    j->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (j->fd < 0)
        return FW_IO;
    j->path = strdup(path);
    if (!j->path)
        return FW_NO_MEMORY;
    *ret = TAKE(j);
    return FW_OK;
}

static enum fw_err put_line(struct fw_journal *j, const char *line, int length)
{
    fw_assert(length > 0 && length < LINE_MAX_BYTES);
    const struct fw_span bytes = { (const uint8_t *)line, (size_t)length };
    enum fw_err err = fw_write_all(j->fd, bytes);
    if (!err && fdatasync(j->fd) != 0)
        err = FW_IO;
    if (!err && j->path)
        err = folder_sync(j->path);
    if (!err)
        free(TAKE(j->path));
    return err;
}

enum fw_err fw_journal_page(struct fw_journal *j, uint32_t pages)
{
    char line[LINE_MAX_BYTES];
    return put_line(j, line, snprintf(line, sizeof line, "page %u\n", pages));
}

enum fw_err fw_journal_end(struct fw_journal *j, int t30_code, uint32_t pages)
{
    char line[LINE_MAX_BYTES];
    return put_line(j, line, snprintf(line, sizeof line, "end %d %u\n", t30_code, pages));
}

/* One number up to a space or the end; moves past it. */
static bool take_number(struct fw_span *rest, uint64_t max, uint64_t *ret)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != ' ')
        size++;
    if (!fw_text_to_u64((struct fw_span){ rest->data, size }, max, ret))
        return false;
    const size_t past = size < rest->size ? size + 1 : size;
    rest->data += past;
    rest->size -= past;
    return true;
}

static bool read_line(struct fw_span line, struct fw_journal_facts *ret)
{
    static const char page[] = "page ", end[] = "end ";
    uint64_t code = 0, pages = 0;
    struct fw_span rest = line;
    if (line.size > sizeof page - 1 && memcmp(line.data, page, sizeof page - 1) == 0) {
        rest.data += sizeof page - 1;
        rest.size -= sizeof page - 1;
        if (!take_number(&rest, UINT32_MAX, &pages) || rest.size > 0)
            return false;
        ret->pages_confirmed = (uint32_t)pages;
        return true;
    }
    if (line.size <= sizeof end - 1 || memcmp(line.data, end, sizeof end - 1) != 0)
        return false;
    rest.data += sizeof end - 1;
    rest.size -= sizeof end - 1;
    if (!take_number(&rest, CODE_MAX, &code) || !take_number(&rest, UINT32_MAX, &pages) ||
        rest.size > 0)
        return false;
    *ret = (struct fw_journal_facts){ (uint32_t)pages, true, (int)code };
    return true;
}

enum fw_err fw_journal_read(const char *path, struct fw_journal_facts *ret)
{
    *ret = (struct fw_journal_facts){ 0 };
    struct fw_buf text CLEANUP(fw_buf_done) = { 0 };
    const enum fw_err err = fw_file_read(path, JOURNAL_BYTES_MAX, &text);
    if (err)
        return err;
    struct fw_span rest = fw_buf_span(&text);
    while (rest.size > 0) {
        const uint8_t *newline = memchr(rest.data, '\n', rest.size);
        if (!newline)
            return FW_OK; /* cut off while it was written: nobody was told */
        const struct fw_span line = { rest.data, (size_t)(newline - rest.data) };
        if (!read_line(line, ret))
            return FW_PROTOCOL;
        rest.data += line.size + 1;
        rest.size -= line.size + 1;
    }
    return FW_OK;
}
