/* header-read SHEET RECEIVED SENT SKIP: reads the header lines of RECEIVED with the letters of SHEET, one line of text a
 * page, and compares what stands below them with the pages of SENT behind the first SKIP. The name is "<name>" where it is
 * the strip of the sheet, dot by dot; what is no letter is "?". It knows the sheet (page/header.h), and nothing of how a
 * line is set.
 */
#include "page/header.h"
#include "page/tiff_read.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = FW_HEADER_ROW_BYTES, BAND_MAX = FW_HEADER_ROWS * 4, WORD_GAP = 7, PAGES_MAX = 2000 };

static uint8_t band[BAND_MAX][ROW];
static struct fw_buf sheet;
static uint32_t scale, glyph_rows, top;

static bool dot(const uint8_t *row, uint32_t x)
{
    return x < FW_HEADER_WIDTH && (row[x / 8] & 0x80 >> x % 8);
}

static bool ink_at(uint32_t x)
{
    for (uint32_t y = 0; y < glyph_rows; y++) {
        if (dot(band[top + y], x))
            return true;
    }
    return false;
}

/* The `width` dots at `from` of a line of the sheet stand at `x`. */
static bool stands(uint32_t line, uint32_t from, uint32_t width, uint32_t x)
{
    for (uint32_t y = 0; y < glyph_rows; y++) {
        const uint8_t *row = sheet.data + (size_t)(line * glyph_rows + y) * ROW;
        for (uint32_t i = 0; i < width; i++) {
            if (dot(row, from + i) != dot(band[top + y], x + i))
                return false;
        }
    }
    return true;
}

static uint32_t width_of(uint32_t line, uint32_t from, uint32_t max)
{
    uint32_t width = 0;
    for (uint32_t y = 0; y < glyph_rows; y++) {
        for (uint32_t i = 0; i < max; i++) {
            if (dot(sheet.data + (size_t)(line * glyph_rows + y) * ROW, from + i) && i >= width)
                width = i + 1;
        }
    }
    return width;
}

/* The widest letter at `x` that white follows; 0: none. */
static char letter_at(uint32_t x, uint32_t *ret_width)
{
    const uint32_t in_row = FW_HEADER_WIDTH / FW_HEADER_CELL;
    char found = 0;
    *ret_width = 0;
    for (uint32_t i = 0; i < FW_HEADER_CHARACTERS; i++) {
        const uint32_t from = i % in_row * FW_HEADER_CELL, width = width_of(i / in_row, from, FW_HEADER_CELL);
        if (width > *ret_width && stands(i / in_row, from, width, x) && !ink_at(x + width)) {
            *ret_width = width;
            found = (char)(FW_HEADER_FIRST + i);
        }
    }
    return found;
}

static void read_line(char *ret, size_t ret_size)
{
    const uint32_t name = width_of(FW_HEADER_CELL_ROWS, 0, FW_HEADER_NAME_WIDTH);
    uint32_t white = 0, lead = 0; /* the strip may begin with some white */
    while (lead < name && width_of(FW_HEADER_CELL_ROWS, 0, lead + 1) == 0)
        lead++;
    ret[0] = '\0';
    for (uint32_t x = 0; x < FW_HEADER_WIDTH;) {
        uint32_t width = 1;
        char text[8] = "?";
        if (!ink_at(x)) {
            white++;
            x++;
            continue;
        }
        if (name > 0 && stands(FW_HEADER_CELL_ROWS, lead, name - lead, x)) {
            snprintf(text, sizeof text, "<name>");
            width = name - lead;
        } else if ((text[0] = letter_at(x, &width)) == 0) {
            text[0] = '?';
            width = 1;
        }
        const size_t used = strlen(ret);
        snprintf(ret + used, ret_size - used, "%s%s", used > 0 && white > WORD_GAP ? " " : "", text);
        white = 0;
        x += width;
    }
}

static bool blank(const uint8_t *row)
{
    for (size_t i = 0; i < ROW; i++) {
        if (row[i])
            return false;
    }
    return true;
}

/* The rest of the page is the page, but for blank rows that the header took the place of. */
static enum fw_err compare(struct fw_tiff_reader *got, uint32_t got_rows, struct fw_tiff_reader *sent, uint32_t sent_rows)
{
    struct fw_fault fault;
    const uint32_t rows = FW_HEADER_ROWS * scale;
    if (got_rows < sent_rows || got_rows > sent_rows + rows)
        return FW_CONFLICT;
    const uint32_t taken = sent_rows + rows - got_rows;
    for (uint32_t y = 0; y < sent_rows; y++) {
        const uint8_t *a, *b;
        if (fw_tiff_reader_row(sent, &a, &fault))
            return FW_INVALID;
        if (y < taken) {
            if (!blank(a))
                return FW_CONFLICT;
            continue;
        }
        uint8_t copy[ROW];
        memcpy(copy, a, ROW);
        if (fw_tiff_reader_row(got, &b, &fault) || memcmp(copy, b, ROW) != 0)
            return FW_CONFLICT;
    }
    return FW_OK;
}

static enum fw_err read_page(struct fw_tiff_reader *got, struct fw_tiff_reader *sent)
{
    struct fw_fault fault;
    struct fw_page_info a, b;
    char line[400];
    enum fw_err err = fw_tiff_reader_page(got, &a, &fault);
    if (!err)
        err = fw_tiff_reader_page(sent, &b, &fault);
    if (err || a.width != FW_HEADER_WIDTH || b.width != a.width)
        return FW_INVALID;
    scale = fw_page_scale(a.y_dpi);
    glyph_rows = FW_HEADER_GLYPH_ROWS * scale;
    top = 3 * scale;
    if (sheet.size != FW_HEADER_SHEET_BYTES(scale) || a.rows < FW_HEADER_ROWS * scale)
        return FW_INVALID;
    for (uint32_t y = 0; y < FW_HEADER_ROWS * scale; y++) {
        const uint8_t *row;
        if (fw_tiff_reader_row(got, &row, &fault))
            return FW_INVALID;
        memcpy(band[y], row, ROW);
    }
    read_line(line, sizeof line);
    puts(line);
    if (!line[0])
        return FW_CONFLICT;
    return compare(got, a.rows, sent, b.rows);
}

int main(int argc, char **argv)
{
    struct fw_tiff_reader *got = NULL, *sent = NULL;
    struct fw_fault fault;
    uint64_t skip = 0;
    fw_buf_init(&sheet, 1 << 20);
    if (argc != 5 || !fw_text_to_u64(fw_span_of(argv[4]), PAGES_MAX, &skip) || fw_file_read(argv[1], 1 << 20, &sheet) ||
        fw_tiff_reader_open(argv[2], &got, &fault) || fw_tiff_reader_open(argv[3], &sent, &fault)) {
        fprintf(stderr, "use: header-read SHEET RECEIVED.tif SENT.tif SKIP\n");
        return 2;
    }
    enum fw_err err = FW_OK, other = FW_OK;
    for (uint64_t i = 0; i < skip && !err; i++)
        err = fw_tiff_reader_next(sent, &fault);
    for (int page = 1; !err && page < PAGES_MAX; page++) {
        err = read_page(got, sent);
        if (err)
            fprintf(stderr, "page %d: %s\n", page, err == FW_CONFLICT ? "has no header, or is not as it was below it" : "cannot be read");
        if (!err) {
            err = fw_tiff_reader_next(got, &fault);
            other = fw_tiff_reader_next(sent, &fault);
        }
    }
    fw_tiff_reader_free(got);
    fw_tiff_reader_free(sent);
    fw_buf_done(&sheet);
    return err == FW_NOT_FOUND && other == err ? 0 : 1;
}
