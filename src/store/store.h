/* store.h - what Faxwire knows, durably: the verbs of the domain, whatever database is behind them.
 *
 * The store is the queue. A fax is a row; a change of it and the events that tell of it are one
 * transaction, and a verb that returned FW_OK is on disk (SQLite: WAL, synchronous=FULL).
 *
 * Any thread may call any verb; each blocks until its transaction is durable. Writes go through
 * one writer thread that commits in groups. Errors of every verb: FW_IO (logged with its cause),
 * FW_NO_MEMORY, FW_BUSY when the writer is stopping. Of every `create` and `accept`: FW_CONFLICT
 * when the id is taken. Of every list: FW_INVALID for a page or size below 1.
 * Account 0 in a `get` means any account: for rooms that have no caller to protect from.
 */
#ifndef FW_STORE_H
#define FW_STORE_H
#include "fax/fax.h"

struct fw_store;

/* Opens or makes `<data>/faxwire.db` and migrates it. FW_CONFLICT: a newer program made it, or
 * another process has it; FW_INVALID: the path is empty or too long; `fault` says what to do. */
MUST_USE enum fw_err fw_store_open(const char *data_dir, struct fw_fault *fault,
                                   struct fw_store **ret);
/* Finishes what was accepted; verbs that run now still return, none may start. NULL is fine. */
void fw_store_close(struct fw_store *s);

/* Accounts and keys; more of keys in store/keys.h. A key is known by its SHA-256 only (64
 * lower-case hex digits, else FW_INVALID). FW_CONFLICT: the key is of another account.
 * FW_NOT_FOUND: no such account. A key that was revoked stays so. */
MUST_USE enum fw_err fw_store_account_ensure(struct fw_store *s, const char *name, int64_t *ret);
/* What webhooks call user_id. FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_account_user(struct fw_store *s, int64_t account, char ret[FW_UUID_SIZE]);
MUST_USE enum fw_err fw_store_key_ensure(struct fw_store *s, int64_t account,
                                         const char *key_sha256_hex);

/* Applications. `page_number` counts from 1. Lists: newest first; the caller frees with
 * fw_application_done on each and free() on the array. A deleted one is there for account 0 only:
 * the faxes of the past name it. */
MUST_USE enum fw_err fw_store_application_create(struct fw_store *s,
                                                 const struct fw_application *a);
MUST_USE enum fw_err fw_store_application_get(struct fw_store *s, int64_t account, const char *id,
                                              struct fw_application *ret);
/* Writes every field but id, account and created_at, if nobody changed it since `read_at` (its
 * updated_at when it was read): else FW_CONFLICT. FW_NOT_FOUND: no such one of this account. */
MUST_USE enum fw_err fw_store_application_save(struct fw_store *s, const struct fw_application *a,
                                               struct fw_wall read_at);
/* FW_NOT_FOUND as above; FW_CONFLICT: faxes that are not final or phone numbers use it. */
MUST_USE enum fw_err fw_store_application_delete(struct fw_store *s, int64_t account,
                                                 const char *id, struct fw_wall now);
struct fw_application_filter { /* empty: not given */
    char name_contains[FW_TEXT_SIZE]; /* ASCII letters in either case */
    char voice_profile[FW_NUMERIC_ID_SIZE];
    enum fw_application_order {
        FW_APPLICATIONS_NEWEST,
        FW_APPLICATIONS_OLDEST,
        FW_APPLICATIONS_NAME,
        FW_APPLICATIONS_NAME_DOWN,
        FW_APPLICATIONS_INACTIVE, /* first */
        FW_APPLICATIONS_ACTIVE,   /* first */
        FW_APPLICATIONS_ORDER_COUNT
    } order;
};
struct fw_application_page {
    struct fw_application *items;
    int count;
    int64_t total;
};
void fw_application_page_done(struct fw_application_page *p);
/* `filter` NULL: all, newest first. */
MUST_USE enum fw_err fw_store_application_list(struct fw_store *s, int64_t account,
                                               const struct fw_application_filter *filter,
                                               int page_number, int page_size,
                                               struct fw_application_page *ret);

/* Faxes. */
struct fw_fax_filter { /* empty or zero: not given; times exclusive or inclusive as named */
    char from[FW_NUMBER_MAX + 1], to[FW_NUMBER_MAX + 1];
    char direction[16]; /* "outbound" or "inbound" */
    uint32_t statuses;  /* bits 1 << enum fw_status; one of them */
    char batch[FW_UUID_SIZE];
    bool oldest_first;
    int metadata_count; /* all of these */
    struct { char key[FW_METADATA_KEY_MAX + 1], value[FW_METADATA_VALUE_MAX + 1]; } metadata[FW_METADATA_FILTERS_MAX];
    bool has_gt, has_gte, has_lt, has_lte;
    struct fw_wall gt, gte, lt, lte; /* created_at */
};
struct fw_fax_page {
    struct fw_fax *items;
    int count;
    int64_t total;
};
void fw_fax_page_done(struct fw_fax_page *p);

/* Writes the row and its first event (and that event's delivery) in one transaction.
 * FW_NOT_FOUND: the application is not of this account. */
MUST_USE enum fw_err fw_store_fax_accept(struct fw_store *s, const struct fw_fax *f,
                                         struct fw_event *first);
/* `account` 0: of any account, deleted ones too (our own rooms). */
MUST_USE enum fw_err fw_store_fax_get(struct fw_store *s, int64_t account, const char *id,
                                      struct fw_fax *ret);
MUST_USE enum fw_err fw_store_fax_list(struct fw_store *s, int64_t account,
                                       const struct fw_fax_filter *filter, int page_number,
                                       int page_size, struct fw_fax_page *ret);
/* Writes every mutable field of `f` (from `status` on, but created_at) and the events in one
 * transaction, if the stored status still is `expected`: else FW_CONFLICT and nothing is written. A
 * change of status that the table of fax/status.h does not have is refused and logged: FW_INVALID. Sets
 * the events' seq. */
MUST_USE enum fw_err fw_store_fax_save(struct fw_store *s, const struct fw_fax *f,
                                       enum fw_status expected, struct fw_event *events,
                                       int event_count);
/* Writes down that the fax is to be cancelled; the queue does it, and a start that finds it. Asking
 * again is fine. FW_NOT_FOUND: no such fax of this account; FW_CONFLICT: it is final already. */
MUST_USE enum fw_err fw_store_fax_cancel(struct fw_store *s, int64_t account, const char *id,
                                         struct fw_wall now);
/* Takes a fax away: no get or list of an account shows it from now on. One that is not final
 * (`*ret_live`) is to be cancelled as above. Its rows go with the last of its webhooks, its files
 * with fw_store_fax_sweep. FW_NOT_FOUND: no such fax of this account. */
MUST_USE enum fw_err fw_store_fax_delete(struct fw_store *s, int64_t account, const char *id,
                                         struct fw_wall now, bool *ret_live);
/* Removes the folders of faxes that were deleted and are final. To be called after a delete, at the
 * end of a fax that may have been deleted, and at a start; any thread. */
MUST_USE enum fw_err fw_store_fax_sweep(struct fw_store *s);
/* A change that asking again will not get through: not a trouble of the disk. */
bool fw_store_refused(enum fw_err err);
/* Removes folders that belong to nothing: documents stand there before the row that accepts them, and a kill in
 * between leaves them. `part` is one of FW_FAX_PARTS; only folders that hold nothing else are looked at, of names
 * given out before `before` (the start of this run), since later ones may still get their row. Any thread. */
enum { FW_FAX_PARTS = 256 };
void fw_store_fax_strays(struct fw_store *s, int part, struct fw_wall before);
/* Every fax of a direction that is not final, oldest first: what a start has to take up again. */
MUST_USE enum fw_err fw_store_fax_unfinished(struct fw_store *s, enum fw_direction direction,
                                             struct fw_fax_page *ret);

/* Events of one fax after `seq`, oldest first, at most `max`. Free as pages above. */
struct fw_event_page {
    struct fw_event *items;
    int count;
};
void fw_event_page_done(struct fw_event_page *p);
MUST_USE enum fw_err fw_store_event_list(struct fw_store *s, const char *fax, int64_t after_seq,
                                         int max, struct fw_event_page *ret);

/* FW_OK: that event of that fax is written. FW_NOT_FOUND: it is not. */
MUST_USE enum fw_err fw_store_event_has(struct fw_store *s, const char *fax, const char *id);

/* Webhook deliveries: one for each event that is told by webhook, if there was a URL when it
 * happened. How each ended, and the log of it: store/webhooks.h. For each fax only the oldest
 * undelivered one is ever due, so that the order per fax holds while it is retried. */
#define FW_WEBHOOK_SECRET_PREFIX "whsec_"
enum { FW_WEBHOOK_SECRET_SIZE = 96, FW_WEBHOOK_SECRET_BYTES_MAX = 64 };
struct fw_delivery {
    int64_t id;
    int attempt; /* the coming one, counts from 1 */
    int postponed; /* times it was put off, untried, since the last one */
    struct fw_event event;
    char url[FW_URL_MAX + 1]; /* the fax's, else the application's now; may be empty */
    char failover_url[FW_URL_MAX + 1];
    int timeout_secs; /* -1: default */
    char secret[FW_WEBHOOK_SECRET_SIZE], secret_before[FW_WEBHOOK_SECRET_SIZE]; /* "whsec_…", or empty */
};
struct fw_delivery_page {
    struct fw_delivery *items;
    int count;
};
void fw_delivery_page_done(struct fw_delivery_page *p);
/* At most `max` due at `now` whose ids are not in `busy` (those being sent). `*ret_next` is when
 * the next one falls due, {INT64_MAX} when there is none. Sorts `busy`. */
MUST_USE enum fw_err fw_store_delivery_due(struct fw_store *s, struct fw_wall now,
                                           int64_t *busy, int busy_count, int max,
                                           struct fw_delivery_page *ret, struct fw_wall *ret_next);
/* Called (from the writer thread) after a commit that made a delivery due; wakes the notifier. One.
 * It must not call the store. Once replaced (NULL: none) the old one is not running any more. */
void fw_store_on_delivery(struct fw_store *s, void (*fn)(void *arg), void *arg);

/* Stored media. What is expired at `now` is there no more, whether it was swept yet or not.
 * `ret_old_file` is the file that lost its row, for the caller to remove, or empty. */
enum { FW_MEDIA_TYPES_MAX = 16 };
struct fw_media_filter { /* count 0: any type */
    const char *types[FW_MEDIA_TYPES_MAX];
    int count;
};
struct fw_media_page {
    struct fw_media *items;
    int count;
    int64_t total;
};
void fw_media_page_done(struct fw_media_page *p);
/* FW_CONFLICT: the account has media of that name. */
MUST_USE enum fw_err fw_store_media_create(struct fw_store *s, const struct fw_media *m,
                                           struct fw_wall now, char ret_old_file[FW_UUID_SIZE]);
/* Changes updated_at and expires_at; file, type and size too unless `m->file` is empty.
 * FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_media_update(struct fw_store *s, const struct fw_media *m,
                                           struct fw_wall now, char ret_old_file[FW_UUID_SIZE]);
MUST_USE enum fw_err fw_store_media_delete(struct fw_store *s, int64_t account, const char *name,
                                           struct fw_wall now, char ret_old_file[FW_UUID_SIZE]);
MUST_USE enum fw_err fw_store_media_get(struct fw_store *s, int64_t account, const char *name,
                                        struct fw_wall now, struct fw_media *ret);
/* Newest first. */
MUST_USE enum fw_err fw_store_media_list(struct fw_store *s, int64_t account, struct fw_wall now,
                                         const struct fw_media_filter *f, int page_number,
                                         int page_size, struct fw_media_page *ret);
/* Deletes rows that are expired and tells which: call again until there are none. */
MUST_USE enum fw_err fw_store_media_sweep(struct fw_store *s, struct fw_wall now,
                                          struct fw_media_page *ret);
/* FW_NOT_FOUND: no media has that file. */
MUST_USE enum fw_err fw_store_media_has_file(struct fw_store *s, const char *file);
/* `<data>/media`; the file of one is named by its `file` in there. Not made. */
void fw_store_media_dir(const struct fw_store *s, char *dst, size_t dst_size);

/* Where the files of a fax lie: `<data>/faxes/<last two digits of the id>/<id>`; made by the first,
 * named by both. */
MUST_USE enum fw_err fw_store_fax_dir_make(struct fw_store *s, const char *fax, char *dst,
                                           size_t dst_size);
void fw_store_fax_dir(const struct fw_store *s, const char *fax, char *dst, size_t dst_size);
/* What modem `modem` leaves of a call while it goes on: `<data>/spool/modem-<n>/<call><suffix>`. */
void fw_store_spool_path(const struct fw_store *s, int modem, const char *call, const char *suffix, char *dst,
                         size_t dst_size);
/* Where the documents and pages of it lie: its own folder, or that of its batch. Not made. */
void fw_store_fax_home(const struct fw_store *s, const struct fw_fax *f, char *dst, size_t dst_size);
const char *fw_store_data_dir(const struct fw_store *s);
/* Keeps documents, pages and the spool in `dir`, made if need be, and not beside the database: before any other call.
 * NULL: beside it. If `dir` is in memory and not as it was left, what it held is gone: the
 * documents of faxes that have ended count as purged from now on (audit: documents_lost), `*ret_lost` of them, and
 * stored media have expired. FW_CONFLICT: they are in another folder; FW_IO; `fault`
 * says what to do. */
MUST_USE enum fw_err fw_store_keep_documents(struct fw_store *s, const char *dir, struct fw_fault *fault,
                                             int64_t *ret_lost);
const char *fw_store_documents_dir(const struct fw_store *s);
/* For so many bytes more, with the documents and with the database. */
MUST_USE bool fw_store_has_room(const struct fw_store *s, uint64_t bytes);
#endif
