/* The promises of the queue, looked at after every step. */
#include <stdio.h>
#include <string.h>

#include "fax/window.h"
#include "store/attempts.h"
#include "world.h"

void hash_bytes(struct world *w, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        w->report->hash = (w->report->hash ^ p[i]) * 0x100000001b3u;
}

/* By the clock on the wall as the queue saw it when it decided; not long ago, though the disk may have made it wait. */
static void check_times(struct world *w, const struct sim_fax *f)
{
    const struct fw_wall then = w->queue->wall, now = fw_wall_now();
    struct fw_wall opens = { 0 };
    if (now.us - then.us > 60 * SECOND)
        world_fault(w, "fax %s was dialled by an old clock", f->id);
    if (then.us < f->schedule.send_at.us)
        world_fault(w, "fax %s was dialled before its send_at", f->id);
    if (fw_fax_opens(&f->schedule, then, &opens) || opens.us > then.us)
        world_fault(w, "fax %s was dialled outside of its send_window", f->id);
    if (fw_fax_expired(&f->schedule, then))
        world_fault(w, "fax %s was dialled after it expired", f->id);
}

/* A CALL_PLACE arrives at the line. */
void check_placed(struct world *w, const struct fw_msg_call_place *p, struct sim_fax *f)
{
    check_times(w, f);
    if (f->final)
        world_fault(w, "fax %s was dialled after its end", f->id);
    for (int i = 0; i < w->call_count; i++) {
        if (w->calls[i].step && &w->faxes[w->calls[i].fax] == f && w->calls[i].line_has)
            world_fault(w, "fax %s has two calls at the same time", f->id);
    }
    if (w->queue->calls > CALLS_AT_ONCE)
        world_fault(w, "more calls at the same time than are allowed");
    if (p->page_count < 1 || (int)p->page_count > f->pages)
        world_fault(w, "fax %s: a call for %u pages of %d", f->id, p->page_count, f->pages);
    if (f->has_policy && f->calls >= f->policy.max_dials + 4 * (1 + w->report->crashes) + 40)
        world_fault(w, "fax %s was dialled %d times", f->id, f->calls + 1);
    if (!f->has_policy && f->calls > 0 && w->calm && w->report->crashes == 0 && w->lost == 0 && !env_disk_failures())
        world_fault(w, "fax %s was dialled again and nobody asked for it", f->id);
    if (f->cancel_asked && fw_live_by_fax(w->queue, f->id) && fw_live_by_fax(w->queue, f->id)->fax.cancel_asked)
        world_fault(w, "fax %s was dialled after it was cancelled", f->id);
}

static void check_attempts(struct world *w, const struct sim_fax *f, const struct fw_fax *stored)
{
    struct fw_fax_attempt_page page = { 0 };
    int underway = 0;
    if (fw_store_attempt_list(w->store, f->id, 1, 1000, &page)) {
        world_fault(w, "fax %s: its attempts cannot be read", f->id);
        return;
    }
    for (int i = 0; i < page.count; i++) {
        underway += page.items[i].state == FW_ATTEMPT_UNDERWAY;
        if (page.items[i].number != i + 1)
            world_fault(w, "fax %s: attempt %d is number %d", f->id, i + 1, page.items[i].number);
    }
    if (page.count != stored->attempts)
        world_fault(w, "fax %s has %d attempts and %d rows of them", f->id, stored->attempts, page.count);
    const bool in_call = stored->status == FW_STATUS_ORIGINATED || stored->status == FW_STATUS_SENDING;
    if (underway != in_call)
        world_fault(w, "fax %s is %s and %d attempts are under way", f->id, fw_status_text(stored->status), underway);
    fw_fax_attempt_page_done(&page);
}

/* Each event once and in an order that can be; the last one is the end. */
static void check_events(struct world *w, const struct sim_fax *f, const struct fw_fax *stored)
{
    struct fw_event_page page = { 0 };
    int ends = 0, sendings = 0;
    if (fw_store_event_list(w->store, f->id, 0, 10000, &page)) {
        world_fault(w, "fax %s: its events cannot be read", f->id);
        return;
    }
    for (int i = 0; i < page.count; i++) {
        const enum fw_event_kind kind = page.items[i].kind;
        const bool end = kind == FW_EVENT_DELIVERED || kind == FW_EVENT_FAILED;
        ends += end;
        sendings += kind == FW_EVENT_SENDING_STARTED;
        if (end && i != page.count - 1)
            world_fault(w, "fax %s: %s after its end", f->id, fw_event_text(page.items[i + 1].kind));
        if (i > 0 && page.items[i].seq <= page.items[i - 1].seq)
            world_fault(w, "fax %s: events out of order", f->id);
        hash_bytes(w, &kind, sizeof kind);
    }
    if (page.count == 0 || page.items[0].kind != FW_EVENT_QUEUED)
        world_fault(w, "fax %s does not begin with fax.queued", f->id);
    if (ends != fw_status_final(stored->status))
        world_fault(w, "fax %s is %s and has %d events of an end", f->id, fw_status_text(stored->status), ends);
    if (sendings > 1)
        world_fault(w, "fax %s: fax.sending.started %d times", f->id, sendings);
    fw_event_page_done(&page);
}

static bool all_confirmed(const struct sim_fax *f)
{
    for (int p = 0; p < f->pages; p++) {
        if (f->confirmed[p] == 0)
            return false;
    }
    return true;
}

static void check_truth(struct world *w, const struct sim_fax *f, const struct fw_fax *stored)
{
    if (stored->status == FW_STATUS_DELIVERED && !all_confirmed(f))
        world_fault(w, "fax %s is delivered and not every page arrived", f->id);
    if (stored->status == FW_STATUS_FAILED && f->complete)
        world_fault(w, "fax %s failed (%s, %s) and its call was a success", f->id, stored->failure_reason,
                    stored->failure_detail);
    if (strcmp(stored->failure_reason, "expired") == 0 && !f->schedule.expires_at.us)
        world_fault(w, "fax %s expired, and had no time to", f->id);
    if (stored->status == FW_STATUS_FAILED && !stored->failure_reason[0])
        world_fault(w, "fax %s failed and nobody knows why", f->id);
    const bool may_repeat = f->has_policy && f->policy.partial == FW_PARTIAL_RESEND;
    for (int p = 0; p < f->pages && !may_repeat; p++) {
        if (f->confirmed[p] > 1)
            world_fault(w, "fax %s: page %d arrived %d times", f->id, p + 1, f->confirmed[p]);
    }
}

static void check_move(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    if (f->final && stored->status != f->status)
        world_fault(w, "fax %s was %s and is %s", f->id, fw_status_text(f->status), fw_status_text(stored->status));
    if (f->status != FW_STATUS_QUEUED && stored->status == FW_STATUS_QUEUED)
        world_fault(w, "fax %s went back to queued", f->id);
    const struct fw_live *l = fw_live_by_fax(w->queue, f->id);
    const bool in_call = stored->status == FW_STATUS_ORIGINATED || stored->status == FW_STATUS_SENDING;
    if (in_call && (!l || l->phase != FW_PHASE_CALLING))
        world_fault(w, "fax %s is %s and nobody works on it", f->id, fw_status_text(stored->status));
    if (!in_call && l && l->phase == FW_PHASE_CALLING)
        world_fault(w, "fax %s is %s and in a call", f->id, fw_status_text(stored->status));
    f->status = stored->status;
}

static void check_fax(struct world *w, struct sim_fax *f)
{
    struct fw_fax stored CLEANUP(fw_fax_done) = { 0 };
    if (fw_store_fax_get(w->store, 0, f->id, &stored)) {
        world_fault(w, "fax %s was accepted and is gone", f->id);
        return;
    }
    check_move(w, f, &stored);
    check_truth(w, f, &stored);
    if (!fw_status_final(stored.status) || f->final)
        return;
    f->final = true;
    f->delivered = stored.status == FW_STATUS_DELIVERED;
    world_note(w, "fax %d ends %s %s %s", (int)(f - w->faxes), fw_status_text(stored.status), stored.failure_reason,
               stored.failure_detail);
    check_attempts(w, f, &stored);
    check_events(w, f, &stored);
}

static void check_limits(struct world *w)
{
    int calling = 0, one_channel = 0, of_number[NUMBERS] = { 0 };
    for (int i = 0; i < w->queue->live_count; i++) {
        const struct fw_live *l = w->queue->live[i];
        if (l->phase != FW_PHASE_CALLING)
            continue;
        calling++;
        for (int f = 0; f < w->fax_count; f++) {
            if (strcmp(w->faxes[f].id, l->fax.id) != 0)
                continue;
            one_channel += w->faxes[f].application == LIMITED_APPLICATION;
            if (++of_number[w->faxes[f].number] > 1)
                world_fault(w, "two calls at the same time to number %d", w->faxes[f].number);
        }
    }
    if (calling != w->queue->calls || calling > CALLS_AT_ONCE)
        world_fault(w, "%d calls are counted as %d", calling, w->queue->calls);
    if (one_channel > 1)
        world_fault(w, "an application with one channel has %d calls", one_channel);
}

void check_step(struct world *w)
{
    for (int i = 0; i < w->fax_count; i++) {
        if (w->faxes[i].accepted && !w->faxes[i].final)
            check_fax(w, &w->faxes[i]);
    }
    check_limits(w);
}

void check_end(struct world *w)
{
    for (int i = 0; i < w->fax_count; i++) {
        struct sim_fax *f = &w->faxes[i];
        if (!f->accepted)
            continue;
        if (!f->final)
            world_fault(w, "fax %s hangs in %s", f->id, fw_status_text(f->status));
        w->report->delivered += f->delivered;
        w->report->failed += f->final && !f->delivered;
        w->report->retried += f->calls > 1;
        hash_bytes(w, f->confirmed, sizeof f->confirmed);
        f->final = false; /* once more, whole: nothing moved after the end */
        check_fax(w, f);
    }
    if (w->queue->live_count || w->queue->calls || w->queue->in_media)
        world_fault(w, "%d faxes are left in memory", w->queue->live_count);
    for (int m = 0; m < 2; m++) {
        if (fw_seats_of(w->queue->seats, m))
            world_fault(w, "modem %d has %d calls left", m, fw_seats_of(w->queue->seats, m));
    }
}
