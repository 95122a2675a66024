/* call.c - rings, answers, switches to T.38, hangs up, and hands the fax to the mailbox. */
#include "carrier/call.h"
#include "carrier/forward.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "carrier/media.h"
#include "proto/sdp_fax.h"
#include <stdlib.h>
#include <string.h>

enum {
    RING_MAX_US = 300 * 1000000,     /* a caller that never gives up */
    T38_AFTER_US = 1000 * 1000,      /* after the answer, when the caller does not ask first */
    SDP_MAX = 4096,                  /* of a description of ours */
    SPEAK_AFTER_US = 200 * 1000,     /* T.38 agreed, yet no packet from the peer */
    GLARE_US = 2000 * 1000,          /* RFC 3261 clause 14.1: 0 to 2 s for the called side */
    HANGUP_AFTER_US = 1000 * 1000,   /* after the last page the caller hangs up first, normally */
    GLARE_WAIT_US = 15 * 1000000,    /* a row that crosses waits for the caller to ask */
    BYE_LIMIT_US = 10 * 1000 * 1000, /* no answer to our BYE: forget the call */
};

enum call_state {
    RINGING,   /* 180 sent, `due` says when to answer */
    ANSWERED,  /* 200 sent, no ACK yet */
    AUDIO,     /* G.711; `due` says when to ask for T.38 */
    SWITCHING, /* our re-INVITE is out */
    T38,
    LEAVING, /* BYE sent, `due` says when to give up */
    OVER,    /* the leg is gone; freed by the next tick */
};

struct fw_carrier_call {
    struct fw_carrier_call *next;
    struct fw_carrier *carrier;
    struct fw_phone_leg *leg; /* NULL when OVER */
    const struct fw_far_end *far;
    struct fw_carrier_media *media;
    struct fw_sdp remote; /* the last offer or answer that counted */
    struct fw_sdp_local local;
    struct fw_sdp_settled settled; /* what is spoken now */
    struct fw_buf sdp;             /* our last description, for refreshes */
    struct fw_carrier_mail mail;
    enum call_state state;
    struct fw_mono due;
    struct fw_mono speak_at; /* 0: not waiting */
    struct fw_mono limit;    /* then this far end hangs up; 0: never */
    bool due_set;
    bool crossed; /* a row with glare had it */
    bool returned; /* from T.38 to audio */
    bool started; /* answered: there is a fax, however it ends */
    bool kept;    /* it is in the mailbox */
};

static void set_due(struct fw_carrier_call *call, int64_t after_us)
{
    call->due = (struct fw_mono){ call->carrier->now.us + after_us };
    call->due_set = true;
}

static bool is_due(const struct fw_carrier_call *call)
{
    return call->due_set && call->carrier->now.us >= call->due.us;
}

/* ---- the fax into the mailbox ---- */

static void fill_mail(struct fw_carrier_mail *mail, const struct fw_terminal_result *result,
                      bool whole)
{
    mail->page_count = result->pages;
    mail->bit_rate = result->bit_rate;
    mail->t30_code = result->t30_code;
    mail->ecm = result->ecm;
    mail->whole = whole && result->t30_code == 0 && result->pages > 0;
    fw_text_clip(mail->remote_ident, sizeof mail->remote_ident, result->remote_ident);
    fw_text_clip(mail->subaddress, sizeof mail->subaddress, result->subaddress);
}

/* Once, when T.30 is over: the result cannot change any more. */
static void keep(struct fw_carrier_call *call)
{
    if (call->kept || !call->started)
        return;
    call->kept = true;
    fw_carrier_media_hangup(call->media);
    fill_mail(&call->mail, fw_carrier_media_result(call->media), !call->far->rtn);
    call->mail.transport = fw_carrier_media_transport(call->media);
    fw_carrier_keeper_put(call->carrier->keeper, &call->mail);
}

static void free_call(struct fw_carrier_call *call)
{
    fw_carrier_media_free(call->media);
    fw_buf_done(&call->sdp);
    free(call);
}

static void leave(struct fw_carrier_call *call)
{
    if (!call->leg || call->state == LEAVING)
        return;
    call->state = LEAVING;
    set_due(call, BYE_LIMIT_US);
    fw_phone_hangup(call->leg);
}

/* ---- T.38 ---- */

/* Takes what was settled; false: the fax is underway in audio, or the address is no good. */
static bool try_t38(struct fw_carrier_call *call, const struct fw_sdp_settled *settled)
{
    if (fw_carrier_media_peer(call->media, settled->peer_host, settled->peer_port) ||
        fw_carrier_media_t38(call->media, &settled->t38))
        return false;
    call->settled = *settled;
    call->state = T38;
    call->due_set = false;
    call->speak_at = (struct fw_mono){ call->carrier->now.us + SPEAK_AFTER_US };
    fw_log(FW_LOG_INFO, "carrier.t38", "call=%s unpaced=%d", call->mail.hash, settled->t38.unpaced);
    return true;
}

/* NUL-terminated for the SIP stack; NULL when there is no memory. */
static const char *text_of(struct fw_buf *buf)
{
    return fw_buf_put_u8(buf, '\0') ? NULL : (const char *)buf->data;
}

static void ask_for_t38(struct fw_carrier_call *call)
{
    struct fw_buf offer;
    call->due_set = false;
    call->local.version++;
    fw_buf_init(&offer, SDP_MAX);
    const char *text =
        fw_sdp_offer_t38(&call->local, FW_SDP_REPLACE, &offer) ? NULL : text_of(&offer);
    if (text) {
        call->state = SWITCHING;
        fw_phone_reinvite(call->leg, text);
    }
    fw_buf_done(&call->sdp);
    call->sdp = offer;
}

static void on_reanswered(void *arg, int status, struct fw_span sdp)
{
    struct fw_carrier_call *call = arg;
    struct fw_sdp answer;
    struct fw_sdp_settled settled;
    if (call->state != SWITCHING)
        return;
    call->state = AUDIO;
    if (status == 491) { /* both asked at once: wait as RFC 3261 clause 14.1 says, ask again */
        set_due(call, (int64_t)(fw_random_u64() % GLARE_US));
        return;
    }
    if (status >= 300 || fw_sdp_parse(sdp, &answer) ||
        fw_sdp_settle(&answer, &call->local, FW_SDP_T38_ONLY, &settled) ||
        !try_t38(call, &settled)) {
        fw_log(FW_LOG_INFO, "carrier.t38_refused", "call=%s status=%d", call->mail.hash, status);
        return;
    }
    call->remote = answer;
}

/* Writes the answer to `offer` and takes what was settled; false: nothing of it is for us. */
static bool accept_offer(struct fw_carrier_call *call, const struct fw_sdp *offer,
                         enum fw_sdp_policy policy, struct fw_buf *ret)
{
    struct fw_sdp_settled settled;
    call->local.version++;
    fw_buf_init(ret, SDP_MAX);
    if (fw_sdp_answer(offer, &call->local, policy, ret, &settled))
        return false;
    if (settled.transport != FW_TRANSPORT_AUDIO && call->state != T38)
        return try_t38(call, &settled);
    if (settled.transport == FW_TRANSPORT_AUDIO && call->state == T38) {
        if (fw_carrier_media_return(call->media, settled.codec))
            return false;
        call->state = AUDIO;
        call->returned = true;
    }
    if (fw_carrier_media_peer(call->media, settled.peer_host, settled.peer_port))
        return false;
    call->settled = settled;
    return true;
}

/* T.38 only where the row has it; back from it to audio likewise, and then for good. */
static enum fw_sdp_policy policy_of(const struct fw_carrier_call *call)
{
    if (call->state == T38)
        return call->far->returns ? FW_SDP_T38_PREFERRED : FW_SDP_T38_ONLY;
    return call->far->t38 && !call->returned ? FW_SDP_T38_PREFERRED : FW_SDP_AUDIO_ONLY;
}

static void on_offered(void *arg, struct fw_span sdp)
{
    struct fw_carrier_call *call = arg;
    struct fw_sdp offer;
    struct fw_buf answer = { 0 };
    const bool readable = sdp.size > 0 && !fw_sdp_parse(sdp, &offer);
    const bool same = sdp.size == 0 || (readable && fw_sdp_is_refresh(&call->remote, &offer));
    const char *text = NULL;
    if (call->far->glare && !call->crossed && call->state == AUDIO && !same) {
        call->crossed = true; /* as if ours had left a moment before this one came */
        fw_phone_refuse(call->leg, 491, "Request Pending", 0);
        ask_for_t38(call);
        return;
    }
    if (same && call->sdp.size > 0) {
        fw_phone_answer(call->leg, (const char *)call->sdp.data); /* a refresh changes nothing */
        return;
    }
    if (readable && call->media && accept_offer(call, &offer, policy_of(call), &answer))
        text = text_of(&answer);
    if (!text) {
        fw_buf_done(&answer);
        fw_phone_refuse(call->leg, 488, "Not Acceptable Here", 0);
        return;
    }
    call->remote = offer;
    fw_phone_answer(call->leg, text);
    fw_buf_done(&call->sdp);
    call->sdp = answer;
}

/* ---- the answer ---- */

static void answer(struct fw_carrier_call *call)
{
    call->state = ANSWERED;
    call->due_set = false;
    fw_phone_answer(call->leg, (const char *)call->sdp.data);
}

static void on_acked(void *arg)
{
    struct fw_carrier_call *call = arg;
    if (call->state == T38)
        fw_carrier_media_speak(call->media);
    if (call->state != ANSWERED)
        return;
    call->state = AUDIO;
    call->started = true;
    if (call->far->limit_ms > 0)
        call->limit.us = call->carrier->now.us + (int64_t)call->far->limit_ms * 1000;
    if (call->settled.transport != FW_TRANSPORT_AUDIO) {
        const struct fw_sdp_settled settled = call->settled;
        if (try_t38(call, &settled))
            fw_carrier_media_speak(call->media);
        else
            leave(call);
        return;
    }
    fw_carrier_media_audio(call->media, call->settled.codec);
    if (call->far->t38)
        set_due(call, call->far->glare                                   ? GLARE_WAIT_US
                      : fw_carrier_paced(call->carrier->options, call->far) ? T38_AFTER_US
                                                                            : 0);
}

/* ---- the INVITE ---- */

/* A refresh as session timers make it: the same description again (RFC 4028 clause 7.4). */
static void refresh(void *arg)
{
    struct fw_carrier_call *call = arg;
    if (call->leg && call->sdp.size > 0 && (call->state == AUDIO || call->state == T38))
        fw_phone_reinvite(call->leg, (const char *)call->sdp.data);
}

static enum fw_err open_media(struct fw_carrier_call *call)
{
    char path[FW_CARRIER_PATH_SIZE];
    fw_carrier_mailbox_incoming(&call->carrier->mailbox, &call->mail, path);
    const struct fw_carrier_media_config config = { .sip = call->carrier->sip,
                                                    .host = call->carrier->options->host,
                                                    .far = call->far,
                                                    .network = call->carrier->options->network,
                                                    .rx_path = path,
                                                    .middle = refresh,
                                                    .arg = call };
    return fw_carrier_media_new(&config, &call->media);
}

/* More m-lines than the offer had: against RFC 3264 clause 6, and seen in the field. */
static enum fw_err put_image_line(struct fw_carrier_call *call)
{
    return fw_buf_putf(&call->sdp,
                       "m=image %u udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
                       "a=T38FaxRateManagement:transferredTCF\r\n"
                       "a=T38FaxUdpEC:t38UDPRedundancy\r\n",
                       call->local.port);
}

/* Settles the media of the first offer and has the answer ready for when the ringing is over.
 * Status 0, or that of the refusal. */
static int settle(struct fw_carrier_call *call)
{
    const struct fw_carrier_options *options = call->carrier->options;
    if (open_media(call))
        return 503;
    call->local = (struct fw_sdp_local){ .session_id = fw_random_u64() >> 1,
                                         .version = 1,
                                         .host = options->host,
                                         .port = fw_carrier_media_port(call->media),
                                         .unpaced = !fw_carrier_paced(options, call->far) };
    fw_buf_init(&call->sdp, SDP_MAX);
    if (fw_sdp_answer(&call->remote, &call->local,
                      call->far->t38 ? FW_SDP_AUDIO_PREFERRED : FW_SDP_AUDIO_ONLY, &call->sdp,
                      &call->settled) ||
        fw_carrier_media_peer(call->media, call->settled.peer_host, call->settled.peer_port))
        return 488;
    if (call->far->image_in_answer && put_image_line(call))
        return 503;
    return text_of(&call->sdp) ? 0 : 503;
}

static void *refuse(struct fw_phone_leg *leg, const struct fw_carrier_mail *mail, int status,
                    const char *phrase, unsigned q850)
{
    fw_log(FW_LOG_INFO, "carrier.refused", "call=%s to=%s status=%d text=%s", mail->hash, mail->to,
           status, FW_LOG_TEXT(phrase));
    fw_phone_refuse(leg, status, phrase, q850);
    return NULL;
}

static void *ring(struct fw_carrier *carrier, struct fw_phone_leg *leg,
                  const struct fw_far_end *far, const struct fw_sdp *offer,
                  const struct fw_carrier_mail *mail)
{
    struct fw_carrier_call *call = calloc(1, sizeof *call);
    if (!call)
        return refuse(leg, mail, 503, "Service Unavailable", 42);
    *call = (struct fw_carrier_call){
        .carrier = carrier, .leg = leg, .far = far, .remote = *offer, .mail = *mail
    };
    const int status = far->act == FW_FAR_ANSWER ? settle(call) : 0;
    if (status != 0) {
        free_call(call);
        return status == 488 ? refuse(leg, mail, 488, "Not Acceptable Here", 88)
                             : refuse(leg, mail, 503, "Service Unavailable", 42);
    }
    call->next = carrier->calls;
    carrier->calls = call;
    fw_log(FW_LOG_INFO, "carrier.call", "call=%s to=%s far_end=%s", mail->hash, mail->to,
           FW_LOG_TEXT(far->what));
    fw_phone_ring(leg);
    set_due(call, far->act == FW_FAR_RING ? RING_MAX_US : (int64_t)far->ring_ms * 1000);
    return call;
}

void *fw_carrier_take(struct fw_carrier *carrier, struct fw_phone_leg *leg,
                      const struct fw_phone_invite *invite)
{
    struct fw_carrier_mail mail = { 0 };
    struct fw_sdp offer;
    mail.serial = ++carrier->call_count;
    fw_carrier_mailbox_hash(invite->call_id, mail.hash);
    fw_text_clip(mail.from, sizeof mail.from, invite->from);
    fw_text_clip(mail.display_name, sizeof mail.display_name, invite->display_name);
    if (!fw_carrier_number(invite->to, mail.to))
        return refuse(leg, &mail, 404, "Not Found", 28);
    const struct fw_far_end *far = fw_far_end_find(mail.to);
    mail.far_end = far->what;
    if (far->act == FW_FAR_REJECT ||
        (far->refuse_first > 0 && fw_carrier_refuses_still(carrier->callers, far, mail.from)))
        return refuse(leg, &mail, far->sip_status, far->phrase, far->q850);
    if (fw_sdp_parse(invite->sdp, &offer))
        return refuse(leg, &mail, 488, "Not Acceptable Here", 88);
    return ring(carrier, leg, far, &offer, &mail);
}

static void on_ended(void *arg)
{
    struct fw_carrier_call *call = arg;
    call->leg = NULL;
    call->state = OVER;
    keep(call);
}

const struct fw_phone_port fw_carrier_call_port = { .invite = fw_forward_invite,
                                                    .acked = on_acked,
                                                    .offered = on_offered,
                                                    .reanswered = on_reanswered,
                                                    .ended = on_ended };

/* ---- time ---- */

static void tick_fax(struct fw_carrier_call *call)
{
    if (call->speak_at.us != 0 && call->carrier->now.us >= call->speak_at.us) {
        call->speak_at.us = 0;
        fw_carrier_media_speak(call->media);
    }
    fw_carrier_media_tick(call->media, call->carrier->now);
    if (fw_carrier_media_at_hangup(call->media) ||
        (call->limit.us != 0 && call->carrier->now.us >= call->limit.us)) {
        leave(call);
        return;
    }
    if (fw_carrier_media_done(call->media) && !call->kept) {
        keep(call);
        set_due(call, HANGUP_AFTER_US);
        return;
    }
    if (call->kept && is_due(call))
        leave(call);
    else if (call->state == AUDIO && !call->kept && is_due(call))
        ask_for_t38(call);
}

static void tick_call(struct fw_carrier_call *call)
{
    switch (call->state) {
    case RINGING:
        if (is_due(call) && call->far->act == FW_FAR_RING) {
            fw_phone_refuse(call->leg, 480, "Temporarily Unavailable", 19);
            call->leg = NULL;
            call->state = OVER;
        } else if (is_due(call)) {
            answer(call);
        }
        break;
    case AUDIO:
    case SWITCHING:
    case T38:
        tick_fax(call);
        break;
    case LEAVING:
        if (is_due(call)) { /* the stack never told the end */
            fw_phone_forget(call->leg);
            on_ended(call);
        }
        break;
    case ANSWERED:
    case OVER:
        break;
    }
}

void fw_carrier_tick(struct fw_carrier *carrier)
{
    for (struct fw_carrier_call *call = carrier->calls; call; call = call->next)
        tick_call(call);
    for (struct fw_carrier_call **at = &carrier->calls; *at;) {
        struct fw_carrier_call *call = *at;
        if (call->state != OVER) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        free_call(call);
    }
}

void fw_carrier_hangup_all(struct fw_carrier *carrier)
{
    for (struct fw_carrier_call *call = carrier->calls; call; call = call->next) {
        if (call->state == RINGING) {
            fw_phone_refuse(call->leg, 503, "Service Unavailable", 41);
            call->leg = NULL;
            call->state = OVER;
        } else {
            leave(call);
        }
        keep(call);
    }
}

void fw_carrier_drop_all(struct fw_carrier *carrier)
{
    while (carrier->calls) {
        struct fw_carrier_call *call = carrier->calls;
        carrier->calls = call->next;
        keep(call);
        free_call(call);
    }
}
