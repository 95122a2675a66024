/* The queue's promises under seeds: 200 in each test run, more by
 *     queue_sim_test SEEDS [FROM]        and one with every step told:  queue_sim_test trace SEED */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "queue_sim.h"
#include "test.h"

enum { SEEDS = 200 };
static unsigned long seeds = SEEDS, from = 1;

/* Seeds that found something once. */
static const unsigned long regressions[] = { 1 };

static void promises_are_kept(void **state)
{
    struct sim_report sum = { 0 };
    unsigned long broken = 0;
    (void)state;
    for (unsigned long seed = from; seed < from + seeds; seed++) {
        struct sim_report r;
        queue_sim_run(seed, false, &r);
        if (r.fault[0]) {
            printf("# seed %lu: %s\n", seed, r.fault);
            broken++;
        }
        sum.faxes += r.faxes, sum.calls += r.calls, sum.delivered += r.delivered, sum.failed += r.failed;
        sum.retried += r.retried, sum.crashes += r.crashes, sum.disk_failures += r.disk_failures;
        sum.told += r.told, sum.told_again += r.told_again;
        sum.virtual_us += r.virtual_us;
    }
    printf("# %lu seeds, %.1f days: %d faxes, %d calls, %d delivered, %d failed, %d dialled again, %d crashes,"
           " %d disk faults, %d webhooks told, %d again\n",
           seeds, (double)sum.virtual_us / 86400e6, sum.faxes, sum.calls, sum.delivered, sum.failed, sum.retried,
           sum.crashes, sum.disk_failures, sum.told, sum.told_again);
    CHECK_INT(broken, 0);
    CHECK(sum.delivered > 0 && sum.failed > 0 && sum.retried > 0 && sum.crashes > 0 && sum.disk_failures > 0);
    CHECK(sum.told > 0 && sum.told_again > 0);
}

static void a_seed_is_one_run(void **state)
{
    (void)state;
    for (unsigned long seed = 1; seed <= 5; seed++) {
        struct sim_report a, b;
        queue_sim_run(seed, false, &a);
        queue_sim_run(seed, false, &b);
        CHECK(a.hash == b.hash);
        CHECK_INT(a.calls, b.calls);
    }
}

static void seeds_that_found_something_find_nothing_now(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof regressions / sizeof regressions[0]; i++) {
        struct sim_report r;
        queue_sim_run(regressions[i], false, &r);
        CHECK_TEXT(r.fault, "");
    }
}

int main(int argc, char **argv)
{
    fw_log_init("queue_sim_test", (enum fw_log_level)0);
    if (argc == 3 && strcmp(argv[1], "trace") == 0) {
        struct sim_report r;
        queue_sim_run(strtoul(argv[2], NULL, 10), true, &r);
        printf("%s\n", r.fault[0] ? r.fault : "all promises were kept");
        return r.fault[0] != 0;
    }
    seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : SEEDS;
    from = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_are_kept),
        cmocka_unit_test(a_seed_is_one_run),
        cmocka_unit_test(seeds_that_found_something_find_nothing_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
