/* tone_kernel.h - the loops of tone that see every pixel; private to the room.
 *
 * They exist twice, in plain C and for AVX2, chosen when the program runs, with the same results.
 */
#ifndef FW_TONE_KERNEL_H
#define FW_TONE_KERNEL_H
#include "render/tone.h"

/* Is there an area of one grey, 4 x 4 pixels or more, in a tile? Smoothed edges are one pixel thin
 * and lines that lie across two rows are two, so neither is. */
enum { FW_TONE_EVEN_NOWHERE, FW_TONE_EVEN_SOMEWHERE, FW_TONE_EVEN_AREA };

enum {
    FW_TONE_BLACK_SNAP = 24,  /* as good as black: no error is passed on, so text stays clean */
    FW_TONE_WHITE_SNAP = 236, /* as good as white, likewise paper */
    FW_TONE_EVEN = 8,         /* greys this near are one tint */
};

struct fw_tone_kernel {
    /* A row of pixels to bits; grey below `threshold` (1 to 255) is black. */
    void (*threshold)(const uint8_t *grey, uint32_t threshold, uint8_t ret[FW_RENDER_WIDTH / 8]);
    /* For each tile of a row of tiles, `rows` (1 to 16) high: one of the above. */
    void (*evenness)(const uint8_t *grey, uint32_t rows, uint8_t ret[FW_TONE_TILES]);
};

extern const struct fw_tone_kernel fw_tone_plain, fw_tone_avx2;
const struct fw_tone_kernel *fw_tone_kernel_choose(void);
#endif
