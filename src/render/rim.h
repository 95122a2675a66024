/* rim.h - the rim of a small letter, decided for an even outline. Pure.
 *
 * A pixel that a letter covers by nearly what the threshold asks for may as well be black as white: which of the two is
 * chance, and chance makes notches and bumps along the strokes, which are ugly and are paid for in every row of a fax.
 * Such a pixel goes to the side that makes the outline shorter to tell (ITU-T T.6 clause 2.2), unless that parts what
 * hangs together. An eighth of its distance from the threshold is what it costs to change it.
 */
#ifndef FW_RIM_H
#define FW_RIM_H
#include "base/base.h"

enum { FW_RIM_WIDTH_MAX = 56, FW_RIM_ROWS_MAX = 64, FW_RIM_DOUBT = 36 };

/* A letter no larger than the above. */
struct fw_rim {
    const uint8_t *cover; /* a byte a pixel: how much of 255 the letter covers */
    ptrdiff_t stride;
    int width, rows;
    int cover_min; /* from here on a pixel is black */
};

/* `words` is the letter by the threshold, a word a row, its leftmost pixel in the top bit. Pixels within FW_RIM_DOUBT
 * of the threshold may change. */
void fw_rim_settle(const struct fw_rim *r, uint64_t *words);
#endif
