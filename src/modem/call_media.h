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

struct fw_modem_audio {
    struct fw_rtp_sender rtp;
    struct fw_jitter jitter;
};

/* What each tick needs stands together, what is large and mostly never touched at the end: with a thousand calls it is
 * memory that is waited for. */
struct fw_modem_call {
    struct fw_terminal *terminal;
    int fd;
    bool t38, unpaced;
    bool heard;           /* T.38: the far end is known to be there */
    bool signal;          /* T.38: it sent something, not only that there is nothing */
    bool calling;
    bool said;            /* since the last tick; unpaced: the last step sent something */
    uint16_t last_size;   /* of the last UDPTL datagram */
    struct fw_mono clock; /* unpaced: up to here the machine was told of time */
    uint32_t silent_ticks; /* T.38, until `signal` */
    uint16_t pending_ticks; /* left, of a re-INVITE without an answer; 0: there is none */
    uint16_t quiet_ticks;   /* of audio, without anything from the far end */
    struct fw_mono spoke; /* when a datagram last left */
    struct fw_outbox outbox;
    struct fw_peer peer;
    struct fw_modem_audio *audio; /* NULL on T.38 */

    struct fw_pcap trace; /* of all datagrams, also those that are not taken */
    struct fw_pcap_end own;
    int family;
    uint8_t modem;
    bool result_told;
    bool journal_broken;
    struct fw_journal *journal;
    fw_modem_report *report;
    void *report_arg;
    uint64_t samples_missing;            /* of audio, when it was left */
    char id[FW_CALL_ID_SIZE];
    char coarse[FW_CALL_ID_SIZE + 16];   /* name of the copy with fewer rows */
    size_t early_count;
    struct fw_modem_early *early; /* FW_MODEM_EARLY_MAX; NULL until one comes */

    uint8_t last[FW_UDPTL_PACKET_MAX];
    struct fw_udptl_sender udptl_out;
    struct fw_udptl_receiver udptl_in;
};

MUST_USE enum fw_err fw_modem_media_audio(struct fw_modem_call *c, enum fw_codec codec);
void fw_modem_media_t38(struct fw_modem_call *c, const struct fw_msg_media_switch *to);
void fw_modem_media_done(struct fw_modem_call *c); /* frees what both kinds of line hold */
/* Back to audio. */
void fw_modem_media_return(struct fw_modem_call *c, enum fw_codec codec);
/* call.c: T.38 was agreed, and nothing comes. */
void fw_modem_tell_silent(struct fw_modem_call *c);
/* For the terminal. */
void fw_modem_media_ifp(void *arg, struct fw_span ifp, int copies);
#endif
