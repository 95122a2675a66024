/* Events for those who ask: each exactly once per cursor whoever writes, waited for without a thread. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "api/waiters.h"
#include "fax/fax_json.h"
#include "live.h"
#include "store/feed.h"
#include "test.h"

enum { WRITERS = 6, FAXES = 30, READERS = 8, TOTAL = WRITERS * FAXES * 2 };

static struct live l;

static int open_live(void **state)
{
    (void)state;
    live_open(&l);
    return 0;
}

static int close_live(void **state)
{
    (void)state;
    live_close(&l);
    return 0;
}

/* One fax: fax.queued, then call.dialling (told only when asked for) and fax.media.processed. */
static void write_fax(void)
{
    struct fw_fax f = { .account = l.account, .modem = -1, .transport = -1 };
    struct fw_event first = { 0 }, more[2] = { { 0 } };
    f.created_at = f.updated_at = f.due = fw_wall_now();
    fw_uuid_new(f.created_at, f.id);
    fw_text_clip(f.application, sizeof f.application, l.application);
    snprintf(f.from, sizeof f.from, "+12025550123");
    snprintf(f.to, sizeof f.to, "+12005550100");
    CHECK_INT(fw_event_make(&f, FW_EVENT_QUEUED, f.created_at, NULL, &first), FW_OK);
    CHECK_INT(fw_store_fax_accept(l.store, &f, &first), FW_OK);
    f.status = FW_STATUS_MEDIA_PROCESSED;
    CHECK_INT(fw_event_make(&f, FW_EVENT_DIALLING, f.created_at, NULL, &more[0]), FW_OK);
    CHECK_INT(fw_event_make(&f, FW_EVENT_MEDIA_PROCESSED, f.created_at, NULL, &more[1]), FW_OK);
    CHECK_INT(fw_store_fax_save(l.store, &f, FW_STATUS_QUEUED, more, 2), FW_OK);
    fw_event_done(&first);
    fw_event_done(&more[0]);
    fw_event_done(&more[1]);
}

static void *writer(void *arg)
{
    (void)arg;
    for (int i = 0; i < FAXES; i++)
        write_fax();
    return NULL;
}

struct reader {
    int index, count, polls;
    int64_t seqs[TOTAL + 8];
    bool bad;
};

/* Reads on after its own cursor, pages of its own size, until it has all. */
static void *reader(void *arg)
{
    struct reader *r = arg;
    char path[128], cursor[24] = "0";
    while (!r->bad && r->count < TOTAL && ++r->polls < 20 * TOTAL) {
        snprintf(path, sizeof path, "/v2/events?after=%s&wait=20&limit=%d", cursor, 1 + r->index * 7);
        struct answer a = get(&l, path);
        size_t i;
        json_t *event;
        json_array_foreach (json_object_get(a.json, "data"), i, event) {
            if (r->count < TOTAL + 8)
                r->seqs[r->count++] = json_integer_value(json_object_get(event, "seq"));
        }
        const char *next = json_string_value(json_object_get(json_object_get(a.json, "meta"), "cursor"));
        r->bad = a.status != 200 || !next;
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        answer_done(&a);
    }
    return NULL;
}

static void each_reader_sees_each_event_once(void **state)
{
    (void)state;
    static struct reader readers[READERS];
    pthread_t writing[WRITERS], reading[READERS];
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .index = i };
        CHECK_INT(pthread_create(&reading[i], NULL, reader, &readers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        CHECK_INT(pthread_create(&writing[i], NULL, writer, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writing[i], NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(reading[i], NULL);
    for (int i = 0; i < READERS; i++) {
        CHECK(!readers[i].bad);
        CHECK_INT(readers[i].count, TOTAL);
        for (int j = 1; j < TOTAL; j++)
            CHECK(readers[i].seqs[j] > readers[i].seqs[j - 1]);
        CHECK(memcmp(readers[i].seqs, readers[0].seqs, sizeof readers[0].seqs) == 0);
    }
}

static json_int_t data_count(const char *path)
{
    struct answer a = get(&l, path);
    CHECK_INT(a.status, 200);
    const json_int_t count = (json_int_t)json_array_size(json_object_get(a.json, "data"));
    answer_done(&a);
    return count;
}

static void filters_and_what_is_refused(void **state)
{
    (void)state;
    write_fax();
    CHECK_INT(data_count("/v2/events"), 2);
    CHECK_INT(data_count("/v2/events?limit=1"), 1);
    CHECK_INT(data_count("/v2/events?filter[event_type]=call.dialling"), 1);
    CHECK_INT(data_count("/v2/events?filter[event_type]=call.dialling,fax.queued,fax.media.processed"), 3);
    CHECK_INT(data_count("/v2/events?after=latest"), 0);
    static const char *const bad[] = {
        "after=-1", "after=x", "after=99999", "wait=61", "wait=x", "limit=0", "limit=251",
        "consumer=a/b", "filter[event_type]=fax.lost", "filter[odd]=1",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char path[128];
        snprintf(path, sizeof path, "/v2/events?%s", bad[i]);
        struct answer a = get(&l, path);
        CHECK_INT(a.status, 400);
        answer_done(&a);
    }
}

static const char *cursor_of(const struct answer *a)
{
    const char *text = json_string_value(json_object_get(json_object_get(a->json, "meta"), "cursor"));
    return text ? text : "";
}

static void acknowledge(const char *name, const char *cursor, int status, const char *now_at)
{
    char body[200];
    snprintf(body, sizeof body, "{\"consumer\":\"%s\",\"cursor\":\"%s\"}", name, cursor);
    struct answer a = post(&l, "/v2/events/actions/acknowledge", "application/json", body);
    CHECK_INT(a.status, status);
    if (now_at)
        CHECK_TEXT(json_string_value(json_object_get(json_object_get(a.json, "data"), "cursor")), now_at);
    answer_done(&a);
}

static void a_consumer_goes_on_where_it_said(void **state)
{
    (void)state;
    write_fax();
    CHECK_INT(data_count("/v2/events?consumer=desk"), 2);
    CHECK_INT(data_count("/v2/events?consumer=desk"), 2); /* reading is not saying so */
    struct answer a = get(&l, "/v2/events?consumer=desk&limit=1");
    char first[24];
    snprintf(first, sizeof first, "%s", cursor_of(&a));
    answer_done(&a);
    acknowledge("desk", first, 200, first);
    CHECK_INT(data_count("/v2/events?consumer=desk"), 1);
    CHECK_INT(data_count("/v2/events?consumer=other"), 2);
    CHECK_INT(data_count("/v2/events?consumer=desk&after=0"), 2);
    acknowledge("desk", "0", 200, first); /* it never goes back */
    acknowledge("desk", "99999", 422, NULL);
    acknowledge("desk", "x", 422, NULL);
    acknowledge("a b", first, 422, NULL);
    CHECK_INT(data_count("/v2/event_consumers"), 1);
    for (int i = 1; i < FW_CONSUMERS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%d", i);
        acknowledge(name, first, 200, first);
    }
    acknowledge("one-too-many", first, 422, NULL);
    acknowledge("desk", first, 200, first);
    a = ask(&l, &(struct ask){ .method = "DELETE", .path = "/v2/event_consumers/desk" });
    CHECK_INT(a.status, 204);
    answer_done(&a);
    a = ask(&l, &(struct ask){ .method = "DELETE", .path = "/v2/event_consumers/desk" });
    CHECK_INT(a.status, 404);
    answer_done(&a);
    CHECK_INT(data_count("/v2/events?consumer=desk"), 2);
}

struct poll {
    pthread_t thread;
    const char *path, *key;
    struct answer answer;
    int64_t ms;
};

static void *poll_once(void *arg)
{
    struct poll *p = arg;
    const int64_t start = fw_mono_now().us;
    p->answer = ask(&l, &(struct ask){ .path = p->path, .key = p->key });
    p->ms = (fw_mono_now().us - start) / 1000;
    return NULL;
}

static void start_polls(struct poll *polls, int count, const char *path, const char *key)
{
    for (int i = 0; i < count; i++) {
        polls[i] = (struct poll){ .path = path, .key = key };
        CHECK_INT(pthread_create(&polls[i].thread, NULL, poll_once, &polls[i]), 0);
    }
}

static void wait_for_waiting(int count)
{
    while (fw_api_waiting(l.api) != count)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void other_key(char key[FW_SECRET_SIZE])
{
    char hash[FW_SHA256_HEX_SIZE];
    int64_t account;
    CHECK_INT(fw_store_account_ensure(l.store, "other", &account), FW_OK);
    fw_secret_new(key);
    fw_sha256_hex(fw_span_of(key), hash);
    CHECK_INT(fw_store_key_ensure(l.store, account, hash), FW_OK);
}

/* Sixty wait with the API's four threads, which go on serving; another account's one sees nothing. */
static void those_who_wait_hold_no_thread(void **state)
{
    (void)state;
    enum { POLLS = 60 };
    static struct poll polls[POLLS], stranger;
    char key[FW_SECRET_SIZE];
    other_key(key);
    start_polls(polls, POLLS, "/v2/events?wait=50", NULL);
    wait_for_waiting(POLLS);
    for (int i = 0; i < 50; i++)
        CHECK_INT(data_count("/v2/faxes"), 0);
    start_polls(&stranger, 1, "/v2/events?wait=2", key);
    wait_for_waiting(POLLS + 1);
    write_fax();
    for (int i = 0; i < POLLS; i++) {
        pthread_join(polls[i].thread, NULL);
        CHECK_INT(polls[i].answer.status, 200);
        CHECK(json_array_size(json_object_get(polls[i].answer.json, "data")) >= 1);
        answer_done(&polls[i].answer);
    }
    pthread_join(stranger.thread, NULL);
    CHECK_INT(json_array_size(json_object_get(stranger.answer.json, "data")), 0);
    answer_done(&stranger.answer);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    static struct poll polls[FW_WAITERS_ACCOUNT_MAX];
    char key[FW_SECRET_SIZE];
    other_key(key);
    start_polls(polls, FW_WAITERS_ACCOUNT_MAX, "/v2/events?wait=50", NULL);
    wait_for_waiting(FW_WAITERS_ACCOUNT_MAX);
    struct answer a = get(&l, "/v2/events?wait=50");
    CHECK_INT(a.status, 429);
    CHECK_TEXT(error_code(&a, 0), "10011");
    CHECK(strstr(a.headers, "retry-after: 1"));
    answer_done(&a);
    CHECK_INT(data_count("/v2/events"), 0); /* who does not wait is served */
    a = ask(&l, &(struct ask){ .path = "/v2/events?wait=1", .key = key });
    CHECK_INT(a.status, 200); /* and so are others */
    answer_done(&a);
    write_fax();
    for (int i = 0; i < FW_WAITERS_ACCOUNT_MAX; i++) {
        pthread_join(polls[i].thread, NULL);
        CHECK_INT(polls[i].answer.status, 200);
        answer_done(&polls[i].answer);
    }
}

/* One that hung up makes room: it is not kept until its time is over. */
static void who_hangs_up_is_forgotten(void **state)
{
    (void)state;
    char text[400];
    const int fd = raw_connect(&l);
    const int size = snprintf(text, sizeof text, "GET /v2/events?wait=60 HTTP/1.1\r\nHost: x\r\n"
                              "Authorization: Bearer %s\r\n\r\n", l.key);
    CHECK_INT(write(fd, text, (size_t)size), size);
    wait_for_waiting(1);
    close(fd);
    wait_for_waiting(0);
}

/* Far less than the 50 s that they asked for, however slow the machine. */
static void a_stop_answers_all_at_once(void **state)
{
    (void)state;
    enum { POLLS = 20 };
    static struct poll polls[POLLS];
    start_polls(polls, POLLS, "/v2/events?wait=50", NULL);
    wait_for_waiting(POLLS);
    fw_api_stop(l.api);
    l.api = NULL;
    for (int i = 0; i < POLLS; i++) {
        pthread_join(polls[i].thread, NULL);
        CHECK_INT(polls[i].answer.status, 200);
        CHECK(strstr(polls[i].answer.headers, "close"));
        CHECK(polls[i].ms < 45000);
        answer_done(&polls[i].answer);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(each_reader_sees_each_event_once, open_live, close_live),
        cmocka_unit_test_setup_teardown(filters_and_what_is_refused, open_live, close_live),
        cmocka_unit_test_setup_teardown(a_consumer_goes_on_where_it_said, open_live, close_live),
        cmocka_unit_test_setup_teardown(those_who_wait_hold_no_thread, open_live, close_live),
        cmocka_unit_test_setup_teardown(too_many_are_refused, open_live, close_live),
        cmocka_unit_test_setup_teardown(who_hangs_up_is_forgotten, open_live, close_live),
        cmocka_unit_test_setup_teardown(a_stop_answers_all_at_once, open_live, close_live),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
