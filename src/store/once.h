/* once.h - accepting a fax or making an application once, however often it is asked.
 *
 * What a request made and the answer to it are one transaction under the names that the client gave
 * the request. So a repetition finds both or nothing, also after a crash.
 */
#ifndef FW_STORE_ONCE_H
#define FW_STORE_ONCE_H
#include "base/crypto.h"
#include "store/store.h"

enum { FW_ONCE_KEY_MAX = 255, FW_ONCE_SCOPE_SIZE = 64, FW_ONCE_NAMES_MAX = 2 };

/* One name of a request: unique within account and scope until it expires. */
struct fw_once {
    char scope[FW_ONCE_SCOPE_SIZE];
    char key[FW_ONCE_KEY_MAX + 1];
    struct fw_wall expires_at;
};

struct fw_once_answer {
    char request_sha256[FW_SHA256_HEX_SIZE];
    int status;
    char *text; /* owned */
};
void fw_once_answer_done(struct fw_once_answer *a);
/* FW_NOT_FOUND: never asked, or it has expired at `now`. */
MUST_USE enum fw_err fw_store_once_find(struct fw_store *s, int64_t account, const char *scope,
                                        const char *key, struct fw_wall now,
                                        struct fw_once_answer *ret);

/* On what terms a request is let in, and what it will be answered. All texts are borrowed. */
struct fw_admission {
    const struct fw_once *names;
    int name_count; /* 0: it may be asked again and again */
    const char *request_sha256;
    int status;
    const char *text;
    struct fw_wall now;
    int64_t in_process_max; /* faxes of the account, 0: any number */
};
/* As fw_store_fax_accept. FW_LIMIT: as many faxes are in process; FW_CONFLICT: a name is taken. */
MUST_USE enum fw_err fw_store_fax_admit(struct fw_store *s, const struct fw_fax *f,
                                        struct fw_event *first, const struct fw_admission *a);
/* As fw_store_application_create. FW_CONFLICT: a name is taken. */
MUST_USE enum fw_err fw_store_application_admit(struct fw_store *s, const struct fw_application *app,
                                                const struct fw_admission *a);
/* Outbound faxes of the account that have not ended. */
MUST_USE enum fw_err fw_store_fax_in_process(struct fw_store *s, int64_t account, int64_t *ret);
#endif
