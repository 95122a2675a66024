/* Which fax is next, from the indexes of faxes that wait and the table of their lanes. */
#include "store/waiting.h"

#include "store/store_internal.h"

static enum fw_err read_account(struct fw_store *s, const char *sql, int priority, int64_t after,
                                int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, sql);
    fw_stmt_bind_int(&q, priority);
    fw_stmt_bind_int(&q, after);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    *ret = fw_stmt_int64(&q);
    return fw_stmt_ok(&q);
}

enum fw_err fw_store_prepare_account(struct fw_store *s, int priority, int64_t after, int64_t *ret)
{
    return read_account(s,
                        "SELECT account FROM fax WHERE status = 'queued' AND batch = '' AND priority = ?"
                        " AND account > ? ORDER BY account LIMIT 1",
                        priority, after, ret);
}

enum fw_err fw_store_lane_account(struct fw_store *s, int priority, int64_t after, int64_t *ret)
{
    return read_account(
        s, "SELECT account FROM lane WHERE priority = ? AND account > ? ORDER BY account LIMIT 1",
        priority, after, ret);
}

/* The first row of `q` whose first column is not skipped: that column. */
static enum fw_err first_not_skipped(struct fw_stmt *q, fw_waiting_skip *skip, void *arg, char *dst,
                                     size_t dst_size)
{
    enum fw_err err;
    while ((err = fw_stmt_row(q)) == FW_OK) {
        fw_stmt_text(q, dst, dst_size);
        err = fw_stmt_ok(q);
        if (err || !skip(arg, dst))
            break;
    }
    return err;
}

enum fw_err fw_store_prepare_next(struct fw_store *s, int priority, int64_t account,
                                  fw_waiting_skip *skip, void *arg, struct fw_fax *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    char id[FW_UUID_SIZE];
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT id FROM fax WHERE status = 'queued' AND batch = '' AND priority = ?"
                           " AND account = ? ORDER BY created_us, id");
    fw_stmt_bind_int(&q, priority);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = first_not_skipped(&q, skip, arg, id, sizeof id);
    return err ? err : fw_fax_by_id(use.db, id, ret);
}

enum fw_err fw_store_lane_application(struct fw_store *s, int priority, int64_t account,
                                      const char *after, char ret[FW_NUMERIC_ID_SIZE])
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT application FROM lane WHERE priority = ? AND account = ?"
                           " AND application > ? ORDER BY application LIMIT 1");
    fw_stmt_bind_int(&q, priority);
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, after);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, ret, FW_NUMERIC_ID_SIZE);
    return fw_stmt_ok(&q);
}

static enum fw_err lane_number(struct fw_db *db, const struct fw_lane_query *l, char *dst,
                               size_t dst_size)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT to_number FROM lane WHERE priority = ? AND account = ?"
                       " AND application = ? AND next_us <= ? ORDER BY next_us");
    fw_stmt_bind_int(&q, l->priority);
    fw_stmt_bind_int(&q, l->account);
    fw_stmt_bind_text(&q, l->application);
    fw_stmt_bind_int(&q, l->now.us);
    return first_not_skipped(&q, l->skip, l->arg, dst, dst_size);
}

static enum fw_err lane_first(struct fw_db *db, const struct fw_lane_query *l, const char *number,
                              char id[FW_UUID_SIZE])
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT id FROM fax WHERE status = 'media.processed' AND application = ?"
                       " AND priority = ? AND to_number = ? ORDER BY due_us, id LIMIT 1");
    fw_stmt_bind_text(&q, l->application);
    fw_stmt_bind_int(&q, l->priority);
    fw_stmt_bind_text(&q, number);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, id, FW_UUID_SIZE);
    return fw_stmt_ok(&q);
}

enum fw_err fw_store_lane_next(struct fw_store *s, const struct fw_lane_query *l,
                               struct fw_fax *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    char number[FW_NUMBER_MAX + 1], id[FW_UUID_SIZE];
    enum fw_err err = use.err ? use.err : lane_number(use.db, l, number, sizeof number);
    if (!err)
        err = lane_first(use.db, l, number, id);
    return err ? err : fw_fax_by_id(use.db, id, ret);
}

enum fw_err fw_store_lane_when(struct fw_store *s, struct fw_wall now, struct fw_wall *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT next_us FROM lane WHERE next_us > ? ORDER BY next_us LIMIT 1");
    fw_stmt_bind_int(&q, now.us);
    const enum fw_err err = fw_stmt_row(&q);
    ret->us = err ? INT64_MAX : fw_stmt_int64(&q);
    return err == FW_NOT_FOUND ? FW_OK : err ? err : fw_stmt_ok(&q);
}

/* `before` NULL: no parameter of that. `max` -1: all. */
static enum fw_err read_page(struct fw_store *s, const char *sql, const struct fw_wall *before, int max,
                             struct fw_fax_page *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, sql);
    if (before)
        fw_stmt_bind_int(&q, before->us);
    fw_stmt_bind_int(&q, max);
    const enum fw_err err = fw_fax_read_all(&q, &page);
    if (err)
        return err;
    page.total = page.count;
    *ret = page;
    page = (struct fw_fax_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_fax_in_call(struct fw_store *s, struct fw_fax_page *ret)
{
    return read_page(s,
                     "SELECT " FW_FAX_READ " FROM fax WHERE status IN ('originated', 'sending')"
                     " ORDER BY id LIMIT ?",
                     NULL, -1, ret);
}

/* By the indexes of those that wait: of an account and priority, of a lane, the oldest is the first. */
enum fw_err fw_store_fax_overdue(struct fw_store *s, struct fw_wall before, struct fw_fax_page *ret)
{
    return read_page(s,
                     "SELECT " FW_FAX_READ " FROM fax WHERE id IN (SELECT id FROM ("
                     "SELECT f.id FROM in_process a CROSS JOIN (VALUES (0), (1), (2)) p CROSS JOIN fax f"
                     " WHERE a.faxes > 0 AND f.status = 'queued' AND f.priority = p.column1"
                     " AND f.account = a.account AND f.created_us <= ?1 AND f.due_us <= ?1"
                     " UNION ALL SELECT f.id FROM lane l CROSS JOIN fax f"
                     " WHERE l.next_us <= ?1 AND f.status = 'media.processed' AND f.application = l.application"
                     " AND f.priority = l.priority AND f.to_number = l.to_number AND f.due_us <= ?1) LIMIT ?2)",
                     &before, FW_OVERDUE_MAX, ret);
}

enum fw_err fw_store_fax_to_cancel(struct fw_store *s, struct fw_fax_page *ret)
{
    return read_page(s,
                     "SELECT " FW_FAX_READ " FROM fax WHERE cancel_us != 0"
                     " AND status IN ('queued', 'media.processed') ORDER BY id LIMIT ?",
                     NULL, FW_TO_CANCEL_MAX, ret);
}
