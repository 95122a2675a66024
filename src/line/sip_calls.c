/* Events of the SIP stack into events of the call table, filtered first.
 *
 * Everything here was sent by a stranger: any request at any moment, any body. What makes no sense
 * now is answered as the RFCs say and goes no further.
 *
 * Sources: RFC 3261 clauses 12.2 (in-dialog requests), 14 (re-INVITE); RFC 3264 clause 8.
 */
#include "line/inbound.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { PROGRESS_MAX = 16 }; /* CALL_PROGRESS messages of one call */

static const char sdp_type[] = "application/sdp";

/* How the call ended is what came first. */
static void note(struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (c->cause != FW_LINE_NO_CAUSE)
        return;
    c->sip_status = e->sip && e->sip->sip_status ? (uint16_t)e->sip->sip_status->st_status : 0;
    c->q850 = fw_sip_q850(e->sip);
    fw_text_clip(c->text, sizeof c->text, c->auth_text ? c->auth_text : e->phrase);
}

static bool before_answer(const struct fw_line_call *c)
{
    return c->state == FW_LINE_INVITING || c->state == FW_LINE_RINGING;
}

/* The answer may come reliably in a 1xx, and the 2xx then has none (RFC 3262 clause 5). */
static void keep_description(struct fw_line_call *c, const sip_t *sip)
{
    const struct fw_span text = fw_sip_sdp(sip);
    struct fw_sdp sdp;
    if (text.size > 0 && fw_sdp_parse(text, &sdp) == FW_OK) {
        c->remote = sdp;
        c->remote_known = true;
    }
}

static void on_progress(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (!e->sip || !before_answer(c))
        return;
    keep_description(c, e->sip);
    const uint16_t status = (uint16_t)e->status;
    if (status != c->progress_last && c->progress_count < PROGRESS_MAX) {
        c->progress_last = status;
        c->progress_count++;
        fw_line_act_progress(l, c, status);
    }
    fw_line_call_offer(l, c, FW_LINE_EV_PROGRESS);
}

static void on_answer(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const enum fw_sdp_policy policy = c->t38_first ? FW_SDP_T38_PREFERRED : FW_SDP_AUDIO_ONLY;
    keep_description(c, e->sip);
    fw_line_session_of_answer(&c->session, e->sip, l->now);
    if (c->remote_known && fw_sdp_settle(&c->remote, &c->local, policy, &c->settled) == FW_OK) {
        const bool audio = c->settled.transport == FW_TRANSPORT_AUDIO;
        c->t38_refused = c->t38_first && audio; /* it was offered, and not taken */
        snprintf(c->transport_why, sizeof c->transport_why, "the call was answered with T.38");
        fw_line_call_offer(l, c, audio ? FW_LINE_EV_ANSWERED : FW_LINE_EV_ANSWERED_T38);
        return;
    }
    note(c, e);
    if (c->cause == FW_LINE_NO_CAUSE)
        snprintf(c->text, sizeof c->text, "answered without G.711 audio that we can use");
    fw_line_call_offer(l, c, FW_LINE_EV_UNUSABLE);
}

/* RFC 3261 clause 21.5.4: not this server, not now. */
static void avoid(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_line_trunk *t = fw_line_trunk_of(l, c);
    const sip_retry_after_t *after = e->sip ? e->sip->sip_retry_after : NULL;
    int64_t ms = after ? (int64_t)after->af_delta * 1000 : FW_LINE_AVOID_MS;
    if (!t)
        return;
    ms = ms > FW_LINE_AVOID_MS_MAX ? FW_LINE_AVOID_MS_MAX : ms;
    t->avoid_until.us = l->now.us + ms * 1000;
    fw_line_trunk_error(l, t, e->sip ? e->status : 0, e->phrase);
}

/* FAX-ENGINE: 503, no answer, no connection: the same attempt goes on by the next trunk. */
static bool goes_on(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (e->sip && c->t38_first && (e->status == 488 || e->status == 415 || e->status == 606))
        return fw_line_dial_audio_only(l, c);
    if (e->sip && e->status != 503)
        return false;
    avoid(l, c, e);
    return fw_line_dial_next(l, c);
}

static void on_refusal(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (!before_answer(c)) {
        fw_line_call_offer(l, c, FW_LINE_EV_TERMINATED); /* 487, after our CANCEL */
        return;
    }
    note(c, e);
    c->handle_over = true;
    if (goes_on(l, c, e))
        return;
    if (c->sip_status == 603 && c->q850 == 0 && c->trunk.busy_on_603)
        c->q850 = 17; /* what this trunk means by it */
    fw_line_call_offer(l, c, e->sip ? FW_LINE_EV_REJECTED : FW_LINE_EV_UNREACHABLE);
}

/* True: taken up, the answer is still to come. */
static bool on_challenge(struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_sip_credentials own = fw_line_credentials(&c->trunk);
    c->auth_text = NULL;
    if ((e->kind == nua_r_invite && c->state == FW_LINE_LEAVING))
        return false; /* what we have canceled is not tried again */
    const bool taken = fw_sip_auth_take(e, &c->auth, &own, &c->auth_text);
    explicit_bzero(&own, sizeof own);
    if (taken)
        return true;
    if (c->auth_text)
        fw_log(FW_LOG_WARN, "call.credentials", "call=%s trunk=%s kind=%s what=%s",
               FW_LOG_TEXT(c->place.call), FW_LOG_TEXT(c->trunk.name), nua_event_name(e->kind),
               c->auth_text);
    if (!before_answer(c) && e->kind != nua_r_bye)
        fw_sip_auth_drop(c->handle);
    return false;
}

/* An offer that met our own refresh is refused by the stack itself, with a status of its own. */
static bool is_of_refresh(const struct fw_line_call *c, int status)
{
    const bool offering = c->state == FW_LINE_OFFERING || c->state == FW_LINE_RETURNING;
    return c->session.out == FW_LINE_REFRESH_INVITE && !(offering && status >= 700);
}

static void on_response(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (e->status == 100)
        return; /* the stack's own: it sends the request again */
    if (is_of_refresh(c, e->status)) {
        fw_line_session_on_response(l, c, e);
    } else if (c->state == FW_LINE_OFFERING || c->state == FW_LINE_RETURNING) {
        fw_line_on_offer_response(l, c, e);
    } else if (before_answer(c) || c->state == FW_LINE_LEAVING) {
        if (e->status < 200)
            on_progress(l, c, e);
        else if (e->status < 300)
            on_answer(l, c, e);
        else
            on_refusal(l, c, e);
    }
}

static void respond_sdp(const struct fw_line *l, struct fw_line_call *c)
{
    nua_respond(c->handle, SIP_200_OK, NUTAG_WITH_CURRENT(fw_sip_nua(l->sip)), SIPTAG_CONTACT_STR(c->contact),
                SIPTAG_CONTENT_TYPE_STR(sdp_type), SIPTAG_PAYLOAD_STR(c->sdp), TAG_END());
}

static void respond(const struct fw_line *l, struct fw_line_call *c, int status)
{
    nua_respond(c->handle, status, sip_status_phrase(status), NUTAG_WITH_CURRENT(fw_sip_nua(l->sip)),
                SIPTAG_CONTACT_STR(c->contact), TAG_END());
}

static bool same_peer(const struct fw_sdp_settled *a, const struct fw_sdp_settled *b)
{
    return a->peer_port == b->peer_port && strcmp(a->peer_host, b->peer_host) == 0 &&
           (a->transport != FW_TRANSPORT_AUDIO || a->codec == b->codec);
}

static bool takes_offers(const struct fw_line_call *c)
{
    return c->state == FW_LINE_AUDIO || c->state == FW_LINE_BACKOFF || c->state == FW_LINE_T38 ||
           c->state == FW_LINE_RETURN_LATER || c->state == FW_LINE_RETURNED;
}

static enum fw_sdp_policy policy_of(const struct fw_line_call *c)
{
    if (c->state == FW_LINE_T38)
        return c->underway ? FW_SDP_T38_ONLY : FW_SDP_T38_PREFERRED; /* back to audio would lose the fax */
    if (c->state == FW_LINE_RETURN_LATER || c->state == FW_LINE_RETURNED)
        return FW_SDP_AUDIO_ONLY; /* it had its chance */
    return c->t38_enabled && !c->underway ? FW_SDP_T38_PREFERRED : FW_SDP_AUDIO_ONLY;
}

/* Answers the offer; what was chosen is then in c->settled. False: answered 488 or the like. */
static bool accept_offer(const struct fw_line *l, struct fw_line_call *c, const struct fw_sdp *offer,
                         struct fw_sdp_settled *ret)
{
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, sizeof c->sdp - 1);
    struct fw_sdp_local local = c->local;
    local.version++;
    if (fw_sdp_answer(offer, &local, policy_of(c), &buf, ret) != FW_OK ||
        !fw_text_copy(c->offer, sizeof c->offer, fw_buf_span(&buf)))
        return false;
    memcpy(c->sdp, c->offer, sizeof c->sdp);
    c->local = local;
    c->remote = *offer;
    respond_sdp(l, c);
    return true;
}

/* An offer in a re-INVITE or an UPDATE. */
static void on_offer(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const struct fw_span text = fw_sip_sdp(e->sip);
    struct fw_sdp offer;
    struct fw_sdp_settled settled;
    if (!takes_offers(c) || fw_sdp_parse(text, &offer) != FW_OK) {
        respond(l, c, 488);
        return;
    }
    if (c->remote_known && fw_sdp_is_refresh(&c->remote, &offer)) {
        respond_sdp(l, c);
        fw_line_session_of_request(&c->session, e->sip, l->now);
        return;
    }
    if (!accept_offer(l, c, &offer, &settled)) {
        respond(l, c, 488);
        return;
    }
    fw_line_session_of_request(&c->session, e->sip, l->now);
    const bool moved = !same_peer(&c->settled, &settled);
    const bool to_t38 = settled.transport != FW_TRANSPORT_AUDIO && c->state != FW_LINE_T38;
    const bool to_audio = settled.transport == FW_TRANSPORT_AUDIO && c->settled.transport != FW_TRANSPORT_AUDIO;
    if (!to_t38 && !to_audio)
        settled.transport = c->settled.transport; /* a call does not change its pace midway */
    c->settled = settled;
    if (to_t38 || to_audio)
        snprintf(c->transport_why, sizeof c->transport_why, "the far end asked for %s", to_t38 ? "T.38" : "G.711");
    if (to_t38)
        fw_line_call_offer(l, c, FW_LINE_EV_REMOTE_T38);
    else if (to_audio)
        fw_line_call_offer(l, c, FW_LINE_EV_REMOTE_AUDIO);
    else if (moved)
        fw_line_act_switch(l, c);
}

static bool has_body(const struct fw_sip_event *e)
{
    return e->sip && e->sip->sip_payload;
}

static void on_reinvite(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (e->status >= 200)
        return; /* the stack has answered it: glare */
    if (!takes_offers(c) || has_body(e)) {
        on_offer(l, c, e);
        return;
    }
    respond_sdp(l, c); /* no offer: ours is what there is */
    fw_line_session_of_request(&c->session, e->sip, l->now);
}

/* RFC 3311 clause 5.2. Without a body it refreshes the session (RFC 4028 clause 7.4), at any time. */
static void on_update(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (e->status >= 200)
        return;
    if (!has_body(e)) {
        respond(l, c, 200);
        fw_line_session_of_request(&c->session, e->sip, l->now);
    } else if (c->state == FW_LINE_OFFERING || c->state == FW_LINE_RETURNING) {
        respond(l, c, 491);
    } else {
        on_offer(l, c, e);
    }
}

static void on_session_over(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    c->handle_over = true;
    if (c->state == FW_LINE_LEAVING) {
        fw_line_call_offer(l, c, FW_LINE_EV_TERMINATED);
        return;
    }
    if (before_answer(c)) {
        on_refusal(l, c, e);
        return;
    }
    if (c->state == FW_LINE_ASKING || c->state == FW_LINE_ALERTING) {
        fw_line_on_cancel(l, c, e);
        return;
    }
    note(c, e);
    fw_line_call_offer(l, c, FW_LINE_EV_DIALOG_LOST);
}

/* Requests that belong to no call of ours. */
static void on_stranger(struct fw_line *l, const struct fw_sip_event *e)
{
    if (!fw_sip_is_ours(l->sip, e->handle))
        return;
    if (e->kind == nua_i_invite && e->status < 200) {
        fw_line_on_invite(l, e);
        return;
    }
    nua_handle_destroy(e->handle);
}

void fw_line_on_sip(void *line, const struct fw_sip_event *e)
{
    struct fw_line *l = line;
    l->now = fw_mono_now();
    if (e->ref == 0) {
        on_stranger(l, e);
        return;
    }
    if (fw_line_watch_is_ref(e->ref)) {
        fw_line_watch_event(l, e);
        return;
    }
    struct fw_line_call *c = fw_line_call_by_ref(l, e->ref);
    if (!c)
        return;
    fw_log(FW_LOG_DEBUG, "sip.event", "call=%s kind=%s status=%d", FW_LOG_TEXT(c->place.call),
           nua_event_name(e->kind), e->status);
    const bool refusable =
        e->kind == nua_r_invite || e->kind == nua_r_bye || e->kind == nua_r_prack || e->kind == nua_r_update;
    if (refusable && (e->status == 401 || e->status == 407) && on_challenge(c, e))
        return;
    if (e->kind == nua_r_invite) {
        on_response(l, c, e);
    } else if (e->kind == nua_r_update && c->session.out == FW_LINE_REFRESH_UPDATE) {
        fw_line_session_on_response(l, c, e);
    } else if (e->kind == nua_i_invite) {
        on_reinvite(l, c, e);
    } else if (e->kind == nua_i_update) {
        on_update(l, c, e);
    } else if (e->kind == nua_i_ack) {
        fw_line_on_ack(l, c, e);
    } else if (e->kind == nua_i_cancel) {
        fw_line_on_cancel(l, c, e);
    } else if (e->kind == nua_i_bye) {
        if (c->cause == FW_LINE_NO_CAUSE) {
            c->q850 = fw_sip_q850(e->sip);
            snprintf(c->text, sizeof c->text, "the far end hung up");
        }
        fw_line_call_offer(l, c, FW_LINE_EV_REMOTE_BYE);
    } else if (e->kind == nua_r_bye && e->status >= 200) {
        c->handle_over = true;
        fw_line_call_offer(l, c, FW_LINE_EV_TERMINATED);
    } else if (e->kind == nua_i_terminated) {
        on_session_over(l, c, e);
    }
}
