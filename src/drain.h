/* drain.h - the time between SIGTERM and the end: nothing new, and calls in progress finish. */
#ifndef FW_DRAIN_H
#define FW_DRAIN_H
#include <stdatomic.h>

#include "queue/queue.h"
#include "receive/receive.h"

enum { FW_DRAIN_S = 30 }; /* unless the configuration says */

struct fw_drain {
    _Atomic int64_t until_us; /* of the monotonic clock; 0: no drain */
};

/* Tells both rooms. From then on they begin nothing; `secs` later it is over at the latest. False: there is no
 * time for it, or it has begun before. */
MUST_USE bool fw_drain_begin(struct fw_drain *d, struct fw_queue *q, struct fw_receive *r, uint32_t secs);
/* No call is left, or the time is over. False also when no drain has begun. */
bool fw_drain_over(const struct fw_drain *d, struct fw_queue *q, struct fw_receive *r);
int fw_drain_look_ms(const struct fw_drain *d); /* until it is asked again whether it is over; -1: no drain */
/* Seconds, rounded up; 0: no drain. From any thread. */
uint32_t fw_drain_left_s(const struct fw_drain *d);
#endif
