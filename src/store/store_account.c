/* Accounts: who faxes, applications and keys belong to. */
#include "store/store_internal.h"

enum fw_err fw_account_write(struct fw_db *db, const char *name, struct fw_wall now, int64_t *ret)
{
    char uuid[FW_UUID_SIZE];
    fw_uuid_new(now, uuid);
    struct fw_stmt insert CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO account(name, created_us, uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    fw_stmt_bind_text(&insert, name);
    fw_stmt_bind_int(&insert, now.us);
    fw_stmt_bind_text(&insert, uuid);
    enum fw_err err = fw_stmt_run(&insert);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT id FROM account WHERE name = ?");
    fw_stmt_bind_text(&q, name);
    err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

struct account_write {
    const char *name;
    int64_t id;
};

static enum fw_err account_ensure(struct fw_db *db, void *arg)
{
    struct account_write *a = arg;
    return fw_account_write(db, a->name, fw_wall_now(), &a->id);
}

enum fw_err fw_store_account_ensure(struct fw_store *s, const char *name, int64_t *ret)
{
    struct account_write a = { name, 0 };
    const enum fw_err err = fw_writer_do(s->writer, account_ensure, &a);
    if (!err)
        *ret = a.id;
    return err;
}

enum fw_err fw_store_account_user(struct fw_store *s, int64_t account, char ret[FW_UUID_SIZE])
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT uuid FROM account WHERE id = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, ret, FW_UUID_SIZE);
    return fw_stmt_ok(&q);
}
