/* The coder of T.6: lists of colour changes, compared with those of the row above. */
#include "page/t6.h"
#include "page/t6_code.h"
#include <stdlib.h>
#include <string.h>

enum {
    SENTINELS = 4,   /* a list ends with the width this many times: coding looks two ahead */
    OUT_SIZE = 4096, /* bytes gathered before they go to the page */
};

struct fw_t6 {
    uint32_t width;
    uint32_t *reference; /* changes of the row above: even ones start black, odd ones white */
    uint32_t *changes;   /* of the row being coded */
    uint64_t bits;       /* not yet written, right-aligned */
    unsigned bit_count;  /* of them, below 32 between puts */
    size_t out_size;
    uint8_t out[OUT_SIZE];
};

enum fw_err fw_t6_new(uint32_t width, struct fw_t6 **ret)
{
    fw_assert(width > 0 && width <= FW_T6_WIDTH_MAX);
    struct fw_t6 *t = calloc(1, sizeof *t);
    const size_t list_size = ((size_t)width + 2 * SENTINELS) * sizeof *t->changes;
    if (t) {
        t->width = width;
        t->reference = malloc(list_size);
        t->changes = malloc(list_size);
    }
    if (!t || !t->reference || !t->changes) {
        fw_t6_free(t);
        return FW_NO_MEMORY;
    }
    for (size_t i = 0; i < SENTINELS; i++)
        t->reference[i] = width;
    *ret = t;
    return FW_OK;
}

void fw_t6_free(struct fw_t6 *t)
{
    if (!t)
        return;
    free(t->reference);
    free(t->changes);
    free(t);
}

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return __builtin_bswap64(word);
}

/* The last, short word of a row: what lies behind it reads as white. */
static uint64_t load_tail(const uint8_t *p, size_t size)
{
    uint8_t part[8] = { 0 };
    memcpy(part, p, size);
    return load_be64(part);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "load_be64 swaps");

/* A pixel that differs from its left neighbour is a change; before the row all is white. */
static void find_changes(const uint8_t *row, uint32_t width, uint32_t *ret)
{
    const size_t row_size = ((size_t)width + 7) / 8;
    uint64_t last = 0;
    size_t count = 0;
    for (size_t at = 0; at < row_size; at += 8) {
        const size_t rest = row_size - at;
        const uint64_t word = rest >= 8 ? load_be64(row + at) : load_tail(row + at, rest);
        uint64_t changed = word ^ (word >> 1 | last << 63);
        last = word & 1;
        while (changed) {
            const unsigned bit = (unsigned)__builtin_clzll(changed);
            changed &= ~(0x8000000000000000U >> bit);
            ret[count++] = (uint32_t)(at * 8 + bit);
        }
    }
    while (count > 0 && ret[count - 1] >= width) /* padding bits may hold anything */
        count--;
    for (size_t i = 0; i < SENTINELS; i++)
        ret[count++] = width;
}

static inline void put(struct fw_t6 *t, uint32_t bits, unsigned size)
{
    t->bits = t->bits << size | bits;
    t->bit_count += size;
    if (t->bit_count < 32)
        return;
    t->bit_count -= 32;
    const uint32_t word = __builtin_bswap32((uint32_t)(t->bits >> t->bit_count));
    memcpy(t->out + t->out_size, &word, sizeof word);
    t->out_size += sizeof word;
}

static void put_run(struct fw_t6 *t, unsigned colour, uint32_t run)
{
    const struct code *long_run = make_up[colour];
    for (; run >= 2560 + 64; run -= 2560)
        put(t, long_run[39].bits, long_run[39].size);
    if (run >= 64) {
        const struct code *code = &long_run[run / 64 - 1];
        put(t, code->bits, code->size);
    }
    const struct code *code = &terminating[colour][run % 64];
    put(t, code->bits, code->size);
}

/* By how much a1 lies right of b1, from -3 to 3. */
static const struct code vertical[7] = { { 0x02, 7 }, { 0x02, 6 }, { 0x02, 3 }, { 0x01, 1 },
                                         { 0x03, 3 }, { 0x03, 6 }, { 0x03, 7 } };

/* One code of the row is 3 bits and two runs at most; this many bytes hold any. */
enum { STEP_SIZE_MAX = 2 * (FW_T6_WIDTH_MAX / 2560 + 2) * 2 + 32 };
_Static_assert(STEP_SIZE_MAX < OUT_SIZE / 8, "room for many steps");

static enum fw_err flush(struct fw_t6 *t, struct fw_buf *page)
{
    const size_t size = t->out_size;
    t->out_size = 0;
    return fw_buf_put(page, (struct fw_span){ t->out, size });
}

/* a0 is where coding stands, a1 and a2 the next changes on this row, b1 and b2 on the row above,
 * as in clause 2.2.1. `i` and `j` index a1 and b1; both keep the parity of the colour. */
static enum fw_err code_row(struct fw_t6 *t, struct fw_buf *page)
{
    const uint32_t *a = t->changes, *b = t->reference, width = t->width;
    uint32_t a0 = 0;
    size_t i = 0, j = 0;
    bool first = true; /* a0 is the imaginary pixel left of the row: b1 may be at 0 */
    for (;;) {
        if (t->out_size > OUT_SIZE - STEP_SIZE_MAX) {
            const enum fw_err err = flush(t, page);
            if (err)
                return err;
        }
        while (b[j] <= a0 && b[j] < width && !(first && b[j] == 0))
            j += 2;
        const uint32_t a1 = a[i], b1 = b[j], b2 = b[j + 1];
        const uint32_t apart = a1 - b1 + 3; /* wraps on purpose */
        if (b2 < a1) {
            put(t, 0x1, 4);
            a0 = b2;
        } else if (apart <= 6) {
            put(t, vertical[apart].bits, vertical[apart].size);
            a0 = a1;
            i++;
            j = j > 0 ? j - 1 : 1;
        } else {
            const uint32_t a2 = a[i + 1];
            put(t, 0x1, 3);
            put_run(t, i & 1, a1 - a0);
            put_run(t, (i & 1) ^ 1, a2 - a1);
            a0 = a2;
            i += 2;
        }
        first = false;
        if (a0 >= width)
            return FW_OK;
    }
}

enum fw_err fw_t6_row(struct fw_t6 *t, const uint8_t *row, struct fw_buf *page)
{
    find_changes(row, t->width, t->changes);
    const enum fw_err err = code_row(t, page);
    uint32_t *above = t->reference;
    t->reference = t->changes;
    t->changes = above;
    return err;
}

enum fw_err fw_t6_end(struct fw_t6 *t, struct fw_buf *page)
{
    put(t, 0x001, 12); /* EOFB is two EOLs */
    put(t, 0x001, 12);
    put(t, 0, 31); /* pushes the last bits out as whole words */
    const size_t padding = (31 - t->bit_count) / 8;
    t->out_size -= padding < t->out_size ? padding : t->out_size;
    t->bits = 0;
    t->bit_count = 0;
    for (size_t i = 0; i < SENTINELS; i++)
        t->reference[i] = t->width;
    return flush(t, page);
}
