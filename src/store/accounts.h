/* accounts.h - what accounts may send, and what they have sent today. Days are those of UTC.
 *
 * Calls and pages are counted with the attempts, in their transactions: by the day on which the call began, a
 * call when it is placed, a page when the far end has confirmed it. Threads and errors as store.h has them.
 */
#ifndef FW_STORE_ACCOUNTS_H
#define FW_STORE_ACCOUNTS_H
#include "fax/guard.h"
#include "store/keys.h"

struct fw_account_day {
    int64_t limits[FW_QUOTA_COUNT]; /* its own; -1: that of the configuration */
    int64_t calls, pages;           /* so far */
};
/* FW_NOT_FOUND: no such account. */
MUST_USE enum fw_err fw_store_account_day(struct fw_store *s, int64_t account, struct fw_wall now,
                                          struct fw_account_day *ret);

/* From outside of the service, as in keys.h. */
struct fw_account {
    char name[FW_KEY_TEXT_SIZE];
    char user_id[FW_UUID_SIZE];
    struct fw_wall created_at;
    struct fw_account_day day;
};
struct fw_account_list {
    struct fw_account *items; /* oldest first */
    int count;
};
void fw_account_list_done(struct fw_account_list *l);
MUST_USE enum fw_err fw_admin_account_list(struct fw_admin *a, struct fw_wall now, struct fw_account_list *ret);
struct fw_account_limits {
    bool    given[FW_QUOTA_COUNT];  /* the others stay as they are */
    int64_t limits[FW_QUOTA_COUNT]; /* -1: that of the configuration again */
};
/* All of them or none. A running service heeds them from the next call on. FW_NOT_FOUND: no account of that name. */
MUST_USE enum fw_err fw_admin_account_limit(struct fw_admin *a, const char *name, const struct fw_account_limits *l);
#endif
