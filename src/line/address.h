/* address.h - SIP addresses from what users typed, so that nothing of it becomes a header.
 *
 * Pure. Sources: RFC 3261 clauses 19.1 (URI) and 25.1 (quoted-string); RFC 3966 (numbers).
 */
#ifndef FW_LINE_ADDRESS_H
#define FW_LINE_ADDRESS_H
#include "base/buf.h"
#include "fax/trunk.h"

enum { FW_LINE_URI_SIZE = 640, FW_LINE_FROM_SIZE = 1024 };

struct fw_line_number_rule {
    uint8_t strip;      /* digits */
    const char *prefix; /* then put in front of the rest */
    enum fw_trunk_plus plus;
};
/* A number as a trunk wants it, separators dropped; a URI stays as it is. FW_INVALID: neither, or
 * nothing is left of it. FW_LIMIT. */
MUST_USE enum fw_err fw_line_number(const char *text, const struct fw_line_number_rule *rule,
                                    char *ret, size_t size);
/* Where requests go. `host` may have a port of its own (then `port` is 0), `transport` is said where
 * it is not what DNS or the default would give. */
struct fw_line_hop {
    const char *host;
    uint16_t port; /* 0: not said */
    enum fw_trunk_transport transport;
};
/* Request-URI. `to` is a number ('+' kept, visual separators dropped) and becomes a user at `hop`;
 * or it is a sip: or sips: URI and stays as it is (`*ret_own_host` is then true). FW_INVALID:
 * neither. FW_LIMIT: too long. */
MUST_USE enum fw_err fw_line_request_uri(const char *to, const struct fw_line_hop *hop,
                                         char ret[FW_LINE_URI_SIZE], bool *ret_own_host);
/* The host alone, without a user: a next hop. FW_LIMIT. */
MUST_USE enum fw_err fw_line_host_uri(const struct fw_line_hop *hop, char ret[FW_LINE_URI_SIZE]);
/* A user (or none, "") of a host, which may be a bare IPv6 address. FW_LIMIT. */
MUST_USE enum fw_err fw_line_user_uri(const char *user, const char *host, char ret[FW_LINE_URI_SIZE]);
/* From header. `from` as above with `domain` for its host; empty: anonymous (RFC 3323 clause
 * 4.1.1.3). Control bytes in `display_name` are dropped, the rest is quoted. */
MUST_USE enum fw_err fw_line_from(const char *display_name, const char *from, const char *domain,
                                  char ret[FW_LINE_FROM_SIZE]);
#endif
