/* The one thread that writes: it commits what callers hand it, in groups. */
#include "store/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/checkpoint.h"

/* On the caller's stack; the caller sleeps until `is_done`. */
struct request {
    fw_write_fn *fn;
    void *arg;
    enum fw_err err;
    bool is_done;
    pthread_cond_t woken;
    struct request *next;
};

struct fw_writer {
    struct fw_db db;
    struct fw_checkpointer *checkpointer; /* owned */
    int log_pages; /* of the write-ahead log after the last commit */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t has_work, has_room, is_empty;
    struct request *first, *last;
    int queued;
    int callers; /* in fw_writer_do */
    bool stopping;
    int64_t commits, writes;
    struct {
        void (*fn)(void *arg);
        void *arg;
    } on_delivery, on_event;
};

static void run_one(struct fw_db *db, struct request *r)
{
    r->err = fw_db_run(db, "SAVEPOINT one");
    if (r->err)
        return;
    r->err = r->fn(db, r->arg);
    /* A full disk may have rolled the whole transaction back by itself; the batch sees to that. */
    if (sqlite3_get_autocommit(db->handle)) {
        r->err = FW_IO;
        return;
    }
    if (r->err && fw_db_run(db, "ROLLBACK TO one"))
        r->err = FW_IO;
    if (fw_db_run(db, "RELEASE one"))
        r->err = FW_IO;
}

static enum fw_err run_all(struct fw_db *db, struct request *first)
{
    enum fw_err err = fw_db_run(db, "BEGIN IMMEDIATE");
    if (err)
        return err;
    for (struct request *r = first; r; r = r->next) {
        run_one(db, r);
        if (sqlite3_get_autocommit(db->handle))
            return FW_IO;
    }
    err = fw_db_run(db, "COMMIT");
    if (err)
        fw_log(FW_LOG_ERROR, "store.batch_failed", "error=%s",
               FW_LOG_TEXT(sqlite3_errmsg(db->handle)));
    if (err && !sqlite3_get_autocommit(db->handle) && fw_db_exec(db, "ROLLBACK"))
        fw_log(FW_LOG_ERROR, "store.rollback_failed", "next=begin_fails_until_it_works");
    return err;
}

/* Of SQLite, within a commit. */
static int note_log(void *arg, sqlite3 *handle, const char *name, int pages)
{
    (void)handle, (void)name;
    ((struct fw_writer *)arg)->log_pages = pages;
    return SQLITE_OK;
}

static void run_batch(struct fw_writer *w, struct request *first)
{
    fw_checkpointer_finish(w->checkpointer, &w->db);
    /* A rollback that failed must not leave its transaction to this batch. */
    enum fw_err err = FW_OK;
    if (!sqlite3_get_autocommit(w->db.handle))
        err = fw_db_exec(&w->db, "ROLLBACK");
    if (!err)
        err = run_all(&w->db, first);
    for (struct request *r = first; err && r; r = r->next)
        r->err = FW_IO;
    if (err)
        w->db.has_deliveries = w->db.has_events = false;
    fw_checkpointer_note(w->checkpointer, w->log_pages);
}

/* Cuts the next batch off the queue; called with the lock. */
static struct request *take_batch(struct fw_writer *w)
{
    struct request *first = w->first, *last = first;
    int count = first ? 1 : 0;
    for (; last && last->next && count < FW_WRITER_BATCH_MAX; last = last->next)
        count++;
    if (!first)
        return NULL;
    w->first = last->next;
    w->last = w->first ? w->last : NULL;
    last->next = NULL;
    w->queued -= count;
    w->commits++;
    w->writes += count;
    pthread_cond_broadcast(&w->has_room);
    return first;
}

static void *loop(void *arg)
{
    struct fw_writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->first && !w->stopping)
            pthread_cond_wait(&w->has_work, &w->lock);
        struct request *batch = take_batch(w);
        if (!batch)
            break;
        pthread_mutex_unlock(&w->lock);
        run_batch(w, batch);
        pthread_mutex_lock(&w->lock);
        for (struct request *r = batch, *next; r; r = next) {
            next = r->next; /* a request is gone once its caller wakes, which needs the lock */
            r->is_done = true;
            pthread_cond_signal(&r->woken);
        }
        /* With the lock: once taken away they are not running. */
        if (w->db.has_deliveries && w->on_delivery.fn)
            w->on_delivery.fn(w->on_delivery.arg);
        if (w->db.has_events && w->on_event.fn)
            w->on_event.fn(w->on_event.arg);
        w->db.has_deliveries = w->db.has_events = false;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum fw_err fw_writer_start(struct fw_db *db, struct fw_writer **ret)
{
    struct fw_writer *w = calloc(1, sizeof *w);
    if (!w)
        return FW_NO_MEMORY;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_work, NULL);
    pthread_cond_init(&w->has_room, NULL);
    pthread_cond_init(&w->is_empty, NULL);
    w->db = *db;
    if (fw_checkpointer_start(sqlite3_db_filename(db->handle, "main"), &w->checkpointer)) {
        free(w);
        return FW_NO_MEMORY;
    }
    sqlite3_wal_hook(w->db.handle, note_log, w); /* and so no checkpoint within a commit */
    /* Signals are for the main thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&w->thread, NULL, loop, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        sqlite3_wal_hook(db->handle, NULL, NULL);
        fw_checkpointer_stop(w->checkpointer);
        free(w);
        return FW_NO_MEMORY;
    }
    *db = (struct fw_db){ 0 };
    *ret = w;
    return FW_OK;
}

void fw_writer_stop(struct fw_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->has_work);
    pthread_cond_broadcast(&w->has_room);
    /* The last caller must be out before the lock goes. */
    while (w->callers > 0)
        pthread_cond_wait(&w->is_empty, &w->lock);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    fw_checkpointer_stop(w->checkpointer); /* the last connection to close merges the log */
    fw_db_close(&w->db);
    pthread_cond_destroy(&w->is_empty);
    pthread_cond_destroy(&w->has_room);
    pthread_cond_destroy(&w->has_work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

enum fw_err fw_writer_do(struct fw_writer *w, fw_write_fn *fn, void *arg)
{
    fw_assert(!pthread_equal(pthread_self(), w->thread));
    struct request r = { .fn = fn, .arg = arg };
    pthread_cond_init(&r.woken, NULL);
    pthread_mutex_lock(&w->lock);
    w->callers++;
    while (w->queued >= FW_WRITER_QUEUE_MAX && !w->stopping)
        pthread_cond_wait(&w->has_room, &w->lock);
    if (w->stopping) {
        r.err = FW_BUSY;
    } else {
        if (w->last)
            w->last->next = &r;
        else
            w->first = &r;
        w->last = &r;
        w->queued++;
        pthread_cond_signal(&w->has_work);
        while (!r.is_done)
            pthread_cond_wait(&r.woken, &w->lock);
    }
    if (--w->callers == 0)
        pthread_cond_signal(&w->is_empty);
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&r.woken);
    return r.err;
}

void fw_writer_on_delivery(struct fw_writer *w, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->lock);
    w->on_delivery.fn = fn;
    w->on_delivery.arg = arg;
    pthread_mutex_unlock(&w->lock);
}

void fw_writer_on_event(struct fw_writer *w, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->lock);
    w->on_event.fn = fn;
    w->on_event.arg = arg;
    pthread_mutex_unlock(&w->lock);
}

struct fw_writer_counts fw_writer_count(struct fw_writer *w)
{
    pthread_mutex_lock(&w->lock);
    const struct fw_writer_counts c = { w->commits, w->writes, w->queued };
    pthread_mutex_unlock(&w->lock);
    return c;
}
