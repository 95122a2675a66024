/* A list of jobs under a lock, and threads that take from it. */
#include "modem/pool.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 512 * 1024 }; /* libtiff and spandsp need 64 KB at most */

struct fw_pool {
    pthread_mutex_t lock;
    pthread_cond_t filled, begun;
    struct fw_job *first, **last;
    bool ending;
    unsigned running;
    unsigned count;
    pthread_t threads[FW_POOL_THREADS_MAX];
};

static struct fw_job *take(struct fw_pool *p)
{
    while (!p->first && !p->ending)
        pthread_cond_wait(&p->filled, &p->lock);
    struct fw_job *job = p->first;
    if (job) {
        p->first = job->next;
        if (!p->first)
            p->last = &p->first;
    }
    return job;
}

static void *work(void *arg)
{
    struct fw_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    p->running++;
    pthread_cond_signal(&p->begun);
    for (struct fw_job *job = take(p); job; job = take(p)) {
        pthread_mutex_unlock(&p->lock);
        job->run(job);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum fw_err fw_pool_new(unsigned threads, struct fw_pool **ret)
{
    fw_assert(threads > 0 && threads <= FW_POOL_THREADS_MAX);
    struct fw_pool *p = calloc(1, sizeof *p);
    pthread_attr_t attr;
    sigset_t all, before;
    if (!p)
        return FW_NO_MEMORY;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->filled, NULL);
    pthread_cond_init(&p->begun, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all); /* a signal must wake the loop, which waits, not a worker */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->count < threads && pthread_create(&p->threads[p->count], &attr, work, p) == 0)
        p->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    pthread_mutex_lock(&p->lock);
    while (p->running < p->count)
        pthread_cond_wait(&p->begun, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (p->count < threads) {
        fw_pool_free(p);
        return FW_LIMIT;
    }
    *ret = p;
    return FW_OK;
}

void fw_pool_free(struct fw_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->filled);
    pthread_cond_destroy(&p->begun);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void fw_pool_put(struct fw_pool *p, struct fw_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&p->lock);
    *p->last = job;
    p->last = &job->next;
    pthread_cond_signal(&p->filled);
    pthread_mutex_unlock(&p->lock);
}
