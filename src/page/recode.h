/* recode.h - a page decoded row by row and coded as T.6 again, so that nothing of what came goes on
 * unread; private to the room. */
#ifndef FW_PAGE_RECODE_H
#define FW_PAGE_RECODE_H
#include "page/tiff_read.h"

/* The page that `r` just described, appended to `ret`. FW_INVALID: damaged; FW_LIMIT. */
MUST_USE enum fw_err fw_page_recode(struct fw_tiff_reader *r, const struct fw_page_info *page,
                                    struct fw_buf *ret, struct fw_fault *fault);
#endif
