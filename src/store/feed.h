/* feed.h - the events of an account in the order they were committed, and who has read how far.
 *
 * A cursor is the seq of an event. There is one writer, seq only grows and is never given twice, and
 * what has a lower seq is committed no later: so reading on after a cursor leaves nothing out and
 * shows nothing twice, whoever writes meanwhile. Only events of faxes that were deleted are gone.
 */
#ifndef FW_STORE_FEED_H
#define FW_STORE_FEED_H
#include "store/store.h"

enum { FW_CONSUMER_NAME_MAX = 64, FW_CONSUMERS_MAX = 100 /* of one account */ };

/* Those of `kinds` (bits of enum fw_event_kind) after `after`, at most `max`, oldest first; and the
 * cursor behind all that was looked at. FW_INVALID: no event has had a seq as high as `after`. */
MUST_USE enum fw_err fw_store_feed_read(struct fw_store *s, int64_t account, int64_t after,
                                        uint32_t kinds, int max, struct fw_event_page *ret,
                                        int64_t *ret_cursor);
/* The cursor behind the newest event of the account; 0 when there is none. */
MUST_USE enum fw_err fw_store_feed_end(struct fw_store *s, int64_t account, int64_t *ret);
/* Called (from the writer thread) after a commit with events. One; not to call the store. Once
 * replaced (NULL: none) the old one is not running any more. */
void fw_store_on_event(struct fw_store *s, void (*fn)(void *arg), void *arg);

struct fw_consumer {
    char           name[FW_CONSUMER_NAME_MAX + 1];
    int64_t        cursor;
    struct fw_wall updated_at;
};
struct fw_consumer_list {
    struct fw_consumer *items; /* by name */
    int                 count;
};
void fw_consumer_list_done(struct fw_consumer_list *l);
/* Everything up to `cursor` is dealt with; the first time makes the consumer. It never goes back: a
 * lower cursor changes nothing. `*ret_cursor` is where it is now. FW_INVALID as above; FW_LIMIT: the
 * account has as many consumers as it may. */
MUST_USE enum fw_err fw_store_consumer_ack(struct fw_store *s, int64_t account, const char *name,
                                           int64_t cursor, struct fw_wall now, int64_t *ret_cursor);
/* 0 for one that is not there. */
MUST_USE enum fw_err fw_store_consumer_cursor(struct fw_store *s, int64_t account, const char *name,
                                              int64_t *ret);
MUST_USE enum fw_err fw_store_consumer_list(struct fw_store *s, int64_t account,
                                            struct fw_consumer_list *ret);
/* FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_consumer_delete(struct fw_store *s, int64_t account, const char *name);
#endif
