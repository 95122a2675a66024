/* Who asks: the bearer's key, known to the store by its hash only. */
#include <string.h>

#include "api/request.h"
#include "base/crypto.h"
#include "base/text.h"
#include "store/keys.h"

enum { KEY_MAX = 256 };

/* RFC 9110 clause 11.4, RFC 6750 clause 2.1. */
static struct fw_span bearer(const char *authorization)
{
    const char *key = authorization + strcspn(authorization, " ");
    const struct fw_span scheme = { (const uint8_t *)authorization, (size_t)(key - authorization) };
    key += strspn(key, " ");
    const size_t size = strcspn(key, " ,");
    if (!fw_text_is_nocase(scheme, "Bearer") || size > KEY_MAX ||
        key[size + strspn(key + size, " ")] != '\0')
        return (struct fw_span){ 0 };
    return (struct fw_span){ (const uint8_t *)key, size };
}

static void let_in(struct fw_request *r, const struct fw_key_holder *holder)
{
    switch (holder->state) {
    case FW_KEY_REVOKED:
        fw_api_error_at(&r->errors, FW_API_KEY_REVOKED, NULL, "This API key was revoked.");
        break;
    case FW_KEY_EXPIRED:
        fw_api_error_at(&r->errors, FW_API_KEY_EXPIRED, NULL, "This API key has expired.");
        break;
    case FW_KEY_GOOD:
        r->account = holder->account;
        fw_text_clip(r->user_id, sizeof r->user_id, holder->user_id);
        break;
    }
}

void fw_auth_check(struct fw_request *r, const char *authorization)
{
    const struct fw_span key = authorization ? bearer(authorization) : (struct fw_span){ 0 };
    char hash[FW_SHA256_HEX_SIZE];
    struct fw_key_holder holder = { 0 };
    enum fw_err err = FW_NOT_FOUND;
    if (key.size > 0) {
        fw_sha256_hex(key, hash);
        err = fw_store_key_find(r->config->store, hash, fw_wall_now(), &holder);
    }
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_AUTHENTICATION, NULL,
                        "Could not understand the provided credentials.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        let_in(r, &holder);
}
