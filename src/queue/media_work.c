/* The threads that turn documents into pages, one fax at a time each, and do chores when no fax waits. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"

enum { NOTE_RETRY_MS = 200 };

struct errand {
    struct errand *next;
    atomic_bool    stop; /* looked at while it is worked on */
    struct fw_fax  fax;
    struct fw_queue_chore chore; /* instead of a fax, when `run` is set */
};

struct fw_media_workers {
    struct fw_queue *q;
    pthread_mutex_t  lock;
    pthread_cond_t   given;
    struct errand   *first, **last;
    struct errand   *chores; /* that wait */
    int              chores_waiting, chores_running, idle;
    struct errand   *running[16]; /* of each thread; NULL: none */
    pthread_t        threads[16];
    int              count;
};

static void errand_free(struct errand *e)
{
    if (e->chore.run)
        e->chore.drop(e->chore.arg);
    fw_fax_done(&e->fax);
    free(e);
}

static bool chore_may_run(const struct fw_media_workers *w)
{
    return w->chores && w->chores_running < (w->count > 1 ? w->count - 1 : 1);
}

/* Faxes first. The lock is held. */
static struct errand *unlink_next(struct fw_media_workers *w)
{
    struct errand *e = w->first;
    if (e) {
        w->first = e->next;
        if (!w->first)
            w->last = &w->first;
    } else if (chore_may_run(w)) {
        e = w->chores;
        w->chores = e->next;
        w->chores_waiting--;
        w->chores_running++;
    }
    return e;
}

/* The next one, put into a place of `running` that is free: there are as many as threads. */
static struct errand *take(struct fw_media_workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->idle++;
    while (!w->first && !chore_may_run(w) && !atomic_load(&w->q->stop))
        pthread_cond_wait(&w->given, &w->lock);
    w->idle--;
    struct errand *e = atomic_load(&w->q->stop) ? NULL : unlink_next(w);
    if (e) {
        size_t slot = 0;
        while (w->running[slot])
            slot++;
        w->running[slot] = e;
    }
    pthread_mutex_unlock(&w->lock);
    return e;
}

/* `again`: a chore that gave way; it is the next of them. */
static void finish(struct fw_media_workers *w, struct errand *e, bool again)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < ARRAY_LEN(w->running); i++) {
        if (w->running[i] == e)
            w->running[i] = NULL;
    }
    if (e->chore.run)
        w->chores_running--;
    if (again) {
        atomic_store(&e->stop, false);
        e->next = w->chores;
        w->chores = e;
        w->chores_waiting++;
    }
    pthread_mutex_unlock(&w->lock);
    if (!again)
        errand_free(e);
}

/* More faxes wait than threads are free or will be at once: chores give way. The lock is held. */
static void make_way(struct fw_media_workers *w)
{
    int missing = -w->idle;
    for (const struct errand *e = w->first; e; e = e->next)
        missing++;
    for (size_t i = 0; i < ARRAY_LEN(w->running) && missing > 0; i++) {
        if (!w->running[i] || !w->running[i]->chore.run)
            continue;
        atomic_store(&w->running[i]->stop, true);
        missing--;
    }
}

static void prepare(struct fw_queue *q, const struct fw_fax *fax, const atomic_bool *stop)
{
    struct fw_queue_note note = { .kind = FW_NOTE_PREPARED };
    char dir[4096];
    fw_text_clip(note.fax, sizeof note.fax, fax->id);
    if (fw_store_fax_dir_make(q->config.store, fax->id, dir, sizeof dir) == FW_OK)
        q->port.prepare(q->port.arg, fax, dir, stop, &note.prepared);
    else
        note.prepared = (struct fw_prepared){ .result = FW_PREPARED_FAILED,
                                              .reason = "service_unavailable",
                                              .detail = "no folder could be made for the fax" };
    /* Nobody would ask for this fax again, so memory is waited for. */
    while (fw_mailbox_put(q->mailbox, &note) && !atomic_load(&q->stop)) {
        const struct timespec pause = { .tv_nsec = NOTE_RETRY_MS * 1000000L };
        fw_log(FW_LOG_ERROR, "queue.note_waits", "fax=%s", fax->id);
        nanosleep(&pause, NULL);
    }
}

static void *work(void *arg)
{
    struct fw_media_workers *w = arg;
    for (struct errand *e = take(w); e; e = take(w)) {
        bool again = false;
        if (e->chore.run)
            again = e->chore.run(e->chore.arg, &e->stop) && !atomic_load(&w->q->stop);
        else
            prepare(w->q, &e->fax, &e->stop);
        finish(w, e, again);
    }
    return NULL;
}

enum fw_err fw_media_workers_start(struct fw_queue *q, int count, struct fw_media_workers **ret)
{
    struct fw_media_workers *w = calloc(1, sizeof *w);
    if (!w)
        return FW_NO_MEMORY;
    w->q = q;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->given, NULL);
    for (int i = 0; i < count && i < (int)ARRAY_LEN(w->threads); i++) {
        if (pthread_create(&w->threads[i], NULL, work, w) != 0)
            break;
        w->count++;
    }
    *ret = w;
    return w->count > 0 ? FW_OK : FW_NO_MEMORY;
}

static void drop_all(struct errand *e)
{
    while (e) {
        struct errand *next = e->next;
        errand_free(e);
        e = next;
    }
}

void fw_media_workers_stop(struct fw_media_workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < ARRAY_LEN(w->running); i++) {
        if (w->running[i])
            atomic_store(&w->running[i]->stop, true);
    }
    pthread_cond_broadcast(&w->given);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    drop_all(w->first);
    drop_all(w->chores);
    pthread_cond_destroy(&w->given);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* Without workers (a queue that was not started) the caller does it. */
enum fw_err fw_media_workers_give(struct fw_queue *q, const struct fw_fax *fax)
{
    struct fw_media_workers *w = q->workers;
    if (!w) {
        prepare(q, fax, &q->stop);
        return FW_OK;
    }
    struct errand *e = calloc(1, sizeof *e);
    if (!e)
        return FW_NO_MEMORY;
    const enum fw_err err = fw_fax_copy(fax, &e->fax);
    if (err) {
        free(e);
        return err;
    }
    pthread_mutex_lock(&w->lock);
    *w->last = e;
    w->last = &e->next;
    make_way(w);
    pthread_cond_signal(&w->given);
    pthread_mutex_unlock(&w->lock);
    return FW_OK;
}

enum fw_err fw_queue_chore(struct fw_queue *q, const struct fw_queue_chore *chore)
{
    struct fw_media_workers *w = q->workers;
    struct errand *e = calloc(1, sizeof *e);
    if (!e)
        return FW_NO_MEMORY;
    fw_assert(w && chore->run && chore->drop);
    e->chore = *chore;
    pthread_mutex_lock(&w->lock);
    const bool full = w->chores_waiting >= FW_QUEUE_CHORES_MAX;
    if (!full) {
        struct errand **at = &w->chores;
        while (*at)
            at = &(*at)->next;
        *at = e;
        w->chores_waiting++;
        pthread_cond_signal(&w->given);
    }
    pthread_mutex_unlock(&w->lock);
    if (full)
        free(e);
    return full ? FW_LIMIT : FW_OK;
}

bool fw_media_workers_take_back(struct fw_queue *q, const char *fax)
{
    struct fw_media_workers *w = q->workers;
    struct errand *found = NULL;
    if (!w)
        return false;
    pthread_mutex_lock(&w->lock);
    for (struct errand **at = &w->first; *at; at = &(*at)->next) {
        if (strcmp((*at)->fax.id, fax) != 0)
            continue;
        found = *at;
        *at = found->next;
        if (!*at)
            w->last = at;
        break;
    }
    pthread_mutex_unlock(&w->lock);
    if (found)
        errand_free(found);
    return found != NULL;
}

bool fw_media_workers_cancel(struct fw_queue *q, const char *fax)
{
    struct fw_media_workers *w = q->workers;
    if (fw_media_workers_take_back(q, fax))
        return true;
    if (!w)
        return false;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < ARRAY_LEN(w->running); i++) {
        if (w->running[i] && strcmp(w->running[i]->fax.id, fax) == 0)
            atomic_store(&w->running[i]->stop, true);
    }
    pthread_mutex_unlock(&w->lock);
    return false;
}
