/* A pcap file, one record a write. */
#include "base/pcap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"

enum {
    LINKTYPE_RAW = 101, /* IPv4 or IPv6, as the first nibble says */
    RECORD_SIZE = 16,
    UDP_SIZE = 8,
    V4_SIZE = 20,
    V6_SIZE = 40,
    HOPS = 64,
    PROTOCOL_UDP = 17,
    V4_AT = 12,
};

static const uint32_t magic = 0xA1B2C3D4; /* with microseconds */
static const uint8_t mapped[V4_AT] = { [10] = 0xFF, [11] = 0xFF };

enum fw_err fw_pcap_create(const char *path, int *ret_fd)
{
    const uint32_t header[6] = { magic, 4u << 16 | 2, 0, 0, FW_PCAP_PACKET_MAX + V6_SIZE + UDP_SIZE, LINKTYPE_RAW };
    int fd CLEANUP(fw_fd_close) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fw_write_all(fd, (struct fw_span){ (const uint8_t *)header, sizeof header }))
        return FW_IO;
    *ret_fd = fd;
    fd = -1;
    return FW_OK;
}

void fw_pcap_close(struct fw_pcap *p)
{
    fw_fd_close(&p->fd);
}

struct fw_pcap_end fw_pcap_end_of(const struct sockaddr *at)
{
    struct fw_pcap_end end = { 0 };
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
    } is = { at };
    if (at->sa_family == AF_INET) {
        memcpy(end.address, mapped, sizeof mapped);
        memcpy(end.address + V4_AT, &is.v4->sin_addr, 4);
        end.port = ntohs(is.v4->sin_port);
    } else if (at->sa_family == AF_INET6) {
        memcpy(end.address, &is.v6->sin6_addr, sizeof end.address);
        end.port = ntohs(is.v6->sin6_port);
    }
    return end;
}

struct fw_pcap_end fw_pcap_end_at(const char *host, uint16_t port)
{
    struct fw_pcap_end end = { .port = port };
    memcpy(end.address, mapped, sizeof mapped);
    if (inet_pton(AF_INET, host, end.address + V4_AT) != 1 && inet_pton(AF_INET6, host, end.address) != 1)
        memset(end.address, 0, sizeof end.address);
    return end;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* RFC 1071: 16 bits at a time; `odd` is where in the whole this part begins. */
static uint32_t sum(uint32_t so_far, const uint8_t *data, size_t size, size_t odd)
{
    for (size_t i = 0; i < size; i++)
        so_far += (i + odd) % 2 ? data[i] : (uint32_t)data[i] << 8;
    return (so_far & 0xFFFF) + (so_far >> 16);
}

static uint16_t folded(uint32_t all)
{
    while (all >> 16)
        all = (all & 0xFFFF) + (all >> 16);
    return (uint16_t)~all;
}

struct packet {
    uint8_t ip[V6_SIZE];
    size_t  ip_size;
    uint8_t udp[UDP_SIZE];
};

static void headers(const struct fw_pcap_end *from, const struct fw_pcap_end *to, size_t size, struct packet *ret)
{
    const bool v4 = memcmp(from->address, mapped, sizeof mapped) == 0 &&
                    memcmp(to->address, mapped, sizeof mapped) == 0;
    memset(ret, 0, sizeof *ret);
    ret->ip_size = v4 ? V4_SIZE : V6_SIZE;
    put16(ret->udp, from->port);
    put16(ret->udp + 2, to->port);
    put16(ret->udp + 4, size + UDP_SIZE);
    if (!v4) {
        ret->ip[0] = 0x60;
        put16(ret->ip + 4, size + UDP_SIZE);
        ret->ip[6] = PROTOCOL_UDP;
        ret->ip[7] = HOPS;
        memcpy(ret->ip + 8, from->address, 16);
        memcpy(ret->ip + 24, to->address, 16);
        return;
    }
    ret->ip[0] = 0x45;
    put16(ret->ip + 2, size + UDP_SIZE + V4_SIZE);
    ret->ip[6] = 0x40; /* not to be fragmented */
    ret->ip[8] = HOPS;
    ret->ip[9] = PROTOCOL_UDP;
    memcpy(ret->ip + 12, from->address + V4_AT, 4);
    memcpy(ret->ip + 16, to->address + V4_AT, 4);
    put16(ret->ip + 10, folded(sum(0, ret->ip, V4_SIZE, 0)));
}

/* Over IPv6 there is always one (RFC 8200 clause 8.1). */
static void checksum(struct packet *p, const struct iovec *parts, size_t count, size_t size)
{
    const size_t addresses = p->ip_size == V4_SIZE ? 12 : 8;
    uint32_t all = sum(PROTOCOL_UDP, p->ip + addresses, p->ip_size - addresses, 0);
    all += (uint32_t)size + UDP_SIZE;
    all = sum(all, p->udp, UDP_SIZE, 0);
    size_t at = 0;
    for (size_t i = 0; i < count; at += parts[i].iov_len, i++)
        all = sum(all, parts[i].iov_base, parts[i].iov_len, at);
    const uint16_t value = folded(all);
    put16(p->udp + 6, value ? value : 0xFFFF);
}

void fw_pcap_put(struct fw_pcap *p, struct fw_wall at, const struct fw_pcap_end *from,
                 const struct fw_pcap_end *to, const struct fw_span *parts, size_t count)
{
    struct iovec out[3 + FW_PCAP_PARTS_MAX];
    struct packet made;
    size_t size = 0, used = 3, whole = 0;
    if (p->fd < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        const size_t room = FW_PCAP_PACKET_MAX - size, take = parts[i].size < room ? parts[i].size : room;
        whole += parts[i].size;
        if (take == 0 || used == ARRAY_LEN(out))
            continue;
        union { const uint8_t *in; void *out; } data = { parts[i].data }; /* writev takes it without const */
        out[used++] = (struct iovec){ data.out, take };
        size += take;
    }
    headers(from, to, size, &made);
    checksum(&made, out + 3, used - 3, size);
    const size_t extra = made.ip_size + UDP_SIZE;
    uint32_t record[4] = { (uint32_t)(at.us / 1000000), (uint32_t)(at.us % 1000000), (uint32_t)(size + extra),
                           (uint32_t)(whole + extra) };
    out[0] = (struct iovec){ record, RECORD_SIZE };
    out[1] = (struct iovec){ made.ip, made.ip_size };
    out[2] = (struct iovec){ made.udp, UDP_SIZE };
    const off_t end = lseek(p->fd, 0, SEEK_END);
    if (end < 0 || (uint64_t)end + RECORD_SIZE + extra + size > p->bytes_max)
        return;
    if (writev(p->fd, out, (int)used) == (ssize_t)(RECORD_SIZE + extra + size))
        return;
    (void)!ftruncate(p->fd, end); /* half a packet would hide those that follow */
    fw_pcap_close(p);
}
