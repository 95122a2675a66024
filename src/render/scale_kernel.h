/* scale_kernel.h - the loops of scaling that see every pixel; private to the room. As with tone,
 * they exist in plain C and for AVX2 with the same results.
 */
#ifndef FW_SCALE_KERNEL_H
#define FW_SCALE_KERNEL_H
#include "base/base.h"

/* Vectors may read and write up to FW_SCALE_ROW_SLACK entries behind `width`. */
struct fw_scale_kernel {
    /* sums += row * weight; the weights of one page row add up to 256. */
    void (*add_grey)(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums);
    /* The same of packed bits, 1 counting as 255. */
    void (*add_bits)(const uint8_t *row, uint32_t width, uint32_t weight, uint16_t *sums);
    void (*narrow)(const uint16_t *sums, uint32_t width, uint8_t *ret); /* sums / 256 */
    /* Four taps for each of 4 pixels a group; an even number of groups. */
    void (*across)(const uint8_t *row, const uint32_t *from, const uint8_t *places,
                   const int8_t *weights, uint32_t groups, uint8_t *ret);
};

extern const struct fw_scale_kernel fw_scale_plain, fw_scale_avx2;
const struct fw_scale_kernel *fw_scale_kernel_choose(void);
#endif
