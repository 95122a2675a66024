/* spawn.h - starts one of our programs with a channel to it. */
#ifndef FW_SPAWN_H
#define FW_SPAWN_H
#include <sys/types.h>

#include "ipc/channel.h"

struct fw_child {
    pid_t              pid;   /* 0: not running */
    int                pidfd; /* readable when it has ended; -1 */
    struct fw_channel *channel;
};

/* `argv[0]` is the path. In the child: 3 is the channel, 4 is `keep_fd` if not -1, 0 is
 * /dev/null, 1 and 2 are our stderr, the rest is closed on exec; signals are as new. */
MUST_USE enum fw_err fw_spawn(char *const argv[], int keep_fd, struct fw_child *ret);
/* Kills it if it still runs, reaps it and closes everything; returns its wait status. */
int fw_child_end(struct fw_child *c);
#endif
