/* hours.h - "mon-fri 08:00-18:00 Europe/Berlin": when something is wanted, as text. Pure. */
#ifndef FW_FAX_HOURS_H
#define FW_FAX_HOURS_H
#include "base/clock.h"
#include "base/zone.h"

struct fw_hours {
    uint8_t days;     /* bit 0 is Sunday */
    int     from, to; /* minutes of the day; `to` may be 24:00. Before `from`: it is of the next day */
    char    zone[FW_ZONE_NAME_MAX + 1]; /* whose clock it is by, unread; empty: not said */
};
/* DAY or DAY-DAY, a space, HH:MM-HH:MM; days are sun mon tue wed thu fri sat. Then, if wanted, a space and the name
 * of a time zone, which is not looked up. False: it is none. */
MUST_USE bool fw_hours_parse(const char *text, struct fw_hours *ret);
/* `offset_min`: the local time is that much ahead of UTC. */
bool fw_hours_has(const struct fw_hours *h, struct fw_wall now, int offset_min);
#endif
