/* The queue's thread: notes in, decisions out. */
#include "queue/queue.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"

enum { IDLE_MS = 1000 };

enum fw_err fw_queue_new(const struct fw_queue_config *config, const struct fw_queue_port *port,
                         struct fw_queue **ret)
{
    struct fw_queue *q = calloc(1, sizeof *q);
    if (!q)
        return FW_NO_MEMORY;
    fw_assert(config->modem_count > 0 && config->modem_count <= FW_MODEMS_MAX);
    q->config = *config;
    q->port = *port;
    fw_text_clip(q->trunk, sizeof q->trunk, config->trunk);
    fw_text_clip(q->ident, sizeof q->ident, config->ident);
    q->now = fw_mono_now();
    enum fw_err err = fw_mailbox_new(sizeof(struct fw_queue_note), &q->mailbox);
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
    fw_mailbox_free(q->mailbox);
    free(q);
}

void fw_queue_take_up(struct fw_queue *q, const char *id)
{
    struct fw_fax fax = { 0 };
    struct fw_live *l = NULL;
    if (fw_live_by_fax(q, id))
        return;
    /* Account 0: any. */
    enum fw_err err = fw_store_fax_get(q->config.store, 0, id, &fax);
    if (!err && !fw_status_final(fax.status) && fax.direction == FW_OUTBOUND)
        err = fw_live_add(q, &fax, &l);
    fw_fax_done(&fax);
    if (l && l->fax.cancel_asked)
        fw_cancel_now(q, l);
    if (!err || err == FW_NOT_FOUND) /* cancelled, deleted, and gone since */
        return;
    fw_log(FW_LOG_ERROR, "fax.not_taken", "fax=%s error=%s", id, FW_LOG_TEXT(fw_err_text(err)));
    atomic_store(&q->note_lost, true); /* so it is looked for again */
}

static void on_prepared(struct fw_queue *q, const struct fw_queue_note *note)
{
    struct fw_live *l = fw_live_by_fax(q, note->fax);
    if (!l || l->phase != FW_PHASE_IN_MEDIA)
        return;
    if (l->fax.cancel_asked) {
        fw_cancel_fail(q, l);
        return;
    }
    switch (note->prepared.result) {
    case FW_PREPARED_INTERRUPTED: l->phase = FW_PHASE_WAIT_MEDIA; return;
    case FW_PREPARED_FAILED: fw_live_fail(q, l, note->prepared.reason, note->prepared.detail); return;
    case FW_PREPARED_OK: break;
    }
    l->fax.page_count = note->prepared.page_count;
    struct fw_live_event event = { FW_EVENT_MEDIA_PROCESSED, NULL };
    if (!fw_live_save(q, l, FW_STATUS_MEDIA_PROCESSED, &event, 1))
        return;
    l->phase = FW_PHASE_WAIT_DIAL;
    l->due = q->now;
}

/* A note did not get in for want of memory: what was accepted or cancelled stands in the store. */
static void look_again(struct fw_queue *q)
{
    struct fw_fax_page page = { 0 };
    if (!atomic_exchange(&q->note_lost, false))
        return;
    if (fw_store_fax_unfinished(q->config.store, FW_OUTBOUND, &page))
        atomic_store(&q->note_lost, true);
    for (int i = 0; i < page.count; i++) {
        fw_queue_take_up(q, page.items[i].id);
        if (page.items[i].cancel_asked)
            fw_cancel_note(q, page.items[i].id);
    }
    fw_fax_page_done(&page);
}

static void give_media(struct fw_queue *q)
{
    for (int i = 0; i < q->live_count; i++) {
        struct fw_live *l = q->live[i];
        if (l->phase == FW_PHASE_WAIT_MEDIA && fw_media_workers_give(q->workers, &l->fax) == FW_OK)
            l->phase = FW_PHASE_IN_MEDIA;
    }
}

static void on_note(struct fw_queue *q, const struct fw_queue_note *note)
{
    switch (note->kind) {
    case FW_NOTE_ACCEPTED: fw_queue_take_up(q, note->fax); break;
    case FW_NOTE_CANCEL: fw_cancel_note(q, note->fax); break;
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
    case FW_NOTE_STOP: break; /* q->stop is set */
    }
}

/* Milliseconds until something falls due. */
static int wait_ms(const struct fw_queue *q)
{
    int least = IDLE_MS;
    for (int i = 0; i < q->live_count; i++) {
        const struct fw_live *l = q->live[i];
        if (l->phase != FW_PHASE_CALLING && l->phase != FW_PHASE_WAIT_DIAL)
            continue;
        const int ms = fw_mono_wait_ms(q->now, l->due);
        /* A fax that only waits for a free modem is woken by the note that frees one. */
        if (ms < least && (ms > 0 || l->phase == FW_PHASE_CALLING))
            least = ms;
    }
    return least;
}

static void *run(void *arg)
{
    struct fw_queue *q = arg;
    while (!atomic_load(&q->stop)) {
        struct pollfd p = { .fd = fw_mailbox_fd(q->mailbox), .events = POLLIN };
        q->now = fw_mono_now();
        look_again(q);
        give_media(q);
        fw_attempt_dial_due(q);
        if (poll(&p, 1, wait_ms(q)) < 0 && errno != EINTR)
            fw_assert(false && "poll of a mailbox");
        struct fw_queue_note note;
        q->now = fw_mono_now();
        while (!atomic_load(&q->stop) && fw_mailbox_take(q->mailbox, &note))
            on_note(q, &note);
        fw_attempt_deadlines(q);
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

void fw_queue_stop(struct fw_queue *q)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_STOP };
    atomic_store(&q->stop, true);
    put(q, &note);
    fw_media_workers_stop(q->workers);
    q->workers = NULL;
    if (q->running)
        pthread_join(q->thread, NULL);
    q->running = false;
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

void fw_queue_modem(struct fw_queue *q, uint8_t modem, bool up)
{
    const struct fw_queue_note note = { .kind = FW_NOTE_MODEM, .modem = modem, .up = up };
    fw_assert(modem < FW_MODEMS_MAX);
    put(q, &note);
}
