/* crypto.h - the edge to OpenSSL: hashing of keys; signatures are in signer.h.
 *
 * Source: FIPS 180-4 (SHA-256), RFC 2104 (HMAC).
 */
#ifndef FW_CRYPTO_H
#define FW_CRYPTO_H
#include "base/buf.h"

enum { FW_SHA256_SIZE = 32, FW_SHA256_HEX_SIZE = 65 };

void fw_sha256_hex(struct fw_span data, char ret[FW_SHA256_HEX_SIZE]);

enum { FW_HMAC_KEY_SIZE = 32 };

/* HMAC-SHA256 as hex. */
void fw_hmac_sha256_hex(const uint8_t key[FW_HMAC_KEY_SIZE], struct fw_span data,
                        char ret[FW_SHA256_HEX_SIZE]);
void fw_hmac_sha256(struct fw_span key, struct fw_span data, uint8_t ret[FW_SHA256_SIZE]);
void fw_random_bytes(uint8_t *dst, size_t size); /* for secrets */
/* In a time that depends on the sizes only. */
bool fw_same_secret(struct fw_span a, struct fw_span b);
/* Reads the random key at `path`, or makes one there with mode 0600, synced. */
MUST_USE enum fw_err fw_hmac_key_open(const char *path, uint8_t ret[FW_HMAC_KEY_SIZE]);

/* The same in pieces. NULL when out of memory, which the others take. */
struct fw_hash;
struct fw_hash *fw_hash_new(void);
void fw_hash_put(struct fw_hash *h, struct fw_span data);
void fw_hash_end(struct fw_hash *h, char ret[FW_SHA256_HEX_SIZE]); /* frees it */
#endif
