/* The loops over all pixels for processors with AVX2; compiled for those. 32 pixels, two tiles, at
 * a time. */
#include "render/tone_kernel.h"
#if defined(__AVX2__)
#include <immintrin.h>
#include <string.h>

_Static_assert(FW_RENDER_WIDTH % 32 == 0, "rows are whole vectors");

static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* The leftmost pixel is the top bit of a byte but the lowest of a mask, so each eight are turned.
 */
static void threshold(const uint8_t *grey, uint32_t threshold, uint8_t ret[FW_RENDER_WIDTH / 8])
{
    const __m256i turn = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                         10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i limit = _mm256_set1_epi8((char)(threshold - 1));
    for (size_t x = 0; x < FW_RENDER_WIDTH; x += 32) {
        const __m256i pixels = _mm256_shuffle_epi8(load(grey + x), turn);
        const __m256i black = _mm256_cmpeq_epi8(_mm256_min_epu8(pixels, limit), pixels);
        const uint32_t bits = (uint32_t)_mm256_movemask_epi8(black);
        memcpy(ret + x / 8, &bits, sizeof bits);
    }
}

/* In each even byte: 0xff where the four pixels of the block are one grey. */
static inline __m256i even_blocks(__m256i a, __m256i b)
{
    const __m256i high = _mm256_max_epu8(a, b), low = _mm256_min_epu8(a, b);
    const __m256i high2 = _mm256_max_epu8(high, _mm256_srli_epi16(high, 8));
    const __m256i low2 = _mm256_min_epu8(low, _mm256_srli_epi16(low, 8));
    const __m256i spread = _mm256_subs_epu8(high2, low2);
    const __m256i even = _mm256_cmpeq_epi8(_mm256_subs_epu8(spread, _mm256_set1_epi8(FW_TONE_EVEN)),
                                           _mm256_setzero_si256());
    const __m256i no_white =
        _mm256_cmpeq_epi8(_mm256_subs_epu8(high2, _mm256_set1_epi8((char)(FW_TONE_WHITE_SNAP - 1))),
                          _mm256_setzero_si256());
    const __m256i black = _mm256_cmpeq_epi8(
        _mm256_subs_epu8(low2, _mm256_set1_epi8(FW_TONE_BLACK_SNAP)), _mm256_setzero_si256());
    return _mm256_andnot_si256(black, _mm256_and_si256(even, no_white));
}

static inline uint8_t judged(uint32_t area, uint32_t any)
{
    return area ? FW_TONE_EVEN_AREA : any ? FW_TONE_EVEN_SOMEWHERE : FW_TONE_EVEN_NOWHERE;
}

static void evenness(const uint8_t *grey, uint32_t rows, uint8_t ret[FW_TONE_TILES])
{
    const __m256i white = _mm256_set1_epi8(-1);
    for (size_t x = 0; x < FW_RENDER_WIDTH; x += 32) {
        uint32_t above = 0, any = 0, area = 0; /* a bit for each block, at the even places */
        for (uint32_t y = 0; y + 1 < rows; y += 2) {
            const uint8_t *p = grey + (size_t)y * FW_RENDER_WIDTH + x;
            const __m256i a = load(p), b = load(p + FW_RENDER_WIDTH);
            const __m256i both = _mm256_and_si256(a, b);
            if (_mm256_testc_si256(both, white)) {
                above = 0;
                continue;
            }
            const uint32_t even = (uint32_t)_mm256_movemask_epi8(even_blocks(a, b)) & 0x55555555;
            /* Two side by side, both in one tile. */
            const uint32_t pairs = even & even >> 2 & 0x15551555;
            area |= pairs & above;
            above = pairs;
            any |= even;
        }
        ret[x / FW_TONE_TILE] = judged(area & 0xffff, any & 0xffff);
        ret[x / FW_TONE_TILE + 1] = judged(area >> 16, any >> 16);
    }
}

const struct fw_tone_kernel fw_tone_avx2 = { threshold, evenness };
#endif
