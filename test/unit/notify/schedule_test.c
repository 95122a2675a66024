/* The schedule and the shares of receivers: pure, so all of it. */
#include <stdio.h>

#include "notify/hosts.h"
#include "notify/schedule.h"
#include "test.h"

static const struct fw_notify_schedule standard = { 0 };

static void waits_double_up_to_the_ceiling(void **state)
{
    (void)state;
    int64_t total_ms = 0, last_ms = 0;
    int attempt = 1;
    for (struct fw_notify_step step = { .again = true }; step.again; attempt++) {
        step = fw_notify_step(&standard, attempt, false, 0);
        CHECK(!step.failover);
        CHECK(step.delay_ms == 3600 * 1000 || step.delay_ms == (attempt == 1 ? 1000 : 2 * last_ms));
        last_ms = step.delay_ms;
        total_ms += step.again ? step.delay_ms : 0;
        CHECK(attempt < 100);
    }
    CHECK_INT(attempt - 1, 36);
    CHECK(total_ms > 23 * 3600 * 1000LL && total_ms < 25 * 3600 * 1000LL);
}

static void the_random_part_is_at_most_a_quarter(void **state)
{
    (void)state;
    for (int attempt = 1; attempt <= 36; attempt++) {
        const int64_t whole = fw_notify_step(&standard, attempt, false, 0).delay_ms;
        int64_t least = whole;
        for (uint64_t random = 0; random < 200000; random += 37) {
            const int64_t one = fw_notify_step(&standard, attempt, false, random).delay_ms;
            CHECK(one <= whole && one >= whole - whole / 4);
            least = one < least ? one : least;
        }
        CHECK(least < whole);
        const int64_t extreme = fw_notify_step(&standard, attempt, false, UINT64_MAX).delay_ms;
        CHECK(extreme <= whole && extreme >= whole - whole / 4);
    }
}

static void the_failover_url_comes_at_once_after_the_primary(void **state)
{
    (void)state;
    for (int attempt = 1; attempt <= 72; attempt += 2) {
        const struct fw_notify_step primary = fw_notify_step(&standard, attempt, true, 5);
        CHECK(!primary.failover && primary.again && primary.delay_ms == 0);
        const struct fw_notify_step failover = fw_notify_step(&standard, attempt + 1, true, 5);
        CHECK(failover.failover);
        CHECK_INT(failover.again, attempt + 1 < 72);
        CHECK_INT(failover.delay_ms, fw_notify_step(&standard, (attempt + 1) / 2, false, 5).delay_ms);
    }
}

static void any_attempt_number_has_an_answer(void **state)
{
    (void)state;
    CHECK(!fw_notify_step(&standard, INT32_MAX, false, 1).again);
    CHECK(!fw_notify_step(&standard, INT32_MAX - 1, true, 1).again);
    const struct fw_notify_schedule odd = { UINT32_MAX, 1, 3 };
    CHECK_INT(fw_notify_step(&odd, 2, false, 0).delay_ms, 1);
    CHECK(!fw_notify_step(&odd, 3, false, 0).again);
}

static void a_receiver_gets_its_share_only(void **state)
{
    (void)state;
    struct fw_hosts *h = NULL;
    int host = -1, other = -1, count = 0;
    CHECK_INT(fw_hosts_new(2, &h), FW_OK);
    CHECK(fw_hosts_begin(h, "a:80", &host));
    CHECK(fw_hosts_begin(h, "a:80", &host));
    CHECK(!fw_hosts_begin(h, "a:80", &host));
    CHECK(fw_hosts_begin(h, "b:80", &other));
    CHECK(host != other);
    CHECK_INT(fw_hosts_park(h, "a:80", 7), FW_PARKING_OK);
    CHECK_INT(fw_hosts_park(h, "a:80", 8), FW_PARKING_OK);
    fw_hosts_end(h, other, true);
    CHECK_INT(fw_hosts_parked(h, &count)[0], 7);
    CHECK_INT(count, 2);
    fw_hosts_end(h, host, true);
    CHECK_INT(fw_hosts_parked(h, &count)[0], 8);
    CHECK_INT(count, 1);
    fw_hosts_end(h, host, true);
    fw_hosts_parked(h, &count);
    CHECK_INT(count, 0);
    fw_hosts_free(h);
}

static void one_that_keeps_failing_is_only_probed(void **state)
{
    (void)state;
    struct fw_hosts *h = NULL;
    int host = -1;
    CHECK_INT(fw_hosts_new(8, &h), FW_OK);
    for (int i = 0; i < 3; i++) {
        CHECK(fw_hosts_begin(h, "dead:443", &host));
        fw_hosts_end(h, host, false);
    }
    CHECK(fw_hosts_begin(h, "dead:443", &host));
    CHECK(!fw_hosts_begin(h, "dead:443", &host));
    int parked = 0, count = 0;
    while (parked < 10000 && fw_hosts_park(h, "dead:443", parked) == FW_PARKING_OK)
        parked++;
    CHECK_INT(parked, FW_PARKED_SUSPECT_MAX);
    CHECK_INT(fw_hosts_park(h, "dead:443", 1), FW_PARKING_REFUSED);
    fw_hosts_end(h, host, true);
    CHECK_INT(fw_hosts_parked(h, &count)[0], 8);
    CHECK_INT(count, FW_PARKED_SUSPECT_MAX - 8);
    for (int i = 0; i < 8; i++)
        CHECK(fw_hosts_begin(h, "dead:443", &host));
    CHECK(!fw_hosts_begin(h, "dead:443", &host));
    fw_hosts_free(h);
}

/* What waits for a receiver when it turns out to be dead is not kept from the schedule. */
static void the_crowd_is_let_go_when_a_receiver_dies(void **state)
{
    (void)state;
    struct fw_hosts *h = NULL;
    int hosts[3], count = 0;
    CHECK_INT(fw_hosts_new(3, &h), FW_OK);
    for (int i = 0; i < 3; i++)
        CHECK(fw_hosts_begin(h, "dead:443", &hosts[i]));
    for (int i = 0; i < 500; i++)
        CHECK_INT(fw_hosts_park(h, "dead:443", i), FW_PARKING_OK);
    for (int i = 0; i < 3; i++)
        fw_hosts_end(h, hosts[i], false);
    fw_hosts_parked(h, &count);
    CHECK_INT(count, FW_PARKED_SUSPECT_MAX);
    fw_hosts_free(h);
}

static void the_tables_are_bounded(void **state)
{
    (void)state;
    struct fw_hosts *h = NULL;
    int host = -1, begun = 0;
    char name[32];
    CHECK_INT(fw_hosts_new(1, &h), FW_OK);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "host-%d:80", i);
        begun += fw_hosts_begin(h, name, &host);
    }
    CHECK(begun >= 1000 && begun < 3000);
    CHECK_INT(fw_hosts_park(h, "one-more:80", 1), FW_PARKING_FULL);
    fw_hosts_end(h, host, true);
    CHECK(fw_hosts_begin(h, "one-more:80", &host));
    int parked = 0;
    while (parked < 10000 && fw_hosts_park(h, "one-more:80", parked) == FW_PARKING_OK)
        parked++;
    CHECK_INT(parked, FW_PARKED_MAX);
    CHECK_INT(fw_hosts_park(h, "host-0:80", 1), FW_PARKING_FULL);
    fw_hosts_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_ceiling),
        cmocka_unit_test(the_random_part_is_at_most_a_quarter),
        cmocka_unit_test(the_failover_url_comes_at_once_after_the_primary),
        cmocka_unit_test(any_attempt_number_has_an_answer),
        cmocka_unit_test(a_receiver_gets_its_share_only),
        cmocka_unit_test(one_that_keeps_failing_is_only_probed),
        cmocka_unit_test(the_crowd_is_let_go_when_a_receiver_dies),
        cmocka_unit_test(the_tables_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
