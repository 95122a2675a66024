/* digest.h - the client's side of HTTP Digest: which challenge to take, and its answer.
 *
 * The stack knows MD5 only and gives up when SHA-256 stands beside it, so its digest is replaced
 * by this one (fw_digest_install); when a request is sent again stays the stack's business.
 *
 * Sources: RFC 3261 clause 22, RFC 7616, RFC 8760 (SHA-256 in SIP).
 */
#ifndef FW_SIP_DIGEST_H
#define FW_SIP_DIGEST_H
#include "base/buf.h"
#include "sip/sofia.h"

enum {
    FW_DIGEST_HEX_SIZE = 65,
    FW_DIGEST_REALM_SIZE = 256,
    FW_DIGEST_NONCE_SIZE = 1024,
    FW_DIGEST_HEADER_SIZE = 4096,
};
enum fw_digest_algorithm { FW_DIGEST_NONE, FW_DIGEST_MD5, FW_DIGEST_SHA256 }; /* by strength */

struct fw_digest {
    enum fw_digest_algorithm algorithm;
    bool algorithm_named, qop, stale;
    char realm[FW_DIGEST_REALM_SIZE]; /* as they came, without the quotes */
    char nonce[FW_DIGEST_NONCE_SIZE], opaque[FW_DIGEST_NONCE_SIZE];
};

struct fw_digest_request {
    const char *username, *password, *method, *uri, *cnonce;
    uint32_t count; /* of uses of the nonce, from 1 */
};

/* FW_INVALID: another scheme, algorithm or qop than we can do, or no place for it. */
MUST_USE enum fw_err fw_digest_read(const msg_auth_t *challenge, struct fw_digest *ret);
/* The strongest of those with the realm of the first; FW_INVALID. */
MUST_USE enum fw_err fw_digest_choose(const msg_auth_t *challenges, struct fw_digest *ret);
/* Value of an Authorization header. FW_LIMIT. */
MUST_USE enum fw_err fw_digest_answer(const struct fw_digest *d, const struct fw_digest_request *r,
                                      char ret[FW_DIGEST_HEADER_SIZE]);

/* Puts this digest in the place of the stack's. Once a process; before any request. */
void fw_digest_install(void);
#endif
