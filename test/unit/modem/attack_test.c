/* Hostile far ends over real sockets, against the real program in its sandbox: each costs at most its own call. While
 * they are at it an honest fax goes through the same process. */
#include "base/clock.h"
#include "base/file.h"
#include "liar.h"
#include "page/page.h"
#include "program.h"
#include "proto/udptl.h"
#include "t30/terminal.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char victim_id[] = "0190a5f0-0000-7000-8000-0000000000ff";

struct attack {
    struct bench b;
    int fd; /* of the attacker */
    uint16_t port, victim_port;
    bool unpaced;
    struct fw_terminal *terminal; /* honest until the moment comes */
    struct fw_udptl_sender out;
    struct fw_udptl_receiver in;
    bool trained;
    bool over; /* the victim's call has its result */
    struct fw_msg_fax_result result;
    uint64_t heard;
};

static void say_bytes(struct attack *a, int fd, const uint8_t *data, size_t size)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(a->victim_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    (void)sendto(fd, data, size, 0, (struct sockaddr *)&to, sizeof to);
}

static void say_ifp(struct attack *a, struct fw_span ifp)
{
    uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    if (fw_udptl_send(&a->out, ifp, packet, &size) == FW_OK)
        say_bytes(a, a->fd, packet, size);
}

static void terminal_says(void *arg, struct fw_span ifp, int copies)
{
    (void)copies;
    say_ifp(arg, ifp);
}

static void terminal_event(void *arg, enum fw_terminal_event_kind kind, const struct fw_terminal_result *now)
{
    struct attack *a = arg;
    (void)now;
    if (kind == FW_TERMINAL_NEGOTIATED)
        a->trained = true;
}

static void terminal_hears(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct attack *a = arg;
    fw_terminal_ifp(a->terminal, seq, ifp);
}

/* One victim that answers on T.38 with the attacker as its peer. */
static void attack_start(struct attack *a, bool unpaced, uint32_t call_limit_ms, uint16_t peer_port)
{
    memset(a, 0, sizeof *a);
    bench_start_for(&a->b, 1, 300, CALLS + 1);
    a->fd = udp_socket(&a->port);
    a->unpaced = unpaced;
    int fd CLEANUP(fw_fd_close) = udp_socket(&a->victim_port);
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_OPEN };
    m.media_open.modem = 1;
    strcpy(m.media_open.call, victim_id);
    strcpy(m.media_open.peer_host, "127.0.0.1");
    m.media_open.peer_port = peer_port ? peer_port : a->port;
    m.media_open.ecm = 1;
    m.media_open.call_limit_ms = call_limit_ms;
    send_msg(&a->b, &m, fd);
    struct fw_msg to = { .kind = FW_MSG_KIND_MEDIA_SWITCH };
    to.media_switch.modem = 1;
    strcpy(to.media_switch.call, victim_id);
    to.media_switch.transport = unpaced ? FW_TRANSPORT_T38_UNPACED : FW_TRANSPORT_T38;
    strcpy(to.media_switch.peer_host, "127.0.0.1");
    to.media_switch.peer_port = m.media_open.peer_port;
    to.media_switch.datagram_max = unpaced ? 1400 : 400;
    to.media_switch.ec = FW_UDPTL_EC_REDUNDANCY;
    send_msg(&a->b, &to, -1);
    fw_udptl_sender_init(&a->out, 0, 0);
    fw_udptl_receiver_init(&a->in);
    const struct fw_terminal_config config = { .calling = true, .tx_path = a->b.tx, .ecm = true, .ident = "666" };
    const struct fw_terminal_callbacks callbacks = { terminal_says, terminal_event, a };
    const struct fw_terminal_t38 t38 = { .unpaced = unpaced };
    CHECK_INT(fw_terminal_new(&config, &callbacks, &a->terminal), FW_OK);
    CHECK_INT(fw_terminal_switch(a->terminal, &t38), FW_OK);
}

/* What the modem told, without waiting. */
static void hear_modem(struct attack *a)
{
    struct fw_msg m;
    int fd;
    enum fw_err err;
    while ((err = fw_channel_receive(a->b.channel, &m, &fd)) == FW_OK) {
        if (m.kind != FW_MSG_KIND_FAX_RESULT)
            continue;
        if (strcmp(m.fax_result.call, victim_id) == 0) {
            a->over = true;
            a->result = m.fax_result;
        }
    }
    CHECK_INT(err, FW_BUSY); /* the process lives */
}

static void hear_victim(struct attack *a)
{
    uint8_t data[FW_UDP_BYTES_MAX];
    ssize_t size;
    while ((size = recv(a->fd, data, sizeof data, MSG_DONTWAIT)) > 0) {
        a->heard++;
        (void)!fw_udptl_receive(&a->in, (struct fw_span){ data, (size_t)size }, terminal_hears, a);
    }
}

static bool time_left(int64_t begin)
{
    return fw_mono_now().us - begin < (int64_t)DEADLINE_MS * 1000;
}

static void one_turn(struct attack *a, bool honest)
{
    struct pollfd p[] = { { a->fd, POLLIN, 0 }, { fw_channel_fd(a->b.channel), POLLIN, 0 } };
    (void)poll(p, 2, a->unpaced ? 1 : 20);
    hear_victim(a);
    hear_modem(a);
    if (honest)
        fw_terminal_tick(a->terminal, a->unpaced ? 8 : 160);
}

/* An honest call until the victim waits for the page. */
static void until_trained(struct attack *a)
{
    const int64_t begin = fw_mono_now().us;
    while (!a->trained && !a->over && time_left(begin))
        one_turn(a, true);
    CHECK(a->trained);
}

static void until_over(struct attack *a, bool honest)
{
    const int64_t begin = fw_mono_now().us;
    while (!a->over && time_left(begin))
        one_turn(a, honest);
    CHECK(a->over);
}

/* The same process still delivers. */
static void attack_stop(struct attack *a)
{
    struct fw_page_difference difference = { "" };
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    calls_open(&a->b, 1);
    calls_switch(&a->b, FW_TRANSPORT_T38_UNPACED);
    CHECK(wait_for(&a->b, FW_MSG_KIND_FAX_RESULT, CALLS));
    for (int i = 0; i < CALLS; i++)
        CHECK_INT(a->b.results[i].t30_code, 0);
    CHECK_INT(fw_pages_equal(a->b.tx, a->b.rx, &count, &difference, &fault), FW_OK);
    fw_terminal_free(a->terminal);
    close(a->fd);
    bench_stop(&a->b);
}

static void liar_says(struct liar *l, struct fw_span ifp)
{
    say_ifp(l->arg, ifp);
}

static void close_victim(struct attack *a)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_CLOSE };
    m.media_close.modem = 1;
    strcpy(m.media_close.call, victim_id);
    send_msg(&a->b, &m, -1);
    until_over(a, false);
}

static void the_killer_frame_costs_nothing(void **state)
{
    (void)state;
    static const uint8_t killers[][6] = { { 0xFF, 0x03, 0x06 }, { 0xFF, 0x13, 0x82, 0x00, 0x20, 0x03 } };
    struct attack a;
    struct liar l;
    attack_start(&a, true, 0, 0);
    until_trained(&a);
    liar_open(&l, liar_says, &a);
    t38_core_send_indicator(l.core, T38_IND_V17_14400_SHORT_TRAINING);
    for (int i = 0; i < 20; i++)
        frame_send(&l, T38_DATA_V17_14400, killers[0], 3, false);
    command_send(&l, killers[1], 6);
    liar_close(&l);
    one_turn(&a, false);
    close_victim(&a);
    CHECK(a.result.t30_code != 0);
    attack_stop(&a);
}

/* 64 KB of T.6 that would be half a million rows, 108 MB. */
static void bomb_send(struct attack *a, struct liar *l)
{
    uint8_t frame[4 + 256];
    const uint8_t rcp[] = { 0xFF, 0x03, 0x86 }, pps[] = { 0xFF, 0x13, 0xBF, 0x2F, 0, 0, 255 };
    t38_core_send_indicator(l->core, T38_IND_V17_14400_SHORT_TRAINING);
    memset(frame, 0xFF, sizeof frame);
    frame[1] = 0x03;
    frame[2] = 0x06;
    for (int i = 0; i < 256; i++) {
        frame[3] = (uint8_t)i;
        frame_send(l, T38_DATA_V17_14400, frame, sizeof frame, false);
        if (i % 16 == 0)
            one_turn(a, false); /* the victim's receive buffer must not overflow */
    }
    for (int i = 0; i < 3; i++)
        frame_send(l, T38_DATA_V17_14400, rcp, sizeof rcp, i == 2);
    command_send(l, pps, sizeof pps);
}

static void the_page_bomb_ends_its_call(void **state)
{
    (void)state;
    struct attack a;
    struct liar l;
    attack_start(&a, true, 0, 0);
    until_trained(&a);
    liar_open(&l, liar_says, &a);
    /* Again until the victim has all of it: it may not have been ready for the first frames. */
    for (int tries = 0; tries < 40 && !a.over; tries++) {
        bomb_send(&a, &l);
        for (int turns = 0; turns < 50 && !a.over; turns++)
            one_turn(&a, false);
    }
    CHECK(a.over);
    CHECK_INT(a.result.t30_code, 25);
    CHECK_INT(a.result.page_count, 0);
    CHECK(strstr(a.result.text, "larger than a page") != NULL);
    liar_close(&l);
    attack_stop(&a);
}

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

/* Each field of UDPTL at and over its bounds, with every length cut. All are dropped; the honest fax of the same
 * sender goes on in the gaps and is delivered. */
static void udptl_at_its_bounds_is_dropped(void **state)
{
    (void)state;
    static const uint8_t forms[][14] = {
        { 0x70, 0x00, 0x01, 0x00, 0x00, 0xFF },                       /* 127 secondaries and more */
        { 0x70, 0x00, 0x01, 0x00, 0x00, 0xBF, 0xFF },                 /* 16383 of them */
        { 0x70, 0x00, 0x01, 0x00, 0x00, 0xC1 },                       /* fragments */
        { 0x70, 0x00, 0xC4, 0x00, 0x00, 0x00 },                       /* a fragmented primary */
        { 0x70, 0x00, 0xBF, 0xFF, 0x00, 0x00 },                       /* a primary of 16383 octets */
        { 0x70, 0x00, 0x00, 0x00, 0x01, 0x00 },                       /* empty primary, empty secondary */
        { 0x70, 0x00, 0x01, 0x00, 0x80, 0x01, 0xFF, 0xFF, 0x01 },     /* FEC: span 255, 255 entries */
        { 0x70, 0x00, 0x01, 0x00, 0x80, 0x01, 0x00, 0x01, 0x01 },     /* span 0 */
        { 0x70, 0x00, 0x01, 0x00, 0x80, 0x04, 0xFF, 0xFF, 0xFF, 0xFF }, /* a span of 4 octets */
        { 0x70, 0x00, 0x01, 0x00, 0x80, 0x01, 0x03, 0x08, 0xBF, 0xFF }, /* entry of 16383 octets */
        { 0x70, 0x00, 0x01, 0x00, 0x00, 0x0F, 0x7F, 0x00, 0x7F },     /* secondaries longer than what is there */
    };
    struct attack a;
    uint64_t seed = 1;
    attack_start(&a, true, 0, 0);
    until_trained(&a);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        for (size_t size = 1; size <= sizeof forms[i]; size++)
            say_bytes(&a, a.fd, forms[i], size);
        one_turn(&a, true);
    }
    uint8_t large[9000];
    for (int i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof large; k++)
            large[k] = (uint8_t)chance(&seed, 256);
        large[0] = 0x70; /* far from the numbers in use */
        say_bytes(&a, a.fd, large, 1 + chance(&seed, i % 4 ? 300 : sizeof large));
        one_turn(&a, true);
    }
    until_over(&a, true);
    CHECK(strcmp(a.result.text, "") != 0);
    attack_stop(&a);
}

/* Thousands of random and damaged packets in the middle of a call: it may fail, and nothing else. */
static void a_storm_costs_one_call(void **state)
{
    (void)state;
    struct attack a;
    uint64_t seed = 7;
    attack_start(&a, true, 0, 0);
    until_trained(&a);
    for (int i = 0; i < 20000 && !a.over; i++) {
        uint8_t ifp[80];
        const size_t size = 1 + chance(&seed, sizeof ifp);
        for (size_t k = 0; k < size; k++)
            ifp[k] = (uint8_t)chance(&seed, 256);
        if (i % 2)
            ifp[0] = (uint8_t)(0xC0 | ifp[0] % 18);
        say_ifp(&a, (struct fw_span){ ifp, size });
        if (i % 64 == 0)
            one_turn(&a, i % 128 == 0);
    }
    if (!a.over)
        close_victim(&a);
    CHECK(a.result.text[0] != '\0');
    attack_stop(&a);
}

/* Nobody but the peer that the signalling named is answered: no reflection, whatever a stranger sends. */
static void strangers_get_no_answer(void **state)
{
    (void)state;
    struct attack a;
    uint16_t peer_port, stranger_port;
    int peer CLEANUP(fw_fd_close) = udp_socket(&peer_port);
    int stranger CLEANUP(fw_fd_close) = udp_socket(&stranger_port);
    uint8_t junk[64] = { 0x80, 0xFF }, answer[FW_UDP_BYTES_MAX];
    attack_start(&a, false, 6000, peer_port);
    const int64_t begin = fw_mono_now().us;
    uint64_t told_peer = 0;
    while (!a.over && time_left(begin)) {
        say_bytes(&a, stranger, junk, sizeof junk);
        say_bytes(&a, stranger, junk + 2, 3);
        while (recv(peer, answer, sizeof answer, MSG_DONTWAIT) > 0)
            told_peer++;
        one_turn(&a, false);
    }
    CHECK(a.over);
    CHECK(told_peer > 0);
    CHECK(recv(stranger, answer, sizeof answer, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    attack_stop(&a);
}

/* A caller that only ever says that it is there. */
static void the_call_limit_ends_an_endless_call(void **state)
{
    (void)state;
    struct attack a;
    struct liar l;
    attack_start(&a, false, 3000, 0);
    liar_open(&l, liar_says, &a);
    const int64_t begin = fw_mono_now().us;
    while (!a.over && time_left(begin)) {
        t38_core_send_indicator(l.core, T38_IND_NO_SIGNAL);
        one_turn(&a, false);
    }
    CHECK(a.over);
    CHECK_INT(a.result.t30_code, 49);
    CHECK(strstr(a.result.text, "longer than allowed") != NULL);
    liar_close(&l);
    attack_stop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_killer_frame_costs_nothing),
        cmocka_unit_test(the_page_bomb_ends_its_call),
        cmocka_unit_test(udptl_at_its_bounds_is_dropped),
        cmocka_unit_test(a_storm_costs_one_call),
        cmocka_unit_test(strangers_get_no_answer),
        cmocka_unit_test(the_call_limit_ends_an_endless_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
