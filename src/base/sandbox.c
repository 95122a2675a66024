/* The edge to seccomp, Landlock and rlimits. The lists were found by running the programs: glibc's
 * qsort asks sysinfo(2), stdio asks newfstatat(2), abort(3) wants the signal calls. */
#include "base/sandbox.h"
#include "base/file.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the header of Debian 12: Linux 6.2, Landlock ABI 3. */
#define ACCESS_TRUNCATE (1ULL << 14)

/* An address sanitizer reserves terabytes and looks at its own memory map. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static const int calls_both[] = {
    SCMP_SYS(read),         SCMP_SYS(write),         SCMP_SYS(readv),
    SCMP_SYS(writev),       SCMP_SYS(pread64),       SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),        SCMP_SYS(close),         SCMP_SYS(fstat),
    SCMP_SYS(brk),          SCMP_SYS(munmap),        SCMP_SYS(mremap),
    SCMP_SYS(madvise),      SCMP_SYS(exit),          SCMP_SYS(exit_group),
    SCMP_SYS(futex),        SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),    SCMP_SYS(sysinfo),       SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(getrusage),     SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),  SCMP_SYS(fsync),         SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
};
/* Answered by EACCES: libraries ask on their way and live without an answer. */
static const int calls_refused[] = {
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(openat2),    SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),       SCMP_SYS(lstat),
    SCMP_SYS(statx),     SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
    SCMP_SYS(ioctl),
};
/* clang-format off */
static const int calls_modem[] = {
    SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg), SCMP_SYS(sendto), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(shutdown), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime), SCMP_SYS(eventfd2), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
    SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fcntl), SCMP_SYS(getdents64),
    SCMP_SYS(fallocate), SCMP_SYS(dup), SCMP_SYS(fadvise64),
};
static const int calls_modem_refused[] = {
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(ioctl),
    SCMP_SYS(openat2),
};
/* clang-format on */

static bool set_limit(enum __rlimit_resource what, uint64_t soft, uint64_t hard)
{
    struct rlimit old;
    if (getrlimit(what, &old) != 0)
        return false;
    const struct rlimit limit = { .rlim_cur = soft < old.rlim_max ? soft : old.rlim_max,
                                  .rlim_max = hard < old.rlim_max ? hard : old.rlim_max };
    return setrlimit(what, &limit) == 0;
}

static bool limits_set(const struct fw_sandbox *want)
{
    const uint64_t memory = SANITIZED ? 0 : want->memory_max;
    return set_limit(RLIMIT_CORE, 0, 0) && set_limit(RLIMIT_NPROC, 0, 0) &&
           (memory == 0 || set_limit(RLIMIT_AS, memory, memory)) &&
           (want->file_max == 0 || set_limit(RLIMIT_FSIZE, want->file_max, want->file_max)) &&
           (want->cpu_s_max == 0 ||
            set_limit(RLIMIT_CPU, want->cpu_s_max, (uint64_t)want->cpu_s_max + 2)) &&
           (want->fds_max == 0 || set_limit(RLIMIT_NOFILE, want->fds_max, want->fds_max));
}

static bool rule_add(int ruleset, const char *folder, uint64_t allowed)
{
    int fd CLEANUP(fw_fd_close) = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct landlock_path_beneath_attr rule = { .allowed_access = allowed, .parent_fd = fd };
    return fd >= 0 &&
           syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* Landlock names rights one by one; a right the kernel does not know is an error, one that is not
 * named stays open to all. So: every right of the ABI found, at most those known here. */
static enum fw_err landlock_enter(const struct fw_sandbox *want, struct fw_fault *fault)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        fw_log(FW_LOG_WARN, "sandbox.no_landlock", "effect=%s",
               want->profile == FW_SANDBOX_RENDER ? "none_seccomp_refuses_all_files"
                                                  : "files_not_narrowed_to_the_folder");
        return FW_OK;
    }
    const uint64_t newest = abi >= 3   ? ACCESS_TRUNCATE
                            : abi == 2 ? LANDLOCK_ACCESS_FS_REFER
                                       : LANDLOCK_ACCESS_FS_MAKE_SYM;
    const uint64_t handled = newest * 2 - 1;
    const uint64_t allowed =
        handled & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                   LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER | ACCESS_TRUNCATE);
    const struct landlock_ruleset_attr attr = { .handled_access_fs = handled };
    int ruleset CLEANUP(fw_fd_close) =
        (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    const bool open_folder = want->profile == FW_SANDBOX_MODEM;
    if (ruleset >= 0 && (!open_folder || rule_add(ruleset, want->folder, allowed)) &&
        syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
        return FW_OK;
    fw_fault_set(fault, "", "the kernel refuses the Landlock rules: %s", strerror(errno));
    return FW_IO;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int err = 0;
    for (size_t i = 0; i < count && err == 0; i++)
        err = seccomp_rule_add(filter, action, calls[i], 0);
    return err;
}

/* Memory may be had, but never memory that can be executed; a signal may be sent to itself only. */
static int add_guarded(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_exec = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp self = SCMP_A0_64(SCMP_CMP_EQ, (uint64_t)getpid());
    const int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
    const int err2 = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
    const int err3 = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, self);
    return err ? err : err2 ? err2 : err3;
}

/* fstat(3) of glibc is newfstatat(fd, "", AT_EMPTY_PATH); any other use of it looks for a file. */
static int add_render(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp empty = SCMP_A3_64(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
    const struct scmp_arg_cmp path = SCMP_A3_64(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0);
    const uint32_t refuse = SCMP_ACT_ERRNO(EACCES);
    const int err = add_all(filter, refuse, calls_refused, ARRAY_LEN(calls_refused));
    const int err2 = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, empty);
    const int err3 = seccomp_rule_add(filter, refuse, SCMP_SYS(newfstatat), 1, path);
    return err ? err : err2 ? err2 : err3;
}

static int add_modem(scmp_filter_ctx filter)
{
    const int err = add_all(filter, SCMP_ACT_ALLOW, calls_modem, ARRAY_LEN(calls_modem));
    const int err2 = add_all(filter, SCMP_ACT_ERRNO(EACCES), calls_modem_refused,
                             ARRAY_LEN(calls_modem_refused));
    return err ? err : err2;
}

static void filter_free(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static enum fw_err seccomp_enter(enum fw_sandbox_profile profile, struct fw_fault *fault)
{
    scmp_filter_ctx filter CLEANUP(filter_free) = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int err =
        filter ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -1;
    /* A binary tree instead of a list: the modem makes many calls a second. Old kernels and
     * libraries without it do the same work more slowly. */
    if (err == 0)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (err == 0)
        err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (err == 0)
        err = add_all(filter, SCMP_ACT_ALLOW, calls_both, ARRAY_LEN(calls_both));
    if (err == 0)
        err = add_guarded(filter);
    if (err == 0)
        err = profile == FW_SANDBOX_RENDER ? add_render(filter) : add_modem(filter);
    if (err == 0)
        err = seccomp_load(filter);
    if (err == 0)
        return FW_OK;
    fw_fault_set(fault, "", "the kernel refuses the seccomp filter: %s", strerror(-err));
    return FW_IO;
}

enum fw_err fw_sandbox_enter(const struct fw_sandbox *want, struct fw_fault *fault)
{
    fw_assert(want->profile == FW_SANDBOX_RENDER || want->folder);

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        fw_fault_set(fault, "", "the kernel refuses to drop privileges: %s", strerror(errno));
        return FW_IO;
    }
    const enum fw_err err = landlock_enter(want, fault);
    if (err)
        return err;
    if (want->before_lock && !want->before_lock(want->arg)) {
        fw_fault_set(fault, "", "no threads can be started: %s", strerror(errno));
        return FW_IO;
    }
    if (!limits_set(want)) {
        fw_fault_set(fault, "", "the kernel refuses the resource limits: %s", strerror(errno));
        return FW_IO;
    }
    return seccomp_enter(want->profile, fault);
}
