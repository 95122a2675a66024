/* The past of a fax: its events and its calls, looked at as soon as they are written. What was so stays so. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "fax/fax_json.h"
#include "store/attempts.h"
#include "store/batches.h"
#include "world.h"

enum { EVENTS_AT_ONCE = 10000 };

/* A table of our own: that of the product would be wrong in the same way. */
bool check_may_become(enum fw_status from, enum fw_status to)
{
    switch ((int)from) {
    case FW_STATUS_QUEUED: return to == FW_STATUS_MEDIA_PROCESSED || to == FW_STATUS_FAILED;
    case FW_STATUS_MEDIA_PROCESSED: return to == FW_STATUS_ORIGINATED || to == FW_STATUS_FAILED;
    case FW_STATUS_ORIGINATED:
        return to == FW_STATUS_SENDING || to == FW_STATUS_MEDIA_PROCESSED || to == FW_STATUS_FAILED;
    case FW_STATUS_SENDING:
        return to == FW_STATUS_DELIVERED || to == FW_STATUS_MEDIA_PROCESSED || to == FW_STATUS_FAILED;
    default: return false;
    }
}

static bool ends_attempt(enum fw_event_kind kind)
{
    return kind == FW_EVENT_ATTEMPT_FAILED || kind == FW_EVENT_INTERRUPTED || kind == FW_EVENT_DELIVERED ||
           kind == FW_EVENT_FAILED;
}

static bool of_a_call(enum fw_event_kind kind)
{
    return kind == FW_EVENT_RINGING || kind == FW_EVENT_ANSWERED || kind == FW_EVENT_TRANSPORT ||
           kind == FW_EVENT_SENDING_STARTED || kind == FW_EVENT_NEGOTIATED || kind == FW_EVENT_PAGE_CONFIRMED;
}

static void dialled(struct world *w, struct sim_fax *f, const json_t *payload)
{
    struct sim_past *p = &f->past;
    if (p->in_call)
        world_fault(w, "fax %s: attempt %d began, and the one before has not ended", f->id, p->dialled + 1);
    if (json_integer_value(json_object_get(payload, "attempt")) != ++p->dialled)
        world_fault(w, "fax %s: the %d. attempt has another number", f->id, p->dialled);
    p->in_call = true;
    p->answered = false;
    if (f->has_policy && f->policy.partial == FW_PARTIAL_RESEND)
        p->pages = 0;
}

static void page_told(struct world *w, struct sim_fax *f, const json_t *payload)
{
    const int page = (int)json_integer_value(json_object_get(payload, "page"));
    if (page <= f->past.pages || page > f->pages)
        world_fault(w, "fax %s: page %d was told after page %d of %d", f->id, page, f->past.pages, f->pages);
    f->past.pages = page;
}

static bool status_of(const json_t *payload, enum fw_status *ret)
{
    const char *text = json_string_value(json_object_get(payload, "status"));
    return text && fw_status_parse(text, ret);
}

/* Which status each event was told in: from one to the next by the table. */
static void check_way(struct world *w, struct sim_fax *f, const struct fw_event *e, const json_t *payload)
{
    enum fw_status to = FW_STATUS_QUEUED;
    if (!status_of(payload, &to))
        world_fault(w, "fax %s: %s tells no status", f->id, fw_event_text(e->kind));
    else if (to != f->past.status && !check_may_become(f->past.status, to))
        world_fault(w, "fax %s went from %s to %s", f->id, fw_status_text(f->past.status), fw_status_text(to));
    f->past.status = to;
}

static void check_event(struct world *w, struct sim_fax *f, const struct fw_event *e)
{
    struct sim_past *p = &f->past;
    json_t *payload CLEANUP(fw_json_free) = e->payload ? json_loads(e->payload, 0, NULL) : NULL;
    check_way(w, f, e, payload);
    if ((e->kind == FW_EVENT_QUEUED) != (f->seen_seq == 0))
        world_fault(w, "fax %s: %s at the wrong place", f->id, fw_event_text(e->kind));
    if (e->seq <= f->seen_seq)
        world_fault(w, "fax %s: events out of order", f->id);
    if (p->ended && e->kind != FW_EVENT_BATCH_COMPLETED)
        world_fault(w, "fax %s: %s after its end", f->id, fw_event_text(e->kind));
    if (of_a_call(e->kind) && !p->in_call)
        world_fault(w, "fax %s: %s, and it is in no call", f->id, fw_event_text(e->kind));
    if ((e->kind == FW_EVENT_SENDING_STARTED && p->sending) || (e->kind == FW_EVENT_ANSWERED && p->answered))
        world_fault(w, "fax %s: %s twice", f->id, fw_event_text(e->kind));
    if (ends_attempt(e->kind) && e->kind != FW_EVENT_FAILED && !p->in_call)
        world_fault(w, "fax %s: %s, and its call had ended before", f->id, fw_event_text(e->kind));
    if (e->kind == FW_EVENT_DIALLING)
        dialled(w, f, payload);
    else if (e->kind == FW_EVENT_PAGE_CONFIRMED)
        page_told(w, f, payload);
    if (e->kind == FW_EVENT_BATCH_COMPLETED && f->batch > 0)
        w->batches[f->batch - 1].completed++;
    else if (e->kind == FW_EVENT_BATCH_COMPLETED)
        world_fault(w, "fax %s tells of a batch, and is of none", f->id);
    p->sending |= e->kind == FW_EVENT_SENDING_STARTED;
    p->answered |= e->kind == FW_EVENT_ANSWERED;
    p->in_call &= !ends_attempt(e->kind);
    p->ended |= e->kind == FW_EVENT_DELIVERED || e->kind == FW_EVENT_FAILED;
    f->seen_seq = e->seq;
    hash_bytes(w, &e->kind, sizeof e->kind);
}

static void check_events(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    struct fw_event_page page = { 0 };
    if (fw_store_event_list(w->store, f->id, f->seen_seq, EVENTS_AT_ONCE, &page))
        world_fault(w, "fax %s: its events cannot be read", f->id);
    for (int i = 0; i < page.count; i++)
        check_event(w, f, &page.items[i]);
    fw_event_page_done(&page);
    if (f->past.status != stored->status)
        world_fault(w, "fax %s is %s, and %s was told last", f->id, fw_status_text(stored->status),
                    fw_status_text(f->past.status));
    if (f->past.dialled != stored->attempts)
        world_fault(w, "fax %s has %d attempts, and %d were told", f->id, stored->attempts, f->past.dialled);
}

/* What was confirmed in a call is in its row when it has ended, whoever died meanwhile. */
static void check_attempt(struct world *w, const struct sim_fax *f, const struct fw_fax_attempt *a)
{
    struct sim_call *c;
    if (!check_fax_of_call(w, a->call, &c))
        return;
    if (a->pages_confirmed > c->confirmed)
        world_fault(w, "fax %s: attempt %d has %d pages, and %d were confirmed", f->id, a->number, a->pages_confirmed,
                    c->confirmed);
    if (!c->disturbed && a->state != FW_ATTEMPT_UNDERWAY &&
        (a->pages_confirmed != c->confirmed || a->first_page != c->first))
        world_fault(w, "fax %s: attempt %d has %d pages from %d on, not %d from %d on", f->id, a->number,
                    a->pages_confirmed, a->first_page, c->confirmed, c->first);
    /* It costs nobody a page to try that again. */
    if (!c->disturbed && a->state == FW_ATTEMPT_FAILED && c->confirmed == 0 && strcmp(a->retry_class, "internal") == 0)
        world_fault(w, "fax %s: attempt %d failed by a failure of ours, and had sent nothing (%s)", f->id, a->number,
                    a->detail);
    if (a->state == FW_ATTEMPT_DELIVERED && (a->t30_code != 0 || c->confirmed != c->pages))
        world_fault(w, "fax %s: attempt %d is delivered with %d of %d pages", f->id, a->number, c->confirmed, c->pages);
}

/* What arrived is known of it between two calls, whoever died in the last one; and there the next one goes on. */
static void check_pages(struct world *w, const struct sim_fax *f, const struct fw_fax *stored, const char *call)
{
    struct sim_call *c;
    const bool resumes = f->has_policy && f->policy.partial == FW_PARTIAL_RESUME;
    if (!check_fax_of_call(w, call, &c) || c->disturbed)
        return;
    const int arrived = c->first + c->confirmed;
    if (stored->pages_confirmed != arrived)
        world_fault(w, "fax %s has %d pages confirmed, and %d were", f->id, stored->pages_confirmed, arrived);
    if (stored->status == FW_STATUS_MEDIA_PROCESSED && stored->first_page != (resumes ? arrived : 0))
        world_fault(w, "fax %s waits to be sent from page %d on, and %d have arrived", f->id, stored->first_page + 1,
                    arrived);
}

static void check_attempts(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    const bool in_call = stored->status == FW_STATUS_ORIGINATED || stored->status == FW_STATUS_SENDING;
    struct fw_fax_attempt_page page = { 0 };
    int underway = 0;
    if (fw_store_attempt_list(w->store, f->id, 1, ATTEMPTS_MAX, &page))
        world_fault(w, "fax %s: its attempts cannot be read", f->id);
    for (int i = 0; i < page.count; i++) {
        const struct fw_fax_attempt *a = &page.items[i];
        const enum fw_attempt_state was = f->past.attempts[i].state;
        if (was != FW_ATTEMPT_UNDERWAY && (a->state != was || a->ended_at.us != f->past.attempts[i].ended_at.us))
            world_fault(w, "fax %s: attempt %d ended twice", f->id, a->number);
        if (a->number != i + 1)
            world_fault(w, "fax %s: attempt %d is number %d", f->id, i + 1, a->number);
        underway += a->state == FW_ATTEMPT_UNDERWAY;
        f->past.attempts[i].state = a->state;
        f->past.attempts[i].ended_at = a->ended_at;
        check_attempt(w, f, a);
        if (i == page.count - 1 && !in_call)
            check_pages(w, f, stored, a->call);
    }
    if (page.count != stored->attempts)
        world_fault(w, "fax %s has %d attempts and %d rows of them", f->id, stored->attempts, page.count);
    if (underway != in_call)
        world_fault(w, "fax %s is %s and %d attempts are under way", f->id, fw_status_text(stored->status), underway);
    fw_fax_attempt_page_done(&page);
}

void check_past(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    if (f->seen_seq && f->seen.us == stored->updated_at.us && f->past.status == stored->status)
        return;
    f->seen = stored->updated_at;
    check_events(w, f, stored);
    check_attempts(w, f, stored);
}

/* It is complete once, with the end of its last fax and in the same write. */
void check_batch(struct world *w, struct sim_batch *b)
{
    struct fw_batch row;
    int ended = 0, all = 0;
    if (!b->accepted)
        return;
    if (fw_store_batch_get(w->store, 0, b->id, &row)) {
        world_fault(w, "batch %s was accepted and is gone", b->id);
        return;
    }
    for (int s = 0; s < FW_STATUS_COUNT; s++)
        all += row.counts[s];
    ended = row.counts[FW_STATUS_DELIVERED] + row.counts[FW_STATUS_FAILED];
    if (all != b->count || row.recipients != b->count)
        world_fault(w, "batch %s has %d faxes for %d of %d recipients", b->id, all, row.recipients, b->count);
    if ((ended == b->count) != (row.completed_at.us != 0))
        world_fault(w, "batch %s is complete (%d), and %d of its %d faxes have ended", b->id, row.completed_at.us != 0,
                    ended, b->count);
    if (b->completed != (row.completed_at.us != 0))
        world_fault(w, "batch %s is complete (%d), and that was told %d times", b->id, row.completed_at.us != 0,
                    b->completed);
    b->done = ended == b->count;
}

/* Its row is as it was, whatever was asked for. */
static void ask_wrongly(struct world *w, struct sim_fax *f, const struct fw_fax *stored, enum fw_status expected,
                        enum fw_status to, enum fw_err want)
{
    struct fw_fax wrong = *stored;
    wrong.status = to;
    enum fw_err err = FW_IO;
    for (int tries = 0; err == FW_IO && tries < 100; tries++)
        err = fw_store_fax_save(w->store, &wrong, expected, NULL, 0);
    if (err != want)
        world_fault(w, "fax %s is %s, and going from %s to %s came to: %s", f->id, fw_status_text(stored->status),
                    fw_status_text(expected), fw_status_text(to), fw_err_text(err));
}

void check_mistake(struct world *w, struct sim_fax *f)
{
    struct fw_fax stored CLEANUP(fw_fax_done) = { 0 };
    if (!f->accepted || fw_store_fax_get(w->store, 0, f->id, &stored))
        return;
    const enum fw_status to = (enum fw_status)env_draw(FW_STATUS_COUNT);
    const enum fw_status old = (enum fw_status)env_draw(FW_STATUS_FAILED);
    if (to != stored.status && !check_may_become(stored.status, to))
        ask_wrongly(w, f, &stored, stored.status, to, FW_INVALID);
    if (old != stored.status) /* a change that is one, of a fax that is elsewhere by now */
        ask_wrongly(w, f, &stored, old, FW_STATUS_FAILED, old == FW_STATUS_DELIVERED ? FW_INVALID : FW_CONFLICT);
}
