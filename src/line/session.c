/* Session timers: the interval, who refreshes, and the refreshes themselves. */
#include "line/session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "line/inbound.h"

enum {
    INTERVAL_MIN_S = 4,     /* what a peer says below that would be a flood */
    INTERVAL_MAX_S = 86400,
    RAISED_MAX = 3,
    MARGIN_MAX_S = 32,      /* RFC 4028 clause 10: the BYE comes this long before the end, at most */
    STACK_MARGIN_MS = 1000, /* which the stack would send as well */
    AGAIN_MS = 1000,
    AGAIN_PARTS = 10,       /* of the interval, after a refusal that says nothing */
    LOST_MS = 500,          /* 408 or 481: the stack says the rest, or we do */
};

static const char sdp_type[] = "application/sdp";

/* ---- the interval ---- */

static struct fw_mono after_ms(struct fw_mono now, int64_t ms)
{
    return (struct fw_mono){ now.us + ms * 1000 };
}

void fw_line_session_begin(struct fw_line_session *s, struct fw_mono now)
{
    s->refresh_due.us = s->expire_due.us = 0;
    if (s->interval_s == 0)
        return;
    const int64_t ms = (int64_t)(s->interval_s < INTERVAL_MIN_S ? INTERVAL_MIN_S : s->interval_s) * 1000;
    const int64_t margin_ms = ms / 3 < MARGIN_MAX_S * 1000 ? ms / 3 : MARGIN_MAX_S * 1000;
    if (s->ours)
        s->refresh_due = after_ms(now, ms * 2 / 5); /* clause 7.4 says half, and so does the stack */
    if (s->ends)
        s->expire_due = after_ms(now, s->ours ? ms : ms - margin_ms - STACK_MARGIN_MS);
}

static uint32_t seconds_of(const sip_session_expires_t *x)
{
    return x->x_delta > INTERVAL_MAX_S ? INTERVAL_MAX_S : (uint32_t)x->x_delta;
}

static void note_methods(struct fw_line_session *s, const sip_t *sip)
{
    if (sip->sip_allow)
        s->takes_update = sip_is_allowed(sip->sip_allow, SIP_METHOD_UPDATE);
}

void fw_line_session_of_request(struct fw_line_session *s, const sip_t *sip, struct fw_mono now)
{
    const sip_session_expires_t *x = sip->sip_session_expires;
    note_methods(s, sip);
    if (x) {
        const bool by_uas = x->x_refresher && strcasecmp(x->x_refresher, "uas") == 0;
        s->interval_s = seconds_of(x);
        if (s->asked_s && s->interval_s > s->asked_s)
            s->interval_s = s->asked_s;
        s->ours = by_uas || !sip_has_feature(sip->sip_supported, "timer");
        s->ends = true;
    } else if (sip->sip_request && sip->sip_request->rq_method == sip_method_invite) {
        s->interval_s = 0; /* an UPDATE that says nothing leaves it as it was */
    }
    fw_line_session_begin(s, now);
}

void fw_line_session_of_answer(struct fw_line_session *s, const sip_t *sip, struct fw_mono now)
{
    const sip_session_expires_t *x = sip->sip_session_expires;
    note_methods(s, sip);
    s->ends = x != NULL;
    s->ours = !x || !x->x_refresher || strcasecmp(x->x_refresher, "uas") != 0;
    s->interval_s = x ? seconds_of(x) : s->asked_s;
    fw_line_session_begin(s, now);
}

/* ---- refreshes ---- */

static bool may_refresh(const struct fw_line_call *c)
{
    return c->state == FW_LINE_AUDIO || c->state == FW_LINE_BACKOFF || c->state == FW_LINE_T38 ||
           c->state == FW_LINE_RETURN_LATER || c->state == FW_LINE_RETURNED;
}

/* With the description that stands, to the letter: whoever compares finds that nothing begins anew. */
static void refresh(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_line_session *s = &c->session;
    if (!may_refresh(c)) { /* an offer of ours is out, which refreshes too */
        s->refresh_due = after_ms(l->now, AGAIN_MS);
        return;
    }
    s->out = s->takes_update ? FW_LINE_REFRESH_UPDATE : FW_LINE_REFRESH_INVITE;
    fw_log(FW_LOG_INFO, "session.refresh", "call=%s by=%s interval_s=%u", FW_LOG_TEXT(c->place.call),
           s->takes_update ? "UPDATE" : "INVITE", (unsigned)s->interval_s);
    if (s->takes_update)
        nua_update(c->handle, TAG_END());
    else
        nua_invite(c->handle, SIPTAG_CONTENT_TYPE_STR(sdp_type), SIPTAG_PAYLOAD_STR(c->sdp), TAG_END());
}

static bool passed(struct fw_mono now, struct fw_mono *due)
{
    const bool is = due->us != 0 && due->us <= now.us;
    if (is)
        due->us = 0;
    return is;
}

bool fw_line_session_turn(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_line_session *s = &c->session;
    if (c->state < FW_LINE_AUDIO || c->state > FW_LINE_FINISHING)
        return false;
    if (passed(l->now, &s->expire_due)) {
        snprintf(c->text, sizeof c->text, s->ours ? "the session could not be refreshed"
                                                  : "the far end did not refresh the session");
        return fw_line_call_offer(l, c, FW_LINE_EV_EXPIRED);
    }
    if (passed(l->now, &s->refresh_due) && s->out == FW_LINE_REFRESH_NONE)
        refresh(l, c);
    return false;
}

/* The peer may have moved, not more. */
static void take_answer(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_sdp remote;
    struct fw_sdp_settled settled;
    const bool audio = c->settled.transport == FW_TRANSPORT_AUDIO;
    if (fw_sdp_parse(fw_sip_sdp(e->sip), &remote) ||
        fw_sdp_settle(&remote, &c->local, audio ? FW_SDP_AUDIO_ONLY : FW_SDP_T38_ONLY, &settled)) {
        fw_log(FW_LOG_WARN, "session.answer", "call=%s ignored=its media are not those of the session",
               FW_LOG_TEXT(c->place.call));
        return;
    }
    const bool moved =
        settled.peer_port != c->settled.peer_port || strcmp(settled.peer_host, c->settled.peer_host) != 0;
    c->remote = remote;
    if (!moved)
        return;
    settled.transport = c->settled.transport;
    c->settled = settled;
    fw_line_act_switch(l, c);
}

/* As late as that, if there is time: not later than half of what is left. */
static void again(struct fw_line *l, struct fw_line_session *s, int64_t ms)
{
    const int64_t left_ms = s->expire_due.us ? (s->expire_due.us - l->now.us) / 1000 : ms * 2;
    s->refresh_due = after_ms(l->now, ms < left_ms / 2 ? ms : left_ms / 2);
}

/* Clause 7.3; true: asked for again at once. */
static bool raise_interval(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_line_session *s = &c->session;
    const sip_min_se_t *min = e->status == 422 && e->sip ? e->sip->sip_min_se : NULL;
    if (!min || min->min_delta < FW_LINE_SESSION_MIN_S || min->min_delta > INTERVAL_MAX_S || s->raised == RAISED_MAX)
        return false;
    s->raised++;
    s->asked_s = (uint32_t)min->min_delta;
    nua_set_hparams(c->handle, NUTAG_SESSION_TIMER((unsigned)min->min_delta),
                    NUTAG_MIN_SE((unsigned)min->min_delta), TAG_END());
    s->refresh_due = l->now;
    return true;
}

static void refused(struct fw_line *l, struct fw_line_call *c, enum fw_line_refresh which,
                    const struct fw_sip_event *e)
{
    struct fw_line_session *s = &c->session;
    const int status = e->status;
    const int64_t part_ms = (int64_t)s->interval_s * 1000 / AGAIN_PARTS;
    fw_log(FW_LOG_INFO, "session.refused", "call=%s sip=%d", FW_LOG_TEXT(c->place.call), status);
    if (raise_interval(l, c, e))
        return;
    if (status == 408 || status == 481) {
        s->expire_due = after_ms(l->now, LOST_MS);
    } else if (which == FW_LINE_REFRESH_UPDATE && (status == 405 || status == 501)) {
        s->takes_update = false;
        s->refresh_due = l->now;
    } else if (status == 491 || status >= 700) {
        again(l, s, fw_line_glare_ms(c));
    } else {
        again(l, s, part_ms > AGAIN_MS ? part_ms : AGAIN_MS);
    }
}

void fw_line_session_on_response(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const enum fw_line_refresh which = c->session.out;
    if (e->status < 200)
        return;
    c->session.out = FW_LINE_REFRESH_NONE;
    if (c->state < FW_LINE_AUDIO || c->state > FW_LINE_FINISHING)
        return;
    if (e->status >= 300 || !e->sip) {
        refused(l, c, which, e);
        return;
    }
    c->session.raised = 0;
    fw_line_session_of_answer(&c->session, e->sip, l->now);
    if (which == FW_LINE_REFRESH_INVITE && may_refresh(c))
        take_answer(l, c, e);
}
