/* How many faxes at once: both ends as real modem programs on this machine, over loopback UDP, at the
 * speed of a telephone line.
 *
 * Use: calls_bench CALLS...        Each CALLS: that many one-page faxes of about 20 KB, started 20 a second (more if
 *                                 they would else not be under way at once), with what they cost.
 *      calls_bench --find CALLS   The largest number that is delivered whole: doubles from CALLS until one is not, then
 *                                 halves the gap until it is a tenth. A number fails when it fails twice: the machine
 *                                 may have been busy once. At most FIND_RUNS_MAX runs.
 * No SIP here: service_bench has all of it. */
#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "fax/call.h"
#include "ipc/channel.h"
#include "page/page.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include <arpa/inet.h>
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

enum {
    MODEMS_MAX = 64, /* of one side */
    CALLS_MAX = MODEMS_MAX * FW_CALLS_PER_MODEM,
    RATE = 20,        /* calls started a second */
    START_SECONDS = 28, /* and no longer than this: a fax lasts 35 */
    SWITCH_US = 1000000, /* audio, then T.38 */
    RUN_SECONDS = 180,
    LATE_US_MAX = 10000,
    FIND_RUNS_MAX = 14,
    FIND_GAP = 10, /* the part of what was delivered that the gap to what was not may have at the end */
    FIND_GAP_MIN = 16,
    WIDTH = 1728,
    ROWS = 2200,
};

struct program {
    pid_t pid;
    struct fw_channel *channel;
    char folder[128];
    double cpu_s;
    long late_us[3]; /* p50, p99, max; what its log says at its end */
};

struct call {
    bool switched;
    struct fw_mono started;
    uint16_t ports[2];
    bool told[2];
    int code[2];
};

struct run {
    char folder[32];
    int calls, modems;
    struct program programs[2][MODEMS_MAX];
    struct call call[CALLS_MAX];
    int told, delivered, underway, underway_max;
    long private_kb[2]; /* of all programs of a side together, the most that was seen */
    bool hasty;         /* the first failed call ends the run */
    char why[256];      /* the first failure */
};

struct outcome {
    bool whole, punctual; /* all delivered, bit for bit; and ticks in time */
    char why[256];        /* not whole */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Memory that is nobody else's. */
static long private_kb(pid_t pid)
{
    static const char field[] = "RssAnon:";
    char path[64], line[256];
    long kb = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, field, sizeof field - 1) == 0)
            kb = strtol(line + sizeof field - 1, NULL, 10);
    }
    if (f)
        fclose(f);
    return kb;
}

static void look_at_memory(struct run *r)
{
    for (int side = 0; side < 2; side++) {
        long sum = 0;
        for (int i = 0; i < r->modems; i++)
            sum += private_kb(r->programs[side][i].pid);
        r->private_kb[side] = sum > r->private_kb[side] ? sum : r->private_kb[side];
    }
}

/* A page with about 20 KB of T.6 code: lines of marks like words, and white between them. */
static size_t page_make(const char *path)
{
    struct fw_tiff_writer w;
    struct fw_t6 *t6 = NULL;
    struct fw_buf code CLEANUP(fw_buf_done) = { 0 };
    fw_buf_init(&code, 1 << 20);
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum fw_err err = fd < 0 ? FW_IO : fw_t6_new(WIDTH, &t6);
    for (uint32_t y = 0; !err && y < ROWS; y++) {
        uint8_t row[WIDTH / 8] = { 0 };
        for (size_t i = 12; y % 44 > 34 && i < sizeof row - 12; i += 4)
            row[i] = (uint8_t)(0x18 + (y / 44 * 5 + y / 3 + i) % 97);
        err = fw_t6_row(t6, row, &code);
    }
    if (!err)
        err = fw_t6_end(t6, &code);
    if (!err)
        err = fw_tiff_start(&w, fd, 1);
    const struct fw_tiff_page page = { WIDTH, ROWS, 204, 196, fw_buf_span(&code) };
    if (!err)
        err = fw_tiff_put(&w, &page);
    fw_t6_free(t6);
    if (err)
        die("page");
    return code.size;
}

static void tell(struct program *p, const struct fw_msg *m, int fd)
{
    if (fw_channel_send(p->channel, m, fd) || fw_channel_flush(p->channel))
        die("channel");
}

static void program_start(struct run *r, int side, int index)
{
    struct program *p = &r->programs[side][index];
    int pair[2];
    char page[160], from[96], in[sizeof r->folder];
    memcpy(in, r->folder, sizeof in);
    (void)snprintf(p->folder, sizeof p->folder, "%s/%d-%d", in, side, index);
    if (mkdir(p->folder, 0700) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        die("modem");
    (void)snprintf(page, sizeof page, "%s/out.tif", p->folder);
    (void)snprintf(from, sizeof from, "%s/out.tif", r->folder);
    if (side == 0 && link(from, page))
        die("page");
    p->pid = fork();
    if (p->pid == 0) {
        char log[160];
        (void)snprintf(log, sizeof log, "%s/log", p->folder);
        const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(fd, STDERR_FILENO);
        dup2(pair[1], 3);
        execl(MODEM_PROGRAM, MODEM_PROGRAM, "--channel", "3", "--spool", p->folder, (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    if (p->pid < 0 || fw_channel_new(pair[0], &p->channel))
        die("modem");
    const struct fw_msg m = { .kind = FW_MSG_KIND_MODEM_START,
                              .modem_start = { .modem = (uint8_t)index } };
    tell(p, &m, -1);
}

static int udp_socket(uint16_t *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        die("socket");
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void call_start(struct run *r, int n, struct fw_mono now)
{
    struct call *c = &r->call[n];
    int fds[2];
    for (int side = 0; side < 2; side++)
        fds[side] = udp_socket(&c->ports[side]);
    for (int side = 0; side < 2; side++) {
        struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_OPEN };
        struct fw_msg_media_open *o = &m.media_open;
        (void)snprintf(o->call, sizeof o->call, "%d", n);
        o->calling = side == 0;
        o->page_count = 1;
        if (side == 0)
            strcpy(o->tx_file, "out.tif");
        strcpy(o->ident, "+12005550199");
        strcpy(o->peer_host, "127.0.0.1");
        o->peer_port = c->ports[1 - side];
        o->ecm = 1;
        o->call_limit_ms = RUN_SECONDS * 1000;
        tell(&r->programs[side][n % r->modems], &m, fds[side]);
        close(fds[side]);
    }
    c->started = now;
    r->underway++;
    if (r->underway > r->underway_max)
        r->underway_max = r->underway;
}

static void call_switch(struct run *r, int n)
{
    struct call *c = &r->call[n];
    c->switched = true;
    for (int side = 0; side < 2; side++) {
        struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_SWITCH };
        struct fw_msg_media_switch *s = &m.media_switch;
        (void)snprintf(s->call, sizeof s->call, "%d", n);
        s->transport = FW_TRANSPORT_T38;
        strcpy(s->peer_host, "127.0.0.1");
        s->peer_port = c->ports[1 - side];
        s->datagram_max = 400;
        s->ec = FW_UDPTL_EC_REDUNDANCY;
        tell(&r->programs[side][n % r->modems], &m, -1);
    }
}

static void take_result(struct run *r, int side, const struct fw_msg_fax_result *f)
{
    const long n = strtol(f->call, NULL, 10);
    if (n < 0 || n >= r->calls || r->call[n].told[side])
        die("a result of no call");
    struct call *c = &r->call[n];
    c->told[side] = true;
    c->code[side] = f->t30_code;
    r->told++;
    if (f->t30_code != 0 && !r->why[0])
        (void)snprintf(r->why, sizeof r->why, "call %ld of %d, %s, after %.1f s: %s", n + 1, r->calls,
                       side == 0 ? "sending" : "receiving",
                       (double)(fw_mono_now().us - c->started.us) / 1e6, f->text);
    if (c->told[1 - side])
        r->underway--;
    if (c->told[0] && c->told[1] && c->code[0] == 0 && c->code[1] == 0)
        r->delivered++;
}

static void hear(struct run *r, int side, struct program *p)
{
    struct fw_msg m;
    int fd;
    enum fw_err err;
    while ((err = fw_channel_receive(p->channel, &m, &fd)) == FW_OK) {
        fw_fd_close(&fd);
        if (m.kind == FW_MSG_KIND_FAX_RESULT)
            take_result(r, side, &m.fax_result);
    }
    if (err == FW_BUSY)
        return;
    fprintf(stderr, "modem in %s: %s\n", p->folder, err == FW_NOT_FOUND ? "it ended" : fw_err_text(err));
    exit(1);
}

static void wait_a_little(struct run *r)
{
    struct pollfd list[2 * MODEMS_MAX];
    for (int i = 0; i < 2 * r->modems; i++)
        list[i] = (struct pollfd){ fw_channel_fd(r->programs[i % 2][i / 2].channel), POLLIN, 0 };
    if (poll(list, (nfds_t)(2 * r->modems), 10) < 0)
        return;
    for (int i = 0; i < 2 * r->modems; i++) {
        if (list[i].revents)
            hear(r, i % 2, &r->programs[i % 2][i / 2]);
    }
}

static void calls_run(struct run *r)
{
    const int64_t begin = fw_mono_now().us;
    const int rate = r->calls > RATE * START_SECONDS ? r->calls / START_SECONDS : RATE;
    int started = 0, switched = 0;
    int64_t look_us = begin;
    while (r->told < 2 * r->calls && fw_mono_now().us - begin < RUN_SECONDS * 1000000LL &&
           !(r->hasty && r->why[0])) {
        const struct fw_mono now = fw_mono_now();
        const int64_t due = (now.us - begin) * rate / 1000000 + 1;
        while (started < r->calls && started < due)
            call_start(r, started++, now);
        while (switched < started && now.us - r->call[switched].started.us >= SWITCH_US)
            call_switch(r, switched++);
        wait_a_little(r);
        if (now.us >= look_us) {
            look_at_memory(r);
            look_us = now.us + 1000000;
        }
    }
    if (r->told < 2 * r->calls && !r->why[0])
        (void)snprintf(r->why, sizeof r->why, "%d of %d ends gave no account within %d s",
                       2 * r->calls - r->told, 2 * r->calls, RUN_SECONDS);
}

static void read_log(struct program *p)
{
    struct fw_buf text CLEANUP(fw_buf_done) = { 0 };
    char path[160];
    (void)snprintf(path, sizeof path, "%s/log", p->folder);
    if (fw_file_read(path, 64 << 20, &text) || fw_buf_put_u8(&text, 0))
        die("log");
    static const char *const names[] = { "late_us_p50=", "late_us_p99=", "late_us_max=" };
    for (int i = 0; i < 3; i++) {
        const char *at = (const char *)text.data;
        for (at = strstr(at, names[i]); at; at = strstr(at + 1, names[i]))
            p->late_us[i] = strtol(at + strlen(names[i]), NULL, 10);
    }
}

static void program_stop(struct program *p)
{
    const struct fw_msg m = { .kind = FW_MSG_KIND_STOP };
    struct rusage used;
    tell(p, &m, -1);
    if (wait4(p->pid, NULL, 0, &used) != p->pid)
        die("wait");
    p->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    fw_channel_free(p->channel);
    read_log(p);
}

/* Delivered is what arrived, bit for bit. */
static int pages_equal(const struct run *r)
{
    int equal = 0;
    for (int n = 0; n < r->calls; n++) {
        char sent[96], got[200];
        struct fw_page_difference difference;
        struct fw_fault fault;
        uint32_t count = 0;
        (void)snprintf(sent, sizeof sent, "%s/out.tif", r->folder);
        (void)snprintf(got, sizeof got, "%s/%d.tif", r->programs[1][n % r->modems].folder, n);
        equal += fw_pages_equal(sent, got, &count, &difference, &fault) == FW_OK && count == 1;
    }
    return equal;
}

static void print_run(const struct run *r, int equal, struct outcome *ret)
{
    static const char *const sides[] = { "sending", "receiving" };
    ret->whole = r->delivered == r->calls && equal == r->calls;
    ret->punctual = ret->whole;
    printf("%d calls: %d at once, %d delivered, %d equal bit for bit\n", r->calls, r->underway_max,
           r->delivered, equal);
    if (r->why[0])
        printf("  first failure: %s\n", r->why);
    for (int side = 0; side < 2; side++) {
        double cpu = 0;
        long late[3] = { 0 };
        for (int i = 0; i < r->modems; i++) {
            const struct program *p = &r->programs[side][i];
            cpu += p->cpu_s;
            for (int k = 0; k < 3; k++)
                late[k] = p->late_us[k] > late[k] ? p->late_us[k] : late[k];
        }
        ret->punctual = ret->punctual && late[1] <= LATE_US_MAX;
        printf("  %-9s  CPU %.4f s a call, memory %.3f MiB a call, ticks late (worst modem): "
               "p50 %.1f ms, p99 %.1f ms, max %.1f ms\n",
               sides[side], cpu / r->calls, (double)r->private_kb[side] / 1024 / r->underway_max, (double)late[0] / 1000,
               (double)late[1] / 1000, (double)late[2] / 1000);
    }
    memcpy(ret->why, r->why, sizeof ret->why);
    if (!ret->whole && !ret->why[0])
        (void)snprintf(ret->why, sizeof ret->why, "%d pages are not what was sent", r->calls - equal);
    fflush(stdout);
}

static struct outcome measure(int calls, bool hasty)
{
    struct run *r = calloc(1, sizeof *r);
    struct outcome o = { 0 };
    char page[96];
    if (!r)
        die("memory");
    r->hasty = hasty;
    r->calls = calls;
    r->modems = (calls + FW_CALLS_PER_MODEM - 1) / FW_CALLS_PER_MODEM;
    strcpy(r->folder, "/tmp/calls_bench.XXXXXX");
    if (!mkdtemp(r->folder))
        die("folder");
    (void)snprintf(page, sizeof page, "%s/out.tif", r->folder);
    const size_t bytes = page_make(page);
    for (int i = 0; i < 2 * r->modems; i++)
        program_start(r, i % 2, i / 2);
    for (int i = 0; i < 2 * r->modems; i++) {
        struct program *p = &r->programs[i % 2][i / 2];
        struct pollfd ready = { fw_channel_fd(p->channel), POLLIN, 0 };
        if (poll(&ready, 1, 30000) != 1)
            die("a modem does not start");
    }
    printf("one page of %zu bytes, %d modem programs a side\n", bytes, r->modems);
    calls_run(r);
    for (int i = 0; i < 2 * r->modems; i++)
        program_stop(&r->programs[i % 2][i / 2]);
    print_run(r, pages_equal(r), &o);
    fw_dir_remove(r->folder, 3);
    free(r);
    return o;
}

struct search {
    int runs;
    int whole, failed; /* the largest number that was, the smallest that was not; 0: none yet */
    int punctual;      /* the largest whole one whose ticks were in time */
    char why[256];     /* the smallest failed */
};

static void try_number(struct search *s, int calls)
{
    struct outcome o = { 0 };
    for (int i = 0; i < 2 && !o.whole; i++) {
        o = measure(calls, true);
        s->runs++;
    }
    if (o.punctual && calls > s->punctual)
        s->punctual = calls;
    if (o.whole) {
        s->whole = calls;
    } else {
        s->failed = calls;
        memcpy(s->why, o.why, sizeof s->why);
    }
}

static int gap(const struct search *s)
{
    return s->whole / FIND_GAP > FIND_GAP_MIN ? s->whole / FIND_GAP : FIND_GAP_MIN;
}

static int find(int first)
{
    struct search s = { 0 };
    for (int calls = first; !s.failed && s.whole < CALLS_MAX && s.runs < FIND_RUNS_MAX; calls *= 2)
        try_number(&s, calls < CALLS_MAX ? calls : CALLS_MAX);
    while (s.failed && s.failed - s.whole > gap(&s) && s.runs < FIND_RUNS_MAX)
        try_number(&s, s.whole + (s.failed - s.whole) / 2);
    printf("largest number all delivered, bit for bit: %d; with ticks late by at most %d ms at p99: %d\n", s.whole,
           LATE_US_MAX / 1000, s.punctual);
    if (s.failed)
        printf("%d were not: %s\n", s.failed, s.why);
    return s.whole == 0;
}

int main(int argc, char **argv)
{
    const bool finds = argc == 3 && strcmp(argv[1], "--find") == 0;
    const struct rlimit files = { 65536, 65536 };
    bool good = true;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    for (int i = finds ? 2 : 1; i < argc; i++) {
        const int calls = atoi(argv[i]);
        if (calls <= 0 || calls > CALLS_MAX) {
            fprintf(stderr, "use: calls_bench CALLS... | --find CALLS  (at most %d)\n", CALLS_MAX);
            return 2;
        }
        if (finds)
            return find(calls);
        good = measure(calls, false).punctual && good;
    }
    return !good;
}
