/* pcap.h - packets into a file that network analysers read, with IP and UDP headers made up for them.
 *
 * Several programs may append to one file at the same time: each packet is one write(2) to a
 * descriptor with O_APPEND. So packets of different programs may stand a moment out of order; their
 * times are right. What a TCP or TLS connection carried stands there as if it had come over UDP.
 *
 * Source: draft-ietf-opsawg-pcap (the file), LINKTYPE_RAW; RFC 791, RFC 8200, RFC 768.
 */
#ifndef FW_PCAP_H
#define FW_PCAP_H
#include <sys/socket.h>

#include "base/clock.h"

enum { FW_PCAP_PACKET_MAX = 65000, FW_PCAP_PARTS_MAX = 256 };

struct fw_pcap {
    int      fd; /* -1: none, and then nothing is done */
    uint32_t bytes_max; /* of the file; a packet that would pass it is left out */
};

struct fw_pcap_end {
    uint8_t  address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
};

/* A file with nothing in it but its header; one that is there is emptied. The descriptor is the caller's. */
MUST_USE enum fw_err fw_pcap_create(const char *path, int *ret_fd);
void fw_pcap_close(struct fw_pcap *p);
/* Any address family that has no port: all zero. */
struct fw_pcap_end fw_pcap_end_of(const struct sockaddr *at);
/* `host` numeric, no brackets. */
struct fw_pcap_end fw_pcap_end_at(const char *host, uint16_t port);
/* One datagram, its bytes in parts; beyond FW_PCAP_PACKET_MAX it is cut. When it cannot be written the file
 * ends there: nobody's call depends on it. */
void fw_pcap_put(struct fw_pcap *p, struct fw_wall at, const struct fw_pcap_end *from,
                 const struct fw_pcap_end *to, const struct fw_span *parts, size_t count);
#endif
