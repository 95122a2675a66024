/* crypto.h - the edge to OpenSSL: hashing of keys, signing of webhooks.
 *
 * Source: RFC 8032 (Ed25519), FIPS 180-4 (SHA-256), RFC 2104 (HMAC).
 */
#ifndef FW_CRYPTO_H
#define FW_CRYPTO_H
#include "base/buf.h"

enum { FW_SHA256_HEX_SIZE = 65, FW_ED25519_KEY_SIZE = 32, FW_ED25519_SIGNATURE_SIZE = 64 };

void fw_sha256_hex(struct fw_span data, char ret[FW_SHA256_HEX_SIZE]);

enum { FW_HMAC_KEY_SIZE = 32 };

/* HMAC-SHA256 as hex. */
void fw_hmac_sha256_hex(const uint8_t key[FW_HMAC_KEY_SIZE], struct fw_span data,
                        char ret[FW_SHA256_HEX_SIZE]);
/* In a time that depends on the sizes only. */
bool fw_same_secret(struct fw_span a, struct fw_span b);
/* Reads the random key at `path`, or makes one there with mode 0600, synced. */
MUST_USE enum fw_err fw_hmac_key_open(const char *path, uint8_t ret[FW_HMAC_KEY_SIZE]);

/* The same in pieces. NULL when out of memory, which the others take. */
struct fw_hash;
struct fw_hash *fw_hash_new(void);
void fw_hash_put(struct fw_hash *h, struct fw_span data);
void fw_hash_end(struct fw_hash *h, char ret[FW_SHA256_HEX_SIZE]); /* frees it */

struct fw_signer; /* an Ed25519 key pair; used by one thread at a time or read-only by many */

/* Reads the raw 32-byte private key at `path`, or makes one there with mode 0600, synced. */
MUST_USE enum fw_err fw_signer_open(const char *path, struct fw_signer **ret);
void                 fw_signer_free(struct fw_signer *s);
/* base64 of the 32 public bytes, as the client libraries take it. */
void                 fw_signer_public_key(const struct fw_signer *s, char *dst, size_t dst_size);
MUST_USE enum fw_err fw_signer_sign(const struct fw_signer *s, struct fw_span message,
                                    uint8_t ret[FW_ED25519_SIGNATURE_SIZE]);
#endif
