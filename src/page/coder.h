/* coder.h - what the coders of T.4 and T.6 share: lists of colour changes and a writer of bits;
 * private to the room.
 *
 * A row becomes the list of its colour changes, found 64 pixels at a time, and is coded against the
 * list of the row above; a row that repeats it is known at a glance. The inner functions exist
 * twice, for any x86-64 and for one with AVX2 and bit counting, chosen when a coder is made; both
 * are built from one text, coder_rows.inc, and write the same bits.
 *
 * Source: ITU-T T.4 (07/2003) clause 4; ITU-T T.6 (11/1988) clause 2.
 */
#ifndef FW_CODER_H
#define FW_CODER_H
#include "base/buf.h"

enum {
    FW_CODER_WIDTH_MAX = 16384,
    FW_CODER_RUN_MAX = 2560 + 63, /* the longest run of one make-up and one terminating code */
    FW_CODER_LEAD = 1,            /* entries before a list; they are 0 */
    FW_CODER_TRAIL = 4, /* entries behind it; they are the width: coding looks two ahead */
    FW_CODER_BLOCK = 32, /* bytes of a row that are looked at together */
};

struct fw_coder;
struct fw_coder_rows {
    /* The row as changes, in place of those of the row coded last; returns how many there are, one at the width may be
     * too many. */
    size_t (*find)(struct fw_coder *c);
    void (*code_1d)(struct fw_coder *c);
    void (*code_2d)(struct fw_coder *c); /* against the reference */
};
extern const struct fw_coder_rows fw_coder_rows_plain, fw_coder_rows_avx2;

struct fw_coder {
    uint32_t width;
    size_t row_size;
    const struct fw_coder_rows *rows;
    uint16_t *reference, *changes; /* even entries start black, odd ones white */
    size_t change_count, reference_count;
    uint8_t *above;   /* the row that is coded, or was; with white before it and up to a whole block */
    bool above_white; /* there is none: it counts as white */
    uint64_t bits;    /* not yet in `out`, from the top; fewer than 8 of them */
    unsigned bit_count;
    uint8_t *out; /* gathered before it goes to the page */
    size_t out_size;
    uint32_t runs[2][FW_CODER_RUN_MAX + 1]; /* code << 5 | bits of it; white, black */
    uint16_t *lists;                        /* owned: both lists */
    uint8_t *block;                         /* owned: the block before `above`, and that */
};

/* `simd` false: never AVX2, for tests. */
MUST_USE enum fw_err fw_coder_new(uint32_t width, bool simd, struct fw_coder **ret);
void fw_coder_free(struct fw_coder *c);
/* One row in one or two dimensions; what has been gathered goes to `page` now and then. */
MUST_USE enum fw_err fw_coder_row(struct fw_coder *c, const uint8_t *row, bool two_d,
                                  struct fw_buf *page);
/* At most 32 bits. */
void fw_coder_put(struct fw_coder *c, uint32_t code, unsigned size);
/* Fills the last byte with zeros, writes all to `page` and forgets the row above. */
MUST_USE enum fw_err fw_coder_end(struct fw_coder *c, struct fw_buf *page);
#endif
