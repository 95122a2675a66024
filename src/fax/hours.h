/* hours.h - "mon-fri 08:00-18:00": when something is wanted, as text. Pure. */
#ifndef FW_FAX_HOURS_H
#define FW_FAX_HOURS_H
#include "base/clock.h"

struct fw_hours {
    uint8_t days;     /* bit 0 is Sunday */
    int     from, to; /* minutes of the day; `to` may be 24:00 and is after `from` */
};
/* DAY or DAY-DAY, a space, HH:MM-HH:MM; days are sun mon tue wed thu fri sat. False: it is none. */
MUST_USE bool fw_hours_parse(const char *text, struct fw_hours *ret);
/* `offset_min`: the local time is that much ahead of UTC. */
bool fw_hours_has(const struct fw_hours *h, struct fw_wall now, int offset_min);
#endif
