/* Workers: they do every job, they are locked in as the loop is; and the counting of late ticks. */
#include "base/sandbox.h"
#include "modem/lateness.h"
#include "modem/pool.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, JOBS = 1000, REFUSED = 10, ALLOWED = 11, NO_SANDBOX = 12 };

struct task {
    struct fw_job job;
    atomic_int *done;
};

static void count(struct fw_job *job)
{
    atomic_fetch_add(((struct task *)job)->done, 1);
}

static void every_job_is_done_before_the_pool_ends(void **state)
{
    (void)state;
    static struct task tasks[JOBS];
    atomic_int done = 0;
    struct fw_pool *pool = NULL;
    CHECK_INT(fw_pool_new(THREADS, &pool), FW_OK);
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){ .job.run = count, .done = &done };
        fw_pool_put(pool, &tasks[i].job);
    }
    fw_pool_free(pool);
    CHECK_INT(done, JOBS);
}

static void try_open(struct fw_job *job)
{
    (void)job;
    _exit(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? REFUSED : ALLOWED);
}

static void try_socket(struct fw_job *job)
{
    (void)job;
    (void)socket(AF_INET, SOCK_STREAM, 0);
    _exit(ALLOWED);
}

static bool make_pool(void *arg)
{
    return fw_pool_new(THREADS, arg) == FW_OK;
}

static int outcome_of(void (*attempt)(struct fw_job *job))
{
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct fw_pool *pool = NULL;
        struct fw_fault fault;
        const struct fw_sandbox want = { .profile = FW_SANDBOX_MODEM, .folder = "/tmp",
                                         .before_lock = make_pool, .arg = &pool };
        struct fw_job job = { .run = attempt };
        if (fw_sandbox_enter(&want, &fault))
            _exit(NO_SANDBOX);
        fw_pool_put(pool, &job);
        fw_pool_free(pool); /* waits for the job, which ends the process */
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

/* As the loop itself: Landlock by inheritance (where the kernel has it), seccomp on all threads. */
static void workers_are_locked_in_too(void **state)
{
    (void)state;
    const int file = outcome_of(try_open), net = outcome_of(try_socket);
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    CHECK(WIFEXITED(file));
    CHECK_INT(WEXITSTATUS(file), abi >= 1 ? REFUSED : ALLOWED);
    CHECK(WIFSIGNALED(net));
    CHECK_INT(WTERMSIG(net), SIGSYS);
}

static void lateness_is_told_by_rank(void **state)
{
    (void)state;
    struct fw_lateness l = { 0 };
    CHECK_INT(fw_lateness_us(&l, 990), 0);
    fw_lateness_add(&l, -50);
    for (int i = 0; i < 98; i++)
        fw_lateness_add(&l, 250);
    fw_lateness_add(&l, 2000000);
    CHECK_INT(fw_lateness_us(&l, 500), 300);
    CHECK_INT(fw_lateness_us(&l, 990), 300);
    CHECK_INT(fw_lateness_us(&l, 1000), 2000000);
    CHECK_INT(l.max_us, 2000000);
    CHECK_INT(l.count, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_is_done_before_the_pool_ends),
        cmocka_unit_test(workers_are_locked_in_too),
        cmocka_unit_test(lateness_is_told_by_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
