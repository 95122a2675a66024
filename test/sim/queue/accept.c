/* The clients: faxes alone and in batches, asked for again when no answer came, and cancelled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"
#include "store/batches.h"
#include "store/once.h"
#include "world.h"

/* One fax a key: what a client sends again, because the answer did not come, is the same fax. */
static void ask(struct world *w, struct sim_fax *s, const struct fw_fax *f, struct fw_event *e)
{
    struct fw_once once = { .scope = "POST /v2/faxes", .expires_at = { f->created_at.us + 24 * HOUR } };
    struct fw_once_answer before = { 0 };
    const struct fw_admission terms = { .names = &once, .name_count = 1, .request_sha256 = "same", .status = 202,
                                        .text = f->id, .now = f->created_at };
    snprintf(once.key, sizeof once.key, "key-%d", (int)(s - w->faxes));
    enum fw_err err = fw_store_once_find(w->store, f->account, once.scope, once.key, f->created_at, &before);
    if (err == FW_NOT_FOUND)
        err = fw_store_fax_admit(w->store, f, e, &terms);
    if (!err && (s->accepted || before.text)) {
        if (!before.text || (s->accepted && strcmp(before.text, s->id) != 0))
            world_fault(w, "key %s made a second fax", once.key);
        fw_text_clip(s->id, sizeof s->id, before.text ? before.text : f->id);
    } else if (!err)
        memcpy(s->id, f->id, sizeof s->id);
    struct fw_fax stored CLEANUP(fw_fax_done) = { 0 };
    if (err && !s->accepted && fw_store_fax_get(w->store, 0, f->id, &stored) == FW_OK)
        memcpy(s->id, f->id, sizeof s->id); /* it is on disk, and only its answer was lost */
    s->accepted |= !err || stored.id[0];
    fw_once_answer_done(&before);
}

/* What a client asks for, as its row and first event. */
static void make(struct world *w, struct sim_fax *s, struct fw_wall now, struct fw_fax *f, struct fw_event *e)
{
    *f = (struct fw_fax){ .modem = -1, .transport = -1, .black_threshold = 95, .t38_enabled = true };
    f->account = w->accounts[s->application == 2];
    snprintf(f->application, sizeof f->application, "%d", 101 + s->application);
    fw_text_clip(f->from, sizeof f->from, "+12025550123");
    snprintf(f->to, sizeof f->to, "+1312555%04d", s->number);
    f->priority = (enum fw_priority)env_draw(FW_PRIORITY_COUNT);
    f->created_at = f->updated_at = f->due = now;
    if (s->send_in_us)
        f->send_at.us = now.us + s->send_in_us;
    if (s->expires_in_us)
        f->expires_at.us = now.us + s->expires_in_us;
    f->send_window = s->window ? strdup(s->window) : NULL;
    if (!s->accepted) /* else what was accepted counts, not what is asked for again */
        s->schedule = (struct fw_fax){ .send_at = f->send_at, .expires_at = f->expires_at,
                                       .send_window = (char *)(uintptr_t)s->window };
    fw_uuid_new(now, f->id);
    json_t *policy = s->has_policy ? fw_policy_json(&s->policy) : NULL;
    f->retry = policy ? json_dumps(policy, JSON_COMPACT) : NULL;
    json_decref(policy);
    if (fw_event_make(f, FW_EVENT_QUEUED, now, NULL, e))
        world_fault(w, "the simulation cannot make a fax");
}

void accept_fax(struct world *w, int index)
{
    struct sim_fax *s = &w->faxes[index];
    struct fw_fax f;
    struct fw_event e = { 0 };
    char dir[512];
    make(w, s, fw_wall_now(), &f, &e);
    if (fw_store_fax_dir_make(w->store, f.id, dir, sizeof dir))
        world_fault(w, "the simulation cannot make a fax");
    ask(w, s, &f, &e);
    /* An answer that is lost is asked for again, and some that came. */
    if (s->asked++ < 20 && (!s->accepted || env_chance(300)))
        world_later(w, 30 * SECOND + (int64_t)env_draw(60 * SECOND), EV_ASK_AGAIN, index, NULL);
    fw_event_done(&e);
    fw_fax_done(&f);
    if (!s->accepted)
        return;
    fw_queue_accepted(w->queue, s->id);
    world_crash_point(w);
}

/* Each recipient as the API hands it on; what is its own is drawn, too. */
static json_t *recipients_of(struct world *w, const struct sim_batch *b, struct fw_wall now)
{
    json_t *all = json_array();
    for (int i = 0; i < b->count; i++) {
        struct sim_fax *s = &w->faxes[b->first + i];
        char to[32];
        snprintf(to, sizeof to, "+1312555%04d", s->number);
        fw_uuid_new(now, s->id);
        if (json_array_append_new(all, json_pack("{ss ss}", "id", s->id, "to", to)))
            world_fault(w, "the simulation cannot make a batch");
        s->schedule = w->faxes[b->first].schedule;
    }
    return all;
}

/* Whole or not at all, whatever the disk does; and not written before that. */
static void check_whole(struct world *w, const struct sim_batch *b)
{
    for (int i = 0; i < b->count; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        const enum fw_err err = fw_store_fax_get(w->store, 0, w->faxes[b->first + i].id, &f);
        if (err != (b->accepted && i < SLICE ? FW_OK : FW_NOT_FOUND))
            world_fault(w, "batch %s is accepted (%d), and its fax %d came to: %s", b->id, b->accepted, i,
                        fw_err_text(err));
    }
}

void look_at_batch(struct world *w, struct sim_batch *b)
{
    int written = 0;
    for (int i = 0; b->accepted && i < b->count; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        struct sim_fax *s = &w->faxes[b->first + i];
        s->accepted = s->accepted || fw_store_fax_get(w->store, 0, s->id, &f) == FW_OK;
        written += s->accepted;
    }
    if (b->accepted && written != b->count && written % SLICE != 0)
        world_fault(w, "batch %s: %d of its %d faxes are written", b->id, written, b->count);
    b->unwritten = b->accepted ? b->count - written : 0;
}

void accept_batch(struct world *w, int index)
{
    struct sim_batch *b = &w->batches[index];
    struct fw_fax draft CLEANUP(fw_fax_done) = { 0 };
    struct fw_event none CLEANUP(fw_event_done) = { 0 };
    const struct fw_wall now = fw_wall_now();
    const struct fw_admission terms = { .request_sha256 = "", .status = 202, .text = "", .now = now };
    char dir[512];
    make(w, &w->faxes[b->first], now, &draft, &none);
    draft.batch[0] = '\0';
    memcpy(b->id, draft.id, sizeof b->id);
    struct fw_batch row = { .account = draft.account, .recipients = b->count, .created_at = now };
    fw_text_clip(row.application, sizeof row.application, draft.application);
    fw_text_clip(row.id, sizeof row.id, b->id);
    if (fw_store_fax_dir_make(w->store, b->id, dir, sizeof dir))
        world_fault(w, "the simulation cannot make a batch");
    json_t *recipients CLEANUP(fw_json_free) = recipients_of(w, b, now);
    const struct fw_batch_order order = { .fax = &draft, .recipients = recipients, .slice = SLICE };
    const enum fw_err err = fw_store_batch_admit(w->store, &row, &order, &terms, 0);
    b->accepted = !err || fw_store_batch_get(w->store, 0, b->id, &row) == FW_OK;
    check_whole(w, b);
    look_at_batch(w, b);
    if (!b->accepted && b->asked++ < 20)
        world_later(w, 30 * SECOND, EV_BATCH, index, NULL);
    if (!b->accepted)
        return;
    fw_queue_accepted(w->queue, b->id);
    world_crash_point(w);
}

void cancel_fax(struct world *w, int index)
{
    struct sim_fax *s = &w->faxes[index];
    if (!s->accepted)
        return;
    const enum fw_err err = fw_store_fax_cancel(w->store, w->accounts[s->application == 2], s->id, fw_wall_now());
    if (err)
        return;
    if (!s->canceled_us)
        s->canceled_us = env_now_us();
    world_crash_point(w);
    if (!env_chance(200)) /* killed in between: the next start finds it, or the next look */
        fw_queue_cancel(w->queue, s->id);
    else if (w->calm || env_chance(500))
        atomic_store(&w->queue->note_lost, true);
    else
        world_later(w, 0, EV_CRASH, 0, NULL);
}

/* A wish that stands in the store: as of now, for each of its faxes that has not ended. */
void cancel_batch(struct world *w, int index)
{
    const struct sim_batch *b = &w->batches[index];
    const int64_t account = w->accounts[w->faxes[b->first].application == 2];
    if (!b->accepted || fw_store_batch_cancel(w->store, account, b->id, fw_wall_now()))
        return;
    for (int i = b->first; i < b->first + b->count; i++) {
        if (!w->faxes[i].final && !w->faxes[i].canceled_us)
            w->faxes[i].canceled_us = env_now_us();
    }
    world_crash_point(w);
    fw_queue_cancel(w->queue, "");
}

static void draw_schedule(struct sim_fax *f)
{
    static const char *const windows[] = {
        "{\"time_zone\":\"Europe/Berlin\",\"days\":[\"mon\",\"sat\",\"sun\"],\"from\":\"08:00\",\"to\":\"10:30\"}",
        "{\"time_zone\":\"Europe/Berlin\",\"days\":[\"mon\",\"sat\",\"sun\"],\"from\":\"23:30\",\"to\":\"03:00\"}",
        "{\"time_zone\":\"America/New_York\",\"days\":[\"mon\",\"tue\",\"sat\"],\"from\":\"04:00\",\"to\":\"04:20\"}",
    };
    f->send_in_us = env_chance(200) ? (int64_t)env_draw(30 * HOUR) : 0;
    f->window = env_chance(250) ? windows[env_draw(3)] : NULL;
    f->expires_in_us = env_chance(200) ? f->send_in_us + (int64_t)env_draw(f->window ? 30 * HOUR : HOUR) + SECOND : 0;
}

void draw_fax(struct world *w, struct sim_fax *f)
{
    (void)w;
    f->number = (int)env_draw(NUMBERS);
    f->application = (int)env_draw(APPLICATIONS);
    f->pages = 1 + (int)env_draw(PAGES_MAX);
    f->has_policy = env_chance(700) && fw_policy_named(env_chance(500) ? "hylafax" : "standard", &f->policy);
    f->policy.partial = (enum fw_partial)env_draw(FW_PARTIAL_COUNT);
    if (env_chance(300)) /* else a cause is used up before the dials are */
        f->policy.max_dials = 2 + (int)env_draw(4);
    if (env_chance(300))
        f->policy.total_secs = 60 + (int)env_draw(1200);
    draw_schedule(f);
}

/* Behind the faxes that are alone. */
void draw_batches(struct world *w)
{
    w->batch_count = env_chance(500) ? 1 + (int)env_draw(BATCHES_MAX) : 0;
    for (int i = 0; i < w->batch_count; i++) {
        struct sim_batch *b = &w->batches[i];
        *b = (struct sim_batch){ .first = w->fax_count, .count = 2 + (int)env_draw(BATCH_FAXES_MAX - 1) };
        for (int k = 0; k < b->count; k++) {
            struct sim_fax *f = &w->faxes[w->fax_count++];
            if (k == 0)
                draw_fax(w, f);
            else /* of the same request */
                *f = w->faxes[b->first];
            f->number = (int)env_draw(NUMBERS);
            f->batch = i + 1;
        }
        b->pages = w->faxes[b->first].pages;
        world_later(w, (int64_t)env_draw(2 * HOUR), EV_BATCH, i, NULL);
        if (env_chance(300))
            world_later(w, (int64_t)env_draw(4 * HOUR), EV_BATCH_CANCEL, i, NULL);
    }
}
