/* lateness.h - how late the ticks came: a histogram, and what it says in three numbers. */
#ifndef FW_MODEM_LATENESS_H
#define FW_MODEM_LATENESS_H
#include "base/base.h"

enum {
    FW_LATENESS_STEP_US = 100, /* exact to this */
    FW_LATENESS_STEPS = 1000,  /* the last one holds all that is later, 100 ms and more */
};

struct fw_lateness {
    uint64_t count;
    uint64_t max_us;
    uint64_t steps[FW_LATENESS_STEPS];
};

void fw_lateness_add(struct fw_lateness *l, int64_t late_us); /* negative: not late */
/* The lateness that `permille` of all ticks did not pass, rounded up to the step; 0 when empty. */
uint64_t fw_lateness_us(const struct fw_lateness *l, unsigned permille);
#endif
