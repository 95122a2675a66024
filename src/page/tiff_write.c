/* A page is its strip, then its directory; the page before is linked to it afterwards. */
#include "page/tiff_write.h"
#include "base/file.h"
#include <unistd.h>

enum { HEADER_SIZE = 8, FIELDS = 16, SIZE_MAX_FILE = 0x7fffffff };
enum { DIRECTORY_SIZE = 2 + FIELDS * 12 + 4, RATIONALS_SIZE = 2 * 8 };
enum { TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5 };

/* Little-endian, growing in a fixed block whose size is known beforehand. */
struct block {
    uint8_t bytes[DIRECTORY_SIZE + RATIONALS_SIZE];
    size_t size;
};

static void put16(struct block *b, uint32_t value)
{
    fw_assert(b->size + 2 <= sizeof b->bytes && value <= UINT16_MAX);
    b->bytes[b->size++] = (uint8_t)value;
    b->bytes[b->size++] = (uint8_t)(value >> 8);
}

static void put32(struct block *b, uint32_t value)
{
    put16(b, value & 0xffff);
    put16(b, value >> 16);
}

static void put_field(struct block *b, uint32_t tag, uint32_t type, uint32_t value)
{
    put16(b, tag);
    put16(b, type);
    put32(b, 1);
    put32(b, value); /* a SHORT stands in the first two of the four bytes */
}

enum fw_err fw_tiff_start(struct fw_tiff_writer *w, int fd, uint32_t page_count)
{
    static const uint8_t header[HEADER_SIZE] = { 'I', 'I', 42, 0, 0, 0, 0, 0 };
    *w = (struct fw_tiff_writer){
        .fd = fd, .page_count = page_count, .end = HEADER_SIZE, .link_at = 4
    };
    if (lseek(fd, 0, SEEK_SET) != 0)
        return FW_IO;
    return fw_write_all(fd, (struct fw_span){ header, sizeof header });
}

static void directory_fill(struct block *b, const struct fw_tiff_writer *w,
                           const struct fw_tiff_page *page, uint32_t strip_at, uint32_t dir_at)
{
    const uint32_t rationals_at = dir_at + DIRECTORY_SIZE;
    const bool is_t6 = page->coding == FW_CODING_T6;
    put16(b, FIELDS);
    put_field(b, 254, TYPE_LONG, 2); /* NewSubfileType: a page of many */
    put_field(b, 256, TYPE_LONG, page->width);
    put_field(b, 257, TYPE_LONG, page->rows);
    put_field(b, 258, TYPE_SHORT, 1);             /* BitsPerSample */
    put_field(b, 259, TYPE_SHORT, is_t6 ? 4 : 3); /* Compression: T.6 or T.4 */
    put_field(b, 262, TYPE_SHORT, 0);             /* Photometric: 0 is white */
    put_field(b, 266, TYPE_SHORT, 1);             /* FillOrder: top bit first */
    put_field(b, 273, TYPE_LONG, strip_at);       /* StripOffsets */
    put_field(b, 277, TYPE_SHORT, 1);             /* SamplesPerPixel */
    put_field(b, 278, TYPE_LONG, page->rows);     /* RowsPerStrip */
    put_field(b, 279, TYPE_LONG, (uint32_t)page->code.size);
    put_field(b, 282, TYPE_RATIONAL, rationals_at);     /* XResolution */
    put_field(b, 283, TYPE_RATIONAL, rationals_at + 8); /* YResolution */
    if (!is_t6)
        put_field(b, 292, TYPE_LONG, page->coding == FW_CODING_MR); /* T4Options: 1 is two-dim. */
    if (is_t6)
        put_field(b, 293, TYPE_LONG, 0); /* T6Options */
    put_field(b, 296, TYPE_SHORT, 2);    /* ResolutionUnit: inch */
    put16(b, 297);                       /* PageNumber: this, of how many */
    put16(b, TYPE_SHORT);
    put32(b, 2);
    put16(b, w->pages_written);
    put16(b, w->page_count);
    put32(b, 0); /* no next page yet */
    put32(b, page->x_dpi);
    put32(b, 1);
    put32(b, page->y_dpi);
    put32(b, 1);
}

enum fw_err fw_tiff_put(struct fw_tiff_writer *w, const struct fw_tiff_page *page)
{
    fw_assert(w->pages_written < UINT16_MAX && w->page_count <= UINT16_MAX);
    if (page->code.size > SIZE_MAX_FILE / 2 || w->end > SIZE_MAX_FILE / 2)
        return FW_LIMIT;

    const uint32_t strip_at = w->end;
    const uint32_t padding = page->code.size & 1; /* directories begin on a word */
    const uint32_t dir_at = strip_at + (uint32_t)page->code.size + padding;
    struct block dir = { .size = 0 };
    directory_fill(&dir, w, page, strip_at, dir_at);
    static const uint8_t zero[1] = { 0 };
    if (fw_write_all(w->fd, page->code) || fw_write_all(w->fd, (struct fw_span){ zero, padding }) ||
        fw_write_all(w->fd, (struct fw_span){ dir.bytes, dir.size }))
        return FW_IO;

    struct block link = { .size = 0 };
    put32(&link, dir_at);
    if (pwrite(w->fd, link.bytes, link.size, (off_t)w->link_at) != (ssize_t)link.size)
        return FW_IO;
    w->link_at = dir_at + 2 + FIELDS * 12;
    w->end = dir_at + (uint32_t)dir.size;
    w->pages_written++;
    return FW_OK;
}
