/* header_sheet.h - draws what header lines are set from: an alphabet, and the sender's name (page/header.h). */
#ifndef FW_HEADER_SHEET_H
#define FW_HEADER_SHEET_H
#include "render/convert.h"

/* The name, UTF-8 and one line, is what `in` holds; the sheet goes to `out`. `ret` says why not. */
MUST_USE enum fw_render_exit fw_header_sheet_run(const struct fw_convert *c, struct fw_converted *ret);
#endif
