/* The loops of scaling for any processor, and the choice of them. */
#include "render/scale_kernel.h"
#include <stddef.h>

static void add_grey(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums)
{
    for (uint32_t x = 0; x < width; x++)
        sums[x] = (uint16_t)(sums[x] + row[x] * weight);
}

static void add_bits(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums)
{
    for (uint32_t x = 0; x < width; x++)
        sums[x] = (uint16_t)(sums[x] + (row[x / 8] & (0x80U >> x % 8) ? 255 * weight : 0));
}

static void narrow(const uint16_t *sums, uint32_t width, uint8_t *ret)
{
    for (uint32_t x = 0; x < width; x++)
        ret[x] = (uint8_t)(sums[x] >> 8);
}

static void across(const uint8_t *row, const uint32_t *from, const uint8_t *places,
                   const int8_t *weights, uint32_t groups, uint8_t *ret)
{
    for (size_t i = 0; i < (size_t)groups * 4; i++) {
        int32_t sum = 0;
        for (size_t tap = i * 4; tap < i * 4 + 4; tap++)
            sum += row[from[i / 4] + places[tap]] * weights[tap];
        ret[i] = (uint8_t)(sum >> 6);
    }
}

const struct fw_scale_kernel fw_scale_plain = { add_grey, add_bits, narrow, across };

const struct fw_scale_kernel *fw_scale_kernel_choose(void)
{
#if defined(FW_RENDER_AVX2)
    if (__builtin_cpu_supports("avx2"))
        return &fw_scale_avx2;
#endif
    return &fw_scale_plain;
}
