/* Events of a fax: written with the change they tell of, listed for the API. */
#include <stdlib.h>

#include "store/store_internal.h"

void fw_event_page_done(struct fw_event_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_event_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_event_page){ 0 };
}

/* Due at once, or when those before it of the same fax are settled. None when nobody is to be told:
 * neither the fax nor its application has a URL. */
enum fw_err fw_delivery_write(struct fw_db *db, int64_t seq, const char *fax, struct fw_wall due,
                              char ret_uuid[FW_UUID_SIZE])
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO delivery(event_seq, fax, account, uuid, state, attempt, due_us,"
            " http_status, note) SELECT ?1, ?2, f.account, ?4, 'pending', 0, CASE WHEN EXISTS"
            " (SELECT 1 FROM delivery WHERE fax = ?2 AND state = 'pending')"
            " THEN NULL ELSE ?3 END, 0, '' FROM fax f JOIN application a ON a.id = f.application"
            " WHERE f.id = ?2 AND"
            " (f.webhook_url <> '' OR a.webhook_url <> '' OR a.webhook_failover_url <> '')");
    fw_uuid_new(due, ret_uuid);
    fw_stmt_bind_int(&q, seq);
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, due.us);
    fw_stmt_bind_text(&q, ret_uuid);
    const enum fw_err err = fw_stmt_run(&q);
    if (!err && sqlite3_changes(db->handle) > 0)
        db->has_deliveries = true;
    return err;
}

enum fw_err fw_event_write(struct fw_db *db, struct fw_event *e)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO event(id, fax, kind, at_us, payload, account)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, (SELECT account FROM fax WHERE id = ?2))");
    fw_stmt_bind_text(&q, e->id);
    fw_stmt_bind_text(&q, e->fax);
    fw_stmt_bind_text(&q, fw_event_text(e->kind));
    fw_stmt_bind_int(&q, e->at.us);
    fw_stmt_bind_text(&q, e->payload);
    const enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    e->seq = sqlite3_last_insert_rowid(db->handle);
    db->has_events = true;
    enum fw_err made = fw_mail_write(db, e);
    if (!made && e->kind == FW_EVENT_RECEIVED)
        made = fw_forward_write(db, e);
    if (made)
        return made;
    char uuid[FW_UUID_SIZE];
    return fw_event_is_webhook(e->kind) ? fw_delivery_write(db, e->seq, e->fax, e->at, uuid) : FW_OK;
}

enum fw_err fw_event_read(struct fw_stmt *q, void *into)
{
    struct fw_event *ret = into;
    struct fw_event e = { 0 };
    char kind[64];
    e.seq = fw_stmt_int64(q);
    fw_stmt_text(q, e.id, sizeof e.id);
    fw_stmt_text(q, e.fax, sizeof e.fax);
    fw_stmt_text(q, kind, sizeof kind);
    if (!q->err && !fw_event_parse(kind, &e.kind))
        fw_stmt_damaged(q);
    e.at.us = fw_stmt_int64(q);
    e.payload = fw_stmt_owned_text(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        fw_event_done(&e);
    else
        *ret = e;
    return err;
}

enum fw_err fw_event_read_all(struct fw_stmt *q, struct fw_event_page *ret)
{
    return fw_rows_read(q, fw_event_read, sizeof *ret->items, &ret->items, &ret->count);
}

enum fw_err fw_store_event_list(struct fw_store *s, const char *fax, int64_t after_seq, int max,
                                struct fw_event_page *ret)
{
    if (max < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_event_page page CLEANUP(fw_event_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT " FW_EVENT_COLUMNS " FROM event e WHERE e.fax = ? AND e.seq > ?"
                           " ORDER BY e.seq LIMIT ?");
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, after_seq);
    fw_stmt_bind_int(&q, max);
    const enum fw_err err = fw_event_read_all(&q, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_event_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_event_has(struct fw_store *s, const char *fax, const char *id)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT 1 FROM event WHERE fax = ? AND id = ?");
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_text(&q, id);
    return fw_stmt_row(&q);
}
