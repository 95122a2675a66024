/* What a call came to: delivered, failed, or dialled again. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "queue/live.h"

enum {
    INTERRUPTIONS_MAX = 3, /* redials after failures of our own; then the fax fails */
    REDIAL_MS = 300,       /* first wait, doubled each time */
    DECIDE_AGAIN_MS = 1000,
    DECIDE_LIMIT_MS = 3600 * 1000, /* then the fax ends as its last call did, and says so */
};

static void redial(struct fw_queue *q, struct fw_live *l, const char *why, int times)
{
    if (times > INTERRUPTIONS_MAX) {
        char detail[FW_TEXT_SIZE];
        snprintf(detail, sizeof detail, "interrupted %d times by failures of our own, last: %.180s", times, why);
        fw_live_fail(q, l, "service_unavailable", detail);
        return;
    }
    const int64_t wait_ms = (int64_t)REDIAL_MS << (times > 0 ? times - 1 : 0);
    struct fw_live_event event = { FW_EVENT_INTERRUPTED,
                                   json_pack("{ss si}", "detail", why, "redial_in_ms", (int)wait_ms) };
    if (!fw_schedule_put(q, l, (struct fw_wall){ fw_wall_now().us + wait_ms * 1000 })) {
        json_decref(event.details);
        return;
    }
    if (!fw_live_save(q, l, FW_STATUS_MEDIA_PROCESSED, &event, 1))
        return;
    q->look = true;
    fw_live_remove(q, l); /* the store has it, and says when */
}

static void delivered(struct fw_queue *q, struct fw_live *l)
{
    struct fw_live_event event = { FW_EVENT_DELIVERED, NULL };
    if (!fw_live_save(q, l, FW_STATUS_DELIVERED, &event, 1))
        return;
    fw_log(FW_LOG_INFO, "fax.delivered", "fax=%s call=%s pages=%d", l->fax.id, l->fax.call, l->fax.page_count);
    fw_live_remove(q, l);
}

bool fw_attempt_sending(struct fw_queue *q, struct fw_live *l, json_t *details)
{
    struct fw_live_event events[2];
    int count = 0;
    if (!l->fax.sending_told)
        events[count++] = (struct fw_live_event){ FW_EVENT_SENDING_STARTED, NULL };
    events[count++] = (struct fw_live_event){ FW_EVENT_NEGOTIATED, details };
    l->fax.sending_told = true;
    return fw_live_save(q, l, FW_STATUS_SENDING, events, count);
}

/* Whoever answered, sent no frame that a fax machine sends, and hung up, was a person. What was heard is known only
 * from the modem itself: a journal has its end and not its dialogue. */
static bool was_person(const struct fw_live *l, const struct fw_attempt_facts *facts)
{
    size_t i;
    json_t *line;
    if (facts->cause != FW_CAUSE_REMOTE_HANGUP || !l->result.known || l->underway ||
        facts->pages_confirmed > facts->pages_before)
        return false;
    json_t *record CLEANUP(fw_json_free) = l->attempt.record ? json_loads(l->attempt.record, 0, NULL) : NULL;
    json_array_foreach (json_object_get(record, "dialogue"), i, line) {
        if (json_is_string(line) && strstr(json_string_value(line), " far "))
            return false;
    }
    return true;
}

/* The attempt as it will be kept; the change of the fax that follows writes it. */
static void account_for(struct fw_live *l, const struct fw_attempt_facts *facts, const struct fw_outcome *o)
{
    static const enum fw_attempt_state states[] = {
        [FW_ENDING_DELIVERED] = FW_ATTEMPT_DELIVERED,
        [FW_ENDING_FAILED] = FW_ATTEMPT_FAILED,
        [FW_ENDING_INTERRUPTED] = FW_ATTEMPT_INTERRUPTED,
    };
    struct fw_fax_attempt *a = &l->attempt;
    a->state = states[o->ending];
    a->ended_at = fw_wall_now();
    a->sip_status = facts->sip_status;
    a->q850 = facts->q850;
    a->t30_code = facts->has_result ? facts->t30_code : -1;
    a->pages_confirmed = facts->pages_confirmed - l->fax.first_page;
    a->bit_rate = l->fax.bit_rate;
    a->transport = l->fax.transport;
    if (o->ending == FW_ENDING_DELIVERED)
        return;
    fw_text_clip(a->reason, sizeof a->reason, o->reason ? o->reason : "");
    fw_text_clip(a->detail, sizeof a->detail, o->detail);
    fw_text_clip(a->retry_class, sizeof a->retry_class, fw_retry_text(o->retry));
    fw_text_clip(a->advice, sizeof a->advice, o->advice ? o->advice : "");
}

/* Nothing is decided about a fax from half of what is known of it. True: later. */
static bool put_off(struct fw_queue *q, struct fw_live *l, const struct fw_attempt_facts *facts)
{
    if (l->phase != FW_PHASE_DECIDING) {
        l->phase = FW_PHASE_DECIDING;
        l->put_off = q->now;
        l->facts = *facts;
        fw_text_clip(l->facts_text, sizeof l->facts_text, facts->text ? facts->text : "");
        l->facts.text = l->facts_text;
    }
    l->due = fw_mono_after(q->now, DECIDE_AGAIN_MS);
    return q->recovering || fw_mono_after(l->put_off, DECIDE_LIMIT_MS).us > q->now.us;
}

static void unread(struct fw_outcome *o)
{
    const size_t used = strlen(o->detail);
    snprintf(o->detail + used, sizeof o->detail - used, "; not dialled again: the store cannot read its calls");
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
    if (was_person(l, facts)) {
        outcome.retry = FW_RETRY_NO_FAX;
        outcome.change = 0;
        outcome.advice = "Somebody answered and hung up, and no fax machine was heard: check the number.";
    }
    struct fw_again_history history = { .known = true };
    if (outcome.ending != FW_ENDING_DELIVERED)
        history = fw_again_history(q, l, &outcome);
    fw_live_released(q, l);
    if (!history.known && put_off(q, l, facts))
        return;
    l->phase = FW_PHASE_WAITING;
    l->fax.pages_confirmed = facts->pages_confirmed;
    account_for(l, facts, &outcome);
    fw_pace_called(q, &l->attempt);
    fw_profile_learn(q, l, &outcome);
    switch (outcome.ending) {
    case FW_ENDING_DELIVERED:
        if (l->fax.status == FW_STATUS_SENDING || fw_attempt_sending(q, l, NULL))
            delivered(q, l);
        break;
    case FW_ENDING_FAILED:
        if (!history.known)
            unread(&outcome);
        if (l->fax.cancel_asked) /* whatever crossed it; the attempt says how its call ended */
            fw_cancel_fail(q, l);
        else if (!history.known || !fw_again_if_asked(q, l, &outcome, &history))
            fw_live_fail(q, l, outcome.reason, outcome.detail);
        break;
    case FW_ENDING_INTERRUPTED:
        if (l->fax.cancel_asked)
            fw_cancel_fail(q, l);
        else
            redial(q, l, outcome.detail, history.known ? history.interrupted : INTERRUPTIONS_MAX + 1);
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
void fw_attempt_conclude_call(struct fw_queue *q, struct fw_live *l)
{
    struct fw_attempt_facts facts = { .cause = FW_CAUSE_INTERNAL, .page_count = l->fax.page_count,
                                      .pages_before = l->fax.first_page, .pages_confirmed = l->fax.pages_confirmed };
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
        /* When the line hung up, it says why. */
        const bool line_knows = facts.cause == FW_CAUSE_T38_SILENT || facts.cause == FW_CAUSE_SESSION_EXPIRED ||
                                facts.cause == FW_CAUSE_DIALOG_LOST;
        if (l->result.is.text[0] && !line_knows)
            facts.text = l->result.is.text;
    } else
        fw_spool_journal(q, &l->fax, &facts);
    if (l->answered.us)
        l->fax.call_duration_secs = (int)((q->now.us - l->answered.us + 500000) / 1000000);
    fw_attempt_conclude(q, l, &facts);
}
