/* Rows of bits to rows of bytes, stretched or pressed until the pixels are square. */
#include "barcode/gray.h"

#include <stdlib.h>
#include <string.h>

enum { WHITE = 255 };

void fw_gray_done(struct fw_gray *g)
{
    free(g->pixels);
    *g = (struct fw_gray){ 0 };
}

/* How many rows of the picture two rows of the page become: 1, 2 or 4. */
static uint32_t rows_of_two(const struct fw_page_info *page)
{
    const uint32_t percent = page->y_dpi * 100 / (page->x_dpi ? page->x_dpi : 1);
    return percent < 75 ? 4 : percent > 150 ? 1 : 2;
}

static enum fw_err make_room(struct fw_gray *g, size_t size)
{
    if (size <= g->capacity)
        return FW_OK;
    uint8_t *pixels = realloc(g->pixels, size);
    if (!pixels)
        return FW_NO_MEMORY;
    g->pixels = pixels;
    g->capacity = size;
    return FW_OK;
}

/* Takes `step` of each black pixel away: all of it, or half when two rows make one. */
static void darken(uint8_t *dst, const uint8_t *bits, uint32_t width, uint8_t step)
{
    for (uint32_t x = 0; x < width; x++) {
        if (x % 8 == 0 && bits[x / 8] == 0) {
            x += 7; /* most of a page is white */
            continue;
        }
        if (bits[x / 8] >> (7 - x % 8) & 1)
            dst[x] = (uint8_t)(dst[x] > step ? dst[x] - step : 0);
    }
}

enum fw_err fw_gray_read(struct fw_tiff_reader *r, struct fw_gray *ret, struct fw_fault *fault)
{
    struct fw_page_info page;
    enum fw_err err = fw_tiff_reader_page(r, &page, fault);
    if (err)
        return err;
    const uint32_t of_two = rows_of_two(&page);
    uint32_t height = (uint32_t)((uint64_t)page.rows * of_two / 2);
    height = height < FW_GRAY_PIXELS_MAX / page.width ? height : FW_GRAY_PIXELS_MAX / page.width;
    err = make_room(ret, (size_t)page.width * height);
    ret->width = page.width;
    ret->height = height;
    if (!err)
        memset(ret->pixels, WHITE, (size_t)page.width * height);
    const uint32_t rows = height * 2 / of_two;
    for (uint32_t y = 0; !err && y < rows; y++) {
        const uint8_t *bits;
        uint8_t *to = ret->pixels + (size_t)page.width * (y * of_two / 2);
        err = fw_tiff_reader_row(r, &bits, fault);
        if (err)
            return err;
        darken(to, bits, page.width, of_two == 1 ? WHITE / 2 + 1 : WHITE);
        if (of_two == 4)
            memcpy(to + page.width, to, page.width);
    }
    return err;
}
