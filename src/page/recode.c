/* Rows in, T.6 out. */
#include "page/recode.h"

#include "page/t6.h"

static void t6_free_p(struct fw_t6 **t)
{
    fw_t6_free(*t);
}

enum fw_err fw_page_recode(struct fw_tiff_reader *r, const struct fw_page_info *page,
                           struct fw_buf *ret, struct fw_fault *fault)
{
    struct fw_t6 *t6 CLEANUP(t6_free_p) = NULL;
    enum fw_err err = fw_t6_new(page->width, &t6);
    for (uint32_t y = 0; !err && y < page->rows; y++) {
        const uint8_t *row = NULL;
        err = fw_tiff_reader_row(r, &row, fault);
        if (!err)
            err = fw_t6_row(t6, row, ret);
    }
    return err ? err : fw_t6_end(t6, ret);
}
