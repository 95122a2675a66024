/* Threshold, diffusion and screen, and which tile of a page gets which. */
#include "render/tone.h"
#include "render/tone_kernel.h"
#include <string.h>

enum {
    BLACK_SNAP = FW_TONE_BLACK_SNAP,
    WHITE_SNAP = FW_TONE_WHITE_SNAP,
    PAPER_MIN = 176, /* the greyest paper of a scan */
    SCREEN_ROWS = 13,
};

/* Dots that grow from the middle, in rows at 45 degrees, and half as high again as wide: a row is then more like the
 * one above it, which is a quarter less to send. Grey below the number is black. Ranked by cos(x + y) + cos(x - y). */
static const uint8_t screen[SCREEN_ROWS][8] = {
    { 241, 196, 49, 4, 7, 51, 199, 243 }, { 221, 167, 78, 24, 27, 81, 169, 224 },
    { 177, 147, 98, 68, 71, 100, 150, 179 }, { 108, 118, 128, 137, 140, 130, 120, 110 },
    { 34, 88, 157, 211, 214, 160, 91, 36 }, { 14, 59, 187, 231, 233, 189, 61, 17 },
    { 0, 44, 206, 251, 253, 209, 46, 2 }, { 19, 64, 192, 236, 238, 194, 66, 22 },
    { 39, 93, 162, 216, 219, 164, 96, 41 }, { 113, 123, 132, 142, 145, 135, 125, 115 },
    { 182, 152, 103, 73, 76, 105, 155, 184 }, { 226, 172, 83, 29, 32, 86, 174, 228 },
    { 246, 201, 54, 9, 12, 56, 204, 248 },
};

static uint8_t *tile_row(struct fw_tone *t, uint32_t y)
{
    return t->tiles + (size_t)(y / FW_TONE_TILE) * FW_TONE_TILES;
}

static bool all_white(const uint8_t *grey)
{
    uint64_t a, b;
    memcpy(&a, grey, sizeof a);
    memcpy(&b, grey + 8, sizeof b);
    return (a & b) == UINT64_MAX;
}

/* The rim of a tint may be too narrow for an area: it counts when the tile beside it is one. */
static void settle_rims(struct fw_tone *t)
{
    uint8_t *tiles = t->tiles;
    const size_t count = (size_t)((t->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    for (size_t i = 0; i < count; i++) {
        if (tiles[i] != FW_TILE_MAYBE)
            continue;
        const bool beside = (i > 0 && tiles[i - 1] == FW_TILE_PICTURE) ||
                            (i + 1 < count && tiles[i + 1] == FW_TILE_PICTURE) ||
                            (i >= FW_TONE_TILES && tiles[i - FW_TONE_TILES] == FW_TILE_PICTURE) ||
                            (i + FW_TONE_TILES < count && tiles[i + FW_TONE_TILES] == FW_TILE_PICTURE);
        tiles[i] = beside ? FW_TILE_PICTURE : FW_TILE_PLAIN;
    }
}

static void find_tints(struct fw_tone *t)
{
    static const uint8_t tile_of[] = { FW_TILE_PLAIN, FW_TILE_MAYBE, FW_TILE_PICTURE };
    bool maybe = false;
    for (uint32_t y = 0; y < t->rows; y += FW_TONE_TILE) {
        uint8_t *tiles = tile_row(t, y);
        const uint32_t rows = t->rows - y < FW_TONE_TILE ? t->rows - y : FW_TONE_TILE;
        uint8_t even[FW_TONE_TILES];
        if (!memchr(tiles, FW_TILE_LOOK, FW_TONE_TILES))
            continue;
        t->kernel->evenness(t->grey + (size_t)y * FW_RENDER_WIDTH, rows, even);
        for (uint32_t x = 0; x < FW_TONE_TILES; x++) {
            if (tiles[x] != FW_TILE_LOOK)
                continue;
            tiles[x] = tile_of[even[x]];
            maybe = maybe || tiles[x] == FW_TILE_MAYBE;
        }
    }
    if (maybe)
        settle_rims(t);
}

static void find_no_tints(struct fw_tone *t)
{
    const size_t count = (size_t)(tile_row(t, t->rows - 1) + FW_TONE_TILES - t->tiles);
    for (size_t i = 0; i < count; i++)
        t->tiles[i] = t->tiles[i] == FW_TILE_PICTURE ? FW_TILE_PICTURE : FW_TILE_PLAIN;
}

static bool any_picture(const struct fw_tone *t)
{
    const size_t rows = (t->rows + FW_TONE_TILE - 1) / FW_TONE_TILE;
    return memchr(t->tiles, FW_TILE_PICTURE, rows * FW_TONE_TILES) != NULL;
}

/* Counts the greys under pictures, every other row and pixel. */
static uint32_t count_greys(struct fw_tone *t, uint32_t counts[256])
{
    uint32_t sum = 0;
    for (uint32_t y = 0; y < t->rows; y += 2) {
        const uint8_t *tiles = tile_row(t, y), *grey = t->grey + (size_t)y * FW_RENDER_WIDTH;
        for (uint32_t x = 0; x < FW_RENDER_WIDTH; x += 2) {
            if (tiles[x / FW_TONE_TILE] != FW_TILE_PICTURE)
                continue;
            counts[grey[x]]++;
            sum++;
        }
    }
    return sum;
}

/* A scan is grey paper with noise, which diffusion would turn into a storm of dots that takes ten
 * times as long to send. Where two fifths of the pictures are one light grey, that grey is paper:
 * stretched to white, and the darkest grey to black. Photographs have no such peak. */
static void find_levels(struct fw_tone *t)
{
    uint32_t counts[256] = { 0 }, peak = PAPER_MIN;
    t->levelled = false;
    for (uint32_t i = 0; i < 256; i++)
        t->levels[i] = (uint8_t)i;
    const uint32_t sum = any_picture(t) ? count_greys(t, counts) : 0;
    uint32_t around_peak = 0, below = 0, black = 0;
    for (uint32_t i = PAPER_MIN; i < 256; i++)
        peak = counts[i] > counts[peak] ? i : peak;
    for (uint32_t i = peak - 12; i < 256 && i <= peak + 12; i++)
        around_peak += counts[i];
    if (sum < 10000 || around_peak < sum / 5 * 2)
        return;
    while (black < 100 && (below += counts[black]) < sum / 200)
        black++;
    const uint32_t white = peak - 12;
    t->levelled = true;
    for (uint32_t i = 0; i < 256; i++)
        t->levels[i] = (uint8_t)(i <= black   ? 0
                                 : i >= white ? 255
                                              : (i - black) * 255 / (white - black));
}

void fw_tone_start(struct fw_tone *t)
{
    fw_assert(t->rows > 0 && t->threshold <= 256 && t->y_dpi > 0);
    memset(t->errors, 0, sizeof t->errors);
    t->errors_dirty = false;
    t->kernel = t->kernel ? t->kernel : fw_tone_kernel_choose();
    const size_t tile_count = (size_t)((t->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    if (t->mode == FW_TONE_DIFFUSE)
        memset(t->tiles, FW_TILE_PICTURE, tile_count);
    find_levels(t);
    if (t->mode == FW_TONE_MIXED) /* after the levels: a tint is no scan */
        find_tints(t);
    else
        find_no_tints(t);
    t->has_greys = t->mode != FW_TONE_THRESHOLD && any_picture(t);
}

/* Floyd and Steinberg: 7/16 to the right, 3, 5 and 1 sixteenths to the three below. */
static void diffuse_tile(struct fw_tone *t, const uint8_t *grey, int16_t *now, int16_t *next,
                         uint8_t ret[2])
{
    uint32_t bits = 0;
    for (int x = 0; x < FW_TONE_TILE; x++) {
        const int wanted = t->levels[grey[x]];
        int value = wanted + (now[x] + 8) / 16;
        if (wanted <= BLACK_SNAP || wanted >= WHITE_SNAP)
            value = wanted <= BLACK_SNAP ? 0 : 255;
        const bool black = value < 128;
        const int error = black ? value : value - 255;
        now[x + 1] = (int16_t)(now[x + 1] + error * 7);
        next[x - 1] = (int16_t)(next[x - 1] + error * 3);
        next[x] = (int16_t)(next[x] + error * 5);
        next[x + 1] = (int16_t)(next[x + 1] + error);
        bits = bits << 1 | black;
    }
    ret[0] = (uint8_t)(bits >> 8);
    ret[1] = (uint8_t)bits;
}

static void screen_tile(const struct fw_tone *t, const uint8_t *grey, const uint8_t thresholds[8],
                        uint8_t ret[2])
{
    uint32_t bits = 0;
    for (int x = 0; x < FW_TONE_TILE; x++) {
        const uint8_t wanted = t->levels[grey[x]];
        const bool black = wanted < thresholds[x % 8];
        bits = bits << 1 | ((black && wanted < WHITE_SNAP) || wanted <= BLACK_SNAP);
    }
    ret[0] = (uint8_t)(bits >> 8);
    ret[1] = (uint8_t)bits;
}

static void threshold_row(const struct fw_tone *t, const uint8_t *grey,
                          uint8_t ret[FW_RENDER_WIDTH / 8])
{
    if (t->threshold == 0 || t->threshold > 255)
        memset(ret, t->threshold == 0 ? 0 : 0xff, FW_RENDER_WIDTH / 8);
    else
        t->kernel->threshold(grey, t->threshold, ret);
}

/* The paper of a scan is white for the threshold too, or a high one would turn the page black. */
static void level_row(const struct fw_tone *t, const uint8_t *grey, const uint8_t *tiles,
                      uint8_t ret[FW_RENDER_WIDTH])
{
    for (uint32_t x = 0; x < FW_RENDER_WIDTH; x++)
        ret[x] = tiles[x / FW_TONE_TILE] ? t->levels[grey[x]] : grey[x];
}

void fw_tone_row(struct fw_tone *t, uint32_t y, uint8_t ret[FW_RENDER_WIDTH / 8])
{
    const uint8_t *grey = t->grey + (size_t)y * FW_RENDER_WIDTH, *tiles = tile_row(t, y);
    if (t->mode == FW_TONE_THRESHOLD && t->levelled) {
        level_row(t, grey, tiles, t->row);
        grey = t->row;
    }
    if (t->plane && !fw_plane_is_grey(t->plane, y))
        memcpy(ret, t->plane->bits + (size_t)y * FW_PLANE_ROW, FW_PLANE_ROW);
    else
        threshold_row(t, grey, ret);
    if (!t->has_greys || !memchr(tiles, FW_TILE_PICTURE, FW_TONE_TILES)) {
        if (t->errors_dirty)
            memset(t->errors, 0, sizeof t->errors);
        t->errors_dirty = false;
        return;
    }
    int16_t *now = t->errors[y & 1] + 1,
            *next = t->errors[~y & 1] + 1;                /* one to spare on each side */
    const uint8_t *dots = screen[y * 196 / t->y_dpi % SCREEN_ROWS];
    memset(next - 1, 0, sizeof t->errors[0]);
    t->errors_dirty = true;
    for (uint32_t i = 0; i < FW_TONE_TILES; i++) {
        const uint32_t x = i * FW_TONE_TILE;
        if (!tiles[i] || all_white(grey + x))
            continue;
        if (t->screened)
            screen_tile(t, grey + x, dots, ret + 2 * i);
        else
            diffuse_tile(t, grey + x, now + x, next + x, ret + 2 * i);
    }
}
