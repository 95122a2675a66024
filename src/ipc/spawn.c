/* Starting a program: descriptors in their places, exec. */
#include "ipc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

enum { CHILD_CHANNEL_FD = 3, CHILD_KEEP_FD = 4 };

struct start {
    char *const *argv;
    int   channel_fd, keep_fd;
};

static void become(const void *context)
{
    const struct start *s = context;
    setpgid(0, 0); /* Ctrl-C is for the parent; it tells us */
    /* Out of the way first: either may sit on a number that the other is to get. */
    const int channel = fcntl(s->channel_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    const int keep = s->keep_fd >= 0 ? fcntl(s->keep_fd, F_DUPFD, FW_PROCESS_FREE_FD) : -1;
    const int null = open("/dev/null", O_RDONLY);
    if (channel < 0 || null < 0 || dup2(null, 0) < 0 || dup2(2, 1) < 0 ||
        dup2(channel, CHILD_CHANNEL_FD) < 0 || (keep >= 0 && dup2(keep, CHILD_KEEP_FD) < 0))
        _exit(FW_PROCESS_UNSTARTED);
    const unsigned first = keep >= 0 ? CHILD_KEEP_FD + 1 : CHILD_CHANNEL_FD + 1;
    syscall(SYS_close_range, first, ~0U, 0);
    execv(s->argv[0], s->argv);
}

enum fw_err fw_spawn(char *const argv[], int keep_fd, struct fw_child *ret)
{
    int pair[2];
    if (access(argv[0], X_OK) < 0)
        return FW_NOT_FOUND;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return FW_IO;
    int theirs CLEANUP(fw_fd_close) = pair[1];
    int ours CLEANUP(fw_fd_close) = pair[0];
    struct fw_channel *channel = NULL;
    const enum fw_err err = fw_channel_new(ours, &channel);
    if (err)
        return err;
    ours = -1;
    const struct start s = { argv, theirs, keep_fd };
    const pid_t pid = fw_process_start(become, &s);
    if (pid < 0) {
        fw_channel_free(channel);
        return FW_IO;
    }
    *ret = (struct fw_child){ .pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
                              .channel = channel };
    if (ret->pidfd < 0) {
        fw_child_end(ret);
        return FW_IO;
    }
    fcntl(ret->pidfd, F_SETFD, FD_CLOEXEC);
    return FW_OK;
}

int fw_child_end(struct fw_child *c)
{
    int status = 0;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL); /* a zombie does not mind */
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    fw_fd_close(&c->pidfd);
    fw_channel_free(c->channel);
    *c = (struct fw_child){ .pidfd = -1 };
    return status;
}
