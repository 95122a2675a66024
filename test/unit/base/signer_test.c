/* The keys of webhooks: made, rotated by another process, shown in their order, refused when damaged. */
#include "base/signer.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "test.h"

static char dir[64], path[96];

static int open_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fw-signer-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/webhook-key", dir);
    return 0;
}

static int close_dir(void **state)
{
    (void)state;
    fw_dir_remove(dir, 1);
    return 0;
}

static bool signed_by(struct fw_signer *s, const char *public_key)
{
    uint8_t raw[48], signature[FW_ED25519_SIGNATURE_SIZE];
    size_t size = 0;
    const struct fw_span message = fw_span_of("1|{}");
    CHECK_INT(fw_signer_sign(s, message, signature), FW_OK);
    CHECK(fw_text_base64_decode(fw_span_of(public_key), raw, sizeof raw, &size));
    CHECK_INT(size, FW_ED25519_KEY_SIZE);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, size);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                      EVP_DigestVerify(ctx, signature, sizeof signature, message.data, message.size) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

static void one_key_stays_as_it_was_written(void **state)
{
    (void)state;
    struct fw_signer *s = NULL, *again = NULL;
    struct fw_signer_key keys[FW_SIGNER_KEYS_MAX];
    char first[FW_PUBLIC_KEY_TEXT_SIZE], second[FW_PUBLIC_KEY_TEXT_SIZE];
    CHECK_INT(fw_signer_open(path, &s), FW_OK);
    CHECK_INT(fw_signer_open(path, &again), FW_OK);
    fw_signer_public_key(s, first, sizeof first);
    fw_signer_public_key(again, second, sizeof second);
    CHECK_TEXT(first, second);
    CHECK_INT(fw_signer_keys(s, fw_wall_now(), keys), 1);
    CHECK_INT(keys[0].state, FW_KEY_ACTIVE);
    CHECK_INT(keys[0].active_at.us, 0);
    CHECK(signed_by(again, first));
    fw_signer_free(s);
    fw_signer_free(again);
}

/* What a signer that runs sees, at once or within its second. */
static int keys_until(struct fw_signer *s, int count, struct fw_signer_key keys[FW_SIGNER_KEYS_MAX])
{
    int have = 0;
    while ((have = fw_signer_keys(s, fw_wall_now(), keys)) != count)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return have;
}

static void the_old_one_signs_until_the_new_one_is_active(void **state)
{
    (void)state;
    struct fw_signer *s = NULL;
    struct fw_signer_key made, more, keys[FW_SIGNER_KEYS_MAX];
    char first[FW_PUBLIC_KEY_TEXT_SIZE];
    const struct fw_wall now = fw_wall_now(), later = { now.us + 3600 * 1000000LL };
    CHECK_INT(fw_signer_rotate(path, now, later, &made), FW_NOT_FOUND);
    CHECK_INT(fw_signer_open(path, &s), FW_OK);
    fw_signer_public_key(s, first, sizeof first);
    CHECK_INT(fw_signer_rotate(path, now, later, &made), FW_OK);
    CHECK_INT(made.state, FW_KEY_NEXT);
    CHECK_INT(fw_signer_rotate(path, now, later, &more), FW_CONFLICT);
    CHECK_INT(keys_until(s, 2, keys), 2);
    CHECK_TEXT(keys[0].public_key, first);
    CHECK_INT(keys[0].state, FW_KEY_ACTIVE);
    CHECK_TEXT(keys[1].public_key, made.public_key);
    CHECK_INT(keys[1].state, FW_KEY_NEXT);
    CHECK(signed_by(s, first));
    /* When its time has come. */
    CHECK_INT(fw_signer_keys(s, later, keys), 2);
    CHECK_INT(keys[0].state, FW_KEY_PREVIOUS);
    CHECK_INT(keys[1].state, FW_KEY_ACTIVE);
    /* One that is needed at once takes the place of the one that was to come. */
    CHECK_INT(fw_signer_rotate(path, fw_wall_now(), now, &more), FW_OK);
    do
        CHECK_INT(keys_until(s, 2, keys), 2);
    while (strcmp(keys[1].public_key, more.public_key) != 0);
    CHECK(signed_by(s, more.public_key));
    CHECK(!signed_by(s, first));
    fw_signer_free(s);
}

static void many_rotations_keep_the_last_ones(void **state)
{
    (void)state;
    struct fw_signer *s = NULL;
    struct fw_signer_key made, keys[FW_SIGNER_KEYS_MAX];
    CHECK_INT(fw_signer_open(path, &s), FW_OK);
    fw_signer_free(s);
    for (int i = 0; i < 10; i++)
        CHECK_INT(fw_signer_rotate(path, fw_wall_now(), fw_wall_now(), &made), FW_OK);
    CHECK_INT(fw_signer_open(path, &s), FW_OK);
    CHECK_INT(fw_signer_keys(s, fw_wall_now(), keys), 3);
    CHECK_TEXT(keys[2].public_key, made.public_key);
    CHECK(signed_by(s, made.public_key));
    fw_signer_free(s);
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "short", "0 00\n", "x 0000000000000000000000000000000000000000000000000000000000000000\n",
        "0 000000000000000000000000000000000000000000000000000000000000000g\n",
        "0 0000000000000000000000000000000000000000000000000000000000000000", /* cut off */
        "5 0000000000000000000000000000000000000000000000000000000000000000\n"
        "4 0000000000000000000000000000000000000000000000000000000000000000\n", /* out of order */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_signer *s = NULL;
        CHECK_INT(fw_file_write(path, fw_span_of(bad[i]), 0600), FW_OK);
        CHECK_INT(fw_signer_open(path, &s), FW_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(one_key_stays_as_it_was_written, open_dir, close_dir),
        cmocka_unit_test_setup_teardown(the_old_one_signs_until_the_new_one_is_active, open_dir, close_dir),
        cmocka_unit_test_setup_teardown(many_rotations_keep_the_last_ones, open_dir, close_dir),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_refused, open_dir, close_dir),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
