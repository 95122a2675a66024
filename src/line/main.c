/* faxwire-line: SIP signalling for outbound fax calls, told what to do over a channel.
 *
 *   faxwire-line --channel FD [--log error|warn|info|debug]
 *
 * The parent configures it, places calls and passes on what the modems say. It never blocks, and
 * ends by itself when the parent is gone, hanging up what is still there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "line/line.h"

static const char usage[] = "usage: faxwire-line --channel FD [--log error|warn|info|debug]\n"
                            "Started by faxwire; FD is its channel to it.\n";

static bool options(int argc, char **argv, int *ret_channel, enum fw_log_level *ret_level)
{
    *ret_channel = -1;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t fd = 0;
        if (strcmp(argv[i], "--channel") == 0 &&
            fw_text_to_u64(fw_span_of(argv[i + 1]), 1 << 20, &fd))
            *ret_channel = (int)fd;
        else if (strcmp(argv[i], "--log") != 0 || !fw_log_level_parse(argv[i + 1], ret_level))
            return false;
    }
    return argc % 2 == 1 && *ret_channel >= 0;
}

static void on_signal(void *line, int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        fw_line_stop(line);
}

/* A terminal's interrupt goes to the whole group; the parent says when we stop. */
static int watch_signals(struct fw_line *l)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    struct sigaction ignore = { 0 };
    ignore.sa_handler = SIG_IGN;
    if (sigaction(SIGINT, &ignore, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0 ||
        sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd >= 0 && fw_sip_watch(l->sip, fd, on_signal, l) == FW_OK ? fd : -1;
}

/* A ringing call holds a socket, and the usual soft limit is made for select(2). */
static void allow_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

static void run(struct fw_line *l)
{
    while (!l->failed) {
        l->now = fw_mono_now();
        int wait_ms = fw_line_calls_turn(l);
        if (l->stopping) {
            const int left_ms = fw_mono_wait_ms(l->now, l->stop_due);
            if (l->call_count == 0 || left_ms == 0)
                break;
            wait_ms = wait_ms < left_ms ? wait_ms : left_ms;
        }
        fw_sip_turn(l->sip, wait_ms);
    }
}

int main(int argc, char **argv)
{
    enum fw_log_level level = FW_LOG_INFO;
    int channel = -1;
    if (!options(argc, argv, &channel, &level)) {
        fputs(usage, stderr);
        return 2;
    }
    fw_log_init("faxwire-line", level);
    static struct fw_line line;
    const struct fw_sip_port port = { .event = fw_line_on_sip,
                                      .message = fw_line_on_message,
                                      .channel_lost = fw_line_on_channel_lost,
                                      .arg = &line };
    allow_descriptors();
    line.trace = level >= FW_LOG_DEBUG;
    const enum fw_err err = fw_sip_new(&port, channel, &line.sip);
    const int signals = err ? -1 : watch_signals(&line);
    if (signals < 0) {
        fw_log(FW_LOG_ERROR, "line.start", "error=%s what=cannot use descriptor %d as channel",
               fw_err_text(err), channel);
        return 1;
    }
    run(&line);
    fw_sip_stop(line.sip, FW_LINE_STOP_STACK_MS);
    fw_line_calls_done(&line);
    fw_line_door_close(&line);
    fw_sip_unwatch(line.sip, signals);
    close(signals);
    fw_sip_free(line.sip);
    fw_log(FW_LOG_INFO, "line.stopped", "failed=%d", line.failed);
    return line.failed ? 1 : 0;
}
