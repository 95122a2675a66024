/* measure.h - the bytes of a page in each coding of fax lines; private to the room. */
#ifndef FW_MEASURE_H
#define FW_MEASURE_H
#include "page/page.h"
#include "page/tiff_read.h"

/* Reads the rows of the page last described by the reader and adds to `bytes`. */
MUST_USE enum fw_err fw_measure_rows(struct fw_tiff_reader *r, const struct fw_page_info *page,
                                     size_t bytes[FW_PAGE_CODINGS], struct fw_fault *fault);
#endif
