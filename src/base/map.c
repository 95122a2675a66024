/* A hash table with chains; it grows so that a chain has one entry or two. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64 };

struct entry {
    struct entry *next;
    uint64_t      hash;
    const char   *key;
    void         *value;
};

struct fw_map {
    struct entry **buckets;
    size_t         bucket_count, count;
};

/* FNV-1a. The keys are ids of ours, and numbers that are in a call: as many as there are calls. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * 0x100000001b3u;
    return hash;
}

enum fw_err fw_map_new(struct fw_map **ret)
{
    struct fw_map *m = calloc(1, sizeof *m);
    if (m)
        m->buckets = calloc(BUCKETS_FIRST, sizeof(struct entry *));
    if (!m || !m->buckets) {
        free(m);
        return FW_NO_MEMORY;
    }
    m->bucket_count = BUCKETS_FIRST;
    *ret = m;
    return FW_OK;
}

void fw_map_free(struct fw_map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->bucket_count; i++) {
        for (struct entry *e = m->buckets[i], *next; e; e = next) {
            next = e->next;
            free(e);
        }
    }
    free(m->buckets);
    free(m);
}

static struct entry **place_of(const struct fw_map *m, const char *key, uint64_t hash)
{
    struct entry **at = &m->buckets[hash % m->bucket_count];
    while (*at && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
        at = &(*at)->next;
    return at;
}

/* One that cannot grow for want of memory goes on with longer chains. */
static void grow(struct fw_map *m)
{
    const size_t count = m->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(struct entry *));
    if (!buckets)
        return;
    for (size_t i = 0; i < m->bucket_count; i++) {
        for (struct entry *e = m->buckets[i], *next; e; e = next) {
            next = e->next;
            e->next = buckets[e->hash % count];
            buckets[e->hash % count] = e;
        }
    }
    free(m->buckets);
    m->buckets = buckets;
    m->bucket_count = count;
}

enum fw_err fw_map_put(struct fw_map *m, const char *key, void *value)
{
    struct entry *e = calloc(1, sizeof *e);
    if (!e)
        return FW_NO_MEMORY;
    if (m->count >= m->bucket_count)
        grow(m);
    *e = (struct entry){ .hash = hash_of(key), .key = key, .value = value };
    struct entry **at = place_of(m, key, e->hash);
    fw_assert(!*at);
    *at = e;
    m->count++;
    return FW_OK;
}

void *fw_map_get(const struct fw_map *m, const char *key)
{
    const struct entry *e = *place_of(m, key, hash_of(key));
    return e ? e->value : NULL;
}

void fw_map_remove(struct fw_map *m, const char *key)
{
    struct entry **at = place_of(m, key, hash_of(key));
    struct entry *e = *at;
    if (!e)
        return;
    *at = e->next;
    m->count--;
    free(e);
}
