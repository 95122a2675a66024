/* The inner functions of the coder for any processor. */
#include "page/coder.h"

#include "page/coder_rows.inc"

/* A pixel that differs from its left neighbour is a change; before the row all is white. */
static size_t rows_find(struct fw_coder *c)
{
    uint16_t *ret = c->changes;
    uint64_t last = 0;
    for (size_t at = 0; at < c->row_size; at += 8) {
        uint64_t word;
        memcpy(&word, c->above + at, sizeof word);
        word = __builtin_bswap64(word);
        uint64_t changed = word ^ (word >> 1 | last << 63);
        last = word & 1;
        for (; changed; ret++) {
            const unsigned bit = (unsigned)__builtin_clzll(changed);
            changed ^= 0x8000000000000000U >> bit;
            *ret = (uint16_t)(at * 8 + bit);
        }
    }
    return (size_t)(ret - c->changes);
}

const struct fw_coder_rows fw_coder_rows_plain = { rows_find, rows_code_1d, rows_code_2d };
