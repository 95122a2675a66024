/* Token buckets, counted in the microseconds that it takes to earn a request. */
#include "api/rate.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKET_US = 1000000 };

struct bucket {
    int64_t account;
    int64_t level_us; /* earned and not spent, up to BUCKET_US */
    struct fw_mono at;
};

struct fw_limits {
    unsigned per_second;
    pthread_mutex_t lock; /* guards what follows */
    struct bucket *buckets;
    size_t count, capacity;
};

enum fw_err fw_limits_new(unsigned per_second, struct fw_limits **ret)
{
    fw_assert(per_second >= 1 && per_second <= BUCKET_US);
    struct fw_limits *l = calloc(1, sizeof *l);
    if (!l)
        return FW_NO_MEMORY;
    l->per_second = per_second;
    pthread_mutex_init(&l->lock, NULL);
    *ret = l;
    return FW_OK;
}

void fw_limits_free(struct fw_limits *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l->buckets);
    free(l);
}

/* With the lock. Accounts are few: a search through all of them is some nanoseconds. */
static struct bucket *bucket_of(struct fw_limits *l, int64_t account, struct fw_mono now)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->buckets[i].account == account)
            return &l->buckets[i];
    }
    if (l->count == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : 8;
        struct bucket *grown = reallocarray(l->buckets, capacity, sizeof *grown);
        if (!grown)
            return NULL;
        l->buckets = grown;
        l->capacity = capacity;
    }
    l->buckets[l->count] = (struct bucket){ account, BUCKET_US, now };
    return &l->buckets[l->count++];
}

static void fill(struct bucket *b, struct fw_mono now)
{
    const int64_t passed_us = now.us > b->at.us ? now.us - b->at.us : 0;
    b->level_us = passed_us >= BUCKET_US - b->level_us ? BUCKET_US : b->level_us + passed_us;
    b->at.us += passed_us;
}

enum fw_err fw_limits_take(struct fw_limits *l, int64_t account, struct fw_mono now,
                           struct fw_limit *ret)
{
    const int64_t cost_us = BUCKET_US / l->per_second;
    pthread_mutex_lock(&l->lock);
    struct bucket *b = bucket_of(l, account, now);
    int64_t missing_us = 0, level_us = 0;
    if (b) {
        fill(b, now);
        missing_us = b->level_us < cost_us ? cost_us - b->level_us : 0;
        b->level_us -= missing_us ? 0 : cost_us;
        level_us = b->level_us;
    }
    pthread_mutex_unlock(&l->lock);
    if (!b)
        return FW_NO_MEMORY;
    *ret = (struct fw_limit){
        .limit = l->per_second,
        .remaining = (unsigned)(level_us / cost_us),
        .reset_s = (unsigned)((BUCKET_US - level_us + 999999) / 1000000),
        .retry_ms = (unsigned)((missing_us + 999) / 1000),
    };
    return FW_OK;
}
