/* address.h - SIP addresses from what users typed, so that nothing of it becomes a header.
 *
 * Pure. Sources: RFC 3261 clauses 19.1 (URI) and 25.1 (quoted-string); RFC 3966 (numbers).
 */
#ifndef FW_LINE_ADDRESS_H
#define FW_LINE_ADDRESS_H
#include "base/buf.h"

enum { FW_LINE_URI_SIZE = 640, FW_LINE_FROM_SIZE = 1024 };

/* Request-URI. `to` is a number ('+' kept, visual separators dropped) and becomes a user at
 * `host`:`port`; or it is a sip: or sips: URI and stays as it is (`*ret_own_host` is then true).
 * FW_INVALID: neither. FW_LIMIT: too long. */
MUST_USE enum fw_err fw_line_request_uri(const char *to, const char *host, uint16_t port,
                                         char ret[FW_LINE_URI_SIZE], bool *ret_own_host);
/* The host alone, without a user: a next hop. FW_LIMIT. */
MUST_USE enum fw_err fw_line_host_uri(const char *host, uint16_t port, char ret[FW_LINE_URI_SIZE]);
/* From header. `from` as above with `domain` for its host; empty: anonymous (RFC 3323 clause
 * 4.1.1.3). Control bytes in `display_name` are dropped, the rest is quoted. */
MUST_USE enum fw_err fw_line_from(const char *display_name, const char *from, const char *domain,
                                  char ret[FW_LINE_FROM_SIZE]);
#endif
