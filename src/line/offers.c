/* Our own re-INVITEs: to T.38, and back to G.711 when T.38 was agreed and stays silent.
 *
 * Sources: RFC 3261 clauses 12.2.1.2 and 14.1; RFC 3264 clause 8; ITU-T T.38 annex D.
 */
#include "line/inbound.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

static const char sdp_type[] = "application/sdp";

static void offer(struct fw_line_call *c, enum fw_err err, const struct fw_buf *sdp)
{
    if (err || !fw_text_copy(c->offer, sizeof c->offer, fw_buf_span(sdp)))
        return; /* no answer will come, and the state has its deadline */
    nua_invite(c->handle, SIPTAG_CONTENT_TYPE_STR(sdp_type), SIPTAG_PAYLOAD_STR(c->offer), TAG_END());
}

void fw_line_offer_t38(struct fw_line_call *c)
{
    const enum fw_sdp_shape shape =
        c->trunk.shape == FW_TRUNK_SHAPE_RFC3264 ? FW_SDP_KEEP_LINES : FW_SDP_REPLACE;
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, sizeof c->offer - 1);
    c->local.version++;
    c->offers++;
    offer(c, fw_sdp_offer_t38(&c->local, shape, &buf), &buf);
}

/* Nothing but the m-lines counts of what stands now, and that is our own text. */
void fw_line_offer_return(struct fw_line_call *c)
{
    struct fw_sdp now;
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, sizeof c->offer - 1);
    c->local.version++;
    c->returns++;
    enum fw_err err = fw_sdp_parse(fw_span_of(c->sdp), &now);
    if (!err)
        err = fw_sdp_offer_return(&c->local, &now, &buf);
    offer(c, err, &buf);
}

/* Seconds that a 5xx asks us to wait, when that is bearable; -1: it does not. */
static int asks_for_time(const struct fw_sip_event *e)
{
    const sip_retry_after_t *after = e->sip ? e->sip->sip_retry_after : NULL;
    return e->status >= 500 && e->status < 600 && after && after->af_delta <= FW_LINE_RETRY_AFTER_MAX_S
               ? (int)after->af_delta
               : -1;
}

static bool is_glare(const struct fw_sip_event *e)
{
    return e->status == 491 || e->status >= 700;
}

/* The dialog is dead (RFC 3261 clause 12.2.1.2). If the stack does not say so too, we hang up. */
static bool is_lost(const struct fw_sip_event *e)
{
    return e->status == 408 || e->status == 481;
}

/* ---- to T.38 ---- */

static void t38_refused(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    c->t38_refused = true;
    if (e->status >= 300)
        snprintf(c->transport_why, sizeof c->transport_why, "T.38 was refused with %d", e->status);
    else
        snprintf(c->transport_why, sizeof c->transport_why, "T.38 was answered with G.711");
    fw_log(FW_LOG_INFO, "call.t38_refused", "call=%s sip=%d", FW_LOG_TEXT(c->place.call), e->status);
    fw_line_act_transport(l, c);
    fw_line_call_offer(l, c, FW_LINE_EV_T38_REFUSED);
}

static void t38_later(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e, uint32_t delay_ms)
{
    if (c->offers >= FW_LINE_OFFERS_MAX || c->underway) {
        t38_refused(l, c, e);
        return;
    }
    c->backoff_ms = delay_ms;
    fw_line_call_offer(l, c, FW_LINE_EV_T38_LATER);
}

static void on_t38_refused(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const int wait_s = asks_for_time(e);
    if (is_glare(e))
        t38_later(l, c, e, fw_line_glare_ms(c));
    else if (is_lost(e))
        fw_line_call_due_in(l, c, FW_LINE_LOST_MS);
    else if (wait_s >= 0 && c->offers == 1)
        t38_later(l, c, e, (uint32_t)wait_s * 1000 + 100);
    else
        t38_refused(l, c, e);
}

static void on_t38_answered(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_sdp remote;
    struct fw_sdp_settled settled;
    if (fw_sdp_parse(fw_sip_sdp(e->sip), &remote) != FW_OK ||
        fw_sdp_settle(&remote, &c->local, FW_SDP_T38_ONLY, &settled) != FW_OK) {
        t38_refused(l, c, e);
        return;
    }
    c->remote = remote;
    c->settled = settled;
    memcpy(c->sdp, c->offer, sizeof c->sdp);
    snprintf(c->transport_why, sizeof c->transport_why, "we asked for T.38");
    fw_line_call_offer(l, c, FW_LINE_EV_T38_ACCEPTED);
}

/* ---- back to G.711 ---- */

static void return_refused(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    c->sip_status = e->sip && e->status >= 300 ? (uint16_t)e->status : 0;
    c->q850 = fw_sip_q850(e->sip);
    snprintf(c->text, sizeof c->text, e->status >= 300 ? "the way back to G.711 was refused with %d"
                                                       : "the way back was answered without G.711 (%d)",
             e->status);
    fw_line_call_offer(l, c, FW_LINE_EV_AUDIO_REFUSED);
}

static void on_return_refused(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const int wait_s = asks_for_time(e);
    const bool again = c->returns < FW_LINE_OFFERS_MAX;
    if (is_lost(e)) {
        snprintf(c->text, sizeof c->text, "the far end was gone when asked to go back to G.711 (%d)", e->status);
        fw_line_call_due_in(l, c, FW_LINE_LOST_MS);
    } else if (again && (is_glare(e) || (wait_s >= 0 && c->returns == 1))) {
        c->backoff_ms = is_glare(e) ? fw_line_glare_ms(c) : (uint32_t)wait_s * 1000 + 100;
        fw_line_call_offer(l, c, FW_LINE_EV_AUDIO_LATER);
    } else {
        return_refused(l, c, e);
    }
}

static void on_return_answered(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    struct fw_sdp remote;
    struct fw_sdp_settled settled;
    if (fw_sdp_parse(fw_sip_sdp(e->sip), &remote) != FW_OK ||
        fw_sdp_settle(&remote, &c->local, FW_SDP_AUDIO_ONLY, &settled) != FW_OK) {
        return_refused(l, c, e);
        return;
    }
    c->remote = remote;
    c->settled = settled;
    memcpy(c->sdp, c->offer, sizeof c->sdp);
    snprintf(c->transport_why, sizeof c->transport_why, "T.38 was agreed and stayed silent");
    fw_line_call_offer(l, c, FW_LINE_EV_AUDIO_ACCEPTED);
}

void fw_line_on_offer_response(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    const bool back = c->state == FW_LINE_RETURNING;
    if (e->status >= 200 && e->status < 300 && e->sip)
        fw_line_session_of_answer(&c->session, e->sip, l->now);
    if (e->status >= 300)
        (back ? on_return_refused : on_t38_refused)(l, c, e);
    else if (e->status >= 200)
        (back ? on_return_answered : on_t38_answered)(l, c, e);
}
