/* rate.h - how many requests a second an account may make: a token bucket for each.
 *
 * In memory only: a restart forgives. Accounts are made by the operator, so their number is bounded
 * by him. Any thread.
 */
#ifndef FW_API_RATE_H
#define FW_API_RATE_H
#include "base/clock.h"

struct fw_limits;

/* `per_second` at least 1; as many may come at once after a second of silence. */
MUST_USE enum fw_err fw_limits_new(unsigned per_second, struct fw_limits **ret);
void fw_limits_free(struct fw_limits *l); /* NULL is fine */

struct fw_limit {
    unsigned limit, remaining; /* requests */
    unsigned reset_s;          /* until `remaining` is `limit` again, rounded up */
    unsigned retry_ms;         /* 0: this one may pass */
};
/* One request of `account`, which counts when it may pass. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_limits_take(struct fw_limits *l, int64_t account, struct fw_mono now,
                                    struct fw_limit *ret);
#endif
