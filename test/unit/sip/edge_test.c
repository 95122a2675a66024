/* The loop of the SIP stack, and what else is watched in it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/edge.h"
#include "test.h"

enum { BUSY = 100, A_TURN = 8, REQUESTS = 20, TURNS_MAX = 2000, STOP_MS = 2000 };

struct world {
    struct fw_sip *sip;
    uint16_t       port;
    int            fds[BUSY]; /* readable for good */
    unsigned       calls[BUSY], all;
    int            gone; /* what the callback of the first one unwatches; -1: nothing */
};

static void on_event(void *arg, const struct fw_sip_event *event)
{
    (void)arg, (void)event;
}

static void on_busy(void *arg, int fd)
{
    struct world *w = arg;
    for (int i = 0; i < BUSY; i++)
        w->calls[i] += w->fds[i] == fd;
    w->all++;
    if (fd == w->fds[0] && w->gone >= 0)
        fw_sip_unwatch(w->sip, w->fds[w->gone]);
}

static void open_world(struct world *w)
{
    const struct fw_sip_port port = { .event = on_event, .arg = w };
    const struct fw_sip_config config = { .host = "127.0.0.1", .user_agent = "edge_test" };
    struct fw_fault fault = { 0 };
    *w = (struct world){ .gone = -1 };
    CHECK_INT(fw_sip_new(&port, -1, &w->sip), FW_OK);
    CHECK_INT(fw_sip_bind(w->sip, &config, &w->port, &fault), FW_OK);
    for (int i = 0; i < BUSY; i++) {
        w->fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        CHECK(w->fds[i] >= 0);
        CHECK_INT(fw_sip_watch(w->sip, w->fds[i], on_busy, w), FW_OK);
    }
}

static void close_world(struct world *w)
{
    for (int i = 0; i < BUSY; i++) {
        fw_sip_unwatch(w->sip, w->fds[i]);
        close(w->fds[i]);
    }
    fw_sip_stop(w->sip, STOP_MS);
    fw_sip_free(w->sip);
}

static int caller(uint16_t port)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_INT(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void ask(int fd, int number)
{
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    char text[600];
    CHECK_INT(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    const int length = snprintf(text, sizeof text,
                                "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%d\r\n"
                                "Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=%d\r\nTo: <sip:x@127.0.0.1>\r\n"
                                "Call-ID: %d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                                ntohs(own.sin_port), number, number, number);
    CHECK_INT(send(fd, text, (size_t)length, 0), length);
}

/* The stack reads one message when its turn comes, and beside a hundred equals it would come after each of them. */
static void who_is_busy_leaves_the_stack_its_share(void **state)
{
    (void)state;
    struct world w;
    char text[4096];
    int answers = 0;
    open_world(&w);
    const int fd = caller(w.port);
    for (int i = 0; i < REQUESTS; i++)
        ask(fd, i);
    for (int i = 0; i < TURNS_MAX && answers < REQUESTS; i++) {
        fw_sip_turn(w.sip, 0);
        while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0)
            answers++;
    }
    CHECK_INT(answers, REQUESTS);
    CHECK(w.all <= 2 * A_TURN * REQUESTS);
    close(fd);
    close_world(&w);
}

static void each_of_them_has_its_turn(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    for (int i = 0; i < TURNS_MAX && w.all < 10 * BUSY; i++)
        fw_sip_turn(w.sip, 0);
    for (int i = 0; i < BUSY; i++)
        CHECK(w.calls[i] == w.all / BUSY || w.calls[i] == w.all / BUSY + 1);
    close_world(&w);
}

static void what_another_unwatched_is_not_called(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    w.gone = 1;
    for (int i = 0; i < TURNS_MAX && w.calls[0] < 3; i++)
        fw_sip_turn(w.sip, 0);
    CHECK_INT(w.calls[0], 3);
    CHECK_INT(w.calls[1], 0);
    CHECK(w.calls[2] >= 2);
    CHECK_INT(fw_sip_watch(w.sip, w.fds[1], on_busy, &w), FW_OK); /* its place is free again */
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(who_is_busy_leaves_the_stack_its_share),
        cmocka_unit_test(each_of_them_has_its_turn),
        cmocka_unit_test(what_another_unwatched_is_not_called),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
