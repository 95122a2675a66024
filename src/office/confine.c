/* The edge to Landlock, seccomp, namespaces and rlimits for what LibreOffice needs. */
#include "office/confine.h"
#include "base/file.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB (1024ULL * 1024)
static const uint64_t address_space_max = 4096 * MIB; /* 209 MB are used, 1.5 GB reserved */
static const uint64_t file_max = 256 * MIB;
enum { FDS_MAX = 256 };

/* Landlock -------------------------------------------------------------------------------------- */

#define READ_FILE (LANDLOCK_ACCESS_FS_READ_FILE)
#define READ_TREE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)
#define WRITE_TREE (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* all rights of the first ABI */

/* What is missing on a machine is left out. No /etc as a whole: there are keys in it. */
static const struct {
    const char *path;
    uint64_t allowed;
} readable[] = {
    { "/usr", READ_TREE },
    { "/lib", READ_TREE },
    { "/lib64", READ_TREE },
    { "/opt", READ_TREE },
    { "/etc/fonts", READ_TREE },
    { "/etc/libreoffice", READ_TREE },
    { "/etc/ld.so.cache", READ_FILE },
    { "/etc/localtime", READ_FILE },
    { "/etc/nsswitch.conf", READ_FILE },
    { "/etc/papersize", READ_FILE },
    { "/var/cache/fontconfig", READ_TREE },
    { "/var/lib/libreoffice", READ_TREE },
    { "/var/spool/libreoffice", READ_TREE }, /* there once root has started it; unreadable, it aborts */
    { "/proc/self", READ_TREE },
    { "/proc/cpuinfo", READ_FILE },
    { "/proc/meminfo", READ_FILE },
    { "/sys/devices/system/cpu", READ_TREE },
    { "/tmp", LANDLOCK_ACCESS_FS_MAKE_SOCK }, /* it insists on a socket there; see office/socket.c */
    { "/dev/null", READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE },
    { "/dev/urandom", READ_FILE },
    { "/dev/random", READ_FILE },
};

static bool rule_add(int ruleset, const char *path, uint64_t allowed)
{
    int fd CLEANUP(fw_fd_close) = open(path, O_PATH | O_CLOEXEC);
    const struct landlock_path_beneath_attr rule = { .allowed_access = allowed, .parent_fd = fd };
    return fd >= 0 &&
           syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool files_narrow(const char *folder)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        fw_log(FW_LOG_WARN, "office.no_landlock", "effect=files_not_narrowed");
        return true;
    }
    const struct landlock_ruleset_attr attr = { .handled_access_fs = WRITE_TREE };
    int ruleset CLEANUP(fw_fd_close) =
        (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0 || !rule_add(ruleset, folder, WRITE_TREE))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
        if (access(readable[i].path, F_OK) == 0 &&
            !rule_add(ruleset, readable[i].path, readable[i].allowed))
            return false;
    }
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

/* seccomp ------------------------------------------------------------------------------------- */

/* Answered by EACCES. Unix sockets may be made, as programs do for themselves, but lead nowhere. */
static const int refused[] = {
    SCMP_SYS(connect),           SCMP_SYS(ptrace),            SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(mount),             SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),        SCMP_SYS(chroot),            SCMP_SYS(setns),
    SCMP_SYS(unshare),           SCMP_SYS(keyctl),            SCMP_SYS(add_key),
    SCMP_SYS(request_key),       SCMP_SYS(bpf),               SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),       SCMP_SYS(io_uring_setup),    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(kexec_load),        SCMP_SYS(init_module),
    SCMP_SYS(finit_module),      SCMP_SYS(delete_module),     SCMP_SYS(open_by_handle_at),
    SCMP_SYS(pidfd_getfd),       SCMP_SYS(pidfd_send_signal), SCMP_SYS(reboot),
    SCMP_SYS(swapon),            SCMP_SYS(settimeofday),      SCMP_SYS(clock_settime),
    SCMP_SYS(fsopen),            SCMP_SYS(open_tree),         SCMP_SYS(move_mount),
    SCMP_SYS(setsid),            SCMP_SYS(setpgid),           SCMP_SYS(mknod),
    SCMP_SYS(mknodat),           SCMP_SYS(sendto),            SCMP_SYS(sendmsg),
};

static void filter_free(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static bool calls_narrow(void)
{
    scmp_filter_ctx filter CLEANUP(filter_free) = seccomp_init(SCMP_ACT_ALLOW);
    int err = filter ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -1;
    for (size_t i = 0; i < ARRAY_LEN(refused) && err == 0; i++)
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    const struct scmp_arg_cmp not_unix = SCMP_A0_64(SCMP_CMP_NE, AF_UNIX);
    const struct scmp_arg_cmp new_user = SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
    if (err == 0)
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, not_unix);
    if (err == 0)
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(clone), 1, new_user);
    if (err == 0) /* its flags are in memory; libraries fall back to clone */
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return err == 0 && seccomp_load(filter) == 0;
}

/* ------------------------------------------------------------------------------------------- */

static bool limit(enum __rlimit_resource what, uint64_t soft, uint64_t hard)
{
    const struct rlimit l = { .rlim_cur = soft, .rlim_max = hard };
    return setrlimit(what, &l) == 0;
}

enum fw_err fw_confine_enter(const struct fw_confine *want, struct fw_fault *fault)
{
    /* A network of its own with nothing in it, where that is allowed: the second bolt. */
    if (unshare(CLONE_NEWNET | CLONE_NEWIPC) != 0)
        fw_log(FW_LOG_INFO, "office.no_namespace", "effect=network_refused_by_seccomp_alone");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0, 0) &&
        limit(RLIMIT_AS, address_space_max, address_space_max) &&
        limit(RLIMIT_FSIZE, file_max, file_max) && limit(RLIMIT_NOFILE, FDS_MAX, FDS_MAX) &&
        limit(RLIMIT_CPU, want->cpu_s_max, (uint64_t)want->cpu_s_max + 2) &&
        files_narrow(want->folder) && calls_narrow())
        return FW_OK;
    fw_fault_set(fault, "", "the kernel refuses to confine LibreOffice: %s", strerror(errno));
    return FW_IO;
}
