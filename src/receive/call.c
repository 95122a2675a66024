/* A call that was taken, from its answer to what came of it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/inbound.h"
#include "ipc/call_record.h"
#include "receive/inside.h"
#include "receive/rules.h"
#include "t30/journal.h"

enum {
    ENDING_GRACE_MS = 5 * 1000,  /* between the modem's account and the line's, or back */
};

/* When a call in `s` is given up: what is left of its time is for its end. */
static struct fw_mono give_up(const struct fw_receive *r, enum fw_status s)
{
    return fw_mono_after(r->now, fw_status_limit_ms(s, &r->config.limits) - ENDING_GRACE_MS);
}

void fw_call_begun(struct fw_receive *r, struct fw_taken *t)
{
    t->phase = FW_TAKEN_CALL;
    t->due = give_up(r, FW_STATUS_INITIATED);
    fw_seats_take(r->config.seats, t->fax.modem);
    r->calls++;
}

static void release(struct fw_receive *r, struct fw_taken *t)
{
    if (r->recovering || t->phase != FW_TAKEN_CALL)
        return;
    fw_seats_give(r->config.seats, t->fax.modem);
    r->calls--;
}

/* ---- the end ---- */

static void cancel_call(struct fw_receive *r, struct fw_taken *t)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_CANCEL };
    fw_text_clip(msg.call_cancel.call, sizeof msg.call_cancel.call, t->fax.call);
    r->port.send(r->port.arg, &msg);
    if (!t->cancel_sent)
        t->due = fw_mono_after(r->now, ENDING_GRACE_MS);
    t->cancel_sent = true;
}

static void close_media(struct fw_receive *r, const struct fw_taken *t)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_MEDIA_CLOSE };
    msg.media_close.modem = (uint8_t)t->fax.modem;
    fw_text_clip(msg.media_close.call, sizeof msg.media_close.call, t->fax.call);
    r->port.send(r->port.arg, &msg);
}

void fw_call_abandon(struct fw_receive *r, struct fw_taken *t)
{
    if (t->phase != FW_TAKEN_CALL)
        return;
    if (!r->recovering)
        cancel_call(r, t);
    if (t->line_lost)
        close_media(r, t);
    release(r, t);
    t->phase = FW_TAKEN_WAIT;
    t->attempt.state = FW_ATTEMPT_INTERRUPTED;
    t->attempt.ended_at = fw_wall_now();
}

static bool ensure_receiving(struct fw_receive *r, struct fw_taken *t)
{
    return t->fax.status == FW_STATUS_RECEIVING ||
           fw_taken_save(r, t, FW_STATUS_RECEIVING, FW_EVENT_RECEIVING_STARTED, NULL);
}

static struct fw_inbound_facts facts_of(const struct fw_taken *t, const struct fw_journal_facts *journal)
{
    return (struct fw_inbound_facts){
        .cause = t->ended.known ? t->ended.is.cause : t->result.known ? FW_CAUSE_DONE : FW_CAUSE_INTERNAL,
        .answered = t->answered.us != 0,
        .has_result = t->result.known || journal->ended,
        .t30_code = t->result.known ? t->result.is.t30_code : journal->t30_code,
        .text = t->result.known && t->result.is.text[0] ? t->result.is.text
                : t->ended.known                        ? t->ended.is.text
                                                        : "the service stopped during the call",
    };
}

/* The call as it will be kept; the change of the fax that follows writes it. */
static void account_for(struct fw_taken *t, const struct fw_inbound_facts *facts)
{
    struct fw_fax_attempt *a = &t->attempt;
    a->ended_at = fw_wall_now();
    a->state = t->fax.pages_confirmed > 0 ? FW_ATTEMPT_RECEIVED : FW_ATTEMPT_FAILED;
    a->sip_status = t->ended.known ? t->ended.is.sip_status : a->sip_status;
    a->q850 = t->ended.known ? t->ended.is.q850 : a->q850;
    a->t30_code = facts->has_result ? facts->t30_code : -1;
    a->pages_confirmed = t->fax.pages_confirmed;
    a->bit_rate = t->fax.bit_rate;
    a->transport = t->fax.transport;
    if (a->state == FW_ATTEMPT_FAILED)
        fw_text_clip(a->reason, sizeof a->reason, fw_inbound_reason(facts, a->detail));
    else if (t->fax.partial_content)
        fw_text_clip(a->detail, sizeof a->detail, facts->text ? facts->text : "");
}

static void fail(struct fw_receive *r, struct fw_taken *t, const struct fw_inbound_facts *facts)
{
    char detail[FW_TEXT_SIZE];
    const char *reason = fw_inbound_reason(facts, detail);
    struct fw_fax of = t->fax; /* what names its files; `t` may be gone then */
    of.media_urls = of.client_state = NULL;
    fw_taken_fail(r, t, reason, detail);
    fw_keep_clear(r->config.store, &of);
}

/* Each page once, and in order: also those that nobody could tell of before. */
static bool tell_pages(struct fw_receive *r, struct fw_taken *t, int pages)
{
    while (t->fax.pages_confirmed < pages) {
        if (!fw_taken_page(r, t, t->fax.pages_confirmed + 1))
            return false;
    }
    return true;
}

/* The journal is the truth: the modem wrote it before it confirmed anything. */
void fw_call_conclude(struct fw_receive *r, struct fw_taken *t)
{
    struct fw_journal_facts journal = { 0 };
    const enum fw_err err = fw_keep_journal(r->config.store, &t->fax, &journal);
    if (err && err != FW_NOT_FOUND)
        fw_log(FW_LOG_ERROR, "journal.damaged", "fax=%s call=%s error=%s", t->fax.id, t->fax.call,
               FW_LOG_TEXT(fw_err_text(err)));
    release(r, t);
    t->phase = FW_TAKEN_WAIT;
    if (t->answered.us)
        t->fax.call_duration_secs = (int)((r->now.us - t->answered.us + 500000) / 1000000);
    const int pages = journal.pages_confirmed > FW_PAGES_MAX ? FW_PAGES_MAX : (int)journal.pages_confirmed;
    const struct fw_inbound_facts facts = facts_of(t, &journal);
    if (pages == 0 || t->fax.cancel_asked) {
        t->fax.pages_confirmed = pages;
        account_for(t, &facts);
        fail(r, t, &facts);
        return;
    }
    if (!ensure_receiving(r, t) || !tell_pages(r, t, pages))
        return;
    t->fax.pages_confirmed = t->fax.page_count = pages;
    t->fax.partial_content = t->result.known ? t->result.is.t30_code != 0 : !journal.ended || journal.t30_code != 0;
    account_for(t, &facts);
    if (!fw_taken_save(r, t, FW_STATUS_MEDIA_PROCESSING, FW_EVENT_MEDIA_PROCESSING_STARTED, NULL))
        return;
    if (!r->recovering)
        fw_keeper_give(r, t);
}

/* ---- what is told of it ---- */

static void on_answered(struct fw_receive *r, struct fw_taken *t)
{
    if (t->answered.us)
        return;
    t->answered = r->now;
    t->attempt.answered_at = fw_wall_now();
    if (!t->cancel_sent)
        t->due = give_up(r, FW_STATUS_RECEIVING);
    (void)!fw_taken_save(r, t, t->fax.status, FW_EVENT_ANSWERED, NULL);
}

static void on_transport(struct fw_receive *r, struct fw_taken *t, const struct fw_msg_call_transport *m)
{
    static const char *const text[] = { "audio", "t38", "t38-unpaced" };
    if (m->transport >= ARRAY_LEN(text))
        return;
    t->fax.transport = t->attempt.transport = m->transport;
    (void)!fw_taken_save(r, t, t->fax.status, FW_EVENT_TRANSPORT,
                         json_pack("{ss ss}", "transport", text[m->transport], "why", m->why));
}

static void note_ident(struct fw_taken *t, const char *ident)
{
    if (ident[0] && fw_text_is_utf8(fw_span_of(ident)))
        fw_text_clip(t->fax.remote_ident, sizeof t->fax.remote_ident, ident);
}

static void note_subaddress(struct fw_taken *t, const char *subaddress)
{
    if (!fw_text_is_subaddress(subaddress)) /* the modem is fed by strangers */
        return;
    fw_text_clip(t->fax.subaddress, sizeof t->fax.subaddress, subaddress);
    fw_text_clip(t->fax.tag, sizeof t->fax.tag, fw_rules_tag(t->rules, subaddress));
}

/* Before a page is there: it fails as one that we declined. */
static void refuse_ident(struct fw_receive *r, struct fw_taken *t)
{
    fw_log(FW_LOG_INFO, "call.ident_refused", "fax=%s ident=%s", t->fax.id, FW_LOG_TEXT(t->fax.remote_ident));
    cancel_call(r, t);
}

static void on_negotiated(struct fw_receive *r, struct fw_taken *t, const struct fw_msg_fax_negotiated *m)
{
    if (t->underway)
        return;
    t->underway = true;
    t->fax.bit_rate = t->attempt.bit_rate = m->bit_rate > 1000000 ? 0 : (int)m->bit_rate;
    note_ident(t, m->remote_ident);
    note_subaddress(t, m->subaddress);
    if (fw_rules_ident_refused(t->rules, t->fax.remote_ident)) {
        refuse_ident(r, t);
        return;
    }
    if (ensure_receiving(r, t))
        (void)!fw_taken_save(r, t, FW_STATUS_RECEIVING, FW_EVENT_NEGOTIATED,
                             json_pack("{si sb ss}", "bit_rate", t->fax.bit_rate, "ecm", m->ecm != 0, "remote_ident",
                                       t->fax.remote_ident));
}

static void on_page(struct fw_receive *r, struct fw_taken *t, const struct fw_msg_page_confirmed *m)
{
    if (m->page_count <= FW_PAGES_MAX && (int)m->page_count > t->fax.pages_confirmed && ensure_receiving(r, t))
        (void)!tell_pages(r, t, (int)m->page_count);
}

static void on_result(struct fw_receive *r, struct fw_taken *t, const struct fw_msg_fax_result *m)
{
    if (t->result.known)
        return; /* said twice, it would not be waited for twice */
    t->result.known = true;
    t->result.is = *m;
    t->fax.bit_rate = m->bit_rate > 1000000 ? t->fax.bit_rate : (int)m->bit_rate;
    if (t->fax.transport < 0 && m->transport == FW_TRANSPORT_AUDIO) /* nobody changed it */
        t->fax.transport = FW_TRANSPORT_AUDIO;
    note_ident(t, m->remote_ident);
    if (m->t30_code == 0 || t->ended.known || t->line_lost)
        fw_call_conclude(r, t);
    else
        t->due = fw_mono_after(r->now, ENDING_GRACE_MS); /* the line knows why */
}

static void on_ended(struct fw_receive *r, struct fw_taken *t, const struct fw_msg_call_ended *m)
{
    t->ended.known = true;
    t->ended.is = *m;
    fw_log(FW_LOG_INFO, "call.ended", "fax=%s call=%s cause=%u", t->fax.id, t->fax.call, (unsigned)m->cause);
    if (t->answered.us && !t->result.known)
        close_media(r, t); /* the line has given up waiting for the modem's account */
    fw_call_conclude(r, t);
}

static const char *call_of(const struct fw_msg *msg)
{
    switch ((int)msg->kind) {
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

void fw_call_message(struct fw_receive *r, const struct fw_msg *msg)
{
    const char *call = call_of(msg);
    struct fw_taken *t = call ? fw_taken_by_call(r, call) : NULL;
    /* A late word about a call that is over, or a modem's about a call that is not its own. */
    if (!t || (fw_msg_modem(msg) >= 0 && fw_msg_modem(msg) != t->fax.modem))
        return;
    fw_call_record_take(&t->attempt, msg);
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_ANSWERED: on_answered(r, t); break;
    case FW_MSG_KIND_CALL_TRANSPORT: on_transport(r, t, &msg->call_transport); break;
    case FW_MSG_KIND_CALL_ENDED: on_ended(r, t, &msg->call_ended); break;
    case FW_MSG_KIND_FAX_NEGOTIATED: on_negotiated(r, t, &msg->fax_negotiated); break;
    case FW_MSG_KIND_PAGE_CONFIRMED: on_page(r, t, &msg->page_confirmed); break;
    case FW_MSG_KIND_FAX_RESULT: on_result(r, t, &msg->fax_result); break;
    default: break;
    }
}

/* ---- what goes wrong ---- */

static void without_line(struct fw_taken *t)
{
    t->ended.known = true;
    t->ended.is.cause = FW_CAUSE_INTERNAL;
    fw_text_clip(t->ended.is.text, sizeof t->ended.is.text, "the SIP program ended");
}

/* T.30 that goes on can still end well, and the modem tells; anything else is closed, and the
 * modem's account waited for. */
void fw_call_line_lost(struct fw_receive *r)
{
    for (int i = r->taken_count - 1; i >= 0; i--) {
        struct fw_taken *t = r->taken[i];
        if (t->phase != FW_TAKEN_CALL || t->line_lost)
            continue;
        t->line_lost = true;
        if (t->underway && !t->result.known)
            continue;
        without_line(t);
        close_media(r, t);
        t->cancel_sent = true;
        t->due = fw_mono_after(r->now, ENDING_GRACE_MS);
        if (t->result.known || !t->answered.us)
            fw_call_conclude(r, t);
    }
}

/* The line ends the calls of a lost modem and says so; without a line nobody would. */
void fw_call_modem_lost(struct fw_receive *r, uint8_t modem)
{
    for (int i = r->taken_count - 1; i >= 0; i--) {
        struct fw_taken *t = r->taken[i];
        if (t->phase != FW_TAKEN_CALL || t->fax.modem != modem)
            continue;
        if (t->line_lost)
            fw_call_conclude(r, t);
        else if (!t->result.known)
            cancel_call(r, t);
    }
}

void fw_call_cancel(struct fw_receive *r, const char *fax)
{
    struct fw_taken *t = fw_taken_by_fax(r, fax);
    if (!t || t->fax.cancel_asked)
        return;
    t->fax.cancel_asked = true;
    if (t->phase != FW_TAKEN_CALL)
        return; /* it ends soon, and is then forgotten */
    cancel_call(r, t);
    if (t->line_lost)
        close_media(r, t);
}

void fw_call_due(struct fw_receive *r)
{
    for (int i = r->taken_count - 1; i >= 0; i--) {
        struct fw_taken *t = r->taken[i];
        if (fw_keep_overdue(r, t) || t->due.us > r->now.us || t->phase == FW_TAKEN_KEEP)
            continue;
        if (t->phase == FW_TAKEN_WAIT) {
            if (t->fax.status == FW_STATUS_MEDIA_PROCESSING)
                fw_keeper_give(r, t);
            else
                fw_call_conclude(r, t); /* the store could not take it before */
        } else if (t->cancel_sent || t->result.known) {
            fw_call_conclude(r, t);
        } else {
            fw_log(FW_LOG_ERROR, "call.overdue", "fax=%s call=%s", t->fax.id, t->fax.call);
            cancel_call(r, t);
            close_media(r, t);
        }
    }
}
