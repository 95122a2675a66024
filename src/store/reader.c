/* A small pool of read-only connections. */
#include "store/reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

struct fw_readers {
    struct fw_db db[FW_READERS];
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t has_free;
    bool taken[FW_READERS];
};

enum fw_err fw_readers_open(const char *path, struct fw_readers **ret, struct fw_fault *fault)
{
    struct fw_readers *r = calloc(1, sizeof *r);
    if (!r)
        return FW_NO_MEMORY;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->has_free, NULL);
    for (int i = 0; i < FW_READERS; i++) {
        const enum fw_err err = fw_db_open(path, false, &r->db[i], fault);
        if (err) {
            fw_readers_close(r);
            return err;
        }
    }
    *ret = r;
    return FW_OK;
}

void fw_readers_close(struct fw_readers *r)
{
    if (!r)
        return;
    for (int i = 0; i < FW_READERS; i++) {
        pthread_mutex_lock(&r->lock);
        while (r->taken[i])
            pthread_cond_wait(&r->has_free, &r->lock);
        pthread_mutex_unlock(&r->lock);
        fw_db_close(&r->db[i]);
    }
    pthread_cond_destroy(&r->has_free);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* With the lock; -1 when all are taken. */
static int find_free(const struct fw_readers *r)
{
    for (int i = 0; i < FW_READERS; i++) {
        if (!r->taken[i])
            return i;
    }
    return -1;
}

struct fw_reader_use fw_reader_take(struct fw_readers *r)
{
    int index;
    pthread_mutex_lock(&r->lock);
    while ((index = find_free(r)) < 0)
        pthread_cond_wait(&r->has_free, &r->lock);
    r->taken[index] = true;
    pthread_mutex_unlock(&r->lock);
    struct fw_reader_use use = { .pool = r, .db = &r->db[index] };
    use.err = fw_db_run(use.db, "BEGIN");
    return use;
}

void fw_reader_give(struct fw_reader_use *use)
{
    if (!use->err && fw_db_run(use->db, "COMMIT"))
        fw_log(FW_LOG_WARN, "store.read_not_ended", "next=reopened_at_restart");
    struct fw_readers *r = use->pool;
    pthread_mutex_lock(&r->lock);
    r->taken[use->db - r->db] = false;
    pthread_cond_signal(&r->has_free);
    pthread_mutex_unlock(&r->lock);
}
