/* The thread that checkpoints, and its agreement with the writer. */
#include "store/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    PAGES = 4000,   /* 16 MB of log: some hundred commits */
    RESTART_MS = 50 /* the longest that commits wait for a reader of the old log; else next time */
};

enum state { IDLE, ASKED, MOVED };

struct fw_checkpointer {
    char *path; /* owned */
    struct fw_db db;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    enum state state;
    bool stopping;
};

/* False: this cannot be done here; the writer then does all of it. */
static bool move(struct fw_checkpointer *c)
{
    struct fw_fault fault = { 0 };
    if (!c->db.handle && fw_db_open(c->path, true, &c->db, &fault)) {
        fw_log(FW_LOG_WARN, "store.checkpoint_failed", "error=%s", FW_LOG_TEXT(fault.message));
        return false;
    }
    const int rc =
        sqlite3_wal_checkpoint_v2(c->db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        fw_log(FW_LOG_WARN, "store.checkpoint_failed", "error=%s", sqlite3_errstr(rc));
    return rc == SQLITE_OK;
}

static void *loop(void *arg)
{
    struct fw_checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (c->state != ASKED) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        pthread_mutex_unlock(&c->lock);
        (void)move(c);
        pthread_mutex_lock(&c->lock);
        c->state = MOVED;
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum fw_err fw_checkpointer_start(const char *path, struct fw_checkpointer **ret)
{
    struct fw_checkpointer *c = calloc(1, sizeof *c);
    if (!c)
        return FW_NO_MEMORY;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->path = strdup(path);
    if (!c->path || pthread_create(&c->thread, NULL, loop, c) != 0) {
        free(c->path);
        free(c);
        return FW_NO_MEMORY;
    }
    *ret = c;
    return FW_OK;
}

void fw_checkpointer_stop(struct fw_checkpointer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    fw_db_close(&c->db);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->path);
    free(c);
}

void fw_checkpointer_note(struct fw_checkpointer *c, int pages)
{
    if (pages < PAGES)
        return;
    pthread_mutex_lock(&c->lock);
    if (c->state == IDLE) {
        c->state = ASKED;
        pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
}

void fw_checkpointer_finish(struct fw_checkpointer *c, struct fw_db *writer)
{
    pthread_mutex_lock(&c->lock);
    const bool moved = c->state == MOVED;
    if (moved)
        c->state = IDLE;
    pthread_mutex_unlock(&c->lock);
    if (!moved)
        return;
    const int before = fw_db_wait_ms(writer, RESTART_MS);
    const int rc =
        sqlite3_wal_checkpoint_v2(writer->handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        fw_log(FW_LOG_WARN, "store.checkpoint_failed", "error=%s", sqlite3_errstr(rc));
    (void)fw_db_wait_ms(writer, before);
}
