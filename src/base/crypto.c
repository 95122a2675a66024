/* Hashes, through OpenSSL. */
#include "base/crypto.h"
#include "base/file.h"
#include "base/text.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

void fw_sha256_hex(struct fw_span data, char ret[FW_SHA256_HEX_SIZE])
{
    uint8_t digest[32];
    unsigned size = 0;
    fw_assert(EVP_Digest(data.data, data.size, digest, &size, EVP_sha256(), NULL) == 1);
    fw_text_hex((struct fw_span){ digest, size }, ret, FW_SHA256_HEX_SIZE);
}

void fw_hmac_sha256(struct fw_span key, struct fw_span data, uint8_t ret[FW_SHA256_SIZE])
{
    unsigned size = 0;
    fw_assert(key.size <= INT_MAX &&
              HMAC(EVP_sha256(), key.data, (int)key.size, data.data, data.size, ret, &size));
}

void fw_hmac_sha256_hex(const uint8_t key[FW_HMAC_KEY_SIZE], struct fw_span data,
                        char ret[FW_SHA256_HEX_SIZE])
{
    uint8_t digest[FW_SHA256_SIZE];
    fw_hmac_sha256((struct fw_span){ key, FW_HMAC_KEY_SIZE }, data, digest);
    fw_text_hex((struct fw_span){ digest, sizeof digest }, ret, FW_SHA256_HEX_SIZE);
}

void fw_random_bytes(uint8_t *dst, size_t size)
{
    fw_assert(size <= INT_MAX && RAND_priv_bytes(dst, (int)size) == 1);
}

bool fw_same_secret(struct fw_span a, struct fw_span b)
{
    return a.size == b.size && CRYPTO_memcmp(a.data, b.data, a.size) == 0;
}

enum fw_err fw_hmac_key_open(const char *path, uint8_t ret[FW_HMAC_KEY_SIZE])
{
    struct fw_buf file CLEANUP(fw_buf_done) = { 0 };
    const enum fw_err err = fw_file_read(path, FW_HMAC_KEY_SIZE, &file);
    if (err == FW_NOT_FOUND)
        return RAND_priv_bytes(ret, FW_HMAC_KEY_SIZE) == 1
                   ? fw_file_write(path, (struct fw_span){ ret, FW_HMAC_KEY_SIZE }, 0600)
                   : FW_IO;
    if (err || file.size != FW_HMAC_KEY_SIZE)
        return err ? err : FW_INVALID;
    memcpy(ret, file.data, FW_HMAC_KEY_SIZE);
    return FW_OK;
}

struct fw_hash *fw_hash_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx)
        fw_assert(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    return (struct fw_hash *)ctx;
}

void fw_hash_put(struct fw_hash *h, struct fw_span data)
{
    if (h)
        fw_assert(EVP_DigestUpdate((EVP_MD_CTX *)h, data.data, data.size) == 1);
}

void fw_hash_end(struct fw_hash *h, char ret[FW_SHA256_HEX_SIZE])
{
    uint8_t digest[32] = { 0 };
    unsigned size = sizeof digest;
    if (h)
        fw_assert(EVP_DigestFinal_ex((EVP_MD_CTX *)h, digest, &size) == 1);
    EVP_MD_CTX_free((EVP_MD_CTX *)h);
    fw_text_hex((struct fw_span){ digest, sizeof digest }, ret, FW_SHA256_HEX_SIZE);
}
