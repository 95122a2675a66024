/* Latching on the far end's address, once. */
#include "modem/peer.h"
#include <arpa/inet.h>
#include <string.h>

bool fw_peer_set(struct fw_peer *p, const char *host, uint16_t port, int family)
{
    *p = (struct fw_peer){ 0 };
    struct in_addr v4;
    if (port == 0)
        return false;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        if (family == AF_INET6) { /* a socket for both takes the old addresses like this */
            p->at.v6.sin6_family = AF_INET6;
            p->at.v6.sin6_port = htons(port);
            p->at.v6.sin6_addr.s6_addr[10] = p->at.v6.sin6_addr.s6_addr[11] = 0xFF;
            memcpy(&p->at.v6.sin6_addr.s6_addr[12], &v4, sizeof v4);
            p->size = sizeof p->at.v6;
        } else {
            p->at.v4.sin_family = AF_INET;
            p->at.v4.sin_port = htons(port);
            p->at.v4.sin_addr = v4;
            p->size = sizeof p->at.v4;
        }
        return true;
    }
    if (family == AF_INET6 && inet_pton(AF_INET6, host, &p->at.v6.sin6_addr) == 1) {
        p->at.v6.sin6_family = AF_INET6;
        p->at.v6.sin6_port = htons(port);
        p->size = sizeof p->at.v6;
        return true;
    }
    return false;
}

static bool same(const union fw_address *a, const union fw_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->any.sa_family == AF_INET6 && a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

bool fw_peer_accepts(struct fw_peer *p, const union fw_address *from, socklen_t size,
                     bool plausible)
{
    if (p->size > 0 && same(&p->at, from)) {
        p->latched = p->latched || plausible;
        return true;
    }
    if (p->latched || !plausible || size == 0 || size > sizeof p->at)
        return false;
    p->at = *from;
    p->size = size;
    p->latched = true;
    return true;
}
