/* udptl.c - UDPTL datagrams: taken apart, and put together with redundancy. */
#include "proto/udptl_parse.h"
#include <string.h>

_Static_assert(FW_UDPTL_FEC_ENTRIES_MAX <= FW_UDPTL_SECONDARIES_MAX, "both share one array");

/* PER length; fragments (two top bits set) are for 16 K and more and cannot be in a datagram. */
static size_t get_length(struct fw_reader *r)
{
    const uint8_t first = fw_get_u8(r);
    if (first < 0x80)
        return first;
    const uint8_t second = fw_get_u8(r);
    if (first >= 0xc0)
        r->ok = false;
    return (size_t)(first & 0x3f) << 8 | second;
}

static struct fw_span get_open_type(struct fw_reader *r)
{
    const size_t size = get_length(r);
    if (size > FW_UDPTL_IFP_MAX)
        r->ok = false;
    return r->ok ? fw_get_span(r, size) : (struct fw_span){ 0 };
}

static void get_recovery(struct fw_reader *r, struct fw_udptl_packet *p)
{
    p->fec = fw_get_u8(r) & 0x80;
    if (p->fec) {
        if (fw_get_u8(r) != 1) /* octets of the integer that follows */
            r->ok = false;
        p->span = fw_get_u8(r);
        if (p->span > 0x7f) /* negative */
            r->ok = false;
    }
    p->count = get_length(r);
    if (p->count > (p->fec ? FW_UDPTL_FEC_ENTRIES_MAX : FW_UDPTL_SECONDARIES_MAX))
        r->ok = false;
    for (size_t i = 0; r->ok && i < p->count; i++)
        p->entries[i] = get_open_type(r);
}

enum fw_err fw_udptl_parse(struct fw_span packet, struct fw_udptl_packet *ret)
{
    if (packet.size > FW_UDPTL_PACKET_MAX)
        return FW_PROTOCOL;
    struct fw_reader r = fw_reader_of(packet);
    struct fw_udptl_packet p = { .seq = fw_get_be16(&r) };
    p.primary = get_open_type(&r);
    if (!r.ok || p.primary.size == 0)
        return FW_PROTOCOL;
    get_recovery(&r, &p);
    if (!r.ok || r.rest.size > 0)
        return FW_PROTOCOL;
    *ret = p;
    return FW_OK;
}

bool fw_udptl_plausible(struct fw_span packet)
{
    struct fw_udptl_packet p;
    return fw_udptl_parse(packet, &p) == FW_OK;
}

void fw_udptl_sender_init(struct fw_udptl_sender *s, unsigned redundancy, size_t datagram_max)
{
    s->seq = 0;
    s->history_count = 0;
    s->redundancy =
        (uint8_t)(redundancy < FW_UDPTL_REDUNDANCY_MAX ? redundancy : FW_UDPTL_REDUNDANCY_MAX);
    if (datagram_max == 0 || datagram_max > FW_UDPTL_PACKET_MAX)
        datagram_max = FW_UDPTL_PACKET_MAX;
    s->datagram_max = (uint16_t)datagram_max;
}

static size_t open_type_size(size_t size)
{
    return size + (size < 0x80 ? 1 : 2);
}

static size_t put_open_type(uint8_t *dst, const uint8_t *data, size_t size)
{
    size_t at = 0;
    if (size >= 0x80)
        dst[at++] = (uint8_t)(0x80 | size >> 8);
    dst[at++] = (uint8_t)(size & 0xff);
    memcpy(dst + at, data, size);
    return at + size;
}

static void remember(struct fw_udptl_sender *s, struct fw_span ifp)
{
    if (s->redundancy == 0)
        return;
    if (s->history_count < s->redundancy)
        s->history_count++;
    for (size_t i = s->history_count; i-- > 1;) {
        s->history[i].size = s->history[i - 1].size; /* only what is used: most are 60 octets of 1400 */
        memcpy(s->history[i].data, s->history[i - 1].data, s->history[i].size);
    }
    s->history[0].size = (uint16_t)ifp.size;
    memcpy(s->history[0].data, ifp.data, ifp.size);
}

enum fw_err fw_udptl_send(struct fw_udptl_sender *s, struct fw_span ifp,
                          uint8_t ret_packet[FW_UDPTL_PACKET_MAX], size_t *ret_size)
{
    fw_assert(s->history_count <= s->redundancy && s->redundancy <= FW_UDPTL_REDUNDANCY_MAX);
    if (ifp.size == 0)
        return FW_INVALID;
    size_t size = 2 + open_type_size(ifp.size) + 2;
    if (ifp.size > FW_UDPTL_IFP_MAX || size > s->datagram_max)
        return FW_LIMIT;

    size_t count = 0;
    while (count < s->history_count) {
        const size_t more = open_type_size(s->history[count].size);
        if (size + more > s->datagram_max)
            break;
        size += more;
        count++;
    }
    size_t at = 0;
    ret_packet[at++] = (uint8_t)(s->seq >> 8);
    ret_packet[at++] = (uint8_t)(s->seq & 0xff);
    at += put_open_type(ret_packet + at, ifp.data, ifp.size);
    ret_packet[at++] = 0; /* secondary IFP packets, not FEC */
    ret_packet[at++] = (uint8_t)count;
    for (size_t i = 0; i < count; i++)
        at += put_open_type(ret_packet + at, s->history[i].data, s->history[i].size);
    fw_assert(at == size);

    remember(s, ifp);
    s->seq++;
    *ret_size = size;
    return FW_OK;
}
