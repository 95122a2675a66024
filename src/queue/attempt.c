/* What the line and the modem tell of a call, and what is done when they tell nothing. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ipc/call_record.h"
#include "queue/live.h"

enum { ENDING_GRACE_MS = 5 * 1000 }; /* between the modem's account and the line's, or back */

static void on_progress(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_progress *m)
{
    if (m->trunk[0])
        fw_text_clip(l->attempt.trunk, sizeof l->attempt.trunk, m->trunk);
    if (m->sip_status == 0)
        fw_log(FW_LOG_INFO, "call.invited", "fax=%s call=%s trunk=%s", l->fax.id, l->fax.call, l->attempt.trunk);
    if (m->sip_status != 180 && m->sip_status != 183)
        return;
    struct fw_live_event event = { FW_EVENT_RINGING, json_pack("{si ss}", "sip_status", m->sip_status, "trunk",
                                                               l->attempt.trunk) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

/* One trunk would not, the line goes on with the next: the same attempt, which remembers it. */
static void on_trunk(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_trunk *m)
{
    const char *text = fw_text_is_utf8(fw_span_of(m->text)) ? m->text : "";
    json_t *left = json_pack("{ss si si ss}", "trunk", m->trunk, "sip_status", m->sip_status, "q850", m->q850,
                             "detail", text);
    json_t *record = l->attempt.record ? json_loads(l->attempt.record, 0, NULL) : NULL;
    json_t *before = json_object_get(record, "trunks_left");
    json_t *all = before ? json_incref(before) : json_array();
    struct fw_live_event event = { FW_EVENT_TRUNK_LEFT, left ? json_incref(left) : NULL };
    if (json_array_append_new(all, left) || fw_fax_attempt_record(&l->attempt, json_pack("{sO}", "trunks_left", all)))
        fw_log(FW_LOG_WARN, "attempt.record", "call=%s lost=a trunk that was left", l->fax.call);
    json_decref(all);
    json_decref(record);
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_answered(struct fw_queue *q, struct fw_live *l)
{
    if (l->answered.us)
        return; /* said twice, it would be told twice, and the call be counted from later on */
    l->answered = q->now;
    l->attempt.answered_at = fw_wall_now();
    struct fw_live_event event = { FW_EVENT_ANSWERED, json_pack("{ss}", "trunk", l->attempt.trunk) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_transport(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_transport *m)
{
    l->t38_left = l->t38_left || (l->attempt.transport > FW_TRANSPORT_AUDIO && m->transport == FW_TRANSPORT_AUDIO);
    l->fax.transport = l->attempt.transport = m->transport;
    struct fw_live_event event = { FW_EVENT_TRANSPORT,
                                   json_pack("{ss ss}", "transport", fw_call_transport_text(m->transport), "why",
                                             m->why) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_negotiated(struct fw_queue *q, struct fw_live *l, const struct fw_msg_fax_negotiated *m)
{
    if (l->underway)
        return;
    l->underway = true;
    l->fax.bit_rate = m->bit_rate > 1000000 ? 0 : (int)m->bit_rate;
    l->attempt.bit_rate = l->fax.bit_rate;
    (void)!fw_attempt_sending(q, l, json_pack("{si sb ss}", "bit_rate", l->fax.bit_rate, "ecm", m->ecm != 0,
                                          "remote_ident", fw_text_is_utf8(fw_span_of(m->remote_ident))
                                                              ? m->remote_ident : ""));
}

static void on_page(struct fw_queue *q, struct fw_live *l, const struct fw_msg_page_confirmed *m)
{
    const int pages = fw_live_pages(&l->fax, m->page_count);
    if (pages == l->fax.pages_confirmed)
        return;
    l->fax.pages_confirmed = pages;
    l->attempt.pages_confirmed = pages - l->fax.first_page;
    struct fw_live_event event = { FW_EVENT_PAGE_CONFIRMED,
                                   json_pack("{si si}", "page", pages, "page_count", l->fax.page_count) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_result(struct fw_queue *q, struct fw_live *l, const struct fw_msg_fax_result *m)
{
    if (l->result.known)
        return; /* said twice, it would not be waited for twice */
    l->result.known = true;
    l->result.is = *m;
    if (l->attempt.answered_at.us != 0 && m->transport <= FW_TRANSPORT_T38_UNPACED)
        l->fax.transport = l->attempt.transport = m->transport;
    l->fax.bit_rate = m->bit_rate > 1000000 ? l->fax.bit_rate : (int)m->bit_rate;
    const bool complete = m->t30_code == 0 && m->page_count == (uint32_t)(l->fax.page_count - l->fax.first_page);
    if (complete || l->ended.known || l->line_lost)
        fw_attempt_conclude_call(q, l);
    else
        l->due = fw_mono_after(q->now, ENDING_GRACE_MS); /* the line knows why */
}

static void on_ended(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_ended *m)
{
    l->ended.known = true;
    l->ended.is = *m;
    fw_log(FW_LOG_INFO, "call.ended", "fax=%s call=%s cause=%s sip=%d q850=%d", l->fax.id, l->fax.call,
           fw_call_cause_text(m->cause), m->sip_status, m->q850);
    fw_attempt_conclude_call(q, l);
}

static const char *call_of(const struct fw_msg *msg)
{
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_PROGRESS: return msg->call_progress.call;
    case FW_MSG_KIND_CALL_TRUNK: return msg->call_trunk.call;
    case FW_MSG_KIND_CALL_ANSWERED: return msg->call_answered.call;
    case FW_MSG_KIND_CALL_TRANSPORT: return msg->call_transport.call;
    case FW_MSG_KIND_CALL_ENDED: return msg->call_ended.call;
    case FW_MSG_KIND_FAX_NEGOTIATED: return msg->fax_negotiated.call;
    case FW_MSG_KIND_PAGE_CONFIRMED: return msg->page_confirmed.call;
    case FW_MSG_KIND_FAX_PAGE: return msg->fax_page.call;
    case FW_MSG_KIND_FAX_FACTS: return msg->fax_facts.call;
    case FW_MSG_KIND_FAX_DIALOGUE: return msg->fax_dialogue.call;
    case FW_MSG_KIND_FAX_RESULT: return msg->fax_result.call;
    default: return NULL;
    }
}

void fw_attempt_message(struct fw_queue *q, const struct fw_msg *msg)
{
    const char *call = call_of(msg);
    struct fw_live *l = call ? fw_live_by_call(q, call) : NULL;
    /* A late word about a call that is over, or a modem's about a call that is not its own. */
    if (!l || (fw_msg_modem(msg) >= 0 && fw_msg_modem(msg) != l->fax.modem))
        return;
    fw_call_record_take(&l->attempt, msg);
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_PROGRESS: on_progress(q, l, &msg->call_progress); break;
    case FW_MSG_KIND_CALL_TRUNK: on_trunk(q, l, &msg->call_trunk); break;
    case FW_MSG_KIND_CALL_ANSWERED: on_answered(q, l); break;
    case FW_MSG_KIND_CALL_TRANSPORT: on_transport(q, l, &msg->call_transport); break;
    case FW_MSG_KIND_CALL_ENDED: on_ended(q, l, &msg->call_ended); break;
    case FW_MSG_KIND_FAX_NEGOTIATED: on_negotiated(q, l, &msg->fax_negotiated); break;
    case FW_MSG_KIND_PAGE_CONFIRMED: on_page(q, l, &msg->page_confirmed); break;
    case FW_MSG_KIND_FAX_RESULT: on_result(q, l, &msg->fax_result); break;
    default: break;
    }
}

static void close_media(struct fw_queue *q, const struct fw_live *l)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_MEDIA_CLOSE };
    msg.media_close.modem = (uint8_t)l->fax.modem;
    fw_text_clip(msg.media_close.call, sizeof msg.media_close.call, l->fax.call);
    q->port.send(q->port.arg, &msg);
}

static void send_cancel(struct fw_queue *q, const struct fw_live *l)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_CANCEL };
    fw_text_clip(msg.call_cancel.call, sizeof msg.call_cancel.call, l->fax.call);
    q->port.send(q->port.arg, &msg);
}

void fw_attempt_cancel(struct fw_queue *q, struct fw_live *l)
{
    const struct fw_mono grace = fw_mono_after(q->now, ENDING_GRACE_MS);
    send_cancel(q, l);
    if (l->line_lost) { /* the modem goes on alone, and nobody else can stop it */
        close_media(q, l);
        l->cancel_sent = true;
    }
    if (grace.us < l->due.us)
        l->due = grace;
}

static void cancel_call(struct fw_queue *q, struct fw_live *l)
{
    send_cancel(q, l);
    if (!l->cancel_sent)
        l->due = fw_mono_after(q->now, ENDING_GRACE_MS);
    l->cancel_sent = true;
}

/* Without the line a call that was only being set up is lost; one whose T.30 goes on can still end
 * well, and the modem tells. In between the modem may be further than it has told so far: it is
 * asked to end, and its account is waited for, so that nobody is sent a page twice. */
void fw_attempt_line_lost(struct fw_queue *q)
{
    for (int i = q->live_count - 1; i >= 0; i--) {
        struct fw_live *l = q->live[i];
        if (l->phase != FW_PHASE_CALLING || l->line_lost)
            continue;
        l->line_lost = true;
        if (l->underway && !l->result.known)
            continue;
        close_media(q, l);
        fw_text_clip(l->ended.is.text, sizeof l->ended.is.text, "the SIP program ended");
        l->ended.is.cause = FW_CAUSE_INTERNAL;
        l->ended.known = l->cancel_sent = true;
        l->due = fw_mono_after(q->now, ENDING_GRACE_MS);
        if (l->result.known || !l->answered.us)
            fw_attempt_conclude_call(q, l);
    }
}

/* The line ends the calls of a lost modem and says so; without a line nobody would. A call that we
 * placed before we knew may have come to the line after it was told of the modem: it is canceled, or
 * it would go on in the modem's successor while the fax is dialled again. */
void fw_attempt_modem_lost(struct fw_queue *q, uint8_t modem)
{
    for (int i = q->live_count - 1; i >= 0; i--) {
        struct fw_live *l = q->live[i];
        if (l->phase != FW_PHASE_CALLING || l->fax.modem != modem)
            continue;
        if (l->line_lost)
            fw_attempt_conclude_call(q, l);
        else if (!l->result.known) {
            l->modem_lost = true;
            cancel_call(q, l);
        }
    }
}

static void cancel_overdue(struct fw_queue *q, struct fw_live *l)
{
    fw_log(FW_LOG_ERROR, "attempt.overdue", "fax=%s call=%s", l->fax.id, l->fax.call);
    cancel_call(q, l);
    close_media(q, l);
}

void fw_attempt_deadlines(struct fw_queue *q)
{
    for (int i = q->live_count - 1; i >= 0; i--) {
        struct fw_live *l = q->live[i];
        if (l->phase == FW_PHASE_WAITING || l->due.us > q->now.us)
            continue;
        if (l->phase == FW_PHASE_IN_MEDIA)
            fw_overdue_documents(q, l);
        else if (l->phase == FW_PHASE_DECIDING)
            fw_attempt_conclude(q, l, &l->facts);
        else if (l->cancel_sent || l->result.known)
            fw_attempt_conclude_call(q, l);
        else
            cancel_overdue(q, l);
    }
}
