/* Threshold, diffusion and screen, and which tile of a page gets which. */
#include "render/tone.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    BLACK_SNAP = 24,  /* as good as black: no error is passed on, so text stays clean */
    WHITE_SNAP = 236, /* as good as white, likewise paper */
    EVEN = 8,         /* greys this near are one tint */
    PAPER_MIN = 176,  /* the greyest paper of a scan */
};

/* Dots that grow from the middle, in rows at 45 degrees, eight by eight pixels: grey below the
 * number is black. Ranked by cos(x + y) + cos(x - y). */
static const uint8_t screen[8][8] = {
    { 236, 188, 36, 4, 8, 56, 160, 224 },     { 180, 140, 100, 44, 48, 104, 128, 168 },
    { 76, 116, 156, 212, 200, 144, 120, 80 }, { 20, 68, 220, 252, 240, 192, 88, 24 },
    { 12, 60, 164, 228, 232, 184, 32, 0 },    { 52, 108, 132, 172, 176, 136, 96, 40 },
    { 204, 148, 124, 84, 72, 112, 152, 208 }, { 244, 196, 92, 28, 16, 64, 216, 248 },
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

static bool even_block(const uint8_t *a, const uint8_t *b)
{
    const uint8_t v[4] = { a[0], a[1], b[0], b[1] };
    uint8_t low = v[0], high = v[0];
    for (int i = 1; i < 4; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    return low > BLACK_SNAP && high < WHITE_SNAP && high - low <= EVEN;
}

enum evenness { EVEN_NOWHERE, EVEN_SOMEWHERE, EVEN_AREA };

/* Is there an area of one grey, 4 x 4 pixels or more, in this tile? Smoothed edges are one pixel
 * thin and lines that lie across two rows are two, so neither is. */
static enum evenness evenness_of(const uint8_t *grey, uint32_t rows)
{
    uint32_t above = 0, any = 0; /* a bit for each two even blocks side by side */
    for (uint32_t y = 0; y + 1 < rows; y += 2) {
        const uint8_t *a = grey + (size_t)y * FW_RENDER_WIDTH, *b = a + FW_RENDER_WIDTH;
        uint32_t even = 0;
        if (!all_white(a) && !all_white(b)) {
            for (int x = 0; x < FW_TONE_TILE; x += 2)
                even = even << 1 | even_block(a + x, b + x);
        }
        const uint32_t pairs = even & even >> 1;
        if (pairs & above)
            return EVEN_AREA;
        above = pairs;
        any |= even;
    }
    return any ? EVEN_SOMEWHERE : EVEN_NOWHERE;
}

enum tile { TILE_PLAIN, TILE_GREY, TILE_MAYBE };

/* The rim of a tint may be too narrow for an area: it counts when the tile beside it is one. */
static void settle_rims(struct fw_tone *t)
{
    uint8_t *tiles = t->tiles;
    const size_t count = (size_t)((t->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    for (size_t i = 0; i < count; i++) {
        if (tiles[i] != TILE_MAYBE)
            continue;
        const bool beside = (i > 0 && tiles[i - 1] == TILE_GREY) ||
                            (i + 1 < count && tiles[i + 1] == TILE_GREY) ||
                            (i >= FW_TONE_TILES && tiles[i - FW_TONE_TILES] == TILE_GREY) ||
                            (i + FW_TONE_TILES < count && tiles[i + FW_TONE_TILES] == TILE_GREY);
        tiles[i] = beside ? TILE_GREY : TILE_PLAIN;
    }
}

static void find_tints(struct fw_tone *t)
{
    static const uint8_t tile_of[] = { TILE_PLAIN, TILE_MAYBE, TILE_GREY };
    bool maybe = false;
    for (uint32_t y = 0; y < t->rows; y += FW_TONE_TILE) {
        uint8_t *tiles = tile_row(t, y);
        const uint32_t rows = t->rows - y < FW_TONE_TILE ? t->rows - y : FW_TONE_TILE;
        for (uint32_t x = 0; x < FW_TONE_TILES; x++) {
            if (tiles[x])
                continue;
            tiles[x] = tile_of[evenness_of(t->grey + (size_t)y * FW_RENDER_WIDTH + x * FW_TONE_TILE,
                                           rows)];
            maybe = maybe || tiles[x] == TILE_MAYBE;
        }
    }
    if (maybe)
        settle_rims(t);
}

static bool any_tile(struct fw_tone *t)
{
    const uint8_t *end = tile_row(t, t->rows - 1) + FW_TONE_TILES;
    return memchr(t->tiles, 1, (size_t)(end - t->tiles)) != NULL;
}

/* Counts the greys under pictures, every other row and pixel. */
static uint32_t count_greys(struct fw_tone *t, uint32_t counts[256])
{
    uint32_t sum = 0;
    for (uint32_t y = 0; y < t->rows; y += 2) {
        const uint8_t *tiles = tile_row(t, y), *grey = t->grey + (size_t)y * FW_RENDER_WIDTH;
        for (uint32_t x = 0; x < FW_RENDER_WIDTH; x += 2) {
            if (!tiles[x / FW_TONE_TILE])
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
    for (uint32_t i = 0; i < 256; i++)
        t->levels[i] = (uint8_t)i;
    const uint32_t sum = any_tile(t) ? count_greys(t, counts) : 0;
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
    for (uint32_t i = 0; i < 256; i++)
        t->levels[i] = (uint8_t)(i <= black   ? 0
                                 : i >= white ? 255
                                              : (i - black) * 255 / (white - black));
}

void fw_tone_start(struct fw_tone *t)
{
    fw_assert(t->rows > 0 && t->threshold <= 256 && t->y_dpi > 0);
    memset(t->errors, 0, sizeof t->errors);
    const size_t tile_count = (size_t)((t->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    if (t->mode == FW_TONE_DIFFUSE)
        memset(t->tiles, TILE_GREY, tile_count);
    if (t->mode != FW_TONE_THRESHOLD)
        find_levels(t);
    if (t->mode == FW_TONE_MIXED) /* after the levels: a tint is no scan */
        find_tints(t);
}

static uint8_t reversed(uint32_t byte)
{
    byte = (byte & 0xf0) >> 4 | (byte & 0x0f) << 4;
    byte = (byte & 0xcc) >> 2 | (byte & 0x33) << 2;
    return (uint8_t)((byte & 0xaa) >> 1 | (byte & 0x55) << 1);
}

/* 16 pixels to 2 bytes. */
static void threshold_tile(const uint8_t *grey, uint32_t threshold, uint8_t ret[2])
{
    if (threshold == 0 || threshold > 255) {
        memset(ret, threshold == 0 ? 0 : 0xff, 2);
        return;
    }
#if defined(__SSE2__)
    const __m128i limit = _mm_set1_epi8((char)(threshold - 1));
    const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)grey);
    const int black = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(pixels, limit), pixels));
    ret[0] = black ? reversed((uint32_t)black & 0xff) : 0;
    ret[1] = black ? reversed((uint32_t)black >> 8 & 0xff) : 0;
#else
    for (int half = 0; half < 2; half++) {
        uint32_t bits = 0;
        for (int i = 0; i < 8; i++)
            bits = bits << 1 | (grey[half * 8 + i] < threshold);
        ret[half] = (uint8_t)bits;
    }
#endif
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

void fw_tone_row(struct fw_tone *t, uint32_t y, uint8_t ret[FW_RENDER_WIDTH / 8])
{
    const uint8_t *grey = t->grey + (size_t)y * FW_RENDER_WIDTH, *tiles = tile_row(t, y);
    int16_t *now = t->errors[y & 1] + 1,
            *next = t->errors[~y & 1] + 1;                /* one to spare on each side */
    const uint8_t *dots = screen[y * 196 / t->y_dpi % 8]; /* as round as the rows allow */
    memset(next - 1, 0, sizeof t->errors[0]);
    for (uint32_t i = 0; i < FW_TONE_TILES; i++) {
        const uint32_t x = i * FW_TONE_TILE;
        if (t->mode == FW_TONE_THRESHOLD || !tiles[i] || all_white(grey + x))
            threshold_tile(grey + x, t->threshold, ret + 2 * i);
        else if (t->screened)
            screen_tile(t, grey + x, dots, ret + 2 * i);
        else
            diffuse_tile(t, grey + x, now + x, next + x, ret + 2 * i);
    }
}
