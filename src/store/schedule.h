/* schedule.h - faxes that wait for their time, or have none left: many at once, each by an index. */
#ifndef FW_STORE_SCHEDULE_H
#define FW_STORE_SCHEDULE_H
#include "store/store.h"

/* Of those that wait, not in a call: at most `max` that have expired at `now`, longest first. */
MUST_USE enum fw_err fw_store_fax_expired(struct fw_store *s, struct fw_wall now, int max, struct fw_fax_page *ret);
/* When the next of them does, after `now`; {INT64_MAX}: none. */
MUST_USE enum fw_err fw_store_fax_expires_next(struct fw_store *s, struct fw_wall now, struct fw_wall *ret);
/* Faxes that wait for a call and share `window` (the text of their send_window) are not due before `until`:
 * at most `max` of them, those due longest. */
MUST_USE enum fw_err fw_store_window_postpone(struct fw_store *s, const char *window, struct fw_wall until, int max);
/* The clock was set back by `by_us` to `now`: what waited for a call waits no longer for that, but still for its
 * send_at. Windows are the caller's to look at, before each call. */
MUST_USE enum fw_err fw_store_clock_set_back(struct fw_store *s, struct fw_wall now, int64_t by_us);

/* As fw_store_fax_save, each with `events_each` of `events`, all in one write. One whose status is not the
 * expected one is left out, as is one whose change is refused. */
struct fw_fax_ending {
    const struct fw_fax *fax;
    enum fw_status expected;
};
MUST_USE enum fw_err fw_store_fax_save_all(struct fw_store *s, const struct fw_fax_ending *faxes, int count,
                                           struct fw_event *events, int events_each);
#endif
