/* The log of webhooks: each delivery with its tries, filtered, and forgotten after a time. */
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"
#include "store/webhooks.h"

enum { SQL_MAX = 4096, WHERE_MAX = 12, ATTEMPTS_ALL = 1000 };

void fw_attempt_done(struct fw_attempt *a)
{
    free(a->url);
    free(a->error);
    free(a->request_headers);
    free(a->response_headers);
    free(a->response_body);
    *a = (struct fw_attempt){ 0 };
}

static void webhook_done(struct fw_webhook *w)
{
    for (int i = 0; i < w->attempt_count; i++)
        fw_attempt_done(&w->attempts[i]);
    free(w->attempts);
    fw_event_done(&w->event);
    *w = (struct fw_webhook){ 0 };
}

void fw_webhook_page_done(struct fw_webhook_page *p)
{
    for (int i = 0; i < p->count; i++)
        webhook_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_webhook_page){ 0 };
}

/* The WHERE, made of what was asked for only, and the parameters it takes in their order. */
struct where {
    struct fw_buf sql;
    enum fw_err err;
    int count;
    struct {
        const char *text; /* NULL: the number */
        int64_t number;
    } params[WHERE_MAX];
};

static void where_done(struct where *w)
{
    fw_buf_done(&w->sql);
}

static void add(struct where *w, const char *sql)
{
    if (!w->err)
        w->err = fw_buf_put_text(&w->sql, sql);
}

static void add_param(struct where *w, const char *text, int64_t number)
{
    fw_assert(w->count < WHERE_MAX);
    w->params[w->count].text = text;
    w->params[w->count++].number = number;
}

static void add_time(struct where *w, const char *sql, struct fw_wall at)
{
    if (at.us == 0)
        return;
    add(w, sql);
    add_param(w, NULL, at.us);
}

static void add_kinds(struct where *w, uint32_t kinds)
{
    add(w, " AND e.kind IN (''");
    for (int i = 0; i < FW_EVENT_COUNT; i++) {
        if (!(kinds & 1U << i))
            continue;
        add(w, ", ?");
        add_param(w, fw_event_text((enum fw_event_kind)i), 0);
    }
    add(w, ")");
}

static void where_of(struct where *w, int64_t account, const struct fw_webhook_filter *f)
{
    add(w, " FROM delivery d JOIN event e ON e.seq = d.event_seq"
           " WHERE d.account = ? AND d.started_us IS NOT NULL");
    add_param(w, NULL, account);
    if (f->delivered != f->failed)
        add(w, f->delivered ? " AND d.state = 'delivered'" : " AND d.state <> 'delivered'");
    add_time(w, " AND d.started_us >= ?", f->started_gte);
    add_time(w, " AND d.started_us <= ?", f->started_lte);
    add_time(w, " AND d.finished_us >= ?", f->finished_gte);
    add_time(w, " AND d.finished_us <= ?", f->finished_lte);
    if (f->webhook) {
        add(w, " AND instr(e.id || ' ' || e.kind || ' ' || e.payload, ?) > 0");
        add_param(w, f->webhook, 0);
    }
    if (f->attempts) {
        add(w, " AND EXISTS (SELECT 1 FROM webhook_attempt t WHERE t.delivery = d.id AND"
               " instr(t.url || ' ' || t.http_status || ' ' || t.error || ' ' ||"
               " t.request_headers || ' ' || t.response_headers || ' ' || t.response_body, ?) > 0)");
        add_param(w, f->attempts, 0);
    }
    if (f->has_kinds)
        add_kinds(w, f->kinds);
}

static struct fw_stmt compose(struct fw_db *db, const char *select, const struct where *w,
                              const char *rest)
{
    struct fw_buf sql CLEANUP(fw_buf_done);
    fw_buf_init(&sql, SQL_MAX);
    enum fw_err err = w->err ? w->err : fw_buf_put_text(&sql, select);
    if (!err)
        err = fw_buf_put(&sql, fw_buf_span(&w->sql));
    if (!err)
        err = fw_buf_put_text(&sql, rest);
    if (!err)
        err = fw_buf_put_u8(&sql, 0);
    if (err)
        return (struct fw_stmt){ .db = db, .err = err };
    struct fw_stmt q = fw_stmt_once(db, (const char *)sql.data);
    for (int i = 0; i < w->count; i++) {
        if (w->params[i].text)
            fw_stmt_bind_text(&q, w->params[i].text);
        else
            fw_stmt_bind_int(&q, w->params[i].number);
    }
    return q;
}

static enum fw_err read_total(struct fw_db *db, const struct where *w, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = compose(db, "SELECT count(*)", w, "");
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

#define COLUMNS                                                                                    \
    "SELECT d.id, d.uuid, (SELECT uuid FROM account WHERE account.id = d.account), d.state,"       \
    " d.attempt, coalesce(d.started_us, 0), coalesce(d.finished_us, 0), coalesce(d.due_us, 0), "   \
    FW_EVENT_COLUMNS

static enum fw_err read_attempt(struct fw_stmt *q, void *into)
{
    struct fw_attempt *ret = into;
    struct fw_attempt a CLEANUP(fw_attempt_done) = { 0 };
    a.number = fw_stmt_int(q, 1, INT32_MAX);
    a.started_at.us = fw_stmt_int64(q);
    a.finished_at.us = fw_stmt_int64(q);
    a.http_status = fw_stmt_int(q, 0, INT32_MAX);
    a.url = fw_stmt_owned_text(q);
    a.error = fw_stmt_owned_text(q);
    a.request_headers = fw_stmt_owned_text(q);
    a.response_headers = fw_stmt_owned_text(q);
    a.response_body = fw_stmt_owned_text(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        return err;
    *ret = a;
    a = (struct fw_attempt){ 0 };
    return FW_OK;
}

static enum fw_err read_attempts(struct fw_db *db, int64_t delivery, int max, struct fw_webhook *w)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT number, started_us, finished_us, http_status, url, error,"
                       " request_headers, response_headers, response_body FROM webhook_attempt"
                       " WHERE delivery = ? ORDER BY number DESC LIMIT ?");
    fw_stmt_bind_int(&q, delivery);
    fw_stmt_bind_int(&q, max);
    return fw_rows_read(&q, read_attempt, sizeof *w->attempts, &w->attempts, &w->attempt_count);
}

static enum fw_err read_one(struct fw_stmt *q, int attempts_max, struct fw_webhook *ret)
{
    struct fw_webhook w CLEANUP(webhook_done) = { 0 };
    char state[16];
    const int64_t id = fw_stmt_int64(q);
    fw_stmt_text(q, w.id, sizeof w.id);
    fw_stmt_text(q, w.user_id, sizeof w.user_id);
    fw_stmt_text(q, state, sizeof state);
    w.tries = fw_stmt_int(q, 0, INT32_MAX);
    w.started_at.us = fw_stmt_int64(q);
    w.finished_at.us = fw_stmt_int64(q);
    w.due.us = fw_stmt_int64(q);
    enum fw_err err = fw_event_read(q, &w.event);
    if (err)
        return err;
    w.state = strcmp(state, "pending") == 0     ? FW_WEBHOOK_PENDING
              : strcmp(state, "delivered") == 0 ? FW_WEBHOOK_DELIVERED
                                                : FW_WEBHOOK_GIVEN_UP;
    err = read_attempts(q->db, id, attempts_max, &w);
    if (err)
        return err;
    *ret = w;
    w = (struct fw_webhook){ 0 };
    return FW_OK;
}

static enum fw_err read_all(struct fw_stmt *q, int attempts_max, struct fw_webhook_page *ret)
{
    enum fw_err err;
    while ((err = fw_stmt_row(q)) == FW_OK) {
        void *items = ret->items;
        if (!fw_rows_grow(&items, ret->count, sizeof *ret->items))
            return FW_NO_MEMORY;
        ret->items = items;
        err = read_one(q, attempts_max, &ret->items[ret->count]);
        if (err)
            return err;
        ret->count++;
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_store_webhook_list(struct fw_store *s, int64_t account,
                                  const struct fw_webhook_filter *f, int page_number,
                                  int page_size, struct fw_webhook_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct where w CLEANUP(where_done) = { 0 };
    fw_buf_init(&w.sql, SQL_MAX);
    where_of(&w, account, f);
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_webhook_page page CLEANUP(fw_webhook_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : read_total(use.db, &w, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        compose(use.db, COLUMNS, &w, " ORDER BY d.started_us DESC, d.id DESC LIMIT ? OFFSET ?");
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = read_all(&q, FW_WEBHOOK_LIST_ATTEMPTS, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_webhook_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_webhook_get(struct fw_store *s, int64_t account, const char *id,
                                 struct fw_webhook_page *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_webhook_page page CLEANUP(fw_webhook_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, COLUMNS " FROM delivery d JOIN event e ON e.seq = d.event_seq"
                                   " WHERE d.uuid = ? AND ? IN (0, d.account)");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = read_all(&q, ATTEMPTS_ALL, &page);
    if (err || page.count == 0)
        return err ? err : FW_NOT_FOUND;
    page.total = page.count;
    *ret = page;
    page = (struct fw_webhook_page){ 0 };
    return FW_OK;
}

struct sweep {
    struct fw_wall before;
    int max, count;
};

#define OLD                                                                                        \
    "(SELECT id FROM delivery WHERE state <> 'pending' AND finished_us < ?"                        \
    " ORDER BY finished_us, id LIMIT ?)"

static enum fw_err sweep_from(struct fw_stmt *q, const struct sweep *w)
{
    fw_stmt_bind_int(q, w->before.us);
    fw_stmt_bind_int(q, w->max);
    return fw_stmt_run(q);
}

static enum fw_err sweep(struct fw_db *db, void *arg)
{
    struct sweep *w = arg;
    struct fw_stmt tries CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM webhook_attempt WHERE delivery IN " OLD);
    struct fw_stmt rows CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM delivery WHERE id IN " OLD);
    enum fw_err err = sweep_from(&tries, w);
    if (!err)
        err = sweep_from(&rows, w);
    w->count = err ? 0 : sqlite3_changes(db->handle);
    return err;
}

enum fw_err fw_store_webhook_sweep(struct fw_store *s, struct fw_wall before, int max,
                                   int *ret_count)
{
    struct sweep w = { before, max, 0 };
    const enum fw_err err = fw_writer_do(s->writer, sweep, &w);
    if (!err)
        *ret_count = w.count;
    return err;
}
