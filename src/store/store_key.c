/* Keys: found for each request, written by the service for its first account. */
#include <string.h>

#include "base/crypto.h"
#include "store/keys.h"
#include "store/store_internal.h"

static bool is_sha256_hex(const char *text)
{
    return strnlen(text, FW_SHA256_HEX_SIZE) == FW_SHA256_HEX_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == FW_SHA256_HEX_SIZE - 1;
}

static enum fw_err find(struct fw_db *db, const char *sha256, struct fw_wall now,
                        struct fw_key_holder *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT k.account, a.uuid, coalesce(k.expires_us, 0), coalesce(k.revoked_us, 0)"
            " FROM api_key k JOIN account a ON a.id = k.account WHERE k.sha256 = ?");
    fw_stmt_bind_text(&q, sha256);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    struct fw_key_holder h = { .account = fw_stmt_int64(&q) };
    fw_stmt_text(&q, h.user_id, sizeof h.user_id);
    const int64_t expires_us = fw_stmt_int64(&q), revoked_us = fw_stmt_int64(&q);
    if (revoked_us != 0)
        h.state = FW_KEY_REVOKED;
    else if (expires_us != 0 && expires_us <= now.us)
        h.state = FW_KEY_EXPIRED;
    if (fw_stmt_ok(&q))
        return fw_stmt_ok(&q);
    *ret = h;
    return FW_OK;
}

enum fw_err fw_store_key_find(struct fw_store *s, const char *key_sha256_hex, struct fw_wall now,
                              struct fw_key_holder *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    return use.err ? use.err : find(use.db, key_sha256_hex, now, ret);
}

static void bind_time(struct fw_stmt *q, struct fw_wall at)
{
    if (at.us)
        fw_stmt_bind_int(q, at.us);
    else
        fw_stmt_bind_text(q, NULL);
}

enum fw_err fw_key_write(struct fw_db *db, const struct fw_key_row *k)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO api_key(sha256, account, created_us, id, label, expires_us)"
                       " VALUES (?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_text(&q, k->sha256);
    fw_stmt_bind_int(&q, k->account);
    fw_stmt_bind_int(&q, k->created_at.us);
    fw_stmt_bind_text(&q, k->id);
    fw_stmt_bind_text(&q, k->label);
    bind_time(&q, k->expires_at);
    return fw_stmt_run(&q);
}

static enum fw_err key_ensure(struct fw_db *db, void *arg)
{
    const struct fw_key_row *k = arg;
    struct fw_key_holder owner;
    const enum fw_err err = find(db, k->sha256, k->created_at, &owner);
    if (!err)
        return owner.account == k->account ? FW_OK : FW_CONFLICT;
    return err == FW_NOT_FOUND ? fw_key_write(db, k) : err;
}

enum fw_err fw_store_key_ensure(struct fw_store *s, int64_t account, const char *key_sha256_hex)
{
    if (!is_sha256_hex(key_sha256_hex))
        return FW_INVALID;
    struct fw_key_row k = { .sha256 = key_sha256_hex, .account = account,
                            .created_at = fw_wall_now(), .label = "" };
    fw_uuid_new(k.created_at, k.id);
    return fw_writer_do(s->writer, key_ensure, &k);
}
