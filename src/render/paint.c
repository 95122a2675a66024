/* Grey into grey: ((grey - to) * cover + to * 256) / 256, where 255 of cover counts as 256. The sum is
 * below 65536, so sixteen bits that wrap in between still end right. */
#include "render/paint.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#include <string.h>

#include "render/geometry.h"

enum { PREFETCH_AHEAD = 3 * FW_RENDER_WIDTH };

static inline __m128i blend8(__m128i to, __m128i cover, __m128i grey)
{
    const __m128i amount = _mm_add_epi16(cover, _mm_srli_epi16(cover, 7));
    const __m128i change = _mm_mullo_epi16(_mm_sub_epi16(grey, to), amount);
    return _mm_srli_epi16(_mm_add_epi16(change, _mm_slli_epi16(to, 8)), 8);
}

static inline void paint8(uint8_t *to, __m128i cover, __m128i grey)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i under = _mm_loadl_epi64((const __m128i *)(const void *)to);
    const __m128i mixed = blend8(_mm_unpacklo_epi8(under, zero), _mm_unpacklo_epi8(cover, zero), grey);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(mixed, zero));
}

static size_t paint_vectors(uint8_t *to, const uint8_t *cover, size_t width, uint8_t grey)
{
    const __m128i zero = _mm_setzero_si128(), wanted = _mm_set1_epi16(grey);
    size_t x = 0;
    /* The rows of a letter come one after the other, and each lies in another line of the cache. */
    _mm_prefetch((const char *)to + PREFETCH_AHEAD, _MM_HINT_T0);
    for (; x + 16 <= width; x += 16) {
        const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(cover + x));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(c, zero)) == 0xffff)
            continue;
        const __m128i t = _mm_loadu_si128((const __m128i *)(const void *)(to + x));
        const __m128i low = blend8(_mm_unpacklo_epi8(t, zero), _mm_unpacklo_epi8(c, zero), wanted);
        const __m128i high = blend8(_mm_unpackhi_epi8(t, zero), _mm_unpackhi_epi8(c, zero), wanted);
        _mm_storeu_si128((__m128i *)(void *)(to + x), _mm_packus_epi16(low, high));
    }
    if (x + 8 <= width) {
        paint8(to + x, _mm_loadl_epi64((const __m128i *)(const void *)(cover + x)), wanted);
        x += 8;
    }
    if (x == width || width < 8)
        return x;
    /* The last eight, of which those that are done are covered by nothing. */
    const size_t done = 8 - (width - x);
    uint64_t rest;
    memcpy(&rest, cover + width - 8, sizeof rest);
    rest &= UINT64_MAX << (8 * done);
    paint8(to + width - 8, _mm_cvtsi64_si128((long long)rest), wanted);
    return width;
}
#else
static size_t paint_vectors(uint8_t *to, const uint8_t *cover, size_t width, uint8_t grey)
{
    (void)to, (void)cover, (void)width, (void)grey;
    return 0;
}
#endif

void fw_paint_span(uint8_t *to, const uint8_t *cover, size_t width, uint8_t grey)
{
    for (size_t x = paint_vectors(to, cover, width, grey); x < width; x++) {
        const int amount = cover[x] + (cover[x] >> 7);
        to[x] = (uint8_t)(((grey - to[x]) * amount + to[x] * 256) >> 8);
    }
}
