/* Look, expire, sweep, scrub. */
#include "retention/retention.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cond.h"
#include "base/log.h"

struct fw_retention {
    struct fw_retention_config config;
    pthread_mutex_t lock;
    pthread_cond_t  stopping;
    atomic_bool     stop;
    pthread_t       thread;
    int64_t         scrubbed; /* the last removal that the database was scrubbed after */
};

/* False: it is to stop. */
static bool pause_for(struct fw_retention *r, int ms)
{
    pthread_mutex_lock(&r->lock);
    if (!atomic_load(&r->stop))
        fw_cond_wait_ms(&r->stopping, &r->lock, ms);
    pthread_mutex_unlock(&r->lock);
    return !atomic_load(&r->stop);
}

static enum fw_err expire(struct fw_retention *r)
{
    int count = FW_RETENTION_BATCH;
    enum fw_err err = FW_OK;
    while (!err && count == FW_RETENTION_BATCH && !atomic_load(&r->stop)) {
        err = fw_store_retention_expire(r->config.store, &r->config.rule, fw_wall_now(), &count);
        if (!err && count > 0) {
            fw_log(FW_LOG_INFO, "retention.expired", "faxes=%d", count);
            err = fw_store_fax_sweep(r->config.store);
        }
    }
    return err;
}

static enum fw_err scrub(struct fw_retention *r)
{
    int64_t last = 0;
    enum fw_err err = fw_store_audit_last(r->config.store, &last);
    if (err || last == r->scrubbed)
        return err;
    err = fw_store_scrub(r->config.store);
    if (!err)
        r->scrubbed = last;
    return err == FW_BUSY ? FW_OK : err; /* readers: the next time */
}

static void *run(void *arg)
{
    struct fw_retention *r = arg;
    do {
        enum fw_err err = expire(r);
        if (!err)
            err = scrub(r);
        if (err)
            fw_log(FW_LOG_ERROR, "retention.failed", "cause=%s", fw_err_text(err));
    } while (pause_for(r, r->config.look_ms));
    return NULL;
}

static void retention_free(struct fw_retention *r)
{
    pthread_cond_destroy(&r->stopping);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

enum fw_err fw_retention_start(const struct fw_retention_config *config, struct fw_retention **ret)
{
    struct fw_retention *r = calloc(1, sizeof *r);
    if (!r)
        return FW_NO_MEMORY;
    r->config = *config;
    r->scrubbed = -1; /* what an earlier run left */
    pthread_mutex_init(&r->lock, NULL);
    fw_cond_init(&r->stopping);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        retention_free(r);
        return FW_NO_MEMORY;
    }
    *ret = r;
    return FW_OK;
}

void fw_retention_stop(struct fw_retention *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->stop, true);
    pthread_cond_signal(&r->stopping);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    retention_free(r);
}
