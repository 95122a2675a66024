/* waiting.h - which fax is next: the store's part of the queue.
 *
 * A million faxes may wait. Each question here is answered from an index and reads the rows of the
 * answer and of what is in the way of it (documents being prepared, numbers in a call), no others.
 * The account that is asked about is the caller's choice: so it can take them in turns.
 */
#ifndef FW_STORE_WAITING_H
#define FW_STORE_WAITING_H
#include "fax/pace.h"
#include "store/store.h"

/* True: not this one now. Called with a fax's id or a number; must not call the store. */
typedef bool fw_waiting_skip(void *arg, const char *what);

/* Waiting for its documents to be prepared. The lowest account above `after` with some of that
 * priority, then the oldest of an account that `skip` lets pass. FW_NOT_FOUND: none. */
MUST_USE enum fw_err fw_store_prepare_account(struct fw_store *s, int priority, int64_t after,
                                              int64_t *ret);
MUST_USE enum fw_err fw_store_prepare_next(struct fw_store *s, int priority, int64_t account,
                                           fw_waiting_skip *skip, void *arg, struct fw_fax *ret);

/* Waiting for a call. As above; among the applications of an account likewise. */
MUST_USE enum fw_err fw_store_lane_account(struct fw_store *s, int priority, int64_t after,
                                           int64_t *ret);
MUST_USE enum fw_err fw_store_lane_application(struct fw_store *s, int priority, int64_t account,
                                               const char *after,
                                               char ret[FW_NUMERIC_ID_SIZE]);
/* The first fax of the lane of that application that is due longest and whose number `skip` lets
 * pass. FW_NOT_FOUND: nothing is due at `now`, or all of it is skipped. */
struct fw_lane_query {
    int priority;
    int64_t account;
    const char *application;
    struct fw_wall now;
    fw_waiting_skip *skip;
    void *arg;
};
MUST_USE enum fw_err fw_store_lane_next(struct fw_store *s, const struct fw_lane_query *q,
                                        struct fw_fax *ret);
/* When the next fax falls due after `now`; {INT64_MAX}: none does. */
MUST_USE enum fw_err fw_store_lane_when(struct fw_store *s, struct fw_wall now,
                                        struct fw_wall *ret);

/* How far a fax that waits is from its turn. Of one that is `queued`, `ahead` alone is set: whose documents are
 * prepared before its own; 0 of one in a batch. */
MUST_USE enum fw_err fw_store_fax_place(struct fw_store *s, const struct fw_fax *f, struct fw_wall now,
                                        struct fw_place *ret);

/* Those that have waited since before `before`, for their documents or, once they were due, for a call: at
 * most FW_OVERDUE_MAX, in no order. */
enum { FW_OVERDUE_MAX = 64 };
MUST_USE enum fw_err fw_store_fax_overdue(struct fw_store *s, struct fw_wall before, struct fw_fax_page *ret);

/* What a start has to settle: faxes in a call, and those that were cancelled while they waited, at most so many. */
enum { FW_TO_CANCEL_MAX = 64 };
MUST_USE enum fw_err fw_store_fax_in_call(struct fw_store *s, struct fw_fax_page *ret);
MUST_USE enum fw_err fw_store_fax_to_cancel(struct fw_store *s, struct fw_fax_page *ret);
#endif
