/* What receivers are told: each event, in the order of its fax, again by the schedule until it was taken. */
#include <string.h>

#include "world.h"

enum { TOLD_LATE_S = 6 /* three sends that get no answer */ };

/* Of our own, as the schedule of the product has it: doubled each time, and up to a quarter less. */
static int64_t pause_us(int attempt)
{
    int64_t ms = TOLD_FIRST_MS;
    for (int i = 1; i < attempt && ms < TOLD_MAX_MS; i++)
        ms *= 2;
    return (ms < TOLD_MAX_MS ? ms : TOLD_MAX_MS) * 1000;
}

static void told_again(struct world *w, const struct sim_fax *f, const struct fw_delivery *d)
{
    const struct sim_told *t = &f->told;
    const bool forgot = t->broken || env_disk_failures() > 0; /* then it was not written down how it ended */
    const int64_t since_us = env_now_us() - t->ended_us;
    if (t->taken && !forgot)
        world_fault(w, "fax %s: %s is told again, and was taken", f->id, fw_event_text(d->event.kind));
    if (d->attempt != t->attempt + 1 && (!forgot || d->attempt != t->attempt))
        world_fault(w, "fax %s: %s is told by attempt %d after %d", f->id, fw_event_text(d->event.kind), d->attempt,
                    t->attempt);
    if (!forgot && !w->wall_moved && since_us < pause_us(t->attempt) * 3 / 4)
        world_fault(w, "fax %s: %s is told again after %lld ms, by attempt %d", f->id, fw_event_text(d->event.kind),
                    (long long)(since_us / 1000), d->attempt);
}

static void told_first(struct world *w, const struct sim_fax *f, const struct fw_delivery *d,
                       const struct sim_receiver *r)
{
    const struct sim_told *t = &f->told;
    int64_t could_us = d->event.at.us - fw_wall_now().us + env_now_us();
    if (t->seq && !t->taken && t->attempt < TOLD_ROUNDS)
        world_fault(w, "fax %s: %s is told, and the event before was neither taken nor given up", f->id,
                    fw_event_text(d->event.kind));
    could_us = could_us < t->ended_us ? t->ended_us : could_us < w->told_since_us ? w->told_since_us : could_us;
    if (r->manner == RECEIVER_GOOD && !w->wall_moved && !env_disk_failures() && env_now_us() - could_us > TOLD_LATE_S * SECOND)
        world_fault(w, "fax %s: %s is told %lld s late, and its receiver is well", f->id,
                    fw_event_text(d->event.kind), (long long)((env_now_us() - could_us) / SECOND));
}

void check_told_event(struct world *w, struct sim_fax *f, const struct fw_delivery *d, const struct sim_receiver *r)
{
    struct sim_told *t = &f->told;
    if (d->event.seq < t->seq)
        world_fault(w, "fax %s: %s is told after what came later", f->id, fw_event_text(d->event.kind));
    else if (d->event.seq == t->seq)
        told_again(w, f, d);
    else
        told_first(w, f, d, r);
    w->report->told += d->event.seq != t->seq;
    w->report->told_again += d->event.seq == t->seq;
    t->events += d->event.seq != t->seq;
    t->seq = d->event.seq;
    t->attempt = d->attempt;
    t->taken = t->broken = false;
    hash_bytes(w, &t->seq, sizeof t->seq);
}

void check_told_ended(struct world *w, struct sim_fax *f, bool taken, bool broken)
{
    (void)w;
    f->told.ended_us = env_now_us();
    f->told.taken = taken;
    f->told.broken = broken;
}

/* Each event that is for webhooks was told, and the last one was taken, or told as often as it is told at all. */
void check_told_all(struct world *w, const struct sim_fax *f)
{
    struct fw_event_page page = { 0 };
    int events = 0;
    if (fw_store_event_list(w->store, f->id, 0, 10000, &page))
        world_fault(w, "fax %s: its events cannot be read", f->id);
    for (int i = 0; i < page.count; i++)
        events += fw_event_is_webhook(page.items[i].kind);
    fw_event_page_done(&page);
    if (events != f->told.events)
        world_fault(w, "fax %s: %d of %d events were told", f->id, f->told.events, events);
    if (!f->told.taken && f->told.attempt < TOLD_ROUNDS)
        world_fault(w, "fax %s: its last event was told %d times, and not taken", f->id, f->told.attempt);
}
