/* fetch.h - downloads one document from a customer's URL into a file.
 *
 * Only an answer 2xx to the URL itself counts (CONTRACT 1.2); every wait and every size is bounded.
 */
#ifndef FW_FETCH_H
#define FW_FETCH_H
#include <stdatomic.h>

#include "base/bounds.h"
#include "base/base.h"

struct fw_fetch_limits {
    const char *user_agent;
    bool        allow_private;
    uint64_t    size_max; /* bytes */
    uint32_t    connect_timeout_ms, total_timeout_ms;
    const atomic_bool *stop; /* may be NULL */
};

enum fw_fetch_end {
    FW_FETCH_OK,
    FW_FETCH_FAILED,      /* the far side's doing, or a URL we do not follow */
    FW_FETCH_TOO_LARGE,   /* passes size_max, or says so */
    FW_FETCH_INTERRUPTED, /* `stop` */
    FW_FETCH_LOCAL,       /* ours: disk, memory */
};

struct fw_fetch_result {
    enum fw_fetch_end end;
    int      http_status; /* 0: no answer */
    uint64_t size;        /* bytes written */
    char     text[256];   /* why not, a clause for people: "answered HTTP 404" */
};

/* Writes to `fd` from where it stands. */
void fw_fetch(const char *url, int fd, const struct fw_fetch_limits *limits,
              struct fw_fetch_result *ret);
#endif
