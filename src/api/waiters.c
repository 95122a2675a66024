/* The thread that looks after the requests that wait for events. */
#include "api/waiters.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cond.h"
#include "base/log.h"
#include "store/feed.h"

enum {
    TICK_MS = 1000,       /* deadlines are kept to that; who has hung up is noticed by then */
    STORE_PAUSE_MS = 500, /* after the store failed */
};

struct fw_waiters {
    struct fw_store *store;
    pthread_t thread;
    atomic_int count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct fw_waiter *first;
    bool dirty, released, stop;
};

/* One account that somebody waits for. */
struct account_end {
    int64_t account, end;
};

static void on_event(void *arg)
{
    struct fw_waiters *w = arg;
    if (atomic_load(&w->count) == 0)
        return; /* who comes after this looks for itself */
    pthread_mutex_lock(&w->lock);
    w->dirty = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* With the lock: takes `*at` out and lets it go on; the request may be gone from here on. */
static void resume(struct fw_waiters *w, struct fw_waiter **at, bool over)
{
    struct fw_waiter *one = *at;
    *at = one->next;
    one->over = over;
    atomic_fetch_sub(&w->count, 1);
    MHD_resume_connection(one->connection);
}

static bool hung_up(const struct fw_waiter *one)
{
    char byte;
    const ssize_t size = recv(one->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static int find(const struct account_end *ends, int count, int64_t account)
{
    for (int i = 0; i < count; i++) {
        if (ends[i].account == account)
            return i;
    }
    return -1;
}

/* With the lock. */
static int accounts_of(const struct fw_waiters *w, struct account_end ends[FW_WAITERS_MAX])
{
    int count = 0;
    for (const struct fw_waiter *one = w->first; one; one = one->next) {
        if (find(ends, count, one->account) < 0)
            ends[count++] = (struct account_end){ one->account, 0 };
    }
    return count;
}

/* With the lock: lets go whom `ends` concerns and, on a tick, whose time is up. */
static void let_go(struct fw_waiters *w, const struct account_end *ends, int count)
{
    const struct fw_mono now = fw_mono_now();
    for (struct fw_waiter **at = &w->first; *at;) {
        const struct fw_waiter *one = *at;
        const int i = find(ends, count, one->account);
        if (i >= 0 && ends[i].end > one->after)
            resume(w, at, false);
        else if (now.us >= one->until.us || hung_up(one))
            resume(w, at, true);
        else
            at = &(*at)->next;
    }
}

/* Without the lock while the store is asked: writers must not wait for that. False: it failed. */
static bool look(struct fw_waiters *w)
{
    struct account_end ends[FW_WAITERS_MAX];
    const int count = accounts_of(w, ends);
    enum fw_err err = FW_OK;
    w->dirty = false;
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < count && !err; i++)
        err = fw_store_feed_end(w->store, ends[i].account, &ends[i].end);
    if (err)
        fw_log(FW_LOG_ERROR, "events.store_failed", "cause=%s", fw_err_text(err));
    pthread_mutex_lock(&w->lock);
    w->dirty = w->dirty || err != FW_OK;
    let_go(w, ends, count);
    return err == FW_OK;
}

static void *run(void *arg)
{
    struct fw_waiters *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->first)
            pthread_cond_wait(&w->changed, &w->lock);
        else if (!w->dirty)
            fw_cond_wait_ms(&w->changed, &w->lock, TICK_MS);
        if (w->released) {
            while (w->first)
                resume(w, &w->first, true);
        } else if (w->first && !look(w)) {
            fw_cond_wait_ms(&w->changed, &w->lock, STORE_PAUSE_MS);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum fw_err fw_waiters_start(struct fw_store *s, struct fw_waiters **ret)
{
    struct fw_waiters *w = calloc(1, sizeof *w);
    if (!w)
        return FW_NO_MEMORY;
    w->store = s;
    fw_cond_init(&w->changed);
    pthread_mutex_init(&w->lock, NULL);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        free(w);
        return FW_NO_MEMORY;
    }
    fw_store_on_event(s, on_event, w);
    *ret = w;
    return FW_OK;
}

void fw_waiters_release(struct fw_waiters *w)
{
    pthread_mutex_lock(&w->lock);
    w->released = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void fw_waiters_stop(struct fw_waiters *w)
{
    if (!w)
        return;
    fw_store_on_event(w->store, NULL, NULL);
    pthread_mutex_lock(&w->lock);
    w->released = w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    fw_assert(!w->first);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

enum fw_err fw_waiters_add(struct fw_waiters *w, struct fw_waiter *one)
{
    int of_account = 0;
    pthread_mutex_lock(&w->lock);
    for (const struct fw_waiter *at = w->first; at; at = at->next)
        of_account += at->account == one->account;
    const bool full =
        of_account >= FW_WAITERS_ACCOUNT_MAX || atomic_load(&w->count) >= FW_WAITERS_MAX;
    const enum fw_err err = w->released ? FW_BUSY : full ? FW_LIMIT : FW_OK;
    if (!err) {
        one->next = w->first;
        w->first = one;
        atomic_fetch_add(&w->count, 1);
        /* What was committed since it looked must not be missed. */
        w->dirty = true;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return err;
}

int fw_waiters_count(struct fw_waiters *w)
{
    return atomic_load(&w->count);
}
