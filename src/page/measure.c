/* What pages would take on a line, by coding them in every way. */
#include "page/measure.h"
#include "page/t4.h"
#include "page/t6.h"

enum { CODE_BYTES_MAX = 64 * 1024 * 1024 };

struct coders {
    struct fw_t4 *mh, *mr;
    struct fw_t6 *mmr;
    struct fw_buf code[FW_PAGE_CODINGS];
};

static void coders_done(struct coders *c)
{
    fw_t4_free(c->mh);
    fw_t4_free(c->mr);
    fw_t6_free(c->mmr);
    for (int i = 0; i < FW_PAGE_CODINGS; i++)
        fw_buf_done(&c->code[i]);
}

static enum fw_err coders_new(struct coders *c, uint32_t width)
{
    *c = (struct coders){ 0 };
    for (int i = 0; i < FW_PAGE_CODINGS; i++)
        fw_buf_init(&c->code[i], CODE_BYTES_MAX);
    enum fw_err err = fw_t4_new(width, FW_T4_MH, &c->mh);
    if (!err)
        err = fw_t4_new(width, FW_T4_MR_FINE, &c->mr);
    return err ? err : fw_t6_new(width, &c->mmr);
}

enum fw_err fw_measure_rows(struct fw_tiff_reader *r, const struct fw_page_info *page,
                            size_t bytes[FW_PAGE_CODINGS], struct fw_fault *fault)
{
    struct coders c CLEANUP(coders_done) = { 0 };
    enum fw_err err = coders_new(&c, page->width);
    for (uint32_t y = 0; !err && y < page->rows; y++) {
        const uint8_t *row = NULL;
        err = fw_tiff_reader_row(r, &row, fault);
        if (!err)
            err = fw_t4_row(c.mh, row, &c.code[FW_PAGE_MH]);
        if (!err)
            err = fw_t4_row(c.mr, row, &c.code[FW_PAGE_MR]);
        if (!err)
            err = fw_t6_row(c.mmr, row, &c.code[FW_PAGE_MMR]);
    }
    if (!err)
        err = fw_t4_end(c.mh, &c.code[FW_PAGE_MH]);
    if (!err)
        err = fw_t4_end(c.mr, &c.code[FW_PAGE_MR]);
    if (!err)
        err = fw_t6_end(c.mmr, &c.code[FW_PAGE_MMR]);
    for (int i = 0; !err && i < FW_PAGE_CODINGS; i++)
        bytes[i] += c.code[i].size;
    return err;
}

static enum fw_err measure_page(struct fw_tiff_reader *r, size_t bytes[FW_PAGE_CODINGS],
                                struct fw_fault *fault)
{
    struct fw_page_info page;
    const enum fw_err err = fw_tiff_reader_page(r, &page, fault);
    return err ? err : fw_measure_rows(r, &page, bytes, fault);
}

enum fw_err fw_page_measure(const char *path, uint32_t pages_max, size_t ret[FW_PAGE_CODINGS],
                            struct fw_fault *fault)
{
    size_t bytes[FW_PAGE_CODINGS] = { 0 };
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    enum fw_err err = fw_tiff_reader_open(path, &r, fault);
    for (uint32_t i = 0; !err && i < pages_max; i++) {
        if (i > 0)
            err = fw_tiff_reader_next(r, fault);
        if (!err)
            err = measure_page(r, bytes, fault);
    }
    if (err && err != FW_NOT_FOUND)
        return err;
    for (int i = 0; i < FW_PAGE_CODINGS; i++)
        ret[i] = bytes[i];
    return bytes[FW_PAGE_MMR] > 0 ? FW_OK : FW_INVALID;
}
