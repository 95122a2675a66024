/* query.h - a request's target: its path in segments and the parameters of its query; pure.
 *
 * Brackets may come raw or percent-encoded: `page[number]=2`, `page%5Bnumber%5D=2` (CONTRACT 1.1).
 * Source: RFC 3986 clauses 3.3 and 3.4.
 */
#ifndef FW_API_QUERY_H
#define FW_API_QUERY_H
#include "base/buf.h"

enum { FW_TARGET_MAX = 8192, FW_QUERY_MAX = 64, FW_SEGMENTS_MAX = 8 };

struct fw_target {
    char   text[2 * FW_TARGET_MAX]; /* decoded; what the pointers below point into */
    size_t used;
    int    segment_count;
    const char *segments[FW_SEGMENTS_MAX];
    int    query_count;
    struct { const char *name, *value; } query[FW_QUERY_MAX];
};

/* `raw` as the request line had it, "/v2/faxes?page[size]=2". Errors: FW_INVALID for a bad escape
 * or no leading slash, FW_LIMIT when there is too much of it. */
MUST_USE enum fw_err fw_target_parse(struct fw_span raw, struct fw_target *ret);
/* The first parameter of that name, or NULL. */
const char *fw_query_get(const struct fw_target *t, const char *name);
#endif
