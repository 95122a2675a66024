/* Makes a coder, its table of codes and its choice of inner functions. */
#include "page/coder.h"
#include "page/run_code.h"
#include <stdlib.h>
#include <string.h>

#if defined(FW_CODER_AVX2)
#include <cpuid.h>
#endif

enum {
    BYTES_A_PIXEL = 3, /* more than any row can take: a horizontal code is 23 bits for 2 pixels */
    GATHERED = 16384,  /* bytes before they go to the page */
};

#if defined(FW_CODER_AVX2)
/* LZCNT by cpuid: __builtin_cpu_supports of clang 14 does not know its name. */
static bool can_avx2(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT);
}
#endif

static const struct fw_coder_rows *choose_rows(bool simd)
{
#if defined(FW_CODER_AVX2)
    if (simd && can_avx2())
        return &fw_coder_rows_avx2;
#endif
    (void)simd;
    return &fw_coder_rows_plain;
}

static size_t out_room(const struct fw_coder *c)
{
    return (size_t)c->width * BYTES_A_PIXEL + 64;
}

static void table_fill(struct fw_coder *c)
{
    for (unsigned colour = 0; colour < 2; colour++) {
        for (uint32_t run = 0; run <= FW_CODER_RUN_MAX; run++) {
            const struct code end = terminating[colour][run % 64];
            const struct code none = { 0, 0 };
            const struct code start = run >= 64 ? make_up[colour][run / 64 - 1] : none;
            const uint32_t code = (uint32_t)start.bits << end.size | end.bits;
            c->runs[colour][run] = code << 5 | (uint32_t)(start.size + end.size);
        }
    }
}

static void reference_white(struct fw_coder *c)
{
    for (size_t i = 0; i < FW_CODER_TRAIL; i++)
        c->reference[i] = (uint16_t)c->width;
    c->reference_count = 0;
    c->above_white = true;
}

enum fw_err fw_coder_new(uint32_t width, bool simd, struct fw_coder **ret)
{
    fw_assert(width > 0 && width <= FW_CODER_WIDTH_MAX);
    struct fw_coder *c = calloc(1, sizeof *c);
    if (!c)
        return FW_NO_MEMORY;
    /* More changes than there are may be written for a moment. */
    const size_t list_size = FW_CODER_LEAD + (size_t)width + 64 + FW_CODER_TRAIL;
    c->width = width;
    c->row_size = ((size_t)width + 7) / 8;
    c->rows = choose_rows(simd);
    c->lists = calloc(2 * list_size, sizeof *c->lists);
    c->block = calloc(2 + c->row_size / FW_CODER_BLOCK, FW_CODER_BLOCK);
    c->out = malloc(GATHERED + out_room(c));
    if (!c->lists || !c->block || !c->out) {
        fw_coder_free(c);
        return FW_NO_MEMORY;
    }
    c->above = c->block + FW_CODER_BLOCK;
    c->reference = c->lists + FW_CODER_LEAD;
    c->changes = c->reference + list_size;
    table_fill(c);
    reference_white(c);
    *ret = c;
    return FW_OK;
}

void fw_coder_free(struct fw_coder *c)
{
    if (!c)
        return;
    free(c->lists);
    free(c->block);
    free(c->out);
    free(c);
}

void fw_coder_put(struct fw_coder *c, uint32_t code, unsigned size)
{
    fw_assert(size <= 32);
    uint64_t pending = c->bits | (uint64_t)code << (64 - c->bit_count - size);
    for (c->bit_count += size; c->bit_count >= 8; c->bit_count -= 8) {
        c->out[c->out_size++] = (uint8_t)(pending >> 56);
        pending <<= 8;
    }
    c->bits = pending;
}

static enum fw_err flush(struct fw_coder *c, struct fw_buf *page)
{
    const size_t size = c->out_size;
    c->out_size = 0;
    return fw_buf_put(page, (struct fw_span){ c->out, size });
}

/* As the row above: each change is V0, and so is the end of the row. */
static void repeat_row(struct fw_coder *c)
{
    for (size_t left = c->reference_count + 1; left > 0;) {
        const unsigned part = left < 32 ? (unsigned)left : 32;
        fw_coder_put(c, part < 32 ? (1U << part) - 1 : ~0U, part);
        left -= part;
    }
}

/* The row as changes. Padding bits of its last byte may hold anything. */
static void find(struct fw_coder *c, const uint8_t *row)
{
    memcpy(c->above, row, c->row_size);
    if (c->width % 8)
        c->above[c->row_size - 1] &= (uint8_t)(0xff00 >> c->width % 8);
    size_t count = c->rows->find(c);
    if (count > 0 && c->changes[count - 1] == c->width) /* black up to the end is no change */
        count--;
    for (size_t i = 0; i < FW_CODER_TRAIL; i++)
        c->changes[count + i] = (uint16_t)c->width;
    c->change_count = count;
}

enum fw_err fw_coder_row(struct fw_coder *c, const uint8_t *row, bool two_d, struct fw_buf *page)
{
    if (two_d && !c->above_white && memcmp(row, c->above, c->row_size) == 0) {
        repeat_row(c);
    } else {
        find(c, row);
        if (two_d)
            c->rows->code_2d(c);
        else
            c->rows->code_1d(c);
        uint16_t *above = c->reference;
        c->reference = c->changes;
        c->reference_count = c->change_count;
        c->changes = above;
        c->above_white = false;
    }
    return c->out_size > GATHERED ? flush(c, page) : FW_OK;
}

enum fw_err fw_coder_end(struct fw_coder *c, struct fw_buf *page)
{
    if (c->bit_count > 0)
        c->out[c->out_size++] = (uint8_t)(c->bits >> 56);
    c->bits = 0;
    c->bit_count = 0;
    reference_white(c);
    return flush(c, page);
}
