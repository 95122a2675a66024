/* zone.h - a time zone of the system's database: how far its clocks are ahead of UTC, at any time.
 *
 * A zone is read from its file each time it is needed: a page of bytes, nothing shared between threads, and
 * a database that was updated counts at once. The C library has one zone a process, by the environment.
 * Source: RFC 8536 (TZif, versions 2 to 4); POSIX.1-2017 clause 8.3 (TZ) for the text at its end.
 */
#ifndef FW_ZONE_H
#define FW_ZONE_H
#include "base/buf.h"

enum { FW_ZONE_NAME_MAX = 63, FW_ZONE_TRANSITIONS_MAX = 1024, FW_ZONE_FILE_MAX = 64 * 1024 };

/* When the clocks change in a year, local time before the change. */
struct fw_zone_date {
    /* 'M': the `day` (0 is Sunday) of the `week` (5: the last) of the `month`; 'J': day 1 to 365, which 29
     * February is none of; 'D': day 0 to 365. */
    char kind;
    int  month, week, day;
    int  second; /* after that day's beginning; may lie days before or after it */
};

struct fw_zone {
    int      count;
    int64_t  at[FW_ZONE_TRANSITIONS_MAX];    /* seconds since 1970, ascending */
    int32_t  after[FW_ZONE_TRANSITIONS_MAX]; /* seconds ahead of UTC from then on */
    int32_t  first;                          /* before all of them */
    bool     has_rule;                       /* for what comes after the last */
    int32_t  standard, summer;               /* of the rule; equal: clocks do not change any more */
    struct fw_zone_date begins, ends;        /* of summer time */
};

/* FW_INVALID: no zone of that form. */
MUST_USE enum fw_err fw_zone_parse(struct fw_span file, struct fw_zone *ret);
/* An IANA name: "Europe/Berlin". FW_NOT_FOUND: the database has none of that name, or is not there; FW_INVALID
 * as above; FW_IO, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_zone_read(const char *name, struct fw_zone *ret);
/* Seconds that local time is ahead of UTC. `at_s`: seconds since 1970. */
int fw_zone_ahead(const struct fw_zone *z, int64_t at_s);
#endif
