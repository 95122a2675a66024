/* tiff_read.h - the edge to libtiff: pages of a TIFF as plain rows; for this room and for barcode.
 *
 * libtiff speaks to its caller through handlers of this file handle, never through stderr.
 */
#ifndef FW_TIFF_READ_H
#define FW_TIFF_READ_H
#include "base/buf.h"
#include "page/page.h"

struct fw_tiff_reader;

MUST_USE enum fw_err fw_tiff_reader_open(const char *path, struct fw_tiff_reader **ret,
                                         struct fw_fault *fault);
/* Closes `fd` with the reader; for who may open nothing. */
MUST_USE enum fw_err fw_tiff_reader_open_fd(int fd, struct fw_tiff_reader **ret, struct fw_fault *fault);
void fw_tiff_reader_free(struct fw_tiff_reader *r);
void fw_tiff_reader_free_p(struct fw_tiff_reader **r); /* for CLEANUP */

/* The page it stands on, the first after open. FW_INVALID: not a fax page. */
MUST_USE enum fw_err fw_tiff_reader_page(struct fw_tiff_reader *r, struct fw_page_info *ret,
                                         struct fw_fault *fault);
/* FW_NOT_FOUND behind the last page. */
MUST_USE enum fw_err fw_tiff_reader_next(struct fw_tiff_reader *r, struct fw_fault *fault);
/* The next row of the page last described: packed, 1 is black, bits behind the width 0. Valid until
 * the next call. FW_INVALID when it is missing or damaged. */
MUST_USE enum fw_err fw_tiff_reader_row(struct fw_tiff_reader *r, const uint8_t **ret,
                                        struct fw_fault *fault);
/* The code of the page last described, as it stands in the file, when that is one strip of T.6 with an
 * end mark that a PDF may hold as it is. Valid until the next page. FW_NOT_FOUND: it is not; FW_INVALID:
 * it cannot be read. */
MUST_USE enum fw_err fw_tiff_reader_t6(struct fw_tiff_reader *r, struct fw_span *ret,
                                       struct fw_fault *fault);
#endif
