/* sdp_fax.h - session descriptions as faxes need them: one audio line (G.711), one T.38 line.
 *
 * Pure. What a peer sends is read tolerantly where peers are known to be sloppy (names in any case,
 * booleans bare or `:0`/`:1`, aliases, media-level or missing c=) and strictly where it costs
 * memory or where we would have to echo it. Every m-line is remembered, so that an answer has the
 * same lines in the same order, port 0 for what we do not take.
 *
 * Source: RFC 8866 (SDP), RFC 3264 clauses 5, 6 and 8 (offer/answer), ITU-T T.38 annex D.
 */
#ifndef FW_SDP_FAX_H
#define FW_SDP_FAX_H
#include "base/buf.h"
#include "fax/call.h"
#include "ipc/msg.h"

enum {
    FW_SDP_BYTES_MAX = 8192, /* of a description; real ones stay below 2000 */
    FW_SDP_LINES_MAX = 256,
    FW_SDP_MEDIA_MAX = 16,   /* m-lines */
    FW_SDP_HOST_SIZE = 64,   /* numeric IPv4 or IPv6 text with NUL */
    FW_SDP_TOKEN_SIZE = 48,  /* media, protocol, format; echoed in our answer */
    FW_SDP_ID_SIZE = 32,     /* session id and version as text: some are longer than 64 bits */
};

enum fw_sdp_direction { FW_SDP_SENDRECV, FW_SDP_SENDONLY, FW_SDP_RECVONLY, FW_SDP_INACTIVE };
enum fw_sdp_rate { FW_SDP_RATE_TRANSFERRED_TCF, FW_SDP_RATE_LOCAL_TCF };

/* An m-line as it must come back in an answer. */
struct fw_sdp_media {
    char     media[FW_SDP_TOKEN_SIZE];  /* "audio", "video", … */
    char     proto[FW_SDP_TOKEN_SIZE];  /* "RTP/AVP", "udptl", … as the peer spelled it */
    char     format[FW_SDP_TOKEN_SIZE]; /* the first one */
    uint16_t port;
};

/* port 0: there is no such line, or none that we could use (closed, encrypted, no G.711, no
 * numeric address). */
struct fw_sdp_audio {
    uint16_t              port;
    char                  host[FW_SDP_HOST_SIZE];
    bool                  pcmu;
    bool                  pcma;
    bool                  pcma_first; /* the peer lists PCMA before PCMU */
    uint16_t              ptime_ms;   /* 20 when not given */
    enum fw_sdp_direction direction;  /* as the peer says it of itself; 0.0.0.0 reads as inactive */
};
struct fw_sdp_t38 {
    uint16_t              port;
    char                  host[FW_SDP_HOST_SIZE];
    enum fw_sdp_direction direction;
    uint8_t               version;
    uint32_t              bit_rate_max;   /* 0: not given */
    uint32_t              buffer_max;     /* 0: not given */
    uint32_t              datagram_max;   /* 0: not given; as written, see fw_sdp_t38_settings */
    enum fw_sdp_rate      rate;
    enum fw_udptl_ec      ec;             /* NONE when absent */
    bool                  fill_bit_removal;
    bool                  mmr;
    bool                  jbig;
    bool                  unpaced;        /* a=X-faxwire-unpaced, at media or session level */
};

struct fw_sdp {
    char                session_id[FW_SDP_ID_SIZE];
    char                session_version[FW_SDP_ID_SIZE];
    size_t              media_count;
    struct fw_sdp_media media[FW_SDP_MEDIA_MAX];
    int                 audio_index; /* in `media`; -1 when audio.port is 0 */
    int                 t38_index;   /* in `media`; -1 when t38.port is 0 */
    struct fw_sdp_audio audio;
    struct fw_sdp_t38   t38;
};

/* Errors: FW_PROTOCOL for what is no session description, FW_LIMIT above the ceilings; `ret` is
 * then untouched. A description without anything usable is fine here: ports are 0. */
MUST_USE enum fw_err fw_sdp_parse(struct fw_span text, struct fw_sdp *ret);

/* A session refresh: same session id and version as before. Answer it with the SDP of before. Some
 * peers forget to count the version up when they offer something else, so the media are looked at too. */
bool fw_sdp_is_refresh(const struct fw_sdp *before, const struct fw_sdp *now);

/* Our side. `version` goes up by one with each description that differs from the last one sent. */
struct fw_sdp_local {
    uint64_t    session_id;
    uint64_t    version;
    const char *host;             /* numeric, what the peer shall send to */
    uint16_t    port;             /* one socket for RTP and UDPTL */
    bool        pcma_first;       /* order in offers; in answers the peer's order counts */
    bool        one_codec;        /* only the first of them in offers */
    uint32_t    bit_rate_max;     /* 0: 14400 */
    uint16_t    datagram_max;     /* T38FaxMaxDatagram that we declare; 0: 400, unpaced 1400 */
    bool        fill_bit_removal; /* can do; used only when the peer can too; never offered */
    bool        unpaced;          /* may say a=X-faxwire-unpaced to this peer */
};

enum fw_sdp_shape {
    FW_SDP_REPLACE,    /* m=image alone, in place of the audio line: what most peers expect */
    FW_SDP_KEEP_LINES, /* m=audio 0, then m=image: RFC 3264 clause 8 to the letter */
    FW_SDP_WITH_AUDIO, /* m=audio, then m=image, both open: a first offer with T.38 in it */
};
/* These append to `ret` (FW_LIMIT, FW_NO_MEMORY: `ret` may hold a part). */
MUST_USE enum fw_err fw_sdp_offer_audio(const struct fw_sdp_local *local, struct fw_buf *ret);
MUST_USE enum fw_err fw_sdp_offer_t38(const struct fw_sdp_local *local, enum fw_sdp_shape shape,
                                      struct fw_buf *ret);

/* G.711 in place of T.38, in a session that is described by `now` (ours): the same m-lines. */
MUST_USE enum fw_err fw_sdp_offer_return(const struct fw_sdp_local *local, const struct fw_sdp *now,
                                         struct fw_buf *ret);

/* What both sides may now rely on; goes to the modem.
 * version: the lower one, and ours is 0. bit_rate_max: the lower one. datagram_max: the peer's
 * limit for what we send, with values up to 120 read as "largest IFP" as many peers mean it, and
 * always within [FW_SDP_DATAGRAM_MIN, 1500]. ec: redundancy when the peer names redundancy or FEC
 * (we send no FEC; we read it always). mmr, jbig: 0, we do not transcode. */
enum { FW_SDP_DATAGRAM_DEFAULT = 400, FW_SDP_DATAGRAM_MIN = 72, FW_SDP_REDUNDANCY = 3 };
struct fw_sdp_t38_settings {
    uint8_t          version;
    uint32_t         bit_rate_max;
    uint16_t         datagram_max;
    enum fw_udptl_ec ec;
    uint8_t          redundancy; /* entries to send: FW_SDP_REDUNDANCY, or 0 with ec NONE */
    enum fw_sdp_rate rate;       /* the peer's */
    bool             fill_bit_removal;
    bool             mmr;
    bool             jbig;
    bool             unpaced;
};
struct fw_sdp_settled {
    enum fw_call_transport     transport;
    char                       peer_host[FW_SDP_HOST_SIZE];
    uint16_t                   peer_port;
    enum fw_codec              codec;    /* audio */
    uint16_t                   ptime_ms; /* audio, the peer's wish */
    bool                       held;     /* the peer does not want to receive now */
    struct fw_sdp_t38_settings t38;
};

enum fw_sdp_policy {
    FW_SDP_AUDIO_ONLY,
    FW_SDP_T38_ONLY,
    FW_SDP_AUDIO_PREFERRED, /* for a first INVITE: T.38 only when there is no usable audio */
    FW_SDP_T38_PREFERRED,   /* for a re-INVITE: audio only when there is no usable T.38 */
};
/* Appends the answer and tells what was chosen. FW_NOT_FOUND: the policy allows nothing of this
 * offer, nothing is written; answer 488. */
MUST_USE enum fw_err fw_sdp_answer(const struct fw_sdp *offer, const struct fw_sdp_local *local,
                                   enum fw_sdp_policy policy, struct fw_buf *ret,
                                   struct fw_sdp_settled *ret_settled);

/* Reads the peer's answer to our offer. `policy` says what we offered (T38_ONLY for a re-INVITE
 * to T.38: an answer with audio then is a refusal). FW_NOT_FOUND: refused. */
MUST_USE enum fw_err fw_sdp_settle(const struct fw_sdp *answer, const struct fw_sdp_local *local,
                                   enum fw_sdp_policy policy, struct fw_sdp_settled *ret);
#endif
