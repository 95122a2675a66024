/* The notifier in the simulated world: it is a thread that runs only while the world waits for it, so that one seed
 * is still one run, and its HTTP library is one of ours. Receivers are good, slow, broken, dead, or by turns. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "notify/send.h"
#include "store/webhooks.h"
#include "world.h"

enum { SENDS_MAX = 64, TIMEOUT_MS = 2000, LOOK_MS = 10 * 1000 /* of the notifier, when nothing is due */ };

/* What is on its way, and how it will end. */
struct sending {
    CURL *easy;
    int64_t ends_us;
    CURLcode code;
    long status;
    struct sim_try *seen;
    bool given; /* to the notifier */
};

static struct {
    struct world *world;
    struct fw_notify *notify;
    struct fw_signer *signer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool starting, stopping, released;
    bool theirs; /* whose turn it is */
    bool woken;
    int wait_ms;
    int64_t polled_us;
    struct sending sends[SENDS_MAX];
    CURLMsg msg;
    void *(*run)(void *);
    uint64_t writes;  /* when `next_us` was read */
    int64_t next_us;
} told = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_perform(CURLM *multi, int *running);
CURLMsg *__wrap_curl_multi_info_read(CURLM *multi, int *left);
CURLMcode __wrap_curl_multi_poll(CURLM *multi, struct curl_waitfd *fds, unsigned count, int ms, int *ret);
CURLMcode __wrap_curl_multi_wakeup(CURLM *multi);
CURLcode __real_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);

static void wait_for_turn(bool theirs)
{
    while (told.theirs != theirs && !told.released)
        pthread_cond_wait(&told.changed, &told.lock);
}

static void give_turn(bool theirs)
{
    told.theirs = theirs;
    pthread_cond_broadcast(&told.changed);
}

static void *run_in_turn(void *arg)
{
    pthread_mutex_lock(&told.lock);
    wait_for_turn(true);
    pthread_mutex_unlock(&told.lock);
    return told.run(arg);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
    if (!told.starting)
        return __real_pthread_create(thread, attr, fn, arg);
    told.run = fn;
    return __real_pthread_create(thread, attr, run_in_turn, arg);
}

CURLMcode __wrap_curl_multi_poll(CURLM *multi, struct curl_waitfd *fds, unsigned count, int ms, int *ret)
{
    (void)multi, (void)fds, (void)count, (void)ret;
    pthread_mutex_lock(&told.lock);
    told.wait_ms = ms;
    give_turn(false);
    wait_for_turn(true);
    pthread_mutex_unlock(&told.lock);
    return CURLM_OK;
}

/* By whoever has the turn, or the store's writer while that one waits for it. */
CURLMcode __wrap_curl_multi_wakeup(CURLM *multi)
{
    (void)multi;
    pthread_mutex_lock(&told.lock);
    told.woken = true;
    told.released = told.stopping;
    pthread_cond_broadcast(&told.changed);
    pthread_mutex_unlock(&told.lock);
    return CURLM_OK;
}

static struct sending *find(const CURL *easy)
{
    for (int i = 0; i < SENDS_MAX; i++) {
        if (told.sends[i].easy == easy)
            return &told.sends[i];
    }
    return NULL;
}

static int fax_of(const struct world *w, const char *id)
{
    for (int i = 0; i < w->fax_count; i++) {
        if (strcmp(w->faxes[i].id, id) == 0)
            return i;
    }
    return -1;
}

static bool works(const struct world *w, const struct sim_receiver *r)
{
    if (r->manner == RECEIVER_DEAD || r->manner == RECEIVER_BROKEN || r->manner == RECEIVER_SILENT)
        return env_now_us() >= r->mended_us;
    return r->manner != RECEIVER_BY_TURNS || w->calm || env_now_us() / r->period_us % 2 == 0;
}

static void answer(struct world *w, struct sim_receiver *r, struct sending *s)
{
    int64_t takes_us = 20000 + (int64_t)env_draw(r->manner == RECEIVER_SLOW ? 3 * SECOND : 200000);
    s->code = CURLE_OK;
    s->status = works(w, r) ? 200 : 500;
    if (s->status == 500 && r->manner != RECEIVER_BROKEN) {
        s->code = r->manner == RECEIVER_SILENT ? CURLE_OPERATION_TIMEDOUT : CURLE_COULDNT_CONNECT;
        takes_us = r->manner == RECEIVER_SILENT ? TIMEOUT_MS * 1000LL : takes_us;
    }
    if (takes_us > TIMEOUT_MS * 1000LL) {
        takes_us = TIMEOUT_MS * 1000LL;
        s->code = CURLE_OPERATION_TIMEDOUT;
    }
    s->status = s->code ? 0 : s->status;
    s->ends_us = env_now_us() + takes_us;
}

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    struct world *w = told.world;
    struct fw_send *send = NULL;
    struct sending *s = find(NULL);
    int receiver = 0;
    (void)multi;
    __real_curl_easy_getinfo(easy, CURLINFO_PRIVATE, &send);
    const int fax = fax_of(w, send->delivery.event.fax);
    if (!s || fax < 0 || sscanf(send->url, "http://receiver-%d.example/", &receiver) != 1) {
        world_fault(w, "the simulation does not know what is sent to %s", send->url);
        return CURLM_OUT_OF_MEMORY;
    }
    struct sim_try *seen = check_told_begins(w, fax, &send->delivery, send->started_at, receiver);
    if (!seen)
        return CURLM_OUT_OF_MEMORY;
    *s = (struct sending){ .easy = easy, .seen = seen };
    answer(w, &w->receivers[receiver], s);
    return CURLM_OK;
}

CURLMcode __wrap_curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    struct sending *s = find(easy);
    (void)multi;
    if (s && !s->given)
        check_told_ends(told.world, s->seen, 0, true);
    if (s)
        *s = (struct sending){ 0 };
    return CURLM_OK;
}

CURLMcode __wrap_curl_multi_perform(CURLM *multi, int *running)
{
    (void)multi;
    *running = 1;
    return CURLM_OK;
}

CURLMsg *__wrap_curl_multi_info_read(CURLM *multi, int *left)
{
    (void)multi;
    *left = 0;
    for (int i = 0; i < SENDS_MAX; i++) {
        struct sending *s = &told.sends[i];
        if (!s->easy || s->given || s->ends_us > env_now_us())
            continue;
        s->given = true;
        check_told_ends(told.world, s->seen, (int)s->status, false);
        told.msg = (CURLMsg){ .msg = CURLMSG_DONE, .easy_handle = s->easy, .data.result = s->code };
        return &told.msg;
    }
    return NULL;
}

CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list args;
    va_start(args, info);
    void *ret = va_arg(args, void *);
    va_end(args);
    const struct sending *s = find(easy);
    if (info != CURLINFO_RESPONSE_CODE)
        return __real_curl_easy_getinfo(easy, info, ret);
    *(long *)ret = s ? s->status : 0;
    return CURLE_OK;
}

void told_start(struct world *w)
{
    char path[128];
    snprintf(path, sizeof path, "%s/key", w->dir);
    told.world = w;
    if (!told.signer && fw_signer_open(path, &told.signer))
        world_fault(w, "the simulation has no key");
    const struct fw_notify_config config = { .store = w->store, .signer = told.signer, .total_max = TOLD_AT_ONCE,
        .host_max = TOLD_HOST_MAX, .timeout_ms = TIMEOUT_MS,
        .schedule = { .first_ms = TOLD_FIRST_MS, .max_ms = TOLD_MAX_MS, .round_max = TOLD_ROUNDS } };
    for (int i = 0; i < RECEIVERS; i++)
        w->receivers[i].failures = 0; /* it knows nothing yet */
    told.theirs = told.stopping = told.released = false;
    told.starting = true;
    if (fw_notify_start(&config, &told.notify))
        world_fault(w, "the notifier does not start");
    told.starting = false;
    told.woken = true;
    told.writes = 0;
    told.polled_us = w->told_since_us = env_now_us();
}

void told_stop(void)
{
    if (!told.notify)
        return;
    pthread_mutex_lock(&told.lock);
    told.stopping = true;
    pthread_mutex_unlock(&told.lock);
    fw_notify_stop(told.notify);
    told.notify = NULL;
}

/* What the store has for it, when it only looks in from time to time. */
static int64_t next_in_store(const struct world *w)
{
    struct fw_delivery_page page = { 0 };
    struct fw_wall next = { INT64_MAX };
    if (told.writes == env_writes() + 1)
        return told.next_us;
    if (fw_store_delivery_due(w->store, fw_wall_now(), NULL, 0, 1, &page, &next))
        next = fw_wall_now();
    told.next_us = page.count > 0 || next.us <= fw_wall_now().us ? told.polled_us + LOOK_MS * 1000LL
                   : next.us == INT64_MAX                       ? INT64_MAX
                                                                : next.us - fw_wall_now().us + env_now_us();
    told.writes = env_writes() + 1;
    fw_delivery_page_done(&page);
    return told.next_us;
}

int64_t told_due(const struct world *w)
{
    int64_t due = INT64_MAX;
    if (!told.notify)
        return due;
    if (told.woken)
        return env_now_us();
    for (int i = 0; i < SENDS_MAX; i++) {
        if (told.sends[i].easy && told.sends[i].ends_us < due)
            due = told.sends[i].ends_us;
    }
    const int64_t polls_us = told.polled_us + told.wait_ms * 1000LL;
    if (due == INT64_MAX && told.wait_ms >= LOOK_MS)
        return next_in_store(w);
    return polls_us < due ? polls_us : due;
}

bool told_run(const struct world *w)
{
    if (told_due(w) > env_now_us())
        return false;
    told.woken = false;
    pthread_mutex_lock(&told.lock);
    give_turn(true);
    while (told.theirs)
        pthread_cond_wait(&told.changed, &told.lock);
    pthread_mutex_unlock(&told.lock);
    told.polled_us = env_now_us();
    told.writes = 0; /* by this look, what the store has is asked for anew */
    return true;
}

void told_wake(void)
{
    told.woken = true;
}

/* That of an event, or of a webhook that told it. */
static enum fw_err replay(struct world *w, const struct sim_fax *f, const struct fw_event *e)
{
    const int64_t account = w->accounts[f->application == 2];
    const struct fw_webhook_filter of_event = { .webhook = e->id };
    struct fw_webhook_page page = { 0 };
    char delivery[FW_UUID_SIZE];
    enum fw_err err = env_chance(500) ? fw_store_webhook_list(w->store, account, &of_event, 1, 1, &page) : FW_OK;
    if (!err && page.count > 0)
        err = fw_store_webhook_replay(w->store, account, page.items[0].id, fw_wall_now(), delivery);
    else if (!err)
        err = fw_store_event_replay(w->store, account, e->id, fw_wall_now(), delivery);
    fw_webhook_page_done(&page);
    return err;
}

void told_replay(struct world *w, int index)
{
    const struct sim_fax *f = &w->faxes[index];
    struct fw_event_page page = { 0 };
    int told_of = 0, kept[EVENTS_MAX];
    if (!f->accepted || !w->tells)
        return;
    if (fw_store_event_list(w->store, f->id, 0, EVENTS_MAX, &page))
        world_fault(w, "fax %s: its events cannot be read", f->id);
    for (int i = 0; i < page.count; i++) {
        if (fw_event_is_webhook(page.items[i].kind))
            kept[told_of++] = i;
    }
    if (told_of > 0) {
        const struct fw_event *e = &page.items[kept[env_draw((uint64_t)told_of)]];
        check_replayed(w, index, e->seq, replay(w, f, e));
    }
    fw_event_page_done(&page);
}

void told_close(void)
{
    told_stop();
    fw_signer_free(told.signer);
    told.signer = NULL;
}
