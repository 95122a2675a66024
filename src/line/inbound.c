/* Calls that come in, from the INVITE to the ACK. */
#include "line/inbound.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "line/called.h"
#include "line/trace.h"
#include "sip/source.h"

enum {
    HEADERS_LOOKED_AT = 64,
    HISTORY_SIZE = 4096,
    NO_CIRCUIT = 34, /* ITU-T Q.850 clause 2.2.7 */
};

static const char sdp_type[] = "application/sdp";

/* ---- the INVITE ---- */

static void refuse_stray(const struct fw_line *l, const struct fw_sip_event *e, int status, unsigned q850)
{
    char reason[48];
    snprintf(reason, sizeof reason, "Q.850;cause=%u", q850);
    nua_respond(e->handle, status, sip_status_phrase(status), TAG_IF(q850 != 0, SIPTAG_REASON_STR(reason)),
                TAG_END());
    if (fw_sip_is_ours(l->sip, e->handle))
        nua_handle_destroy(e->handle);
}

/* 0, or the status to refuse with. An INVITE without a body asks for our offer. */
static int read_offer(const sip_t *sip, struct fw_sdp *ret, bool *ret_there)
{
    const struct fw_span text = fw_sip_sdp(sip);
    *ret_there = text.size > 0;
    if (text.size == 0)
        return sip->sip_payload && sip->sip_payload->pl_len > 0 ? 415 : 0;
    if (fw_sdp_parse(text, ret) != FW_OK)
        return 400;
    return ret->audio.port == 0 && ret->t38.port == 0 ? 488 : 0;
}

/* The stack leaves the quotes of a quoted display name in place. */
static void display_of(const char *text, char *ret, size_t size)
{
    fw_text_clip(ret, size, text ? text : "");
    const size_t end = strlen(ret);
    if (end >= 2 && ret[0] == '"' && ret[end - 1] == '"') {
        memmove(ret, ret + 1, end - 2);
        ret[end - 2] = '\0';
    }
}

/* A user part with its escapes undone; empty when it has none or is too odd to be a number. */
static void user_of(const url_t *url, char *ret, size_t size)
{
    const char *user = url && url->url_user ? url->url_user : "";
    if (!fw_text_percent_decode(fw_span_of(user), false, ret, size) ||
        !fw_text_is_utf8(fw_span_of(ret)))
        ret[0] = '\0';
}

/* A header that the stack keeps unread. */
static const char *header_of(const sip_t *sip, const char *name)
{
    int looked_at = 0;
    for (const sip_unknown_t *h = sip->sip_unknown; h && looked_at < HEADERS_LOOKED_AT; h = h->un_next) {
        looked_at++;
        if (h->un_name && h->un_value && strcasecmp(h->un_name, name) == 0)
            return h->un_value;
    }
    return "";
}

/* One entry a line, or many, is the same (RFC 3261 clause 7.3.1): all of them with commas between. False: too long. */
static bool headers_of(const sip_t *sip, const char *name, char *ret, size_t size)
{
    struct fw_buf all CLEANUP(fw_buf_done);
    fw_buf_init(&all, size - 1);
    int looked_at = 0;
    for (const sip_unknown_t *h = sip->sip_unknown; h && looked_at < HEADERS_LOOKED_AT; h = h->un_next) {
        looked_at++;
        if (h->un_name && h->un_value && strcasecmp(h->un_name, name) == 0 &&
            fw_buf_putf(&all, "%s%s", all.size > 0 ? "," : "", h->un_value) != FW_OK)
            return false;
    }
    return fw_text_copy(ret, size, fw_buf_span(&all));
}

/* By the trunk's option; false: it is not said there. */
static bool called_elsewhere(const sip_t *sip, enum fw_trunk_called where, char *ret, size_t size)
{
    char history[HISTORY_SIZE];
    switch (where) {
    case FW_TRUNK_CALLED_TO:
        user_of(sip->sip_to ? sip->sip_to->a_url : NULL, ret, size);
        return ret[0] != '\0';
    case FW_TRUNK_CALLED_PARTY: return fw_line_user_in(header_of(sip, "P-Called-Party-ID"), ret, size);
    case FW_TRUNK_CALLED_DIVERSION: return fw_line_user_in(header_of(sip, "Diversion"), ret, size);
    case FW_TRUNK_CALLED_HISTORY:
        return headers_of(sip, "History-Info", history, sizeof history) &&
               fw_line_user_in_history(history, ret, size);
    case FW_TRUNK_CALLED_REQUEST_URI:
    case FW_TRUNK_CALLED_COUNT: break;
    }
    return false;
}

static void note_invite(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e,
                        const struct fw_line_trunk *t, const struct fw_sip_source *source)
{
    fw_uuid_new(fw_wall_now(), c->place.call);
    c->trunk = t->set;
    c->trunk_serial = t->serial;
    fw_line_contact(l, &c->trunk, c->contact);
    if (!called_elsewhere(e->sip, (enum fw_trunk_called)t->set.called, c->place.to, sizeof c->place.to))
        user_of(e->sip->sip_request->rq_url, c->place.to, sizeof c->place.to);
    user_of(e->sip->sip_from->a_url, c->place.from, sizeof c->place.from);
    display_of(e->sip->sip_from->a_display, c->place.display_name, sizeof c->place.display_name);
    fw_text_clip(c->source, sizeof c->source, source->host);
    if (e->sip->sip_call_id && e->sip->sip_call_id->i_id)
        fw_text_clip(c->sip_id, sizeof c->sip_id, e->sip->sip_call_id->i_id);
    fw_line_trace_keep_invite(l, c);
    c->place.modem = FW_LINE_NO_MODEM;
    c->inbound = true;
    c->handle = e->handle;
    fw_sip_bind_ref(e->handle, c->ref);
}

void fw_line_on_invite(struct fw_line *l, const struct fw_sip_event *e)
{
    struct fw_sip_source source;
    const struct fw_line_trunk *t =
        fw_sip_source(l->sip, &source) ? fw_line_trunk_by_source(l, source.host) : NULL;
    struct fw_sdp offer;
    bool there = false;
    if (!t || !e->sip || !e->sip->sip_request || !e->sip->sip_from) {
        fw_log(FW_LOG_INFO, "call.stranger", "source=%s", FW_LOG_TEXT(source.host));
        refuse_stray(l, e, 403, 0);
        return;
    }
    const int status = read_offer(e->sip, &offer, &there);
    if (status) {
        refuse_stray(l, e, status, 0);
        return;
    }
    const struct fw_msg_call_place none = { 0 };
    struct fw_line_call *c = NULL;
    const bool up = l->configured && !l->stopping;
    if (!up || fw_line_call_new(l, &none, &c) != FW_OK) {
        fw_log(FW_LOG_INFO, "call.refused", "trunk=%s sip=503 text=%s", FW_LOG_TEXT(t->set.name),
               FW_LOG_TEXT(up ? "every channel is in use" : "the service starts or stops"));
        refuse_stray(l, e, 503, up ? NO_CIRCUIT : 0);
        return;
    }
    note_invite(l, c, e, t, &source);
    fw_line_session_of_request(&c->session, e->sip, l->now);
    c->remote_known = there;
    if (there)
        c->remote = offer;
    fw_line_call_feed(l, c, FW_LINE_EV_INCOMING);
}

static void ask(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_INCOMING };
    struct fw_msg_call_incoming *i = &m.call_incoming;
    fw_text_clip(i->call, sizeof i->call, c->place.call);
    fw_text_clip(i->trunk, sizeof i->trunk, c->trunk.name);
    fw_text_clip(i->to, sizeof i->to, c->place.to);
    fw_text_clip(i->from, sizeof i->from, c->place.from);
    fw_text_clip(i->display_name, sizeof i->display_name, c->place.display_name);
    fw_text_clip(i->source, sizeof i->source, c->source);
    fw_sip_send(l->sip, &m, -1);
}

/* ---- the parent's decision ---- */

/* Our side of the media, and what is said of it in the 200. */
static bool prepare(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, sizeof c->sdp - 1);
    if (!fw_line_describe(l, c))
        return false;
    if (!c->remote_known)
        return true; /* our offer stands in c->sdp */
    const enum fw_sdp_policy policy = !c->t38_enabled                      ? FW_SDP_AUDIO_ONLY
                                      : c->trunk.t38 == FW_TRUNK_T38_FIRST ? FW_SDP_T38_PREFERRED
                                                                           : FW_SDP_AUDIO_PREFERRED;
    if (fw_sdp_answer(&c->remote, &c->local, policy, &buf, &c->settled) == FW_OK &&
        fw_text_copy(c->sdp, sizeof c->sdp, fw_buf_span(&buf)))
        return true;
    c->refuse_status = 488;
    c->cause = FW_CAUSE_MEDIA_REFUSED;
    snprintf(c->text, sizeof c->text, "nothing in the offer that this number takes");
    return false;
}

void fw_line_on_accept(struct fw_line *l, const struct fw_msg_call_accept *m, int trace)
{
    struct fw_line_call *c = fw_line_call_by_id(l, m->call);
    if (!c || c->state != FW_LINE_ASKING)
        return; /* it is gone, and that is told */
    c->place.modem = m->modem;
    c->place.ecm = m->ecm;
    c->place.t38_enabled = m->t38_enabled;
    c->t38_enabled = m->t38_enabled && c->trunk.t38 != FW_TRUNK_T38_NEVER;
    c->place.call_limit_ms = m->call_limit_ms;
    c->answer_delay_ms = m->answer_delay_ms;
    fw_text_clip(c->place.ident, sizeof c->place.ident, m->ident);
    fw_line_trace_begin(l, c, trace, m->trace_bytes_max);
    if (!prepare(l, c)) {
        fw_line_call_feed(l, c, FW_LINE_EV_BROKEN);
        return;
    }
    fw_line_call_feed(l, c, FW_LINE_EV_ACCEPTED);
}

void fw_line_on_refuse(struct fw_line *l, const struct fw_msg_call_refuse *m)
{
    struct fw_line_call *c = fw_line_call_by_id(l, m->call);
    if (!c || c->state != FW_LINE_ASKING)
        return;
    c->refuse_status = m->sip_status >= 300 && m->sip_status < 700 ? m->sip_status : 503;
    c->refuse_q850 = m->q850;
    fw_text_clip(c->text, sizeof c->text, m->text);
    fw_line_call_feed(l, c, FW_LINE_EV_REFUSED);
}

static void refuse(struct fw_line_call *c)
{
    const int status = c->refuse_status ? c->refuse_status : 503;
    char reason[48];
    snprintf(reason, sizeof reason, "Q.850;cause=%u", (unsigned)c->refuse_q850);
    fw_log(FW_LOG_INFO, "call.refused", "call=%s trunk=%s to=%s from=%s sip=%d text=%s",
           FW_LOG_TEXT(c->place.call), FW_LOG_TEXT(c->trunk.name), FW_LOG_TEXT(c->place.to),
           FW_LOG_TEXT(c->place.from), status, FW_LOG_TEXT(c->text));
    nua_respond(c->handle, status, sip_status_phrase(status),
                TAG_IF(c->refuse_q850 != 0, SIPTAG_REASON_STR(reason)), TAG_END());
}

static void answer(struct fw_line_call *c)
{
    nua_respond(c->handle, SIP_200_OK, SIPTAG_CONTACT_STR(c->contact), SIPTAG_CONTENT_TYPE_STR(sdp_type),
                SIPTAG_PAYLOAD_STR(c->sdp), TAG_END());
}

void fw_line_act_inbound(struct fw_line *l, struct fw_line_call *c, unsigned actions)
{
    if (actions & FW_LINE_DO_ASK)
        ask(l, c);
    if (actions & FW_LINE_DO_RING && c->answer_delay_ms > 0)
        nua_respond(c->handle, SIP_180_RINGING, SIPTAG_CONTACT_STR(c->contact), TAG_END());
    if (actions & FW_LINE_DO_ANSWER)
        answer(c);
    if (actions & FW_LINE_DO_REFUSE)
        refuse(c);
}

/* ---- the caller ---- */

void fw_line_on_ack(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (c->state != FW_LINE_ANSWERING)
        return; /* of a re-INVITE */
    if (!c->remote_known) {
        struct fw_sdp remote;
        if (fw_sdp_parse(fw_sip_sdp(e->sip), &remote) != FW_OK ||
            fw_sdp_settle(&remote, &c->local, FW_SDP_AUDIO_ONLY, &c->settled) != FW_OK) {
            snprintf(c->text, sizeof c->text, "the ACK has no G.711 audio that we can use");
            fw_line_call_feed(l, c, FW_LINE_EV_UNUSABLE);
            return;
        }
        c->remote = remote;
        c->remote_known = true;
    }
    snprintf(c->transport_why, sizeof c->transport_why, "the call came with T.38");
    fw_line_call_feed(l, c,
                      c->settled.transport == FW_TRANSPORT_AUDIO ? FW_LINE_EV_CONFIRMED
                                                                 : FW_LINE_EV_CONFIRMED_T38);
}

void fw_line_on_cancel(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e)
{
    if (c->cause == FW_LINE_NO_CAUSE) {
        c->q850 = fw_sip_q850(e->sip);
        snprintf(c->text, sizeof c->text, "the caller gave up before the answer");
    }
    fw_line_call_offer(l, c, FW_LINE_EV_GIVEN_UP);
}

/* ---- T.38 ---- */

uint32_t fw_line_taken_offer_ms(const struct fw_line_call *c)
{
    return c->trunk.unpaced ? 0 : FW_LINE_TAKEN_OFFER_MS;
}

/* RFC 3261 clause 14.1: the side that owns the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in
 * units of 10 ms. */
uint32_t fw_line_glare_ms(const struct fw_line_call *c)
{
    return c->inbound ? (uint32_t)(fw_random_u64() % 201) * 10
                      : 2100 + (uint32_t)(fw_random_u64() % 191) * 10;
}
