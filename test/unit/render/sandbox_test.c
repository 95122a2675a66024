/* What a locked-in process can no longer do, tried by children that are expected to die of it. */
#include "test.h"
#include "base/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 10, ALLOWED = 11, NO_SANDBOX = 12 };

typedef int attempt_fn(const char *folder);

/* Enters the sandbox in a child, tries, and gives back what wait(2) says. */
static int outcome_of(const struct fw_sandbox *want, attempt_fn *attempt)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct fw_fault fault;
        _exit(fw_sandbox_enter(want, &fault) ? NO_SANDBOX : attempt(want->folder));
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

static bool died(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}
static bool ended(int status, int code)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static int try_open(const char *folder)
{
    (void)folder;
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? REFUSED : ALLOWED;
}

static int try_socket(const char *folder)
{
    (void)folder;
    (void)socket(AF_INET, SOCK_STREAM, 0);
    return ALLOWED;
}

static int try_fork(const char *folder)
{
    (void)folder;
    if (fork() == 0)
        _exit(0);
    return ALLOWED;
}

static int try_exec(const char *folder)
{
    (void)folder;
    execl("/bin/true", "true", (char *)NULL);
    return ALLOWED;
}

static int try_code(const char *folder)
{
    (void)folder;
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return ALLOWED;
}

static int try_kill(const char *folder)
{
    (void)folder;
    (void)kill(getppid(), 0);
    return ALLOWED;
}

static int try_trace(const char *folder)
{
    (void)folder;
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? ALLOWED : REFUSED;
}

static int try_connect(const char *folder)
{
    (void)folder;
    const struct sockaddr to = { .sa_family = AF_UNSPEC };
    (void)connect(0, &to, sizeof to);
    return ALLOWED;
}

static int try_memory(const char *folder)
{
    (void)folder;
    char *block = malloc((size_t)4 << 30);
    if (!block)
        return REFUSED;
    memset(block, 1, 4096);
    return ALLOWED;
}

static int try_new_file(const char *folder)
{
    (void)folder;
    FILE *file = tmpfile();
    return file ? ALLOWED : REFUSED;
}

static int try_work(const char *folder)
{
    (void)folder;
    char *block = malloc(1 << 20);
    if (!block || write(STDERR_FILENO, "", 0) != 0)
        return REFUSED;
    free(block);
    return 0;
}

static const struct fw_sandbox render = { .profile = FW_SANDBOX_RENDER,
                                          .memory_max = 1 << 30,
                                          .file_max = 1 << 20,
                                          .cpu_s_max = 5,
                                          .fds_max = 4 };

static void render_can_work_and_nothing_else(void **state)
{
    (void)state;
    CHECK(ended(outcome_of(&render, try_work), 0));
    CHECK(ended(outcome_of(&render, try_open), REFUSED));
    CHECK(ended(outcome_of(&render, try_memory), REFUSED));
    CHECK(ended(outcome_of(&render, try_new_file), REFUSED));
    CHECK(died(outcome_of(&render, try_socket)));
    CHECK(died(outcome_of(&render, try_connect)));
    CHECK(died(outcome_of(&render, try_fork)));
    CHECK(died(outcome_of(&render, try_exec)));
    CHECK(died(outcome_of(&render, try_code)));
    CHECK(died(outcome_of(&render, try_kill)));
    CHECK(died(outcome_of(&render, try_trace)));
}

static int try_spin(const char *folder)
{
    (void)folder;
    for (volatile uint64_t i = 0; i < UINT64_MAX; i++)
        ;
    return ALLOWED;
}

static void work_without_end_is_ended(void **state)
{
    (void)state;
    struct fw_sandbox short_time = render;
    short_time.cpu_s_max = 1;
    const int status = outcome_of(&short_time, try_spin);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

static int write_to_inherited(const char *folder)
{
    (void)folder;
    static const char block[4096];
    for (int i = 0; i < 1024; i++) {
        if (write(3, block, sizeof block) < 0)
            return errno == EFBIG ? REFUSED : ALLOWED;
    }
    return ALLOWED;
}

static void files_stop_growing(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    CHECK(file != NULL);
    const struct fw_sandbox want = { .profile = FW_SANDBOX_RENDER, .file_max = 100 * 1024 };
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        struct fw_fault fault;
        signal(SIGXFSZ, SIG_IGN);
        const bool ready = dup2(fileno(file), 3) == 3 && !fw_sandbox_enter(&want, &fault);
        _exit(ready ? write_to_inherited(NULL) : NO_SANDBOX);
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(ended(status, REFUSED));
    fclose(file);
}

static int keep_spool(const char *folder)
{
    char a[600], b[600];
    snprintf(a, sizeof a, "%s/page.new", folder);
    snprintf(b, sizeof b, "%s/page.tif", folder);
    const int fd = open(a, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 || fsync(fd) != 0 ||
        close(fd) != 0)
        return REFUSED;
    return rename(a, b) == 0 && unlink(b) == 0 ? 0 : REFUSED;
}

static int talk_on_sockets(const char *folder)
{
    (void)folder;
    struct iovec part = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    return sendmsg(3, &message, 0) == 1 && recvmsg(4, &message, 0) == 1 ? 0 : REFUSED;
}

static void modem_keeps_to_its_folder_and_sockets(void **state)
{
    (void)state;
    char folder[] = "/tmp/fw-sandbox-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    CHECK(dup2(pair[0], 3) == 3 && dup2(pair[1], 4) == 4);

    const struct fw_sandbox modem = { .profile = FW_SANDBOX_MODEM,
                                      .folder = folder,
                                      .memory_max = 1 << 30 };
    CHECK(ended(outcome_of(&modem, try_work), 0));
    CHECK(ended(outcome_of(&modem, keep_spool), 0));
    CHECK(ended(outcome_of(&modem, talk_on_sockets), 0));
    CHECK(ended(outcome_of(&modem, try_memory), REFUSED));
    CHECK(died(outcome_of(&modem, try_socket)));
    CHECK(died(outcome_of(&modem, try_connect)));
    CHECK(died(outcome_of(&modem, try_fork)));
    CHECK(died(outcome_of(&modem, try_exec)));
    CHECK(died(outcome_of(&modem, try_code)));
    CHECK(died(outcome_of(&modem, try_trace)));
    const bool landlock =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
    CHECK(ended(outcome_of(&modem, try_open), landlock ? REFUSED : ALLOWED));
    CHECK_INT(rmdir(folder), 0);
}

static void a_missing_folder_is_told(void **state)
{
    (void)state;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        skip();
    const struct fw_sandbox modem = { .profile = FW_SANDBOX_MODEM, .folder = "/nowhere/at/all" };
    CHECK(ended(outcome_of(&modem, try_work), NO_SANDBOX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(render_can_work_and_nothing_else),
        cmocka_unit_test(work_without_end_is_ended),
        cmocka_unit_test(files_stop_growing),
        cmocka_unit_test(modem_keeps_to_its_folder_and_sockets),
        cmocka_unit_test(a_missing_folder_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
