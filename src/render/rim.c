/* Changes doubtful pixels one by one as long as that makes the code of the rows around them shorter. */
#include "render/rim.h"
#include <stdlib.h>

enum { ROUNDS_MAX = 2, DOUBT_A_BIT = 12 };

static int count(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

/* About how many bits the changes `now` take below the changes `above`: V0, V1, V2, half of a horizontal code or of a
 * pass. */
static int changes_cost(uint64_t now, uint64_t above)
{
    const uint64_t fresh = now & ~above, gone = above & ~now;
    const uint64_t one = fresh & (gone << 1 | gone >> 1);
    const uint64_t two = fresh & ~one & (gone << 2 | gone >> 2);
    const int moved = count(one | two), lost = count(gone) - moved;
    const int vertical = count(now & above) + 3 * count(one) + 6 * count(two);
    return vertical + 9 * (count(fresh) - moved) + (lost > 0 ? 2 * lost : 0);
}

static int row_cost(uint64_t row, uint64_t above)
{
    const uint64_t left = row >> 1, above_left = above >> 1;
    return changes_cost(row & ~left, above & ~above_left) + changes_cost(left & ~row, above_left & ~above);
}

/* The pixel and its neighbours in a row, in the lowest bits. */
static unsigned three(uint64_t row, unsigned bit)
{
    return (unsigned)(row >> (bit - 1)) & 7;
}

/* Whether the black around a pixel hangs together without it, as it does with it, and the white as well: no stroke is
 * parted or bridged, no counter filled. Nor does the end of a line go. */
static bool may_change(uint64_t above, uint64_t row, uint64_t below, unsigned bit)
{
    const unsigned a = three(above, bit), r = three(row, bit), b = three(below, bit);
    const unsigned ring[8] = { a >> 2, a >> 1 & 1, a & 1, r & 1, b & 1, b >> 1 & 1, b >> 2, r >> 2 };
    unsigned parts = 0, black = 0; /* a part begins behind a white side: corners touch each other through it */
    for (unsigned corner = 0; corner < 8; corner += 2) {
        const unsigned pair = ring[corner] + ring[corner + 1];
        parts += pair > 0 && !ring[(corner + 7) % 8];
        black += pair;
    }
    return parts == 1 && black >= 2;
}

/* Far from a middling threshold, half the way to what is not covered or covered in whole. */
static int doubt_of(int cover_min)
{
    const int near = cover_min < 128 ? cover_min / 2 : (255 - cover_min) / 2;
    return near < FW_RIM_DOUBT ? near : FW_RIM_DOUBT;
}

/* Whether any pixel of the row changed. */
static bool settle_row(const struct fw_rim *r, int y, uint64_t *words)
{
    const uint64_t above = y > 0 ? words[y - 1] : 0, below = y + 1 < r->rows ? words[y + 1] : 0, before = words[y];
    const uint8_t *cover = r->cover + y * r->stride;
    const int doubt = doubt_of(r->cover_min);
    int cost = -1;
    for (int x = 0; x < r->width; x++) {
        const int over = cover[x] - r->cover_min;
        if (abs(over) > doubt)
            continue;
        const unsigned bit = 63 - (unsigned)x;
        const uint64_t row = words[y] ^ 1ULL << bit;
        const bool black = row >> bit & 1, chosen = black == (over >= 0);
        cost = cost < 0 ? row_cost(words[y], above) + row_cost(below, words[y]) : cost;
        const int then = row_cost(row, above) + row_cost(below, row);
        const int distance = abs(over) / DOUBT_A_BIT;
        if (then + (chosen ? -distance : distance) >= cost || !may_change(above, row, below, bit))
            continue;
        words[y] = row;
        cost = then;
    }
    return words[y] != before;
}

void fw_rim_settle(const struct fw_rim *r, uint64_t *words)
{
    fw_assert(r->width <= FW_RIM_WIDTH_MAX && r->rows <= FW_RIM_ROWS_MAX);
    bool changed = true;
    for (int round = 0; changed && round < ROUNDS_MAX; round++) {
        changed = false;
        for (int y = 0; y < r->rows; y++)
            changed = settle_row(r, y, words) || changed;
    }
}
