/* T.4: rows that begin with EOL, some or all of them coded by themselves. */
#include "page/t4.h"
#include "page/coder.h"
#include <stdlib.h>

enum { RTC_EOLS = 6 };

struct fw_t4 {
    struct fw_coder *coder;
    uint32_t k;
    uint32_t row_index; /* within the k rows of a group */
};

enum fw_err fw_t4_new(uint32_t width, uint32_t k, struct fw_t4 **ret)
{
    fw_assert(k > 0);
    struct fw_t4 *t = calloc(1, sizeof *t);
    if (!t)
        return FW_NO_MEMORY;
    t->k = k;
    const enum fw_err err = fw_coder_new(width, true, &t->coder);
    if (err) {
        fw_t4_free(t);
        return err;
    }
    *ret = t;
    return FW_OK;
}

void fw_t4_free(struct fw_t4 *t)
{
    if (t)
        fw_coder_free(t->coder);
    free(t);
}

/* In MR the bit behind it is 1 when the next row stands for itself. */
static void put_eol(struct fw_t4 *t, bool alone)
{
    if (t->k == FW_T4_MH)
        fw_coder_put(t->coder, 1, 12);
    else
        fw_coder_put(t->coder, 2U | alone, 13);
}

enum fw_err fw_t4_row(struct fw_t4 *t, const uint8_t *row, struct fw_buf *page)
{
    const bool alone = t->row_index == 0;
    t->row_index = (t->row_index + 1) % t->k;
    put_eol(t, alone);
    return fw_coder_row(t->coder, row, !alone, page);
}

enum fw_err fw_t4_end(struct fw_t4 *t, struct fw_buf *page)
{
    for (int i = 0; i < RTC_EOLS; i++)
        put_eol(t, true);
    t->row_index = 0;
    return fw_coder_end(t->coder, page);
}
