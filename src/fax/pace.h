/* pace.h - when a fax that waits will have its turn: an estimate for people, by which nothing is decided. */
#ifndef FW_FAX_PACE_H
#define FW_FAX_PACE_H
#include <stdbool.h>
#include <stdint.h>

/* How far it is from its turn. Each count ends at FW_PLACE_MAX, so that a question costs the same whatever waits. */
enum { FW_PLACE_MAX = 1000 };
struct fw_place {
    int ahead;       /* faxes of its account that go before it */
    int lanes;       /* other numbers that they go to */
    int other_lanes; /* numbers that faxes of other accounts go to, which take their turns before it */
    int same_number; /* those of `ahead` that its application sends to its number */
    int busy_number; /* calls to that number now */
    int busy;        /* calls now */
};

/* How fast the queue goes. */
struct fw_pace {
    bool    dialling;         /* the line is up, and the service is not about to stop */
    int     calls_at_once;    /* as many as there may be now */
    int     calls_per_number; /* 0: any number */
    int     gap_ms;           /* between two to one number */
    int     call_ms;          /* that a call took lately, in the mean; 0: there has been none */
    int64_t account_calls;    /* of an account that has no limit of its own; 0: any number */
};

/* Milliseconds from when it is due until it is dialled. `calls`: that its account and application may have at the
 * same time, 0: any number; `pages` of it: what a call takes while none has been. */
int64_t fw_pace_wait_ms(const struct fw_pace *pace, const struct fw_place *place, int64_t calls, int pages);
#endif
