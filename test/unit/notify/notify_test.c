/* Webhooks from a real store to real receivers that answer well, badly and not at all. */
#include "notify/notify.h"
#include "notify/hosts.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "server.h"
#include "signed.h"
#include "test.h"

enum { SEEN_MAX = 4096, PATIENCE_MS = 20000 };

struct seen {
    char path[128], type[40], fax[FW_UUID_SIZE], event[FW_UUID_SIZE], to[256];
    int  attempt;
    bool signed_well, accepted;
};

struct place {
    char dir[64];
    struct fw_store      *store;
    int64_t               account;
    struct fw_application application;
    struct fw_signer     *signer;
    struct test_server   *server;
    struct fw_notify     *notify;
    struct fw_notify_config config;
    pthread_mutex_t       lock;
    struct seen           seen[SEEN_MAX];
    int                   seen_count;
    int                   slow_now, slow_most; /* at the same time */
    atomic_bool           release;             /* lets the slow ones answer */
    atomic_bool           mended;              /* "/broken" answers 200 from now on */
};

/* Notes the request down; returns how many came to this path before. */
static int note(struct place *p, const struct test_request *r, int *ret_index)
{
    json_t *json = json_loads(r->body, 0, NULL);
    const char *type = "", *event = "", *fax = "", *to = "";
    struct seen one = { .signed_well = test_signed_well(p->signer, r) &&
                                       strcmp(test_header(r, "content-type"), "application/json") == 0 };
    json_unpack(json, "{s{ss ss s{ss}} s{si ss}}", "data", "event_type", &type, "id", &event, "payload",
                "fax_id", &fax, "meta", "attempt", &one.attempt, "delivered_to", &to);
    fw_text_clip(one.path, sizeof one.path, r->path);
    fw_text_clip(one.type, sizeof one.type, type);
    fw_text_clip(one.event, sizeof one.event, event);
    fw_text_clip(one.fax, sizeof one.fax, fax);
    fw_text_clip(one.to, sizeof one.to, to);
    json_decref(json);
    pthread_mutex_lock(&p->lock);
    int before = 0;
    for (int i = 0; i < p->seen_count; i++)
        before += strcmp(p->seen[i].path, one.path) == 0;
    if (p->seen_count == SEEN_MAX)
        abort();
    *ret_index = p->seen_count;
    p->seen[p->seen_count++] = one;
    pthread_mutex_unlock(&p->lock);
    return before;
}

static void accept_it(struct place *p, int index, int fd)
{
    pthread_mutex_lock(&p->lock);
    p->seen[index].accepted = true;
    pthread_mutex_unlock(&p->lock);
    test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void slow(struct place *p, int index, int fd)
{
    pthread_mutex_lock(&p->lock);
    p->slow_now++;
    p->slow_most = p->slow_now > p->slow_most ? p->slow_now : p->slow_most;
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < 3000 && !atomic_load(&p->release); i++)
        test_sleep_ms(10);
    pthread_mutex_lock(&p->lock);
    p->slow_now--;
    pthread_mutex_unlock(&p->lock);
    accept_it(p, index, fd);
}

static void handle(void *arg, int fd, const struct test_request *r)
{
    struct place *p = arg;
    int index = 0;
    const int before = note(p, r, &index);
    if (fw_text_starts(r->path, "/ok"))
        accept_it(p, index, fd);
    else if (fw_text_starts(r->path, "/second") && before >= 1)
        accept_it(p, index, fd);
    else if (fw_text_starts(r->path, "/broken") && atomic_load(&p->mended))
        accept_it(p, index, fd);
    else if (fw_text_starts(r->path, "/slow"))
        slow(p, index, fd);
    else if (fw_text_starts(r->path, "/redirect"))
        test_put(fd, "HTTP/1.1 307 Moved\r\nLocation: /ok-target\r\nContent-Length: 0\r\n\r\n");
    else if (fw_text_starts(r->path, "/large")) {
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
        for (int i = 0; i < 1024 && test_put(fd, "%01024d", 0); i++)
            ;
    } else if (!fw_text_starts(r->path, "/closes"))
        test_put(fd, "HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n");
}

static void open_store(struct place *p)
{
    struct fw_fault fault = { 0 };
    if (fw_store_open(p->dir, &fault, &p->store))
        fail_msg("%s", fault.message);
}

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    char path[128];
    snprintf(p->dir, sizeof p->dir, "/tmp/fw-notify-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(path, sizeof path, "%s/signing.key", p->dir);
    pthread_mutex_init(&p->lock, NULL);
    open_store(p);
    assert_int_equal(fw_store_account_ensure(p->store, "main", &p->account), FW_OK);
    p->application = (struct fw_application){ .account = p->account, .name = "test", .active = true,
                                              .webhook_timeout_secs = -1, .created_at = fw_wall_now() };
    fw_numeric_id_new(p->application.id);
    assert_int_equal(fw_signer_open(path, &p->signer), FW_OK);
    p->server = test_server_start(handle, p);
    p->config = (struct fw_notify_config){ .signer = p->signer, .allow_private = true, .timeout_ms = 30000,
                                           .schedule = { .first_ms = 20, .max_ms = 100, .round_max = 200 } };
    *state = p;
    return 0;
}

static void start_notify(struct place *p)
{
    p->config.store = p->store;
    assert_int_equal(fw_notify_start(&p->config, &p->notify), FW_OK);
}

static int close_place(void **state)
{
    struct place *p = *state;
    fw_notify_stop(p->notify);
    atomic_store(&p->release, true);
    test_server_stop(p->server);
    fw_store_close(p->store);
    fw_signer_free(p->signer);
    fw_dir_remove(p->dir, 4);
    pthread_mutex_destroy(&p->lock);
    free(p);
    return 0;
}

static void set_url(const struct place *p, char *dst, const char *path)
{
    if (path)
        snprintf(dst, FW_URL_MAX + 1, "http://127.0.0.1:%d%s", test_server_port(p->server), path);
}

static void make_application(struct place *p, const char *path, const char *failover)
{
    set_url(p, p->application.webhook_url, path);
    set_url(p, p->application.webhook_failover_url, failover);
    assert_int_equal(fw_store_application_create(p->store, &p->application), FW_OK);
}

/* Accepted, with its fax.queued; `path` of its own webhook_url or NULL. */
static struct fw_fax accept_fax(struct place *p, const char *path)
{
    struct fw_fax f = { .account = p->account,
                        .from = "+12005550100",
                        .to = "+12005550101",
                        .document_count = 1,
                        .black_threshold = 95,
                        .modem = -1,
                        .transport = -1,
                        .created_at = fw_wall_now() };
    f.updated_at = f.created_at;
    fw_uuid_new(f.created_at, f.id);
    memcpy(f.application, p->application.id, sizeof f.application);
    set_url(p, f.webhook_url, path);
    struct fw_event e;
    assert_int_equal(fw_event_make(&f, FW_EVENT_QUEUED, f.created_at, NULL, &e), FW_OK);
    assert_int_equal(fw_store_fax_accept(p->store, &f, &e), FW_OK);
    fw_event_done(&e);
    return f;
}

static void move_on(struct place *p, struct fw_fax *f, enum fw_status status, enum fw_event_kind kind)
{
    const enum fw_status expected = f->status;
    struct fw_event e;
    f->status = status;
    f->page_count = 1;
    assert_int_equal(fw_event_make(f, kind, fw_wall_now(), NULL, &e), FW_OK);
    assert_int_equal(fw_store_fax_save(p->store, f, expected, &e, 1), FW_OK);
    fw_event_done(&e);
}

/* How many are still to be told at any time to come. */
static int pending(struct place *p)
{
    struct fw_delivery_page page;
    struct fw_wall next;
    assert_int_equal(fw_store_delivery_due(p->store, (struct fw_wall){ INT64_MAX - 1 }, NULL, 0,
                                           1000, &page, &next),
                     FW_OK);
    const int count = page.count;
    fw_delivery_page_done(&page);
    return count;
}

static int count_seen(struct place *p, const char *path, bool accepted_only)
{
    int count = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->seen_count; i++)
        count += fw_text_starts(p->seen[i].path, path) && (p->seen[i].accepted || !accepted_only);
    pthread_mutex_unlock(&p->lock);
    return count;
}

static void wait_until_all_told(struct place *p)
{
    for (int ms = 0; pending(p) > 0; ms += 10) {
        if (ms > PATIENCE_MS)
            fail_msg("%d webhooks are still not told", pending(p));
        test_sleep_ms(10);
    }
}

static void wait_seen(struct place *p, const char *path, int count)
{
    for (int ms = 0; count_seen(p, path, false) < count; ms += 10) {
        if (ms > PATIENCE_MS)
            fail_msg("%s came %d times only", path, count_seen(p, path, false));
        test_sleep_ms(10);
    }
}

static void a_fax_is_told_in_order_and_signed(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    start_notify(p);
    struct fw_fax f = accept_fax(p, NULL);
    move_on(p, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED);
    move_on(p, &f, FW_STATUS_ORIGINATED, FW_EVENT_DIALLING); /* not told by webhook */
    move_on(p, &f, FW_STATUS_SENDING, FW_EVENT_SENDING_STARTED);
    move_on(p, &f, FW_STATUS_DELIVERED, FW_EVENT_DELIVERED);
    wait_until_all_told(p);
    static const char *const types[] = { "fax.queued", "fax.media.processed", "fax.sending.started",
                                         "fax.delivered" };
    CHECK_INT(p->seen_count, 4);
    for (int i = 0; i < 4; i++) {
        const struct seen *s = &p->seen[i];
        CHECK_TEXT(s->type, types[i]);
        CHECK_TEXT(s->fax, f.id);
        CHECK_TEXT(s->to, p->application.webhook_url);
        CHECK(fw_uuid_valid(s->event));
        CHECK_INT(s->attempt, 1);
        CHECK(s->signed_well);
    }
}

static void the_order_holds_while_it_is_retried(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    start_notify(p);
    struct fw_fax f = accept_fax(p, "/broken");
    move_on(p, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED);
    move_on(p, &f, FW_STATUS_FAILED, FW_EVENT_FAILED);
    wait_seen(p, "/broken", 3);
    /* Another fax of the same application is not held up. */
    accept_fax(p, "/ok-other");
    wait_seen(p, "/ok-other", 1);
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->seen_count; i++) {
        if (strcmp(p->seen[i].path, "/broken") == 0)
            CHECK_TEXT(p->seen[i].type, "fax.queued");
    }
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->mended, true);
    wait_until_all_told(p);
    static const char *const types[] = { "fax.queued", "fax.media.processed", "fax.failed" };
    int told = 0, attempt = 0;
    char first[FW_UUID_SIZE] = "";
    for (int i = 0; i < p->seen_count; i++) {
        const struct seen *s = &p->seen[i];
        if (strcmp(s->path, "/broken") != 0)
            continue;
        CHECK(s->signed_well);
        if (told == 0) { /* the same event again, counted */
            CHECK_INT(s->attempt, ++attempt);
            CHECK(attempt == 1 || strcmp(first, s->event) == 0);
            memcpy(first, s->event, sizeof first);
        }
        if (s->accepted)
            CHECK_TEXT(s->type, types[told++]);
    }
    CHECK_INT(told, 3);
    CHECK(attempt >= 4);
}

static void failures_of_many_kinds_are_retried(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.schedule.round_max = 3;
    start_notify(p);
    accept_fax(p, "/second");
    accept_fax(p, "/redirect");
    accept_fax(p, "/closes");
    accept_fax(p, "/large");
    wait_until_all_told(p); /* or given up after three */
    CHECK_INT(count_seen(p, "/second", false), 2);
    CHECK_INT(count_seen(p, "/redirect", false), 3);
    CHECK_INT(count_seen(p, "/ok-target", false), 0);
    CHECK_INT(count_seen(p, "/closes", false), 3);
    CHECK_INT(count_seen(p, "/large", false), 1);
}

static void the_failover_url_takes_over(void **state)
{
    struct place *p = *state;
    make_application(p, "/broken", "/ok-failover");
    start_notify(p);
    accept_fax(p, NULL);
    wait_until_all_told(p);
    CHECK_INT(p->seen_count, 2);
    CHECK_TEXT(p->seen[0].to, p->application.webhook_url);
    CHECK_INT(p->seen[0].attempt, 1);
    CHECK_TEXT(p->seen[1].to, p->application.webhook_failover_url);
    CHECK_INT(p->seen[1].attempt, 2);
    CHECK(p->seen[1].signed_well);
}

static void a_slow_receiver_meets_its_time_limit(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.timeout_ms = 100;
    start_notify(p);
    accept_fax(p, "/slow");
    wait_seen(p, "/slow", 2);
    CHECK_INT(pending(p), 1);
    atomic_store(&p->release, true);
    wait_until_all_told(p);
}

static void a_dead_receiver_does_not_hold_up_others(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.host_max = 2;
    struct test_server *other = test_server_start(handle, p);
    start_notify(p);
    for (int i = 0; i < 30; i++)
        accept_fax(p, "/slow"); /* all of one receiver; none answers before it is released */
    wait_seen(p, "/slow", 2);
    struct test_server *first = p->server;
    p->server = other;
    for (int i = 0; i < 5; i++)
        accept_fax(p, "/ok-other");
    p->server = first;
    wait_seen(p, "/ok-other", 5);
    CHECK_INT(count_seen(p, "/slow", true), 0);
    atomic_store(&p->release, true);
    wait_until_all_told(p);
    CHECK_INT(p->slow_most, 2);
    CHECK_INT(count_seen(p, "/slow", false), 30);
    fw_notify_stop(p->notify);
    p->notify = NULL;
    test_server_stop(other);
}

/* More wait for a dead receiver than are remembered: still the others are told. */
static void a_crowd_for_a_dead_receiver_does_not_hide_others(void **state)
{
    enum { CROWD = 400 };
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.timeout_ms = 50;
    p->config.schedule = (struct fw_notify_schedule){ .first_ms = 100, .max_ms = 400, .round_max = 1000 };
    struct test_server *other = test_server_start(handle, p);
    for (int i = 0; i < CROWD; i++)
        accept_fax(p, "/slow");
    struct test_server *first = p->server;
    p->server = other;
    accept_fax(p, "/ok-other");
    p->server = first;
    start_notify(p);
    wait_seen(p, "/ok-other", 1);
    CHECK(count_seen(p, "/slow", false) < CROWD);
    CHECK(pending(p) >= CROWD);
    atomic_store(&p->release, true);
    wait_until_all_told(p);
    fw_notify_stop(p->notify);
    p->notify = NULL;
    test_server_stop(other);
}

static void what_was_not_told_survives_a_restart(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.timeout_ms = 30000;
    start_notify(p);
    accept_fax(p, "/slow");
    accept_fax(p, "/broken");
    wait_seen(p, "/slow", 1);
    wait_seen(p, "/broken", 1);
    fw_notify_stop(p->notify); /* in the middle of a send */
    fw_store_close(p->store);
    open_store(p);
    CHECK_INT(pending(p), 2);
    atomic_store(&p->release, true);
    atomic_store(&p->mended, true);
    start_notify(p);
    wait_until_all_told(p);
    CHECK(count_seen(p, "/slow", false) >= 2);
}

static void private_receivers_are_refused_by_default(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    p->config.allow_private = false;
    p->config.schedule.round_max = 2;
    start_notify(p);
    accept_fax(p, NULL);
    wait_until_all_told(p); /* given up */
    CHECK_INT(p->seen_count, 0);
}

static void urls_that_cannot_be_called_are_given_up(void **state)
{
    struct place *p = *state;
    p->config.schedule.round_max = 2;
    make_application(p, NULL, NULL); /* no URL at all */
    start_notify(p);
    struct fw_fax f = accept_fax(p, NULL);
    move_on(p, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED);
    struct place other = *p;
    snprintf(other.application.webhook_url, sizeof other.application.webhook_url, "file:///etc/passwd");
    fw_numeric_id_new(other.application.id);
    assert_int_equal(fw_store_application_create(p->store, &other.application), FW_OK);
    accept_fax(&other, NULL);
    wait_until_all_told(p);
    CHECK_INT(p->seen_count, 0);
}

static void hundreds_are_told_once_each(void **state)
{
    struct place *p = *state;
    make_application(p, "/ok", NULL);
    start_notify(p);
    for (int i = 0; i < 300; i++)
        accept_fax(p, NULL);
    wait_until_all_told(p);
    CHECK_INT(p->seen_count, 300);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < i; k++)
            CHECK(strcmp(p->seen[i].event, p->seen[k].event) != 0);
    }
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)
int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_fax_is_told_in_order_and_signed),
        IN_PLACE(the_order_holds_while_it_is_retried),
        IN_PLACE(failures_of_many_kinds_are_retried),
        IN_PLACE(the_failover_url_takes_over),
        IN_PLACE(a_slow_receiver_meets_its_time_limit),
        IN_PLACE(a_dead_receiver_does_not_hold_up_others),
        IN_PLACE(a_crowd_for_a_dead_receiver_does_not_hide_others),
        IN_PLACE(what_was_not_told_survives_a_restart),
        IN_PLACE(private_receivers_are_refused_by_default),
        IN_PLACE(urls_that_cannot_be_called_are_given_up),
        IN_PLACE(hundreds_are_told_once_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
