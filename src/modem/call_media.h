/* call_media.h - the inside of a call, shared by call.c and call_media.c only. */
#ifndef FW_MODEM_CALL_MEDIA_H
#define FW_MODEM_CALL_MEDIA_H
#include "modem/call.h"
#include "modem/outbox.h"
#include "modem/peer.h"
#include "proto/rtp.h"
#include "proto/udptl.h"
#include "t30/journal.h"
#include "t30/terminal.h"

enum { FW_MODEM_EARLY_MAX = 16 }; /* UDPTL that overtakes the message which announces it */

struct fw_modem_early {
    uint16_t size;
    uint8_t data[FW_UDP_BYTES_MAX];
};

struct fw_modem_call {
    char id[FW_CALL_ID_SIZE];
    uint8_t modem;
    fw_modem_report *report;
    void *report_arg;
    bool result_told;
    char coarse[FW_CALL_ID_SIZE + 16]; /* name of the copy with fewer rows */

    int fd;
    int family;
    struct fw_peer peer;
    struct fw_terminal *terminal;
    struct fw_journal *journal;
    bool journal_broken;

    bool t38, unpaced;
    bool heard;           /* T.38: the far end is known to be there */
    bool said;            /* unpaced: the last step sent something */
    struct fw_mono clock; /* unpaced: up to here the machine was told of time */
    struct fw_mono spoke; /* when a datagram last left */
    struct fw_rtp_sender rtp;
    struct fw_jitter jitter;
    struct fw_udptl_sender udptl_out;
    struct fw_udptl_receiver udptl_in;
    struct fw_outbox outbox;
    uint16_t last_size; /* of the last UDPTL datagram */
    uint8_t last[FW_UDPTL_PACKET_MAX];
    size_t early_count;
    struct fw_modem_early *early; /* FW_MODEM_EARLY_MAX; NULL until one comes */
};

void fw_modem_media_audio(struct fw_modem_call *c, enum fw_codec codec);
void fw_modem_media_t38(struct fw_modem_call *c, const struct fw_msg_media_switch *to);
void fw_modem_media_done(struct fw_modem_call *c);
/* For the terminal. */
void fw_modem_media_ifp(void *arg, struct fw_span ifp, int copies);
#endif
