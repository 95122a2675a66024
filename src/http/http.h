/* http.h - HTTP handles that may be pointed at a customer's URL; the edge to libcurl.
 *
 * What both rooms that call out share: http and https only, certificates verified, no redirects,
 * no proxy, no cookies, no .netrc, nothing from the environment, answers' headers bounded, and
 * the address check of address.h at the moment of connecting.
 */
#ifndef FW_HTTP_H
#define FW_HTTP_H
#include <curl/curl.h>

#include "base/bounds.h"
#include "http/address.h"

/* Once, before any thread calls out; more calls are harmless. */
MUST_USE enum fw_err fw_http_init(void);

/* NULL, or one clause saying what is wrong: not http(s), no host, a user or password in it,
 * control characters, too long. */
const char *fw_http_url_fault(const char *url);

enum { FW_URL_SHOWN_SIZE = 120 };
/* What of a URL may stand in a log or an answer: scheme, host, port and path; no user, query or
 * fragment, where secrets are. Clipped. */
void fw_http_url_shown(const char *url, char ret[FW_URL_SHOWN_SIZE]);
/* "host:port" in lower case: what counts as one receiver. Empty when there is none. */
void fw_http_url_host(const char *url, char *dst, size_t dst_size);

/* One exchange's guard; must live as long as its handle. */
struct fw_http_guard {
    bool allow_private;
    bool refused;           /* an address was refused; `address` says which */
    char address[80];
    size_t header_bytes;
    char fault[CURL_ERROR_SIZE]; /* curl's own words */
};

/* A handle for `url`, set up as above; the caller adds body, callbacks and time limits, and
 * frees it with curl_easy_cleanup. `guard` keeps its allow_private, the rest is reset.
 * Errors: FW_INVALID for a URL that fw_http_url_fault refuses, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_http_new(const char *url, struct fw_http_guard *guard, CURL **ret);
/* Why an exchange failed, for people; `status` is the HTTP status or 0. */
void fw_http_failure_text(CURLcode code, int status, const struct fw_http_guard *guard, char *dst,
                          size_t dst_size);
#endif
