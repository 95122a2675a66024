/* The calls of this program: where they are found, when they are due, one step at a time. */
#include "line/inbound.h"
#include "line/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum { IDLE_MS = 60 * 1000, REFRESH_WAIT_MS = 200 };

enum fw_err fw_line_calls_init(struct fw_line *l, uint32_t calls_max)
{
    const uint32_t max =
        calls_max == 0 || calls_max > FW_LINE_CALLS_MAX ? FW_LINE_CALLS_MAX : calls_max;
    l->live_max = max;
    l->slot_count = (size_t)max + FW_LINE_LEAVING_SPARE;
    l->calls = calloc(l->slot_count, sizeof *l->calls);
    return l->calls ? FW_OK : FW_NO_MEMORY;
}

static size_t slot_of(uint64_t ref)
{
    return (size_t)(ref & 0xFFFF) - 1;
}

static void call_free(struct fw_line *l, struct fw_line_call *c)
{
    if (c->handle)
        nua_handle_destroy(TAKE(c->handle));
    fw_fd_close(&c->media_fd);
    fw_line_trace_end(l, c);
    l->calls[slot_of(c->ref)] = NULL;
    l->call_count--;
    free(c);
}

void fw_line_calls_done(struct fw_line *l)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        if (l->calls[i])
            call_free(l, l->calls[i]);
    }
    free(TAKE(l->calls));
    l->slot_count = 0;
}

static bool reported(const struct fw_line_call *c)
{
    return c->state >= FW_LINE_LEAVING;
}

enum fw_err fw_line_call_new(struct fw_line *l, const struct fw_msg_call_place *place,
                             struct fw_line_call **ret)
{
    _Static_assert(FW_LINE_CALLS_MAX + FW_LINE_LEAVING_SPARE < 0xFFFF, "a slot has 16 bits");
    size_t slot = l->slot_count, live = 0;
    for (size_t i = 0; i < l->slot_count; i++) {
        if (!l->calls[i])
            slot = slot < i ? slot : i;
        else if (!reported(l->calls[i]) && l->calls[i]->state != FW_LINE_FINISHING)
            live++; /* of one that is finishing the queue may know the end already */
    }
    if (slot == l->slot_count || live >= l->live_max)
        return FW_LIMIT;
    struct fw_line_call *c = calloc(1, sizeof *c);
    if (!c)
        return FW_NO_MEMORY;
    c->ref = (uint64_t)++l->call_serial << 16 | (slot + 1);
    c->place = *place;
    c->cause = FW_LINE_NO_CAUSE;
    c->media_fd = -1;
    c->placed = l->now;
    l->calls[slot] = c;
    l->call_count++;
    *ret = c;
    return FW_OK;
}

struct fw_line_call *fw_line_call_by_id(struct fw_line *l, const char *id)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        struct fw_line_call *c = l->calls[i];
        if (c && !reported(c) && strcmp(c->place.call, id) == 0)
            return c;
    }
    return NULL;
}

struct fw_line_call *fw_line_call_by_ref(struct fw_line *l, uint64_t ref)
{
    const size_t slot = slot_of(ref);
    if (ref == 0 || slot >= l->slot_count || !l->calls[slot] || l->calls[slot]->ref != ref)
        return NULL;
    return l->calls[slot];
}

void fw_line_call_due_in(const struct fw_line *l, struct fw_line_call *c, uint32_t delay_ms)
{
    c->due.us = l->now.us + (int64_t)delay_ms * 1000;
}

void fw_line_call_due_within(const struct fw_line *l, struct fw_line_call *c, uint32_t delay_ms)
{
    const int64_t us = l->now.us + (int64_t)delay_ms * 1000;
    if (c->due.us == 0 || us < c->due.us)
        c->due.us = us;
}

/* The trunk's own, if it is the shorter: the parent's is what it has reckoned with. */
static uint32_t ring_ms(const struct fw_line_call *c)
{
    uint32_t ms = c->place.ring_timeout_ms ? c->place.ring_timeout_ms : FW_LINE_RING_MS_DEFAULT;
    if (c->trunk.ring_timeout_ms && c->trunk.ring_timeout_ms < ms)
        ms = c->trunk.ring_timeout_ms;
    return ms < FW_LINE_RING_MS_MAX ? ms : FW_LINE_RING_MS_MAX;
}

/* Nothing at all is heard: another trunk is not kept waiting until timer B. */
static uint32_t response_ms(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_line_trunk *other = NULL;
    if (c->trunk.response_timeout_ms)
        return c->trunk.response_timeout_ms;
    return fw_line_trunk_choose(l, c, &other) == FW_OK ? FW_LINE_NEXT_TRUNK_MS : FW_LINE_RESPONSE_MS;
}

static void on_answered(struct fw_line *l, struct fw_line_call *c)
{
    uint32_t limit_ms = c->place.call_limit_ms;
    if (limit_ms == 0 || limit_ms > FW_LINE_LIMIT_MS_DEFAULT)
        limit_ms = FW_LINE_LIMIT_MS_DEFAULT;
    c->answered = l->now;
    fw_line_session_begin(&c->session, l->now);
    c->limit_due.us = l->now.us + ((int64_t)limit_ms + FW_LINE_LIMIT_GRACE_MS) * 1000;
    if (c->t38_enabled && !c->t38_refused)
        fw_line_call_due_in(l, c, c->inbound ? fw_line_taken_offer_ms(c) : c->trunk.t38_after_answer_ms);
}

/* What to do about a call that nobody answers: the next trunk, before it is given up. True: done. */
static bool tried_elsewhere(struct fw_line *l, struct fw_line_call *c, enum fw_line_event event)
{
    if (c->state != FW_LINE_INVITING || event != FW_LINE_EV_TIMEOUT || c->heard)
        return false;
    struct fw_line_trunk *t = fw_line_trunk_of(l, c);
    if (t) {
        t->avoid_until.us = l->now.us + (int64_t)FW_LINE_AVOID_MS * 1000;
        if (c->text[0] == '\0')
            fw_line_trunk_error(l, t, 0, "no answer to an INVITE");
    }
    if (c->text[0] == '\0')
        snprintf(c->text, sizeof c->text, "no answer to the INVITE");
    return fw_line_dial_next(l, c);
}

/* The stack gives up after timer B unless it got a 100, which it keeps to itself. So a call that
 * outlives timer B has been heard, and rings on. */
static enum fw_line_event timeout_of(const struct fw_line *l, const struct fw_line_call *c)
{
    const bool heard =
        c->heard || l->now.us - c->invited.us >= (int64_t)FW_LINE_RESPONSE_MS * 1000;
    return c->state == FW_LINE_INVITING && heard ? FW_LINE_EV_PROGRESS : FW_LINE_EV_TIMEOUT;
}

/* The deadline of the state that was just entered. */
static void enter(struct fw_line *l, struct fw_line_call *c, enum fw_line_state from)
{
    c->due.us = 0;
    if (from == FW_LINE_OFFERING && (c->state == FW_LINE_AUDIO || c->state == FW_LINE_BACKOFF))
        fw_line_act_pending(l, c, false);
    switch (c->state) {
    case FW_LINE_INVITING:
        fw_line_call_due_in(l, c, response_ms(l, c));
        fw_line_call_due_within(l, c, ring_ms(c));
        break;
    case FW_LINE_WAITING:
        fw_line_call_due_in(l, c, FW_LINE_WAIT_MS);
        break;
    case FW_LINE_RINGING:
        c->due.us = c->placed.us + (int64_t)ring_ms(c) * 1000;
        break;
    case FW_LINE_AUDIO:
        if (from == FW_LINE_INVITING || from == FW_LINE_RINGING || from == FW_LINE_ANSWERING)
            on_answered(l, c);
        break;
    case FW_LINE_ASKING:
        fw_line_call_due_in(l, c, FW_LINE_ASK_MS);
        break;
    case FW_LINE_ALERTING:
        fw_line_call_due_in(l, c, c->answer_delay_ms);
        break;
    case FW_LINE_ANSWERING:
        fw_line_call_due_in(l, c, FW_LINE_ACK_MS);
        break;
    case FW_LINE_T38:
        if (from == FW_LINE_INVITING || from == FW_LINE_RINGING || from == FW_LINE_ANSWERING)
            on_answered(l, c);
        c->due.us = 0;
        break;
    case FW_LINE_RETURNED:
        break;
    case FW_LINE_OFFERING:
    case FW_LINE_RETURNING:
        fw_line_call_due_in(l, c, FW_LINE_OFFER_ANSWER_MS);
        break;
    case FW_LINE_BACKOFF:
    case FW_LINE_RETURN_LATER:
        fw_line_call_due_in(l, c, c->backoff_ms);
        break;
    case FW_LINE_FINISHING:
        fw_line_call_due_in(
            l, c, c->settled.transport == FW_TRANSPORT_T38_UNPACED ? 0 : FW_LINE_FINISH_MS);
        break;
    case FW_LINE_CLOSING:
        if (c->cause == FW_CAUSE_T38_SILENT && c->text[0] == '\0')
            snprintf(c->text, sizeof c->text, "no answer when asked to go back to G.711");
        fw_line_call_due_in(l, c, l->stopping ? FW_LINE_STOP_CLOSE_MS : FW_LINE_CLOSE_MS);
        break;
    case FW_LINE_LEAVING:
        fw_line_call_due_in(l, c, FW_LINE_LEAVE_MS);
        break;
    case FW_LINE_NEW:
    case FW_LINE_ENDED:
    case FW_LINE_STATE_COUNT:
        break;
    }
}

bool fw_line_call_feed(struct fw_line *l, struct fw_line_call *c, enum fw_line_event event)
{
    const struct fw_line_step step = fw_line_call_step(c->state, event);
    const enum fw_line_state from = c->state;
    fw_assert(step.legal);
    if (c->cause == FW_LINE_NO_CAUSE)
        c->cause = step.cause;
    c->state = (enum fw_line_state)step.next;
    l->waiting_count += c->state == FW_LINE_WAITING && from != FW_LINE_WAITING;
    l->waiting_count -= c->state != FW_LINE_WAITING && from == FW_LINE_WAITING;
    if (c->state != from || event == FW_LINE_EV_NEXT) {
        fw_log(FW_LOG_INFO, "call.state", "call=%s from=%s event=%s to=%s",
               FW_LOG_TEXT(c->place.call), fw_line_state_text(from), fw_line_event_text(event),
               fw_line_state_text(c->state));
        enter(l, c, from);
    } else if (event == FW_LINE_EV_UNDERWAY && c->state == FW_LINE_AUDIO) {
        c->due.us = 0; /* the fax runs on G.711: no offer any more */
    }
    fw_line_act(l, c, step.actions);
    if (c->state == FW_LINE_LEAVING && c->handle_over)
        return fw_line_call_feed(l, c, FW_LINE_EV_TERMINATED);
    if (c->state != FW_LINE_ENDED)
        return false;
    call_free(l, c);
    return true;
}

bool fw_line_call_offer(struct fw_line *l, struct fw_line_call *c, enum fw_line_event event)
{
    if (fw_line_call_step(c->state, event).legal)
        return fw_line_call_feed(l, c, event);
    fw_log(FW_LOG_DEBUG, "call.ignored", "call=%s state=%s event=%s", FW_LOG_TEXT(c->place.call),
           fw_line_state_text(c->state), fw_line_event_text(event));
    return false;
}

void fw_line_calls_offer_all(struct fw_line *l, enum fw_line_event event)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        if (l->calls[i] && !reported(l->calls[i]))
            fw_line_call_offer(l, l->calls[i], event);
    }
}

bool fw_line_call_part(struct fw_line *l, struct fw_line_call *c, bool pending)
{
    size_t slot = 0;
    while (slot < l->slot_count && l->calls[slot])
        slot++;
    if (slot == l->slot_count)
        return false;
    struct fw_line_call *left = pending && c->handle ? calloc(1, sizeof *left) : NULL;
    if (pending && c->handle && !left)
        return false;
    if (left) {
        left->ref = c->ref;
        left->place = c->place;
        left->trunk = c->trunk;
        left->state = FW_LINE_LEAVING;
        left->cause = FW_CAUSE_NO_RESPONSE;
        left->media_fd = -1;
        left->auth = c->auth;
        left->handle = TAKE(c->handle);
        memcpy(left->sip_id, c->sip_id, sizeof left->sip_id);
        fw_line_trace_share(l, c, left);
        fw_line_call_due_in(l, left, FW_LINE_LEAVE_MS);
        nua_cancel(left->handle, TAG_END());
        l->call_count++;
    } else if (c->handle) {
        nua_handle_destroy(TAKE(c->handle));
    }
    l->calls[slot_of(c->ref)] = left;
    c->ref = (uint64_t)++l->call_serial << 16 | (slot + 1);
    l->calls[slot] = c;
    return true;
}

/* Those that wait for a trunk, the oldest first as far as there is room. */
static void place_waiting(struct fw_line *l)
{
    for (size_t tries = l->waiting_count; tries > 0; tries--) {
        struct fw_line_call *oldest = NULL;
        for (size_t i = 0; i < l->slot_count; i++) {
            struct fw_line_call *c = l->calls[i];
            if (c && c->state == FW_LINE_WAITING && c->looked.us != l->now.us &&
                (!oldest || c->placed.us < oldest->placed.us))
                oldest = c;
        }
        if (!oldest)
            return;
        oldest->looked = l->now;
        fw_line_dial(l, oldest);
    }
}

static bool passed(struct fw_mono now, struct fw_mono *due)
{
    if (due->us == 0 || due->us > now.us)
        return false;
    due->us = 0;
    return true;
}

static void earlier(struct fw_mono *first, struct fw_mono due)
{
    if (due.us != 0 && due.us < first->us)
        first->us = due.us;
}

static struct fw_mono later(struct fw_mono due, struct fw_mono now, int64_t ms)
{
    const struct fw_mono first = { now.us + ms * 1000 };
    return due.us > first.us ? due : first;
}

/* An offer waits for the answer to a refresh: two INVITEs at a time there cannot be. */
static bool waits_for_refresh(const struct fw_line_call *c)
{
    return c->session.out == FW_LINE_REFRESH_INVITE &&
           (c->state == FW_LINE_AUDIO || c->state == FW_LINE_BACKOFF || c->state == FW_LINE_RETURN_LATER);
}

static void earliest(struct fw_mono *first, const struct fw_line_call *c)
{
    earlier(first, c->due);
    if (c->state >= FW_LINE_CLOSING)
        return;
    earlier(first, c->limit_due);
    if (c->state < FW_LINE_AUDIO)
        return;
    earlier(first, c->session.refresh_due);
    earlier(first, c->session.expire_due);
}

int fw_line_calls_turn(struct fw_line *l)
{
    struct fw_mono first = { l->now.us + (int64_t)IDLE_MS * 1000 };
    if (l->waiting_count > 0) {
        place_waiting(l);
        first.us = l->now.us + (int64_t)FW_LINE_WAIT_STEP_MS * 1000;
    }
    fw_line_watches_turn(l, &first);
    for (size_t i = 0; i < l->slot_count; i++) {
        struct fw_line_call *c = l->calls[i];
        if (!c)
            continue;
        if (passed(l->now, &c->limit_due) && fw_line_call_offer(l, c, FW_LINE_EV_LIMIT))
            continue;
        if (fw_line_session_turn(l, c))
            continue;
        if (waits_for_refresh(c) && c->due.us)
            c->due = later(c->due, l->now, REFRESH_WAIT_MS);
        if (passed(l->now, &c->due)) {
            const enum fw_line_event event = timeout_of(l, c);
            if (tried_elsewhere(l, c, event) || fw_line_call_feed(l, c, event))
                continue; /* the next turn comes at once for what it left due */
        }
        earliest(&first, c);
    }
    return fw_mono_wait_ms(l->now, first);
}
