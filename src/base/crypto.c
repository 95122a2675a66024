/* Hashes and signatures, through OpenSSL. */
#include "base/crypto.h"
#include "base/file.h"
#include "base/text.h"
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

void fw_hmac_sha256_hex(const uint8_t key[FW_HMAC_KEY_SIZE], struct fw_span data,
                        char ret[FW_SHA256_HEX_SIZE])
{
    uint8_t digest[32];
    unsigned size = 0;
    fw_assert(HMAC(EVP_sha256(), key, FW_HMAC_KEY_SIZE, data.data, data.size, digest, &size));
    fw_text_hex((struct fw_span){ digest, size }, ret, FW_SHA256_HEX_SIZE);
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

struct fw_signer {
    EVP_PKEY *key;
};

void fw_signer_free(struct fw_signer *s)
{
    if (!s)
        return;
    EVP_PKEY_free(s->key);
    free(s);
}

static enum fw_err key_make(const char *path, uint8_t ret[FW_ED25519_KEY_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t size = FW_ED25519_KEY_SIZE;
    const bool ok = key && EVP_PKEY_get_raw_private_key(key, ret, &size) == 1;
    EVP_PKEY_free(key);
    if (!ok)
        return FW_NO_MEMORY;
    return fw_file_write(path, (struct fw_span){ ret, FW_ED25519_KEY_SIZE }, 0600);
}

enum fw_err fw_signer_open(const char *path, struct fw_signer **ret)
{
    uint8_t raw[FW_ED25519_KEY_SIZE];
    struct fw_buf file CLEANUP(fw_buf_done) = { 0 };
    enum fw_err err = fw_file_read(path, sizeof raw, &file);
    if (err == FW_NOT_FOUND)
        err = key_make(path, raw);
    else if (!err && file.size == sizeof raw)
        memcpy(raw, file.data, sizeof raw);
    else if (!err)
        err = FW_INVALID;
    if (err)
        return err;
    struct fw_signer *s = calloc(1, sizeof *s);
    if (!s)
        return FW_NO_MEMORY;
    s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);
    if (!s->key) {
        fw_signer_free(s);
        return FW_INVALID;
    }
    *ret = s;
    return FW_OK;
}

void fw_signer_public_key(const struct fw_signer *s, char *dst, size_t dst_size)
{
    uint8_t raw[FW_ED25519_KEY_SIZE];
    size_t size = sizeof raw;
    fw_assert(EVP_PKEY_get_raw_public_key(s->key, raw, &size) == 1 && size == sizeof raw);
    fw_text_base64((struct fw_span){ raw, size }, dst, dst_size);
}

enum fw_err fw_signer_sign(const struct fw_signer *s, struct fw_span message,
                           uint8_t ret[FW_ED25519_SIGNATURE_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = FW_ED25519_SIGNATURE_SIZE;
    const bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->key) == 1 &&
                    EVP_DigestSign(ctx, ret, &size, message.data, message.size) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? FW_OK : FW_NO_MEMORY;
}
