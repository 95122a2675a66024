/* The real program over a channel and loopback UDP: T.38 unpaced and paced, G.711, and the ends. */
#include "base/clock.h"
#include "base/file.h"
#include "fax/call.h"
#include "ipc/channel.h"
#include "page/page.h"
#include "pair.h"
#include "t30/journal.h"
#include "test.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS = 2, DEADLINE_MS = 90000 };

static const char *const ids[CALLS] = { "0190a5f0-0000-7000-8000-00000000000a",
                                        "0190a5f0-0000-7000-8000-00000000000b" };

struct bench {
    char folder[PAIR_PATH], tx[PAIR_PATH + 16], rx[PAIR_PATH + 64];
    pid_t pid;
    struct fw_channel *channel;
    uint16_t ports[CALLS];
    uint32_t told[CALLS][FW_MSG_KIND_COUNT];
    uint32_t tones[CALLS][3];
    uint32_t pages[CALLS];
    struct fw_msg_fax_result results[CALLS];
};

static void program_start(struct bench *b)
{
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    b->pid = fork();
    if (b->pid == 0) {
        dup2(pair[1], 3);
        execl(MODEM_PROGRAM, MODEM_PROGRAM, "--channel", "3", "--spool", b->folder, (char *)NULL);
        _exit(127);
    }
    CHECK(b->pid > 0);
    close(pair[1]);
    CHECK_INT(fw_channel_new(pair[0], &b->channel), FW_OK);
}

static void send_msg(struct bench *b, const struct fw_msg *m, int fd)
{
    CHECK_INT(fw_channel_send(b->channel, m, fd), FW_OK);
}

static int call_of(const char *id)
{
    for (int i = 0; i < CALLS; i++) {
        if (strcmp(id, ids[i]) == 0)
            return i;
    }
    return -1;
}

static const char *id_in(const struct fw_msg *m)
{
    switch ((int)m->kind) {
    case FW_MSG_KIND_MEDIA_TONE:
        return m->media_tone.call;
    case FW_MSG_KIND_MEDIA_UNDERWAY:
        return m->media_underway.call;
    case FW_MSG_KIND_FAX_NEGOTIATED:
        return m->fax_negotiated.call;
    case FW_MSG_KIND_PAGE_CONFIRMED:
        return m->page_confirmed.call;
    case FW_MSG_KIND_FAX_RESULT:
        return m->fax_result.call;
    default:
        return "";
    }
}

static void note(struct bench *b, const struct fw_msg *m)
{
    const int call = call_of(id_in(m));
    if (call < 0)
        return;
    b->told[call][m->kind]++;
    CHECK(b->told[call][FW_MSG_KIND_FAX_RESULT] <= 1);
    if (m->kind == FW_MSG_KIND_MEDIA_TONE)
        b->tones[call][m->media_tone.tone]++;
    else if (m->kind == FW_MSG_KIND_PAGE_CONFIRMED)
        b->pages[call] = m->page_confirmed.page_count;
    else if (m->kind == FW_MSG_KIND_FAX_RESULT)
        b->results[call] = m->fax_result;
}

/* Until `kind` came `count` times in all (0: until the program is gone). False: it did not. */
static bool wait_for(struct bench *b, enum fw_msg_kind kind, uint32_t count)
{
    const int64_t end = fw_mono_now().us + (int64_t)DEADLINE_MS * 1000;
    uint32_t seen = b->told[0][kind] + b->told[1][kind];
    while ((count == 0 || seen < count) && fw_mono_now().us < end) {
        struct pollfd p = { .fd = fw_channel_fd(b->channel), .events = POLLIN };
        struct fw_msg m;
        int fd;
        poll(&p, 1, 1000);
        const enum fw_err err = fw_channel_receive(b->channel, &m, &fd);
        if (err == FW_NOT_FOUND || err == FW_IO)
            return count == 0;
        if (err)
            continue;
        note(b, &m);
        if (m.kind == kind)
            seen++;
    }
    return count > 0 && seen >= count;
}

static void bench_start(struct bench *b, int pages, uint32_t rows)
{
    memset(b, 0, sizeof *b);
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/modem_test.XXXXXX");
    CHECK(mkdtemp(b->folder) != NULL);
    (void)snprintf(b->tx, sizeof b->tx, "%s/out.tif", b->folder);
    (void)snprintf(b->rx, sizeof b->rx, "%s/%s.tif", b->folder, ids[1]);
    page_file_make(b->tx, pages, rows, false);
    program_start(b);
    const struct fw_msg m = { .kind = FW_MSG_KIND_MODEM_START,
                              .modem_start = { .modem = 1, .calls_max = CALLS } };
    send_msg(b, &m, -1);
    CHECK(wait_for(b, FW_MSG_KIND_MODEM_READY, 1));
}

static int udp_socket(uint16_t *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void call_open(struct bench *b, int i, int fd, int pages)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_OPEN };
    struct fw_msg_media_open *o = &m.media_open;
    o->modem = 1;
    strcpy(o->call, ids[i]);
    o->calling = i == 0;
    if (i == 0) {
        strcpy(o->tx_file, "out.tif");
        o->page_count = (uint32_t)pages;
    }
    strcpy(o->ident, i == 0 ? "+12005550199" : "12005550100");
    o->ecm = 1;
    o->codec = FW_CODEC_PCMA;
    strcpy(o->peer_host, "127.0.0.1");
    o->peer_port = b->ports[1 - i];
    send_msg(b, &m, fd);
    close(fd);
}

static void call_switch(struct bench *b, int i, enum fw_call_transport transport)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_SWITCH };
    struct fw_msg_media_switch *s = &m.media_switch;
    s->modem = 1;
    strcpy(s->call, ids[i]);
    s->transport = (uint8_t)transport;
    strcpy(s->peer_host, "127.0.0.1");
    s->peer_port = b->ports[1 - i];
    s->datagram_max = transport == FW_TRANSPORT_T38_UNPACED ? 1400 : 400;
    s->ec = FW_UDPTL_EC_REDUNDANCY;
    send_msg(b, &m, -1);
}

static void calls_open(struct bench *b, int pages)
{
    int fds[CALLS];
    for (int i = 0; i < CALLS; i++)
        fds[i] = udp_socket(&b->ports[i]);
    for (int i = 0; i < CALLS; i++)
        call_open(b, i, fds[i], pages);
}

static void calls_switch(struct bench *b, enum fw_call_transport transport)
{
    for (int i = 0; i < CALLS; i++)
        call_switch(b, i, transport);
}

/* Ends the program and says what it cost. */
static void program_stop(struct bench *b)
{
    const struct fw_msg m = { .kind = FW_MSG_KIND_STOP };
    struct rusage usage;
    int status = -1;
    if (b->channel)
        send_msg(b, &m, -1);
    CHECK_INT(wait4(b->pid, &status, 0, &usage), b->pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    print_message("cpu_ms=%ld max_rss_kb=%ld\n",
                  (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                      (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
                  usage.ru_maxrss);
    fw_channel_free(b->channel);
}

static void bench_stop(struct bench *b)
{
    program_stop(b);
    fw_dir_remove(b->folder, 2);
}

static void check_call(struct bench *b, int i, uint32_t pages, enum fw_call_transport transport)
{
    char path[PAIR_PATH + 80];
    struct fw_journal_facts facts;
    CHECK_INT(b->results[i].t30_code, 0);
    CHECK_INT(b->results[i].page_count, pages);
    CHECK_INT(b->results[i].transport, transport);
    CHECK_INT(b->results[i].bit_rate, 14400);
    CHECK_INT(b->results[i].ecm, 1);
    CHECK_INT(b->pages[i], pages);
    CHECK_INT(b->told[i][FW_MSG_KIND_PAGE_CONFIRMED], pages);
    CHECK_INT(b->told[i][FW_MSG_KIND_MEDIA_UNDERWAY], 1);
    CHECK(b->told[i][FW_MSG_KIND_FAX_NEGOTIATED] >= 1);
    (void)snprintf(path, sizeof path, "%s/%s.journal", b->folder, ids[i]);
    CHECK_INT(fw_journal_read(path, &facts), FW_OK);
    CHECK(facts.ended);
    CHECK_INT(facts.pages_confirmed, pages);
    CHECK_INT(facts.t30_code, 0);
}

static void check_pixels(const char *tx, const char *rx, uint32_t pages)
{
    struct fw_page_difference difference = { "" };
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    CHECK_INT(fw_pages_equal(tx, rx, &count, &difference, &fault), FW_OK);
    CHECK_INT(count, pages);
}

static void check_delivered(struct bench *b, uint32_t pages, enum fw_call_transport transport)
{
    for (int i = 0; i < CALLS; i++)
        check_call(b, i, pages, transport);
    CHECK_TEXT(b->results[0].remote_ident, "12005550100");
    check_pixels(b->tx, b->rx, pages);
}

static void fax(int pages, uint32_t rows, enum fw_call_transport transport)
{
    struct bench b;
    bench_start(&b, pages, rows);
    calls_open(&b, pages);
    if (transport != FW_TRANSPORT_AUDIO)
        calls_switch(&b, transport);
    const int64_t start = fw_mono_now().us;
    CHECK(wait_for(&b, FW_MSG_KIND_FAX_RESULT, CALLS));
    print_message("wall_ms=%lld\n", (long long)(fw_mono_now().us - start) / 1000);
    check_delivered(&b, (uint32_t)pages, transport);
    bench_stop(&b);
}

static void unpaced_one_page(void **state)
{
    (void)state;
    fax(1, 2300, FW_TRANSPORT_T38_UNPACED);
}
static void unpaced_ten_pages(void **state)
{
    (void)state;
    fax(10, 2300, FW_TRANSPORT_T38_UNPACED);
}

/* Each end in a process of its own, so that nothing keeps them in step. */
static void unpaced_between_programs(void **state)
{
    (void)state;
    enum { PAGES = 10 };
    struct bench b[CALLS];
    uint16_t ports[CALLS];
    int fds[CALLS];
    for (int i = 0; i < CALLS; i++) {
        bench_start(&b[i], PAGES, 2300);
        fds[i] = udp_socket(&ports[i]);
    }
    const int64_t start = fw_mono_now().us;
    for (int i = 0; i < CALLS; i++) {
        memcpy(b[i].ports, ports, sizeof ports);
        call_open(&b[i], i, fds[i], PAGES);
        call_switch(&b[i], i, FW_TRANSPORT_T38_UNPACED);
    }
    for (int i = 0; i < CALLS; i++)
        CHECK(wait_for(&b[i], FW_MSG_KIND_FAX_RESULT, 1));
    print_message("wall_ms=%lld\n", (long long)(fw_mono_now().us - start) / 1000);
    for (int i = 0; i < CALLS; i++)
        check_call(&b[i], i, PAGES, FW_TRANSPORT_T38_UNPACED);
    check_pixels(b[0].tx, b[1].rx, PAGES);
    for (int i = 0; i < CALLS; i++)
        bench_stop(&b[i]);
}

/* MEDIA_CLOSE in the middle: a result for each call, never a delivered one. */
static void closed_in_the_middle(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, 1, 300);
    calls_open(&b, 1);
    for (int i = 0; i < CALLS; i++) {
        struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_CLOSE };
        m.media_close.modem = 1;
        strcpy(m.media_close.call, ids[i]);
        send_msg(&b, &m, -1);
    }
    CHECK(wait_for(&b, FW_MSG_KIND_FAX_RESULT, CALLS));
    for (int i = 0; i < CALLS; i++) {
        CHECK(b.results[i].t30_code != 0);
        CHECK_INT(b.results[i].page_count, 0);
        CHECK(b.results[i].text[0] != '\0');
    }
    bench_stop(&b);
}

/* What a MEDIA_OPEN that cannot succeed is told; each is a call of its own. */
static void refusal_text(struct bench *b, const char *tx_file, int fd, char text[160])
{
    static unsigned opened;
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_OPEN };
    int with;
    m.media_open.modem = m.media_open.calling = 1;
    (void)snprintf(m.media_open.call, sizeof m.media_open.call,
                   "0190a5f0-0000-7000-8000-0000%08x", ++opened);
    strcpy(m.media_open.tx_file, tx_file);
    send_msg(b, &m, fd);
    do {
        struct pollfd p = { .fd = fw_channel_fd(b->channel), .events = POLLIN };
        CHECK(poll(&p, 1, DEADLINE_MS) == 1);
        CHECK_INT(fw_channel_receive(b->channel, &m, &with), FW_OK);
    } while (m.kind != FW_MSG_KIND_FAX_RESULT);
    CHECK(m.fax_result.t30_code != 0);
    strcpy(text, m.fax_result.text);
}

static void expect_refusal(struct bench *b, const char *tx_file, int fd)
{
    char text[160];
    refusal_text(b, tx_file, fd, text);
    CHECK(text[0] != '\0');
}

static void missing_text(struct bench *b, char text[160])
{
    uint16_t port;
    int fd CLEANUP(fw_fd_close) = udp_socket(&port);
    refusal_text(b, "missing.tif", fd, text);
}

/* Whatever is wrong with MEDIA_OPEN, it is answered, and the program goes on. */
static void bad_opens_are_answered(void **state)
{
    (void)state;
    struct bench b;
    uint16_t port;
    bench_start(&b, 1, 300);
    const char *const names[] = { "missing.tif", "../out.tif", "", "/etc/passwd" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int fd CLEANUP(fw_fd_close) = udp_socket(&port);
        expect_refusal(&b, names[i], fd);
    }
    expect_refusal(&b, "out.tif", -1);
    bench_stop(&b);
}

/* Nobody sends MEDIA_CLOSE for a fax that is over, the line may be dead: it still leaves room. */
static void what_is_over_gives_its_place(void **state)
{
    (void)state;
    struct bench b;
    char text[160];
    bench_start(&b, 1, 300);
    calls_open(&b, 1);
    missing_text(&b, text);
    CHECK(strstr(text, "as many calls") != NULL);
    calls_switch(&b, FW_TRANSPORT_T38_UNPACED);
    CHECK(wait_for(&b, FW_MSG_KIND_FAX_RESULT, CALLS));
    const int64_t end = fw_mono_now().us + (int64_t)DEADLINE_MS * 1000;
    for (missing_text(&b, text); strstr(text, "as many calls") && fw_mono_now().us < end;)
        missing_text(&b, text);
    CHECK(strstr(text, "as many calls") == NULL);
    bench_stop(&b);
}

/* The parent dies: the modem ends its calls, writes their journals and goes. */
static void goes_when_the_parent_is_gone(void **state)
{
    (void)state;
    struct bench b;
    char path[PAIR_PATH + 80];
    struct fw_journal_facts facts = { 0 };
    bench_start(&b, 1, 300);
    calls_open(&b, 1);
    calls_switch(&b, FW_TRANSPORT_T38);
    fw_channel_free(b.channel);
    b.channel = NULL;
    program_stop(&b);
    for (int i = 0; i < CALLS; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.journal", b.folder, ids[i]);
        CHECK_INT(fw_journal_read(path, &facts), FW_OK);
        CHECK(facts.ended && facts.t30_code != 0 && facts.pages_confirmed == 0);
    }
    fw_dir_remove(b.folder, 2);
}

/* A stranger's packets, after the far end was heard, change nothing and are not answered. */
static void strangers_send(const struct bench *b, int fd)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const uint8_t no_signal[] = { 0x7F, 0x00, 0x01, 0x00, 0x00, 0x00 };
    for (int i = 0; i < 200; i++) {
        to.sin_port = htons(b->ports[i % CALLS]);
        (void)sendto(fd, no_signal, sizeof no_signal, 0, (struct sockaddr *)&to, sizeof to);
    }
}

/* At line speed, both at once to save time: T.38 with strangers on the line, and G.711. */
static void at_line_speed(void **state)
{
    (void)state;
    struct bench t38, audio;
    uint16_t port;
    uint8_t answer[64];
    int fd CLEANUP(fw_fd_close) = udp_socket(&port);
    bench_start(&t38, 1, 200);
    bench_start(&audio, 1, 60);
    calls_open(&t38, 1);
    calls_open(&audio, 1);
    calls_switch(&t38, FW_TRANSPORT_T38);
    CHECK(wait_for(&t38, FW_MSG_KIND_MEDIA_UNDERWAY, CALLS));
    strangers_send(&t38, fd);
    CHECK(wait_for(&t38, FW_MSG_KIND_FAX_RESULT, CALLS));
    check_delivered(&t38, 1, FW_TRANSPORT_T38);
    CHECK(recv(fd, answer, sizeof answer, MSG_DONTWAIT) < 0);
    CHECK(wait_for(&audio, FW_MSG_KIND_FAX_RESULT, CALLS));
    check_delivered(&audio, 1, FW_TRANSPORT_AUDIO);
    CHECK_INT(audio.tones[0][FW_TONE_CED], 1);
    CHECK_INT(audio.tones[0][FW_TONE_V21], 1);
    CHECK_INT(audio.tones[1][FW_TONE_CNG], 1);
    bench_stop(&t38);
    bench_stop(&audio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpaced_one_page),
        cmocka_unit_test(unpaced_ten_pages),
        cmocka_unit_test(unpaced_between_programs),
        cmocka_unit_test(closed_in_the_middle),
        cmocka_unit_test(bad_opens_are_answered),
        cmocka_unit_test(what_is_over_gives_its_place),
        cmocka_unit_test(goes_when_the_parent_is_gone),
        cmocka_unit_test(at_line_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
