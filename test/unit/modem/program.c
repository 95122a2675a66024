/* A modem program under test. */
#include "program.h"
#include "base/clock.h"
#include "base/file.h"
#include "fax/call.h"
#include "ipc/channel.h"
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

const char *const ids[CALLS] = { "0190a5f0-0000-7000-8000-00000000000a",
                                        "0190a5f0-0000-7000-8000-00000000000b" };

static void program_start(struct bench *b)
{
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    b->pid = fork();
    if (b->pid == 0) {
        char log[PAIR_PATH + 8];
        (void)snprintf(log, sizeof log, "%s/log", b->folder);
        const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(fd, STDERR_FILENO);
        dup2(pair[1], 3);
        execl(MODEM_PROGRAM, MODEM_PROGRAM, "--channel", "3", "--spool", b->folder, (char *)NULL);
        _exit(127);
    }
    CHECK(b->pid > 0);
    close(pair[1]);
    CHECK_INT(fw_channel_new(pair[0], &b->channel), FW_OK);
}

void send_msg(struct bench *b, const struct fw_msg *m, int fd)
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
    case FW_MSG_KIND_MEDIA_SILENT:
        return m->media_silent.call;
    case FW_MSG_KIND_FAX_NEGOTIATED:
        return m->fax_negotiated.call;
    case FW_MSG_KIND_PAGE_CONFIRMED:
        return m->page_confirmed.call;
    case FW_MSG_KIND_FAX_PAGE:
        return m->fax_page.call;
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
    else if (m->kind == FW_MSG_KIND_FAX_PAGE)
        b->repeated_frames[call] = m->fax_page.repeated_frames;
    else if (m->kind == FW_MSG_KIND_FAX_RESULT)
        b->results[call] = m->fax_result;
}

/* Until `kind` came `count` times in all (0: until the program is gone). False: it did not. */
bool wait_for(struct bench *b, enum fw_msg_kind kind, uint32_t count)
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

void bench_start(struct bench *b, int pages, uint32_t rows)
{
    bench_start_for(b, pages, rows, CALLS);
}

void bench_start_for(struct bench *b, int pages, uint32_t rows, uint32_t calls_max)
{
    memset(b, 0, sizeof *b);
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/modem_test.XXXXXX");
    CHECK(mkdtemp(b->folder) != NULL);
    (void)snprintf(b->tx, sizeof b->tx, "%s/out.tif", b->folder);
    (void)snprintf(b->rx, sizeof b->rx, "%s/%s.tif", b->folder, ids[1]);
    page_file_make(b->tx, pages, rows, false);
    program_start(b);
    const struct fw_msg m = { .kind = FW_MSG_KIND_MODEM_START,
                              .modem_start = { .modem = 1, .calls_max = calls_max } };
    send_msg(b, &m, -1);
    CHECK(wait_for(b, FW_MSG_KIND_MODEM_READY, 1));
}

int udp_socket(uint16_t *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

void call_open(struct bench *b, int i, int fd, int pages)
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

void call_switch(struct bench *b, int i, enum fw_call_transport transport)
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

void calls_open(struct bench *b, int pages)
{
    int fds[CALLS];
    for (int i = 0; i < CALLS; i++)
        fds[i] = udp_socket(&b->ports[i]);
    for (int i = 0; i < CALLS; i++)
        call_open(b, i, fds[i], pages);
}

void calls_switch(struct bench *b, enum fw_call_transport transport)
{
    for (int i = 0; i < CALLS; i++)
        call_switch(b, i, transport);
}

/* Shows what the program said, and takes from it how late its ticks were. */
static void read_log(struct bench *b)
{
    static const char name[] = "late_us_max=";
    struct fw_buf text CLEANUP(fw_buf_done) = { 0 };
    char path[PAIR_PATH + 8];
    (void)snprintf(path, sizeof path, "%s/log", b->folder);
    CHECK_INT(fw_file_read(path, 16 << 20, &text), FW_OK);
    CHECK_INT(fw_buf_put_u8(&text, 0), FW_OK);
    const char *at = (const char *)text.data;
    fputs(at, stderr);
    for (at = strstr(at, name); at; at = strstr(at + 1, name))
        b->late_us_max = strtol(at + sizeof name - 1, NULL, 10);
}

/* Ends the program and says what it cost. */
void program_stop(struct bench *b)
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
    read_log(b);
}

void bench_stop(struct bench *b)
{
    program_stop(b);
    fw_dir_remove(b->folder, 2);
}
