/* The thread that takes due deliveries from the store and sends them. */
#include "notify/notify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "notify/hosts.h"
#include "notify/record.h"
#include "notify/send.h"

enum {
    TOTAL_DEFAULT = 64,
    TOTAL_CEILING = 512,
    HOST_DEFAULT = 16,
    TIMEOUT_DEFAULT_MS = 2000,
    WAIT_MIN_MS = 20,         /* never a busy loop, whatever the store says */
    WAIT_MAX_MS = 10 * 1000,  /* and never deaf: the wall clock may jump */
    STORE_PAUSE_MS = 3 * 1000, /* after the store failed */
    BATCH = 64,
    LOG_DAYS_DEFAULT = 30,
    SWEEP_MS = 3600 * 1000,
    SWEEP_ON_MS = 100, /* when there is more of it: others write too */
    SWEEP_MAX = 500,
};

struct fw_notify {
    struct fw_notify_config config;
    CURLM           *multi;
    struct fw_hosts *hosts;
    struct fw_send  *sends; /* being sent */
    int              send_count;
    struct fw_wall   next;         /* when the store has something due */
    struct fw_mono   paused_until; /* the store failed */
    struct fw_mono   sweep_at;
    atomic_bool      woken, stop;
    pthread_t        thread;
};

static void note_store_fault(struct fw_notify *n, int64_t id, enum fw_err err)
{
    fw_log(FW_LOG_ERROR, "webhook.store_failed", "delivery=%lld cause=%s", (long long)id,
           fw_err_text(err));
    n->paused_until.us = fw_mono_now().us + STORE_PAUSE_MS * 1000LL;
}

/* Has it come back at `at`, which may be before what is waited for now. */
static void note_next(struct fw_notify *n, struct fw_wall at)
{
    if (at.us < n->next.us)
        n->next = at;
}

/* When the next try is after one that failed, {0}: never; and says so. */
static struct fw_wall next_try(struct fw_notify *n, const struct fw_delivery *d, bool has_failover,
                               const struct fw_attempt *tried)
{
    const struct fw_notify_step step =
        fw_notify_step(&n->config.schedule, d->attempt, has_failover, fw_random_u64());
    char shown[FW_URL_SHOWN_SIZE];
    fw_http_url_shown(tried->url ? tried->url : "", shown);
    fw_log(step.again ? FW_LOG_INFO : FW_LOG_WARN, step.again ? "webhook.retry" : "webhook.given_up",
           "fax=%s event=%s attempt=%d url=%s status=%d delay_ms=%lld cause=%s", d->event.fax,
           d->event.id, d->attempt, FW_LOG_TEXT(shown), tried->http_status,
           (long long)(step.again ? step.delay_ms : 0), FW_LOG_TEXT(tried->error));
    return (struct fw_wall){ step.again ? fw_wall_now().us + step.delay_ms * 1000 : 0 };
}

/* Writes down how tries ended. */
static void write_ends(struct fw_notify *n, struct fw_delivery_end *ends, int count)
{
    fw_store_delivery_end(n->config.store, ends, count);
    for (int i = 0; i < count; i++) {
        if (ends[i].err)
            note_store_fault(n, ends[i].id, ends[i].err);
        else if (!ends[i].taken && ends[i].retry_at.us > 0)
            note_next(n, ends[i].retry_at);
    }
}

/* The same for one that could not even be sent. */
static void retry_unsent(struct fw_notify *n, const struct fw_delivery *d, const char *url,
                         bool has_failover, const char *why)
{
    struct fw_attempt tried;
    fw_record_unsent(url, why, fw_wall_now(), &tried);
    struct fw_delivery_end end = { .id = d->id, .tried = &tried,
                                   .retry_at = next_try(n, d, has_failover, &tried) };
    write_ends(n, &end, 1);
    fw_attempt_done(&tried);
}

/* Too many wait for this receiver: later, by the same growing waits, but it is no attempt. */
static void postpone(struct fw_notify *n, const struct fw_delivery *d)
{
    const struct fw_notify_step step =
        fw_notify_step(&n->config.schedule, d->postponed + 1, false, fw_random_u64());
    const struct fw_wall until = { fw_wall_now().us + step.delay_ms * 1000 };
    fw_log(FW_LOG_DEBUG, "webhook.postponed", "fax=%s event=%s delay_ms=%lld", d->event.fax,
           d->event.id, (long long)step.delay_ms);
    const enum fw_err err = fw_store_delivery_postpone(n->config.store, d->id, until);
    if (err)
        note_store_fault(n, d->id, err);
    else
        note_next(n, until);
}

/* The application had a URL when it happened, and has none now. */
static void drop(struct fw_notify *n, const struct fw_delivery *d)
{
    const enum fw_err err = fw_store_delivery_drop(n->config.store, d->id, fw_wall_now());
    if (err)
        note_store_fault(n, d->id, err);
}

/* The URL of the coming attempt; empty when there is none at all. */
static const char *url_of(const struct fw_delivery *d, const struct fw_notify_schedule *schedule)
{
    if (!d->url[0] || !d->failover_url[0])
        return d->url[0] ? d->url : d->failover_url;
    return fw_notify_step(schedule, d->attempt, true, 0).failover ? d->failover_url : d->url;
}

/* Remembers it until its receiver has room. If that one keeps failing and enough wait for it, it is
 * postponed: a dead receiver must not hide in the store what others are to be told. False when no
 * more can be taken before a send has ended. */
static bool park(struct fw_notify *n, const struct fw_delivery *d, const char *name)
{
    const enum fw_parking parking = fw_hosts_park(n->hosts, name, d->id);
    if (parking == FW_PARKING_REFUSED)
        postpone(n, d);
    return parking != FW_PARKING_FULL;
}

/* Puts one delivery on its way, parks it, or writes down why it cannot be sent; takes it over.
 * False as above. */
static bool begin(struct fw_notify *n, struct fw_delivery *d)
{
    const char *url = url_of(d, &n->config.schedule);
    const bool has_failover = d->url[0] && d->failover_url[0];
    const char *fault = url[0] ? fw_http_url_fault(url) : NULL;
    if (fault || !url[0]) {
        if (fault)
            retry_unsent(n, d, url, has_failover, fault);
        else
            drop(n, d);
        fw_event_done(&d->event);
        return true;
    }
    char name[FW_URL_MAX + 8];
    fw_http_url_host(url, name, sizeof name);
    int host;
    if (!fw_hosts_begin(n->hosts, name, &host)) {
        const bool parked = park(n, d, name);
        fw_event_done(&d->event);
        return parked;
    }
    struct fw_send *s = NULL;
    struct fw_delivery kept = *d; /* without its event, for the case that it cannot be sent */
    char url_kept[FW_URL_MAX + 1];
    memcpy(url_kept, url, strlen(url) + 1);
    const enum fw_err err = fw_send_new(&n->config, d, url, fw_wall_now(), &s);
    if (err || curl_multi_add_handle(n->multi, s->easy) != CURLM_OK) {
        fw_send_free(s);
        kept.event.payload = NULL;
        retry_unsent(n, &kept, url_kept, has_failover,
                     err ? fw_err_text(err) : "cannot be sent now");
        fw_hosts_end(n->hosts, host, true);
        return true;
    }
    s->host = host;
    s->next = n->sends;
    n->sends = s;
    n->send_count++;
    return true;
}

static int busy_ids(const struct fw_notify *n, int64_t ids[TOTAL_CEILING + FW_PARKED_MAX])
{
    int count = 0;
    const int64_t *parked = fw_hosts_parked(n->hosts, &count);
    memcpy(ids, parked, (size_t)count * sizeof *ids);
    for (const struct fw_send *s = n->sends; s; s = s->next)
        ids[count++] = s->delivery.id;
    return count;
}

/* One batch from the store. True when there may be more to take at once; a turn takes no more than
 * this, so that what is being sent is looked after in between. */
static bool fill(struct fw_notify *n)
{
    int64_t ids[TOTAL_CEILING + FW_PARKED_MAX];
    const int count = busy_ids(n, ids);
    const int room = n->config.total_max - n->send_count;
    const int want = room < BATCH ? room : BATCH;
    if (want <= 0)
        return false;
    struct fw_delivery_page page = { 0 };
    n->next.us = INT64_MAX;
    const enum fw_err err =
        fw_store_delivery_due(n->config.store, fw_wall_now(), ids, count, want, &page, &n->next);
    if (err) {
        note_store_fault(n, 0, err);
        return true;
    }
    bool room_left = true;
    for (int i = 0; i < page.count && room_left; i++) {
        room_left = begin(n, &page.items[i]);
        page.items[i].event.payload = NULL; /* taken over */
    }
    const bool full = page.count == want;
    fw_delivery_page_done(&page);
    if (!room_left)
        n->next.us = INT64_MAX; /* the end of a send comes first */
    return full && room_left;
}

static void unlink_send(struct fw_notify *n, struct fw_send *s)
{
    struct fw_send **at = &n->sends;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    n->send_count--;
    curl_multi_remove_handle(n->multi, s->easy);
}

/* What came of a send; `end` borrows from `tried`. */
static void judge(struct fw_notify *n, struct fw_send *s, CURLcode code, struct fw_attempt *tried,
                  struct fw_delivery_end *end)
{
    char note[256] = "";
    int status = 0;
    const bool ok = fw_send_result(s, code, &status, note, sizeof note);
    fw_record_send(s, status, note, fw_wall_now(), tried);
    unlink_send(n, s);
    *end = (struct fw_delivery_end){ .id = s->delivery.id, .taken = ok, .tried = tried };
    if (ok)
        fw_log(FW_LOG_DEBUG, "webhook.delivered", "fax=%s event=%s attempt=%d status=%d",
               s->delivery.event.fax, s->delivery.event.id, s->delivery.attempt, status);
    else
        end->retry_at = next_try(n, &s->delivery, s->has_failover, tried);
}

/* Those that have ended meanwhile, written down together. True when there were any: there is room. */
static bool finish_ended(struct fw_notify *n)
{
    struct fw_send *sends[BATCH];
    struct fw_attempt tried[BATCH];
    struct fw_delivery_end ends[BATCH];
    int count = 0, left = 0;
    for (const CURLMsg *msg; count < BATCH && (msg = curl_multi_info_read(n->multi, &left));) {
        if (msg->msg != CURLMSG_DONE ||
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &sends[count]) != CURLE_OK)
            continue;
        judge(n, sends[count], msg->data.result, &tried[count], &ends[count]);
        count++;
    }
    if (count > 0)
        write_ends(n, ends, count);
    for (int i = 0; i < count; i++) {
        fw_attempt_done(&tried[i]);
        fw_hosts_end(n->hosts, sends[i]->host, ends[i].taken);
        fw_send_free(sends[i]);
    }
    return count > 0;
}

static bool paused(const struct fw_notify *n) { return fw_mono_now().us < n->paused_until.us; }

static int wait_ms(const struct fw_notify *n)
{
    if (paused(n))
        return STORE_PAUSE_MS / 4;
    if (n->send_count >= n->config.total_max || n->next.us == INT64_MAX)
        return WAIT_MAX_MS; /* an end or a wake comes first */
    const int64_t left = (n->next.us - fw_wall_now().us) / 1000 + 1;
    return left < WAIT_MIN_MS ? WAIT_MIN_MS : left > WAIT_MAX_MS ? WAIT_MAX_MS : (int)left;
}

/* Forgets what is old, a part at a time. */
static void sweep(struct fw_notify *n)
{
    const struct fw_mono now = fw_mono_now();
    if (now.us < n->sweep_at.us || paused(n))
        return;
    const int64_t age_us = n->config.log_days * 24LL * 3600 * 1000000;
    int count = 0;
    const enum fw_err err = fw_store_webhook_sweep(
        n->config.store, (struct fw_wall){ fw_wall_now().us - age_us }, SWEEP_MAX, &count);
    if (err)
        note_store_fault(n, 0, err);
    n->sweep_at.us = now.us + (count == SWEEP_MAX ? SWEEP_ON_MS : SWEEP_MS) * 1000LL;
}

static void *run(void *arg)
{
    struct fw_notify *n = arg;
    bool look = true;
    while (!atomic_load(&n->stop)) {
        int running = 0;
        look |= atomic_exchange(&n->woken, false) || n->next.us <= fw_wall_now().us;
        if (look && !paused(n))
            look = fill(n);
        if (curl_multi_perform(n->multi, &running) != CURLM_OK)
            fw_log(FW_LOG_ERROR, "webhook.http_failed", "cause=multi");
        look |= finish_ended(n);
        sweep(n);
        if (!look || paused(n))
            curl_multi_poll(n->multi, NULL, 0, wait_ms(n), NULL);
    }
    while (n->sends) {
        struct fw_send *s = n->sends;
        unlink_send(n, s);
        fw_send_free(s);
    }
    return NULL;
}

static void free_all(struct fw_notify *n)
{
    if (n->multi)
        curl_multi_cleanup(n->multi);
    fw_hosts_free(n->hosts);
    free(n);
}

static void on_delivery(void *arg) { fw_notify_wake(arg); }

static void set_defaults(struct fw_notify_config *c)
{
    c->total_max = c->total_max <= 0              ? TOTAL_DEFAULT
                   : c->total_max > TOTAL_CEILING ? TOTAL_CEILING
                                                  : c->total_max;
    c->host_max = c->host_max <= 0 ? HOST_DEFAULT : c->host_max;
    c->log_days = c->log_days <= 0 ? LOG_DAYS_DEFAULT : c->log_days;
    c->timeout_ms = c->timeout_ms <= 0 ? TIMEOUT_DEFAULT_MS : c->timeout_ms;
    c->user_agent = c->user_agent ? c->user_agent : "telnyx-webhooks";
}

enum fw_err fw_notify_start(const struct fw_notify_config *config, struct fw_notify **ret)
{
    fw_assert(config->store && config->signer);
    if (fw_http_init())
        return FW_NO_MEMORY;
    struct fw_notify *n = calloc(1, sizeof *n);
    if (!n)
        return FW_NO_MEMORY;
    n->config = *config;
    set_defaults(&n->config);
    n->next.us = INT64_MAX;
    n->multi = curl_multi_init();
    if (!n->multi || fw_hosts_new(n->config.host_max, &n->hosts) ||
        curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)n->config.total_max) != CURLM_OK ||
        pthread_create(&n->thread, NULL, run, n) != 0) {
        free_all(n);
        return FW_NO_MEMORY;
    }
    fw_store_on_delivery(n->config.store, on_delivery, n);
    fw_notify_wake(n); /* for what was committed before that */
    *ret = n;
    return FW_OK;
}

void fw_notify_wake(struct fw_notify *n)
{
    atomic_store(&n->woken, true);
    curl_multi_wakeup(n->multi);
}

void fw_notify_stop(struct fw_notify *n)
{
    if (!n)
        return;
    fw_store_on_delivery(n->config.store, NULL, NULL);
    atomic_store(&n->stop, true);
    curl_multi_wakeup(n->multi);
    pthread_join(n->thread, NULL);
    free_all(n);
}
