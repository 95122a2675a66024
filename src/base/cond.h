/* cond.h - conditions that are waited for by the clock that does not jump. */
#ifndef FW_COND_H
#define FW_COND_H
#include <pthread.h>

#include "base/base.h"

void fw_cond_init(pthread_cond_t *c);
/* At most that long; the lock is held before and after. */
void fw_cond_wait_ms(pthread_cond_t *c, pthread_mutex_t *lock, int ms);
#endif
