/* sandbox.h - gives up all rights a program does not need, for good.
 *
 * Called once, by the main thread of a single-threaded program, before it touches the first byte
 * that came from outside. Threads can only be made in `before_lock`, and are bound by the same
 * rules: they inherit Landlock, and the filter is put on all threads at once.
 *
 * What is asked for in vain is then answered by EACCES (looking for files)
 * or by death (everything else), so an attacker who owns the process owns only its open fds.
 *
 * seccomp is a must. Landlock (Linux 5.13 and newer) narrows which files MODEM may open; RENDER
 * opens none at all, with or without it.
 */
#ifndef FW_SANDBOX_H
#define FW_SANDBOX_H
#include "base/base.h"

enum fw_sandbox_profile {
    FW_SANDBOX_RENDER, /* memory, and reading and writing the fds it has */
    FW_SANDBOX_MODEM,  /* also its sockets, timers, and files under `folder` */
};

struct fw_sandbox {
    enum fw_sandbox_profile profile;
    const char *folder;     /* MODEM: files may be made, opened, renamed, removed below it only */
    uint64_t    memory_max; /* bytes of address space; 0 leaves it as it is. So do the next three */
    uint64_t    file_max;   /* bytes a written file may reach */
    uint32_t    cpu_s_max;  /* seconds; SIGXCPU at this, SIGKILL two seconds later */
    uint32_t    fds_max;    /* fds below this number can be used */
    /* NULL, or called when only limits and seccomp are missing; false: the kernel gives no threads.
     * Must return when its threads have begun to run: their first calls are not on the list. */
    bool (*before_lock)(void *arg);
    void *arg;
};

/* Errors: FW_IO when the kernel refuses one of the parts; the caller must then not go on. */
MUST_USE enum fw_err fw_sandbox_enter(const struct fw_sandbox *want, struct fw_fault *fault);
#endif
