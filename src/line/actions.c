/* What the call table says, done: SIP requests out, messages to the parent and the modem. */
#include "line/line.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "line/inbound.h"
#include "line/trace.h"

void fw_line_act_progress(struct fw_line *l, struct fw_line_call *c, uint16_t status)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_PROGRESS };
    fw_text_clip(m.call_progress.call, sizeof m.call_progress.call, c->place.call);
    m.call_progress.sip_status = status;
    fw_text_clip(m.call_progress.trunk, sizeof m.call_progress.trunk, c->trunk.name);
    fw_sip_send(l->sip, &m, -1);
}

static void open_media(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_msg answered = { .kind = FW_MSG_KIND_CALL_ANSWERED };
    fw_text_clip(answered.call_answered.call, sizeof answered.call_answered.call, c->place.call);
    fw_sip_send(l->sip, &answered, -1);

    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_OPEN };
    struct fw_msg_media_open *o = &m.media_open;
    o->modem = c->place.modem;
    fw_text_clip(o->call, sizeof o->call, c->place.call);
    o->calling = !c->inbound;
    fw_text_clip(o->tx_file, sizeof o->tx_file, c->place.tx_file);
    o->page_count = c->place.page_count;
    fw_text_clip(o->ident, sizeof o->ident, c->place.ident);
    fw_text_clip(o->subaddress, sizeof o->subaddress, c->place.subaddress);
    o->ecm = c->place.ecm;
    o->slow = c->place.slow;
    o->codec = (uint8_t)c->settled.codec;
    fw_text_clip(o->peer_host, sizeof o->peer_host, c->settled.peer_host);
    o->peer_port = c->settled.peer_port;
    o->call_limit_ms = c->place.call_limit_ms;
    fw_sip_send(l->sip, &m, c->media_fd);
    fw_line_trace_media(l, c);
    fw_fd_close(&c->media_fd);
    c->media_fd = -1;
    c->media_open = true;
}

void fw_line_act_switch(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_SWITCH };
    struct fw_msg_media_switch *s = &m.media_switch;
    s->modem = c->place.modem;
    fw_text_clip(s->call, sizeof s->call, c->place.call);
    s->transport = (uint8_t)c->settled.transport;
    fw_text_clip(s->peer_host, sizeof s->peer_host, c->settled.peer_host);
    s->peer_port = c->settled.peer_port;
    s->codec = (uint8_t)c->settled.codec;
    s->t38_version = c->settled.t38.version;
    s->bit_rate_max = c->settled.t38.bit_rate_max;
    s->datagram_max =
        c->trunk.t38_max_datagram ? c->trunk.t38_max_datagram : c->settled.t38.datagram_max;
    s->ec = (uint8_t)c->settled.t38.ec;
    fw_sip_send(l->sip, &m, -1);
}

void fw_line_act_pending(struct fw_line *l, const struct fw_line_call *c, bool pending)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_PENDING };
    m.media_pending.modem = c->place.modem;
    m.media_pending.pending = pending;
    fw_text_clip(m.media_pending.call, sizeof m.media_pending.call, c->place.call);
    fw_sip_send(l->sip, &m, -1);
}

void fw_line_act_transport(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_TRANSPORT };
    fw_text_clip(m.call_transport.call, sizeof m.call_transport.call, c->place.call);
    m.call_transport.transport = (uint8_t)c->settled.transport;
    fw_text_clip(m.call_transport.why, sizeof m.call_transport.why, c->transport_why);
    fw_sip_send(l->sip, &m, -1);
}

static void close_media(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_CLOSE };
    m.media_close.modem = c->place.modem;
    fw_text_clip(m.media_close.call, sizeof m.media_close.call, c->place.call);
    fw_sip_send(l->sip, &m, -1);
}

static void report(struct fw_line *l, const struct fw_line_call *c)
{
    fw_assert(c->cause < FW_CAUSE_COUNT);
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_ENDED };
    struct fw_msg_call_ended *e = &m.call_ended;
    const int64_t us = c->answered.us ? l->now.us - c->answered.us : 0;
    fw_text_clip(e->call, sizeof e->call, c->place.call);
    e->cause = c->cause;
    e->sip_status = c->sip_status;
    e->q850 = c->q850;
    e->duration_ms = us / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(us / 1000);
    fw_text_clip(e->text, sizeof e->text, c->text);
    fw_sip_send(l->sip, &m, -1);
    fw_log(FW_LOG_INFO, "call.ended", "call=%s cause=%s sip=%u q850=%u duration_ms=%u text=%s",
           FW_LOG_TEXT(c->place.call), fw_call_cause_text(c->cause), (unsigned)c->sip_status,
           (unsigned)c->q850, (unsigned)e->duration_ms, FW_LOG_TEXT(c->text));
}

void fw_line_act_refuse(struct fw_line *l, const char *call_id, const char *text)
{
    struct fw_line_call none = { .cause = FW_CAUSE_INTERNAL };
    fw_text_clip(none.place.call, sizeof none.place.call, call_id);
    fw_text_clip(none.text, sizeof none.text, text);
    report(l, &none);
}

void fw_line_act(struct fw_line *l, struct fw_line_call *c, unsigned actions)
{
    if (actions & FW_LINE_DO_INVITE)
        fw_line_invite(l, c);
    if (actions & FW_LINE_DO_CANCEL)
        nua_cancel(c->handle, TAG_END());
    if (actions & FW_LINE_DO_BYE)
        nua_bye(c->handle, TAG_END());
    if (actions & FW_LINE_DO_OPEN)
        open_media(l, c);
    if (actions & (FW_LINE_DO_OFFER | FW_LINE_DO_RETURN))
        fw_line_act_pending(l, c, true);
    if (actions & FW_LINE_DO_OFFER)
        fw_line_offer_t38(c);
    if (actions & FW_LINE_DO_RETURN)
        fw_line_offer_return(c);
    if (actions & FW_LINE_DO_SWITCH) {
        fw_line_act_switch(l, c);
        fw_line_act_transport(l, c);
    }
    if (actions & FW_LINE_DO_CLOSE && c->media_open)
        close_media(l, c);
    if (actions & (FW_LINE_DO_ASK | FW_LINE_DO_RING | FW_LINE_DO_ANSWER | FW_LINE_DO_REFUSE))
        fw_line_act_inbound(l, c, actions);
    if (actions & FW_LINE_DO_REPORT)
        report(l, c);
}
