/* Runs one document through MuPDF, tone and T.6, within a budget of memory. */
#include "render/convert.h"
#include "base/log.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include "render/draw.h"
#include "render/open.h"
#include <mupdf/fitz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
    STORE_MAX = 32 * 1024 * 1024, /* MuPDF's cache of fonts and images */
    PAGE_BYTES_MAX = 16 * 1024 * 1024,
    LONG_PAGE = 100 * 1000, /* bytes: nearly a minute at 14,400 bit/s */
};

/* Memory that counts itself; each block carries its size in front. */
struct counted {
    size_t used, max;
};
enum { FRONT = 16 };

static void *counted_resize(void *arg, void *old, size_t size)
{
    struct counted *c = arg;
    size_t old_size = 0;
    uint8_t *block = old ? (uint8_t *)old - FRONT : NULL;
    if (block)
        memcpy(&old_size, block, sizeof old_size);
    if (size > c->max || c->used - old_size > c->max - size)
        return NULL;
    uint8_t *grown = realloc(block, size + FRONT);
    if (!grown)
        return NULL;
    memcpy(grown, &size, sizeof size);
    c->used = c->used - old_size + size;
    return grown + FRONT;
}

static void *counted_new(void *arg, size_t size)
{
    return counted_resize(arg, NULL, size);
}

static void counted_free(void *arg, void *old)
{
    if (!old)
        return;
    struct counted *c = arg;
    uint8_t *block = (uint8_t *)old - FRONT;
    size_t size;
    memcpy(&size, block, sizeof size);
    c->used -= size;
    free(block);
}

/* Everything one document needs, in the order it is made. */
struct converter {
    const struct fw_convert *want;
    struct fw_converted *done;
    fz_context *ctx;
    fz_document *doc;
    struct fw_drawing drawing;
    struct fw_tone tone;
    struct fw_t6 *t6;
    struct fw_buf coded; /* one page */
    struct fw_tiff_writer tiff;
    int complaints;
    int pages_there, pages_wanted; /* of the document */
};

static enum fw_render_exit refuse(struct converter *c, enum fw_render_exit code, const char *why)
{
    snprintf(c->done->why, sizeof c->done->why, "%s", why);
    return code;
}

/* The error MuPDF has just thrown. */
static enum fw_render_exit caught(struct converter *c, const char *why)
{
    if (fz_caught(c->ctx) == FZ_ERROR_MEMORY)
        return refuse(c, FW_RENDER_LIMITS, "the document needs too much memory to draw");
    return refuse(c, FW_RENDER_FORMAT_INVALID, why);
}

/* FW_BUSY when the page passed `size_max` before its end. */
static enum fw_err code_rows(struct converter *c, size_t size_max)
{
    enum fw_err err = FW_OK;
    for (uint32_t y = 0; !err && y < c->drawing.rows; y++) {
        uint8_t row[FW_RENDER_WIDTH / 8];
        fw_tone_row(&c->tone, y, row);
        err = fw_t6_row(c->t6, row, &c->coded);
        if (!err && c->coded.size > size_max)
            err = FW_BUSY;
    }
    const enum fw_err err_end = fw_t6_end(c->t6, &c->coded);
    return err ? err : err_end;
}

/* A page of pictures is tried the fine way first, and with coarser dots if it grows too long. */
static enum fw_err code_page(struct converter *c)
{
    c->tone.mode = c->want->mode;
    c->tone.threshold = c->want->threshold;
    c->tone.grey = c->drawing.plane.grey;
    c->tone.plane = &c->drawing.plane;
    c->tone.rows = c->drawing.rows;
    c->tone.y_dpi = c->want->y_dpi;
    c->tone.tiles = c->drawing.tiles;
    fw_tone_start(&c->tone);
    c->tone.screened = false;
    c->coded.size = 0;
    const size_t long_page = c->want->y_dpi > 200 ? 2 * LONG_PAGE : LONG_PAGE;
    const bool other_way = c->want->mode == FW_TONE_MIXED && c->tone.has_greys;
    enum fw_err err = code_rows(c, other_way ? long_page : SIZE_MAX);
    if (err == FW_BUSY) {
        c->tone.screened = true;
        c->coded.size = 0;
        err = code_rows(c, SIZE_MAX);
    }
    return err;
}

static enum fw_render_exit put_page(struct converter *c)
{
    enum fw_err err = code_page(c);
    const struct fw_tiff_page page = { .width = FW_RENDER_WIDTH,
                                       .rows = c->drawing.rows,
                                       .x_dpi = 204,
                                       .y_dpi = c->want->y_dpi,
                                       .code = fw_buf_span(&c->coded) };
    if (!err)
        err = fw_tiff_put(&c->tiff, &page);
    if (err)
        return refuse(c, FW_RENDER_LIMITS, "the pages need more room than there is");
    c->done->pages++;
    c->done->bytes += page.code.size;
    return FW_RENDER_OK;
}

/* The page of the document that comes at place `index` of those that are wanted. */
static int wanted_at(const struct converter *c, int index)
{
    return c->want->pages ? fw_page_ranges_at(c->want->pages, c->pages_there, index) : index;
}

/* How many pages of the document are wanted, and fax pages of them; the reason when that cannot be. */
static enum fw_render_exit count_wanted(struct converter *c, int *ret_fax_pages)
{
    const int pages_max = c->want->pages_max;
    c->pages_wanted =
        c->want->pages ? fw_page_ranges_size(c->want->pages, c->pages_there) : c->pages_there;
    *ret_fax_pages = 0;
    if (c->pages_wanted < 0)
        return refuse(c, FW_RENDER_FORMAT_INVALID, "the document has fewer pages than 'pages' names");
    if (c->pages_wanted > pages_max)
        return refuse(c, FW_RENDER_PAGE_COUNT_LIMIT, "the document has too many pages");
    for (int i = 0; i < c->pages_wanted && *ret_fax_pages <= pages_max; i++)
        *ret_fax_pages += fw_drawing_parts(c->ctx, c->doc, wanted_at(c, i), c->want->y_dpi);
    return *ret_fax_pages <= pages_max ? FW_RENDER_OK
                                       : refuse(c, FW_RENDER_PAGE_COUNT_LIMIT,
                                                "its long pages make too many fax pages");
}

static enum fw_render_exit convert_page(struct converter *c, int page)
{
    fz_context *ctx = c->ctx;
    enum fw_render_exit code = FW_RENDER_OK;
    const int parts = fw_drawing_parts(ctx, c->doc, page, c->want->y_dpi);
    fz_var(code);
    for (int part = 0; part < parts && code == FW_RENDER_OK; part++) {
        fz_var(part);
        fz_try(ctx) fw_drawing_page(ctx, &c->drawing, c->doc, page, part, c->want->y_dpi);
        fz_catch(ctx) code = caught(c, "a page of the document is damaged and cannot be drawn");
        if (code == FW_RENDER_OK)
            code = put_page(c);
        c->complaints += c->drawing.complaints;
    }
    return code;
}

static enum fw_render_exit convert_pages(struct converter *c)
{
    fz_context *ctx = c->ctx;
    int fax_pages = 0;
    enum fw_render_exit code = count_wanted(c, &fax_pages);
    if (code)
        return code;
    if (fw_t6_new(FW_RENDER_WIDTH, &c->t6))
        return refuse(c, FW_RENDER_LIMITS, "out of memory");
    if (fw_tiff_start(&c->tiff, c->want->out, (uint32_t)fax_pages))
        return refuse(c, FW_RENDER_LIMITS, "the pages need more room than there is");
    fz_try(ctx) fw_drawing_init(ctx, &c->drawing, c->want->y_dpi, c->want->mode, c->want->threshold);
    fz_catch(ctx) return caught(c, "out of memory");
    for (int i = 0; i < c->pages_wanted && code == FW_RENDER_OK; i++)
        code = convert_page(c, wanted_at(c, i));
    return code;
}

static void on_message(void *arg, const char *message)
{
    (void)arg; /* it may quote the document */
    (void)message;
}

static enum fw_render_exit convert_bytes(struct converter *c, struct fw_span bytes)
{
    fz_set_error_callback(c->ctx, on_message, NULL);
    fz_set_warning_callback(c->ctx, on_message, NULL);
    fz_try(c->ctx)
    {
        fz_set_aa_level(c->ctx, 8);
        fz_set_graphics_aa_level(c->ctx, 4); /* for lines this is enough, and a third faster */
    }
    fz_catch(c->ctx) return caught(c, "out of memory");
    char why[FW_WHY_SIZE];
    const int pages_max = c->want->pages ? FW_PAGE_NUMBER_MAX : c->want->pages_max;
    const enum fw_render_exit code = fw_open(c->ctx, bytes, pages_max, &c->doc, &c->pages_there, why);
    return code ? refuse(c, code, why) : convert_pages(c);
}

enum fw_render_exit fw_convert_run(const struct fw_convert *want, struct fw_converted *ret)
{
    struct counted memory = { .max = want->memory_max };
    fz_alloc_context alloc = { &memory, counted_new, counted_resize, counted_free };
    struct converter *c = calloc(1, sizeof *c);
    struct stat st;
    if (!c || fstat(want->in, &st) != 0) {
        free(c);
        snprintf(ret->why, sizeof ret->why, "out of memory");
        return FW_RENDER_LIMITS;
    }
    c->want = want;
    c->done = ret;
    fw_buf_init(&c->coded, PAGE_BYTES_MAX);
    const size_t size = (size_t)st.st_size;
    void *bytes = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, want->in, 0) : MAP_FAILED;
    enum fw_render_exit code = FW_RENDER_OK;
    if (size == 0)
        code = refuse(c, FW_RENDER_FORMAT_INVALID, "the document is empty");
    else if (bytes == MAP_FAILED || !(c->ctx = fz_new_context(&alloc, NULL, STORE_MAX)))
        code = refuse(c, FW_RENDER_LIMITS, "the document is too large");
    else
        code = convert_bytes(c, (struct fw_span){ bytes, size });
    if (c->complaints > 0)
        fw_log(FW_LOG_WARN, "render.skipped", "complaints=%d", c->complaints);

    if (c->ctx) {
        fw_drawing_done(c->ctx, &c->drawing);
        fz_drop_document(c->ctx, c->doc);
        fz_drop_context(c->ctx);
    }
    fw_t6_free(c->t6);
    fw_buf_done(&c->coded);
    free(c);
    return code;
}
