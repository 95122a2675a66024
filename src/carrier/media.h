/* media.h - the media of one call: its socket, RTP or UDPTL on it, and the fax machine behind.
 *
 * One UDP port carries RTP first and UDPTL after the switch. The peer is the address its SDP
 * named; a packet from anywhere else is dropped. Runs in the thread of the loop.
 *
 * Source: RFC 3550 (RTP), ITU-T T.38 (09/2010) clause 9.1 (UDPTL).
 */
#ifndef FW_CARRIER_MEDIA_H
#define FW_CARRIER_MEDIA_H
#include "base/clock.h"
#include "carrier/far_end.h"
#include "proto/sdp_fax.h"
#include "t30/terminal.h"

struct fw_sip;
struct fw_carrier_media;

struct fw_carrier_media_config {
    struct fw_sip *sip;
    const char *host; /* to bind, numeric */
    const struct fw_far_end *far;
    const char *rx_path;
    struct fw_network_terms network; /* of all calls, beside the row's own */
    /* Once, in the middle of the row's refresh_page. Must not free the media. */
    void (*middle)(void *arg);
    void *arg;
};

MUST_USE enum fw_err fw_carrier_media_new(const struct fw_carrier_media_config *config,
                                          struct fw_carrier_media **ret);
void fw_carrier_media_free(struct fw_carrier_media *m); /* NULL is fine */
uint16_t fw_carrier_media_port(const struct fw_carrier_media *m);

/* Where the peer listens. FW_INVALID: not a numeric address or no port. */
MUST_USE enum fw_err fw_carrier_media_peer(struct fw_carrier_media *m, const char *host,
                                           uint16_t port);
/* From now on the machine hears and speaks G.711. */
void fw_carrier_media_audio(struct fw_carrier_media *m, enum fw_codec codec);
/* From now on UDPTL. FW_CONFLICT: the fax is underway in audio, where it goes on. Nothing is
 * sent before the peer's first packet or fw_carrier_media_speak. */
MUST_USE enum fw_err fw_carrier_media_t38(struct fw_carrier_media *m,
                                          const struct fw_sdp_t38_settings *t38);
/* Back to G.711, where the machine begins afresh. FW_CONFLICT: it has received a page. */
MUST_USE enum fw_err fw_carrier_media_return(struct fw_carrier_media *m, enum fw_codec codec);
void fw_carrier_media_speak(struct fw_carrier_media *m);

/* 20 ms of line time. */
void fw_carrier_media_tick(struct fw_carrier_media *m, struct fw_mono now);
void fw_carrier_media_hangup(struct fw_carrier_media *m);
bool fw_carrier_media_done(const struct fw_carrier_media *m);
const struct fw_terminal_result *fw_carrier_media_result(const struct fw_carrier_media *m);
/* The machine is in the middle of the page at which its row hangs up. */
bool fw_carrier_media_at_hangup(const struct fw_carrier_media *m);
const char *fw_carrier_media_transport(const struct fw_carrier_media *m);
#endif
