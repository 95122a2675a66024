/* outgoing.h - the page file of one call, out of the pages of a fax.
 *
 * Without a header line it is a second name of that file, or a copy of what is left of it when some pages
 * went before. With one each page is written anew under its header (page/header.h); the bytes of its code are
 * copied, so that a page costs what it takes to copy it. Blocking. The file comes from a process that hostile
 * documents may have captured: no image library sees it here (media/join.h).
 */
#ifndef FW_MEDIA_OUTGOING_H
#define FW_MEDIA_OUTGOING_H
#include "fax/header_line.h"

#define FW_HEADER_SHEET_FILE "header.bits" /* beside pages.tif */

/* Makes `to` of the pages in the folder `dir` but the first `skip`; `line` NULL: without header. `to` must not
 * be there, unless it is the second name already. FW_IO, FW_INVALID: the pages or the sheet are damaged,
 * FW_LIMIT: too large, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_outgoing_make(const char *dir, const char *to, int skip, const struct fw_header_text *line);
#endif
