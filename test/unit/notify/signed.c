/* Ed25519 over "timestamp|body" by the public key, and a timestamp of now (CONTRACT 3.3). */
#include "signed.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

bool test_signed_well(struct fw_signer *signer, const struct test_request *r)
{
    char key_text[64], timestamp[64], text[128];
    uint8_t key[33], signature[72];
    fw_text_clip(timestamp, sizeof timestamp, test_header(r, "telnyx-timestamp"));
    fw_text_clip(text, sizeof text, test_header(r, "telnyx-signature-ed25519"));
    fw_signer_public_key(signer, key_text, sizeof key_text);
    if (EVP_DecodeBlock(key, (const uint8_t *)key_text, (int)strlen(key_text)) != 33 || strlen(text) != 88 ||
        EVP_DecodeBlock(signature, (const uint8_t *)text, 88) != 66)
        return false;
    const long long age = fw_wall_now().us / 1000000 - atoll(timestamp);
    const size_t size = strlen(timestamp) + 1 + r->body_size;
    uint8_t *message = malloc(size + 1);
    snprintf((char *)message, size + 1, "%s|%s", timestamp, r->body);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    const bool ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
                    EVP_DigestVerify(md, signature, 64, message, size) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    free(message);
    return ok && age >= 0 && age < 60;
}
