/* The call of a fax, from the dial to its outcome. Written to the store first, then acted upon. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "queue/live.h"

enum {
    INTERRUPTIONS_MAX = 3,       /* redials after failures of our own; then the fax fails */
    REDIAL_MS = 300,             /* first wait, doubled each time */
    LINE_GRACE_MS = 15 * 1000,   /* beyond its own limits the line must have reported */
    ENDING_GRACE_MS = 5 * 1000,  /* between the modem's account and the line's, or back */
};

static struct fw_mono after_ms(struct fw_mono now, int64_t ms)
{
    return (struct fw_mono){ now.us + ms * 1000 };
}

/* The modem with the fewest calls among those up, -1 when all are full or down. */
static int choose_modem(const struct fw_queue *q)
{
    int best = -1;
    for (int m = 0; m < q->config.modem_count; m++) {
        if (q->modems[m].up && q->modems[m].calls < FW_CALLS_PER_MODEM &&
            (best < 0 || q->modems[m].calls < q->modems[best].calls))
            best = m;
    }
    return best;
}

static void place_call(struct fw_queue *q, const struct fw_live *l)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_PLACE };
    struct fw_msg_call_place *p = &msg.call_place;
    const struct fw_fax *f = &l->fax;
    fw_text_clip(p->call, sizeof p->call, f->call);
    fw_text_clip(p->trunk, sizeof p->trunk, q->trunk);
    fw_text_clip(p->to, sizeof p->to, f->to);
    fw_text_clip(p->from, sizeof p->from, f->from);
    fw_text_clip(p->display_name, sizeof p->display_name, f->from_display_name);
    snprintf(p->tx_file, sizeof p->tx_file, "%s.tif", f->call);
    fw_text_clip(p->ident, sizeof p->ident, q->ident[0] ? q->ident : f->from);
    p->t38_enabled = f->t38_enabled;
    p->modem = (uint8_t)f->modem;
    p->ring_timeout_ms = q->config.ring_timeout_ms;
    p->call_limit_ms = q->config.call_limit_ms;
    p->page_count = (uint32_t)f->page_count;
    p->ecm = 1;
    q->port.send(q->port.arg, &msg);
}

static void dial(struct fw_queue *q, struct fw_live *l, int modem)
{
    char call[FW_UUID_SIZE];
    fw_uuid_new(fw_wall_now(), call);
    if (fw_spool_put(q, &l->fax, modem, call)) {
        fw_live_fail(q, l, "service_unavailable", "the pages could not be put into the spool");
        return;
    }
    fw_text_clip(l->fax.call, sizeof l->fax.call, call);
    l->fax.attempts++;
    l->fax.modem = modem;
    l->fax.pages_confirmed = 0;
    l->fax.transport = -1;
    struct fw_live_event event = { FW_EVENT_DIALLING,
                                   json_pack("{si ss}", "attempt", l->fax.attempts, "call", l->fax.call) };
    if (!fw_live_save(q, l, FW_STATUS_ORIGINATED, &event, 1)) {
        fw_spool_remove(q, modem, call);
        return;
    }
    l->phase = FW_PHASE_CALLING;
    l->answered = (struct fw_mono){ 0 };
    l->ended.known = l->result.known = false;
    l->underway = l->line_lost = l->modem_lost = l->cancel_sent = false;
    l->due = after_ms(q->now, (int64_t)q->config.ring_timeout_ms + q->config.call_limit_ms + LINE_GRACE_MS);
    q->modems[modem].calls++;
    q->calls++;
    fw_log(FW_LOG_INFO, "attempt.started", "fax=%s call=%s attempt=%d modem=%d", l->fax.id, l->fax.call,
           l->fax.attempts, modem);
    place_call(q, l);
}

void fw_attempt_dial_due(struct fw_queue *q)
{
    for (int i = 0; i < q->live_count && q->line_up && q->calls < q->config.calls_max; i++) {
        struct fw_live *l = q->live[i];
        const int modem = choose_modem(q);
        if (modem < 0)
            return;
        if (l->phase != FW_PHASE_WAIT_DIAL || l->due.us > q->now.us)
            continue;
        dial(q, l, modem);
        if (i >= q->live_count || q->live[i] != l)
            i--; /* it ended and left the table */
    }
}

static void release(struct fw_queue *q, struct fw_live *l)
{
    if (l->phase != FW_PHASE_CALLING)
        return;
    q->modems[l->fax.modem].calls--;
    q->calls--;
    l->phase = FW_PHASE_WAIT_DIAL;
}

static void redial(struct fw_queue *q, struct fw_live *l, const char *why)
{
    if (l->fax.attempts > INTERRUPTIONS_MAX) {
        char detail[FW_TEXT_SIZE];
        snprintf(detail, sizeof detail, "interrupted %d times by failures of our own, last: %.180s",
                 l->fax.attempts, why);
        fw_live_fail(q, l, "service_unavailable", detail);
        return;
    }
    const int64_t wait_ms = (int64_t)REDIAL_MS << (l->fax.attempts > 0 ? l->fax.attempts - 1 : 0);
    struct fw_live_event event = { FW_EVENT_INTERRUPTED,
                                   json_pack("{ss si}", "detail", why, "redial_in_ms", (int)wait_ms) };
    if (!fw_live_save(q, l, FW_STATUS_MEDIA_PROCESSED, &event, 1))
        return;
    l->due = after_ms(q->now, wait_ms);
    l->phase = FW_PHASE_WAIT_DIAL;
}

static void delivered(struct fw_queue *q, struct fw_live *l)
{
    struct fw_live_event event = { FW_EVENT_DELIVERED, NULL };
    if (!fw_live_save(q, l, FW_STATUS_DELIVERED, &event, 1))
        return;
    fw_log(FW_LOG_INFO, "fax.delivered", "fax=%s call=%s pages=%d", l->fax.id, l->fax.call, l->fax.page_count);
    fw_live_remove(q, l);
}

/* fax.sending.started is told once, and always before the end of a fax that was sent. */
static bool ensure_sending(struct fw_queue *q, struct fw_live *l, json_t *details)
{
    struct fw_live_event events[2];
    int count = 0;
    if (!l->fax.sending_told)
        events[count++] = (struct fw_live_event){ FW_EVENT_SENDING_STARTED, NULL };
    events[count++] = (struct fw_live_event){ FW_EVENT_NEGOTIATED, details };
    l->fax.sending_told = true;
    return fw_live_save(q, l, FW_STATUS_SENDING, events, count);
}

void fw_attempt_conclude(struct fw_queue *q, struct fw_live *l, const struct fw_attempt_facts *known)
{
    struct fw_attempt_facts own = *known;
    const struct fw_attempt_facts *facts = &own;
    /* What would be dialled again for a failure of ours is not wanted any more. */
    if (l->fax.cancel_asked && (own.cause == FW_CAUSE_INTERNAL || own.cause == FW_CAUSE_MODEM_LOST))
        own.cause = FW_CAUSE_CANCELED;
    struct fw_outcome outcome;
    char call[FW_UUID_SIZE], id[FW_UUID_SIZE];
    const int modem = l->fax.modem;
    fw_text_clip(call, sizeof call, l->fax.call);
    fw_text_clip(id, sizeof id, l->fax.id);
    fw_outcome_of(facts, &outcome);
    release(q, l);
    l->fax.pages_confirmed = facts->pages_confirmed;
    switch (outcome.ending) {
    case FW_ENDING_DELIVERED:
        if (l->fax.status == FW_STATUS_SENDING || ensure_sending(q, l, NULL))
            delivered(q, l);
        break;
    case FW_ENDING_FAILED: fw_live_fail(q, l, outcome.reason, outcome.detail); break;
    case FW_ENDING_INTERRUPTED:
        if (l->fax.cancel_asked)
            fw_cancel_fail(q, l);
        else
            redial(q, l, outcome.detail);
        break;
    }
    /* What could not be written will be decided by the next start, from the same journal. */
    const struct fw_live *left = fw_live_by_fax(q, id);
    if (!left || left->fax.status == FW_STATUS_MEDIA_PROCESSED)
        fw_spool_remove(q, modem, call);
}

/* A call that we gave up ourselves was not canceled by anybody. */
static unsigned true_cause(const struct fw_live *l)
{
    if (l->ended.is.cause != FW_CAUSE_CANCELED || !l->cancel_sent)
        return l->ended.is.cause;
    return l->modem_lost ? FW_CAUSE_MODEM_LOST : FW_CAUSE_INTERNAL;
}

/* Both accounts, the line's and the modem's, or one of them and no hope for the other. */
static void conclude_call(struct fw_queue *q, struct fw_live *l)
{
    struct fw_attempt_facts facts = { .cause = FW_CAUSE_INTERNAL, .page_count = l->fax.page_count,
                                      .pages_confirmed = l->fax.pages_confirmed };
    if (l->ended.known) {
        facts.cause = true_cause(l);
        facts.sip_status = l->ended.is.sip_status;
        facts.q850 = l->ended.is.q850;
        facts.text = l->ended.is.text;
    } else if (l->result.known)
        facts.cause = l->fax.cancel_asked ? FW_CAUSE_CANCELED : FW_CAUSE_DONE;
    if (l->result.known) {
        facts.has_result = true;
        facts.t30_code = l->result.is.t30_code;
        facts.pages_confirmed = fw_live_pages(&l->fax, l->result.is.page_count);
        if (l->result.is.text[0])
            facts.text = l->result.is.text;
    } else
        fw_spool_journal(q, &l->fax, &facts);
    if (l->answered.us)
        l->fax.call_duration_secs = (int)((q->now.us - l->answered.us + 500000) / 1000000);
    fw_attempt_conclude(q, l, &facts);
}

static void on_progress(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_progress *m)
{
    if (m->sip_status == 0)
        fw_log(FW_LOG_INFO, "call.invited", "fax=%s call=%s", l->fax.id, l->fax.call);
    if (m->sip_status != 180 && m->sip_status != 183)
        return;
    struct fw_live_event event = { FW_EVENT_RINGING, json_pack("{si}", "sip_status", m->sip_status) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_answered(struct fw_queue *q, struct fw_live *l)
{
    l->answered = q->now;
    struct fw_live_event event = { FW_EVENT_ANSWERED, NULL };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static const char *transport_text(unsigned transport)
{
    static const char *const text[] = { "audio", "t38", "t38-unpaced" };
    return transport < ARRAY_LEN(text) ? text[transport] : "unknown";
}

static void on_transport(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_transport *m)
{
    l->fax.transport = m->transport;
    struct fw_live_event event = { FW_EVENT_TRANSPORT,
                                   json_pack("{ss}", "transport", transport_text(m->transport)) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_negotiated(struct fw_queue *q, struct fw_live *l, const struct fw_msg_fax_negotiated *m)
{
    if (l->underway)
        return;
    l->underway = true;
    l->fax.bit_rate = m->bit_rate > 1000000 ? 0 : (int)m->bit_rate;
    (void)!ensure_sending(q, l, json_pack("{si sb ss}", "bit_rate", l->fax.bit_rate, "ecm", m->ecm != 0,
                                          "remote_ident", fw_text_is_utf8(fw_span_of(m->remote_ident))
                                                              ? m->remote_ident : ""));
}

static void on_page(struct fw_queue *q, struct fw_live *l, const struct fw_msg_page_confirmed *m)
{
    const int pages = fw_live_pages(&l->fax, m->page_count);
    if (pages == l->fax.pages_confirmed)
        return;
    l->fax.pages_confirmed = pages;
    struct fw_live_event event = { FW_EVENT_PAGE_CONFIRMED,
                                   json_pack("{si si}", "page", pages, "page_count", l->fax.page_count) };
    (void)!fw_live_save(q, l, l->fax.status, &event, 1);
}

static void on_result(struct fw_queue *q, struct fw_live *l, const struct fw_msg_fax_result *m)
{
    l->result.known = true;
    l->result.is = *m;
    l->fax.bit_rate = m->bit_rate > 1000000 ? l->fax.bit_rate : (int)m->bit_rate;
    const bool complete = m->t30_code == 0 && m->page_count == (uint32_t)l->fax.page_count;
    if (complete || l->ended.known || l->line_lost)
        conclude_call(q, l);
    else
        l->due = after_ms(q->now, ENDING_GRACE_MS); /* the line knows why */
}

static void on_ended(struct fw_queue *q, struct fw_live *l, const struct fw_msg_call_ended *m)
{
    l->ended.known = true;
    l->ended.is = *m;
    fw_log(FW_LOG_INFO, "call.ended", "fax=%s call=%s cause=%s sip=%d q850=%d", l->fax.id, l->fax.call,
           fw_call_cause_text(m->cause), m->sip_status, m->q850);
    conclude_call(q, l);
}

static const char *call_of(const struct fw_msg *msg)
{
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_PROGRESS: return msg->call_progress.call;
    case FW_MSG_KIND_CALL_ANSWERED: return msg->call_answered.call;
    case FW_MSG_KIND_CALL_TRANSPORT: return msg->call_transport.call;
    case FW_MSG_KIND_CALL_ENDED: return msg->call_ended.call;
    case FW_MSG_KIND_FAX_NEGOTIATED: return msg->fax_negotiated.call;
    case FW_MSG_KIND_PAGE_CONFIRMED: return msg->page_confirmed.call;
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
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_PROGRESS: on_progress(q, l, &msg->call_progress); break;
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
    const struct fw_mono grace = after_ms(q->now, ENDING_GRACE_MS);
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
    l->cancel_sent = true;
    l->due = after_ms(q->now, ENDING_GRACE_MS);
}

/* Without the line a call that was only being set up is lost; one whose T.30 goes on can still end
 * well, and the modem tells. In between the modem may be further than it has told so far: it is
 * asked to end, and its account is waited for, so that nobody is sent a page twice. */
void fw_attempt_line_lost(struct fw_queue *q)
{
    for (int i = q->live_count - 1; i >= 0; i--) {
        struct fw_live *l = q->live[i];
        if (l->phase != FW_PHASE_CALLING)
            continue;
        l->line_lost = true;
        if (l->underway && !l->result.known)
            continue;
        close_media(q, l);
        fw_text_clip(l->ended.is.text, sizeof l->ended.is.text, "the SIP program ended");
        l->ended.is.cause = FW_CAUSE_INTERNAL;
        l->ended.known = l->cancel_sent = true;
        l->due = after_ms(q->now, ENDING_GRACE_MS);
        if (l->result.known || !l->answered.us)
            conclude_call(q, l);
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
            conclude_call(q, l);
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
        if (l->phase != FW_PHASE_CALLING || l->due.us > q->now.us)
            continue;
        if (l->cancel_sent || l->result.known)
            conclude_call(q, l);
        else
            cancel_overdue(q, l);
    }
}
