/* schedule.h - when a webhook that was not accepted is sent again, and where to; pure.
 *
 * Sends come in rounds: the primary URL, then at once the failover URL if there is one. After a
 * round that failed the next waits, each wait twice the last up to a ceiling, less a random part
 * so that many that failed together do not come back together. With the defaults the last round
 * is about a day after the first.
 */
#ifndef FW_SCHEDULE_H
#define FW_SCHEDULE_H
#include "base/clock.h"

struct fw_notify_schedule { /* zero: the default */
    uint32_t first_ms;  /* after the first round: 1000 */
    uint32_t max_ms;    /* ceiling: 3600000 */
    int      round_max; /* 36 */
};

struct fw_notify_step {
    bool    failover; /* the attempt goes to the failover URL */
    bool    again;    /* there is another attempt after this one */
    int64_t delay_ms; /* then: how long after this one */
};

/* `attempt` counts from 1; `random` any value. */
struct fw_notify_step fw_notify_step(const struct fw_notify_schedule *schedule, int attempt,
                                     bool has_failover, uint64_t random);
#endif
