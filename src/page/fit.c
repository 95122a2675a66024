/* Pages fitted to a receiver: rows joined, blank ends left out, long pages squeezed or cut. */
#include "page/fit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "page/t6.h"
#include "page/tiff_read.h"
#include "page/tiff_write.h"

enum { CODE_MAX = 64 * 1024 * 1024, PIXELS_MAX = 32 * 1024 * 1024 };

struct fitting {
    const struct fw_fit *fit;
    struct fw_tiff_reader *in;
    struct fw_tiff_writer out;
    struct fw_page_info page; /* as it will be: rows of one sheet of it are told apart */
    size_t row_size;
    uint8_t *pixels; /* all rows of a page that is too long; or one row */
    struct fw_t6 *t6;
    uint32_t t6_width;
    struct fw_buf code;
};

static void fitting_done(struct fitting *f)
{
    fw_tiff_reader_free(f->in);
    fw_t6_free(f->t6);
    free(f->pixels);
    fw_buf_done(&f->code);
}

uint32_t fw_fit_rows(uint32_t length_mm, uint32_t y_dpi)
{
    return length_mm * 385 * fw_page_scale(y_dpi) / 100; /* 3.85 rows a millimetre at the standard resolution */
}

static enum fw_err begin_sheet(struct fitting *f)
{
    f->code.size = 0;
    if (f->t6 && f->t6_width == f->page.width)
        return FW_OK;
    fw_t6_free(f->t6);
    f->t6 = NULL;
    f->t6_width = f->page.width;
    return fw_t6_new(f->page.width, &f->t6);
}

static enum fw_err put_code(struct fitting *f, struct fw_span code, uint32_t rows)
{
    const struct fw_tiff_page page = { f->page.width, rows, f->page.x_dpi, f->page.y_dpi, code, FW_CODING_T6 };
    return fw_tiff_put(&f->out, &page);
}

static enum fw_err end_sheet(struct fitting *f, uint32_t rows)
{
    const enum fw_err err = fw_t6_end(f->t6, &f->code);
    return err ? err : put_code(f, fw_buf_span(&f->code), rows);
}

static void join(uint8_t *row, const uint8_t *more, size_t size)
{
    for (size_t i = 0; i < size; i++)
        row[i] |= more[i];
}

/* The next row, of `count` rows of the file. */
static enum fw_err read_row(struct fitting *f, uint8_t *row, uint32_t count, struct fw_fault *fault)
{
    enum fw_err err = FW_OK;
    memset(row, 0, f->row_size);
    for (uint32_t i = 0; !err && i < count; i++) {
        const uint8_t *more = NULL;
        err = fw_tiff_reader_row(f->in, &more, fault);
        if (!err)
            join(row, more, f->row_size);
    }
    return err;
}

static uint32_t rows_in(const struct fitting *f, uint32_t rows_there, uint32_t y)
{
    const uint32_t left = rows_there - y * f->fit->divisor;
    return left < f->fit->divisor ? left : f->fit->divisor;
}

static enum fw_err put_whole(struct fitting *f, uint32_t rows_there, struct fw_fault *fault)
{
    struct fw_span code;
    if (f->fit->divisor == 1 && fw_tiff_reader_t6(f->in, &code, fault) == FW_OK)
        return put_code(f, code, rows_there);
    enum fw_err err = begin_sheet(f);
    for (uint32_t y = 0; !err && y < f->page.rows; y++) {
        err = read_row(f, f->pixels, rows_in(f, rows_there, y), fault);
        if (!err)
            err = fw_t6_row(f->t6, f->pixels, &f->code);
    }
    return err ? err : end_sheet(f, f->page.rows);
}

static uint8_t *row_at(struct fitting *f, uint32_t y) { return f->pixels + (size_t)y * f->row_size; }

static enum fw_err put_sheet(struct fitting *f, uint32_t from, uint32_t rows)
{
    enum fw_err err = begin_sheet(f);
    for (uint32_t y = 0; !err && y < rows; y++)
        err = fw_t6_row(f->t6, row_at(f, from + y), &f->code);
    return err ? err : end_sheet(f, rows);
}

/* `rows` become `wanted`, fewer: what is joined is spread over the page. */
static void squeeze(struct fitting *f, uint32_t rows, uint32_t wanted)
{
    for (uint32_t y = 0, next = 0; y < wanted; y++) {
        const uint32_t end = (uint32_t)((uint64_t)(y + 1) * rows / wanted);
        memmove(row_at(f, y), row_at(f, next++), f->row_size);
        for (; next < end; next++)
            join(row_at(f, y), row_at(f, next), f->row_size);
    }
}

static uint32_t inked_rows(struct fitting *f)
{
    uint32_t rows = f->page.rows;
    for (; rows > 1; rows--) {
        const uint8_t *row = row_at(f, rows - 1);
        size_t i = 0;
        while (i < f->row_size && row[i] == 0)
            i++;
        if (i < f->row_size)
            break;
    }
    return rows;
}

/* The pixels of a page that is longer than `limit`. */
static enum fw_err put_long(struct fitting *f, uint32_t limit, uint32_t *ret_sheets)
{
    const uint32_t rows = inked_rows(f);
    const uint32_t overlap = fw_fit_rows(FW_FIT_OVERLAP_MM, f->page.y_dpi);
    *ret_sheets = 1;
    if (rows <= limit)
        return put_sheet(f, 0, limit);
    if ((uint64_t)rows * 100 <= (uint64_t)limit * (100 + FW_FIT_SQUEEZE_PERCENT)) {
        squeeze(f, rows, limit);
        return put_sheet(f, 0, limit);
    }
    const uint32_t sheets = (rows - overlap + limit - overlap - 1) / (limit - overlap);
    const uint32_t each = (rows + (sheets - 1) * overlap + sheets - 1) / sheets;
    enum fw_err err = FW_OK;
    for (uint32_t i = 0; !err && i < sheets; i++) {
        const uint32_t from = i * (each - overlap);
        err = put_sheet(f, from, from + each < rows ? each : rows - from);
    }
    *ret_sheets = sheets;
    return err;
}

static enum fw_err fit_page(struct fitting *f, uint32_t *ret_sheets, struct fw_fault *fault)
{
    enum fw_err err = fw_tiff_reader_page(f->in, &f->page, fault);
    if (err)
        return err;
    const uint32_t rows_there = f->page.rows, divisor = f->fit->divisor;
    f->page.rows = (rows_there + divisor - 1) / divisor;
    f->page.y_dpi = (f->page.y_dpi + divisor / 2) / divisor;
    f->row_size = ((size_t)f->page.width + 7) / 8;
    const uint32_t limit = fw_fit_rows(f->fit->length_mm, f->page.y_dpi);
    const bool is_long = limit > 0 && f->page.rows > limit;
    const size_t size = f->row_size * (is_long ? f->page.rows : 1);
    uint8_t *pixels = size <= PIXELS_MAX ? realloc(f->pixels, size) : NULL;
    if (!pixels)
        return size > PIXELS_MAX ? FW_LIMIT : FW_NO_MEMORY;
    f->pixels = pixels;
    *ret_sheets = 1;
    if (!is_long)
        return put_whole(f, rows_there, fault);
    for (uint32_t y = 0; !err && y < f->page.rows; y++)
        err = read_row(f, row_at(f, y), rows_in(f, rows_there, y), fault);
    return err ? err : put_long(f, limit, ret_sheets);
}

static enum fw_err fit_all(struct fitting *f, struct fw_fitted *ret, struct fw_fault *fault)
{
    enum fw_err err = FW_OK;
    uint32_t sheets = 0;
    for (ret->pages = 0; !err;) {
        uint32_t more = 0;
        if (ret->pages == FW_FIT_PAGES_MAX)
            return FW_LIMIT;
        err = fit_page(f, &more, fault);
        sheets += more;
        if (err || sheets > FW_FIT_SHEETS_MAX)
            return err ? err : FW_LIMIT;
        ret->sheets[ret->pages++] = (uint16_t)sheets;
        err = fw_tiff_reader_next(f->in, fault);
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_page_fit(const char *from, const char *to, const struct fw_fit *fit, struct fw_fitted *ret)
{
    fw_assert(fit->divisor == 1 || fit->divisor == 2 || fit->divisor == 4);
    struct fw_fault fault;
    struct fitting f CLEANUP(fitting_done) = { .fit = fit };
    fw_buf_init(&f.code, CODE_MAX);
    enum fw_err err = fw_tiff_reader_open(from, &f.in, &fault);
    if (err)
        return err;
    int fd CLEANUP(fw_fd_close) = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    err = fd < 0 ? FW_IO : fw_tiff_start(&f.out, fd, 0); /* of how many: it shows in their number only */
    if (!err)
        err = fit_all(&f, ret, &fault);
    if (err)
        unlink(to);
    return err;
}
