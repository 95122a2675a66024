/* What comes into a media socket, datagram by datagram: UDPTL in order and once, IFP read, RTP
 * placed, all within bounds. */
#include <string.h>

#include "proto/ifp.h"
#include "proto/rtp.h"
#include "proto/udptl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    bool any;
    uint16_t last;
    uint64_t count;
    struct fw_ifp_watch watch;
};

static struct fw_udptl_receiver receiver, mirror;
static struct fw_udptl_sender sender;
static struct fw_jitter jitter;

static void check_ifp(struct fw_span span, struct fw_ifp_watch *watch)
{
    struct fw_ifp ifp;
    if (fw_ifp_parse(span, &ifp) != FW_OK)
        return;
    fw_assert(ifp.size >= 1 && ifp.size <= span.size && ifp.field_count <= FW_IFP_FIELDS_MAX);
    for (size_t i = 0; i < ifp.field_count; i++) {
        const struct fw_span d = ifp.fields[i].data;
        fw_assert(d.size == 0 || (d.data >= span.data && d.data + d.size <= span.data + ifp.size));
    }
    (void)fw_ifp_watch_packet(watch, &ifp, NULL, NULL);
}

static void on_mirror(void *arg, uint16_t seq, struct fw_span ifp)
{
    (void)seq;
    const struct fw_span *sent = arg;
    fw_assert(ifp.size == sent->size && memcmp(ifp.data, sent->data, ifp.size) == 0);
}

/* What is delivered can be sent on, and arrives. */
static void send_on(struct fw_span ifp)
{
    static uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    if (fw_udptl_send(&sender, ifp, packet, &size))
        return;
    fw_assert(size <= sender.datagram_max);
    const uint64_t before = mirror.stats.delivered;
    struct fw_span sent = ifp;
    fw_assert(fw_udptl_receive(&mirror, (struct fw_span){ packet, size }, on_mirror, &sent) ==
              FW_OK);
    fw_assert(mirror.stats.delivered == before + 1);
}

static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct seen *seen = arg;
    fw_assert(ifp.size >= 1 && ifp.size <= FW_UDPTL_IFP_MAX);
    fw_assert(!seen->any || (int16_t)(uint16_t)(seq - seen->last) > 0);
    seen->any = true;
    seen->last = seq;
    seen->count++;
    check_ifp(ifp, &seen->watch);
    send_on(ifp);
}

static void datagram(struct seen *seen, struct fw_span packet)
{
    const uint64_t before = seen->count;
    const enum fw_err err = fw_udptl_receive(&receiver, packet, on_ifp, seen);
    fw_assert(err == FW_OK || (err == FW_PROTOCOL && seen->count == before));
    fw_assert(seen->count - before <= 2 * FW_UDPTL_WINDOW);
    fw_assert(fw_udptl_plausible(packet) == (err == FW_OK));

    struct fw_rtp rtp;
    if (fw_rtp_parse(packet, &rtp) == FW_OK) {
        fw_assert(rtp.payload.size <= packet.size - FW_RTP_HEADER_SIZE);
        fw_jitter_put(&jitter, &rtp);
    }
}

/* Input: datagrams as a two-octet size and the octets; a size of 0xffff is a tick of 20 ms. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = { 0 };
    fw_udptl_receiver_init(&receiver);
    fw_udptl_receiver_init(&mirror);
    fw_udptl_sender_init(&sender, (unsigned)(size % 5), (size * 7) % 1700);
    fw_jitter_init(&jitter, (unsigned)(size % 300));
    struct fw_reader r = fw_reader_of((struct fw_span){ data, size });
    while (r.ok && r.rest.size > 0) {
        const size_t next = fw_get_be16(&r);
        if (next == 0xffff) {
            int16_t samples[160];
            fw_udptl_tick(&receiver, on_ifp, &seen);
            fw_assert(fw_jitter_get(&jitter, samples, 160) <= 160);
        } else {
            const struct fw_span packet = fw_get_span(&r, next);
            if (r.ok)
                datagram(&seen, packet);
        }
    }
    for (int i = 0; i < 16; i++)
        fw_udptl_tick(&receiver, on_ifp, &seen);
    fw_assert(receiver.stats.delivered == seen.count);
    return 0;
}
