/* Children: what they say is kept in bounds, they start with clean signals, and nothing of them outlives its time. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "test.h"

enum { LONG_MS = 60000, KEPT = 64 };

struct start {
    const char *script;
    int out_fd, err_fd;
};

struct trial {
    struct fw_process process;
    struct fw_said said[2];
    char text[2][KEPT + 1];
};

static void become_shell(const void *context)
{
    const struct start *s = context;
    char shell[] = "/bin/sh", c[] = "-c", script[256];
    char *const argv[] = { shell, c, script, NULL }, *const env[] = { NULL };
    snprintf(script, sizeof script, "%s", s->script);
    setpgid(0, 0);
    if (dup2(s->out_fd, 1) == 1 && dup2(s->err_fd, 2) == 2)
        execve(shell, argv, env);
}

static void become_nothing(const void *context)
{
    char *const none[] = { NULL };
    execve(context, none, none);
}

static void begin(struct trial *t, const char *script)
{
    int out CLEANUP(fw_fd_close) = -1, err CLEANUP(fw_fd_close) = -1;
    *t = (struct trial){ .process = { .pidfd = -1, .said_count = 2 } };
    t->process.said = t->said;
    for (int i = 0; i < 2; i++)
        t->said[i] = (struct fw_said){ .fd = -1, .text = t->text[i], .max = KEPT };
    CHECK(fw_said_open(&t->said[0], &out) && fw_said_open(&t->said[1], &err));
    const struct start s = { script, out, err };
    CHECK(fw_process_run(&t->process, become_shell, &s));
}

static int whole(struct trial *t, const char *script)
{
    begin(t, script);
    fw_process_watch(&t->process, LONG_MS, NULL);
    CHECK(!t->process.late && !t->process.stopped);
    return fw_process_end(&t->process);
}

static void what_it_says_is_kept_with_its_code(void **state)
{
    (void)state;
    struct trial t;
    const int status = whole(&t, "echo result; echo error >&2; exit 3");
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 3);
    CHECK_TEXT(t.text[0], "result\n");
    CHECK_TEXT(t.text[1], "error\n");
    CHECK(!t.said[0].cut && !t.said[1].cut);
}

/* More than a pipe holds: it must be read, or the child would stand still. */
static void too_much_is_read_and_dropped(void **state)
{
    (void)state;
    struct trial t;
    const int status = whole(&t, "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(t.said[0].cut && !t.said[1].cut);
    CHECK_INT(t.said[0].size, KEPT);
}

static void it_is_ended_when_its_time_is_over(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "echo begun; while :; do sleep 1; done");
    fw_process_watch(&t.process, 50, NULL);
    CHECK(t.process.late && !t.process.stopped);
    CHECK_INT(WTERMSIG(fw_process_end(&t.process)), SIGKILL);
}

static void it_is_ended_when_we_are_to_stop(void **state)
{
    (void)state;
    struct trial t;
    const atomic_bool stop = true;
    begin(&t, "while :; do sleep 1; done");
    fw_process_watch(&t.process, LONG_MS, &stop);
    CHECK(t.process.stopped);
    CHECK_INT(WTERMSIG(fw_process_end(&t.process)), SIGKILL);
}

/* A grandchild keeps the pipe open for as long as it lives. */
static void what_it_started_ends_with_it(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "sleep 1000 & echo $!");
    fw_process_watch(&t.process, LONG_MS, NULL);
    const int kept = dup(t.said[0].fd); /* reads until the last writer is gone */
    CHECK(kept >= 0 && fcntl(kept, F_SETFL, 0) == 0);
    CHECK_INT(fw_process_end(&t.process), 0);
    char rest[16];
    while (read(kept, rest, sizeof rest) > 0)
        ;
    close(kept);
}

static void what_is_no_program_says_so(void **state)
{
    (void)state;
    struct fw_process p = { .pidfd = -1 };
    CHECK(fw_process_run(&p, become_nothing, "/nonexistent/program"));
    fw_process_watch(&p, LONG_MS, NULL);
    const int status = fw_process_end(&p);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), FW_PROCESS_UNSTARTED);
}

static volatile sig_atomic_t handled;

static void count(int number)
{
    (void)number;
    handled++;
}

/* Numbers 32 and 33, which libc lets nobody change: whoever started the tests may ignore them. */
#define OF_LIBC 0x180000000ULL

static unsigned long long signals(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    CHECK(at != NULL);
    return strtoull(at + strlen(name), NULL, 16);
}

/* What its parent ignores, blocks or handles is nothing to it, and the parent keeps what it had. */
static void it_starts_with_signals_as_new(void **state)
{
    (void)state;
    struct trial t;
    sigset_t blocked, before, after;
    const struct sigaction counting = { .sa_handler = count };
    struct sigaction now;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGUSR1, &counting, NULL);
    CHECK_INT(whole(&t, "grep -E 'SigBlk|SigIgn' /proc/self/status"), 0);
    CHECK_INT(signals(t.text[0], "SigBlk:"), 0);
    CHECK_INT(signals(t.text[0], "SigIgn:") & ~OF_LIBC, 0);
    pthread_sigmask(SIG_SETMASK, &before, &after);
    CHECK(sigismember(&after, SIGUSR2) == 1 && sigismember(&after, SIGTERM) == 0);
    sigaction(SIGUSR1, NULL, &now);
    CHECK(now.sa_handler == count && handled == 0);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_is_kept_with_its_code),
        cmocka_unit_test(too_much_is_read_and_dropped),
        cmocka_unit_test(it_is_ended_when_its_time_is_over),
        cmocka_unit_test(it_is_ended_when_we_are_to_stop),
        cmocka_unit_test(what_it_started_ends_with_it),
        cmocka_unit_test(what_is_no_program_says_so),
        cmocka_unit_test(it_starts_with_signals_as_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
