/* What accounts may send and have sent. */
#include <stdlib.h>

#include "store/accounts.h"
#include "store/store_internal.h"

#define DAY_US 86400000000LL
#define COLUMNS                                                                                    \
    "coalesce(a.pages_per_day, -1), coalesce(a.calls_per_day, -1), coalesce(a.calls_max, -1),"      \
    " coalesce(d.calls, 0), coalesce(d.pages, 0)"                                                  \
    " FROM account a LEFT JOIN account_day d ON d.account = a.id AND d.day = ?"

static void read_day(struct fw_stmt *q, struct fw_account_day *ret)
{
    for (int i = 0; i < FW_QUOTA_COUNT; i++)
        ret->limits[i] = fw_stmt_int64(q);
    ret->calls = fw_stmt_int64(q);
    ret->pages = fw_stmt_int64(q);
}

enum fw_err fw_store_account_day(struct fw_store *s, int64_t account, struct fw_wall now, struct fw_account_day *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT " COLUMNS " WHERE a.id = ?");
    fw_stmt_bind_int(&q, now.us / DAY_US);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    struct fw_account_day day;
    read_day(&q, &day);
    if (fw_stmt_ok(&q))
        return fw_stmt_ok(&q);
    *ret = day;
    return FW_OK;
}

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_account *ret = into;
    fw_stmt_text(q, ret->name, sizeof ret->name);
    fw_stmt_text(q, ret->user_id, sizeof ret->user_id);
    ret->created_at.us = fw_stmt_int64(q);
    read_day(q, &ret->day);
    return fw_stmt_ok(q);
}

void fw_account_list_done(struct fw_account_list *l)
{
    free(l->items);
    *l = (struct fw_account_list){ 0 };
}

enum fw_err fw_admin_account_list(struct fw_admin *a, struct fw_wall now, struct fw_account_list *ret)
{
    struct fw_account_list list CLEANUP(fw_account_list_done) = { 0 };
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(fw_admin_db(a), "SELECT a.name, a.uuid, a.created_us, " COLUMNS " ORDER BY a.id");
    fw_stmt_bind_int(&q, now.us / DAY_US);
    const enum fw_err err = fw_rows_read(&q, read_row, sizeof *list.items, &list.items, &list.count);
    if (err)
        return err;
    *ret = list;
    list = (struct fw_account_list){ 0 };
    return FW_OK;
}

struct limit_write {
    const char *name;
    const struct fw_account_limits *l;
};

static enum fw_err write_limit(struct fw_db *db, const struct limit_write *w, enum fw_quota quota)
{
    static const char *const sql[] = {
#define X(name, column) [FW_QUOTA_##name] = "UPDATE account SET " column " = nullif(?, -1) WHERE name = ?",
        FW_QUOTAS(X)
#undef X
    };
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, sql[quota]);
    fw_stmt_bind_int(&q, w->l->limits[quota]);
    fw_stmt_bind_text(&q, w->name);
    const enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    return sqlite3_changes(db->handle) > 0 ? FW_OK : FW_NOT_FOUND;
}

static enum fw_err write_limits(struct fw_db *db, void *arg)
{
    const struct limit_write *w = arg;
    enum fw_err err = FW_OK;
    for (int q = 0; q < FW_QUOTA_COUNT && !err; q++) {
        if (w->l->given[q])
            err = write_limit(db, w, (enum fw_quota)q);
    }
    return err;
}

enum fw_err fw_admin_account_limit(struct fw_admin *a, const char *name, const struct fw_account_limits *l)
{
    struct limit_write w = { name, l };
    for (int q = 0; q < FW_QUOTA_COUNT; q++)
        fw_assert(!l->given[q] || l->limits[q] >= -1);
    return fw_admin_do(a, write_limits, &w);
}
