/* Batches: admitted, counted, cancelled, complete. */
#include "store/batches.h"

#include <stdlib.h>
#include <string.h>

#include "fax/fax_json.h"
#include "store/store_internal.h"

#define FINAL "('delivered', 'failed')"

void fw_batch_page_done(struct fw_batch_page *p)
{
    free(p->items);
    *p = (struct fw_batch_page){ 0 };
}

struct admit {
    const struct fw_batch *batch;
    const struct fw_batch_order *order;
    const struct fw_slices *slices;
    const struct fw_admission *a;
    int64_t max;
};

static enum fw_err count_open(struct fw_db *db, int64_t account, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT count(*) FROM fax_batch WHERE account = ? AND completed_us = 0");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

static enum fw_err write_batch(struct fw_db *db, const struct fw_batch *b)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO fax_batch(id, account, application, recipients, state, page_count, reason, detail, created_us,"
            " cancel_us, completed_us) VALUES (?, ?, ?, ?, 'preparing', 0, '', '', ?, 0, 0)");
    fw_stmt_bind_text(&q, b->id);
    fw_stmt_bind_int(&q, b->account);
    fw_stmt_bind_text(&q, b->application);
    fw_stmt_bind_int(&q, b->recipients);
    fw_stmt_bind_int(&q, b->created_at.us);
    return fw_stmt_run(&q);
}

static enum fw_err admit(struct fw_db *db, void *arg)
{
    const struct admit *w = arg;
    int64_t open = 0;
    enum fw_err err = count_open(db, w->batch->account, &open);
    if (!err && w->max > 0 && open >= w->max)
        err = FW_LIMIT;
    if (!err)
        err = fw_once_write(db, w->batch->account, w->a);
    if (!err)
        err = write_batch(db, w->batch);
    return err ? err : fw_slices_write(db, w->order, w->slices);
}

enum fw_err fw_store_batch_admit(struct fw_store *s, const struct fw_batch *b, const struct fw_batch_order *o,
                                 const struct fw_admission *a, int64_t batches_max)
{
    struct fw_slices slices CLEANUP(fw_slices_done) = { 0 };
    struct admit w = { b, o, &slices, a, batches_max };
    fw_assert(b->recipients > 0 && b->recipients <= FW_BATCH_MAX && o->slice > 0);
    fw_assert(json_array_size(o->recipients) == (size_t)b->recipients && strcmp(o->fax->id, b->id) == 0);
    const enum fw_err err = fw_slices_make(o, &slices);
    return err ? err : fw_writer_do(s->writer, admit, &w);
}

/* In one statement: a slice goes from the one table to the other. */
static enum fw_err count(struct fw_db *db, struct fw_batch *b)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT status, count(*) FROM fax INDEXED BY fax_of_batch WHERE batch = ?1 AND batch != ''"
                       " AND deleted_us = 0 GROUP BY status"
                       " UNION ALL SELECT 'queued', coalesce(sum(recipients), 0) FROM fax_slice WHERE batch = ?1");
    enum fw_err err;
    fw_stmt_bind_text(&q, b->id);
    while ((err = fw_stmt_row(&q)) == FW_OK) {
        char text[32];
        enum fw_status status = FW_STATUS_QUEUED;
        fw_stmt_text(&q, text, sizeof text);
        if (!q.err && !fw_status_parse(text, &status))
            fw_stmt_damaged(&q);
        b->counts[status] += fw_stmt_int(&q, 0, FW_BATCH_MAX);
        if (fw_stmt_ok(&q))
            return fw_stmt_ok(&q);
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

#define COLUMNS "id, account, application, recipients, created_us, cancel_us, completed_us"

static enum fw_err read_batch(struct fw_stmt *q, void *ret)
{
    struct fw_batch *b = ret;
    *b = (struct fw_batch){ 0 };
    fw_stmt_text(q, b->id, sizeof b->id);
    b->account = fw_stmt_int64(q);
    fw_stmt_text(q, b->application, sizeof b->application);
    b->recipients = fw_stmt_int(q, 1, FW_BATCH_MAX);
    b->created_at.us = fw_stmt_int64(q);
    b->cancel_at.us = fw_stmt_int64(q);
    b->completed_at.us = fw_stmt_int64(q);
    return fw_stmt_ok(q);
}

/* Without its counts. */
static enum fw_err find(struct fw_db *db, int64_t account, const char *id, struct fw_batch *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT " COLUMNS " FROM fax_batch WHERE id = ?1 AND (?2 = 0 OR account = ?2)");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_batch(&q, ret);
}

enum fw_err fw_store_batch_get(struct fw_store *s, int64_t account, const char *id, struct fw_batch *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    enum fw_err err = use.err ? use.err : find(use.db, account, id, ret);
    return err ? err : count(use.db, ret);
}

static enum fw_err read_total(struct fw_db *db, int64_t account, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT count(*) FROM fax_batch WHERE account = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

static enum fw_err read_list(struct fw_db *db, int64_t account, int64_t offset, int size, struct fw_batch_page *page)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT " COLUMNS " FROM fax_batch WHERE account = ? ORDER BY created_us DESC, id DESC"
                       " LIMIT ? OFFSET ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_int(&q, size);
    fw_stmt_bind_int(&q, offset);
    return fw_rows_read(&q, read_batch, sizeof *page->items, &page->items, &page->count);
}

enum fw_err fw_store_batch_list(struct fw_store *s, int64_t account, int page_number, int page_size,
                                struct fw_batch_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_batch_page page CLEANUP(fw_batch_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : read_total(use.db, account, &page.total);
    if (!err)
        err = read_list(use.db, account, ((int64_t)page_number - 1) * page_size, page_size, &page);
    for (int i = 0; i < page.count && !err; i++)
        err = count(use.db, &page.items[i]);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_batch_page){ 0 };
    return FW_OK;
}

struct cancel {
    int64_t account;
    const char *id;
    int64_t now_us;
};

static enum fw_err run_at(struct fw_db *db, const char *sql, int64_t at_us, const char *id)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(db, sql);
    fw_stmt_bind_int(&q, at_us);
    fw_stmt_bind_text(&q, id);
    return fw_stmt_run(&q);
}

static enum fw_err cancel(struct fw_db *db, void *arg)
{
    const struct cancel *w = arg;
    struct fw_batch b;
    enum fw_err err = find(db, w->account, w->id, &b);
    if (!err && b.completed_at.us)
        err = FW_CONFLICT;
    if (!err)
        err = run_at(db, "UPDATE fax_batch SET cancel_us = ?1 WHERE id = ?2 AND cancel_us = 0", w->now_us, w->id);
    if (!err)
        err = run_at(db, "UPDATE fax SET cancel_us = ?1 WHERE batch = ?2 AND batch != '' AND cancel_us = 0"
                         " AND status NOT IN " FINAL, w->now_us, w->id);
    return err;
}

enum fw_err fw_store_batch_cancel(struct fw_store *s, int64_t account, const char *id, struct fw_wall now)
{
    struct cancel w = { account, id, now.us };
    return fw_writer_do(s->writer, cancel, &w);
}

/* FW_NOT_FOUND: some of its faxes have not ended, or are not written. */
static enum fw_err all_ended(struct fw_db *db, const char *id)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM fax INDEXED BY fax_of_batch WHERE batch = ?1"
                       " AND batch != '' AND status IN ('queued', 'media.processed', 'originated', 'sending'))"
                       " AND NOT EXISTS (SELECT 1 FROM fax_slice WHERE batch = ?1)");
    fw_stmt_bind_text(&q, id);
    return fw_stmt_row(&q);
}

/* Once: FW_NOT_FOUND when it was so before. */
static enum fw_err complete(struct fw_db *db, const char *id, int64_t at_us)
{
    const enum fw_err err =
        run_at(db, "UPDATE fax_batch SET completed_us = ?1 WHERE id = ?2 AND completed_us = 0", at_us, id);
    return !err && sqlite3_changes(db->handle) == 0 ? FW_NOT_FOUND : err;
}

/* What the event of its end says beyond the fax that it is told of. */
static json_t *sum_of(const struct fw_batch *b)
{
    const int delivered = b->counts[FW_STATUS_DELIVERED], failed = b->counts[FW_STATUS_FAILED];
    return json_pack("{ss si si si si}", "batch_id", b->id, "recipients", b->recipients, "delivered", delivered,
                     "failed", failed, "deleted", b->recipients - delivered - failed);
}

enum fw_err fw_batch_ended(struct fw_db *db, const struct fw_fax *last)
{
    struct fw_batch b;
    struct fw_event e = { 0 };
    enum fw_err err = all_ended(db, last->batch);
    if (!err)
        err = complete(db, last->batch, last->updated_at.us);
    if (err)
        return err == FW_NOT_FOUND ? FW_OK : err;
    err = find(db, 0, last->batch, &b);
    if (!err)
        err = count(db, &b);
    if (!err)
        err = fw_event_make(last, FW_EVENT_BATCH_COMPLETED, last->updated_at, sum_of(&b), &e);
    if (!err)
        err = fw_event_write(db, &e);
    fw_event_done(&e);
    return err;
}
