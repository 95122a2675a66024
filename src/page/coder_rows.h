/* coder_rows.h - the inner functions of the coder; included by coder_plain.c and coder_avx2.c,
 * which are compiled for different processors.
 */
#ifndef FW_CODER_ROWS_H
#define FW_CODER_ROWS_H
#include "page/coder.h"
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are swapped");

/* The writer, in registers while a row is coded. */
struct bits {
    uint64_t pending; /* from the top */
    unsigned count;   /* below 8 between puts */
    uint8_t *at;
};

static inline struct bits bits_take(const struct fw_coder *c)
{
    return (struct bits){ c->bits, c->bit_count, c->out + c->out_size };
}

static inline void bits_give(struct fw_coder *c, const struct bits *b)
{
    c->bits = b->pending;
    c->bit_count = b->count;
    c->out_size = (size_t)(b->at - c->out);
}

/* At most 56 bits, at least one. Always stores eight bytes and steps over the whole ones. */
static inline void bits_put(struct bits *b, uint64_t code, unsigned size)
{
    b->pending |= code << (64 - b->count - size);
    b->count += size;
    const uint64_t swapped = __builtin_bswap64(b->pending);
    memcpy(b->at, &swapped, sizeof swapped);
    b->at += b->count >> 3;
    b->pending <<= b->count & 56;
    b->count &= 7;
}

static inline uint64_t load_be64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return __builtin_bswap64(word);
}

/* The last, short word of a row: what lies behind it reads as white. */
static inline uint64_t load_tail(const uint8_t *p, size_t size)
{
    uint8_t part[8] = { 0 };
    memcpy(part, p, size);
    return load_be64(part);
}

/* The changes within one word. Four are written whatever there are: most words have no more, and
 * what is too much is written over by the next. */
static inline size_t put_changes(uint16_t *ret, uint64_t changed, uint32_t base)
{
    const size_t count = (size_t)__builtin_popcountll(changed);
    for (size_t i = 0; i < count; i++) {
        const unsigned bit = (unsigned)__builtin_clzll(changed);
        changed ^= 0x8000000000000000U >> bit;
        ret[i] = (uint16_t)(base + bit);
    }
    return count;
}

/* A pixel that differs from its left neighbour is a change; before the row all is white. */
static void rows_find(struct fw_coder *c, const uint8_t *row)
{
    uint16_t *ret = c->changes;
    const size_t whole = c->row_size & ~(size_t)7;
    uint64_t last = 0;
    size_t count = 0;
    for (size_t at = 0; at < whole; at += 8) {
        const uint64_t word = load_be64(row + at);
        const uint64_t changed = word ^ (word >> 1 | last << 63);
        last = word & 1;
        if (changed)
            count += put_changes(ret + count, changed, (uint32_t)(at * 8));
    }
    if (whole < c->row_size) {
        const uint64_t word = load_tail(row + whole, c->row_size - whole);
        count += put_changes(ret + count, word ^ (word >> 1 | last << 63), (uint32_t)(whole * 8));
    }
    while (count > 0 && ret[count - 1] >= c->width) /* padding bits may hold anything */
        count--;
    for (size_t i = 0; i < FW_CODER_TRAIL; i++)
        ret[count + i] = (uint16_t)c->width;
    c->change_count = count;
}

/* Any run; those of 2560 and more repeat the longest make-up code. */
static inline void put_run(const struct fw_coder *c, struct bits *b, unsigned colour, uint32_t run)
{
    for (; run > FW_CODER_RUN_MAX; run -= 2560)
        bits_put(b, 0x1f, 12);
    const uint32_t code = c->runs[colour][run];
    bits_put(b, code >> 5, code & 31);
}

/* Two runs behind up to 10 bits of code: 10 + 20 + 25 is what one put takes. */
static inline void put_two_runs(const struct fw_coder *c, struct bits *b, uint64_t code,
                                unsigned size, unsigned colour, uint32_t run1, uint32_t run2)
{
    if (run1 > FW_CODER_RUN_MAX || run2 > FW_CODER_RUN_MAX) {
        if (size > 0)
            bits_put(b, code, size);
        put_run(c, b, colour, run1);
        put_run(c, b, colour ^ 1, run2);
        return;
    }
    const uint32_t one = c->runs[colour][run1], two = c->runs[colour ^ 1][run2];
    code = (code << (one & 31) | one >> 5) << (two & 31) | two >> 5;
    bits_put(b, code, size + (one & 31) + (two & 31));
}

static void rows_code_1d(struct fw_coder *c)
{
    struct bits b = bits_take(c);
    const uint16_t *a = c->changes;
    uint32_t at = 0;
    size_t i = 0;
    /* Pairs of white and black; a row that ends white ends in a pair without black. */
    for (; i + 1 <= c->change_count; i += 2) {
        put_two_runs(c, &b, 0, 0, 0, a[i] - at, (uint32_t)a[i + 1] - a[i]);
        at = a[i + 1];
    }
    if (at < c->width)
        put_run(c, &b, 0, c->width - at);
    bits_give(c, &b);
}

/* By how much a1 lies right of b1, from -3 to 3. */
static const struct {
    uint8_t code, size;
} vertical[7] = { { 0x02, 7 }, { 0x02, 6 }, { 0x02, 3 }, { 0x01, 1 },
                  { 0x03, 3 }, { 0x03, 6 }, { 0x03, 7 } };

/* a0 is where coding stands, a1 and a2 the next changes on this row, b1 and b2 on the row above,
 * as in clause 2.2.1 of T.6; `i` and `j` index a1 and b1. Branches on purpose: they are guessed
 * right more often than the long chain of a branchless form pays for, which was measured. */
static void rows_code_2d(struct fw_coder *c)
{
    struct bits out = bits_take(c);
    const uint16_t *a = c->changes, *b = c->reference;
    const int32_t width = (int32_t)c->width;
    int32_t a0 = -1; /* the imaginary pixel left of the row */
    size_t i = 0;
    ptrdiff_t j = 0; /* -1 for a moment: a change at 0, which no a0 lies left of */
    for (;;) {
        const int32_t a1 = a[i], b1 = b[j];
        if (a1 == b1) { /* V0, the code of most changes: b2 lies right of it for certain */
            bits_put(&out, 1, 1);
            a0 = a1;
            i++;
            j++;
            if (a0 >= width)
                break;
            continue;
        }
        const int32_t b2 = b[j + 1];
        const uint32_t apart = (uint32_t)(a1 - b1 + 3);
        if (b2 < a1) {
            bits_put(&out, 1, 4);
            a0 = b2;
            j += 2;
            continue;
        }
        if (apart <= 6) {
            bits_put(&out, vertical[apart].code, vertical[apart].size);
            a0 = a1;
            i++;
            j--;
        } else {
            put_two_runs(c, &out, 1, 3, (unsigned)i & 1, (uint32_t)(a1 - (a0 < 0 ? 0 : a0)),
                         (uint32_t)a[i + 1] - (uint32_t)a1);
            a0 = a[i + 1];
            i += 2;
        }
        if (a0 >= width)
            break;
        while (b[j] <= a0)
            j += 2;
    }
    bits_give(c, &out);
}
#endif
