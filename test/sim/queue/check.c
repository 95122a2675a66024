/* The promises of the queue, looked at after every step.
 *
 * Mistakes that were made in the product to see who finds them within the 200 seeds:
 *   delivered without every page (outcome.c, conclude.c)            check_attempt, check_truth
 *   a cancel between two tries, or one that crossed an end, ignored check_cancel, check_placed
 *   a cancel just before a crash, or while others are dialled       check_cancel, check_placed
 *   a start without journal, without its end, or without attempts   check_attempt(s), check_truth, check_sent
 *   a start, a redial or a journal without what arrived before      check_attempt, check_pages, check_sent
 *   a start that settles no call                                    check_move
 *   any status from any status, or from an old one                  check_mistake
 *   the result of a call taken twice, of another modem, or late     check_attempt, check_waits, in_call
 *   a batch complete too early, never or twice, or told in part     check_batch, check_end
 *   a slice of one lost, written twice or in part, or never         look_at_batch, check_counts, check_end
 *   webhooks out of order, too soon, given up early or not at all   check_told_begins, check_told_all
 *   a receiver without its share, or with all of it while it fails  check_share
 *   a second receiver never, first, late, or with rounds of its own check_receiver, told_again
 *   a log that says given up of one that was taken, or the reverse  check_log
 *   a replay that does nothing, is told twice, or not at once       check_replays, check_told_all, check_late
 *   a lesson learned twice, an event told twice                     check_learned, check_event
 *   nobody looks after a decision; a call more than the policy has  check_prompt, check_policy
 *   a call after the time that the policy has                       check_total
 */
#include <stdio.h>
#include <string.h>

#include "fax/window.h"
#include "store/accounts.h"
#include "store/attempts.h"
#include "store/destinations.h"
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

/* Whoever is due when nobody is in a call is dialled at once. */
static void check_prompt(struct world *w, const struct sim_fax *f)
{
    const struct fw_live *l = fw_live_by_fax(w->queue, f->id);
    if (!l || !w->idle_us || w->wall_moved || env_disk_failures() > 0)
        return;
    int64_t could_us = l->fax.due.us - fw_wall_now().us + env_now_us();
    could_us = could_us < w->idle_us ? w->idle_us : could_us;
    if (env_now_us() - could_us > 60 * SECOND)
        world_fault(w, "fax %s was due %lld s ago, and nobody was in a call", f->id,
                    (long long)((env_now_us() - could_us) / SECOND));
}

static void note_idle(struct world *w)
{
    const struct fw_queue *q = w->queue;
    if (q->calls > 0 || !q->line_up || !(q->modems[0].up || q->modems[1].up))
        w->idle_us = 0;
    else if (!w->idle_us)
        w->idle_us = env_now_us();
}

struct sim_fax *check_fax_of_call(struct world *w, const char *call, struct sim_call **ret)
{
    for (int i = w->call_count - 1; i >= 0; i--) {
        *ret = &w->calls[i];
        if (strcmp(w->calls[i].id, call) == 0)
            return &w->faxes[w->calls[i].fax];
    }
    return NULL;
}

/* Only calls that go on are known by their id: a word about one that is over is nobody's. */
static const struct fw_live *in_call(struct world *w, const char *call)
{
    const struct fw_live *l = fw_live_by_call(w->queue, call);
    for (int i = 0; l && i < w->queue->live_count; i++) {
        if (w->queue->live[i] == l && l->phase == FW_PHASE_CALLING && strcmp(l->attempt.call, call) == 0)
            return l;
    }
    if (l)
        world_fault(w, "call %s is over, and its messages are still taken", call);
    return NULL;
}

/* A modem's word that all has arrived ends the fax then and there: nobody else has to say anything more. */
void check_told(struct world *w, const struct fw_msg *msg)
{
    struct sim_call *c;
    const struct fw_live *l = msg->kind == FW_MSG_KIND_FAX_RESULT ? in_call(w, msg->fax_result.call) : NULL;
    struct sim_fax *f = l ? check_fax_of_call(w, msg->fax_result.call, &c) : NULL;
    if (!f || c->result_us || msg->fax_result.modem != c->modem)
        return; /* only the first counts, and only of the modem that has the call */
    c->result_us = env_now_us();
    if (msg->fax_result.t30_code == 0 && (int)msg->fax_result.page_count == c->pages)
        f->must_be_delivered = true;
}

/* A call more has a reason: the one before came to nothing, and by whose fault. */
static void check_reason(struct world *w, const struct sim_fax *f)
{
    const struct fw_live *l = fw_live_by_fax(w->queue, f->id);
    struct fw_fax_attempt a = { 0 };
    if (!l || l->fax.attempts < 2)
        return;
    if (fw_store_attempt_get(w->store, f->id, l->fax.attempts - 1, &a))
        world_fault(w, "fax %s was dialled again, and its call before is not known", f->id);
    else if (a.state != FW_ATTEMPT_INTERRUPTED && (a.state != FW_ATTEMPT_FAILED || !f->has_policy))
        world_fault(w, "fax %s was dialled again and nobody asked for it: its call before is %s", f->id,
                    fw_attempt_state_text(a.state));
    fw_fax_attempt_done(&a);
}

/* A CALL_PLACE arrives at the line. */
void check_placed(struct world *w, const struct fw_msg_call_place *p, struct sim_fax *f)
{
    check_times(w, f);
    check_prompt(w, f);
    if (f->final)
        world_fault(w, "fax %s was dialled after its end", f->id);
    for (int i = 0; i < w->call_count; i++) {
        if (w->calls[i].step && &w->faxes[w->calls[i].fax] == f && w->calls[i].line_has)
            world_fault(w, "fax %s has two calls at the same time", f->id);
    }
    if (!w->wall_moved && f->waits_us > 0 && env_now_us() - f->waits_us < f->pause_us)
        world_fault(w, "fax %s was dialled again after %lld s, not %lld", f->id,
                    (long long)((env_now_us() - f->waits_us) / SECOND), (long long)(f->pause_us / SECOND));
    if (w->queue->calls > CALLS_AT_ONCE)
        world_fault(w, "more calls at the same time than are allowed");
    if (p->page_count < 1 || (int)p->page_count > f->pages)
        world_fault(w, "fax %s: a call for %u pages of %d", f->id, p->page_count, f->pages);
    if (f->has_policy && f->calls >= f->policy.max_dials + 4 * (1 + w->report->crashes) + 40)
        world_fault(w, "fax %s was dialled %d times", f->id, f->calls + 1);
    check_reason(w, f);
    if (f->canceled_us)
        world_fault(w, "fax %s was dialled after it was cancelled", f->id);
}

/* No more calls than the policy has, of each kind and of all. */
static void check_policy(struct world *w, const struct sim_fax *f)
{
    struct fw_fax_attempt_page page = { 0 };
    int of[FW_RETRY_COUNT] = { 0 }, dials = 0, tries = 0;
    if (fw_store_attempt_list(w->store, f->id, 1, ATTEMPTS_MAX, &page))
        world_fault(w, "fax %s: its attempts cannot be read", f->id);
    for (int i = 0; i < page.count; i++) {
        const struct fw_fax_attempt *a = &page.items[i];
        if (a->state != FW_ATTEMPT_FAILED)
            continue;
        dials++;
        tries += a->answered_at.us != 0;
        for (unsigned r = 0; r < FW_RETRY_COUNT; r++)
            of[r] += strcmp(a->retry_class, fw_retry_text(r)) == 0;
    }
    fw_fax_attempt_page_done(&page);
    if (!f->has_policy)
        return;
    if (dials > f->policy.max_dials || tries > f->policy.max_tries)
        world_fault(w, "fax %s: %d dials and %d tries", f->id, dials, tries);
    for (int r = 0; r < FW_RETRY_COUNT; r++) {
        const int max = r == FW_RETRY_INTERNAL ? FW_POLICY_OWN_MAX : f->policy.rules[r].max;
        if (r != FW_RETRY_NONE && of[r] > max + 1)
            world_fault(w, "fax %s: %d calls that came to %s", f->id, of[r], fw_retry_text((unsigned)r));
    }
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
    if (strstr(stored->failure_detail, "cannot read"))
        world_fault(w, "fax %s was given up for a store that cannot be read now: %s", f->id, stored->failure_detail);
}

/* Only whoever asked for it gets a page twice: it was not confirmed, or its policy says so. */
void check_sent(struct world *w, const struct sim_call *c)
{
    const struct sim_fax *f = &w->faxes[c->fax];
    const int page = c->first + c->confirmed;
    if (c->confirmed < c->pages && f->confirmed[page] > 0 && !(f->has_policy && f->policy.partial == FW_PARTIAL_RESEND))
        world_fault(w, "fax %s: page %d is sent again, and it had arrived", f->id, page + 1);
}

/* A cancel is carried out: at once where the fax only waits, in a call as soon as that has ended. */
static void check_cancel(struct world *w, const struct sim_fax *f, const struct fw_fax *stored)
{
    const bool trouble = env_disk_failures() > 0 || w->lost > 0 || w->unread;
    const bool in_call = stored->status == FW_STATUS_ORIGINATED || stored->status == FW_STATUS_SENDING;
    const int64_t grace = trouble ? 3 * HOUR : in_call || w->wall_moved ? 60 * SECOND : SECOND;
    if (!f->canceled_us)
        return;
    if (!fw_status_final(stored->status) && env_now_us() - f->canceled_us > grace)
        world_fault(w, "fax %s was cancelled %lld s ago, and is %s", f->id,
                    (long long)((env_now_us() - f->canceled_us) / SECOND), fw_status_text(stored->status));
    if (stored->status == FW_STATUS_FAILED && strcmp(stored->failure_reason, "sender_canceled") != 0)
        world_fault(w, "fax %s was cancelled, and failed with %s", f->id, stored->failure_reason);
}

/* An account of a modem is taken once, and the line's is not waited for long. */
static void check_waits(struct world *w)
{
    const int64_t limit = (env_disk_failures() > 0 ? 120 : 7) * SECOND;
    for (int i = 0; i < w->queue->live_count; i++) {
        const struct fw_live *l = w->queue->live[i];
        struct sim_call *c;
        if (l->phase != FW_PHASE_CALLING || !check_fax_of_call(w, l->attempt.call, &c) || !c->result_us)
            continue;
        if (env_now_us() - c->result_us > limit)
            world_fault(w, "fax %s: its modem gave account %lld s ago, and it is still in its call", l->fax.id,
                        (long long)((env_now_us() - c->result_us) / SECOND));
    }
}

/* From the first dial to the next one; hours outside of a window do not count, and are told apart by nobody here. */
static void check_total(struct world *w, const struct sim_fax *f, const struct fw_fax *stored)
{
    struct fw_fax_attempt first = { 0 };
    if (f->window || w->wall_moved || fw_store_attempt_get(w->store, f->id, 1, &first))
        return;
    if (stored->due.us - first.started_at.us > f->policy.total_secs * SECOND)
        world_fault(w, "fax %s is to be dialled %lld s after its first dial, of %d that its policy has", f->id,
                    (long long)((stored->due.us - first.started_at.us) / SECOND), f->policy.total_secs);
    fw_fax_attempt_done(&first);
}

/* It waits for another call: how long it must, by what its last one came to. */
static void note_pause(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    struct fw_fax_attempt a = { 0 };
    f->waits_us = env_now_us();
    f->pause_us = 300000;
    if (fw_store_attempt_get(w->store, f->id, stored->attempts, &a))
        return;
    for (unsigned r = 0; r < FW_RETRY_COUNT && a.state == FW_ATTEMPT_FAILED; r++) {
        if (strcmp(a.retry_class, fw_retry_text(r)) == 0)
            f->pause_us = f->policy.rules[r].delay_secs * SECOND;
    }
    if (a.state == FW_ATTEMPT_FAILED)
        check_total(w, f, stored);
    /* The wait begins when it is decided, and is written a little later when the disk fails. */
    f->waits_us = a.ended_at.us - (fw_wall_now().us - env_now_us());
    fw_fax_attempt_done(&a);
}

static void check_move(struct world *w, struct sim_fax *f, const struct fw_fax *stored)
{
    if (f->final && stored->status != f->status)
        world_fault(w, "fax %s was %s and is %s", f->id, fw_status_text(f->status), fw_status_text(stored->status));
    if (f->status != FW_STATUS_QUEUED && stored->status == FW_STATUS_QUEUED)
        world_fault(w, "fax %s went back to queued", f->id);
    if (f->must_be_delivered && stored->status != FW_STATUS_DELIVERED)
        world_fault(w, "fax %s: its success was told, and it is %s", f->id, fw_status_text(stored->status));
    if (stored->status == FW_STATUS_MEDIA_PROCESSED && f->status > FW_STATUS_MEDIA_PROCESSED)
        note_pause(w, f, stored);
    if (stored->status == FW_STATUS_MEDIA_PROCESSED && f->status > FW_STATUS_MEDIA_PROCESSED)
        world_cancel_point(w, (int)(f - w->faxes), f->pause_us);
    const struct fw_live *l = fw_live_by_fax(w->queue, f->id);
    const bool in_call = stored->status == FW_STATUS_ORIGINATED || stored->status == FW_STATUS_SENDING;
    if (in_call && (!l || (l->phase != FW_PHASE_CALLING && l->phase != FW_PHASE_DECIDING)))
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
    check_past(w, f, &stored);
    check_truth(w, f, &stored);
    check_cancel(w, f, &stored);
    if (!fw_status_final(stored.status) || f->final)
        return;
    f->final = true;
    f->delivered = stored.status == FW_STATUS_DELIVERED;
    world_note(w, "fax %d ends %s %s %s", (int)(f - w->faxes), fw_status_text(stored.status), stored.failure_reason,
               stored.failure_detail);
    check_policy(w, f);
}

static void check_limits(struct world *w)
{
    int calling = 0, one_channel = 0, of_number[NUMBERS] = { 0 }, of_account[2] = { 0 };
    for (int i = 0; i < w->queue->live_count; i++) {
        const struct fw_live *l = w->queue->live[i];
        if (l->phase != FW_PHASE_CALLING)
            continue;
        calling++;
        of_account[l->fax.account != w->accounts[0]]++;
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
    for (int a = 0; a < 2; a++) {
        if (w->calls_max > 0 && of_account[a] > w->calls_max)
            world_fault(w, "an account with %lld calls at the same time has %d", (long long)w->calls_max, of_account[a]);
    }
    if (one_channel > 1)
        world_fault(w, "an application with one channel has %d calls", one_channel);
}

void check_step(struct world *w)
{
    const bool same = w->writes == env_writes(); /* then only time has passed for those that wait */
    w->writes = env_writes();
    for (int i = 0; i < w->batch_count; i++) {
        if (!same && !w->batches[i].done)
            look_at_batch(w, &w->batches[i]);
    }
    for (int i = 0; i < w->fax_count; i++) {
        const struct sim_fax *f = &w->faxes[i];
        if (f->accepted && !f->final && (!same || f->canceled_us || f->status > FW_STATUS_MEDIA_PROCESSED))
            check_fax(w, &w->faxes[i]);
    }
    for (int i = 0; i < w->batch_count; i++) {
        if (!w->batches[i].done)
            check_batch(w, &w->batches[i]);
    }
    check_limits(w);
    check_waits(w);
    note_idle(w);
}

/* One fax a key, and what accounts are said to have sent is what was placed and confirmed. */
static void check_counts(struct world *w)
{
    int64_t faxes[2] = { 0 }, calls[2] = { 0 };
    for (int i = 0; i < w->fax_count; i++)
        faxes[w->faxes[i].application == 2] += w->faxes[i].accepted;
    for (int i = 0; i < w->fax_count; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        if (w->faxes[i].accepted && fw_store_fax_get(w->store, 0, w->faxes[i].id, &f) == FW_OK)
            calls[w->faxes[i].application == 2] += f.attempts;
    }
    for (int a = 0; a < 2; a++) {
        struct fw_fax_page page = { 0 };
        struct fw_account_day day = { 0 };
        int64_t counted = 0;
        const struct fw_fax_filter all = { 0 };
        if (fw_store_fax_list(w->store, w->accounts[a], &all, 1, 1, &page) || page.total != faxes[a])
            world_fault(w, "account %d has %lld faxes, and asked for %lld", a, (long long)page.total, (long long)faxes[a]);
        fw_fax_page_done(&page);
        for (int d = -40; d <= 2; d++) {
            const struct fw_wall at = { fw_wall_now().us + d * 24 * HOUR };
            if (fw_store_account_day(w->store, w->accounts[a], at, &day) == FW_OK)
                counted += day.calls;
        }
        if (counted != calls[a])
            world_fault(w, "account %d has %lld calls counted, and placed %lld", a, (long long)counted, (long long)calls[a]);
    }
}

/* What calls teach of a number is learned once a call. */
static void check_learned(struct world *w)
{
    for (int i = 0; i < 2 * NUMBERS; i++) {
        struct fw_destination d = { 0 };
        char number[32];
        snprintf(number, sizeof number, "+1312555%04d", i / 2);
        if (fw_store_destination_get(w->store, w->accounts[i % 2], number, &d) == FW_OK &&
            d.known[FW_FACT_HUMAN].count > w->people[i % 2][i / 2])
            world_fault(w, "%d people answered at %s, and %d are known", w->people[i % 2][i / 2], number,
                        d.known[FW_FACT_HUMAN].count);
    }
}

void check_end(struct world *w)
{
    check_learned(w);
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
        if (w->tells)
            check_told_all(w, i);
        f->final = false; /* once more, whole: nothing moved after the end */
        f->seen.us = 0;
        check_fax(w, f);
    }
    for (int i = 0; i < w->batch_count; i++) {
        check_batch(w, &w->batches[i]);
        if (w->batches[i].unwritten > 0)
            world_fault(w, "batch %s: %d of its faxes were never written", w->batches[i].id, w->batches[i].unwritten);
    }
    if (w->tells)
        check_log(w);
    check_counts(w);
    if (w->queue->live_count || w->queue->calls || w->queue->in_media)
        world_fault(w, "%d faxes are left in memory", w->queue->live_count);
    for (int m = 0; m < 2; m++) {
        if (fw_seats_of(w->queue->seats, m))
            world_fault(w, "modem %d has %d calls left", m, fw_seats_of(w->queue->seats, m));
    }
}
