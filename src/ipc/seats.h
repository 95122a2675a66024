/* seats.h - how many calls each modem has, shared by the rooms that place and that take them. Any thread. */
#ifndef FW_SEATS_H
#define FW_SEATS_H
#include <stdatomic.h>

#include "base/bounds.h"

struct fw_seats { /* zeroed is empty */
    atomic_int calls[FW_MODEMS_MAX];
};
static inline int fw_seats_of(const struct fw_seats *s, int modem)
{
    return atomic_load(&s->calls[modem]);
}
static inline void fw_seats_take(struct fw_seats *s, int modem)
{
    atomic_fetch_add(&s->calls[modem], 1);
}
static inline void fw_seats_give(struct fw_seats *s, int modem)
{
    atomic_fetch_sub(&s->calls[modem], 1);
}
#endif
