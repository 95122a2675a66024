/* once.h - requests that carry a name of their own: done once, answered the same each time.
 *
 * `Idempotency-Key` (24 h, CONTRACT 7) and the field `command_id` of a fax (60 s). Two at the same
 * time: the claims of this process say so (409). One after the other: the store does (once.h there).
 */
#ifndef FW_API_ONCE_H
#define FW_API_ONCE_H
#include <pthread.h>

#include "store/once.h"

struct fw_request;

/* Names that are being worked on. A claim is in the request that made it. */
struct fw_claim {
    int64_t account;
    const struct fw_once *name;
    struct fw_claim *next;
};
struct fw_claims {
    pthread_mutex_t lock;
    struct fw_claim *first;
};
void fw_claims_init(struct fw_claims *c);
void fw_claims_done(struct fw_claims *c);
MUST_USE bool fw_claims_take(struct fw_claims *c, struct fw_claim *claim); /* false: it is taken */
void fw_claims_give(struct fw_claims *c, struct fw_claim *claim);

struct fw_request_once {
    struct fw_once names[FW_ONCE_NAMES_MAX];
    struct fw_claim claims[FW_ONCE_NAMES_MAX];
    int count, claimed;
    char request_sha256[FW_SHA256_HEX_SIZE];
};

/* `key` is the header, may be NULL; adds 400 when it is not one. Before the body. */
void fw_once_header(struct fw_request *r, const char *key);
/* With the body. False: the request is answered. True: it is to be done, and whatever comes of it,
 * fw_once_leave is called then. */
MUST_USE bool fw_once_enter(struct fw_request *r);
void fw_once_leave(struct fw_request *r);
/* What the store writes along with what the request makes; the answer is `r`'s. */
struct fw_admission fw_once_admission(const struct fw_request *r);
/* Adds 429 when the account has as many faxes in process as it may. Before the body. */
void fw_in_process_check(struct fw_request *r);
/* Adds what the store said to an admission: 409, 429 or else. */
void fw_once_refused(struct fw_request *r, enum fw_err err);
#endif
