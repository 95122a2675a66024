/* How fast the queue goes: told by its thread, asked by others. */
#include "queue/live.h"

enum {
    WEIGHT = 16,                /* of the mean so far, to one of the last call */
    CALL_MAX_MS = 3600 * 1000,  /* clocks jump */
};

void fw_pace_called(struct fw_queue *q, const struct fw_fax_attempt *a)
{
    const int mean = atomic_load(&q->pace.call_ms);
    int64_t ms = (a->ended_at.us - a->started_at.us) / 1000;
    ms = ms < 1 ? 1 : ms > CALL_MAX_MS ? CALL_MAX_MS : ms;
    atomic_store(&q->pace.call_ms, mean == 0 ? (int)ms : (int)(((int64_t)mean * WEIGHT + ms) / (WEIGHT + 1)));
}

static int modems_up(const struct fw_queue *q)
{
    int up = 0;
    for (int m = 0; m < q->config.modem_count; m++)
        up += q->modems[m].up;
    return up;
}

void fw_pace_publish(struct fw_queue *q)
{
    int calls = modems_up(q) * FW_CALLS_PER_MODEM;
    if (calls > q->config.calls_max)
        calls = q->config.calls_max;
    if (q->channels > 0 && (uint32_t)calls > q->channels)
        calls = (int)q->channels;
    atomic_store(&q->pace.calls_at_once, calls);
    atomic_store(&q->pace.dialling, q->line_up && !q->draining && calls > 0);
    atomic_store(&q->pace.account_calls, q->quotas[FW_QUOTA_CALLS_MAX]);
}

void fw_queue_pace(const struct fw_queue *q, struct fw_pace *ret)
{
    *ret = (struct fw_pace){
        .dialling = atomic_load(&q->pace.dialling),
        .calls_at_once = atomic_load(&q->pace.calls_at_once),
        .calls_per_number = q->config.calls_per_number,
        .gap_ms = q->config.number_gap_ms,
        .call_ms = atomic_load(&q->pace.call_ms),
        .account_calls = atomic_load(&q->pace.account_calls),
    };
}
