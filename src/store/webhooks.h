/* webhooks.h - what became of each webhook: every try of it, lists of them, and one sent again.
 *
 * Verbs of the store; threads, errors and account 0 as store.h has them.
 */
#ifndef FW_STORE_WEBHOOKS_H
#define FW_STORE_WEBHOOKS_H
#include "store/store.h"

/* One try. The store reads texts into memory that is the page's; it writes them as they are given.
 * NULL is written as an empty text. */
struct fw_attempt {
    int            number; /* from 1; not looked at when written: it is the next one */
    struct fw_wall started_at, finished_at;
    int            http_status; /* 0: no answer */
    char          *url;
    char          *error;           /* for people; empty when it was taken */
    char          *request_headers; /* JSON: [["name", "value"], …] */
    char          *response_headers;
    char          *response_body; /* its begin, UTF-8 */
};
void fw_attempt_done(struct fw_attempt *a); /* zeroed is fine */

/* FW_NOT_FOUND: no such delivery is due or being retried, e.g. it was settled before. The try is
 * written in the same transaction. `retry_at` {0}: given up, never again. */
MUST_USE enum fw_err fw_store_delivery_done(struct fw_store *s, int64_t id,
                                            const struct fw_attempt *tried);
MUST_USE enum fw_err fw_store_delivery_retry(struct fw_store *s, int64_t id,
                                             const struct fw_attempt *tried,
                                             struct fw_wall retry_at);
/* How a try ended, and what came of writing it down (as above, each for itself). */
struct fw_delivery_end {
    int64_t id;
    bool taken; /* else there is another try at `retry_at`, {0}: none */
    const struct fw_attempt *tried; /* borrowed */
    struct fw_wall retry_at;
    enum fw_err err; /* set */
};
/* Many of them in one transaction: a commit for each would be what limits webhooks. */
void fw_store_delivery_end(struct fw_store *s, struct fw_delivery_end *ends, int count);
/* Not now, and not tried: no attempt is counted. FW_NOT_FOUND as above. */
MUST_USE enum fw_err fw_store_delivery_postpone(struct fw_store *s, int64_t id,
                                                struct fw_wall until);
/* Nobody wants it any more (its URLs are gone): given up without a try. FW_NOT_FOUND as above. */
MUST_USE enum fw_err fw_store_delivery_drop(struct fw_store *s, int64_t id, struct fw_wall now);

enum fw_webhook_state { FW_WEBHOOK_PENDING, FW_WEBHOOK_DELIVERED, FW_WEBHOOK_GIVEN_UP };
struct fw_webhook {
    char   id[FW_UUID_SIZE];
    char   user_id[FW_UUID_SIZE];
    enum fw_webhook_state state;
    int    tries;
    struct fw_wall started_at, finished_at; /* of the first and last try; {0} before */
    struct fw_wall due; /* of the next try while pending; {0}: waits for an older one of its fax */
    struct fw_event event;
    struct fw_attempt *attempts; /* newest first; swept ones are not among them */
    int    attempt_count;
};
struct fw_webhook_page {
    struct fw_webhook *items;
    int     count;
    int64_t total;
};
void fw_webhook_page_done(struct fw_webhook_page *p);

struct fw_webhook_filter { /* zero: not given */
    bool     delivered, failed; /* failed: tried, and not delivered (yet) */
    bool     has_kinds;
    uint32_t kinds; /* bits of enum fw_event_kind */
    const char *webhook, *attempts; /* text that the event, or a try, contains */
    struct fw_wall started_gte, started_lte, finished_gte, finished_lte;
};
/* In lists, at most this many tries of each, the newest. */
enum { FW_WEBHOOK_LIST_ATTEMPTS = 10 };
/* Those that were tried at least once, the latest first try first. */
MUST_USE enum fw_err fw_store_webhook_list(struct fw_store *s, int64_t account,
                                           const struct fw_webhook_filter *f, int page_number,
                                           int page_size, struct fw_webhook_page *ret);
/* With all tries; tried or not. A page of one, or FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_webhook_get(struct fw_store *s, int64_t account, const char *id,
                                          struct fw_webhook_page *ret);
/* From now on the webhooks of the application are signed with `secret` besides, and until
 * `before_until` also with the one it had; with none when it is empty. FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_webhook_secret_set(struct fw_store *s, int64_t account,
                                                 const char *application, const char *secret,
                                                 struct fw_wall before_until, bool *ret_had_one);

/* Tells an event once more, by its id or by that of one of its deliveries: a new delivery that
 * begins at its first try, behind those of its fax that are pending; one that is pending itself is
 * tried now instead. `ret_delivery` tells it. FW_NOT_FOUND: none of the account, or its fax was
 * deleted; FW_INVALID: webhooks do not tell that kind; FW_CONFLICT: there is no URL to tell it to. */
MUST_USE enum fw_err fw_store_event_replay(struct fw_store *s, int64_t account, const char *event,
                                           struct fw_wall now, char ret_delivery[FW_UUID_SIZE]);
MUST_USE enum fw_err fw_store_webhook_replay(struct fw_store *s, int64_t account,
                                             const char *delivery, struct fw_wall now,
                                             char ret_delivery[FW_UUID_SIZE]);
/* Forgets what was settled before `before`, at most `max` of them. */
MUST_USE enum fw_err fw_store_webhook_sweep(struct fw_store *s, struct fw_wall before, int max,
                                            int *ret_count);
#endif
