/* A re-INVITE of ours without an answer: two calls over loopback in time that the test makes, so that a far end can be
 * silent for half a minute at once. */
#include "modem/call.h"
#include "base/file.h"
#include "pair.h"
#include "test.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLING, ANSWERING, SIDES, SECOND = 50 /* ticks */ };

struct side_call {
    struct fw_modem_call *call;
    struct fw_msg_fax_result result;
    uint32_t told[FW_MSG_KIND_COUNT];
    uint16_t port;
    int fd;
};

static struct side_call sides[SIDES];
static struct fw_mono now;
static char folder[PAIR_PATH];

static void report(void *arg, const struct fw_msg *msg)
{
    struct side_call *s = arg;
    s->told[msg->kind]++;
    if (msg->kind == FW_MSG_KIND_FAX_RESULT)
        s->result = msg->fax_result;
}

static int socket_at(uint16_t *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void open_side(int i)
{
    struct fw_msg_media_open open = { .modem = 1, .calling = i == CALLING, .page_count = i == CALLING, .ecm = 1,
                                      .codec = FW_CODEC_PCMU, .peer_port = sides[1 - i].port,
                                      .call_limit_ms = 600000 };
    snprintf(open.call, sizeof open.call, "side%d", i);
    strcpy(open.tx_file, i == CALLING ? "tx.tif" : "");
    strcpy(open.peer_host, "127.0.0.1");
    CHECK_INT(fw_modem_call_new(&open, sides[i].fd, 4 << 20, report, &sides[i], &sides[i].call), FW_OK);
}

static int start(void **state)
{
    (void)state;
    char path[PAIR_PATH + 16];
    memset(sides, 0, sizeof sides);
    snprintf(folder, sizeof folder, "/tmp/pending_test.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    CHECK_INT(chdir(folder), 0);
    snprintf(path, sizeof path, "%s/tx.tif", folder);
    page_file_make(path, 1, 100, false);
    now.us = 1000000;
    for (int i = 0; i < SIDES; i++)
        sides[i].fd = socket_at(&sides[i].port);
    for (int i = 0; i < SIDES; i++)
        open_side(i);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < SIDES; i++)
        fw_modem_call_close(sides[i].call);
    CHECK_INT(chdir("/"), 0);
    fw_dir_remove(folder, 2);
    return 0;
}

/* 20 ms for those of `which` (bits); the others hear nothing and say nothing. */
static void tick(unsigned which)
{
    now.us += FW_MODEM_TICK_US;
    for (int i = 0; i < SIDES; i++) {
        struct fw_modem_call *c = sides[i].call;
        fw_modem_call_readable(c, now);
        if (which & 1u << i)
            fw_modem_call_tick(c, now);
        if (fw_modem_call_has_work(c))
            fw_modem_call_work(c, now);
    }
}

static void run(unsigned which, int ticks)
{
    for (int i = 0; i < ticks; i++)
        tick(which);
}

static void run_until(int side, enum fw_msg_kind kind, int seconds)
{
    for (int i = 0; i < seconds * SECOND && sides[side].told[kind] == 0; i++)
        tick(1u << CALLING | 1u << ANSWERING);
    CHECK(sides[side].told[kind] > 0);
}

static void delivered(void)
{
    run_until(CALLING, FW_MSG_KIND_FAX_RESULT, 200);
    CHECK_INT(sides[CALLING].result.t30_code, 0);
    CHECK_INT(sides[CALLING].result.page_count, 1);
}

/* The far end falls silent after our DCS, as a gateway does that is about to switch, and for long. */
static void fall_silent(bool pending)
{
    run_until(CALLING, FW_MSG_KIND_MEDIA_UNDERWAY, 60);
    fw_modem_call_pending(sides[CALLING].call, pending);
    run(1u << CALLING, 30 * SECOND);
}

static void silence_while_we_wait_is_no_end(void **state)
{
    (void)state;
    fall_silent(true);
    CHECK_INT(sides[CALLING].told[FW_MSG_KIND_FAX_RESULT], 0);
    fw_modem_call_pending(sides[CALLING].call, false); /* refused: G.711 goes on, and the fax with it */
    delivered();
}

/* So it is the waiting that makes the difference. */
static void silence_otherwise_is_the_end(void **state)
{
    (void)state;
    fall_silent(false);
    CHECK_INT(sides[CALLING].told[FW_MSG_KIND_FAX_RESULT], 1);
    CHECK(sides[CALLING].result.t30_code != 0);
}

/* A line that is gone never says that the waiting is over. */
static void waiting_has_an_end(void **state)
{
    (void)state;
    fall_silent(true);
    run(1u << CALLING, 40 * SECOND);
    CHECK_INT(sides[CALLING].told[FW_MSG_KIND_FAX_RESULT], 1);
}

/* Who calls goes on while the far end is heard: a refusal must not cost its DIS. */
static void the_caller_listens_meanwhile(void **state)
{
    (void)state;
    fw_modem_call_pending(sides[CALLING].call, true);
    run_until(CALLING, FW_MSG_KIND_MEDIA_UNDERWAY, 30);
    fw_modem_call_pending(sides[CALLING].call, false);
    delivered();
}

/* Who is called says nothing until its offer is answered, and then begins where it was. */
static void who_is_called_is_silent(void **state)
{
    (void)state;
    fw_modem_call_pending(sides[ANSWERING].call, true);
    run(1u << CALLING | 1u << ANSWERING, 20 * SECOND);
    CHECK_INT(sides[CALLING].told[FW_MSG_KIND_MEDIA_TONE], 0); /* no CED, no V.21 */
    CHECK_INT(sides[ANSWERING].told[FW_MSG_KIND_FAX_RESULT], 0);
    fw_modem_call_pending(sides[ANSWERING].call, false);
    delivered();
}

/* T.38 that is silent, and an answer to the way back that takes its time: no T.30 timer is quicker. */
static void silent_t38_waits_too(void **state)
{
    (void)state;
    struct fw_msg_media_switch to = { .modem = 1, .transport = FW_TRANSPORT_T38, .peer_port = sides[CALLING].port,
                                      .datagram_max = 400, .ec = FW_UDPTL_EC_REDUNDANCY };
    strcpy(to.peer_host, "127.0.0.1");
    fw_modem_call_switch(sides[ANSWERING].call, &to);
    run(1u << ANSWERING, 12 * SECOND);
    CHECK_INT(sides[ANSWERING].told[FW_MSG_KIND_MEDIA_SILENT], 1);
    fw_modem_call_pending(sides[ANSWERING].call, true);
    run(1u << ANSWERING, 33 * SECOND);
    CHECK_INT(sides[ANSWERING].told[FW_MSG_KIND_FAX_RESULT], 0);
    to.transport = FW_TRANSPORT_AUDIO;
    fw_modem_call_switch(sides[ANSWERING].call, &to);
    delivered();
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(silence_while_we_wait_is_no_end),
        CASE(silence_otherwise_is_the_end),
        CASE(waiting_has_an_end),
        CASE(the_caller_listens_meanwhile),
        CASE(who_is_called_is_silent),
        CASE(silent_t38_waits_too),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
