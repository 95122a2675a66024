/* Downloads against a server that behaves badly in every way we know. */
#include "media/fetch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"
#include "test.h"

struct world {
    struct test_server *server;
    atomic_int          second_requests; /* to places that redirects point to */
    pthread_mutex_t     lock;
    char                head[4096]; /* of the last request */
};
static struct world world = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void trickle(int fd)
{
    test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 600 && test_put(fd, "x"); i++)
        test_sleep_ms(50);
}

static void flood_headers(int fd)
{
    test_put(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20000 && test_put(fd, "X-Header-%d: %0200d\r\n", i, i); i++)
        ;
}

static void handle(void *arg, int fd, const struct test_request *r)
{
    struct world *w = arg;
    const char *p = r->path;
    if (strcmp(p, "/target") == 0)
        atomic_fetch_add(&w->second_requests, 1);
    pthread_mutex_lock(&w->lock);
    snprintf(w->head, sizeof w->head, "%.4000s", r->head);
    pthread_mutex_unlock(&w->lock);
    if (strncmp(p, "/ok", 3) == 0 || strcmp(p, "/target") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    else if (strcmp(p, "/unsized") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\n\r\nhello");
    else if (strcmp(p, "/redirect") == 0)
        test_put(
            fd,
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/target\r\nContent-Length: 2\r\n\r\nno",
            test_server_port(w->server));
    else if (strcmp(p, "/missing") == 0)
        test_put(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found");
    else if (strcmp(p, "/missing-large") == 0)
        test_put(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 900000\r\n\r\nnot found");
    else if (strcmp(p, "/large") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n%01001d", 0);
    else if (strcmp(p, "/large-unsized") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\n\r\n%01001d", 0);
    else if (strcmp(p, "/largest") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\n\r\n%01000d", 0);
    else if (strcmp(p, "/short") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
    else if (strcmp(p, "/trickle") == 0)
        trickle(fd);
    else if (strcmp(p, "/headers") == 0)
        flood_headers(fd);
    else if (strcmp(p, "/garbage") == 0)
        test_put(fd, "%s", "\x01\x02\x03 what is this\r\n\r\n");
}

static void last_head(char dst[4096])
{
    pthread_mutex_lock(&world.lock);
    memcpy(dst, world.head, sizeof world.head);
    world.head[0] = '\0';
    pthread_mutex_unlock(&world.lock);
}

static int start(void **state)
{
    (void)state;
    world.server = test_server_start(handle, &world);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    test_server_stop(world.server);
    return 0;
}

static const struct fw_fetch_limits usual = { .user_agent = "faxwire",
                                              .allow_private = true,
                                              .size_max = 1000,
                                              .connect_timeout_ms = 5000,
                                              .total_timeout_ms = 20000 };

static char got_text[2000];

static struct fw_fetch_result get_from(const char *host, const char *path,
                                       const struct fw_fetch_limits *limits)
{
    char url[256];
    struct fw_fetch_result r;
    snprintf(url, sizeof url, "http://%s:%d%s", host, test_server_port(world.server), path);
    FILE *file = tmpfile();
    assert_non_null(file);
    fw_fetch(url, fileno(file), limits, &r);
    rewind(file);
    got_text[fread(got_text, 1, sizeof got_text - 1, file)] = '\0';
    fclose(file);
    return r;
}

static struct fw_fetch_result get(const char *path) { return get_from("127.0.0.1", path, &usual); }

static void a_document_comes_whole(void **state)
{
    (void)state;
    struct fw_fetch_result r = get("/ok.pdf?a=b");
    CHECK_INT(r.end, FW_FETCH_OK);
    CHECK_INT(r.http_status, 200);
    CHECK_INT(r.size, 5);
    CHECK_TEXT(got_text, "hello");
    char head[4096];
    last_head(head);
    assert_non_null(strstr(head, "GET /ok.pdf?a=b HTTP/1.1\r\n"));
    assert_non_null(strstr(head, "User-Agent: faxwire\r\n"));
    CHECK_INT(get("/unsized").end, FW_FETCH_OK);
    CHECK_TEXT(got_text, "hello");
}

static void only_2xx_counts_and_redirects_are_not_followed(void **state)
{
    (void)state;
    atomic_store(&world.second_requests, 0);
    struct fw_fetch_result r = get("/redirect");
    CHECK_INT(r.end, FW_FETCH_FAILED);
    CHECK_INT(r.http_status, 302);
    assert_non_null(strstr(r.text, "redirects are not followed"));
    CHECK_TEXT(got_text, "");
    CHECK_INT(atomic_load(&world.second_requests), 0);
    r = get("/missing");
    CHECK_INT(r.end, FW_FETCH_FAILED);
    CHECK_TEXT(r.text, "answered HTTP 404");
    CHECK_TEXT(got_text, "");
    r = get("/missing-large");
    CHECK_INT(r.end, FW_FETCH_FAILED);
    CHECK_TEXT(r.text, "answered HTTP 404");
}

static void size_is_bounded_with_and_without_its_announcement(void **state)
{
    (void)state;
    CHECK_INT(get("/large").end, FW_FETCH_TOO_LARGE);
    CHECK_INT(get("/large-unsized").end, FW_FETCH_TOO_LARGE);
    CHECK(strlen(got_text) <= 1000);
    CHECK_INT(get("/largest").end, FW_FETCH_OK);
    CHECK_INT(strlen(got_text), 1000);
}

static void broken_answers_fail(void **state)
{
    (void)state;
    static const char *const paths[] = { "/short", "/garbage", "/closed", "/headers" };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        const struct fw_fetch_result r = get(paths[i]);
        if (r.end != FW_FETCH_FAILED || !r.text[0])
            fail_msg("%s: %d %s", paths[i], r.end, r.text);
    }
}

static void a_trickle_meets_the_time_limit(void **state)
{
    (void)state;
    struct fw_fetch_limits limits = usual;
    limits.total_timeout_ms = 300;
    limits.size_max = 1000000;
    const struct fw_fetch_result r = get_from("127.0.0.1", "/trickle", &limits);
    CHECK_INT(r.end, FW_FETCH_FAILED);
    assert_non_null(strstr(r.text, "timed out"));
}

static void *raise_stop(void *arg)
{
    test_sleep_ms(100);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void stop_breaks_off(void **state)
{
    (void)state;
    atomic_bool stop_now = false;
    struct fw_fetch_limits limits = usual;
    limits.size_max = 1000000;
    limits.stop = &stop_now;
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, raise_stop, &stop_now), 0);
    CHECK_INT(get_from("127.0.0.1", "/trickle", &limits).end, FW_FETCH_INTERRUPTED);
    pthread_join(thread, NULL);
}

static void private_addresses_are_refused_by_default(void **state)
{
    (void)state;
    struct fw_fetch_limits limits = usual;
    limits.allow_private = false;
    static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",
                                         "0x7f000001", "2130706433", "127.1", "169.254.169.254", "10.0.0.1" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        char head[4096];
        last_head(head);
        const struct fw_fetch_result r = get_from(hosts[i], "/ok", &limits);
        last_head(head);
        if (r.end != FW_FETCH_FAILED || !strstr(r.text, "not allowed") || head[0])
            fail_msg("%s: %d %s", hosts[i], r.end, r.text);
    }
    /* Never, even where private ones are allowed: the metadata service of clouds, "this host". */
    CHECK(strstr(get_from("169.254.169.254", "/ok", &usual).text, "not allowed"));
    CHECK(strstr(get_from("0.0.0.0", "/ok", &usual).text, "not allowed"));
    CHECK_INT(get_from("localhost", "/ok", &usual).end, FW_FETCH_OK);
}

static void the_environment_has_no_say(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
    CHECK_INT(get("/ok").end, FW_FETCH_OK);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void bad_urls_are_refused(void **state)
{
    (void)state;
    struct fw_fetch_result r;
    static const char *const urls[] = { "file:///etc/passwd", "http://a:b@127.0.0.1/",
                                        "ftp://127.0.0.1/", "x", "" };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        fw_fetch(urls[i], -1, &usual, &r);
        CHECK_INT(r.end, FW_FETCH_FAILED);
        CHECK(r.text[0]);
    }
}

static void a_full_disk_is_our_own_fault(void **state)
{
    (void)state;
    struct fw_fetch_result r;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", test_server_port(world.server));
    fw_fetch(url, -1, &usual, &r);
    CHECK_INT(r.end, FW_FETCH_LOCAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_whole),
        cmocka_unit_test(only_2xx_counts_and_redirects_are_not_followed),
        cmocka_unit_test(size_is_bounded_with_and_without_its_announcement),
        cmocka_unit_test(broken_answers_fail),
        cmocka_unit_test(a_trickle_meets_the_time_limit),
        cmocka_unit_test(stop_breaks_off),
        cmocka_unit_test(private_addresses_are_refused_by_default),
        cmocka_unit_test(the_environment_has_no_say),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(a_full_disk_is_our_own_fault),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
