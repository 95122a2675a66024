/* What receivers are told: each event, in the order of its fax, again by the schedule until it was taken; and once
 * more when that was asked for. */
#include <string.h>

#include "world.h"

enum {
    TOLD_LATE_S = 6,   /* three sends that get no answer */
    FAILURES_LIMIT = 3 /* in a row; a receiver then gets one at a time */
};

static bool has_failover(const struct world *w, const struct sim_fax *f)
{
    return w->failover[f->application] > 0;
}

int told_tries_max(const struct world *w, const struct sim_fax *f)
{
    return has_failover(w, f) ? 2 * TOLD_ROUNDS : TOLD_ROUNDS;
}

/* Of our own, as the schedule of the product has it: doubled each round, and up to a quarter less; within a round the
 * second receiver is asked at once. */
static int64_t pause_us(const struct world *w, const struct sim_fax *f, int attempt)
{
    int64_t ms = TOLD_FIRST_MS;
    if (has_failover(w, f) && attempt % 2 == 1)
        return 0;
    for (int i = 1; i < (has_failover(w, f) ? attempt / 2 : attempt) && ms < TOLD_MAX_MS; i++)
        ms *= 2;
    return (ms < TOLD_MAX_MS ? ms : TOLD_MAX_MS) * 1000;
}

/* Then it was not written down how it ended. */
static bool may_forget(const struct sim_try *t)
{
    return t->broken || env_disk_failures() > 0;
}

static bool is_over(const struct world *w, const struct sim_try *t)
{
    return t->taken || t->attempt >= told_tries_max(w, &w->faxes[t->fax]);
}

/* It is told again, and could have been since `could_us`: nobody made room meanwhile, so there was room all along. */
static void check_late(struct world *w, const struct sim_fax *f, int64_t could_us)
{
    const int64_t late_us = env_now_us() - could_us;
    if (late_us > SECOND / 2 && w->told_ended_us <= could_us && w->told_since_us <= could_us)
        world_fault(w, "fax %s is told again %lld ms late, and nothing was in the way", f->id,
                    (long long)(late_us / 1000));
}

static void told_again(struct world *w, const struct sim_fax *f, const struct fw_delivery *d,
                       const struct sim_try *last)
{
    const bool forgot = may_forget(last), hurried = f->told.replayed_us >= last->ended_us;
    const int64_t since_us = env_now_us() - last->ended_us, pause = pause_us(w, f, last->attempt);
    const char *text = fw_event_text(d->event.kind);
    if (last->taken && !forgot)
        world_fault(w, "fax %s: %s is told again, and was taken", f->id, text);
    if (d->attempt != last->attempt + 1 && (!forgot || d->attempt != last->attempt))
        world_fault(w, "fax %s: %s is told by attempt %d after %d", f->id, text, d->attempt, last->attempt);
    if (forgot || w->wall_moved)
        return;
    if (since_us < pause * 3 / 4 && !hurried)
        world_fault(w, "fax %s: %s is told again after %lld ms, by attempt %d", f->id, text,
                    (long long)(since_us / 1000), d->attempt);
    check_late(w, f, last->ended_us + pause);
    if (f->told.hurried == d->event.seq && hurried)
        check_late(w, f, f->told.replayed_us);
}

static bool was_replayed(const struct world *w, int fax, int64_t seq)
{
    for (int i = 0; i < w->replay_count; i++) {
        if (w->replays[i].fax == fax && w->replays[i].seq == seq)
            return true;
    }
    return false;
}

static void told_first(struct world *w, const struct sim_fax *f, const struct fw_delivery *d,
                       const struct sim_try *last)
{
    int64_t could_us = d->event.at.us - fw_wall_now().us + env_now_us();
    if (last && !is_over(w, last))
        world_fault(w, "fax %s: %s is told, and the event before was neither taken nor given up", f->id,
                    fw_event_text(d->event.kind));
    if (d->event.seq <= f->told.seq_max && !was_replayed(w, (int)(f - w->faxes), d->event.seq))
        world_fault(w, "fax %s: %s is told after what came later", f->id, fw_event_text(d->event.kind));
    could_us = could_us < w->told_since_us ? w->told_since_us : could_us;
    if (last && could_us < last->ended_us)
        could_us = last->ended_us;
    if (d->event.seq <= f->told.seq_max && could_us < f->told.replayed_us)
        could_us = f->told.replayed_us;
    if (w->receivers[f->application].manner == RECEIVER_GOOD && !w->wall_moved && !env_disk_failures() &&
        env_now_us() - could_us > TOLD_LATE_S * SECOND)
        world_fault(w, "fax %s: %s is told %lld s late, and its receiver is well", f->id,
                    fw_event_text(d->event.kind), (long long)((env_now_us() - could_us) / SECOND));
}

/* A receiver has its share of what is told at the same time, and one that keeps failing a small one. */
static void check_share(struct world *w, int receiver)
{
    const struct sim_receiver *r = &w->receivers[receiver];
    const int max = r->failures >= FAILURES_LIMIT ? 1 : TOLD_HOST_MAX;
    if (r->sending > max)
        world_fault(w, "receiver %d is told %d webhooks at the same time, after %d failures", receiver, r->sending,
                    r->failures);
}

static void check_receiver(struct world *w, const struct sim_fax *f, const struct fw_delivery *d, int receiver)
{
    const int expected = has_failover(w, f) && d->attempt % 2 == 0 ? w->failover[f->application] : f->application;
    if (receiver != expected)
        world_fault(w, "fax %s: attempt %d of %s goes to receiver %d, not to %d", f->id, d->attempt,
                    fw_event_text(d->event.kind), receiver, expected);
}

struct sim_try *check_told_begins(struct world *w, int fax, const struct fw_delivery *d, struct fw_wall now,
                                  int receiver)
{
    struct sim_fax *f = &w->faxes[fax];
    struct sim_told *told = &f->told;
    const struct sim_try *last = told->last > 0 ? &w->tries[told->last - 1] : NULL;
    const bool again = last && last->delivery == d->id;
    if (w->try_count == TRIES_MAX) {
        world_fault(w, "the simulation has no room for a try");
        return NULL;
    }
    if (last && !last->ended_us)
        world_fault(w, "fax %s: two events are on their way at the same time", f->id);
    else if (last && d->id < last->delivery)
        world_fault(w, "fax %s: %s is told after what came later", f->id, fw_event_text(d->event.kind));
    else if (again)
        told_again(w, f, d, last);
    else
        told_first(w, f, d, last);
    check_receiver(w, f, d, receiver);
    w->receivers[receiver].sending++;
    check_share(w, receiver);
    w->report->told += !again;
    w->report->told_again += again;
    struct sim_try *t = &w->tries[w->try_count++];
    *t = (struct sim_try){ .delivery = d->id, .seq = d->event.seq, .fax = fax, .receiver = receiver,
                           .attempt = d->attempt, .started_at = now, .before = told->last };
    told->last = w->try_count;
    told->deliveries += !again;
    told->seq_max = d->event.seq > told->seq_max ? d->event.seq : told->seq_max;
    hash_bytes(w, &t->seq, sizeof t->seq);
    return t;
}

void check_told_ends(struct world *w, struct sim_try *t, int status, bool broken)
{
    struct sim_receiver *r = &w->receivers[t->receiver];
    t->ended_us = w->told_ended_us = env_now_us();
    t->status = status;
    t->taken = status == 200;
    t->broken = broken;
    r->sending--;
    r->failures = t->taken ? 0 : r->failures + 1;
    if (!t->taken && env_chance(40)) /* somebody has mended it, and does not want to wait */
        world_later(w, (int64_t)env_draw(10 * SECOND), EV_REPLAY, t->fax, NULL);
}

/* A delivery of it has not been tried yet: one was made with the event, and one for each replay that found none. */
static bool is_to_come(const struct world *w, int fax, int64_t seq)
{
    int tried = 0, made = 1;
    for (int i = 0; i < w->replay_count; i++)
        made += w->replays[i].fax == fax && w->replays[i].seq == seq && w->replays[i].more;
    for (int n = w->faxes[fax].told.last; n > 0; n = w->tries[n - 1].before) {
        const struct sim_try *t = &w->tries[n - 1];
        tried += t->seq == seq && (t->before == 0 || w->tries[t->before - 1].delivery != t->delivery);
    }
    return tried < made;
}

/* One that is not settled is told at once, by itself; else there is a delivery more. */
void check_replayed(struct world *w, int fax, int64_t seq, enum fw_err err)
{
    struct sim_told *told = &w->faxes[fax].told;
    const struct sim_try *t = told->last > 0 ? &w->tries[told->last - 1] : NULL;
    const bool doubtful = env_disk_failures() > 0 || (t && t->broken);
    const bool waits = is_to_come(w, fax, seq) || (t && t->seq == seq && (!t->ended_us || !is_over(w, t)));
    if (err && !env_disk_failures())
        world_fault(w, "fax %s: one of its events cannot be told again: %s", w->faxes[fax].id, fw_err_text(err));
    told->replayed_us = env_now_us();
    told->hurried = waits && !err ? seq : 0;
    told->replays += !err && !waits && !doubtful;
    told->doubtful += doubtful;
    if (w->replay_count == REPLAYS_MAX)
        world_fault(w, "the simulation has no room for a replay");
    else
        w->replays[w->replay_count++] = (struct sim_replay){ fax, seq, err ? 0 : env_now_us(), !err && !waits };
}

/* Whoever asked to be told once more was told after that. */
static void check_replays(struct world *w, int fax)
{
    for (int i = 0; i < w->replay_count; i++) {
        const struct sim_replay *r = &w->replays[i];
        int n = w->faxes[fax].told.last;
        if (r->fax != fax)
            continue;
        while (n > 0 && (w->tries[n - 1].seq != r->seq || w->tries[n - 1].ended_us < r->at_us))
            n = w->tries[n - 1].before;
        if (n == 0)
            world_fault(w, "fax %s: an event was to be told once more, and was not", w->faxes[fax].id);
    }
}

/* Each event that is for webhooks was told, and the last one was taken, or told as often as it is told at all. */
void check_told_all(struct world *w, int fax)
{
    const struct sim_fax *f = &w->faxes[fax];
    const struct sim_try *last = f->told.last > 0 ? &w->tries[f->told.last - 1] : NULL;
    struct fw_event_page page = { 0 };
    int events = 0;
    if (fw_store_event_list(w->store, f->id, 0, 10000, &page))
        world_fault(w, "fax %s: its events cannot be read", f->id);
    for (int i = 0; i < page.count; i++)
        events += fw_event_is_webhook(page.items[i].kind);
    fw_event_page_done(&page);
    const int least = events + f->told.replays;
    if (f->told.deliveries < least || f->told.deliveries > least + f->told.doubtful)
        world_fault(w, "fax %s: %d events were told, of %d and %d that were asked for once more", f->id,
                    f->told.deliveries, events, f->told.replays);
    if (last && !is_over(w, last))
        world_fault(w, "fax %s: its last event was told %d times, and not taken", f->id, last->attempt);
    check_replays(w, fax);
}
