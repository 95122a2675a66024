/* tiff_write.h - writes a fax document: a TIFF of coded pages, one strip a page.
 *
 * Needs no library and only write, lseek and pwrite on an fd it is given, so it works inside the
 * strictest sandbox and its cost does not grow with the pages written before.
 *
 * Source: TIFF 6.0 (06/1992) sections 2 and 11; RFC 2301 (TIFF for fax) names the fields.
 */
#ifndef FW_TIFF_WRITE_H
#define FW_TIFF_WRITE_H
#include "base/buf.h"

enum fw_coding { FW_CODING_T6, FW_CODING_MR, FW_CODING_MH };

struct fw_tiff_page {
    uint32_t       width, rows;
    uint32_t       x_dpi, y_dpi;
    struct fw_span code; /* borrowed; from fw_t6_end or fw_t4_end */
    enum fw_coding coding;
};

struct fw_tiff_writer {
    int      fd; /* borrowed: a regular, empty file open for reading and writing */
    uint32_t page_count, pages_written;
    uint32_t end;     /* bytes written */
    uint32_t link_at; /* where the offset of the next page's directory goes */
};

/* Errors: FW_IO (file full, disk full). `page_count` goes into each page's PageNumber. */
MUST_USE enum fw_err fw_tiff_start(struct fw_tiff_writer *w, int fd, uint32_t page_count);
/* FW_LIMIT when the file would pass 2 GB. */
MUST_USE enum fw_err fw_tiff_put(struct fw_tiff_writer *w, const struct fw_tiff_page *page);
#endif
