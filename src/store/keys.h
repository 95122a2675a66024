/* keys.h - API keys: whom one speaks for, and how they are made and withdrawn.
 *
 * A key is known by its SHA-256 only. It is looked up for every request and nothing of it is kept
 * in memory, so that a change by another process counts from the next request on.
 */
#ifndef FW_STORE_KEYS_H
#define FW_STORE_KEYS_H
#include "store/store.h"

enum fw_key_state { FW_KEY_GOOD, FW_KEY_REVOKED, FW_KEY_EXPIRED };

struct fw_key_holder {
    int64_t account;
    char user_id[FW_UUID_SIZE]; /* of the account, as webhooks show it */
    enum fw_key_state state;
};
/* FW_NOT_FOUND: there never was such a key. */
MUST_USE enum fw_err fw_store_key_find(struct fw_store *s, const char *key_sha256_hex,
                                       struct fw_wall now, struct fw_key_holder *ret);

/* Administration from outside of the service, which may be running: a connection of its own, one
 * short transaction a verb (doc/decisions). It never makes and never migrates a database. */
struct fw_admin;
/* FW_NOT_FOUND: no database there; FW_INVALID: the path; FW_CONFLICT: of another version. */
MUST_USE enum fw_err fw_admin_open(const char *data_dir, struct fw_fault *fault,
                                   struct fw_admin **ret);
void fw_admin_close(struct fw_admin *a); /* NULL is fine */
void fw_admin_close_p(struct fw_admin **a);

enum { FW_KEY_TEXT_SIZE = 128 };
struct fw_key {
    char id[FW_UUID_SIZE];
    char account[FW_KEY_TEXT_SIZE]; /* its name */
    char user_id[FW_UUID_SIZE];
    char label[FW_KEY_TEXT_SIZE];
    struct fw_wall created_at, expires_at, revoked_at; /* {0}: never */
};
/* Makes a key for the account `name`, which is made when there is none. `ret_key` is the only copy. */
MUST_USE enum fw_err fw_admin_key_create(struct fw_admin *a, const char *account_name,
                                         const char *label, struct fw_wall expires_at,
                                         char ret_key[FW_SECRET_SIZE], struct fw_key *ret);
struct fw_key_list {
    struct fw_key *items; /* oldest first */
    int count;
};
void fw_key_list_done(struct fw_key_list *l);
MUST_USE enum fw_err fw_admin_key_list(struct fw_admin *a, struct fw_key_list *ret);
/* At once and for good; once more is fine. FW_NOT_FOUND. */
MUST_USE enum fw_err fw_admin_key_revoke(struct fw_admin *a, const char *id);
#endif
