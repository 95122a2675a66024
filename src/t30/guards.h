/* guards.h - what stands between a far end and spandsp 0.0.6, inside the library.
 *
 * The library calls some of its own functions through the dynamic linker. guards.c defines these
 * names itself, looks at what comes by, and hands it on. So a frame that would kill the library is
 * turned into a bad frame on T.38 and on audio alike, and a page is measured while it is decoded.
 *
 * The guarded call is found by a thread-local pointer: fw_guards_enter before every call into the
 * library, fw_guards_leave after it.
 */
#ifndef FW_T30_GUARDS_H
#define FW_T30_GUARDS_H
#include "t30/terminal.h"

struct fw_guards {
    /* Bounds, set once. */
    uint32_t page_bytes_max, page_rows_max;
    /* What was seen. */
    enum fw_terminal_guard tripped; /* the first one */
    uint32_t page_bytes;            /* coded bytes received since the page began */
    uint64_t bytes;                 /* of all pages */
    uint64_t progress;              /* grows with every piece of image, in or out */
    uint32_t page_bits;             /* bits that are not yet a byte in page_bytes */
    uint32_t extras;                /* optional frames that the library keeps on the heap */
};

void fw_guards_trip(struct fw_guards *g, enum fw_terminal_guard guard);
void fw_guards_page(struct fw_guards *g); /* another page begins */
void fw_guards_enter(struct fw_guards *g);
void fw_guards_leave(void);
/* Finds the library's own functions. False: this program is not guarded. */
MUST_USE bool fw_guards_ready(void);
#endif
