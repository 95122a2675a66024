/* header.h - the header line of a fax page, put above the page's own code.
 *
 * The line stands in a band of rows whose last ones are white. T.6 codes a page's first row against an
 * imaginary white one, so what follows the band is the code of the page as it was, moved by some bits:
 * nothing of the page is decoded, and below the band every pixel is what it was. Blank rows that the page
 * begins with, each of them one bit, make room for the band; where there are too few the page grows.
 *
 * What the line says comes in two ways. Dates, numbers and the like are set from an alphabet; the sender's
 * name, which may be in any script, is a strip. Both are pixels of a sheet that faxwire-render drew, a file
 * of exactly FW_HEADER_SHEET_BYTES and no other structure: the ASCII characters from 33 on, left-aligned
 * in cells of FW_HEADER_CELL, row after row of them, then the strip; packed, top bit first, 1 is black.
 * Any thread.
 *
 * Source: ITU-T T.6 (11/1988) clause 2.2.1; 47 CFR 68.318(d) for what a header line has to say.
 */
#ifndef FW_PAGE_HEADER_H
#define FW_PAGE_HEADER_H
#include "base/buf.h"

enum {
    FW_HEADER_WIDTH = 1728, /* of pages that get one */
    FW_HEADER_ROW_BYTES = FW_HEADER_WIDTH / 8,
    FW_HEADER_CELL = 32,       /* dots */
    FW_HEADER_FIRST = '!', /* of the alphabet; not the space */
    FW_HEADER_CHARACTERS = 94,
    FW_HEADER_CELL_ROWS = 2,   /* of cells */
    FW_HEADER_NAME_WIDTH = 540, /* dots, the most that a strip has */
    /* Rows at 98 an inch; twice and four times as many at 196 and 391. */
    FW_HEADER_GLYPH_ROWS = 15,
    FW_HEADER_ROWS = 20, /* of the band: 5 mm */
    FW_HEADER_TEXT_SIZE = 300,
};

/* `scale`: fw_page_scale of the pages. */
#define FW_HEADER_SHEET_BYTES(scale) \
    ((size_t)FW_HEADER_ROW_BYTES * FW_HEADER_GLYPH_ROWS * (FW_HEADER_CELL_ROWS + 1) * (scale))

/* ASCII; what is not shows as '?'. From left to right: date, the strip, from, to; the page at the right. */
struct fw_header_line {
    char date[40], from[FW_HEADER_TEXT_SIZE], to[FW_HEADER_TEXT_SIZE];
    bool continued;                /* some of the pages went before */
    uint32_t first, total;         /* number of the first page that is sent, from 1, of how many */
};

struct fw_header;

/* `sheet`: borrowed until _free, of the size above for `y_dpi`, else FW_INVALID. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_header_new(struct fw_span sheet, uint32_t y_dpi, const struct fw_header_line *line,
                                   struct fw_header **ret);
void fw_header_free(struct fw_header *h); /* NULL is fine */
void fw_header_free_p(struct fw_header **h); /* for CLEANUP */
/* Appends the T.6 code of page `number`, from 1, which is `code` of `rows` rows, under its header. `ret_rows`:
 * how many it has then. FW_INVALID: `code` has no room for the end of a page; FW_LIMIT: `ret` is full. */
MUST_USE enum fw_err fw_header_put(struct fw_header *h, uint32_t number, struct fw_span code, uint32_t rows,
                                   struct fw_buf *ret, uint32_t *ret_rows);
#endif
