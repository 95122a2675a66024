/* Pages of a fax on their way into the spool. */
#include "media/outgoing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "media/join.h"
#include "page/header.h"
#include "page/page.h"
#include "page/tiff_write.h"

enum { PATH_SIZE = 4400, CODE_MAX = 64 * 1024 * 1024, SHEET_MAX = 64 * 1024 };

struct outgoing {
    int src;
    int skip, count;
    struct fw_buf sheet;
    struct fw_header_line line;
    struct fw_header *header;
    uint32_t scale; /* that the header was made for */
    struct fw_buf code, made;
    struct fw_tiff_writer tiff;
};

static void outgoing_done(struct outgoing *o)
{
    fw_fd_close(&o->src);
    fw_header_free(o->header);
    fw_buf_done(&o->sheet);
    fw_buf_done(&o->code);
    fw_buf_done(&o->made);
}

static enum fw_err read_code(struct outgoing *o, const struct fw_join_page *p)
{
    static const uint8_t zeros[65536];
    o->code.size = 0;
    enum fw_err err = p->code_size > CODE_MAX ? FW_LIMIT : FW_OK;
    while (!err && o->code.size < p->code_size) {
        const size_t left = p->code_size - o->code.size;
        err = fw_buf_put(&o->code, (struct fw_span){ zeros, left < sizeof zeros ? left : sizeof zeros });
    }
    return err ? err : fw_join_read(o->src, o->code.data, p->code_size, p->code_at);
}

static enum fw_err put_page(struct outgoing *o, uint32_t number, const struct fw_join_page *p)
{
    const uint32_t scale = fw_page_scale(p->y_dpi);
    enum fw_err err = p->width == FW_HEADER_WIDTH ? FW_OK : FW_INVALID;
    if (!err && scale != o->scale) {
        fw_header_free(o->header);
        o->header = NULL;
        o->scale = scale;
        err = fw_header_new(fw_buf_span(&o->sheet), p->y_dpi, &o->line, &o->header);
    }
    if (!err)
        err = read_code(o, p);
    o->made.size = 0;
    uint32_t rows = 0;
    if (!err)
        err = fw_header_put(o->header, number, fw_buf_span(&o->code), p->rows, &o->made, &rows);
    const struct fw_tiff_page page = { p->width, rows, p->x_dpi, p->y_dpi, fw_buf_span(&o->made), FW_CODING_T6 };
    return err ? err : fw_tiff_put(&o->tiff, &page);
}

static enum fw_err put_pages(struct outgoing *o, int dst)
{
    uint32_t at = 0;
    enum fw_err err = fw_tiff_start(&o->tiff, dst, (uint32_t)(o->count - o->skip));
    for (int i = 0; !err && i < o->count; i++) {
        struct fw_join_page page;
        err = fw_join_page(o->src, &at, &page);
        if (!err && i >= o->skip)
            err = put_page(o, (uint32_t)i + 1, &page);
    }
    return err;
}

static enum fw_err open_all(struct outgoing *o, const char *dir, const char *pages)
{
    char sheet[PATH_SIZE];
    const int used = snprintf(sheet, sizeof sheet, "%s/" FW_HEADER_SHEET_FILE, dir);
    enum fw_err err = used > 0 && used < PATH_SIZE ? fw_file_read(sheet, SHEET_MAX, &o->sheet) : FW_LIMIT;
    o->src = err ? -1 : open(pages, O_RDONLY | O_CLOEXEC);
    if (!err && o->src < 0)
        err = FW_IO;
    if (!err)
        err = fw_join_count(o->src, FW_PAGES_MAX, &o->count);
    return !err && (o->skip < 0 || o->skip >= o->count) ? FW_INVALID : err;
}

static enum fw_err make(const char *dir, const char *pages, const char *to, int skip, const struct fw_header_text *t)
{
    struct outgoing o CLEANUP(outgoing_done) = { .src = -1, .skip = skip };
    fw_buf_init(&o.sheet, SHEET_MAX);
    fw_buf_init(&o.code, CODE_MAX);
    fw_buf_init(&o.made, CODE_MAX + SHEET_MAX);
    fw_text_clip(o.line.date, sizeof o.line.date, t->date);
    fw_text_clip(o.line.from, sizeof o.line.from, t->from);
    fw_text_clip(o.line.to, sizeof o.line.to, t->to);
    enum fw_err err = open_all(&o, dir, pages);
    if (err)
        return err;
    o.line.continued = skip > 0;
    o.line.first = (uint32_t)skip + 1;
    o.line.total = (uint32_t)o.count;
    int dst CLEANUP(fw_fd_close) = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    err = dst < 0 ? FW_IO : put_pages(&o, dst);
    if (err && dst >= 0)
        unlink(to);
    return err;
}

enum fw_err fw_outgoing_make(const char *dir, const char *to, int skip, const struct fw_header_text *line)
{
    char pages[PATH_SIZE];
    const int used = snprintf(pages, sizeof pages, "%s/pages.tif", dir);
    if (used < 0 || used >= PATH_SIZE)
        return FW_LIMIT;
    if (line)
        return make(dir, pages, to, skip, line);
    if (skip > 0)
        return fw_join_rest_file(pages, to, skip);
    return link(pages, to) < 0 && errno != EEXIST ? FW_IO : FW_OK;
}
