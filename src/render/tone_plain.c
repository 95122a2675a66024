/* The loops over all pixels for any processor, and the choice of them. */
#include "render/tone_kernel.h"
#include <string.h>

static void threshold(const uint8_t *grey, uint32_t threshold, uint8_t ret[FW_RENDER_WIDTH / 8])
{
    for (size_t i = 0; i < FW_RENDER_WIDTH / 8; i++) {
        uint32_t bits = 0;
        for (size_t x = 0; x < 8; x++)
            bits = bits << 1 | (grey[i * 8 + x] < threshold);
        ret[i] = (uint8_t)bits;
    }
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
    return low > FW_TONE_BLACK_SNAP && high < FW_TONE_WHITE_SNAP && high - low <= FW_TONE_EVEN;
}

static uint8_t evenness_of(const uint8_t *grey, uint32_t rows)
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
            return FW_TONE_EVEN_AREA;
        above = pairs;
        any |= even;
    }
    return any ? FW_TONE_EVEN_SOMEWHERE : FW_TONE_EVEN_NOWHERE;
}

static void evenness(const uint8_t *grey, uint32_t rows, uint8_t ret[FW_TONE_TILES])
{
    for (size_t i = 0; i < FW_TONE_TILES; i++)
        ret[i] = evenness_of(grey + i * FW_TONE_TILE, rows);
}

const struct fw_tone_kernel fw_tone_plain = { threshold, evenness };

const struct fw_tone_kernel *fw_tone_kernel_choose(void)
{
#if defined(FW_RENDER_AVX2)
    if (__builtin_cpu_supports("avx2"))
        return &fw_tone_avx2;
#endif
    return &fw_tone_plain;
}
