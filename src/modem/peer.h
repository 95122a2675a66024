/* peer.h - which address media may come from, and where it goes.
 *
 * The negotiated address is right unless the far end sits behind a NAT; then its packets come from
 * another one. The first plausible packet settles it, once, and it stays until the next
 * negotiation. Everything from elsewhere is dropped and never answered, so that nobody can take
 * over a call or use us as a reflector.
 */
#ifndef FW_MODEM_PEER_H
#define FW_MODEM_PEER_H
#include "base/base.h"
#include <netinet/in.h>
#include <sys/socket.h>

union fw_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage all;
};

struct fw_peer {
    union fw_address at;
    socklen_t size; /* 0: nobody known yet, nothing is sent */
    bool latched;
};

/* `host` numeric. False (and nobody known) when it or the port is none. */
bool fw_peer_set(struct fw_peer *p, const char *host, uint16_t port, int family);
/* May a packet from there be used? `plausible`: it reads as what this call expects. Latches. */
MUST_USE bool fw_peer_accepts(struct fw_peer *p, const union fw_address *from, socklen_t size,
                              bool plausible);
#endif
