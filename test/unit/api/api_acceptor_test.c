/* acceptor.h: connections are spread over all threads, and the port is free again at the end. */
#include "test.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live.h"

enum { THREADS = 4 /* of live.c */, CONNECTIONS_MAX = 1024 /* of api/daemon.c */ };

static struct live       l;
static pthread_barrier_t all_here;

/* In a thread of the API, which it holds: four requests get through here only on four threads. */
static void hold(struct live *live)
{
    (void)live;
    (void)pthread_barrier_wait(&all_here);
}

struct client {
    int  fd;
    char answer[13]; /* its first bytes */
};

static void *send_one(void *arg)
{
    struct client *c = arg;
    char           body[300], request[800];
    const int      size = snprintf(body, sizeof body,
                                   "{\"connection_id\":\"%s\",\"to\":\"+13125550100\",\"from\":\"+13125550199\","
                                   "\"media_url\":\"http://127.0.0.1:9/a.pdf\"}", l.application);
    const int      all = snprintf(request, sizeof request,
                                  "POST /v2/faxes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                                  "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", l.key, size, body);
    if (send(c->fd, request, (size_t)all, MSG_NOSIGNAL) == all)
        (void)recv(c->fd, c->answer, sizeof c->answer - 1, MSG_WAITALL);
    return NULL;
}

static void one_thread_that_waits_keeps_no_one_else_waiting(void **state)
{
    (void)state;
    pthread_t     thread[THREADS];
    struct client client[THREADS] = { 0 };
    for (int i = 0; i < THREADS; i++)
        client[i].fd = raw_connect(&l);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, send_one, &client[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_string_equal(client[i].answer, "HTTP/1.1 202");
        close(client[i].fd);
    }
}

/* One more than may be open is not turned away: it is served when another goes. */
static void who_is_too_many_waits(void **state)
{
    (void)state;
    static int fd[CONNECTIONS_MAX + 1];
    char answer[13] = "";
    const struct rlimit wanted = { 4 * CONNECTIONS_MAX, 4 * CONNECTIONS_MAX };
    struct rlimit now;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    if (now.rlim_max < wanted.rlim_cur) {
        print_message("fewer than 4096 files may be open here\n");
        skip();
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ wanted.rlim_cur, now.rlim_max }), 0);
    for (int i = 0; i <= CONNECTIONS_MAX; i++)
        fd[i] = raw_connect(&l);
    const char request[] = "GET /v2/faxes HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(send(fd[CONNECTIONS_MAX], request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    close(fd[0]);
    assert_int_equal(recv(fd[CONNECTIONS_MAX], answer, sizeof answer - 1, MSG_WAITALL), sizeof answer - 1);
    assert_string_equal(answer, "HTTP/1.1 401");
    for (int i = 1; i <= CONNECTIONS_MAX; i++)
        close(fd[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void the_port_is_free_at_the_end(void **state)
{
    (void)state;
    const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(l.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    live_close(&l);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    close(fd);
}

static int open_api(void **state)
{
    (void)state;
    live_open(&l);
    l.on_accepted = hold;
    return pthread_barrier_init(&all_here, NULL, THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_that_waits_keeps_no_one_else_waiting),
        cmocka_unit_test(who_is_too_many_waits),
        cmocka_unit_test(the_port_is_free_at_the_end),
    };
    return cmocka_run_group_tests(tests, open_api, NULL);
}
