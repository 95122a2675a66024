/* Bits counted into greys, greys deflated into a PNG, row by row. */
#include "page/png.h"
#include "page/tiff_read.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEIGHT_MAX = 8192, PIECE = 32 * 1024 };

struct reduction {
    struct fw_page_info page;
    uint32_t width, height;
    uint16_t *column_of; /* of each dot of a row of the page */
    uint32_t *black;     /* dots of each column, in the rows read for this one */
    uint16_t *dots;      /* of each column in one row of the page */
    uint8_t  *row;       /* filter byte, then greys */
    uint8_t   piece[PIECE];
    z_stream  z;
    struct fw_buf *out;
};

static void reduction_free(struct reduction **r)
{
    if (!*r)
        return;
    deflateEnd(&(*r)->z);
    free((*r)->column_of);
    free((*r)->black);
    free((*r)->dots);
    free((*r)->row);
    free(*r);
}

static void shape(struct reduction *r, uint32_t width)
{
    const struct fw_page_info *p = &r->page;
    const double aspect = (double)p->rows * p->x_dpi / ((double)p->width * p->y_dpi);
    r->width = width < p->width ? width : p->width;
    if (r->width * aspect > HEIGHT_MAX)
        r->width = (uint32_t)(HEIGHT_MAX / aspect);
    r->width = r->width > 0 ? r->width : 1;
    const double height = r->width * aspect;
    r->height = height < 1 ? 1 : height > HEIGHT_MAX ? HEIGHT_MAX : (uint32_t)height;
}

static enum fw_err begin(struct reduction *r, uint32_t width)
{
    shape(r, width);
    r->column_of = calloc(r->page.width, sizeof *r->column_of);
    r->black = calloc(r->width, sizeof *r->black);
    r->dots = calloc(r->width, sizeof *r->dots);
    r->row = calloc(1, (size_t)r->width + 1);
    if (!r->column_of || !r->black || !r->dots || !r->row || deflateInit(&r->z, Z_DEFAULT_COMPRESSION) != Z_OK)
        return FW_NO_MEMORY;
    for (uint32_t x = 0; x < r->page.width; x++) {
        r->column_of[x] = (uint16_t)((uint64_t)x * r->width / r->page.width);
        r->dots[r->column_of[x]]++;
    }
    return FW_OK;
}

static enum fw_err chunk(struct fw_buf *out, const char kind[4], struct fw_span data)
{
    uint32_t crc = (uint32_t)crc32(0, (const uint8_t *)kind, 4);
    if (data.size > 0)
        crc = (uint32_t)crc32(crc, data.data, (uInt)data.size);
    enum fw_err err = fw_buf_put_be32(out, (uint32_t)data.size);
    if (!err)
        err = fw_buf_put(out, (struct fw_span){ (const uint8_t *)kind, 4 });
    if (!err)
        err = fw_buf_put(out, data);
    return err ? err : fw_buf_put_be32(out, crc);
}

static enum fw_err put_head(const struct reduction *r)
{
    static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    const uint8_t head[13] = { (uint8_t)(r->width >> 24), (uint8_t)(r->width >> 16), (uint8_t)(r->width >> 8),
                               (uint8_t)r->width, (uint8_t)(r->height >> 24), (uint8_t)(r->height >> 16),
                               (uint8_t)(r->height >> 8), (uint8_t)r->height, 8 /* bits */, 0 /* grey */ };
    const enum fw_err err = fw_buf_put(r->out, (struct fw_span){ signature, sizeof signature });
    return err ? err : chunk(r->out, "IHDR", (struct fw_span){ head, sizeof head });
}

static enum fw_err deflate_row(struct reduction *r, struct fw_span row, int flush)
{
    union { const uint8_t *from; Bytef *to; } in = { .from = row.data }; /* zlib only reads it */
    r->z.next_in = in.to;
    r->z.avail_in = (uInt)row.size;
    enum fw_err err = FW_OK;
    do {
        r->z.next_out = r->piece;
        r->z.avail_out = PIECE;
        if (deflate(&r->z, flush) == Z_STREAM_ERROR)
            return FW_INVALID;
        const size_t made = PIECE - r->z.avail_out;
        if (made > 0)
            err = chunk(r->out, "IDAT", (struct fw_span){ r->piece, made });
    } while (!err && r->z.avail_out == 0);
    return err;
}

static void count_row(struct reduction *r, const uint8_t *bits)
{
    for (uint32_t x = 0; x < r->page.width; x += 8) {
        for (uint8_t b = bits[x / 8], i = 0; b; b = (uint8_t)(b << 1), i++)
            r->black[r->column_of[x + i]] += b >> 7;
    }
}

/* What the rows `from` to below `to` of the page look like. Fewer rows than pixels: the last again. */
static enum fw_err put_row(struct reduction *r, struct fw_tiff_reader *reader, uint32_t *next, uint32_t to,
                           struct fw_fault *fault)
{
    const uint32_t rows = to - *next;
    for (uint32_t x = 0; rows > 0 && x < r->width; x++)
        r->black[x] = 0;
    while (*next < to) {
        const uint8_t *bits = NULL;
        const enum fw_err err = fw_tiff_reader_row(reader, &bits, fault);
        if (err)
            return err;
        count_row(r, bits);
        (*next)++;
    }
    for (uint32_t x = 0; rows > 0 && x < r->width; x++)
        r->row[x + 1] = (uint8_t)(255 - (uint64_t)r->black[x] * 255 / ((uint64_t)r->dots[x] * rows));
    return deflate_row(r, (struct fw_span){ r->row, (size_t)r->width + 1 }, Z_NO_FLUSH);
}

static enum fw_err reduce(struct reduction *r, struct fw_tiff_reader *reader, struct fw_fault *fault)
{
    enum fw_err err = put_head(r);
    uint32_t next = 0;
    for (uint32_t y = 0; !err && y < r->height; y++) {
        const uint32_t to = (uint32_t)(((uint64_t)y + 1) * r->page.rows / r->height);
        err = put_row(r, reader, &next, to > 0 ? to : 1, fault);
    }
    if (!err)
        err = deflate_row(r, (struct fw_span){ r->row, 0 }, Z_FINISH);
    return err ? err : chunk(r->out, "IEND", (struct fw_span){ r->row, 0 });
}

enum fw_err fw_page_png(const char *tiff_path, uint32_t index, uint32_t width, struct fw_buf *ret,
                        struct fw_fault *fault)
{
    fw_assert(width >= FW_PNG_WIDTH_MIN && width <= FW_PNG_WIDTH_MAX);
    struct fw_tiff_reader *reader CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct reduction *r CLEANUP(reduction_free) = calloc(1, sizeof *r);
    fw_buf_init(ret, FW_PNG_BYTES_MAX);
    if (!r)
        return FW_NO_MEMORY;
    r->out = ret;
    enum fw_err err = fw_tiff_reader_open(tiff_path, &reader, fault);
    for (uint32_t i = 0; !err && i < index; i++)
        err = fw_tiff_reader_next(reader, fault);
    if (!err)
        err = fw_tiff_reader_page(reader, &r->page, fault);
    if (!err)
        err = begin(r, width);
    return err ? err : reduce(r, reader, fault);
}
