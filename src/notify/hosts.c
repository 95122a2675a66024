/* Receivers and who waits for them: two small tables, searched in order. */
#include "notify/hosts.h"

#include <stdlib.h>
#include <string.h>

enum { HOSTS_MAX = 1024, NAME_SIZE = 272, FAILURES_SUSPECT = 3 };

struct host {
    char name[NAME_SIZE]; /* empty: free */
    int  active, parked;
    int  failures; /* in a row */
    uint64_t used; /* turn of its last use: the longest unused makes room */
};

struct fw_hosts {
    int         host_max;
    uint64_t    turn;
    struct host hosts[HOSTS_MAX];
    int64_t     parked[FW_PARKED_MAX];
    int         parked_host[FW_PARKED_MAX];
    int         parked_count;
};

enum fw_err fw_hosts_new(int host_max, struct fw_hosts **ret)
{
    struct fw_hosts *h = calloc(1, sizeof *h);
    if (!h)
        return FW_NO_MEMORY;
    h->host_max = host_max;
    *ret = h;
    return FW_OK;
}

void fw_hosts_free(struct fw_hosts *h) { free(h); }

/* -1 when there is no place for another. */
static int find(struct fw_hosts *h, const char *name)
{
    int oldest = -1;
    for (int i = 0; i < HOSTS_MAX; i++) {
        const struct host *host = &h->hosts[i];
        if (strncmp(host->name, name, NAME_SIZE - 1) == 0)
            return i;
        if (host->active == 0 && host->parked == 0 &&
            (oldest < 0 || host->used < h->hosts[oldest].used))
            oldest = i;
    }
    if (oldest >= 0) {
        h->hosts[oldest] = (struct host){ .used = ++h->turn };
        const size_t size = strnlen(name, NAME_SIZE - 1);
        memcpy(h->hosts[oldest].name, name, size);
    }
    return oldest;
}

static bool suspect(const struct host *host) { return host->failures >= FAILURES_SUSPECT; }

static int cap_of(const struct fw_hosts *h, const struct host *host)
{
    return suspect(host) ? 1 : h->host_max;
}

bool fw_hosts_begin(struct fw_hosts *h, const char *name, int *ret_host)
{
    const int i = find(h, name);
    if (i < 0 || h->hosts[i].active >= cap_of(h, &h->hosts[i]))
        return false;
    h->hosts[i].active++;
    h->hosts[i].used = ++h->turn;
    *ret_host = i;
    return true;
}

/* How many parked ones of a receiver to let go of: as many as may be sent now, but only when half
 * of its share is free, since each time costs a look into the store; and all that are too many. */
static int release_of(const struct fw_hosts *h, const struct host *host)
{
    const int cap = cap_of(h, host);
    const int room = host->active > cap / 2 ? 0 : cap - host->active;
    const int surplus = suspect(host) ? host->parked - FW_PARKED_SUSPECT_MAX : 0;
    return surplus > room ? surplus : room;
}

/* The oldest first; the store gives them again. */
static void unpark(struct fw_hosts *h, int host)
{
    int left = release_of(h, &h->hosts[host]), kept = 0;
    for (int i = 0; i < h->parked_count; i++) {
        if (left > 0 && h->parked_host[i] == host) {
            h->hosts[host].parked--;
            left--;
            continue;
        }
        h->parked[kept] = h->parked[i];
        h->parked_host[kept++] = h->parked_host[i];
    }
    h->parked_count = kept;
}

void fw_hosts_end(struct fw_hosts *h, int host, bool ok)
{
    fw_assert(host >= 0 && host < HOSTS_MAX && h->hosts[host].active > 0);
    struct host *one = &h->hosts[host];
    one->active--;
    one->failures = ok ? 0 : suspect(one) ? one->failures : one->failures + 1;
    unpark(h, host);
}

enum fw_parking fw_hosts_park(struct fw_hosts *h, const char *name, int64_t delivery)
{
    const int host = find(h, name);
    if (host >= 0 && suspect(&h->hosts[host]) && h->hosts[host].parked >= FW_PARKED_SUSPECT_MAX)
        return FW_PARKING_REFUSED;
    if (host < 0 || h->parked_count >= FW_PARKED_MAX)
        return FW_PARKING_FULL;
    h->hosts[host].parked++;
    h->parked[h->parked_count] = delivery;
    h->parked_host[h->parked_count++] = host;
    return FW_PARKING_OK;
}

const int64_t *fw_hosts_parked(const struct fw_hosts *h, int *ret_count)
{
    *ret_count = h->parked_count;
    return h->parked;
}
