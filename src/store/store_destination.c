/* Destinations: a row each, its facts as JSON. */
#include "store/destinations.h"

#include <jansson.h>
#include <stdlib.h>

#include "store/store_internal.h"

#define COLUMNS "account, number, parked, facts, updated_us"

static void json_free_p(json_t **j)
{
    json_decref(*j);
}

static void text_free_p(char **text)
{
    free(*text);
}

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_destination *ret = into;
    struct fw_destination d = { 0 };
    d.account = fw_stmt_int64(q);
    fw_stmt_text(q, d.number, sizeof d.number);
    d.parked = fw_stmt_bool(q);
    char *text CLEANUP(text_free_p) = fw_stmt_owned_text(q);
    d.updated_at.us = fw_stmt_int64(q);
    json_t *facts CLEANUP(json_free_p) = text ? json_loads(text, 0, NULL) : NULL;
    if (!q->err && fw_destination_set_facts(&d, facts))
        fw_stmt_damaged(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (!err)
        *ret = d;
    return err;
}

enum fw_err fw_store_destination_get(struct fw_store *s, int64_t account, const char *number,
                                     struct fw_destination *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT " COLUMNS " FROM destination WHERE account = ? AND number = ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, number);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

static enum fw_err write_row(struct fw_db *db, void *arg)
{
    const struct fw_destination *d = arg;
    json_t *facts CLEANUP(json_free_p) = fw_destination_facts(d);
    char *text CLEANUP(text_free_p) = facts ? json_dumps(facts, JSON_COMPACT) : NULL;
    if (!text)
        return FW_NO_MEMORY;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT OR REPLACE INTO destination(" COLUMNS ") VALUES (?, ?, ?, ?, ?)");
    fw_stmt_bind_int(&q, d->account);
    fw_stmt_bind_text(&q, d->number);
    fw_stmt_bind_int(&q, d->parked);
    fw_stmt_bind_text(&q, text);
    fw_stmt_bind_int(&q, d->updated_at.us);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_destination_save(struct fw_store *s, const struct fw_destination *d)
{
    struct fw_destination copy = *d;
    return fw_writer_do(s->writer, write_row, &copy);
}

struct removal {
    int64_t account;
    const char *number;
};

static enum fw_err remove_row(struct fw_db *db, void *arg)
{
    const struct removal *r = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM destination WHERE account = ? AND number = ?");
    fw_stmt_bind_int(&q, r->account);
    fw_stmt_bind_text(&q, r->number);
    const enum fw_err err = fw_stmt_run(&q);
    return err || sqlite3_changes(db->handle) > 0 ? err : FW_NOT_FOUND;
}

enum fw_err fw_store_destination_delete(struct fw_store *s, int64_t account, const char *number)
{
    struct removal r = { account, number };
    return fw_writer_do(s->writer, remove_row, &r);
}

void fw_destination_page_done(struct fw_destination_page *p)
{
    free(p->items);
    *p = (struct fw_destination_page){ 0 };
}

static enum fw_err read_total(struct fw_db *db, int64_t account, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT count(*) FROM destination WHERE account = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

enum fw_err fw_store_destination_list(struct fw_store *s, int64_t account, int page_number,
                                      int page_size, struct fw_destination_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_destination_page page CLEANUP(fw_destination_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : read_total(use.db, account, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT " COLUMNS " FROM destination WHERE account = ? ORDER BY number LIMIT ? OFFSET ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = fw_rows_read(&q, read_row, sizeof *page.items, &page.items, &page.count);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_destination_page){ 0 };
    return FW_OK;
}
