/* Threads that do jobs of received faxes, in the order they were given. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "receive/inside.h"

enum { NOTE_RETRY_MS = 200 };

struct fw_hands {
    struct fw_receive *receive;
    fw_hands_work     *work;
    pthread_mutex_t    lock;
    pthread_cond_t     given;
    struct errand {
        struct errand     *next;
        struct fw_keep_job job;
    } *first, **last;
    pthread_t threads[FW_HANDS_MAX];
    int       count;
};

static struct errand *next(struct fw_hands *h)
{
    pthread_mutex_lock(&h->lock);
    while (!h->first && !atomic_load(&h->receive->stop))
        pthread_cond_wait(&h->given, &h->lock);
    struct errand *e = atomic_load(&h->receive->stop) ? NULL : h->first;
    if (e) {
        h->first = e->next;
        if (!h->first)
            h->last = &h->first;
    }
    pthread_mutex_unlock(&h->lock);
    return e;
}

static void *run(void *arg)
{
    struct fw_hands *h = arg;
    for (struct errand *e; (e = next(h)); free(e))
        h->work(h->receive, &e->job);
    return NULL;
}

enum fw_err fw_hands_start(struct fw_receive *r, int count, fw_hands_work *work, struct fw_hands **ret)
{
    fw_assert(count <= FW_HANDS_MAX);
    struct fw_hands *h = calloc(1, sizeof *h);
    if (!h)
        return FW_NO_MEMORY;
    h->receive = r;
    h->work = work;
    h->last = &h->first;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->given, NULL);
    *ret = h; /* whoever stops the room stops those that began */
    for (; h->count < count; h->count++) {
        if (pthread_create(&h->threads[h->count], NULL, run, h) != 0)
            return FW_NO_MEMORY;
    }
    return FW_OK;
}

void fw_hands_stop(struct fw_hands *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->given);
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < h->count; i++)
        pthread_join(h->threads[i], NULL);
    while (h->first) {
        struct errand *e = h->first;
        h->first = e->next;
        free(e);
    }
    pthread_cond_destroy(&h->given);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static struct fw_keep_job job_of(const struct fw_fax *f)
{
    struct fw_keep_job job = { .modem = f->modem, .pages = f->pages_confirmed, .format = f->media_format,
                               .given = fw_mono_now() };
    memcpy(job.fax, f->id, sizeof job.fax);
    memcpy(job.call, f->call, sizeof job.call);
    return job;
}

bool fw_hands_give(struct fw_receive *r, struct fw_hands *h, fw_hands_work *work, const struct fw_taken *t)
{
    const struct fw_keep_job job = job_of(&t->fax);
    if (!h) {
        work(r, &job);
        return true;
    }
    struct errand *e = calloc(1, sizeof *e);
    if (!e)
        return false;
    e->job = job;
    pthread_mutex_lock(&h->lock);
    *h->last = e;
    h->last = &e->next;
    pthread_cond_signal(&h->given);
    pthread_mutex_unlock(&h->lock);
    return true;
}

/* Nobody would ask for this fax again, so memory is waited for. */
bool fw_hands_report(struct fw_receive *r, const struct fw_receive_note *note, const char *fax)
{
    while (fw_mailbox_put(r->mailbox, note)) {
        if (atomic_load(&r->stop))
            return false;
        const struct timespec pause = { .tv_nsec = NOTE_RETRY_MS * 1000000L };
        fw_log(FW_LOG_ERROR, "receive.note_waits", "fax=%s", fax);
        nanosleep(&pause, NULL);
    }
    return true;
}
