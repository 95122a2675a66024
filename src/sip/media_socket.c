/* UDP sockets for media, from a range of ports that firewalls were opened for. */
#include "sip/media_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

enum { RECEIVE_BYTES = 1024 * 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage all;
};

static bool address_of(const char *host, union address *ret, socklen_t *ret_size)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                    .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    const bool known = found->ai_family == AF_INET || found->ai_family == AF_INET6;
    if (known && found->ai_family == AF_INET)
        ret->v4 = *(const struct sockaddr_in *)(const void *)found->ai_addr;
    else if (known)
        ret->v6 = *(const struct sockaddr_in6 *)(const void *)found->ai_addr;
    *ret_size = found->ai_addrlen;
    freeaddrinfo(found);
    return known;
}

static in_port_t *port_of(union address *a)
{
    return a->any.sa_family == AF_INET ? &a->v4.sin_port : &a->v6.sin6_port;
}

enum fw_err fw_media_socket(const char *host, uint16_t port_min, uint16_t port_max, int *ret_fd,
                            uint16_t *ret_port)
{
    static uint32_t last; /* so that late packets of a finished call seldom meet a new one */
    union address at = { 0 };
    socklen_t size = 0;
    if (port_max < port_min || !address_of(host, &at, &size))
        return FW_INVALID;
    int fd CLEANUP(fw_fd_close) =
        socket(at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return FW_IO;
    const int bytes = RECEIVE_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); /* what the system allows */

    const uint32_t count = port_min == 0 ? 1 : (uint32_t)port_max - port_min + 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t port = port_min == 0 ? 0 : port_min + (last + 1 + i) % count;
        *port_of(&at) = htons((uint16_t)port);
        if (bind(fd, &at.any, size) < 0) {
            if (errno == EADDRINUSE)
                continue;
            return FW_IO;
        }
        if (getsockname(fd, &at.any, &size) < 0)
            return FW_IO;
        last = port_min == 0 ? 0 : port - port_min;
        *ret_port = ntohs(*port_of(&at));
        *ret_fd = fd;
        fd = -1;
        return FW_OK;
    }
    return FW_LIMIT;
}
