/* msg.h - every message between the programs of Faxwire, in one list.
 *
 * The parent `faxwire` is the switchboard: each child has one SOCK_SEQPACKET pair to it, and a
 * message is for the parent (HUB), for the line, or for the modem whose index it carries. A
 * message is written and read field by field, big-endian, so that no struct layout crosses a
 * process border; a text is NUL-terminated here and length-prefixed on the wire.
 *
 * `call` is the id of an attempt (UUID text): one attempt of a fax is one call.
 */
#ifndef FW_MSG_H
#define FW_MSG_H
#include "base/buf.h"
#include "fax/call.h"
#include "fax/trunk.h"

enum { FW_MSG_BYTES_MAX = 4096, FW_CALL_ID_SIZE = 40 };

enum fw_tone { FW_TONE_CED, FW_TONE_V21, FW_TONE_CNG };                  /* MEDIA_TONE */
enum fw_codec { FW_CODEC_PCMU = 0, FW_CODEC_PCMA = 8 };                  /* RTP payload types */
enum fw_udptl_ec { FW_UDPTL_EC_NONE, FW_UDPTL_EC_REDUNDANCY, FW_UDPTL_EC_FEC };

/* Fields: U8 U16 U32 I32 (name), TEXT (name, size with NUL). */
#define FW_MSG_STOP(U8, U16, U32, I32, TEXT) U8(reserved)
#define FW_MSG_LINE_CONFIG(U8, U16, U32, I32, TEXT)                                                \
    TEXT(sip_host, 64)   /* address to bind, numeric */                                            \
    U16(sip_port)        /* 0: any */                                                              \
    TEXT(media_host, 64) /* address for RTP and UDPTL, numeric */                                  \
    U16(media_port_min)  /* 0: any */                                                              \
    U16(media_port_max)                                                                            \
    U32(calls_max)                                                                                 \
    TEXT(domain, 128)    /* host part of our From; empty: sip_host */                              \
    TEXT(advertised_host, 64) /* what SIP and SDP say of us; empty: the addresses above */         \
    TEXT(resolv_conf, 256) /* name servers; empty: those of the system */                          \
    TEXT(tls_ca_file, 256) /* PEM; empty: those of the system */                                   \
    TEXT(tls_certificate, 256) /* PEM with our key, shown to peers; empty: none */                 \
    U8(answer_strangers)   /* requests from where no trunk is: 0 not answered */                   \
    U32(stranger_rate)     /* messages a second from one source that is no trunk; 0: any */        \
    U32(trunk_rate)        /* the same of a trunk's */
#define FW_MSG_TRUNK_SET(U8, U16, U32, I32, TEXT)                                                  \
    TEXT(name, 64) TEXT(host, 256)                                                                 \
    U16(port)       /* 0: as NAPTR and SRV records say, or the usual one */                        \
    U8(transport)   /* enum fw_trunk_transport */                                                  \
    U8(tls_insecure) /* its certificate is not looked at */                                        \
    TEXT(outbound_proxy, 256) /* host[:port] that all requests go to; empty: `host` */             \
    TEXT(sources, 512) /* further addresses that its requests come from, with spaces */            \
    U8(unpaced) /* may offer a=X-faxwire-unpaced there */                                          \
    TEXT(username, 128) TEXT(password, 128) /* for challenges; empty: none */                      \
    TEXT(auth_realm, 128)                   /* the only realm they are for; empty: any */          \
    U32(register_s)      /* expiry to ask for; 0: no registration */                               \
    U32(options_s)       /* between health checks; 0: none */                                      \
    TEXT(from_user, 64)  /* in place of the number that the fax is from */                         \
    TEXT(from_domain, 128) TEXT(display_name, 132) /* in place of the fax's */                     \
    U8(no_display_name) TEXT(asserted_identity, 128) /* user or URI; "from": the fax's number */   \
    U8(privacy)          /* From is anonymous, Privacy: id */                                      \
    U8(strip) TEXT(prefix, 32) U8(plus) /* of the called number; enum fw_trunk_plus */             \
    U8(from_plus) U8(called) U8(codecs) U8(t38) U8(shape) /* enums of fax/trunk.h */                          \
    U32(t38_after_answer_ms) U32(t38_after_ced_ms) /* until we ask for T.38 */                     \
    U16(t38_max_datagram) /* in place of what the peer declares; 0: as it says */                  \
    U16(channels) U16(calls_per_second) /* 0: any number */                                        \
    U32(ring_timeout_ms) /* 0: as the call says */                                                 \
    U32(session_expires_s)   /* to ask for; 0: no session timer unless the peer wants one */       \
    U32(response_timeout_ms) /* nothing heard at all: the next trunk; 0: by itself */              \
    U16(priority) U16(weight) /* the lowest priority first, weights within it */                   \
    U8(busy_on_603)
#define FW_MSG_TRUNK_GONE(U8, U16, U32, I32, TEXT) TEXT(name, 64)
#define FW_MSG_TRUNK_STATE(U8, U16, U32, I32, TEXT) /* at each change of it */                     \
    TEXT(name, 64) U8(health) U8(registration) /* enums of fax/trunk.h */                          \
    U32(registered_s)    /* from now on; 0: it is not */                                           \
    U16(calls)           /* in progress */                                                         \
    U16(error_status)    /* SIP status of the last error; 0: no answer */                          \
    TEXT(error, 160)     /* the last one; empty: none yet */                                       \
    U32(error_age_s)
#define FW_MSG_LINE_READY(U8, U16, U32, I32, TEXT) U16(sip_port)
#define FW_MSG_CALL_PLACE(U8, U16, U32, I32, TEXT)                                                 \
    TEXT(call, FW_CALL_ID_SIZE) TEXT(trunk, 64) /* empty: the line chooses */                      \
    TEXT(to, 256) TEXT(from, 256)                                                                  \
    TEXT(display_name, 132) U8(t38_enabled) U8(modem) /* index of the modem that will carry it */  \
    U32(ring_timeout_ms) U32(call_limit_ms)                                                        \
    TEXT(tx_file, 64) /* name in the modem's spool folder */                                       \
    U32(page_count) TEXT(ident, 24) TEXT(subaddress, 24) U8(ecm)                                   \
    U8(slow) /* 1: no V.17, 9600 bit/s at most */                                                  \
    U32(trace_bytes_max) /* comes with a file to append its packets to (base/pcap.h); 0: without */
#define FW_MSG_CALL_INCOMING(U8, U16, U32, I32, TEXT) /* CALL_ACCEPT or CALL_REFUSE is to come */  \
    TEXT(call, FW_CALL_ID_SIZE) /* made by the line */                                             \
    TEXT(trunk, 64) TEXT(to, 256) TEXT(from, 256) /* digits or a user part, as they were sent */   \
    TEXT(display_name, 132) TEXT(source, 64)      /* address that it came from */
#define FW_MSG_CALL_ACCEPT(U8, U16, U32, I32, TEXT)                                                \
    TEXT(call, FW_CALL_ID_SIZE) U8(modem) TEXT(ident, 24) U8(ecm) U8(t38_enabled)                  \
    U32(answer_delay_ms) U32(call_limit_ms) U32(trace_bytes_max) /* as in CALL_PLACE */
#define FW_MSG_CALL_REFUSE(U8, U16, U32, I32, TEXT)                                                \
    TEXT(call, FW_CALL_ID_SIZE) U16(sip_status) U16(q850) TEXT(text, 160)
#define FW_MSG_CALL_CANCEL(U8, U16, U32, I32, TEXT) TEXT(call, FW_CALL_ID_SIZE)
#define FW_MSG_CALL_PROGRESS(U8, U16, U32, I32, TEXT)                                              \
    TEXT(call, FW_CALL_ID_SIZE) U16(sip_status) /* 0: INVITE sent; 1xx */                          \
    TEXT(trunk, 64)
#define FW_MSG_CALL_TRUNK(U8, U16, U32, I32, TEXT) /* it did not take the call: now the next */    \
    TEXT(call, FW_CALL_ID_SIZE) TEXT(trunk, 64) U16(sip_status) U16(q850) TEXT(text, 160)
#define FW_MSG_CALL_ANSWERED(U8, U16, U32, I32, TEXT) TEXT(call, FW_CALL_ID_SIZE)
#define FW_MSG_CALL_TRANSPORT(U8, U16, U32, I32, TEXT)                                             \
    TEXT(call, FW_CALL_ID_SIZE) U8(transport) /* enum fw_call_transport */                         \
    TEXT(why, 96)        /* in words, for people */
#define FW_MSG_CALL_ENDED(U8, U16, U32, I32, TEXT)                                                 \
    TEXT(call, FW_CALL_ID_SIZE) U8(cause) /* enum fw_call_cause */                                 \
    U16(sip_status)      /* final SIP status, 0 if none */                                         \
    U16(q850)            /* from a Reason header, 0 if none */                                     \
    U32(duration_ms)     /* from answer to end */                                                  \
    TEXT(text, 160)      /* reason phrase or what went wrong, as data */
#define FW_MSG_MODEM_START(U8, U16, U32, I32, TEXT)                                                \
    U8(modem) U32(calls_max) U32(page_bytes_max)
#define FW_MSG_MODEM_READY(U8, U16, U32, I32, TEXT) U8(modem)
#define FW_MSG_MODEM_GONE(U8, U16, U32, I32, TEXT) U8(modem)
#define FW_MSG_MEDIA_OPEN(U8, U16, U32, I32, TEXT) /* with the bound UDP socket */                 \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE)                                                          \
    U8(calling)          /* 1: we sent the INVITE, T.30 caller */                                  \
    TEXT(tx_file, 64)    /* in the spool folder; empty: receive into `<call>.tif` */               \
    U32(page_count) TEXT(ident, 24) TEXT(subaddress, 24) U8(ecm) U8(slow)                          \
    U8(codec) /* enum fw_codec */                                                                  \
    TEXT(peer_host, 64) U16(peer_port) U32(call_limit_ms)
#define FW_MSG_MEDIA_TRACE(U8, U16, U32, I32, TEXT) /* after MEDIA_OPEN, with the file of the trace */ \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U32(bytes_max)
#define FW_MSG_MEDIA_SWITCH(U8, U16, U32, I32, TEXT) /* to T.38, back to audio, or new audio peer */ \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U8(transport) /* enum fw_call_transport */               \
    TEXT(peer_host, 64) U16(peer_port) U8(codec)                                                   \
    U8(t38_version) U32(bit_rate_max) U16(datagram_max) U8(ec) /* enum fw_udptl_ec */
#define FW_MSG_MEDIA_PENDING(U8, U16, U32, I32, TEXT) /* our re-INVITE has no answer yet; it has */  \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U8(pending)
#define FW_MSG_MEDIA_CLOSE(U8, U16, U32, I32, TEXT) U8(modem) TEXT(call, FW_CALL_ID_SIZE)
#define FW_MSG_MEDIA_TONE(U8, U16, U32, I32, TEXT)                                                 \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U8(tone) /* enum fw_tone */
#define FW_MSG_MEDIA_SILENT(U8, U16, U32, I32, TEXT) /* T.38 it is, and nothing came of it */      \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE)
#define FW_MSG_MEDIA_UNDERWAY(U8, U16, U32, I32, TEXT) /* past DCS: no more T.38 switching */      \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE)
#define FW_MSG_FAX_NEGOTIATED(U8, U16, U32, I32, TEXT)                                             \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U32(bit_rate) U8(ecm) TEXT(remote_ident, 24)             \
    TEXT(subaddress, 24) /* that went, or came; empty: none */
#define FW_MSG_PAGE_CONFIRMED(U8, U16, U32, I32, TEXT) /* by the far end (sent), by us (received) */ \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U32(page_count)
#define FW_MSG_FAX_PAGE(U8, U16, U32, I32, TEXT) /* a page went over the line, good or bad */        \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) U32(number) /* from 1 */                                 \
    U8(confirmed) U32(bit_rate) U8(compression)       /* enum fw_compression */                    \
    U32(width) U32(rows) U32(bytes) U32(bad_rows) U32(longest_bad_run)                             \
    U32(repeated_frames) U32(at_ms)                   /* of the call */
/* Before FAX_RESULT: what the far machine is, and how long phases A to E lasted. */
#define FW_MSG_FAX_FACTS(U8, U16, U32, I32, TEXT)                                                  \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) TEXT(vendor, 48) TEXT(model, 48) TEXT(country, 48)       \
    U8(resolution) /* enum fw_terminal_resolution of the last page; 0: none */                     \
    U32(phase_a_ms) U32(phase_b_ms) U32(phase_c_ms) U32(phase_d_ms) U32(phase_e_ms)                \
    U32(packets_received) U32(packets_recovered) U32(packets_lost) U32(packets_malformed)          \
    U32(samples_missing) /* of G.711 */
/* Before FAX_RESULT, in parts: the T.30 dialogue in words, whole lines. */
#define FW_MSG_FAX_DIALOGUE(U8, U16, U32, I32, TEXT)                                               \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) TEXT(lines, 3072)
#define FW_MSG_FAX_RESULT(U8, U16, U32, I32, TEXT) /* once for each MEDIA_OPEN, even if it failed */ \
    U8(modem) TEXT(call, FW_CALL_ID_SIZE) I32(t30_code) /* spandsp's T30_ERR numbers; 0 OK */      \
    U32(page_count)      /* confirmed */                                                           \
    U32(bit_rate) U8(ecm) U8(transport) TEXT(remote_ident, 24) TEXT(text, 160)
#define FW_MSG_CARRIER_READY(U8, U16, U32, I32, TEXT) U16(sip_port)
#define FW_MSG_NUMBER_ASK(U8, U16, U32, I32, TEXT) /* does an application have it? */              \
    U32(serial) TEXT(number, 64) /* digits */
#define FW_MSG_NUMBER_ROUTE(U8, U16, U32, I32, TEXT)                                               \
    U32(serial) U16(sip_port) /* of the line, on loopback; 0: nobody here has it */                \
    U8(later) /* 1: somebody may have it, and cannot be reached now */

/* M(NAME, field, where it goes). */
#define FW_MSG_LIST(M)                                                                             \
    M(STOP, stop, CHILD)                                                                           \
    M(LINE_CONFIG, line_config, LINE)                                                              \
    M(TRUNK_SET, trunk_set, LINE)                                                                  \
    M(TRUNK_GONE, trunk_gone, LINE)                                                                \
    M(TRUNK_STATE, trunk_state, HUB)                                                               \
    M(LINE_READY, line_ready, HUB)                                                                 \
    M(CALL_PLACE, call_place, LINE)                                                                \
    M(CALL_INCOMING, call_incoming, HUB)                                                           \
    M(CALL_ACCEPT, call_accept, LINE)                                                              \
    M(CALL_REFUSE, call_refuse, LINE)                                                              \
    M(CALL_CANCEL, call_cancel, LINE)                                                              \
    M(CALL_PROGRESS, call_progress, HUB)                                                           \
    M(CALL_TRUNK, call_trunk, HUB)                                                                 \
    M(CALL_ANSWERED, call_answered, HUB)                                                           \
    M(CALL_TRANSPORT, call_transport, HUB)                                                         \
    M(CALL_ENDED, call_ended, HUB)                                                                 \
    M(MODEM_START, modem_start, MODEM)                                                             \
    M(MODEM_READY, modem_ready, HUB)                                                               \
    M(MODEM_GONE, modem_gone, LINE)                                                                \
    M(MEDIA_OPEN, media_open, MODEM)                                                               \
    M(MEDIA_TRACE, media_trace, MODEM)                                                             \
    M(MEDIA_SWITCH, media_switch, MODEM)                                                           \
    M(MEDIA_PENDING, media_pending, MODEM)                                                         \
    M(MEDIA_CLOSE, media_close, MODEM)                                                             \
    M(MEDIA_TONE, media_tone, LINE)                                                                \
    M(MEDIA_SILENT, media_silent, LINE)                                                            \
    M(MEDIA_UNDERWAY, media_underway, LINE)                                                        \
    M(FAX_NEGOTIATED, fax_negotiated, HUB)                                                         \
    M(PAGE_CONFIRMED, page_confirmed, HUB)                                                         \
    M(FAX_PAGE, fax_page, HUB)                                                                     \
    M(FAX_FACTS, fax_facts, HUB)                                                                   \
    M(FAX_DIALOGUE, fax_dialogue, HUB)                                                             \
    M(FAX_RESULT, fax_result, HUB_AND_LINE)                                                        \
    M(CARRIER_READY, carrier_ready, HUB)                                                           \
    M(NUMBER_ASK, number_ask, HUB)                                                                 \
    M(NUMBER_ROUTE, number_route, CARRIER)

enum fw_msg_kind {
#define M(NAME, name, route) FW_MSG_KIND_##NAME,
    FW_MSG_LIST(M)
#undef M
        FW_MSG_KIND_COUNT
};
enum fw_route {
    FW_ROUTE_HUB, FW_ROUTE_LINE, FW_ROUTE_MODEM, FW_ROUTE_CHILD, FW_ROUTE_HUB_AND_LINE, FW_ROUTE_CARRIER
};

#define FW_MSG_U8(name)         uint8_t name;
#define FW_MSG_U16(name)        uint16_t name;
#define FW_MSG_U32(name)        uint32_t name;
#define FW_MSG_I32(name)        int32_t name;
#define FW_MSG_TEXT(name, size) char name[size];
#define M(NAME, name, route)                                                                       \
    struct fw_msg_##name {                                                                         \
        FW_MSG_##NAME(FW_MSG_U8, FW_MSG_U16, FW_MSG_U32, FW_MSG_I32, FW_MSG_TEXT)                  \
    };
FW_MSG_LIST(M)
#undef M

struct fw_msg {
    enum fw_msg_kind kind;
    union {
#define M(NAME, name, route) struct fw_msg_##name name;
        FW_MSG_LIST(M)
#undef M
    };
};

const char *fw_msg_text(enum fw_msg_kind kind);
enum fw_route fw_msg_route(enum fw_msg_kind kind);
/* Index of the modem a message is for or from; -1 when its kind carries none. */
int fw_msg_modem(const struct fw_msg *msg);

/* Errors: FW_LIMIT when `buf` is too small. Texts must be terminated (an assert). */
MUST_USE enum fw_err fw_msg_write(const struct fw_msg *msg, struct fw_buf *buf);
/* FW_PROTOCOL for anything but exactly one well-formed message; `ret` is then zeroed. */
MUST_USE enum fw_err fw_msg_read(struct fw_span bytes, struct fw_msg *ret);
#endif
