/* udptl.h - UDPTL: IFP packets over UDP, with redundancy sent and redundancy or FEC read.
 *
 * Pure, caller's memory. The sender makes one datagram from one IFP packet; send it as often as
 * the T.38 engine asks (same datagram, same number). The receiver hands IFP packets on in order,
 * each once, whatever mix of loss, reordering and duplication the network made, and never looks
 * back: a late packet cannot rewind it. Nothing is waited for longer than a bounded number of
 * packets or ticks.
 *
 * Source: ITU-T T.38 clause 9.1 and its ASN.1 (aligned PER); FEC as in annex C.
 */
#ifndef FW_UDPTL_H
#define FW_UDPTL_H
#include "base/bounds.h"
#include "base/buf.h"

enum {
    FW_UDPTL_PACKET_MAX = FW_UDP_BYTES_MAX,
    FW_UDPTL_IFP_MAX = 1400,       /* octets of one IFP packet */
    FW_UDPTL_REDUNDANCY_MAX = 3,   /* entries we send */
    FW_UDPTL_SECONDARIES_MAX = 15, /* entries we read; more is malformed */
    FW_UDPTL_FEC_ENTRIES_MAX = 8,  /* read and used; more is malformed */
    FW_UDPTL_FEC_SPAN_MAX = 16,    /* span x entries above the window: FEC not used */
    FW_UDPTL_WINDOW = 32,          /* numbers around the next one that are told apart */
};

struct fw_udptl_ifp { uint16_t size; uint8_t data[FW_UDPTL_IFP_MAX]; };

struct fw_udptl_sender {
    uint16_t            seq; /* of the next datagram */
    uint16_t            datagram_max;
    uint8_t             redundancy;
    uint8_t             history_count;
    struct fw_udptl_ifp history[FW_UDPTL_REDUNDANCY_MAX]; /* newest first */
};

/* redundancy is cut to FW_UDPTL_REDUNDANCY_MAX, datagram_max (0: no limit known) to
 * FW_UDPTL_PACKET_MAX. */
void fw_udptl_sender_init(struct fw_udptl_sender *s, unsigned redundancy, size_t datagram_max);
/* Makes the next datagram. Entries that would pass the peer's limit are left out, oldest first.
 * FW_LIMIT: the IFP packet alone does not fit; FW_INVALID: it is empty. Then nothing changed. */
MUST_USE enum fw_err fw_udptl_send(struct fw_udptl_sender *s, struct fw_span ifp,
                                   uint8_t ret_packet[FW_UDPTL_PACKET_MAX], size_t *ret_size);

/* `seq` counts on across a restart of the peer's numbers, with holes where packets were lost, so
 * it can go to the T.38 engine as it is. `ifp` is valid during the call only. The callback must
 * not call back into the receiver. */
typedef void fw_udptl_deliver(void *arg, uint16_t seq, struct fw_span ifp);

struct fw_udptl_stats {
    uint64_t packets;    /* well-formed datagrams */
    uint64_t malformed;
    uint64_t delivered;  /* IFP packets */
    uint64_t recovered;  /* of these, from redundancy or FEC */
    uint64_t duplicates; /* datagrams with nothing new */
    uint64_t lost;       /* IFP packets given up */
    uint64_t resyncs;    /* the peer's numbers jumped */
};

struct fw_udptl_receiver {
    bool                  started;
    uint16_t              next;      /* the peer's number that is delivered next */
    uint16_t              offset;    /* added to it for `seq` */
    uint16_t              newest;    /* highest number held or delivered */
    uint8_t               reach;     /* how far back the peer's redundancy goes */
    uint8_t               fec_reach; /* the same of FEC alone */
    uint8_t               waited;    /* ticks that the oldest hole has lasted */
    uint8_t               strangers; /* packets in a row that belong to another numbering */
    uint16_t              stranger;  /* the last of them */
    struct fw_udptl_stats stats;
    uint64_t              full;      /* a bit a slot: memory of slots never used is never touched */
    struct fw_udptl_ifp   slots[2 * FW_UDPTL_WINDOW]; /* held and, for FEC, already delivered */
};

void fw_udptl_receiver_init(struct fw_udptl_receiver *r);
/* One datagram; FW_PROTOCOL when malformed: nothing delivered, nothing changed but a count. */
MUST_USE enum fw_err fw_udptl_receive(struct fw_udptl_receiver *r, struct fw_span packet,
                                      fw_udptl_deliver *deliver, void *arg);
/* To be called every 20 ms: gives up holes that lasted too long and delivers what waited behind. */
void fw_udptl_tick(struct fw_udptl_receiver *r, fw_udptl_deliver *deliver, void *arg);
/* True for bytes that read as one whole UDPTL datagram: for latching on a source address. */
bool fw_udptl_plausible(struct fw_span packet);
#endif
