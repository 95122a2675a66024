/* Rounds of attempts and the waits between them. */
#include "notify/schedule.h"

static uint32_t or_default(uint32_t value, uint32_t otherwise) { return value ? value : otherwise; }

/* Between three quarters and all of the wait that follows `round`, which counts from 1. */
static int64_t wait_ms(const struct fw_notify_schedule *schedule, int round, uint64_t random)
{
    const int64_t max = or_default(schedule->max_ms, 3600 * 1000);
    int64_t wait = or_default(schedule->first_ms, 1000);
    for (int i = 1; i < round && wait < max; i++)
        wait *= 2;
    if (wait > max)
        wait = max;
    return wait - (int64_t)(random % ((uint64_t)wait / 4 + 1));
}

struct fw_notify_step fw_notify_step(const struct fw_notify_schedule *schedule, int attempt,
                                     bool has_failover, uint64_t random)
{
    fw_assert(attempt >= 1);
    const int round_max = schedule->round_max > 0 ? schedule->round_max : 36;
    const int round = has_failover ? (attempt - 1) / 2 + 1 : attempt;
    const bool failover = has_failover && attempt % 2 == 0;
    if (has_failover && !failover)
        return (struct fw_notify_step){ .again = true };
    return (struct fw_notify_step){
        .failover = failover,
        .again = round < round_max,
        .delay_ms = wait_ms(schedule, round, random),
    };
}
