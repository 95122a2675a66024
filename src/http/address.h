/* address.h - which addresses a URL given by a customer may lead to; pure.
 *
 * A customer's URL must not reach what only this machine or its network can reach. So the class
 * of the very address that is about to be connected to decides, never that of a name. Whatever is
 * not known to be public is refused, also IPv4 addresses inside of IPv6 ones.
 *
 * Source: IANA special-purpose address registries (RFC 6890), RFC 4291 clause 2.5.5 (mapped),
 *         RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4193 (unique local), RFC 6598 (shared space).
 */
#ifndef FW_ADDRESS_H
#define FW_ADDRESS_H
#include <sys/socket.h>

#include "base/base.h"

enum fw_address_class {
    FW_ADDRESS_PUBLIC,
    FW_ADDRESS_LOOPBACK,   /* 127.0.0.0/8, ::1 */
    FW_ADDRESS_PRIVATE,    /* RFC 1918, shared space, unique local */
    FW_ADDRESS_LINK_LOCAL, /* also where clouds keep their metadata service */
    FW_ADDRESS_MULTICAST,
    FW_ADDRESS_RESERVED, /* unspecified, documentation, benchmarks, tunnels, everything else */
};

/* RESERVED for what is neither AF_INET nor AF_INET6 or too short. */
enum fw_address_class fw_address_class_of(const struct sockaddr *address, size_t size);
/* Public ones; with `allow_private` also LOOPBACK and PRIVATE, but never the rest. */
bool        fw_address_allowed(enum fw_address_class class, bool allow_private);
const char *fw_address_class_text(enum fw_address_class class);
#endif
