/* faxwire-modem: T.30 and media of up to 64 calls, in a sandbox that holds nothing but its spool.
 */
#include "base/bounds.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "modem/modem.h"
#include "modem/pool.h"
#include "t30/pagefile.h"
#include "t30/terminal.h"
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    CHANNEL_MAX = 1023,
    LARGE_BYTES = 64 * 1024,
    WORKERS = 3, /* one may wait for the disk */
    PRIORITY = -10, /* nice(2) of the clock: a tick costs microseconds and must not wait for documents */
    FDS_MAX = 64 + FW_CALLS_PER_MODEM * 5, /* socket, page file, its check, journal, trace */
};
#define MEMORY_MAX ((uint64_t)768 * 1024 * 1024) /* 64 calls of 6 MB and the program */

static volatile int stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

struct options {
    int channel;
    const char *spool;
};

static bool parse(int argc, char **argv, struct options *ret)
{
    *ret = (struct options){ .channel = -1 };
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t number = 0;
        if (strcmp(argv[i], "--spool") == 0)
            ret->spool = argv[i + 1];
        else if (strcmp(argv[i], "--channel") == 0 &&
                 fw_text_to_u64(fw_span_of(argv[i + 1]), CHANNEL_MAX, &number))
            ret->channel = (int)number;
        else
            return false;
    }
    return argc % 2 == 1 && ret->channel >= 0 && ret->spool;
}

/* Only this thread, the one with the clock, goes before others; workers may wait. Without the right to it (CAP_SYS_NICE
 * or RLIMIT_NICE) nothing changes. */
static bool start_workers(void *arg)
{
    if (fw_pool_new(WORKERS, arg))
        return false;
    (void)setpriority(PRIO_PROCESS, 0, PRIORITY);
    return true;
}

static bool prepare(const struct options *o, struct fw_pool **pool)
{
    struct fw_fault fault = { 0 };
    const struct sigaction stop = { .sa_handler = on_signal };
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    mallopt(M_ARENA_MAX, 1); /* an arena a thread would be address space for nothing */
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* a page's bitmap goes back when its call ends */
    tzset(); /* reads a file: now or never */
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &ignore, NULL);  /* of a terminal's ^C: the parent stops us in order */
    sigaction(SIGXFSZ, &ignore, NULL); /* a write that fails is enough */
    sigaction(SIGPIPE, &ignore, NULL);
    if (chdir(o->spool) != 0) {
        fw_log(FW_LOG_ERROR, "modem.spool", "folder=%s", FW_LOG_TEXT(o->spool));
        return false;
    }
    if (!fw_terminal_guarded()) {
        fw_log(FW_LOG_ERROR, "modem.guards", "missing=1");
        return false;
    }
    const struct fw_sandbox sandbox = { .profile = FW_SANDBOX_MODEM,
                                        .folder = ".",
                                        .memory_max = MEMORY_MAX,
                                        .file_max = 2 * (uint64_t)FW_PAGEFILE_BYTES_MAX,
                                        .fds_max = FDS_MAX,
                                        .before_lock = start_workers,
                                        .arg = pool };
    if (fw_sandbox_enter(&sandbox, &fault)) {
        fw_log(FW_LOG_ERROR, "modem.sandbox", "error=%s", FW_LOG_TEXT(fault.message));
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o;
    struct fw_modem *m = NULL;
    struct fw_pool *pool = NULL;
    fw_log_init("faxwire-modem", FW_LOG_INFO);
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "use: faxwire-modem --channel FD --spool FOLDER (started by faxwire)\n");
        return 2;
    }
    if (!prepare(&o, &pool) || fw_modem_new(o.channel, pool, &m))
        return 1;
    fw_modem_run(m, &stopped);
    fw_modem_free(m);
    return 0;
}
