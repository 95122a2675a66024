/* Bits in words of 64, and the way from bits to greys. */
#include "render/plane.h"
#include <string.h>

static uint8_t *bits_at(struct fw_plane *p, uint32_t y)
{
    return p->bits + (size_t)y * FW_PLANE_ROW;
}
static uint8_t *grey_at(struct fw_plane *p, uint32_t y)
{
    return p->grey + (size_t)y * FW_RENDER_WIDTH;
}

static uint32_t band_count(const struct fw_plane *p)
{
    return (p->rows + FW_PLANE_BAND - 1) / FW_PLANE_BAND;
}

void fw_plane_start(struct fw_plane *p, bool grey)
{
    fw_assert(p->rows > 0);
    memset(p->bits, 0, (size_t)p->rows * FW_PLANE_ROW + FW_PLANE_SLACK);
    memset(p->bands, 0, band_count(p));
    if (grey)
        fw_plane_turn_grey(p, 0, (int)p->rows);
}

/* Bytes of 0 and 255 for the eight bits of `byte`, the top one first in memory. */
static uint64_t spread(uint8_t byte)
{
    const uint64_t each =
        (byte * 0x0101010101010101U) & 0x0102040810204080U; /* bit 7 in the lowest byte */
    const uint64_t set = ((each + 0x7f7f7f7f7f7f7f7fU) | each) & 0x8080808080808080U;
    return ~((set >> 7) * 255);
}

static void band_to_grey(struct fw_plane *p, uint32_t band)
{
    const uint32_t from = band * FW_PLANE_BAND, rest = p->rows - from;
    for (uint32_t y = from; y < from + (rest < FW_PLANE_BAND ? rest : FW_PLANE_BAND); y++) {
        const uint8_t *bits = bits_at(p, y);
        uint8_t *grey = grey_at(p, y);
        for (size_t i = 0; i < FW_PLANE_ROW; i++) {
            const uint64_t pixels = bits[i] ? spread(bits[i]) : UINT64_MAX;
            memcpy(grey + 8 * i, &pixels, sizeof pixels);
        }
    }
    p->bands[band] = 1;
}

void fw_plane_turn_grey(struct fw_plane *p, int y0, int y1)
{
    const uint32_t from = y0 < 0 ? 0 : (uint32_t)y0;
    const uint32_t to = y1 < 0 ? 0 : (uint32_t)y1 < p->rows ? (uint32_t)y1 : p->rows;
    if (from >= to)
        return;
    for (uint32_t band = from / FW_PLANE_BAND; band <= (to - 1) / FW_PLANE_BAND; band++) {
        if (!p->bands[band])
            band_to_grey(p, band);
    }
}

static void fill_bits(uint8_t *row, uint32_t x0, uint32_t x1, bool black)
{
    const uint8_t first = (uint8_t)(0xff >> x0 % 8), last = (uint8_t) ~(0xff >> x1 % 8);
    uint8_t *from = row + x0 / 8, *to = row + x1 / 8;
    const uint8_t ends[2] = { from == to ? first & last : first, from == to ? 0 : last };
    *from = black ? *from | ends[0] : *from & (uint8_t)~ends[0];
    if (to > from + 1)
        memset(from + 1, black ? 0xff : 0, (size_t)(to - from - 1));
    if (ends[1])
        *to = black ? *to | ends[1] : *to & (uint8_t)~ends[1];
}

static int within(int at, int end)
{
    return at < 0 ? 0 : at < end ? at : end;
}

void fw_plane_fill(struct fw_plane *p, struct fw_plane_box box, bool black)
{
    const uint32_t x0 = (uint32_t)within(box.x0, FW_RENDER_WIDTH),
                   x1 = (uint32_t)within(box.x1, FW_RENDER_WIDTH);
    const uint32_t y0 = (uint32_t)within(box.y0, (int)p->rows),
                   y1 = (uint32_t)within(box.y1, (int)p->rows);
    for (uint32_t y = y0; x0 < x1 && y < y1; y++) {
        if (fw_plane_is_grey(p, y))
            memset(grey_at(p, y) + x0, black ? 0 : 255, x1 - x0);
        else
            fill_bits(bits_at(p, y), x0, x1, black);
    }
}

/* A word of bits at any pixel: eight bytes hold it wherever in a byte it begins. */
static void put_bits(uint8_t *row, uint32_t x, uint64_t word)
{
    uint64_t under;
    memcpy(&under, row + x / 8, sizeof under);
    under |= __builtin_bswap64(word >> x % 8);
    memcpy(row + x / 8, &under, sizeof under);
}

static void put_grey(uint8_t *row, uint64_t word)
{
    for (; word; word <<= 1, row++) {
        if (word >> 63)
            *row = 0;
    }
}

void fw_plane_stamp(struct fw_plane *p, const struct fw_stamp *s, int x, int y)
{
    const int left = x + s->x, top = y + s->y;
    fw_assert(left >= 0 && top >= 0 && left + s->width <= FW_RENDER_WIDTH &&
              (uint32_t)top + s->rows <= p->rows);
    const uint64_t *word = s->words;
    for (uint32_t strip = 0; strip < s->strips; strip++) {
        const uint32_t at = (uint32_t)left + strip * FW_PLANE_STRIP;
        for (uint32_t row = (uint32_t)top; row < (uint32_t)top + s->rows; row++, word++) {
            if (fw_plane_is_grey(p, row))
                put_grey(grey_at(p, row) + at, *word);
            else
                put_bits(bits_at(p, row), at, *word);
        }
    }
}
