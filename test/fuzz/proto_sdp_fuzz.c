/* What a peer sends as SDP: read wholly or refused; what we answer reads back, line for line in the
 * offer's order. */
#include <string.h>

#include "base/text.h"
#include "proto/sdp_fax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parsed(const struct fw_sdp *s)
{
    fw_assert(s->media_count <= FW_SDP_MEDIA_MAX);
    fw_assert(s->session_id[0] && s->session_version[0]);
    fw_assert((s->audio_index >= 0) == (s->audio.port != 0));
    fw_assert((s->t38_index >= 0) == (s->t38.port != 0));
    fw_assert(s->audio_index < (int)s->media_count && s->t38_index < (int)s->media_count);
    fw_assert(s->audio.port == 0 || (s->audio.host[0] && (s->audio.pcmu || s->audio.pcma)));
    fw_assert(s->t38.port == 0 || s->t38.host[0]);
}

static void check_settled(const struct fw_sdp_settled *s)
{
    fw_assert(s->peer_port != 0 && s->peer_host[0]);
    if (s->transport == FW_TRANSPORT_AUDIO)
        return;
    fw_assert(s->t38.version == 0 && !s->t38.mmr && !s->t38.jbig);
    fw_assert(s->t38.bit_rate_max >= 2400 && s->t38.bit_rate_max <= 14400);
    fw_assert(s->t38.datagram_max >= FW_SDP_DATAGRAM_MIN && s->t38.datagram_max <= 1500);
    fw_assert(s->t38.unpaced == (s->transport == FW_TRANSPORT_T38_UNPACED));
}

static void check_answer(const struct fw_sdp *offer, const struct fw_buf *text)
{
    struct fw_sdp answer;
    fw_assert(fw_sdp_parse(fw_buf_span(text), &answer) == FW_OK);
    fw_assert(answer.media_count == offer->media_count);
    size_t open = 0;
    for (size_t i = 0; i < answer.media_count; i++) {
        fw_assert(fw_text_is_nocase(fw_span_of(answer.media[i].media), offer->media[i].media));
        fw_assert(strcmp(answer.media[i].proto, offer->media[i].proto) == 0);
        open += answer.media[i].port != 0;
    }
    fw_assert(open == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_sdp offer;
    if (fw_sdp_parse((struct fw_span){ data, size }, &offer))
        return 0;
    check_parsed(&offer);
    fw_assert(fw_sdp_is_refresh(&offer, &offer));
    for (enum fw_sdp_policy policy = FW_SDP_AUDIO_ONLY; policy <= FW_SDP_T38_PREFERRED; policy++) {
        const struct fw_sdp_local local = { .session_id = 1,
                                            .version = 2,
                                            .host = size % 2 ? "192.0.2.1" : "2001:db8::1",
                                            .port = 40000,
                                            .fill_bit_removal = size % 3 == 0,
                                            .unpaced = size % 5 == 0 };
        struct fw_buf text;
        fw_buf_init(&text, FW_SDP_BYTES_MAX);
        struct fw_sdp_settled settled;
        const enum fw_err err = fw_sdp_answer(&offer, &local, policy, &text, &settled);
        fw_assert(err == FW_OK || (err == FW_NOT_FOUND && text.size == 0));
        if (!err) {
            check_settled(&settled);
            check_answer(&offer, &text);
        }
        fw_buf_done(&text);
    }
    return 0;
}
