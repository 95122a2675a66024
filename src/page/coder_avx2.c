/* The inner functions of the coder for processors with AVX2, LZCNT and BMI; compiled for those. */
#include "page/coder.h"
#if defined(__AVX2__)
#include <immintrin.h>

#include "page/coder_rows.inc"

/* The bits of each byte the other way round. */
static inline __m256i reversed(__m256i v)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15));
    const __m256i high = _mm256_slli_epi16(low, 4);
    return _mm256_or_si256(_mm256_shuffle_epi8(high, _mm256_and_si256(v, nibble)),
                           _mm256_shuffle_epi8(low, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

/* Of one word, whose lowest bit is the leftmost pixel. Four are written whatever there are: most words have no more,
 * and what is too much is written over by the next. */
static inline size_t put_changes(uint16_t *ret, uint64_t changed, uint32_t base)
{
    const size_t count = (size_t)__builtin_popcountll(changed);
    const uint64_t second = _blsr_u64(changed), third = _blsr_u64(second), fourth = _blsr_u64(third);
    ret[0] = (uint16_t)(base + _tzcnt_u64(changed));
    ret[1] = (uint16_t)(base + _tzcnt_u64(second));
    ret[2] = (uint16_t)(base + _tzcnt_u64(third));
    ret[3] = (uint16_t)(base + _tzcnt_u64(fourth));
    changed = _blsr_u64(fourth);
    for (size_t i = 4; i < count; i++, changed = _blsr_u64(changed))
        ret[i] = (uint16_t)(base + _tzcnt_u64(changed));
    return count;
}

/* A pixel that differs from its left neighbour is a change; before the row all is white. */
static size_t rows_find(struct fw_coder *c)
{
    const __m256i seven = _mm256_set1_epi8(0x7f), top = _mm256_set1_epi8((char)0x80);
    uint16_t *ret = c->changes;
    for (size_t at = 0; at < c->row_size; at += FW_CODER_BLOCK) {
        const __m256i now = _mm256_loadu_si256((const __m256i *)(c->above + at));
        const __m256i before = _mm256_loadu_si256((const __m256i *)(c->above + at - 1));
        const __m256i left = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(now, 1), seven),
                                             _mm256_and_si256(_mm256_slli_epi16(before, 7), top));
        const __m256i changed = _mm256_xor_si256(now, left);
        if (_mm256_testz_si256(changed, changed))
            continue;
        uint64_t words[4];
        _mm256_storeu_si256((__m256i *)words, reversed(changed));
        for (size_t i = 0; i < 4; i++) {
            if (words[i])
                ret += put_changes(ret, words[i], (uint32_t)(at + 8 * i) * 8);
        }
    }
    return (size_t)(ret - c->changes);
}

const struct fw_coder_rows fw_coder_rows_avx2 = { rows_find, rows_code_1d, rows_code_2d };
#endif
