/* Conditions by the clock of fw_mono_now. */
#include "base/cond.h"

#include <time.h>

#include "base/clock.h"

void fw_cond_init(pthread_cond_t *c)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void fw_cond_wait_ms(pthread_cond_t *c, pthread_mutex_t *lock, int ms)
{
    const int64_t us = fw_mono_now().us + ms * 1000LL;
    const struct timespec until = { us / 1000000, us % 1000000 * 1000 };
    pthread_cond_timedwait(c, lock, &until);
}
