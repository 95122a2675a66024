/* The real program over a channel and loopback UDP: T.38 unpaced and paced, G.711, and the ends. */
#include "base/clock.h"
#include "base/file.h"
#include "fax/call.h"
#include "ipc/channel.h"
#include "page/page.h"
#include "program.h"
#include "t30/journal.h"
#include "test.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
    static unsigned opened = 0x1000; /* never that of the two calls, however often it is asked */
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

/* Nice value of one thread; the fields before it end with the name in brackets. */
static long nice_of(pid_t pid, const char *thread)
{
    char path[320], text[1024];
    enum { NICE = 17 }; /* which it is of those behind the name */
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/stat", pid, thread);
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    const size_t size = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[size] = '\0';
    char *at = strrchr(text, ')');
    for (int i = 0; at && i < NICE; i++)
        at = strchr(at + 1, ' ');
    CHECK(at != NULL);
    return strtol(at, NULL, 10);
}

/* What a program of this user may have, at best. */
static long nice_allowed(void)
{
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(setpriority(PRIO_PROCESS, 0, -10) == 0 ? 10 : 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return -WEXITSTATUS(status);
}

/* The clock goes before documents, where that is allowed; what takes long does not. */
static void the_clock_goes_first(void **state)
{
    (void)state;
    struct bench b;
    char tasks[64], own[16];
    int workers = 0;
    bench_start(&b, 1, 60);
    (void)snprintf(own, sizeof own, "%d", b.pid);
    (void)snprintf(tasks, sizeof tasks, "/proc/%d/task", b.pid);
    DIR *d = opendir(tasks);
    CHECK(d != NULL);
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        const bool clock = strcmp(e->d_name, own) == 0;
        CHECK_INT(nice_of(b.pid, e->d_name), clock ? nice_allowed() : getpriority(PRIO_PROCESS, 0));
        workers += !clock;
    }
    closedir(d);
    CHECK(workers > 0);
    bench_stop(&b);
}

enum {
    TRIES = 4,
    STALL_US = 100 * 1000,
    MADE_UP_US = 400 * 1000, /* as long a stall is: CATCH_UP_TICKS */
    STOPS = 36, /* in all 22 s: as long as the call */
    STOP_MS = 200,
};

/* Stands still again and again, for longer than a jitter buffer holds and shorter than what is made up for. */
static void stand_still(const struct bench *b)
{
    for (int i = 0; i < STOPS; i++) {
        struct pollfd nothing = { .fd = -1 };
        CHECK_INT(kill(b->pid, SIGSTOP), 0);
        poll(&nothing, 1, STOP_MS);
        CHECK_INT(kill(b->pid, SIGCONT), 0);
        poll(&nothing, 1, 2 * STOP_MS);
    }
}

static bool as_it_should(const struct bench *b)
{
    bool good = true;
    for (int i = 0; i < CALLS; i++)
        good = good && b->results[i].t30_code == 0 && b->results[i].bit_rate == 14400 && b->repeated_frames[i] == 0;
    return good;
}

/* A machine that stood still for longer than `bound_us` may lose a call, or a tone: then once more. What was in time has
 * to be right. */
static bool excused(const struct bench *b, long bound_us)
{
    return !as_it_should(b) && b->late_us_max > bound_us;
}

static void line_speed_calls(struct bench *t38, struct bench *audio)
{
    uint16_t port;
    uint8_t answer[64];
    int fd CLEANUP(fw_fd_close) = udp_socket(&port);
    bench_start(t38, 1, 200);
    bench_start(audio, 1, 400);
    calls_open(t38, 1);
    calls_open(audio, 1);
    calls_switch(t38, FW_TRANSPORT_T38);
    CHECK(wait_for(t38, FW_MSG_KIND_MEDIA_UNDERWAY, CALLS));
    strangers_send(t38, fd);
    stand_still(audio);
    CHECK(wait_for(t38, FW_MSG_KIND_FAX_RESULT, CALLS));
    CHECK(wait_for(audio, FW_MSG_KIND_FAX_RESULT, CALLS));
    CHECK(recv(fd, answer, sizeof answer, MSG_DONTWAIT) < 0);
    program_stop(t38);
    program_stop(audio);
}

/* At line speed, both at once to save time: T.38 with strangers on the line, and G.711 by a program that stands still. */
static void at_line_speed(void **state)
{
    (void)state;
    struct bench t38, audio;
    line_speed_calls(&t38, &audio);
    for (int i = 1; i < TRIES && (excused(&t38, STALL_US) || excused(&audio, MADE_UP_US)); i++) {
        print_message("once more: ticks were %ld and %ld us late\n", t38.late_us_max, audio.late_us_max);
        fw_dir_remove(t38.folder, 2);
        fw_dir_remove(audio.folder, 2);
        line_speed_calls(&t38, &audio);
    }
    check_delivered(&t38, 1, FW_TRANSPORT_T38);
    check_delivered(&audio, 1, FW_TRANSPORT_AUDIO);
    for (int i = 0; i < CALLS && audio.late_us_max <= MADE_UP_US; i++)
        CHECK_INT(audio.repeated_frames[i], 0);
    CHECK_INT(audio.tones[0][FW_TONE_CED], 1);
    CHECK_INT(audio.tones[0][FW_TONE_V21], 1);
    CHECK_INT(audio.tones[1][FW_TONE_CNG], 1);
    fw_dir_remove(t38.folder, 2);
    fw_dir_remove(audio.folder, 2);
}

/* A far end that agreed to T.38 and still speaks G.711: silence is told once, and back on G.711 the fax goes
 * through. In the first bench it is silent for who calls, in the second for who is called. */
static void silent_calls(struct bench b[CALLS])
{
    for (int i = 0; i < CALLS; i++) {
        bench_start(&b[i], 1, 60);
        calls_open(&b[i], 1);
        call_switch(&b[i], i, FW_TRANSPORT_T38);
    }
    for (int i = 0; i < CALLS; i++) {
        CHECK(wait_for(&b[i], FW_MSG_KIND_MEDIA_SILENT, 1));
        CHECK_INT(b[i].told[i][FW_MSG_KIND_MEDIA_SILENT], 1);
        call_switch(&b[i], i, FW_TRANSPORT_AUDIO);
    }
    for (int i = 0; i < CALLS; i++) {
        CHECK(wait_for(&b[i], FW_MSG_KIND_FAX_RESULT, CALLS));
        program_stop(&b[i]);
    }
}

static void silent_t38_goes_back_to_audio(void **state)
{
    (void)state;
    struct bench b[CALLS];
    silent_calls(b);
    for (int i = 1; i < TRIES && (excused(&b[0], STALL_US) || excused(&b[1], STALL_US)); i++) {
        print_message("once more: ticks were %ld and %ld us late\n", b[0].late_us_max, b[1].late_us_max);
        fw_dir_remove(b[0].folder, 2);
        fw_dir_remove(b[1].folder, 2);
        silent_calls(b);
    }
    for (int i = 0; i < CALLS; i++) {
        check_delivered(&b[i], 1, FW_TRANSPORT_AUDIO);
        fw_dir_remove(b[i].folder, 2);
    }
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
        cmocka_unit_test(the_clock_goes_first),
        cmocka_unit_test(at_line_speed),
        cmocka_unit_test(silent_t38_goes_back_to_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
