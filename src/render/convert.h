/* convert.h - the way of a document: opened, drawn page by page, made black and white, written.
 *
 * Memory is that of one page, whatever the document's length.
 */
#ifndef FW_CONVERT_H
#define FW_CONVERT_H
#include "page/range.h"
#include "render/render_exit.h"
#include "render/tone.h"

struct fw_convert {
    int               in, out; /* fds of regular files */
    uint32_t          y_dpi;   /* 98, 196 or 391 */
    enum fw_tone_mode mode;
    uint32_t          threshold;
    int               pages_max;
    const struct fw_page_ranges *pages; /* NULL: all */
    bool              header_sheet; /* the document is a name: header_sheet.h */
    size_t            memory_max; /* bytes MuPDF may hold at once */
};

struct fw_converted {
    uint32_t pages;
    size_t   bytes;    /* of coded pages */
    char     why[256]; /* set on failure; a sentence for the sender of the document */
};

MUST_USE enum fw_render_exit fw_convert_run(const struct fw_convert *c, struct fw_converted *ret);
#endif
