/* Events by account and the cursors of their consumers. */
#include "store/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/store_internal.h"

_Static_assert(FW_EVENT_COUNT <= 32, "kinds are bits of a uint32_t");

enum { KINDS_TEXT_SIZE = 32 * 40 };

/* "|fax.queued|fax.failed|" */
static void kinds_text(uint32_t kinds, char dst[KINDS_TEXT_SIZE])
{
    size_t used = 0;
    for (int i = 0; i < FW_EVENT_COUNT; i++) {
        if (!(kinds & 1U << i))
            continue;
        const int size = snprintf(dst + used, KINDS_TEXT_SIZE - used, "%s%s|", used ? "" : "|",
                                  fw_event_text((enum fw_event_kind)i));
        fw_assert(size > 0 && (size_t)size < KINDS_TEXT_SIZE - used);
        used += (size_t)size;
    }
    dst[used] = '\0';
}

/* The highest that was ever given: a cursor stays good when the event it names is deleted. */
static enum fw_err check_cursor(struct fw_db *db, int64_t cursor)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)");
    enum fw_err err = fw_stmt_row(&q);
    const int64_t last = err ? 0 : fw_stmt_int64(&q);
    err = err ? err : fw_stmt_ok(&q);
    return err ? err : cursor < 0 || cursor > last ? FW_INVALID : FW_OK;
}

static enum fw_err end_of(struct fw_db *db, int64_t account, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT coalesce(max(seq), 0) FROM event WHERE account = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    *ret = fw_stmt_int64(&q);
    return fw_stmt_ok(&q);
}

enum fw_err fw_store_feed_end(struct fw_store *s, int64_t account, int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    return use.err ? use.err : end_of(use.db, account, ret);
}

static enum fw_err read_page(struct fw_db *db, int64_t account, int64_t after, uint32_t kinds,
                             int max, struct fw_event_page *page)
{
    char text[KINDS_TEXT_SIZE];
    kinds_text(kinds, text);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT " FW_EVENT_COLUMNS " FROM event e INDEXED BY event_feed WHERE e.account = ?"
            " AND e.seq > ? AND instr(?, '|' || e.kind || '|') > 0 ORDER BY e.seq LIMIT ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_int(&q, after);
    fw_stmt_bind_text(&q, text);
    fw_stmt_bind_int(&q, max);
    return fw_event_read_all(&q, page);
}

enum fw_err fw_store_feed_read(struct fw_store *s, int64_t account, int64_t after, uint32_t kinds,
                               int max, struct fw_event_page *ret, int64_t *ret_cursor)
{
    fw_assert(max >= 1);
    /* One state for all of it, so that the end is not beyond what was looked at. */
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_event_page page CLEANUP(fw_event_page_done) = { 0 };
    int64_t end = 0;
    enum fw_err err = use.err ? use.err : check_cursor(use.db, after);
    if (!err)
        err = end_of(use.db, account, &end);
    if (!err && end > after)
        err = read_page(use.db, account, after, kinds, max, &page);
    if (err)
        return err;
    *ret_cursor = page.count == max ? page.items[max - 1].seq : end > after ? end : after;
    *ret = page;
    page = (struct fw_event_page){ 0 };
    return FW_OK;
}

void fw_store_on_event(struct fw_store *s, void (*fn)(void *arg), void *arg)
{
    fw_writer_on_event(s->writer, fn, arg);
}

void fw_consumer_list_done(struct fw_consumer_list *l)
{
    free(l->items);
    *l = (struct fw_consumer_list){ 0 };
}

struct consumer_write {
    int64_t account, cursor, now_us;
    const char *name;
};

static enum fw_err cursor_of(struct fw_db *db, int64_t account, const char *name, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT seq FROM event_consumer WHERE account = ? AND name = ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, name);
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

static enum fw_err check_room(struct fw_db *db, int64_t account)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT count(*) FROM event_consumer WHERE account = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : fw_stmt_int64(&q) < FW_CONSUMERS_MAX ? FW_OK : FW_LIMIT;
}

static enum fw_err ack(struct fw_db *db, void *arg)
{
    struct consumer_write *w = arg;
    int64_t now_at = 0;
    enum fw_err err = check_cursor(db, w->cursor);
    if (!err)
        err = cursor_of(db, w->account, w->name, &now_at);
    if (err == FW_NOT_FOUND)
        err = check_room(db, w->account);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO event_consumer(account, name, seq, updated_us)"
                       " VALUES (?, ?, ?, ?) ON CONFLICT (account, name) DO UPDATE"
                       " SET seq = max(seq, excluded.seq), updated_us = excluded.updated_us");
    fw_stmt_bind_int(&q, w->account);
    fw_stmt_bind_text(&q, w->name);
    fw_stmt_bind_int(&q, w->cursor);
    fw_stmt_bind_int(&q, w->now_us);
    err = fw_stmt_run(&q);
    w->cursor = now_at > w->cursor ? now_at : w->cursor;
    return err;
}

enum fw_err fw_store_consumer_ack(struct fw_store *s, int64_t account, const char *name,
                                  int64_t cursor, struct fw_wall now, int64_t *ret_cursor)
{
    struct consumer_write w = { account, cursor, now.us, name };
    const enum fw_err err = fw_writer_do(s->writer, ack, &w);
    if (!err)
        *ret_cursor = w.cursor;
    return err;
}

enum fw_err fw_store_consumer_cursor(struct fw_store *s, int64_t account, const char *name,
                                     int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    const enum fw_err err = use.err ? use.err : cursor_of(use.db, account, name, ret);
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_store_consumer_list(struct fw_store *s, int64_t account,
                                   struct fw_consumer_list *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_consumer_list list CLEANUP(fw_consumer_list_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT name, seq, updated_us FROM event_consumer WHERE account = ?"
                           " ORDER BY name");
    fw_stmt_bind_int(&q, account);
    enum fw_err err;
    while ((err = fw_stmt_row(&q)) == FW_OK) {
        void *items = list.items;
        if (!fw_rows_grow(&items, list.count, sizeof *list.items))
            return FW_NO_MEMORY;
        list.items = items;
        struct fw_consumer *c = &list.items[list.count];
        fw_stmt_text(&q, c->name, sizeof c->name);
        c->cursor = fw_stmt_int64(&q);
        c->updated_at.us = fw_stmt_int64(&q);
        err = fw_stmt_ok(&q);
        if (err)
            return err;
        list.count++;
    }
    if (err != FW_NOT_FOUND)
        return err;
    *ret = list;
    list = (struct fw_consumer_list){ 0 };
    return FW_OK;
}

static enum fw_err remove_one(struct fw_db *db, void *arg)
{
    const struct consumer_write *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM event_consumer WHERE account = ? AND name = ?");
    fw_stmt_bind_int(&q, w->account);
    fw_stmt_bind_text(&q, w->name);
    const enum fw_err err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) > 0 ? FW_OK : FW_NOT_FOUND;
}

enum fw_err fw_store_consumer_delete(struct fw_store *s, int64_t account, const char *name)
{
    struct consumer_write w = { .account = account, .name = name };
    return fw_writer_do(s->writer, remove_one, &w);
}
