/* The queue's thread: notes in, decisions out. */
#include "queue/queue.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"
#include "store/waiting.h"

enum { IDLE_MS = 1000, NOTE_LOST_MS = 20 };

enum fw_err fw_queue_new(const struct fw_queue_config *config, const struct fw_queue_port *port,
                         struct fw_queue **ret)
{
    struct fw_queue *q = calloc(1, sizeof *q);
    if (!q)
        return FW_NO_MEMORY;
    fw_assert(config->modem_count > 0 && config->modem_count <= FW_MODEMS_MAX);
    q->config = *config;
    q->seats = config->seats ? config->seats : &q->own_seats;
    q->port = *port;
    fw_text_clip(q->trunk, sizeof q->trunk, config->trunk);
    fw_text_clip(q->ident, sizeof q->ident, config->ident);
    q->now = fw_mono_now();
    q->wall = fw_wall_now();
    q->clocks_apart = q->wall.us - q->now.us;
    q->look = q->look_media = q->look_expiry = q->look_batch = true;
    q->batch_at.us = INT64_MAX;
    enum fw_err err = fw_mailbox_new(sizeof(struct fw_queue_note), &q->mailbox);
    if (!err)
        err = fw_map_new(&q->by_fax);
    if (!err)
        err = fw_map_new(&q->by_call);
    if (!err)
        err = fw_lanes_new(&q->lanes);
    if (!err)
        err = fw_queue_obey(q, &config->rules);
    if (!err)
        err = fw_queue_recover(q);
    if (err) {
        fw_queue_free(q);
        return err;
    }
    *ret = q;
    return FW_OK;
}

void fw_queue_free(struct fw_queue *q)
{
    if (!q)
        return;
    fw_assert(!q->running);
    while (q->live_count > 0)
        fw_live_remove(q, q->live[q->live_count - 1]);
    free(q->live);
    fw_lanes_free(q->lanes);
    fw_rules_free(q);
    fw_map_free(q->by_fax);
    fw_map_free(q->by_call);
    fw_mailbox_free(q->mailbox);
    free(q);
}

static void on_prepared(struct fw_queue *q, const struct fw_queue_note *note)
{
    struct fw_live *l = fw_batch_prepared(q, note) ? NULL : fw_live_by_fax(q, note->fax);
    if (!l || l->phase != FW_PHASE_IN_MEDIA)
        return;
    if (l->fax.cancel_asked) {
        fw_cancel_fail(q, l);
        return;
    }
    switch (note->prepared.result) {
    case FW_PREPARED_INTERRUPTED:
        if (l->late)
            fw_overdue_end(q, l);
        else
            fw_live_remove(q, l); /* it waits on, as the store has it */
        return;
    case FW_PREPARED_FAILED: fw_live_fail(q, l, note->prepared.reason, note->prepared.detail); return;
    case FW_PREPARED_OK: break;
    }
    l->fax.page_count = note->prepared.page_count;
    if (!fw_schedule_put(q, l, q->wall))
        return;
    struct fw_live_event event = { FW_EVENT_MEDIA_PROCESSED, NULL };
    if (!fw_live_save(q, l, FW_STATUS_MEDIA_PROCESSED, &event, 1))
        return;
    q->look = true;
    fw_live_remove(q, l);
}

static bool is_live(void *arg, const char *fax)
{
    return fw_live_by_fax(arg, fax) != NULL;
}

static enum fw_err oldest(struct fw_queue *q, int priority, int64_t account, struct fw_fax *ret)
{
    return fw_store_prepare_next(q->config.store, priority, account, is_live, q, ret);
}

static enum fw_err next_to_prepare(struct fw_queue *q, struct fw_fax *ret)
{
    for (int p = 0; p < FW_PRIORITY_COUNT; p++) {
        const enum fw_err err =
            fw_turns_take(q, p, &q->media_account[p], fw_store_prepare_account, oldest, ret);
        if (err != FW_NOT_FOUND)
            return err;
    }
    return FW_NOT_FOUND;
}

static enum fw_err give_one(struct fw_queue *q)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_live *l = NULL;
    enum fw_err err = next_to_prepare(q, &fax);
    if (!err)
        err = fw_live_add(q, &fax, &l);
    if (err)
        return err;
    if (l->fax.cancel_asked) {
        fw_cancel_now(q, l);
        return FW_OK;
    }
    if (!fw_guard_pass(q, l)) /* before its documents are fetched; and before each call, by the lists of then */
        return FW_OK;
    err = fw_media_workers_give(q, &l->fax);
    if (err) {
        fw_live_remove(q, l);
        return err;
    }
    const int64_t limit_ms = q->config.limits.ms[FW_LIMIT_DOCUMENTS];
    l->due.us = limit_ms > 0 ? fw_mono_after(q->now, limit_ms).us : INT64_MAX;
    l->phase = FW_PHASE_IN_MEDIA;
    q->in_media++;
    return FW_OK;
}

/* Each worker has the next one ready. What could not be given is looked for in a second. */
static void give_media(struct fw_queue *q)
{
    while (q->look_media && q->in_media < 2 * q->config.media_workers) {
        enum fw_err err = fw_batch_give(q);
        if (err == FW_NOT_FOUND)
            err = give_one(q);
        if (err)
            q->look_media = false;
        if (err && err != FW_NOT_FOUND)
            fw_log(FW_LOG_ERROR, "queue.not_prepared", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    }
}

static void on_note(struct fw_queue *q, const struct fw_queue_note *note)
{
    switch (note->kind) {
    case FW_NOTE_ACCEPTED: q->look_media = q->look_expiry = q->look_batch = true; break;
    case FW_NOTE_CANCEL:
        if (note->fax[0])
            fw_cancel_note(q, note->fax);
        else /* several: they stand in the store */
            atomic_store(&q->note_lost, true);
        break;
    case FW_NOTE_PREPARED: on_prepared(q, note); break;
    case FW_NOTE_MESSAGE: fw_attempt_message(q, &note->msg); break;
    case FW_NOTE_LINE:
        q->line_up = note->up;
        if (!note->up)
            fw_attempt_line_lost(q);
        break;
    case FW_NOTE_MODEM:
        q->modems[note->modem].up = note->up;
        if (!note->up)
            fw_attempt_modem_lost(q, note->modem);
        break;
    case FW_NOTE_CHANNELS: q->channels = note->channels; break;
    case FW_NOTE_DRAIN: q->draining = true; break;
    case FW_NOTE_STOP: break; /* q->stop is set */
    }
}

/* Milliseconds until something falls due; INT_MAX: nothing does. */
static int wait_ms(const struct fw_queue *q)
{
    int least = q->look_batch ? 0 : atomic_load(&q->note_lost) ? NOTE_LOST_MS : INT_MAX;
    for (int i = 0; i < q->live_count; i++) {
        const struct fw_live *l = q->live[i];
        const int ms = fw_mono_wait_ms(q->now, l->due);
        if (l->phase != FW_PHASE_WAITING && ms < least)
            least = ms;
    }
    const int overdue_ms = fw_mono_wait_ms(q->now, q->overdue_at);
    if (q->config.limits.ms[FW_LIMIT_WAIT] > 0 && overdue_ms < least)
        least = overdue_ms;
    /* What only waits for a free modem, a channel or the line is woken by the note that tells of it. */
    const int look_ms = fw_mono_wait_ms(q->now, q->look_at), expiry_ms = fw_schedule_wait_ms(q);
    if (!q->look && look_ms < least)
        least = look_ms;
    const int batch_ms = fw_mono_wait_ms(q->now, q->batch_at);
    if (batch_ms < least)
        least = batch_ms;
    return expiry_ms < least ? expiry_ms : least;
}

static void take_notes(struct fw_queue *q)
{
    struct fw_queue_note note;
    while (!atomic_load(&q->stop) && fw_mailbox_take(q->mailbox, &note))
        on_note(q, &note);
}

int fw_queue_turn(struct fw_queue *q)
{
    fw_schedule_clock(q);
    fw_rules_look(q);
    take_notes(q);
    fw_attempt_deadlines(q);
    fw_overdue_look(q);
    if (atomic_exchange(&q->note_lost, false))
        fw_cancel_look(q);
    fw_schedule_expire(q);
    fw_batch_look(q);
    if (!q->draining) { /* else what waits is for the next start */
        give_media(q);
        fw_attempt_dial_due(q);
    }
    atomic_store(&q->drained, q->draining && q->calls == 0);
    fw_pace_publish(q);
    return wait_ms(q);
}

static void *run(void *arg)
{
    struct fw_queue *q = arg;
    while (!atomic_load(&q->stop)) {
        struct pollfd p = { .fd = fw_mailbox_fd(q->mailbox), .events = POLLIN };
        const int due_ms = fw_queue_turn(q);
        const int ready = poll(&p, 1, due_ms < IDLE_MS ? due_ms : IDLE_MS);
        if (ready < 0 && errno != EINTR)
            fw_assert(false && "poll of a mailbox");
        /* Once in a while without being told: a note may be lost, and the wall clock be set. */
        if (ready == 0)
            q->look = q->look_media = q->look_batch = true;
    }
    return NULL;
}

enum fw_err fw_queue_start(struct fw_queue *q)
{
    const enum fw_err err = fw_media_workers_start(q, q->config.media_workers, &q->workers);
    if (err)
        return err;
    if (pthread_create(&q->thread, NULL, run, q) != 0)
        return FW_NO_MEMORY;
    q->running = true;
    return FW_OK;
}

static void put(struct fw_queue *q, const struct fw_queue_note *note)
{
    if (fw_mailbox_put(q->mailbox, note) == FW_OK)
        return;
    atomic_store(&q->note_lost, true);
    fw_log(FW_LOG_ERROR, "queue.note_lost", "kind=%d fax=%s", (int)note->kind, note->fax);
}

void fw_queue_drain(struct fw_queue *q)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_DRAIN };
    put(q, &note);
}

bool fw_queue_drained(const struct fw_queue *q) { return atomic_load(&q->drained); }

void fw_queue_stop(struct fw_queue *q)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_STOP };
    atomic_store(&q->stop, true);
    put(q, &note);
    if (q->running)
        pthread_join(q->thread, NULL); /* it gives to the workers until then */
    q->running = false;
    fw_media_workers_stop(q->workers);
    q->workers = NULL;
}

static void put_about(struct fw_queue *q, struct fw_queue_note note, const char *fax)
{
    fw_text_clip(note.fax, sizeof note.fax, fax);
    put(q, &note);
}

void fw_queue_accepted(struct fw_queue *q, const char *fax)
{
    put_about(q, (struct fw_queue_note){ .kind = FW_NOTE_ACCEPTED }, fax);
}

void fw_queue_cancel(struct fw_queue *q, const char *fax)
{
    put_about(q, (struct fw_queue_note){ .kind = FW_NOTE_CANCEL }, fax);
}

void fw_queue_message(struct fw_queue *q, const struct fw_msg *msg)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_MESSAGE, .msg = *msg };
    put(q, &note);
}

void fw_queue_line(struct fw_queue *q, bool up)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_LINE, .up = up };
    put(q, &note);
}

void fw_queue_channels(struct fw_queue *q, uint32_t count)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_CHANNELS, .channels = count };
    put(q, &note);
}

void fw_queue_modem(struct fw_queue *q, uint8_t modem, bool up)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_MODEM, .modem = modem, .up = up };
    fw_assert(modem < FW_MODEMS_MAX);
    put(q, &note);
}
