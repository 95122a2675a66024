/* Framing, keys, routes, paging and many at once, over the wire. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live.h"
#include "test.h"

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

/* The head of a request that is fine but for `lines`; a second request follows it, so that a
 * reader that loses its place answers twice. */
static int head_of(const char *lines, const char *body, char *dst, size_t dst_size)
{
    return snprintf(
        dst, dst_size,
        "POST /v2/faxes HTTP/1.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n%s",
        l.key, lines, body);
}

static int answers_in(const char *text)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, "HTTP/1.1 ")); p++)
        count++;
    return count;
}

static void framing_that_two_readers_would_read_differently(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Host: a\r\nHost: b\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\n", /* no Host */
        "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        "Host: a\r\nContent-Length: 2\r\nContent-Length: 30\r\n",
        "Host: a\r\nContent-Length: 2, 2\r\n",
        "Host: a\r\nContent-Length: +2\r\n",
        "Host: a\r\nContent-Length: 2x\r\n",
        "Host: a\r\nContent-Length: 99999999999999999999\r\n",
        "Host: a\r\nContent-Length : 2\r\n",
        "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Host: a\r\nTransfer-Encoding: xchunked\r\n",
        "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
        "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: a\r\nTransfer-Encoding : chunked\r\n",
        "Host: a\r\nContent-Length: 2\r\nX: a\001b\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char request[1024], answer[4096];
        const int size =
            head_of(lines[i], "{}GET /health HTTP/1.1\r\nHost: a\r\n\r\n", request, sizeof request);
        raw(&l, request, (size_t)size, 3000, answer, sizeof answer);
        /* 413 is the library's, for a length that no number holds. */
        const bool refused =
            strncmp(answer, "HTTP/1.1 400", 12) == 0 || strncmp(answer, "HTTP/1.1 413", 12) == 0;
        if (!refused)
            print_error("%s\n-> %s\n", lines[i], answer);
        CHECK(refused);
        CHECK(strstr(answer, "{\"status\":\"ok\"}") == NULL); /* the second was not read */
    }
    CHECK_INT(fax_count(&l), 0);
}

static void good_framing_is_read_to_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *body;
    } good[] = {
        { "Host: a\r\nContent-Length: 2\r\n", "{}" },
        { "Host: a\r\nTransfer-Encoding: chunked\r\n", "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" },
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        char request[1024], answer[8192], body[256];
        snprintf(body, sizeof body,
                 "%sGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", good[i].body);
        const int size = head_of(good[i].lines, body, request, sizeof request);
        raw(&l, request, (size_t)size, 3000, answer, sizeof answer);
        CHECK(strncmp(answer, "HTTP/1.1 422", 12) == 0);
        CHECK_INT(answers_in(answer), 2);
        CHECK(strstr(answer, "{\"status\":\"ok\"}") != NULL);
    }
}

/* The client asks before it sends: it must be refused before. */
static void expect_is_answered_by_the_refusal(void **state)
{
    (void)state;
    char answer[4096];
    static const char request[] =
        "POST /v2/faxes HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n\r\n";
    raw(&l, request, sizeof request - 1, 3000, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 401", 12) == 0);
    CHECK_INT(answers_in(answer), 1);
}

static void keys(void **state)
{
    (void)state;
    const char *bad[] = { "", "KEYx", "a b", "KEY0123456789" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct answer a = ask(&l, &(struct ask){ .path = "/v2/faxes", .key = bad[i] });
        CHECK_INT(a.status, 401);
        CHECK_TEXT(error_code(&a, 0), "10009");
        CHECK(strstr(a.headers, "www-authenticate: Bearer") != NULL);
        answer_done(&a);
    }
    char answer[4096];
    static const char none[] = "GET /v2/faxes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    static const char basic[] =
        "GET /v2/faxes HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nConnection: close\r\n\r\n";
    raw(&l, none, sizeof none - 1, 3000, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 401", 12) == 0);
    raw(&l, basic, sizeof basic - 1, 3000, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 401", 12) == 0);
}

/* A client without 100-continue that writes all of a large document before it reads. */
static void a_refusal_is_readable_behind_a_large_body(void **state)
{
    (void)state;
    char *body = malloc(8 * 1024 * 1024);
    memset(body, 'a', 8 * 1024 * 1024 - 1);
    body[8 * 1024 * 1024 - 1] = '\0';
    char request[300], answer[4096];
    const int size = snprintf(
        request, sizeof request,
        "POST /v2/faxes HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
        8 * 1024 * 1024);
    char *all = malloc((size_t)size + 8 * 1024 * 1024);
    memcpy(all, request, (size_t)size);
    memcpy(all + size, body, 8 * 1024 * 1024);
    raw(&l, all, (size_t)size + 8 * 1024 * 1024, 5000, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 401", 12) == 0);
    free(all);
    free(body);
}

static void routes_and_methods(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        int status;
        const char *code;
    } cases[] = {
        { "GET", "/health", 200, "" },
        { "GET", "/v2/public_key", 200, "" },
        { "GET", "/", 404, "404" },
        { "GET", "/v2", 404, "404" },
        { "GET", "/v2/faxes/", 404, "404" },
        { "GET", "/v2//faxes", 404, "404" },
        { "GET", "/v2/faxes/x", 404, "404" },
        { "GET", "/v2/faxes/00000000-0000-4000-8000-000000000000", 404, "404" },
        { "GET", "/v2/faxes/00000000-0000-4000-8000-000000000000/events", 404, "404" },
        { "GET", "/v2/fax_applications/1", 404, "10005" },
        { "GET", "/v2/fax_applications/%2e%2e", 404, "10005" },
        { "PUT", "/v2/faxes", 405, "10030" },
        { "DELETE", "/v2/fax_applications", 405, "10030" },
        { "POST", "/health", 405, "10030" },
        { "GET", "/v2/faxes%", 400, "10015" },
        { "GET", "/v2/faxes?a=%0", 400, "10015" },
        { "GET", "/v2/faxes%00", 400, "10015" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a =
            ask(&l, &(struct ask){ .method = cases[i].method, .path = cases[i].path });
        if (a.status != cases[i].status)
            print_error("%s %s\n", cases[i].method, cases[i].path);
        CHECK_INT(a.status, cases[i].status);
        CHECK_TEXT(error_code(&a, 0), cases[i].code);
        CHECK(strstr(a.headers, "request-id") != NULL);
        if (a.status == 405)
            CHECK(strstr(a.headers,
                         cases[i].path[1] == 'h' ? "allow: GET\r" : "allow: POST, GET\r") != NULL);
        answer_done(&a);
    }
    char key[FW_PUBLIC_KEY_TEXT_SIZE];
    fw_signer_public_key(l.signer, key, sizeof key);
    struct answer a = get(&l, "/v2/public_key");
    CHECK_TEXT(json_string_value(json_object_get(json_object_get(a.json, "data"), "public_key")),
               key);
    answer_done(&a);
}

static void send_one(const char *to)
{
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"connection_id\":\"%s\",\"to\":\"%s\",\"from\":\"+13125550199\",\"media_url\":\"https://example.com/a\"}",
        l.application, to);
    struct answer a = post(&l, "/v2/faxes", "application/json", body);
    CHECK_INT(a.status, 202);
    answer_done(&a);
}

static void *send_ten(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++)
        send_one("+13125550101");
    return NULL;
}

static void many_at_once(void **state)
{
    (void)state;
    const int before = fax_count(&l), told = atomic_load(&l.accepted);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, send_ten, NULL), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(fax_count(&l), before + 80);
    CHECK_INT(atomic_load(&l.accepted), told + 80);
}

static int64_t meta(const struct answer *a, const char *name)
{
    const json_t *value = json_object_get(json_object_get(a->json, "meta"), name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

static void check_page(const char *query, int64_t number, int64_t size, int64_t pages,
                       int64_t total, size_t count)
{
    char path[512];
    snprintf(path, sizeof path, "/v2/faxes?%s", query);
    struct answer a = get(&l, path);
    if (a.status != 200 || meta(&a, "total_results") != total)
        print_error("%s\n%s\n", path, a.text);
    CHECK_INT(a.status, 200);
    CHECK_INT(meta(&a, "page_number"), number);
    CHECK_INT(meta(&a, "page_size"), size);
    CHECK_INT(meta(&a, "total_pages"), pages);
    CHECK_INT(meta(&a, "total_results"), total);
    CHECK_INT(json_array_size(json_object_get(a.json, "data")), count);
    answer_done(&a);
}

static void paging_and_filters(void **state)
{
    (void)state;
    const int total = fax_count(&l);
    for (int i = 0; i < 5; i++)
        send_one("+13125550777");
#define TO "filter%5Bto%5D%5Beq%5D=%2B13125550777"
    check_page(TO, 1, 20, 1, 5, 5);
    check_page("filter[to]=+13125550777&page[size]=2", 1, 2, 3, 5, 2);
    check_page(TO "&page[number]=3&page[size]=2", 3, 2, 3, 5, 1);
    check_page(TO "&page_number=2&page_size=2", 2, 2, 3, 5, 2);
    check_page(TO "&0=2&page%5Bsize%5D=3", 2, 3, 2, 5, 2);
    check_page(TO "&page[number]=9", 9, 20, 1, 5, 0);
    check_page(TO "&filter[direction][eq]=inbound", 1, 20, 1, 0, 0);
    check_page(TO "&filter[direction]=outbound&filter[from][eq]=%2B13125550199", 1, 20, 1, 5, 5);
    check_page(TO "&filter[created_at][gte]=2020-02-02T22:25:27.521992Z", 1, 20, 1, 5, 5);
    check_page(TO "&filter[created_at][lt]=2020-02-02", 1, 20, 1, 0, 0);
    check_page("page[size]=1", 1, 1, total + 5, total + 5, 1);
    static const char *const bad[] = {
        "page[size]=0",
        "page[size]=251",
        "page[number]=0",
        "page[number]=x",
        "page_number=-1",
        "filter[status][eq]=queueing",
        "filter[status]=failed,",
        "sort=to",
        "filter[created_at][eq]=2020-01-01",
        "filter[created_at][gt]=yesterday",
        "filter[direction]=up",
        "filter=x",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char path[512], parameter[64];
        snprintf(path, sizeof path, "/v2/faxes?%s", bad[i]);
        snprintf(parameter, sizeof parameter, "%.*s", (int)strcspn(bad[i], "="), bad[i]);
        struct answer a = get(&l, path);
        CHECK_INT(a.status, 400);
        CHECK_TEXT(error_parameter(&a, 0), parameter);
        answer_done(&a);
    }
}

static void applications(void **state)
{
    (void)state;
    struct answer a = post(
        &l, "/v2/fax_applications", "application/json",
        "{\"application_name\":\"router\",\"webhook_event_url\":\"https://example.com\","
        "\"webhook_timeout_secs\":null,\"tags\":[\"a\",\"b\"],\"inbound\":{\"channel_limit\":10,"
        "\"sip_subdomain\":\"example\"},\"anchorsite_override\":\"London, UK\"}");
    CHECK_INT(a.status, 201);
    const json_t *data = json_object_get(a.json, "data");
    json_t *expected = json_pack(
        "{ss sb ss ss sn s[ss] s{si ss ss} s{sn sn} ss ss}", "record_type", "fax_application",
        "active", 1, "webhook_event_url", "https://example.com", "webhook_event_failover_url", "",
        "webhook_timeout_secs", "tags", "a", "b", "inbound", "channel_limit", 10, "sip_subdomain",
        "example", "sip_subdomain_receive_settings", "from_anyone", "outbound", "channel_limit",
        "outbound_voice_profile_id", "anchorsite_override", "London, UK", "application_name",
        "router");
    const char *key;
    json_t *value;
    json_object_foreach (expected, key, value)
        CHECK(json_equal(value, json_object_get(data, key)));
    json_decref(expected);

    char path[100];
    snprintf(path, sizeof path, "/v2/fax_applications/%s",
             json_string_value(json_object_get(data, "id")));
    struct answer b = get(&l, path);
    CHECK_INT(b.status, 200);
    CHECK(json_equal(data, json_object_get(b.json, "data")));
    answer_done(&b);
    b = get(&l, "/v2/fax_applications?page%5Bsize%5D=1");
    CHECK_INT(meta(&b, "total_results"), 2);
    CHECK_INT(meta(&b, "total_pages"), 2);
    CHECK(json_equal(data, json_array_get(json_object_get(b.json, "data"), 0)));
    answer_done(&b);
    answer_done(&a);

    a = post(
        &l, "/v2/fax_applications", "application/x-www-form-urlencoded",
        "application_name=form&webhook_event_url=https://example.com&active=false&outbound[channel_limit]=3");
    CHECK_INT(a.status, 201);
    data = json_object_get(a.json, "data");
    CHECK(json_is_false(json_object_get(data, "active")));
    CHECK_INT(
        json_integer_value(json_object_get(json_object_get(data, "outbound"), "channel_limit")), 3);
    char body[400];
    snprintf(body, sizeof body,
             "connection_id=%s&to=%%2B13125550100&from=%%2B13125550100&media_url=http://a/b",
             json_string_value(json_object_get(data, "id")));
    answer_done(&a);
    a = post(&l, "/v2/faxes", "application/x-www-form-urlencoded", body); /* it is not active */
    CHECK_INT(a.status, 422);
    CHECK_TEXT(error_pointer(&a, 0), "/connection_id");
    answer_done(&a);

    a = post(
        &l, "/v2/fax_applications", "application/json",
        "{\"webhook_event_url\":\"x\",\"webhook_timeout_secs\":31,\"inbound\":{\"channel_limit\":-1},\"tags\":[1]}");
    CHECK_INT(a.status, 422);
    static const char *const pointers[] = { "/application_name", "/webhook_event_url",
                                            "/webhook_timeout_secs", "/inbound/channel_limit",
                                            "/tags/0" };
    CHECK_INT(json_array_size(json_object_get(a.json, "errors")), ARRAY_LEN(pointers));
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
        CHECK_TEXT(error_pointer(&a, i), pointers[i]);
    answer_done(&a);
}

/* Another account's key sees nothing of this one. */
static void accounts_are_apart(void **state)
{
    (void)state;
    int64_t other = 0;
    char hash[FW_TEXT_SIZE];
    CHECK_INT(fw_store_account_ensure(l.store, "other", &other), FW_OK);
    memcpy(hash, "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a",
           65); /* of "k" */
    CHECK_INT(fw_store_key_ensure(l.store, other, hash), FW_OK);
    struct answer a = ask(&l, &(struct ask){ .path = "/v2/faxes", .key = "k" });
    CHECK_INT(a.status, 200);
    CHECK_INT(meta(&a, "total_results"), 0);
    CHECK_INT(meta(&a, "total_pages"), 1);
    answer_done(&a);
    char path[100];
    snprintf(path, sizeof path, "/v2/fax_applications/%s", l.application);
    a = ask(&l, &(struct ask){ .path = path, .key = "k" });
    CHECK_INT(a.status, 404);
    answer_done(&a);
}

static void the_port_may_be_taken(void **state)
{
    (void)state;
    struct fw_api *second = NULL;
    struct fw_fault fault = { 0 };
    char uploads[128];
    snprintf(uploads, sizeof uploads, "%s/other", l.dir);
    struct fw_api_config config = { .store = l.store, .upload_dir = uploads, .port = l.port };
    CHECK_INT(fw_api_start(&config, &fault, &second), FW_CONFLICT);
    CHECK(strstr(fault.message, "in use") != NULL);
    config.listen_host = "192.0.2.1";
    CHECK_INT(fw_api_start(&config, &fault, &second), FW_INVALID);
    CHECK(second == NULL);
}

/* A body that is still coming when the stop begins is read, and answered. */
static void *send_late(void *arg)
{
    const int fd = *(int *)arg;
    poll(NULL, 0, 300);
    CHECK(send(fd, "{}", 2, MSG_NOSIGNAL) == 2);
    return NULL;
}

static void stop_lets_requests_finish(void **state)
{
    (void)state;
    struct live own;
    char request[1024], answer[4096];
    live_open(&own);
    const int size = snprintf(request, sizeof request,
                              "POST /v2/faxes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n",
                              own.key);
    int fd = raw_connect(&own);
    CHECK(send(fd, request, (size_t)size, MSG_NOSIGNAL) == size);
    poll(NULL, 0, 300);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, send_late, &fd), 0);
    fw_api_stop(own.api);
    pthread_join(thread, NULL);
    const ssize_t got = read(fd, answer, sizeof answer - 1);
    CHECK(got > 12 && strncmp(answer, "HTTP/1.1 422", 12) == 0);
    close(fd);
    own.api = NULL;
    live_close(&own);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(framing_that_two_readers_would_read_differently),
        cmocka_unit_test(good_framing_is_read_to_its_end),
        cmocka_unit_test(expect_is_answered_by_the_refusal),
        cmocka_unit_test(keys),
        cmocka_unit_test(a_refusal_is_readable_behind_a_large_body),
        cmocka_unit_test(routes_and_methods),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(paging_and_filters),
        cmocka_unit_test(applications),
        cmocka_unit_test(accounts_are_apart),
        cmocka_unit_test(the_port_may_be_taken),
        cmocka_unit_test(stop_lets_requests_finish),
    };
    return cmocka_run_group_tests(cases, open_live, close_live);
}
