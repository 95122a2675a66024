/* T.6: every row against the row above, and an end mark. */
#include "page/t6.h"
#include "page/coder.h"
#include <stdlib.h>

_Static_assert((int)FW_T6_WIDTH_MAX == (int)FW_CODER_WIDTH_MAX, "one coder under both");

struct fw_t6 {
    struct fw_coder *coder;
};

enum fw_err fw_t6_new(uint32_t width, struct fw_t6 **ret)
{
    struct fw_t6 *t = calloc(1, sizeof *t);
    if (!t)
        return FW_NO_MEMORY;
    const enum fw_err err = fw_coder_new(width, true, &t->coder);
    if (err) {
        fw_t6_free(t);
        return err;
    }
    *ret = t;
    return FW_OK;
}

void fw_t6_free(struct fw_t6 *t)
{
    if (t)
        fw_coder_free(t->coder);
    free(t);
}

enum fw_err fw_t6_row(struct fw_t6 *t, const uint8_t *row, struct fw_buf *page)
{
    return fw_coder_row(t->coder, row, true, page);
}

enum fw_err fw_t6_end(struct fw_t6 *t, struct fw_buf *page)
{
    fw_coder_put(t->coder, 0x001001, 24); /* EOFB is two EOLs */
    return fw_coder_end(t->coder, page);
}
