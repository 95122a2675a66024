/* store_internal.h - the store's parts, for the files of this room and its tests only. */
#ifndef FW_STORE_INTERNAL_H
#define FW_STORE_INTERNAL_H
#include <pthread.h>

#include "store/db.h"
#include "store/reader.h"
#include "store/store.h"
#include "store/writer.h"

struct fw_store {
    char *data_dir;             /* owned */
    char *documents_dir;        /* owned; NULL: data_dir */
    int lock_fd;                /* flock on <data>/lock, held as long as the store is open */
    struct fw_writer *writer;   /* owned */
    struct fw_readers *readers; /* owned */
    /* store_place.c: faxes that wait behind FW_PLACE_MAX others, for their documents and for a call. */
    struct fw_far_back {
        pthread_mutex_t lock;
        struct fw_far_mark {
            struct fw_mono until; /* so long what was counted holds */
            int64_t account, since_us;
            int priority, lanes, other_lanes;
            char id[FW_UUID_SIZE];
        } documents, call;
    } far_back;
};

/* Columns and rows, in one order each. The caller has called fw_stmt_row. */
MUST_USE enum fw_err fw_event_write(struct fw_db *db, struct fw_event *e); /* and its delivery */
/* One delivery of an event, unless nobody is to be told. */
MUST_USE enum fw_err fw_delivery_write(struct fw_db *db, int64_t seq, const char *fax,
                                       struct fw_wall due, char ret_uuid[FW_UUID_SIZE]);
#define FW_EVENT_COLUMNS "e.seq, e.id, e.fax, e.kind, e.at_us, e.payload"
MUST_USE enum fw_err fw_event_read(struct fw_stmt *q, void *into); /* a struct fw_event */
/* Appends the rows that are left of `q`; on failure `ret` still owns those before. */
MUST_USE enum fw_err fw_event_read_all(struct fw_stmt *q, struct fw_event_page *ret);
/* Of `fax` and of `fax_draft`. */
#define FW_FAX_COLUMNS                                                                             \
    "id, account, application, from_number, from_display_name, to_number, media_urls,"             \
    " client_state, webhook_url, document_count, quality, t38_enabled, monochrome,"                \
    " black_threshold, store_media, store_preview, preview_pdf, created_us, status,"               \
    " failure_reason, failure_detail, page_count, pages_confirmed, attempts, sending_told, call,"  \
    " modem, due_us, call_duration_secs, bit_rate, transport, updated_us, media_name, direction,"      \
    " media_format, partial_content, remote_ident, priority,"                                                 \
    " retry, first_page, way, page_ranges, resend_of, metadata, send_at_us, send_window, expires_us,"  \
    " result_email, result_reference, batch, trace, cover_page, header,"  \
    " subaddress, tag, barcodes"
/* What is selected of a row of `fax`: the columns, and what others wrote or know of it. */
#define FW_FAX_READ                                                                                \
    FW_FAX_COLUMNS ", (SELECT uuid FROM account WHERE account.id = fax.account), cancel_us != 0,"         \
    " deleted_us != 0, purged_us"
MUST_USE enum fw_err fw_fax_read(struct fw_stmt *q, void *into); /* a struct fw_fax */
MUST_USE enum fw_err fw_fax_by_id(struct fw_db *db, const char *id, struct fw_fax *ret);
/* Appends the rows that are left of `q`; on failure `ret` still owns those before. */
MUST_USE enum fw_err fw_fax_read_all(struct fw_stmt *q, struct fw_fax_page *ret);

/* The row and its first event. FW_NOT_FOUND: the application is not of its account. */
MUST_USE enum fw_err fw_fax_write(struct fw_db *db, const struct fw_fax *f, struct fw_event *first);
/* What the faxes of a batch have in common, while some of them are not written; FW_NOT_FOUND: all are. */
MUST_USE enum fw_err fw_fax_draft_write(struct fw_db *db, const struct fw_fax *f);
MUST_USE enum fw_err fw_fax_draft_read(struct fw_db *db, const char *id, struct fw_fax *ret);
/* The faxes of a batch that are not written with it, as lists. Made by the caller, so that the writer only writes. */
struct fw_batch_order;
struct fw_slices {
    char **lists; /* owned, as the array */
    int count;
};
MUST_USE enum fw_err fw_slices_make(const struct fw_batch_order *o, struct fw_slices *ret);
void fw_slices_done(struct fw_slices *s);
/* The first faxes of `o`, and what the others are made of. */
MUST_USE enum fw_err fw_slices_write(struct fw_db *db, const struct fw_batch_order *o, const struct fw_slices *s);
/* `last` has ended now: tells of the end of its batch, if all others of it have ended before. */
MUST_USE enum fw_err fw_batch_ended(struct fw_db *db, const struct fw_fax *last);
struct fw_admission;
/* The names and the answer of a request that is let in. */
MUST_USE enum fw_err fw_once_write(struct fw_db *db, int64_t account, const struct fw_admission *a);
/* A change of it with its events, as fw_store_fax_save. */
MUST_USE enum fw_err fw_fax_save_row(struct fw_db *db, const struct fw_fax *f, enum fw_status expected,
                                     struct fw_event *events, int event_count);
MUST_USE enum fw_err fw_application_write(struct fw_db *db, const struct fw_application *a);

/* Queues the e-mail that an event makes due: of a fax that is received, if its application has a
 * recipient; about one that was sent and has ended, if it came by mail. */
MUST_USE enum fw_err fw_mail_write(struct fw_db *db, const struct fw_event *e);

/* Queues what its application has of a fax that is received now go on to. */
MUST_USE enum fw_err fw_forward_write(struct fw_db *db, const struct fw_event *received);

struct fw_fax_attempt;
MUST_USE enum fw_err fw_fax_attempt_write(struct fw_db *db, const struct fw_fax_attempt *a);

/* Makes the account unless there is one of that name. */
MUST_USE enum fw_err fw_account_write(struct fw_db *db, const char *name, struct fw_wall now,
                                      int64_t *ret);
struct fw_key_row {
    const char *sha256;
    int64_t account;
    struct fw_wall created_at, expires_at; /* expires_at {0}: never */
    char id[FW_UUID_SIZE];
    const char *label;
};
MUST_USE enum fw_err fw_key_write(struct fw_db *db, const struct fw_key_row *k);
/* Of a deleted fax that has ended: its files are to go, and its rows once all of it is told. */
MUST_USE enum fw_err fw_fax_forget(struct fw_db *db, const char *fax);

/* Of a folder that is gone now, as its row in fax_removal says whose and why. */
MUST_USE enum fw_err fw_audit_write(struct fw_db *db, const char *fax, int64_t files, int64_t bytes);

/* Texts as a JSON list, so that any number of them is one parameter: `x NOT IN (SELECT value FROM json_each(?))`. The
 * caller's, by fw_texts_free; NULL: out of memory. */
MUST_USE char *fw_texts_json(const char *const *texts, int count);
void fw_texts_free(char **text);

/* Room for one more of `*items` (array of `count`, grown by doubling): false when out of memory. */
MUST_USE bool fw_rows_grow(void **items, int count, size_t item_size);
/* Reads the row that `q` is at into an item that was not used before; on an error nothing of it is owned. */
typedef enum fw_err fw_row_reader(struct fw_stmt *q, void *into);
/* All rows, behind the `*count` that are there. `items_at` is where the pointer to the array is. What was
 * read before an error stays, and is counted. */
MUST_USE enum fw_err fw_rows_read(struct fw_stmt *q, fw_row_reader *read, size_t item_size, void *items_at,
                                  int *count);

/* The connection of an administration from outside, and a change by it in one transaction. */
struct fw_admin;
struct fw_db *fw_admin_db(struct fw_admin *a);
MUST_USE enum fw_err fw_admin_do(struct fw_admin *a, fw_write_fn *fn, void *arg);
#endif
