/* media.h - makes the documents of one fax into its pages: fetch, render, join.
 *
 * Blocking, on a thread of the caller; any number of threads may work on different faxes. The
 * documents themselves are never read here: only faxwire-render does, in its sandbox. Every file
 * is written under another name, synced, then renamed, so that after a crash only what is missing
 * is done again.
 *
 * Files in the folder of the fax: document-1 … document-n, pages.tif; office.new and office.pdf while
 * an office document is converted.
 */
#ifndef FW_MEDIA_H
#define FW_MEDIA_H
#include <stdatomic.h>

#include "fax/fax.h"

struct fw_media_config {
    const char *render_program; /* path of faxwire-render */
    const char *office_program; /* path of faxwire-office */
    const char *covers_dir;     /* templates of cover pages; NULL or empty: only those built in */
    const char *user_agent;     /* of the fetch; NULL: "faxwire" */
    bool        allow_private;  /* loopback and private addresses may be fetched from */
    uint32_t    connect_timeout_ms; /* 0: 10 s */
    uint32_t    fetch_timeout_ms;   /* one document; 0: 60 s */
    uint32_t    render_wall_ms;     /* one document; 0: 300 s */
    uint32_t    render_cpu_s;       /* one document; 0: 120 s */
};

struct fw_media_job {
    const struct fw_media_config *config;
    const struct fw_fax *fax;
    const char *dir;          /* folder of the fax; exists */
    const atomic_bool *stop;  /* may be NULL; looked at four times a second or more */
};

enum fw_media_end {
    FW_MEDIA_OK,          /* `dir`/pages.tif is there and synced */
    FW_MEDIA_FAILED,      /* for good: reason and detail */
    FW_MEDIA_INTERRUPTED, /* by `stop`: nothing is decided, call again */
};

struct fw_media_result {
    enum fw_media_end end;
    int      page_count;
    uint64_t bytes; /* of pages.tif */
    char     reason[FW_REASON_SIZE]; /* of CONTRACT 4 */
    char     detail[FW_TEXT_SIZE];   /* for people; no query or password of a URL in it */
};

void fw_media_prepare(const struct fw_media_job *job, struct fw_media_result *ret);
#endif
