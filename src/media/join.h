/* join.h - puts page files behind one another without looking at the pages.
 *
 * The files come from a process that hostile documents may have captured, and this one holds the
 * keys, so they go through no image library here: only the directories are read, a fixed and
 * strict shape of them, and offsets moved. Not for TIFFs from elsewhere.
 *
 * Source: TIFF 6.0 (06/1992) section 2.
 */
#ifndef FW_JOIN_H
#define FW_JOIN_H
#include "base/base.h"

/* Counts the pages of the file and checks its directories. FW_INVALID: not of our shape, no page,
 * or an endless chain; FW_LIMIT: more than `page_max` pages; FW_IO. */
MUST_USE enum fw_err fw_join_count(int fd, int page_max, int *ret);
/* Appends the pages of `src` to `dst`, both as above. After an error `dst` is lost.
 * FW_LIMIT: more than `page_max` together, or the file would pass 2 GB. */
MUST_USE enum fw_err fw_join_append(int dst, int src, int page_max);
/* Writes "this page of how many" anew into each page. */
MUST_USE enum fw_err fw_join_number(int fd, int page_max);
/* The pages of `src` but the first `skip`, in `dst`, which is empty; their bytes as they are. FW_INVALID:
 * none would be left. */
MUST_USE enum fw_err fw_join_rest(int dst, int src, int skip, int page_max);
/* The same by path; `to` is made, and must not be there. */
MUST_USE enum fw_err fw_join_rest_file(const char *from, const char *to, int skip);

/* Where the code of a page stands in its file. */
struct fw_join_page {
    uint32_t width, rows, x_dpi, y_dpi;
    uint32_t code_at, code_size; /* one strip of T.6, 0 is white */
};
/* The page whose directory is at `*at`, 0 for the first; `*at` is then that of the next, 0 behind the last.
 * FW_INVALID: not of our shape, or coded in another way. */
MUST_USE enum fw_err fw_join_page(int fd, uint32_t *at, struct fw_join_page *ret);
/* Bytes of the file: all of them, or FW_IO, FW_INVALID. */
MUST_USE enum fw_err fw_join_read(int fd, void *dst, size_t size, uint64_t at);
#endif
