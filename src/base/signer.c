/* Ed25519 keys with their times, through OpenSSL. */
#include "base/signer.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum { LOOK_US = 1000000, HEX_SIZE = 2 * FW_ED25519_KEY_SIZE, FILE_MAX = FW_SIGNER_KEYS_MAX * 128 };

struct key {
    struct fw_wall active_at;
    uint8_t raw[FW_ED25519_KEY_SIZE];
    EVP_PKEY *pkey; /* owned */
};

struct keys {
    struct key all[FW_SIGNER_KEYS_MAX]; /* oldest first */
    int count;
};

struct fw_signer {
    char *path;           /* owned */
    pthread_mutex_t lock; /* guards what follows */
    struct keys keys;     /* at least one */
    struct stat seen;     /* of the file when it was read */
    struct fw_mono look_at;
};

static void keys_done(struct keys *k)
{
    for (int i = 0; i < k->count; i++)
        EVP_PKEY_free(k->all[i].pkey);
    *k = (struct keys){ 0 };
}

static enum fw_err add(struct keys *k, struct fw_wall active_at, const uint8_t raw[FW_ED25519_KEY_SIZE])
{
    if (k->count == FW_SIGNER_KEYS_MAX || (k->count > 0 && active_at.us < k->all[k->count - 1].active_at.us))
        return FW_INVALID;
    struct key *one = &k->all[k->count];
    one->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, FW_ED25519_KEY_SIZE);
    if (!one->pkey)
        return FW_NO_MEMORY;
    one->active_at = active_at;
    memcpy(one->raw, raw, sizeof one->raw);
    k->count++;
    return FW_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum fw_err add_line(struct keys *k, struct fw_span line)
{
    const uint8_t *space = line.size > 0 ? memchr(line.data, ' ', line.size) : NULL;
    uint8_t raw[FW_ED25519_KEY_SIZE];
    int64_t at = 0;
    if (!space || line.data + line.size - space != 1 + HEX_SIZE ||
        !fw_text_to_i64((struct fw_span){ line.data, (size_t)(space - line.data) }, 0, INT64_MAX, &at))
        return FW_INVALID;
    const char *hex = (const char *)space + 1;
    for (size_t i = 0; i < sizeof raw; i++) {
        const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return FW_INVALID;
        raw[i] = (uint8_t)(high * 16 + low);
    }
    return add(k, (struct fw_wall){ at }, raw);
}

static enum fw_err parse(struct fw_span text, struct keys *ret)
{
    enum fw_err err = FW_OK;
    if (text.size == FW_ED25519_KEY_SIZE)
        return add(ret, (struct fw_wall){ 0 }, text.data);
    while (text.size > 0 && !err) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        const size_t size = end ? (size_t)(end - text.data) : text.size;
        err = end ? add_line(ret, (struct fw_span){ text.data, size }) : FW_INVALID;
        text = (struct fw_span){ text.data + size + (end != NULL), text.size - size - (end != NULL) };
    }
    return err ? err : ret->count > 0 ? FW_OK : FW_INVALID;
}

/* On failure `ret` is empty. */
static enum fw_err read_keys(const char *path, struct keys *ret)
{
    struct fw_buf file CLEANUP(fw_buf_done) = { 0 };
    enum fw_err err = fw_file_read(path, FILE_MAX, &file);
    *ret = (struct keys){ 0 };
    if (!err)
        err = parse(fw_buf_span(&file), ret);
    if (err)
        keys_done(ret);
    return err;
}

static enum fw_err write_keys(const char *path, const struct keys *k)
{
    char text[FILE_MAX];
    size_t used = 0;
    for (int i = 0; i < k->count; i++) {
        char hex[HEX_SIZE + 1];
        fw_text_hex((struct fw_span){ k->all[i].raw, FW_ED25519_KEY_SIZE }, hex, sizeof hex);
        const int size = snprintf(text + used, sizeof text - used, "%lld %s\n",
                                  (long long)k->all[i].active_at.us, hex);
        fw_assert(size > 0 && (size_t)size < sizeof text - used);
        used += (size_t)size;
    }
    return fw_file_write(path, (struct fw_span){ (const uint8_t *)text, used }, 0600);
}

static enum fw_err key_new(uint8_t ret[FW_ED25519_KEY_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t size = FW_ED25519_KEY_SIZE;
    const bool ok = key && EVP_PKEY_get_raw_private_key(key, ret, &size) == 1;
    EVP_PKEY_free(key);
    return ok ? FW_OK : FW_NO_MEMORY;
}

static int active_of(const struct keys *k, struct fw_wall now)
{
    int active = 0;
    for (int i = 1; i < k->count; i++) {
        if (k->all[i].active_at.us <= now.us)
            active = i;
    }
    return active;
}

/* With the lock. A file that cannot be read changes nothing; it is tried again. */
static void look(struct fw_signer *s)
{
    struct stat st;
    const struct fw_mono now = fw_mono_now();
    if (now.us < s->look_at.us)
        return;
    s->look_at.us = now.us + LOOK_US;
    if (stat(s->path, &st) == 0 && st.st_ino == s->seen.st_ino && st.st_size == s->seen.st_size &&
        st.st_mtim.tv_sec == s->seen.st_mtim.tv_sec && st.st_mtim.tv_nsec == s->seen.st_mtim.tv_nsec)
        return;
    struct keys fresh;
    const enum fw_err err = read_keys(s->path, &fresh);
    if (err) {
        fw_log(FW_LOG_ERROR, "webhook.key_unreadable", "file=%s error=%s", FW_LOG_TEXT(s->path),
               fw_err_text(err));
        return;
    }
    keys_done(&s->keys);
    s->keys = fresh;
    s->seen = st;
    fw_log(FW_LOG_INFO, "webhook.keys_read", "count=%d", fresh.count);
}

void fw_signer_free(struct fw_signer *s)
{
    if (!s)
        return;
    keys_done(&s->keys);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

static void free_p(struct fw_signer **s)
{
    fw_signer_free(*s);
}

enum fw_err fw_signer_open(const char *path, struct fw_signer **ret)
{
    struct fw_signer *s CLEANUP(free_p) = calloc(1, sizeof *s);
    uint8_t raw[FW_ED25519_KEY_SIZE];
    if (!s)
        return FW_NO_MEMORY;
    pthread_mutex_init(&s->lock, NULL);
    s->path = strdup(path);
    enum fw_err err = s->path ? read_keys(path, &s->keys) : FW_NO_MEMORY;
    if (err == FW_NOT_FOUND) {
        err = key_new(raw);
        if (!err)
            err = fw_file_write(path, (struct fw_span){ raw, sizeof raw }, 0600);
        if (!err)
            err = read_keys(path, &s->keys);
    }
    if (!err && stat(path, &s->seen) < 0)
        err = FW_IO;
    if (!err)
        *ret = TAKE(s);
    return err;
}

static void public_text(const struct key *k, char *dst, size_t dst_size)
{
    uint8_t raw[FW_ED25519_KEY_SIZE];
    size_t size = sizeof raw;
    fw_assert(EVP_PKEY_get_raw_public_key(k->pkey, raw, &size) == 1 && size == sizeof raw);
    fw_text_base64((struct fw_span){ raw, size }, dst, dst_size);
}

void fw_signer_public_key(struct fw_signer *s, char *dst, size_t dst_size)
{
    pthread_mutex_lock(&s->lock);
    look(s);
    public_text(&s->keys.all[active_of(&s->keys, fw_wall_now())], dst, dst_size);
    pthread_mutex_unlock(&s->lock);
}

enum fw_err fw_signer_sign(struct fw_signer *s, struct fw_span message,
                           uint8_t ret[FW_ED25519_SIGNATURE_SIZE])
{
    pthread_mutex_lock(&s->lock);
    look(s);
    EVP_PKEY *key = s->keys.all[active_of(&s->keys, fw_wall_now())].pkey;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = FW_ED25519_SIGNATURE_SIZE;
    const bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                    EVP_DigestSign(ctx, ret, &size, message.data, message.size) == 1;
    EVP_MD_CTX_free(ctx);
    pthread_mutex_unlock(&s->lock);
    return ok ? FW_OK : FW_NO_MEMORY;
}

static int list(const struct keys *k, struct fw_wall now, struct fw_signer_key ret[FW_SIGNER_KEYS_MAX])
{
    const int active = active_of(k, now);
    for (int i = 0; i < k->count; i++) {
        public_text(&k->all[i], ret[i].public_key, sizeof ret[i].public_key);
        ret[i].active_at = k->all[i].active_at;
        ret[i].state = i < active ? FW_KEY_PREVIOUS : i == active ? FW_KEY_ACTIVE : FW_KEY_NEXT;
    }
    return k->count;
}

int fw_signer_keys(struct fw_signer *s, struct fw_wall now, struct fw_signer_key ret[FW_SIGNER_KEYS_MAX])
{
    pthread_mutex_lock(&s->lock);
    look(s);
    const int count = list(&s->keys, now, ret);
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* Two that rotate at the same time take turns: by a lock beside the file, which itself is replaced. */
static int lock_beside(const char *path)
{
    char name[4300];
    const int size = snprintf(name, sizeof name, "%s.lock", path);
    int fd CLEANUP(fw_fd_close) = -1;
    if (size < 0 || (size_t)size >= sizeof name)
        return -1;
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return -1;
    const int locked = fd;
    fd = -1;
    return locked;
}

enum fw_err fw_signer_rotate(const char *path, struct fw_wall now, struct fw_wall at,
                             struct fw_signer_key *ret)
{
    uint8_t raw[FW_ED25519_KEY_SIZE];
    struct keys before CLEANUP(keys_done) = { 0 }, after CLEANUP(keys_done) = { 0 };
    struct fw_signer_key shown[FW_SIGNER_KEYS_MAX];
    int lock CLEANUP(fw_fd_close) = access(path, F_OK) == 0 ? lock_beside(path) : -1;
    enum fw_err err = read_keys(path, &before);
    if (!err && lock < 0)
        err = FW_IO;
    if (err)
        return err;
    const int active = active_of(&before, now);
    if (active + 1 < before.count && at.us > now.us)
        return FW_CONFLICT;
    for (int i = active > 0 ? active - 1 : 0; i <= active && !err; i++)
        err = add(&after, before.all[i].active_at, before.all[i].raw);
    if (!err)
        err = key_new(raw);
    if (!err)
        err = add(&after, at, raw);
    if (!err)
        err = write_keys(path, &after);
    if (!err)
        *ret = shown[list(&after, now, shown) - 1];
    return err;
}
