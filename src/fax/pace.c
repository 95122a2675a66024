/* When a fax will have its turn, from what is before it and how long calls take. */
#include "fax/pace.h"

enum {
    SETUP_MS = 20 * 1000, /* of a call and its T.30, while none has been seen */
    PAGE_MS = 30 * 1000,  /* at 14,400 bit/s */
};

static int64_t call_ms(const struct fw_pace *pace, int pages)
{
    return pace->call_ms > 0 ? pace->call_ms : SETUP_MS + (int64_t)pages * PAGE_MS;
}

/* For a channel. Who has a number to themselves waits for nobody while there are more channels than numbers. */
static int64_t channel_ms(const struct fw_pace *pace, const struct fw_place *p, int64_t calls, int64_t one_ms)
{
    int64_t most = pace->calls_at_once > 0 ? pace->calls_at_once : 1;
    if (calls > 0 && calls < most)
        most = calls;
    const int64_t numbers = (int64_t)p->lanes + p->other_lanes, faxes = (int64_t)p->ahead + p->other_lanes;
    if (p->busy + numbers < most)
        return 0;
    return faxes * one_ms / most + one_ms / 2; /* calls in progress are in the middle */
}

/* For its number. */
static int64_t number_ms(const struct fw_pace *pace, const struct fw_place *p, int64_t one_ms)
{
    const int most = pace->calls_per_number;
    if (most == 0 || p->busy_number + p->same_number < most)
        return 0;
    const int64_t gaps = p->same_number + (p->busy_number > 0);
    return (p->same_number * one_ms + p->busy_number * one_ms / 2 + gaps * pace->gap_ms) / most;
}

int64_t fw_pace_wait_ms(const struct fw_pace *pace, const struct fw_place *place, int64_t calls, int pages)
{
    const int64_t one_ms = call_ms(pace, pages);
    const int64_t channel = channel_ms(pace, place, calls, one_ms), number = number_ms(pace, place, one_ms);
    return channel > number ? channel : number;
}
