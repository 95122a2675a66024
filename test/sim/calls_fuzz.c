/* Mutated T.38 calls: whole calls over a network that damages what it carries. Each must end by itself within its
 * limit and must not kill the process that carries it; what was received must be a whole page.
 * Use: calls_fuzz CALLS [FIRST_SEED]. Prints what went wrong with its seed. */
#include "base/file.h"
#include "page/page.h"
#include "sim.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, CALL_CPU_SECONDS = 30, SECONDS_MAX = 300, ROWS = 120 };

/* Shared with the workers. */
struct tally {
    unsigned long done, delivered, failed, over, wrong;
    uint64_t seed; /* now running */
    unsigned codes[64];
};

static void make_call(uint64_t seed, const char *tx, const char *rx, struct tally *t)
{
    static const unsigned damages[] = { 20, 100, 300, 1000 };
    const struct sim_call call = { .seed = seed, .tx_path = tx, .rx_path = rx, .no_ecm = seed % 5 == 0,
                                   .redundancy = (unsigned)(seed % 4), .seconds_max = SECONDS_MAX,
                                   .network = { .damage = damages[seed / 4 % 4],
                                                .loss = (unsigned)(seed % 3) * 50,
                                                .duplicates = (unsigned)(seed % 2) * 200, .jitter_ms = 25 } };
    struct sim_result result;
    sim_run(&call, &result);
    t->done++;
    t->delivered += result.delivered;
    t->failed += !result.delivered;
    if (result.over_limit) {
        t->over++;
        printf("seed %llu: over its limit of %d s\n", (unsigned long long)seed, SECONDS_MAX);
    }
    if (result.sent.t30_code >= 0 && result.sent.t30_code < 64)
        t->codes[result.sent.t30_code]++;
    struct fw_fault fault;
    /* T.38 has no checksum of its own, so a changed bit may change a pixel. But a page is there, whole. */
    if (result.received.t30_code == 0 && fw_page_check(rx, 0, &fault) != FW_OK) {
        t->wrong++;
        printf("seed %llu: received, but %s\n", (unsigned long long)seed, fault.message);
    }
}

static void worker(const char *folder, int index, uint64_t first, uint64_t end, struct tally *t)
{
    char tx[96], rx[96];
    (void)snprintf(tx, sizeof tx, "%s/tx.tif", folder);
    (void)snprintf(rx, sizeof rx, "%s/rx%d.tif", folder, index);
    for (uint64_t seed = first; seed < end; seed += WORKERS) {
        t->seed = seed;
        alarm(CALL_CPU_SECONDS);
        make_call(seed, tx, rx, t);
    }
    alarm(0);
}

/* Runs a worker again behind a call that killed it. Returns how many did. */
static int watch(const char *folder, uint64_t end, pid_t pids[WORKERS], struct tally *t)
{
    int running = WORKERS, deaths = 0, status = 0;
    while (running > 0) {
        const pid_t gone = wait(&status);
        for (int i = 0; i < WORKERS; i++) {
            if (pids[i] != gone)
                continue;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                running--;
                continue;
            }
            deaths++;
            printf("seed %llu: killed by signal %d\n", (unsigned long long)t[i].seed,
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
            fflush(stdout);
            pids[i] = fork();
            if (pids[i] == 0) {
                worker(folder, i, t[i].seed + WORKERS, end, &t[i]);
                _exit(0);
            }
        }
    }
    return deaths;
}

static bool print_sum(const struct tally *t, int deaths)
{
    struct tally sum = { 0 };
    for (int i = 0; i < WORKERS; i++) {
        sum.done += t[i].done;
        sum.delivered += t[i].delivered;
        sum.failed += t[i].failed;
        sum.over += t[i].over;
        sum.wrong += t[i].wrong;
        for (int code = 0; code < 64; code++)
            sum.codes[code] += t[i].codes[code];
    }
    printf("%lu mutated calls: %lu delivered, %lu failed, %lu over their limit, %lu received damaged, %d killed "
           "their process\nT.30 codes of the sender:",
           sum.done, sum.delivered, sum.failed, sum.over, sum.wrong, deaths);
    for (int code = 0; code < 64; code++) {
        if (sum.codes[code])
            printf(" %d:%u", code, sum.codes[code]);
    }
    printf("\n");
    return sum.over == 0 && sum.wrong == 0 && deaths == 0;
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/calls_fuzz.XXXXXX", tx[96];
    const uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    const uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    pid_t pids[WORKERS];
    struct tally *t = mmap(NULL, WORKERS * sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED || !mkdtemp(folder))
        return 1;
    (void)snprintf(tx, sizeof tx, "%s/tx.tif", folder);
    sim_page_make(tx, 1, ROWS);
    fflush(stdout);
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            worker(folder, i, first + (uint64_t)i, first + calls, &t[i]);
            fflush(stdout);
            _exit(0);
        }
    }
    const int deaths = watch(folder, first + calls, pids, t);
    const bool good = print_sum(t, deaths);
    fw_dir_remove(folder, 2);
    return good ? 0 : 1;
}
