/* cors.h - which web pages may use the API from a browser. Pure.
 *
 * Off unless origins are configured. A key is sent by the page, never by the browser, so answers never
 * allow credentials. Source: WHATWG Fetch, "HTTP-network-or-cache fetch" and "CORS protocol".
 */
#ifndef FW_API_CORS_H
#define FW_API_CORS_H
#include "base/base.h"

/* `list` is "https://a.example, http://localhost:3000" or "*"; what the answer allows, NULL: nothing. */
const char *fw_cors_allow(const char *list, const char *origin);
/* NULL, or what is wrong with such a list. Empty is fine. */
const char *fw_cors_fault(const char *list);

#define FW_CORS_HEADERS "authorization, content-type, idempotency-key"
#define FW_CORS_EXPOSED                                                                            \
    "request-id, x-request-id, retry-after, idempotent-replayed, x-ratelimit-limit, "              \
    "x-ratelimit-remaining, x-ratelimit-reset"
#endif
