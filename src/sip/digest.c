/* Digest challenges read and answered, without I/O. */
#include "sip/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The value of a parameter without its quotes; escapes stay, as they are hashed and sent back
 * (RFC 7616 clause 3.3, unq). False: does not fit. Absent: empty. */
static bool param(const msg_auth_t *a, const char *name, char *ret, size_t size)
{
    const char *value = msg_header_find_param((const msg_common_t *)(const void *)a, name);
    ret[0] = '\0';
    if (!value)
        return true;
    struct fw_span s = fw_span_of(value);
    if (s.size >= 2 && s.data[0] == '"' && s.data[s.size - 1] == '"')
        s = (struct fw_span){ s.data + 1, s.size - 2 };
    return fw_text_copy(ret, size, s);
}

static bool has_token(const char *list, const char *token)
{
    const size_t size = strlen(token);
    for (const char *p = list; *p;) {
        p += strspn(p, ", \t");
        const size_t length = strcspn(p, ", \t");
        if (length == size && strncasecmp(p, token, size) == 0)
            return true;
        p += length;
    }
    return false;
}

enum fw_err fw_digest_read(const msg_auth_t *challenge, struct fw_digest *ret)
{
    char algorithm[32], qop[64], stale[8];
    struct fw_digest d = { 0 };
    if (!challenge->au_scheme || strcasecmp(challenge->au_scheme, "Digest") != 0 ||
        !param(challenge, "realm=", d.realm, sizeof d.realm) ||
        !param(challenge, "nonce=", d.nonce, sizeof d.nonce) ||
        !param(challenge, "opaque=", d.opaque, sizeof d.opaque) ||
        !param(challenge, "algorithm=", algorithm, sizeof algorithm) ||
        !param(challenge, "qop=", qop, sizeof qop) ||
        !param(challenge, "stale=", stale, sizeof stale) || d.realm[0] == '\0' || d.nonce[0] == '\0')
        return FW_INVALID;
    d.algorithm_named = algorithm[0] != '\0';
    if (!d.algorithm_named || strcasecmp(algorithm, "MD5") == 0)
        d.algorithm = FW_DIGEST_MD5;
    else if (strcasecmp(algorithm, "SHA-256") == 0)
        d.algorithm = FW_DIGEST_SHA256;
    else
        return FW_INVALID;
    d.qop = has_token(qop, "auth");
    if (qop[0] != '\0' && !d.qop)
        return FW_INVALID;
    d.stale = strcasecmp(stale, "true") == 0;
    *ret = d;
    return FW_OK;
}

static const char *realm_of(const msg_auth_t *a)
{
    const char *realm = msg_header_find_param((const msg_common_t *)(const void *)a, "realm=");
    return realm ? realm : "";
}

enum fw_err fw_digest_choose(const msg_auth_t *challenges, struct fw_digest *ret)
{
    struct fw_digest best = { 0 }, d;
    const char *realm = realm_of(challenges);
    for (const msg_auth_t *a = challenges; a; a = a->au_next) {
        if (strcmp(realm_of(a), realm) == 0 && fw_digest_read(a, &d) == FW_OK &&
            d.algorithm > best.algorithm)
            best = d;
    }
    if (best.algorithm == FW_DIGEST_NONE)
        return FW_INVALID;
    *ret = best;
    return FW_OK;
}

/* Hash of the parts with a colon between them, as hex. */
static void hash(enum fw_digest_algorithm algorithm, const char *const *parts, size_t count,
                 char ret[FW_DIGEST_HEX_SIZE])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    fw_assert(ctx);
    bool ok = EVP_DigestInit_ex(ctx, algorithm == FW_DIGEST_MD5 ? EVP_md5() : EVP_sha256(), NULL) == 1;
    for (size_t i = 0; i < count; i++) {
        ok = ok && (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
             EVP_DigestUpdate(ctx, parts[i], strlen(parts[i])) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(ctx, bytes, &size) == 1;
    EVP_MD_CTX_free(ctx);
    /* No MD5 here (FIPS): an answer that is wrong is refused, which is told. */
    fw_text_hex((struct fw_span){ bytes, ok ? size : 0 }, ret, FW_DIGEST_HEX_SIZE);
}

enum fw_err fw_digest_answer(const struct fw_digest *d, const struct fw_digest_request *r,
                             char ret[FW_DIGEST_HEADER_SIZE])
{
    char a1[FW_DIGEST_HEX_SIZE], a2[FW_DIGEST_HEX_SIZE], response[FW_DIGEST_HEX_SIZE], count[16];
    const char *const a1_parts[] = { r->username, d->realm, r->password };
    const char *const a2_parts[] = { r->method, r->uri };
    hash(d->algorithm, a1_parts, 3, a1);
    hash(d->algorithm, a2_parts, 2, a2);
    snprintf(count, sizeof count, "%08x", (unsigned)r->count);
    const char *const with_qop[] = { a1, d->nonce, count, r->cnonce, "auth", a2 };
    const char *const without[] = { a1, d->nonce, a2 };
    hash(d->algorithm, d->qop ? with_qop : without, d->qop ? 6 : 3, response);

    const char *name = d->algorithm == FW_DIGEST_MD5 ? "MD5" : "SHA-256";
    int size = snprintf(ret, FW_DIGEST_HEADER_SIZE,
                        "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"%s%s",
                        r->username, d->realm, d->nonce, r->uri, response,
                        d->algorithm_named ? ", algorithm=" : "", d->algorithm_named ? name : "");
    if (size > 0 && size < FW_DIGEST_HEADER_SIZE && d->opaque[0])
        size += snprintf(ret + size, (size_t)(FW_DIGEST_HEADER_SIZE - size), ", opaque=\"%s\"", d->opaque);
    if (size > 0 && size < FW_DIGEST_HEADER_SIZE && d->qop)
        size += snprintf(ret + size, (size_t)(FW_DIGEST_HEADER_SIZE - size),
                         ", qop=auth, nc=%s, cnonce=\"%s\"", count, r->cnonce);
    return size > 0 && size < FW_DIGEST_HEADER_SIZE ? FW_OK : FW_LIMIT;
}
