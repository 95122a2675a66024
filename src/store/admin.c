/* Keys made and withdrawn from outside of the service: a second connection, one short write each.
 *
 * SQLite lets several processes write a WAL database in turn; the service waits for the moment that
 * one of these takes, as this waits for the service's. `<data>/lock` is not for this: it keeps a
 * second service away, which would dial the same faxes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "store/keys.h"
#include "store/migrate.h"
#include "store/store_internal.h"

struct fw_admin {
    struct fw_db db;
};

enum { PATH_SIZE = 480 }; /* SQLite takes paths up to 512 */

void fw_admin_close(struct fw_admin *a)
{
    if (!a)
        return;
    fw_db_close(&a->db);
    free(a);
}

void fw_admin_close_p(struct fw_admin **a)
{
    fw_admin_close(*a);
}

static void admin_close_p(struct fw_admin **a)
{
    fw_admin_close(*a);
}

/* A service of another version may be behind it: its tables are not ours to guess. */
static enum fw_err check_version(struct fw_db *db, struct fw_fault *fault)
{
    int64_t version = 0;
    const enum fw_err err = fw_store_version(db, &version);
    if (!err && version == fw_store_migration_count)
        return FW_OK;
    fw_fault_set(fault, "data",
                 "the database is of another version than this program (%lld, not %d); start the "
                 "service of this version once",
                 (long long)version, fw_store_migration_count);
    return err ? err : FW_CONFLICT;
}

enum fw_err fw_admin_open(const char *data_dir, struct fw_fault *fault, struct fw_admin **ret)
{
    char path[PATH_SIZE];
    const int size = snprintf(path, sizeof path, "%s/faxwire.db", data_dir);
    if (size < 0 || (size_t)size >= sizeof path) {
        fw_fault_set(fault, "data", "the path of the folder is too long");
        return FW_INVALID;
    }
    if (access(path, F_OK) != 0) {
        fw_fault_set(fault, "data", "there is no database in %s; start the service there first",
                     data_dir);
        return FW_NOT_FOUND;
    }
    struct fw_admin *a CLEANUP(admin_close_p) = calloc(1, sizeof *a);
    enum fw_err err = a ? fw_db_open(path, true, &a->db, fault) : FW_NO_MEMORY;
    if (!err)
        err = check_version(&a->db, fault);
    if (err)
        return err;
    *ret = TAKE(a);
    return FW_OK;
}

struct fw_db *fw_admin_db(struct fw_admin *a) { return &a->db; }

enum fw_err fw_admin_do(struct fw_admin *a, fw_write_fn *fn, void *arg)
{
    enum fw_err err = fw_db_exec(&a->db, "BEGIN IMMEDIATE");
    if (err)
        return err;
    err = fn(&a->db, arg);
    if (!err)
        err = fw_db_exec(&a->db, "COMMIT");
    if (err && !sqlite3_get_autocommit(a->db.handle) && fw_db_exec(&a->db, "ROLLBACK"))
        return FW_IO;
    return err;
}

#define COLUMNS                                                                                    \
    "k.id, a.name, a.uuid, k.label, k.created_us, coalesce(k.expires_us, 0),"                      \
    " coalesce(k.revoked_us, 0) FROM api_key k JOIN account a ON a.id = k.account"

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_key *ret = into;
    fw_stmt_text(q, ret->id, sizeof ret->id);
    fw_stmt_text(q, ret->account, sizeof ret->account);
    fw_stmt_text(q, ret->user_id, sizeof ret->user_id);
    fw_stmt_text(q, ret->label, sizeof ret->label);
    ret->created_at.us = fw_stmt_int64(q);
    ret->expires_at.us = fw_stmt_int64(q);
    ret->revoked_at.us = fw_stmt_int64(q);
    return fw_stmt_ok(q);
}

struct create {
    const char *account_name;
    struct fw_key_row row;
    struct fw_key *ret;
};

static enum fw_err create_key(struct fw_db *db, void *arg)
{
    struct create *c = arg;
    enum fw_err err =
        fw_account_write(db, c->account_name, c->row.created_at, &c->row.account);
    if (!err)
        err = fw_key_write(db, &c->row);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT " COLUMNS " WHERE k.id = ?");
    fw_stmt_bind_text(&q, c->row.id);
    err = fw_stmt_row(&q);
    return err ? err : read_row(&q, c->ret);
}

enum fw_err fw_admin_key_create(struct fw_admin *a, const char *account_name, const char *label,
                                struct fw_wall expires_at, char ret_key[FW_SECRET_SIZE],
                                struct fw_key *ret)
{
    char hash[FW_SHA256_HEX_SIZE];
    struct create c = { .account_name = account_name, .ret = ret };
    fw_secret_new(ret_key);
    fw_sha256_hex(fw_span_of(ret_key), hash);
    c.row = (struct fw_key_row){ .sha256 = hash, .created_at = fw_wall_now(), .label = label,
                                 .expires_at = expires_at };
    fw_uuid_new(c.row.created_at, c.row.id);
    return fw_admin_do(a, create_key, &c);
}

void fw_key_list_done(struct fw_key_list *l)
{
    free(l->items);
    *l = (struct fw_key_list){ 0 };
}

enum fw_err fw_admin_key_list(struct fw_admin *a, struct fw_key_list *ret)
{
    struct fw_key_list list CLEANUP(fw_key_list_done) = { 0 };
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(&a->db, "SELECT " COLUMNS " ORDER BY k.created_us, k.id");
    const enum fw_err err = fw_rows_read(&q, read_row, sizeof *list.items, &list.items, &list.count);
    if (err)
        return err;
    *ret = list;
    list = (struct fw_key_list){ 0 };
    return FW_OK;
}

static enum fw_err revoke_key(struct fw_db *db, void *arg)
{
    const char *id = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE api_key SET revoked_us = coalesce(revoked_us, ?) WHERE id = ?");
    fw_stmt_bind_int(&q, fw_wall_now().us);
    fw_stmt_bind_text(&q, id);
    const enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    return sqlite3_changes(db->handle) > 0 ? FW_OK : FW_NOT_FOUND;
}

enum fw_err fw_admin_key_revoke(struct fw_admin *a, const char *id)
{
    char copy[FW_UUID_SIZE];
    if (!fw_uuid_valid(id))
        return FW_NOT_FOUND;
    for (size_t i = 0; i < sizeof copy; i++)
        copy[i] = id[i] >= 'A' && id[i] <= 'F' ? (char)(id[i] - 'A' + 'a') : id[i];
    return fw_admin_do(a, revoke_key, copy);
}
