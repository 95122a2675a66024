/* window.h - when a fax may be dialled: not before a time, within hours of a place, not after a time.
 *
 * The window is open whenever a clock there shows a time within it. So a local time that does not exist on
 * the day of a change opens nothing, and the first one that does exist counts; one that exists twice counts
 * both times. A window over midnight belongs to the day that it begins on.
 */
#ifndef FW_WINDOW_H
#define FW_WINDOW_H
#include <jansson.h>

#include "base/zone.h"
#include "fax/fax.h"

struct fw_window {
    char    time_zone[FW_ZONE_NAME_MAX + 1];
    uint8_t days;     /* bit 0 is Sunday */
    int     from, to; /* minutes of the day, 0..1440, not the same; to < from: over midnight */
};

/* {"time_zone": "Europe/Berlin", "days": ["mon", …], "from": "08:00", "to": "18:00"}. FW_INVALID: `fault` says
 * which field is wrong and why; a zone that the system does not know is. */
MUST_USE enum fw_err fw_window_read(const json_t *json, struct fw_window *ret, struct fw_fault *fault);
/* The same, a new reference; NULL when out of memory. */
json_t *fw_window_json(const struct fw_window *w);
/* When it is open, at `from` or after. FW_NOT_FOUND: not for months. */
MUST_USE enum fw_err fw_window_next(const struct fw_window *w, const struct fw_zone *z, struct fw_wall from,
                                    struct fw_wall *ret);
/* Seconds that it is open between the two. */
int64_t fw_window_open_s(const struct fw_window *w, const struct fw_zone *z, struct fw_wall from, struct fw_wall until);

/* When `f` may be dialled, at `from` or after, by its send_at and its window; its expiry is not looked at.
 * FW_NOT_FOUND: never; else its zone cannot be read. */
MUST_USE enum fw_err fw_fax_opens(const struct fw_fax *f, struct fw_wall from, struct fw_wall *ret);
/* Microseconds between the two in which it could not be dialled for its window. */
MUST_USE enum fw_err fw_fax_closed_us(const struct fw_fax *f, struct fw_wall from, struct fw_wall until, int64_t *ret);
/* It must not be dialled any more. */
bool fw_fax_expired(const struct fw_fax *f, struct fw_wall now);
#endif
