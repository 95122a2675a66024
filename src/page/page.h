/* page.h - fax page files: what is in them, whether they are whole, whether two are the same.
 *
 * A page file is a TIFF of bitonal pages as fax engines write them. All of it may be hostile or cut
 * short: every function answers FW_INVALID with a fault then. Files are decoded a row at a time, so
 * memory stays near the size of the compressed page whatever it claims to unpack to. Any thread.
 *
 * Source: TIFF 6.0 (06/1992); RFC 2301.
 */
#ifndef FW_PAGE_H
#define FW_PAGE_H
#include "base/base.h"

enum {
    FW_PAGE_WIDTH_MAX = 4864,  /* A3 at 400 dpi, the widest fax page there is */
    FW_PAGE_ROWS_MAX = 40000,  /* 2.6 m at 391 dpi; longer is an attack */
    FW_PAGE_FILE_PAGES_MAX = 2000,
};

struct fw_page_info {
    uint32_t width, rows;
    uint32_t x_dpi, y_dpi; /* rounded; 204 x 98, 196 or 391 when the file does not say */
    size_t   bytes;        /* compressed */
};

/* 1, 2 or 4: how many rows at `y_dpi` (standard, fine or superfine, or near) are one at 98 an inch. */
uint32_t fw_page_scale(uint32_t y_dpi);

/* Counts the pages and, when `ret_pages` is not NULL, describes the first `pages_max` of them.
 * FW_NOT_FOUND: no such file; FW_INVALID: not a page file, or damaged. */
MUST_USE enum fw_err fw_page_file_info(const char *path, uint32_t pages_max, uint32_t *ret_count,
                                       struct fw_page_info *ret_pages, struct fw_fault *fault);

/* Decodes page `index` to the last row. FW_OK only when every row is there and undamaged: what to
 * ask before a received page is confirmed. FW_NOT_FOUND also when there is no such page. */
MUST_USE enum fw_err fw_page_check(const char *path, uint32_t index, struct fw_fault *fault);

struct fw_page_difference {
    char text[160]; /* for people; "page 2, row 17, column 803: black in the first file only" */
};

/* FW_OK: the same pages, pixel for pixel, however they are compressed and stored. FW_CONFLICT: they
 * differ, `ret` says where first. Resolutions may differ by 3 %, as engines round them. */
MUST_USE enum fw_err fw_pages_equal(const char *a, const char *b, uint32_t *ret_count,
                                    struct fw_page_difference *ret, struct fw_fault *fault);

/* Makes `to` anew of the first pages of `from`, at most `pages_max`, as many as are whole: what
 * follows a damaged one is left out, and so is all of the file that is no page. Whole or not at all
 * (temporary file beside it, synced, renamed). None is whole: FW_OK, `*ret_count` 0 and no file.
 * FW_NOT_FOUND: no such file; FW_IO, FW_LIMIT, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_page_copy(const char *from, const char *to, uint32_t pages_max,
                                  uint32_t *ret_count, struct fw_fault *fault);

/* Writes all pages to a PDF of the same look and true paper size, without loss, whole or not at all
 * (temporary file, rename). FW_LIMIT when it would pass `bytes_max`. */
MUST_USE enum fw_err fw_page_to_pdf(const char *tiff_path, const char *pdf_path, size_t bytes_max,
                                    struct fw_fault *fault);

enum fw_page_coding { FW_PAGE_MH, FW_PAGE_MR, FW_PAGE_MMR, FW_PAGE_CODINGS };
/* The bytes that the first pages (at most `pages_max`) take in each coding of fax lines. */
MUST_USE enum fw_err fw_page_measure(const char *path, uint32_t pages_max,
                                     size_t ret[FW_PAGE_CODINGS], struct fw_fault *fault);
#endif
