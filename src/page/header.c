/* Composes header lines of the cells and the strip of a sheet, and puts them before pages. */
#include "page/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/coder.h"
#include "page/page.h"

enum {
    MARGIN = 48, /* dots, left and right: 6 mm, which printers leave white */
    GAP = 26,    /* between parts of the line */
    KERNING = 3, /* after a character */
    SPACE = 9,
    TOP = 3,     /* white rows above the line, at 98 an inch */
    TO_MIN = 120,
    END_BITS = 24, /* the end mark of a page */
};

struct fw_header {
    const uint8_t *sheet;
    uint32_t scale, rows, glyph_rows; /* of the band, of the line */
    uint8_t widths[FW_HEADER_CHARACTERS]; /* dots of ink */
    struct fw_header_line line;
    uint8_t *left; /* the band with what is the same on all pages; `band` follows it */
    uint8_t *band;
    struct fw_coder *coder;
};

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The 32 dots at column `x`, of which the row may have fewer. */
static uint32_t dots_at(const uint8_t *row, uint32_t x)
{
    uint8_t part[5] = { 0 };
    const size_t at = x / 8, left = FW_HEADER_ROW_BYTES - at;
    memcpy(part, row + at, left < sizeof part ? left : sizeof part);
    const uint32_t shift = x % 8;
    return shift ? load32(part) << shift | (uint32_t)part[4] >> (8 - shift) : load32(part);
}

static void put_dots(uint8_t *row, uint32_t x, uint32_t dots)
{
    const uint64_t wide = (uint64_t)dots << (32 - x % 8);
    for (size_t i = 0, at = x / 8; i < 5 && at < FW_HEADER_ROW_BYTES; i++, at++)
        row[at] |= (uint8_t)(wide >> (56 - 8 * i));
}

static const uint8_t *sheet_row(const struct fw_header *h, uint32_t line, uint32_t y)
{
    return h->sheet + (size_t)FW_HEADER_ROW_BYTES * (line * h->glyph_rows + y);
}

/* `width` dots at `from` of a line of the sheet, to `x`. */
static void blit(const struct fw_header *h, uint8_t *band, uint32_t line, uint32_t from, uint32_t width, uint32_t x)
{
    for (uint32_t y = 0; y < h->glyph_rows; y++) {
        const uint8_t *src = sheet_row(h, line, y);
        uint8_t *dst = band + (size_t)FW_HEADER_ROW_BYTES * (TOP * h->scale + y);
        for (uint32_t done = 0; done < width; done += 32) {
            const uint32_t count = width - done < 32 ? width - done : 32;
            put_dots(dst, x + done, dots_at(src, from + done) & ~(uint32_t)0 << (32 - count));
        }
    }
}

/* Dots up to the last black column of `width` from `from` on. */
static uint32_t ink(const struct fw_header *h, uint32_t line, uint32_t from, uint32_t width)
{
    uint32_t last = 0;
    for (uint32_t y = 0; y < h->glyph_rows; y++) {
        for (uint32_t done = 0; done < width; done += 32) {
            const uint32_t count = width - done < 32 ? width - done : 32;
            const uint32_t dots = dots_at(sheet_row(h, line, y), from + done) & ~(uint32_t)0 << (32 - count);
            const uint32_t end = dots ? done + 32 - (uint32_t)__builtin_ctz(dots) : 0;
            last = end > last ? end : last;
        }
    }
    return last;
}

static unsigned index_of(char c)
{
    const unsigned index = (unsigned)(unsigned char)c - FW_HEADER_FIRST;
    return index < FW_HEADER_CHARACTERS ? index : '?' - FW_HEADER_FIRST;
}

static uint32_t advance(const struct fw_header *h, char c)
{
    return c == ' ' ? SPACE : h->widths[index_of(c)] + (uint32_t)KERNING;
}

static uint32_t width_of(const struct fw_header *h, const char *text)
{
    uint32_t width = 0;
    for (const char *c = text; *c; c++)
        width += advance(h, *c);
    return width;
}

/* As many characters as are whole before `end`; where the next would stand. */
static uint32_t put_text(const struct fw_header *h, uint8_t *band, uint32_t x, uint32_t end, const char *text)
{
    const uint32_t in_row = FW_HEADER_WIDTH / FW_HEADER_CELL;
    for (const char *c = text; *c && x + advance(h, *c) <= end; x += advance(h, *c), c++) {
        const unsigned index = index_of(*c);
        if (*c != ' ')
            blit(h, band, index / in_row, index % in_row * FW_HEADER_CELL, h->widths[index], x);
    }
    return x;
}

static void page_text(const struct fw_header *h, uint32_t number, char ret[64])
{
    snprintf(ret, 64, "%spage %u of %u", h->line.continued ? "continued, " : "", number, h->line.total);
}

/* The widest that the text of a page gets, so that what stands left of it is the same on all pages. */
static uint32_t page_width(const struct fw_header *h)
{
    char text[64];
    page_text(h, h->line.total, text);
    const uint32_t last = width_of(h, text);
    page_text(h, h->line.first, text);
    const uint32_t first = width_of(h, text);
    return (last > first ? last : first) + 2 * KERNING; /* a number between may be a little wider */
}

/* The name may have what the numbers leave; a number that is an address may not have all of it. */
static void compose_left(struct fw_header *h)
{
    char to[FW_HEADER_TEXT_SIZE + 4];
    const uint32_t end = FW_HEADER_WIDTH - MARGIN - page_width(h) - GAP;
    const uint32_t name = ink(h, FW_HEADER_CELL_ROWS, 0, FW_HEADER_NAME_WIDTH);
    uint32_t x = put_text(h, h->left, MARGIN, end, h->line.date) + GAP;
    snprintf(to, sizeof to, "to %s", h->line.to);
    const uint32_t numbers = width_of(h, h->line.from) + GAP + TO_MIN;
    const uint32_t room = end > x + numbers ? end - x - numbers : 0;
    const uint32_t shown = name < room ? name : room;
    if (shown > 0) {
        blit(h, h->left, FW_HEADER_CELL_ROWS, 0, shown, x);
        x += shown + GAP / 2;
    }
    x = put_text(h, h->left, x, end, h->line.from) + GAP;
    if (h->line.to[0])
        (void)put_text(h, h->left, x, end, to);
}

static void measure(struct fw_header *h)
{
    const uint32_t in_row = FW_HEADER_WIDTH / FW_HEADER_CELL;
    for (uint32_t i = 0; i < FW_HEADER_CHARACTERS; i++)
        h->widths[i] = (uint8_t)ink(h, i / in_row, i % in_row * FW_HEADER_CELL, FW_HEADER_CELL);
}

void fw_header_free(struct fw_header *h)
{
    if (!h)
        return;
    fw_coder_free(h->coder);
    free(h->left);
    free(h);
}

void fw_header_free_p(struct fw_header **h)
{
    fw_header_free(*h);
}

enum fw_err fw_header_new(struct fw_span sheet, uint32_t y_dpi, const struct fw_header_line *line,
                          struct fw_header **ret)
{
    const uint32_t scale = fw_page_scale(y_dpi);
    if (sheet.size != FW_HEADER_SHEET_BYTES(scale))
        return FW_INVALID;
    struct fw_header *h CLEANUP(fw_header_free_p) = calloc(1, sizeof *h);
    if (!h)
        return FW_NO_MEMORY;
    h->sheet = sheet.data;
    h->scale = scale;
    h->rows = FW_HEADER_ROWS * scale;
    h->glyph_rows = FW_HEADER_GLYPH_ROWS * scale;
    h->line = *line;
    h->left = calloc(2 * (size_t)h->rows, FW_HEADER_ROW_BYTES);
    const enum fw_err err = h->left ? fw_coder_new(FW_HEADER_WIDTH, true, &h->coder) : FW_NO_MEMORY;
    if (err)
        return err;
    h->band = h->left + (size_t)h->rows * FW_HEADER_ROW_BYTES;
    measure(h);
    compose_left(h);
    *ret = TAKE(h);
    return FW_OK;
}

/* Rows that the page begins with and that are blank, at most `max`: each is the code of V0, a bit. */
static uint32_t blank_rows(struct fw_span code, uint32_t max)
{
    uint32_t count = 0;
    while (count < max && count / 8 < code.size && (code.data[count / 8] & 0x80 >> count % 8))
        count++;
    return count;
}

/* The bits of `code` from `from` on, behind the `used` bits of the last byte of `ret`. */
static enum fw_err put_bits(struct fw_buf *ret, unsigned used, struct fw_span code, size_t from)
{
    size_t at = from / 8;
    unsigned skip = from % 8;
    if (used > 0) { /* fill up that byte first */
        const unsigned wanted = 8 - used;
        const unsigned two = (unsigned)code.data[at] << 8 | (at + 1 < code.size ? code.data[at + 1] : 0U);
        ret->data[ret->size - 1] |= (uint8_t)((two >> (8 - skip) & 0xff) >> used);
        at += (skip + wanted) / 8;
        skip = (skip + wanted) % 8;
    }
    uint8_t part[512];
    enum fw_err err = FW_OK;
    while (!err && at < code.size) {
        size_t count = 0;
        for (; count < sizeof part && at < code.size; count++, at++) {
            const unsigned two = (unsigned)code.data[at] << 8 | (at + 1 < code.size ? code.data[at + 1] : 0U);
            part[count] = (uint8_t)(two >> (8 - skip));
        }
        err = fw_buf_put(ret, (struct fw_span){ part, count });
    }
    if (!err && ret->size > 1 && ret->data[ret->size - 1] == 0) /* the end mark ends in a 1 */
        ret->size--;
    return err;
}

enum fw_err fw_header_put(struct fw_header *h, uint32_t number, struct fw_span code, uint32_t rows,
                          struct fw_buf *ret, uint32_t *ret_rows)
{
    char text[64];
    const uint32_t blank = blank_rows(code, h->rows < rows ? h->rows : rows);
    if (code.size * 8 < blank + (size_t)END_BITS)
        return FW_INVALID;
    memcpy(h->band, h->left, (size_t)h->rows * FW_HEADER_ROW_BYTES);
    page_text(h, number, text);
    (void)put_text(h, h->band, FW_HEADER_WIDTH - MARGIN - width_of(h, text), FW_HEADER_WIDTH, text);
    enum fw_err err = FW_OK;
    for (uint32_t y = 0; y < h->rows && !err; y++)
        err = fw_coder_row(h->coder, h->band + (size_t)y * FW_HEADER_ROW_BYTES, true, ret);
    const unsigned used = h->coder->bit_count;
    const enum fw_err err_end = fw_coder_end(h->coder, ret);
    *ret_rows = rows + h->rows - blank;
    err = err ? err : err_end;
    return err ? err : put_bits(ret, used, code, blank);
}
