/* process.h - a program as a child: started without a copy of this process, listened to, ended in time with all that
 * it started. */
#ifndef FW_PROCESS_H
#define FW_PROCESS_H
#include <stdatomic.h>
#include <sys/types.h>

#include "base/base.h"

enum { FW_PROCESS_UNSTARTED = 127, /* what the child exits with when it cannot become the program, as shells do */
       FW_PROCESS_FREE_FD = 10 };  /* above the descriptors that programs are started with */

/* Runs in the child, with every signal as new and none blocked. It borrows the memory of its parent, whose calling
 * thread stands still until it is another program: async-signal-safe calls only, nothing written that the parent uses,
 * and an end in exec or _exit. */
typedef void fw_process_become(const void *context);

/* Returns its id, or -1 with errno. A fork of a busy process with threads costs them a page fault for each page that
 * they write afterwards; this costs nothing. */
MUST_USE pid_t fw_process_start(fw_process_become *become, const void *context);

/* What a child writes to one pipe: the first `max` bytes are kept, the rest is read and dropped. */
struct fw_said {
    int    fd; /* our end, not blocking; -1 when there is none, or no more */
    char  *text;
    size_t max, size;
    bool   cut;
};

struct fw_process {
    pid_t pid;           /* 0 or below: not running */
    int   pidfd;         /* readable when it has ended; -1 */
    struct fw_said *said; /* of the caller */
    int   said_count;    /* at most 2 */
    bool  late, stopped; /* why fw_process_watch came back before its end */
};

/* A pipe: our end in `said->fd`, theirs, which the caller closes after the start, in `theirs`. */
MUST_USE bool fw_said_open(struct fw_said *said, int *theirs);
/* As fw_process_start, with a descriptor to wait for its end. */
MUST_USE bool fw_process_run(struct fw_process *p, fw_process_become *become, const void *context);
/* Until it has ended, `ms` are over, or `stop` (NULL: never) is set. */
void fw_process_watch(struct fw_process *p, int64_t ms, const atomic_bool *stop);
/* Kills it, and its group if it leads one, reads the rest, and closes everything. Returns its wait status. */
int fw_process_end(struct fw_process *p);
#endif
