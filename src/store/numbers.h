/* numbers.h - phone numbers: whose they are, and which application takes the faxes that come in.
 *
 * A number is in +E.164 form and there is one of it in the service, whoever has it. One without an
 * application is kept, but takes no faxes. An application that numbers name is not deleted.
 */
#ifndef FW_STORE_NUMBERS_H
#define FW_STORE_NUMBERS_H
#include "store/store.h"

enum { FW_E164_SIZE = 17 }; /* ITU-T E.164 clause 6: '+' and at most 15 digits */

struct fw_number {
    char    id[FW_NUMERIC_ID_SIZE];
    int64_t account;
    char    number[FW_E164_SIZE];
    char    application[FW_NUMERIC_ID_SIZE]; /* empty: none */
    char    application_name[FW_TEXT_SIZE];  /* as read; never written */
    char   *tags;                            /* owned JSON array of texts, or NULL: none */
    struct fw_wall created_at, updated_at;
};
void fw_number_done(struct fw_number *n);

/* FW_CONFLICT: somebody has the number (or the id); FW_INVALID: the application is not one of the
 * account. */
MUST_USE enum fw_err fw_store_number_create(struct fw_store *s, const struct fw_number *n);
MUST_USE enum fw_err fw_store_number_get(struct fw_store *s, int64_t account, const char *id,
                                         struct fw_number *ret);
/* Whoever has it: for a call that comes in. FW_NOT_FOUND: nobody. */
MUST_USE enum fw_err fw_store_number_find(struct fw_store *s, const char *number,
                                          struct fw_number *ret);
/* For a number that nobody has: the active application whose inbound.catch_all is set, the oldest of them, as if it
 * had a number of it (`number` and `id` stay empty). FW_NOT_FOUND: there is none. */
MUST_USE enum fw_err fw_store_number_catch_all(struct fw_store *s, struct fw_number *ret);
/* Writes application, tags and updated_at, if nobody changed it since `read_at` (its updated_at
 * when it was read): else FW_CONFLICT. FW_NOT_FOUND: no such one of this account; FW_INVALID as above. */
MUST_USE enum fw_err fw_store_number_save(struct fw_store *s, const struct fw_number *n,
                                          struct fw_wall read_at);
MUST_USE enum fw_err fw_store_number_delete(struct fw_store *s, int64_t account, const char *id);

struct fw_number_filter { /* empty: not given */
    char number[FW_E164_SIZE]; /* any part of it */
    char application[FW_NUMERIC_ID_SIZE];
};
struct fw_number_page {
    struct fw_number *items;
    int               count;
    int64_t           total;
};
void fw_number_page_done(struct fw_number_page *p);
/* Newest first. */
MUST_USE enum fw_err fw_store_number_list(struct fw_store *s, int64_t account,
                                          const struct fw_number_filter *f, int page_number,
                                          int page_size, struct fw_number_page *ret);
#endif
