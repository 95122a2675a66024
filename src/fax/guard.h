/* guard.h - against toll fraud: which numbers may be called at all, and what is limited for an account. Pure. */
#ifndef FW_GUARD_H
#define FW_GUARD_H
#include "base/base.h"

/* Lists are prefixes parted by commas or spaces, "+1900, +881": '+' and 1 to 15 digits. NULL and "" are none. */
struct fw_guard {
    const char *allow; /* none: every number that is not barred */
    const char *bar;   /* goes before `allow` */
};

/* X(name, how the API, the command line and the store call it). In options of the configuration, `account_`
 * stands before it. 0: any number. */
#define FW_QUOTAS(X)                                                                               \
    X(PAGES, "pages_per_day") /* that far ends confirmed, by the day (UTC) of the call */          \
    X(CALLS, "calls_per_day") /* that were placed */                                               \
    X(CALLS_MAX, "calls_max") /* at the same time */
enum fw_quota {
#define X(name, text) FW_QUOTA_##name,
    FW_QUOTAS(X)
#undef X
        FW_QUOTA_COUNT
};
const char *fw_quota_text(enum fw_quota q);

enum fw_guard_answer { FW_GUARD_OK, FW_GUARD_BARRED, FW_GUARD_NOT_ALLOWED };

/* NULL, or what is wrong with a list: a clause. */
const char *fw_guard_fault(const char *list);
/* `to` is +E.164 or a SIP URI. A user part of digits counts as the number that it would be dialled as; other
 * URIs are no telephone numbers, and are kept out by `allow` only. */
enum fw_guard_answer fw_guard_ask(const struct fw_guard *g, const char *to);
/* As the fax fails: the reason of CONTRACT 4 and a text for people. */
const char *fw_guard_reason(enum fw_guard_answer a, const char **ret_detail);
#endif
