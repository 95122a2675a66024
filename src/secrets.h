/* secrets.h - what a new installation is given and keeps: an account, an API key, an application.
 *
 * Kept in `<data>/secrets.json`, mode 0600, so that the next start gives the same.
 */
#ifndef FW_SECRETS_H
#define FW_SECRETS_H
#include "store/store.h"

struct fw_secrets {
    int64_t account;
    char    api_key[FW_SECRET_SIZE];
    char    application[FW_NUMERIC_ID_SIZE];
};

MUST_USE enum fw_err fw_secrets_open(struct fw_store *store, struct fw_fault *fault, struct fw_secrets *ret);
#endif
