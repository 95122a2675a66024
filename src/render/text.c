/* Characters to rows of a fixed pitch. */
#include "render/text.h"
#include "render/charset.h"
#include <string.h>

enum {
    TAB = 8,
    LINE_MAX = 8192, /* characters; a longer line is as if it had been ended there */
    BACKSPACE = 8, DELETE = 0x7F, ESCAPE = 0x1B,
};

/* Columns that fit on 523 points, and the size of the letters that makes them fit. */
static const struct {
    size_t columns;
    const char *size;
} pitches[] = { { 83, "10.5pt" }, { 100, "8.7pt" }, { 132, "6.6pt" } };

struct layout {
    struct fw_buf *out;
    size_t columns;
    int rows, pages; /* on this page; begun */
    size_t blank;    /* rows that come out only when something follows them on their page */
    bool open;       /* an element that takes more rows */
    int pages_max;
    uint32_t line[LINE_MAX];
    size_t size, width; /* characters and columns of `line` */
};

/* Characters ---------------------------------------------------------------------------------- */

struct range {
    uint32_t first, last;
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* Unicode 15: East Asian wide, and marks that stand on the letter before them. */
static size_t columns_of(uint32_t c)
{
    static const struct range wide[] = {
        { 0x1100, 0x115F }, { 0x2E80, 0xA4CF },   { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },
        { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },   { 0x1F300, 0x1FAFF }, { 0x20000, 0x3FFFD },
    };
    static const struct range none[] = { { 0x300, 0x36F },   { 0x591, 0x5BD },   { 0x64B, 0x65F },
                                         { 0x200B, 0x200F }, { 0x202A, 0x202E }, { 0xFE00, 0xFE0F } };
    if (c < 0x300)
        return 1;
    return within(c, none, ARRAY_LEN(none)) ? 0 : within(c, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

/* The first letter with a direction decides (Unicode Annex 9, rule P2). */
static bool is_right_to_left(const uint32_t *line, size_t size)
{
    static const struct range right[] = { { 0x590, 0x8FF }, { 0xFB1D, 0xFDFF }, { 0xFE70, 0xFEFF },
                                          { 0x10800, 0x10FFF }, { 0x1E800, 0x1EFFF } };
    for (size_t i = 0; i < size; i++) {
        const uint32_t c = line[i];
        if (within(c, right, ARRAY_LEN(right)))
            return true;
        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0xC0)
            return false;
    }
    return false;
}

/* MuPDF's fonts have no lines for boxes; old programs draw their tables with them. */
static uint32_t drawable(uint32_t c)
{
    if (c == 0xA0)
        return ' ';
    if (c < 0x2500 || c > 0x259F)
        return c;
    if (c >= 0x2580)
        return '#';
    static const uint32_t across[] = { 0x2500, 0x2501, 0x2504, 0x2505, 0x2508, 0x2509, 0x254C, 0x254D };
    static const uint32_t down[] = { 0x2502, 0x2503, 0x2506, 0x2507, 0x250A, 0x250B, 0x254E, 0x254F };
    for (size_t i = 0; i < ARRAY_LEN(across); i++) {
        if (c == across[i])
            return '-';
        if (c == down[i])
            return '|';
    }
    return c == 0x2550 ? '=' : c == 0x2551 ? '|' : '+';
}

/* Out --------------------------------------------------------------------------------------- */

static enum fw_err put_character(struct layout *l, uint32_t c)
{
    if (c == '<' || c == '>')
        return fw_buf_putf(l->out, "&#%u;", c);
    if (c == '&') /* MuPDF decodes text twice: what follows must be a text of its own */
        return fw_buf_put_text(l->out, "&#38;<i></i>");
    return fw_character_put(l->out, drawable(c));
}

static enum fw_err close_element(struct layout *l)
{
    const bool open = l->open;
    l->open = false;
    return open ? fw_buf_put_text(l->out, "</pre>\n") : FW_OK;
}

static enum fw_err open_element(struct layout *l, bool right_to_left)
{
    l->open = true;
    const bool new_page = l->rows == 0;
    if (new_page && ++l->pages > l->pages_max)
        return FW_LIMIT;
    return fw_buf_putf(l->out, "<pre%s%s>", new_page && l->pages > 1 ? " class=\"f\"" : "",
                       right_to_left ? " dir=\"rtl\"" : "");
}

/* Rows share an element, unless their direction or page differs from that of the row before. */
static enum fw_err put_row(struct layout *l, const uint32_t *row, size_t size, bool right_to_left)
{
    enum fw_err err = FW_OK;
    if (l->rows == FW_TEXT_ROWS)
        l->rows = 0;
    if (l->rows == 0 || right_to_left)
        err = close_element(l);
    if (!err && !l->open)
        err = open_element(l, right_to_left);
    for (size_t i = 0; !err && i < size; i++)
        err = put_character(l, row[i]);
    if (!err) /* a row of nothing would have no height */
        err = fw_buf_put_text(l->out, size == 0 ? " \n" : "\n");
    l->rows++;
    return err || !right_to_left ? err : close_element(l);
}

/* How many characters go on a row: up to the last space that fits, or else as many as fit. */
static size_t row_size(const struct layout *l, size_t at, size_t *ret_next)
{
    size_t columns = 0, size = 0, last_space = 0;
    while (at + size < l->size) {
        columns += columns_of(l->line[at + size]);
        if (columns > l->columns)
            break;
        if (l->line[at + size] == ' ' && size > 0)
            last_space = size;
        size++;
    }
    *ret_next = at + size;
    if (at + size == l->size)
        return size;
    if (l->line[at + size] == ' ')
        last_space = size;
    if (last_space > 0) {
        size = last_space;
        *ret_next = at + size + 1;
    }
    if (size == 0) /* a character wider than the row */
        *ret_next = at + ++size;
    return size;
}

static enum fw_err end_line(struct layout *l)
{
    while (l->size > 0 && l->line[l->size - 1] == ' ')
        l->size--;
    l->width = 0;
    if (l->size == 0) {
        l->blank++;
        return FW_OK;
    }
    enum fw_err err = FW_OK;
    for (; !err && l->blank > 0; l->blank--)
        err = put_row(l, NULL, 0, false);
    const bool right = is_right_to_left(l->line, l->size);
    size_t at = 0;
    while (!err && at < l->size) {
        size_t next = 0;
        const size_t size = row_size(l, at, &next);
        err = put_row(l, l->line + at, size, right);
        at = next;
    }
    l->size = 0;
    return err;
}

/* In --------------------------------------------------------------------------------------- */

/* Puts a character on the line; FW_BUSY: the line is full. */
static enum fw_err add(struct layout *l, uint32_t c)
{
    size_t count = 1;
    if (c == '\t') {
        count = TAB - l->width % TAB;
        c = ' ';
    } else if (c == BACKSPACE) { /* struck over: the last one counts */
        if (l->size > 0)
            l->width -= columns_of(l->line[--l->size]);
        return FW_OK;
    } else if (c < ' ' || c == DELETE || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF ||
               (c >= 0x80 && c < 0xA0)) {
        return FW_OK;
    }
    for (; count > 0 && l->size < LINE_MAX; count--) {
        l->line[l->size++] = c;
        l->width += columns_of(c);
    }
    return l->size == LINE_MAX ? FW_BUSY : FW_OK;
}

/* One line into `l`, and what ended it: '\n', '\f', or 0 for the end of the text. */
static bool read_line(struct fw_characters *from, struct layout *l, uint32_t *ret_end)
{
    uint32_t c = 0;
    *ret_end = 0;
    bool any = false;
    while (fw_character_next(from, &c)) {
        any = true;
        if (c == '\r') { /* alone it is the end of a line, too */
            struct fw_characters peek = *from;
            uint32_t next = 0;
            if (fw_character_next(&peek, &next) && (next == '\n' || next == '\f'))
                continue;
            c = '\n';
        }
        if (c == '\n' || c == '\f') {
            *ret_end = c;
            return true;
        }
        if (add(l, c) == FW_BUSY) {
            *ret_end = '\n';
            return true;
        }
    }
    return any;
}

static bool is_tabular(const struct layout *l)
{
    size_t at = 0, gaps = 0;
    while (at < l->size && l->line[at] == ' ')
        at++;
    for (; at + 1 < l->size; at++)
        gaps += (l->line[at] == ' ' && l->line[at + 1] == ' ') || l->line[at] == 0x2502 || l->line[at] == '|';
    return gaps >= 2;
}

/* The smallest pitch is for tables only: prose is better wrapped than small. */
static size_t pitch_of(struct fw_characters from, struct layout *l)
{
    size_t longest = 0, long_lines = 0, tabular = 0;
    uint32_t end;
    while (read_line(&from, l, &end)) {
        const size_t columns = l->width;
        longest = columns > longest ? columns : longest;
        long_lines += columns > pitches[0].columns;
        tabular += columns > pitches[0].columns && is_tabular(l);
        l->size = l->width = 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(pitches) && tabular * 2 > long_lines; i++) {
        if (longest <= pitches[i].columns)
            return i;
    }
    return 0;
}

static enum fw_err lay_out(struct fw_characters from, struct layout *l)
{
    uint32_t end = 0;
    enum fw_err err = FW_OK;
    while (!err && read_line(&from, l, &end)) {
        err = end_line(l);
        if (!err && end == '\f') { /* the next row begins a page */
            l->rows = 0;
            l->blank = 0;
            err = close_element(l);
        }
    }
    return err ? err : close_element(l);
}

enum fw_err fw_text_layout(struct fw_span text, int pages_max, struct fw_buf *ret)
{
    static struct layout layout; /* large, and one at a time in this program */
    layout = (struct layout){ .out = ret, .pages_max = pages_max };
    const struct fw_characters from = fw_characters_of(text);
    const size_t pitch = pitch_of(from, &layout);
    layout.columns = pitches[pitch].columns;
    const enum fw_err err = fw_buf_putf(
        ret,
        "<!DOCTYPE html><html><head><style>@page{margin:25pt 36pt}body{margin:0}"
        "pre{margin:0;font-family:monospace;font-size:%s;line-height:12pt;white-space:pre-wrap}"
        ".f{page-break-before:always}</style></head><body>",
        pitches[pitch].size);
    const enum fw_err err2 = err ? err : lay_out(from, &layout);
    if (err2)
        return err2;
    return layout.pages > 0 ? fw_buf_put_text(ret, "</body></html>") : FW_INVALID;
}
