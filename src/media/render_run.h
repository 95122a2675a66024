/* render_run.h - runs faxwire-render on one document and tells how it ended.
 *
 * The renderer reads fd 0, writes a TIFF to fd 1 and one JSON line to fd 3; it sees hostile
 * documents and may die in any way, or lie. So its time, its words and its descriptors are
 * bounded here, and what it says of its pages is the caller's to check.
 */
#ifndef FW_RENDER_RUN_H
#define FW_RENDER_RUN_H
#include <stdatomic.h>

#include "fax/fax.h"

struct fw_render_run {
    const char        *program;
    const struct fw_fax *fax; /* its quality options; `id` for the log */
    int                pages_max;
    bool               header_sheet; /* the document is the name in a header line (page/header.h) */
    const char        *pages;     /* which, as in page/range.h; NULL: all */
    int                document_fd; /* open for reading */
    int                pages_fd;    /* an empty regular file, open for both */
    uint32_t           wall_ms, cpu_s;
    /* Both set: `program` is faxwire-office, which speaks the same way; `pages_fd` gets a PDF. */
    const char        *office_kind, *office_folder;
    /* `program` is faxwire-barcode, likewise; `pages_fd` gets JSON. CHECK: it reads no document. */
    enum { FW_BARCODES_NO, FW_BARCODES_READ, FW_BARCODES_CHECK } barcodes;
    const atomic_bool *stop; /* may be NULL */
};

enum fw_run_end {
    FW_RUN_OK,
    FW_RUN_FORMAT,      /* not a document we know, or damaged */
    FW_RUN_PAGES,       /* more than pages_max */
    FW_RUN_LIMIT,       /* passed a limit of time, memory or size: the document is too heavy */
    FW_RUN_CRASHED,     /* by a signal, or spoke nonsense */
    FW_RUN_KILLED,      /* by SIGKILL, which no document can send */
    FW_RUN_UNAVAILABLE, /* ours: cannot be started, or has no sandbox here */
    FW_RUN_INTERRUPTED, /* `stop` */
    FW_RUN_OFFICE,      /* an office document: `text` is its kind */
};

struct fw_render_report {
    enum fw_run_end end;
    int  pages;     /* OK: as the renderer says */
    char text[256]; /* otherwise: a clause for people */
};

/* Forks, so it must not be called with locks held that the C library takes in a child. */
void fw_render_run(const struct fw_render_run *run, struct fw_render_report *ret);
#endif
