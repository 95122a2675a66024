/* waiters.h - requests that wait for an event of their account, without a thread for each.
 *
 * A waiting request's connection is suspended; one thread looks after all of them: it is woken by
 * each commit with events, asks the store how far each account is, and resumes who has something to
 * read, has waited long enough, or has hung up. A request takes part with a node inside of itself.
 */
#ifndef FW_API_WAITERS_H
#define FW_API_WAITERS_H
#include <microhttpd.h>

#include "store/store.h"

enum { FW_WAITERS_MAX = 512, FW_WAITERS_ACCOUNT_MAX = 128 };

struct fw_waiter {
    int64_t                account, after; /* waits for a seq above that */
    struct fw_mono         until;
    bool                   over; /* not to wait again: set when it is resumed for another reason than an event */
    struct MHD_Connection *connection;
    int                    fd;
    struct fw_waiter      *next;
};

struct fw_waiters;

MUST_USE enum fw_err fw_waiters_start(struct fw_store *s, struct fw_waiters **ret);
/* Resumes all that wait, with `over`; those that come later are not taken. */
void fw_waiters_release(struct fw_waiters *w);
/* After that, and when no request runs any more. NULL is fine. */
void fw_waiters_stop(struct fw_waiters *w);
/* The connection has been suspended. It is resumed by another thread, maybe before this returns.
 * FW_BUSY: released, it will not be; FW_LIMIT: too many of this account, or of all. */
MUST_USE enum fw_err fw_waiters_add(struct fw_waiters *w, struct fw_waiter *one);
int fw_waiters_count(struct fw_waiters *w);
#endif
