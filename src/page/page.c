/* What a page file holds, and comparing two of them. */
#include "page/page.h"
#include "page/tiff_read.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t fw_page_scale(uint32_t y_dpi)
{
    return y_dpi < 150 ? 1 : y_dpi < 290 ? 2 : 4; /* of 98, 196 and 391, half way */
}

enum fw_err fw_page_file_info(const char *path, uint32_t pages_max, uint32_t *ret_count,
                              struct fw_page_info *ret_pages, struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    enum fw_err err = fw_tiff_reader_open(path, &r, fault);
    uint32_t count = 0;
    while (!err) {
        struct fw_page_info page;
        err = fw_tiff_reader_page(r, &page, fault);
        if (err)
            return err;
        if (ret_pages && count < pages_max)
            ret_pages[count] = page;
        count++;
        err = fw_tiff_reader_next(r, fault);
    }
    if (err != FW_NOT_FOUND || count == 0)
        return err;
    *ret_count = count;
    return FW_OK;
}

/* Every row of the page the reader stands on. */
static enum fw_err read_rows(struct fw_tiff_reader *r, struct fw_fault *fault)
{
    struct fw_page_info page;
    enum fw_err err = fw_tiff_reader_page(r, &page, fault);
    for (uint32_t y = 0; !err && y < page.rows; y++) {
        const uint8_t *row;
        err = fw_tiff_reader_row(r, &row, fault);
    }
    return err;
}

enum fw_err fw_page_check(const char *path, uint32_t index, struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    enum fw_err err = fw_tiff_reader_open(path, &r, fault);
    for (uint32_t i = 0; !err && i < index; i++) {
        err = fw_tiff_reader_next(r, fault);
        if (err == FW_NOT_FOUND)
            fw_fault_set(fault, "", "the file has %u pages, not %u", i + 1, index + 1);
    }
    return err ? err : read_rows(r, fault);
}

static bool near(uint32_t a, uint32_t b)
{
    const uint32_t low = a < b ? a : b, high = a < b ? b : a;
    return (high - low) * 100 <= high * 3;
}

static bool same_shape(const struct fw_page_info *a, const struct fw_page_info *b, uint32_t number,
                       struct fw_page_difference *ret)
{
    if (a->width == b->width && a->rows == b->rows && near(a->x_dpi, b->x_dpi) &&
        near(a->y_dpi, b->y_dpi))
        return true;
    snprintf(ret->text, sizeof ret->text,
             "page %u: %u x %u pixels at %u x %u dpi, and %u x %u at %u x %u", number, a->width,
             a->rows, a->x_dpi, a->y_dpi, b->width, b->rows, b->x_dpi, b->y_dpi);
    return false;
}

static void tell_pixel(const uint8_t *a, const uint8_t *b, uint32_t number, uint32_t row,
                       struct fw_page_difference *ret)
{
    size_t i = 0;
    while (a[i] == b[i])
        i++;
    const unsigned differ = (unsigned)(a[i] ^ b[i]);
    const unsigned bit = (unsigned)__builtin_clz(differ) - 24;
    snprintf(ret->text, sizeof ret->text, "page %u, row %u, column %zu: black in the %s file only",
             number, row + 1, i * 8 + bit + 1, a[i] & (0x80U >> bit) ? "first" : "second");
}

/* One page of each; FW_CONFLICT at the first pixel that differs. */
static enum fw_err compare(struct fw_tiff_reader *a, struct fw_tiff_reader *b, uint32_t number,
                           struct fw_page_difference *ret, struct fw_fault *fault)
{
    struct fw_page_info pa, pb;
    enum fw_err err = fw_tiff_reader_page(a, &pa, fault);
    if (!err)
        err = fw_tiff_reader_page(b, &pb, fault);
    if (!err && !same_shape(&pa, &pb, number, ret))
        return FW_CONFLICT;
    for (uint32_t y = 0; !err && y < pa.rows; y++) {
        const uint8_t *ra, *rb = NULL;
        err = fw_tiff_reader_row(a, &ra, fault);
        if (!err)
            err = fw_tiff_reader_row(b, &rb, fault);
        if (!err && memcmp(ra, rb, ((size_t)pa.width + 7) / 8) != 0) {
            tell_pixel(ra, rb, number, y, ret);
            return FW_CONFLICT;
        }
    }
    return err;
}

enum fw_err fw_pages_equal(const char *a, const char *b, uint32_t *ret_count,
                           struct fw_page_difference *ret, struct fw_fault *fault)
{
    struct fw_tiff_reader *ra CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_tiff_reader *rb CLEANUP(fw_tiff_reader_free_p) = NULL;
    enum fw_err err = fw_tiff_reader_open(a, &ra, fault);
    if (!err)
        err = fw_tiff_reader_open(b, &rb, fault);
    for (uint32_t number = 1; !err; number++) {
        err = compare(ra, rb, number, ret, fault);
        if (err)
            return err;
        err = fw_tiff_reader_next(ra, fault);
        const enum fw_err err_b = fw_tiff_reader_next(rb, fault);
        if (err == FW_NOT_FOUND && err_b == FW_NOT_FOUND) {
            *ret_count = number;
            return FW_OK;
        }
        if (err == FW_NOT_FOUND || err_b == FW_NOT_FOUND) {
            snprintf(ret->text, sizeof ret->text,
                     "the %s file ends after page %u, the other goes on", err ? "first" : "second",
                     number);
            return FW_CONFLICT;
        }
        err = err ? err : err_b;
    }
    return err;
}
