/* rtp.h - RTP packets, G.711, and the fixed jitter buffer that a fax modem wants.
 *
 * Pure, caller's memory. The buffer is a ring of samples placed by timestamp and read by the
 * consumer at its own clock, never driven by packets: a modem signal survives a constant delay but
 * no adaptation, so depth is fixed and only overflow or underrun moves it.
 *
 * Source: RFC 3550 clause 5.1 (header, padding, extension), RFC 3551 clause 6 (payload types 0 and
 * 8), ITU-T G.711.
 */
#ifndef FW_RTP_H
#define FW_RTP_H
#include "base/buf.h"
#include "ipc/msg.h"

enum {
    FW_RTP_HEADER_SIZE = 12,
    FW_RTP_PAYLOAD_MAX = 960,      /* octets of G.711: 120 ms */
    FW_JITTER_SAMPLES = 4096,      /* ring: 512 ms at 8000 a second */
    FW_JITTER_DEPTH_MS = 60,       /* default */
    FW_JITTER_DEPTH_MS_MAX = 200,
    FW_JITTER_SLACK_MS = 100,      /* that the buffer may stand above its depth for */
};

struct fw_rtp {
    bool           marker;
    uint8_t        payload_type;
    uint16_t       seq;
    uint32_t       timestamp;
    uint32_t       ssrc;
    struct fw_span payload; /* borrowed; without padding */
};
/* FW_PROTOCOL unless version 2 with consistent CC, extension and padding lengths. */
MUST_USE enum fw_err fw_rtp_parse(struct fw_span packet, struct fw_rtp *ret);
/* 12-octet header and payload. FW_LIMIT when `dst_size` is too small. */
MUST_USE enum fw_err fw_rtp_format(const struct fw_rtp *rtp, uint8_t *dst, size_t dst_size,
                                   size_t *ret_size);

/* Linear 16 bit to and from G.711; `count` samples. Silence is 0xFF (PCMU) and 0xD5 (PCMA). */
void    fw_g711_decode(enum fw_codec codec, const uint8_t *in, size_t count, int16_t *out);
void    fw_g711_encode(enum fw_codec codec, const int16_t *in, size_t count, uint8_t *out);
uint8_t fw_g711_silence(enum fw_codec codec);

/* Sending: one stream. */
struct fw_rtp_sender {
    enum fw_codec codec;
    bool          started; /* the first packet has the marker */
    uint16_t      seq;
    uint32_t      timestamp;
    uint32_t      ssrc;
};
void fw_rtp_sender_init(struct fw_rtp_sender *s, enum fw_codec codec, uint32_t ssrc, uint16_t seq,
                        uint32_t timestamp);
/* Encodes `count` samples into one packet. FW_LIMIT: more than FW_RTP_PAYLOAD_MAX or `dst`. */
MUST_USE enum fw_err fw_rtp_send(struct fw_rtp_sender *s, const int16_t *samples, size_t count,
                                 uint8_t *dst, size_t dst_size, size_t *ret_size);

struct fw_jitter_stats {
    uint64_t packets;    /* taken */
    uint64_t ignored;    /* other payload types, empty or oversized ones, strangers */
    uint64_t late;       /* came after their time, wholly */
    uint64_t duplicates; /* with nothing new */
    uint64_t missing;    /* samples read as silence after the first packet */
    uint64_t recentred;  /* the reading point was moved */
};
struct fw_jitter {
    bool                   started;
    uint32_t               depth;     /* samples */
    uint32_t               read_at;   /* timestamp of the next sample to read */
    uint32_t               newest;    /* timestamp after the last sample held */
    uint32_t               ssrc;
    uint8_t                strangers; /* packets in a row that do not fit */
    uint8_t                lates;     /* newest packets in a row that began before read_at */
    uint8_t                earlies;   /* packets in a row beyond depth and slack */
    struct fw_jitter_stats stats;
    int16_t                samples[FW_JITTER_SAMPLES];
    bool                   present[FW_JITTER_SAMPLES];
};
/* depth_ms 0: default. */
void fw_jitter_init(struct fw_jitter *j, unsigned depth_ms);
/* Takes PCMU or PCMA by the packet's own payload type, frames of any length; else ignored. */
void fw_jitter_put(struct fw_jitter *j, const struct fw_rtp *rtp);
/* Reads `count` samples, silence (0) where there is none, and returns how many were real: with 0
 * call the modem's fill-in instead of feeding it silence. */
size_t fw_jitter_get(struct fw_jitter *j, int16_t *samples, size_t count);
#endif
