/* sdp_fax.c - offers, answers, and what both sides may rely on after them. */
#include "proto/sdp_fax.h"
#include "base/text.h"
#include <inttypes.h>
#include <string.h>

enum {
    BIT_RATE_DEFAULT = 14400,
    BIT_RATE_MIN = 2400, /* slower than any fax modem: the value is nonsense */
    BUFFER_MAX = 2000,   /* T38FaxMaxBuffer: what others declare; we have no such limit */
    DATAGRAM_UNPACED = 1400,
    DATAGRAM_IS_IFP_MAX = 120, /* up to here peers mean the IFP packet, not the datagram */
    DATAGRAM_MAX = 1500,
};

static bool is_ipv6(const char *host)
{
    return strchr(host, ':') != NULL;
}

static enum fw_err put_session(const struct fw_sdp_local *local, struct fw_buf *ret)
{
    const char *family = is_ipv6(local->host) ? "IP6" : "IP4";
    return fw_buf_putf(ret,
                       "v=0\r\n"
                       "o=faxwire %" PRIu64 " %" PRIu64 " IN %s %s\r\n"
                       "s=-\r\n"
                       "c=IN %s %s\r\n"
                       "t=0 0\r\n",
                       local->session_id, local->version, family, local->host, family, local->host);
}

static enum fw_err put_rtpmap(enum fw_codec codec, struct fw_buf *ret)
{
    return fw_buf_put_text(ret, codec == FW_CODEC_PCMA ? "a=rtpmap:8 PCMA/8000\r\n"
                                                       : "a=rtpmap:0 PCMU/8000\r\n");
}

static enum fw_err put_audio_end(const char *direction, struct fw_buf *ret)
{
    return fw_buf_putf(ret,
                       "a=ptime:20\r\n"
                       "a=silenceSupp:off - - - -\r\n"
                       "a=%s\r\n",
                       direction);
}

static enum fw_err put_audio_offer(const struct fw_sdp_local *local, struct fw_buf *ret)
{
    const enum fw_codec first = local->pcma_first ? FW_CODEC_PCMA : FW_CODEC_PCMU;
    const enum fw_codec second = local->pcma_first ? FW_CODEC_PCMU : FW_CODEC_PCMA;
    enum fw_err err = fw_buf_putf(ret, "m=audio %u RTP/AVP %d", (unsigned)local->port, (int)first);
    if (!err && !local->one_codec)
        err = fw_buf_putf(ret, " %d", (int)second);
    if (!err)
        err = fw_buf_put_text(ret, "\r\n");
    if (!err)
        err = put_rtpmap(first, ret);
    if (!err && !local->one_codec)
        err = put_rtpmap(second, ret);
    return err ? err : put_audio_end("sendrecv", ret);
}

static uint32_t local_bit_rate(const struct fw_sdp_local *local)
{
    return local->bit_rate_max ? local->bit_rate_max : BIT_RATE_DEFAULT;
}

static unsigned local_datagram(const struct fw_sdp_local *local)
{
    if (local->datagram_max)
        return local->datagram_max;
    return local->unpaced ? DATAGRAM_UNPACED : FW_SDP_DATAGRAM_DEFAULT;
}

/* What both offer and answer say; an answer differs in rate, EC and fill bits only. */
static enum fw_err put_t38_attributes(const struct fw_sdp_local *local,
                                      const struct fw_sdp_t38_settings *t, struct fw_buf *ret)
{
    enum fw_err err = fw_buf_putf(ret,
                                  "a=T38FaxVersion:0\r\n"
                                  "a=T38MaxBitRate:%" PRIu32 "\r\n"
                                  "a=T38FaxRateManagement:%s\r\n"
                                  "a=T38FaxMaxBuffer:%d\r\n"
                                  "a=T38FaxMaxDatagram:%u\r\n",
                                  local_bit_rate(local),
                                  t->rate == FW_SDP_RATE_LOCAL_TCF ? "localTCF" : "transferredTCF",
                                  (int)BUFFER_MAX, local_datagram(local));
    if (!err && t->ec != FW_UDPTL_EC_NONE)
        err = fw_buf_put_text(ret, "a=T38FaxUdpEC:t38UDPRedundancy\r\n");
    if (!err && t->fill_bit_removal)
        err = fw_buf_put_text(ret, "a=T38FaxFillBitRemoval\r\n");
    if (!err && t->unpaced)
        err = fw_buf_put_text(ret, "a=X-faxwire-unpaced\r\n");
    return err;
}

static enum fw_err put_t38_offer(const struct fw_sdp_local *local, struct fw_buf *ret)
{
    const struct fw_sdp_t38_settings settings = { .ec = FW_UDPTL_EC_REDUNDANCY,
                                                  .unpaced = local->unpaced };
    const enum fw_err err = fw_buf_putf(ret, "m=image %u udptl t38\r\n", (unsigned)local->port);
    return err ? err : put_t38_attributes(local, &settings, ret);
}

enum fw_err fw_sdp_offer_audio(const struct fw_sdp_local *local, struct fw_buf *ret)
{
    const enum fw_err err = put_session(local, ret);
    return err ? err : put_audio_offer(local, ret);
}

enum fw_err fw_sdp_offer_t38(const struct fw_sdp_local *local, enum fw_sdp_shape shape,
                             struct fw_buf *ret)
{
    enum fw_err err = put_session(local, ret);
    if (!err && shape == FW_SDP_KEEP_LINES)
        err = fw_buf_putf(ret, "m=audio 0 RTP/AVP %d\r\n", local->pcma_first ? 8 : 0);
    if (!err && shape == FW_SDP_WITH_AUDIO)
        err = put_audio_offer(local, ret);
    return err ? err : put_t38_offer(local, ret);
}

/* RFC 3264 clause 8: a line stays, closed; where there is none for audio, it takes that of the image. */
enum fw_err fw_sdp_offer_return(const struct fw_sdp_local *local, const struct fw_sdp *now, struct fw_buf *ret)
{
    size_t at = 0;
    while (at < now->media_count && !fw_text_is_nocase(fw_span_of(now->media[at].media), "audio"))
        at++;
    if (at == now->media_count)
        at = now->t38_index < 0 ? 0 : (size_t)now->t38_index;
    enum fw_err err = put_session(local, ret);
    for (size_t i = 0; !err && i < now->media_count; i++) {
        const struct fw_sdp_media *m = &now->media[i];
        err = i == at ? put_audio_offer(local, ret)
                      : fw_buf_putf(ret, "m=%s 0 %s %s\r\n", m->media, m->proto, m->format);
    }
    return err;
}

/* The peer's limit for our datagrams. Many peers write the largest IFP packet there: 72 is common,
 * and would leave no room for the redundancy that they ask for in the next line. */
static uint16_t datagram_limit(uint32_t declared)
{
    uint32_t limit = declared ? declared : FW_SDP_DATAGRAM_DEFAULT;
    if (limit <= DATAGRAM_IS_IFP_MAX)
        limit = (limit + 2) * (FW_SDP_REDUNDANCY + 1) + 8;
    if (limit < FW_SDP_DATAGRAM_MIN)
        limit = FW_SDP_DATAGRAM_MIN;
    return (uint16_t)(limit > DATAGRAM_MAX ? DATAGRAM_MAX : limit);
}

static uint32_t bit_rate_limit(uint32_t ours, uint32_t theirs)
{
    return theirs < BIT_RATE_MIN || theirs > ours ? ours : theirs;
}

static void settle_t38(const struct fw_sdp_t38 *theirs, const struct fw_sdp_local *local,
                       struct fw_sdp_settled *ret)
{
    const bool redundant = theirs->ec != FW_UDPTL_EC_NONE;
    *ret = (struct fw_sdp_settled){
        .transport =
            local->unpaced && theirs->unpaced ? FW_TRANSPORT_T38_UNPACED : FW_TRANSPORT_T38,
        .peer_port = theirs->port,
        .held = theirs->direction == FW_SDP_INACTIVE || theirs->direction == FW_SDP_SENDONLY,
        .t38 = { .version = 0,
                 .bit_rate_max = bit_rate_limit(local_bit_rate(local), theirs->bit_rate_max),
                 .datagram_max = datagram_limit(theirs->datagram_max),
                 .ec = redundant ? FW_UDPTL_EC_REDUNDANCY : FW_UDPTL_EC_NONE,
                 .redundancy = redundant ? FW_SDP_REDUNDANCY : 0,
                 .rate = theirs->rate,
                 .fill_bit_removal = local->fill_bit_removal && theirs->fill_bit_removal,
                 .unpaced = local->unpaced && theirs->unpaced },
    };
    memcpy(ret->peer_host, theirs->host, sizeof ret->peer_host);
}

static void settle_audio(const struct fw_sdp_audio *theirs, struct fw_sdp_settled *ret)
{
    const bool pcma = theirs->pcma && (theirs->pcma_first || !theirs->pcmu);
    *ret = (struct fw_sdp_settled){
        .transport = FW_TRANSPORT_AUDIO,
        .peer_port = theirs->port,
        .codec = pcma ? FW_CODEC_PCMA : FW_CODEC_PCMU,
        .ptime_ms = theirs->ptime_ms,
        .held = theirs->direction == FW_SDP_INACTIVE || theirs->direction == FW_SDP_SENDONLY,
    };
    memcpy(ret->peer_host, theirs->host, sizeof ret->peer_host);
}

enum fw_err fw_sdp_settle(const struct fw_sdp *answer, const struct fw_sdp_local *local,
                          enum fw_sdp_policy policy, struct fw_sdp_settled *ret)
{
    const bool audio = policy != FW_SDP_T38_ONLY && answer->audio.port != 0;
    const bool t38 = policy != FW_SDP_AUDIO_ONLY && answer->t38.port != 0;
    if (!audio && !t38)
        return FW_NOT_FOUND;
    if (t38 && (!audio || policy == FW_SDP_T38_PREFERRED))
        settle_t38(&answer->t38, local, ret);
    else
        settle_audio(&answer->audio, ret);
    return FW_OK;
}

/* Our direction is the peer's mirrored (RFC 3264 clause 6.1). */
static const char *mirrored(enum fw_sdp_direction direction)
{
    switch (direction) {
    case FW_SDP_SENDRECV:
        return "sendrecv";
    case FW_SDP_SENDONLY:
        return "recvonly";
    case FW_SDP_RECVONLY:
        return "sendonly";
    case FW_SDP_INACTIVE:
        return "inactive";
    }
    return "sendrecv";
}

static enum fw_err put_audio_answer(const struct fw_sdp *offer, const struct fw_sdp_local *local,
                                    const struct fw_sdp_settled *settled, struct fw_buf *ret)
{
    enum fw_err err = fw_buf_putf(ret, "m=audio %u %s %d\r\n", (unsigned)local->port,
                                  offer->media[offer->audio_index].proto, (int)settled->codec);
    if (!err)
        err = put_rtpmap(settled->codec, ret);
    return err ? err : put_audio_end(mirrored(offer->audio.direction), ret);
}

static enum fw_err put_t38_answer(const struct fw_sdp *offer, const struct fw_sdp_local *local,
                                  const struct fw_sdp_settled *settled, struct fw_buf *ret)
{
    const struct fw_sdp_media *m = &offer->media[offer->t38_index];
    enum fw_err err =
        fw_buf_putf(ret, "m=image %u %s %s\r\n", (unsigned)local->port, m->proto, m->format);
    if (!err)
        err = put_t38_attributes(local, &settled->t38, ret);
    if (!err && offer->t38.direction != FW_SDP_SENDRECV)
        err = fw_buf_putf(ret, "a=%s\r\n", mirrored(offer->t38.direction));
    return err;
}

enum fw_err fw_sdp_answer(const struct fw_sdp *offer, const struct fw_sdp_local *local,
                          enum fw_sdp_policy policy, struct fw_buf *ret,
                          struct fw_sdp_settled *ret_settled)
{
    struct fw_sdp_settled settled;
    enum fw_err err = fw_sdp_settle(offer, local, policy, &settled);
    if (err)
        return err;
    const bool audio = settled.transport == FW_TRANSPORT_AUDIO;
    err = put_session(local, ret);
    for (size_t i = 0; !err && i < offer->media_count; i++) {
        const struct fw_sdp_media *m = &offer->media[i];
        if (audio && (int)i == offer->audio_index)
            err = put_audio_answer(offer, local, &settled, ret);
        else if (!audio && (int)i == offer->t38_index)
            err = put_t38_answer(offer, local, &settled, ret);
        else
            err = fw_buf_putf(ret, "m=%s 0 %s %s\r\n", m->media, m->proto, m->format);
    }
    if (!err)
        *ret_settled = settled;
    return err;
}
