/* Children: borrowed memory until they are another program, and no end that is waited for without a deadline. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { TICK_MS = 100, SAID_MAX = 2, READS_MAX = 64 };

/* A handler of ours must not run in the child, on our memory. */
static void forget_signals(void)
{
    const struct sigaction as_new = { .sa_handler = SIG_DFL };
    sigset_t none;
    for (int number = 1; number <= SIGRTMAX; number++)
        sigaction(number, &as_new, NULL); /* those of libc and the two that cannot be caught are refused */
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

pid_t fw_process_start(fw_process_become *become, const void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = vfork();
    if (pid == 0) {
        forget_signals();
        become(context);
        _exit(FW_PROCESS_UNSTARTED);
    }
    const int why = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return pid;
}

bool fw_said_open(struct fw_said *said, int *theirs)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return false;
    said->fd = pair[0];
    *theirs = pair[1];
    return fcntl(said->fd, F_SETFL, O_NONBLOCK) == 0;
}

bool fw_process_run(struct fw_process *p, fw_process_become *become, const void *context)
{
    p->pid = fw_process_start(become, context);
    if (p->pid < 0)
        return false;
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0); /* close-on-exec by itself */
    return p->pidfd >= 0;
}

/* Reads what is there, in bounds: then back to the clock. */
static void listen_to(struct fw_said *said)
{
    for (int round = 0; round < READS_MAX && said->fd >= 0; round++) {
        char part[4096];
        const ssize_t got = read(said->fd, part, sizeof part);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            fw_fd_close(&said->fd);
            return;
        }
        const size_t room = said->max - said->size, kept = (size_t)got < room ? (size_t)got : room;
        memcpy(said->text + said->size, part, kept);
        said->size += kept;
        said->cut = said->cut || kept < (size_t)got;
    }
}

void fw_process_watch(struct fw_process *p, int64_t ms, const atomic_bool *stop)
{
    const struct fw_mono due = { fw_mono_now().us + ms * 1000 };
    fw_assert(p->said_count <= SAID_MAX);
    for (;;) {
        struct pollfd fds[1 + SAID_MAX] = { { p->pidfd, POLLIN, 0 } };
        for (int i = 0; i < p->said_count; i++)
            fds[1 + i] = (struct pollfd){ p->said[i].fd, POLLIN, 0 };
        const int left = fw_mono_wait_ms(fw_mono_now(), due);
        p->stopped = stop && atomic_load(stop);
        p->late = left == 0;
        if (p->stopped || p->late)
            return;
        if (poll(fds, (nfds_t)(1 + p->said_count), left < TICK_MS ? left : TICK_MS) < 0 && errno != EINTR)
            return;
        for (int i = 0; i < p->said_count; i++)
            listen_to(&p->said[i]);
        if (fds[0].revents & POLLIN)
            return;
    }
}

int fw_process_end(struct fw_process *p)
{
    int status = 0;
    if (p->pid > 0) {
        /* Ours alone to reap, so neither call can hit a stranger. */
        kill(-p->pid, SIGKILL);
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            ;
        p->pid = 0;
    }
    for (int i = 0; i < p->said_count; i++) {
        listen_to(&p->said[i]);
        fw_fd_close(&p->said[i].fd);
    }
    fw_fd_close(&p->pidfd);
    return status;
}
