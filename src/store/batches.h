/* batches.h - many faxes of one document: accepted whole, prepared once, counted, cancelled together.
 *
 * A batch is a row; each of its faxes names it. Its documents and pages lie in the folder of the batch, not in
 * those of the faxes, and go with the last of them. Many faxes are not written in one go, which would keep all
 * others waiting: the first are written with the batch, the rest stands in lists until the queue has written it.
 */
#ifndef FW_STORE_BATCHES_H
#define FW_STORE_BATCHES_H
#include <jansson.h>

#include "store/once.h"

enum {
    FW_BATCH_MAX = 10000, /* recipients */
    FW_BATCH_SLICE = 100, /* faxes in one write */
};

struct fw_batch {
    char    id[FW_UUID_SIZE];
    int64_t account;
    char    application[FW_NUMERIC_ID_SIZE];
    int     recipients;
    int     counts[FW_STATUS_COUNT]; /* of its faxes that are not deleted; those that are not written are queued */
    struct fw_wall created_at, cancel_at, completed_at; /* {0}: not asked for; not yet */
};
struct fw_batch_page {
    struct fw_batch *items;
    int count;
    int64_t total;
};
void fw_batch_page_done(struct fw_batch_page *p);

/* What its faxes are made of; all borrowed. */
struct fw_batch_order {
    const struct fw_fax *fax; /* what they have in common; its id is that of the batch */
    const json_t *recipients; /* objects: `id` (these should grow: indexes) and `to`; `client_state` and `metadata` (an
                               * object; empty: none) where they are not those of `fax` */
    int slice;                /* so many are written at a time, the first with the batch */
};
/* All of it is accepted and durable, or nothing. FW_LIMIT: the account has `batches_max` that are not complete;
 * FW_CONFLICT: a name is taken; FW_NOT_FOUND: the application is not of this account. */
MUST_USE enum fw_err fw_store_batch_admit(struct fw_store *s, const struct fw_batch *b, const struct fw_batch_order *o,
                                          const struct fw_admission *a, int64_t batches_max);
/* `account` 0: of any. FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_batch_get(struct fw_store *s, int64_t account, const char *id, struct fw_batch *ret);
/* Newest first. */
MUST_USE enum fw_err fw_store_batch_list(struct fw_store *s, int64_t account, int page_number, int page_size,
                                         struct fw_batch_page *ret);
/* All of its faxes that have not ended are to be cancelled, as by fw_store_fax_cancel. FW_CONFLICT: it is complete. */
MUST_USE enum fw_err fw_store_batch_cancel(struct fw_store *s, int64_t account, const char *id, struct fw_wall now);

/* For the queue. Writes the next faxes of the oldest batch of which some are not written, once, whatever is killed, and
 * that they are queued now. FW_NOT_FOUND: all are. */
struct fw_slice {
    char batch[FW_UUID_SIZE];
    bool last;     /* none is left */
    bool canceled; /* the batch was, and so are these */
};
MUST_USE enum fw_err fw_store_batch_slice(struct fw_store *s, struct fw_wall now, struct fw_slice *ret);
/* The oldest batch whose documents are to be prepared; all its faxes are written. FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_batch_to_prepare(struct fw_store *s, char ret_id[FW_UUID_SIZE]);
/* One of its faxes that wait for its documents. FW_NOT_FOUND: none does. */
MUST_USE enum fw_err fw_store_batch_first(struct fw_store *s, const char *id, struct fw_fax *ret);
/* What became of them: `reason` and `detail` empty, or why not. */
MUST_USE enum fw_err fw_store_batch_prepared(struct fw_store *s, const char *id, int page_count, const char *reason,
                                             const char *detail);
/* Nobody waits for them any more. */
MUST_USE enum fw_err fw_store_batch_settle(struct fw_store *s, const char *id);
/* At most `max` of the faxes of one batch whose documents are decided, which waited for them; then how it was
 * decided. An empty page: all have been told, it may be settled. FW_NOT_FOUND: there is no such batch. */
struct fw_batch_news {
    char id[FW_UUID_SIZE];
    int  page_count;
    char reason[FW_REASON_SIZE], detail[FW_TEXT_SIZE]; /* empty: prepared */
    struct fw_fax_page faxes;
};
MUST_USE enum fw_err fw_store_batch_news(struct fw_store *s, int max, struct fw_batch_news *ret);
#endif
