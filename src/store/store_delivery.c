/* Webhook deliveries: which are due, and how each attempt ended. */
#include <stdlib.h>

#include "store/store_internal.h"
#include "store/webhooks.h"

void fw_delivery_page_done(struct fw_delivery_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_event_done(&p->items[i].event);
    free(p->items);
    *p = (struct fw_delivery_page){ 0 };
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum fw_err read_rest(struct fw_stmt *q, int64_t id, struct fw_delivery *ret)
{
    struct fw_delivery d = { .id = id };
    d.attempt = fw_stmt_int(q, 0, INT32_MAX - 1) + 1;
    d.postponed = fw_stmt_int(q, 0, INT32_MAX);
    fw_stmt_text(q, d.url, sizeof d.url);
    fw_stmt_text(q, d.failover_url, sizeof d.failover_url);
    d.timeout_secs = fw_stmt_int(q, -1, INT32_MAX);
    fw_stmt_text(q, d.secret, sizeof d.secret);
    fw_stmt_text(q, d.secret_before, sizeof d.secret_before);
    const enum fw_err err = fw_event_read(q, &d.event);
    if (!err)
        *ret = d;
    return err;
}

static enum fw_err read_one(struct fw_db *db, int64_t id, struct fw_wall now,
                            struct fw_delivery_page *page)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT d.attempt, d.postponed,"
                       " CASE f.webhook_url WHEN '' THEN a.webhook_url ELSE f.webhook_url END,"
                       " a.webhook_failover_url, a.webhook_timeout_secs, a.webhook_secret,"
                       " iif(a.webhook_secret_until_us > ?, a.webhook_secret_before, ''), "
                       FW_EVENT_COLUMNS
                       " FROM delivery d JOIN event e ON e.seq = d.event_seq"
                       " JOIN fax f ON f.id = d.fax JOIN application a ON a.id = f.application"
                       " WHERE d.id = ?");
    fw_stmt_bind_int(&q, now.us);
    fw_stmt_bind_int(&q, id);
    enum fw_err err = fw_stmt_row(&q);
    void *items = page->items;
    if (!err && !fw_rows_grow(&items, page->count, sizeof *page->items))
        err = FW_NO_MEMORY;
    if (err)
        return err == FW_NOT_FOUND ? FW_IO : err;
    page->items = items;
    err = read_rest(&q, id, &page->items[page->count]);
    page->count += err == FW_OK;
    return err;
}

/* Rows come by due time: those that are due, then the first that is not (or is too many). Those
 * that are being sent or wait for their receiver are many; they are stepped over in the index. */
static enum fw_err read_due(struct fw_stmt *q, struct fw_wall now, const int64_t *busy,
                            int busy_count, int max, struct fw_delivery_page *page,
                            struct fw_wall *ret_next)
{
    enum fw_err err;
    while ((err = fw_stmt_row(q)) == FW_OK) {
        const int64_t id = fw_stmt_int64(q), due = fw_stmt_int64(q);
        if (busy_count > 0 && bsearch(&id, busy, (size_t)busy_count, sizeof id, by_value))
            continue;
        if (due > now.us || page->count >= max) {
            ret_next->us = due;
            return FW_OK;
        }
        err = read_one(q->db, id, now, page);
        if (err)
            return err;
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_store_delivery_due(struct fw_store *s, struct fw_wall now, int64_t *busy,
                                  int busy_count, int max, struct fw_delivery_page *ret,
                                  struct fw_wall *ret_next)
{
    fw_assert(busy_count == 0 || busy);
    if (busy_count > 0)
        qsort(busy, (size_t)busy_count, sizeof *busy, by_value);
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_delivery_page page CLEANUP(fw_delivery_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT id, due_us FROM delivery INDEXED BY delivery_due"
                           " WHERE state = 'pending' AND due_us IS NOT NULL ORDER BY due_us, id");
    struct fw_wall next = { INT64_MAX };
    const enum fw_err err = read_due(&q, now, busy, busy_count, max, &page, &next);
    if (err)
        return err;
    *ret_next = next;
    *ret = page;
    page = (struct fw_delivery_page){ 0 };
    return FW_OK;
}

struct delivery_write {
    int64_t id;
    const char *state;
    const struct fw_attempt *tried;
    int64_t due_us; /* of the retry; unused otherwise */
    bool is_settled;
};

/* It was the last one: of a deleted fax that has ended nothing is needed any more. */
static enum fw_err forget_if_deleted(struct fw_db *db, int64_t settled)
{
    char fax[FW_UUID_SIZE];
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT f.id FROM delivery d JOIN fax f ON f.id = d.fax WHERE d.id = ?"
                       " AND f.deleted_us != 0 AND f.status IN ('delivered', 'failed', 'received')");
    fw_stmt_bind_int(&q, settled);
    enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err == FW_NOT_FOUND ? FW_OK : err;
    fw_stmt_text(&q, fax, sizeof fax);
    err = fw_stmt_ok(&q);
    fw_stmt_done(&q);
    return err ? err : fw_fax_forget(db, fax);
}

/* The next one of the same fax, if any, is due since it happened. */
static enum fw_err let_next(struct fw_db *db, int64_t settled)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE delivery SET due_us = (SELECT at_us FROM event WHERE seq = event_seq)"
            " WHERE id = (SELECT min(id) FROM delivery WHERE state = 'pending'"
            " AND fax = (SELECT fax FROM delivery WHERE id = ?))");
    fw_stmt_bind_int(&q, settled);
    const enum fw_err err = fw_stmt_run(&q);
    if (err || sqlite3_changes(db->handle) == 0)
        return err ? err : forget_if_deleted(db, settled);
    db->has_deliveries = true;
    return FW_OK;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static enum fw_err write_attempt(struct fw_db *db, int64_t delivery, const struct fw_attempt *a)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO webhook_attempt(delivery, number, url, started_us, finished_us,"
            " http_status, error, request_headers, response_headers, response_body)"
            " SELECT id, attempt, ?, ?, ?, ?, ?, ?, ?, ? FROM delivery WHERE id = ?");
    fw_stmt_bind_text(&q, or_empty(a->url));
    fw_stmt_bind_int(&q, a->started_at.us);
    fw_stmt_bind_int(&q, a->finished_at.us);
    fw_stmt_bind_int(&q, a->http_status);
    fw_stmt_bind_text(&q, or_empty(a->error));
    fw_stmt_bind_text(&q, or_empty(a->request_headers));
    fw_stmt_bind_text(&q, or_empty(a->response_headers));
    fw_stmt_bind_text(&q, or_empty(a->response_body));
    fw_stmt_bind_int(&q, delivery);
    return fw_stmt_run(&q);
}

static enum fw_err settle(struct fw_db *db, void *arg)
{
    const struct delivery_write *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE delivery SET state = ?, attempt = attempt + 1, postponed = 0, http_status = ?,"
            " note = ?, due_us = ?, started_us = coalesce(started_us, ?), finished_us = ?"
            " WHERE id = ? AND state = 'pending' AND due_us IS NOT NULL");
    fw_stmt_bind_text(&q, w->state);
    fw_stmt_bind_int(&q, w->tried->http_status);
    fw_stmt_bind_text(&q, or_empty(w->tried->error));
    fw_stmt_bind_int(&q, w->due_us);
    fw_stmt_bind_int(&q, w->tried->started_at.us);
    fw_stmt_bind_int(&q, w->tried->finished_at.us);
    fw_stmt_bind_int(&q, w->id);
    enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    if (sqlite3_changes(db->handle) == 0)
        return FW_NOT_FOUND;
    err = write_attempt(db, w->id, w->tried);
    return err || !w->is_settled ? err : let_next(db, w->id);
}

struct end_write {
    struct fw_delivery_end *ends;
    int count;
};

/* One that is not due any more has changed nothing: the others go on. */
static enum fw_err settle_all(struct fw_db *db, void *arg)
{
    const struct end_write *w = arg;
    for (int i = 0; i < w->count; i++) {
        struct fw_delivery_end *e = &w->ends[i];
        const bool given_up = !e->taken && e->retry_at.us == 0;
        struct delivery_write one = { e->id, e->taken ? "delivered" : given_up ? "given_up" : "pending",
                                      e->tried, e->taken ? 0 : e->retry_at.us, e->taken || given_up };
        e->err = settle(db, &one);
        if (e->err && e->err != FW_NOT_FOUND)
            return e->err;
    }
    return FW_OK;
}

void fw_store_delivery_end(struct fw_store *s, struct fw_delivery_end *ends, int count)
{
    struct end_write w = { ends, count };
    const enum fw_err err = fw_writer_do(s->writer, settle_all, &w);
    for (int i = 0; err && i < count; i++)
        ends[i].err = err;
}

enum fw_err fw_store_delivery_done(struct fw_store *s, int64_t id, const struct fw_attempt *tried)
{
    struct fw_delivery_end end = { .id = id, .taken = true, .tried = tried };
    fw_store_delivery_end(s, &end, 1);
    return end.err;
}

enum fw_err fw_store_delivery_retry(struct fw_store *s, int64_t id, const struct fw_attempt *tried,
                                    struct fw_wall retry_at)
{
    struct fw_delivery_end end = { .id = id, .tried = tried, .retry_at = retry_at };
    fw_store_delivery_end(s, &end, 1);
    return end.err;
}

struct untried_write {
    int64_t id;
    struct fw_wall at;
};

static enum fw_err postpone(struct fw_db *db, void *arg)
{
    const struct untried_write *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE delivery SET due_us = ?, postponed = postponed + 1"
                       " WHERE id = ? AND state = 'pending' AND due_us IS NOT NULL");
    fw_stmt_bind_int(&q, w->at.us);
    fw_stmt_bind_int(&q, w->id);
    const enum fw_err err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) == 0 ? FW_NOT_FOUND : FW_OK;
}

enum fw_err fw_store_delivery_postpone(struct fw_store *s, int64_t id, struct fw_wall until)
{
    struct untried_write w = { id, until };
    return fw_writer_do(s->writer, postpone, &w);
}

static enum fw_err drop(struct fw_db *db, void *arg)
{
    const struct untried_write *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE delivery SET state = 'given_up', due_us = 0, finished_us = ?"
                       " WHERE id = ? AND state = 'pending' AND due_us IS NOT NULL");
    fw_stmt_bind_int(&q, w->at.us);
    fw_stmt_bind_int(&q, w->id);
    const enum fw_err err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) == 0 ? FW_NOT_FOUND : let_next(db, w->id);
}

enum fw_err fw_store_delivery_drop(struct fw_store *s, int64_t id, struct fw_wall now)
{
    struct untried_write w = { id, now };
    return fw_writer_do(s->writer, drop, &w);
}
