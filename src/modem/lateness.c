/* Counting in steps of 0.1 ms. */
#include "modem/lateness.h"

void fw_lateness_add(struct fw_lateness *l, int64_t late_us)
{
    const uint64_t late = late_us > 0 ? (uint64_t)late_us : 0;
    const uint64_t step = late / FW_LATENESS_STEP_US;
    l->steps[step < FW_LATENESS_STEPS ? step : FW_LATENESS_STEPS - 1]++;
    l->count++;
    if (late > l->max_us)
        l->max_us = late;
}

uint64_t fw_lateness_us(const struct fw_lateness *l, unsigned permille)
{
    const uint64_t wanted = (l->count * permille + 999) / 1000;
    uint64_t seen = 0;
    for (uint64_t i = 0; i + 1 < FW_LATENESS_STEPS; i++) {
        seen += l->steps[i];
        if (seen >= wanted)
            return l->count ? (i + 1) * FW_LATENESS_STEP_US : 0;
    }
    return l->max_us;
}
