/* The loops of scaling for processors with AVX2; compiled for those. */
#include "render/scale_kernel.h"
#if defined(__AVX2__)
#include <immintrin.h>
#include <string.h>

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void add_16(uint16_t *sums, __m256i more)
{
    _mm256_storeu_si256((__m256i *)(void *)sums, _mm256_add_epi16(load(sums), more));
}

/* What is not a whole vector goes the plain way, so that nothing behind the row is read. */
static void add_grey(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums)
{
    const __m256i factor = _mm256_set1_epi16((short)weight);
    uint32_t x = 0;
    for (; x + 16 <= width; x += 16) {
        const __m256i wide =
            _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(row + x)));
        add_16(sums + x, _mm256_mullo_epi16(wide, factor));
    }
    for (; x < width; x++)
        sums[x] = (uint16_t)(sums[x] + row[x] * weight);
}

static void add_bits(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums)
{
    /* In each lane of 16 bits one bit of the pair of bytes, the second byte standing higher. */
    const __m256i places =
        _mm256_set_epi16(0x0100, 0x0200, 0x0400, 0x0800, 0x1000, 0x2000, 0x4000, (short)0x8000,
                         0x0001, 0x0002, 0x0004, 0x0008, 0x0010, 0x0020, 0x0040, 0x0080);
    const __m256i more = _mm256_set1_epi16((short)(255 * weight));
    uint32_t x = 0;
    for (; x + 16 <= width; x += 16) {
        uint16_t bits;
        memcpy(&bits, row + x / 8, sizeof bits);
        const __m256i here = _mm256_and_si256(_mm256_set1_epi16((short)bits), places);
        add_16(sums + x, _mm256_and_si256(_mm256_cmpeq_epi16(here, places), more));
    }
    for (; x < width; x++)
        sums[x] = (uint16_t)(sums[x] + (row[x / 8] & (0x80U >> x % 8) ? 255 * weight : 0));
}

static void narrow(const uint16_t *sums, uint32_t width, uint8_t *ret)
{
    for (uint32_t x = 0; x < width; x += 32) {
        const __m256i a = _mm256_srli_epi16(load(sums + x), 8);
        const __m256i b = _mm256_srli_epi16(load(sums + x + 16), 8);
        const __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xd8);
        _mm256_storeu_si256((__m256i *)(void *)(ret + x), both);
    }
}

static inline __m128i load_16(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static void across(const uint8_t *row, const uint32_t *from, const uint8_t *places,
                   const int8_t *weights, uint32_t groups, uint8_t *ret)
{
    const __m256i ones = _mm256_set1_epi16(1);
    /* The lowest byte of each lane of 32 bits, side by side. */
    const __m256i gather =
        _mm256_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 12, 8, 4, 0, -1, -1, -1, -1,
                        -1, -1, -1, -1, -1, -1, -1, -1, 12, 8, 4, 0);
    for (size_t g = 0; g < groups; g += 2) {
        const __m256i pixels = _mm256_set_m128i(load_16(row + from[g + 1]), load_16(row + from[g]));
        const __m256i taps = _mm256_shuffle_epi8(pixels, load(places + g * 16));
        const __m256i pairs = _mm256_maddubs_epi16(taps, load(weights + g * 16));
        const __m256i sums = _mm256_srli_epi32(_mm256_madd_epi16(pairs, ones), 6);
        const __m256i bytes = _mm256_shuffle_epi8(sums, gather);
        const uint32_t low = (uint32_t)_mm256_extract_epi32(bytes, 0);
        const uint32_t high = (uint32_t)_mm256_extract_epi32(bytes, 4);
        memcpy(ret + g * 4, &low, sizeof low);
        memcpy(ret + g * 4 + 4, &high, sizeof high);
    }
}

const struct fw_scale_kernel fw_scale_avx2 = { add_grey, add_bits, narrow, across };
#endif
