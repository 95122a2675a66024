/* Draining: the rooms are told once, and asked until nothing of theirs is left. */
#include "drain.h"

#include "base/log.h"

enum { LOOK_MS = 100 };

bool fw_drain_begin(struct fw_drain *d, struct fw_queue *q, struct fw_receive *r, uint32_t secs)
{
    if (secs == 0 || atomic_load(&d->until_us) != 0)
        return false;
    fw_log(FW_LOG_INFO, "service.draining", "secs=%u", secs);
    atomic_store(&d->until_us, fw_mono_now().us + secs * 1000000LL);
    fw_queue_drain(q);
    fw_receive_drain(r);
    return true;
}

int fw_drain_look_ms(const struct fw_drain *d) { return atomic_load(&d->until_us) ? LOOK_MS : -1; }

bool fw_drain_over(const struct fw_drain *d, struct fw_queue *q, struct fw_receive *r)
{
    const int64_t until = atomic_load(&d->until_us);
    if (until == 0)
        return false;
    const bool done = fw_queue_drained(q) && fw_receive_drained(r);
    if (!done && fw_mono_now().us < until)
        return false;
    fw_log(done ? FW_LOG_INFO : FW_LOG_WARN, "service.drained", "finished=%d", done);
    return true;
}

uint32_t fw_drain_left_s(const struct fw_drain *d)
{
    const int64_t until = atomic_load(&d->until_us);
    const int64_t left_us = until - fw_mono_now().us;
    return until == 0 ? 0 : left_us <= 0 ? 1 : (uint32_t)((left_us + 999999) / 1000000);
}
