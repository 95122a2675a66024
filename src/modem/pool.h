/* pool.h - a few threads for what takes long, so that the modem's clock never waits.
 *
 * The threads are made before the sandbox closes and live as long as the pool. A job is memory of
 * its owner, who must not touch it, nor what it works on, until `run` has returned and told so by a
 * way of its own (a mailbox).
 */
#ifndef FW_MODEM_POOL_H
#define FW_MODEM_POOL_H
#include "base/base.h"

enum { FW_POOL_THREADS_MAX = 8 };

struct fw_job {
    struct fw_job *next; /* of the pool */
    void (*run)(struct fw_job *job);
};

struct fw_pool;

/* Returns when all threads run. FW_NO_MEMORY, FW_LIMIT: the kernel gives no thread. */
MUST_USE enum fw_err fw_pool_new(unsigned threads, struct fw_pool **ret);
/* Ends the jobs that were put, then the threads. NULL is fine. */
void fw_pool_free(struct fw_pool *p);
void fw_pool_put(struct fw_pool *p, struct fw_job *job);
#endif
