/* Faxes that wait for their time. */
#include "store/schedule.h"

#include "store/store_internal.h"

enum { ROWS_AT_ONCE = 20000 }; /* of one write, so that others come between */

enum fw_err fw_store_fax_expired(struct fw_store *s, struct fw_wall now, int max, struct fw_fax_page *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT " FW_FAX_READ " FROM fax INDEXED BY fax_to_expire WHERE expires_us != 0 AND expires_us <= ?"
                " AND status IN ('queued', 'media.processed') ORDER BY expires_us, id LIMIT ?");
    fw_stmt_bind_int(&q, now.us);
    fw_stmt_bind_int(&q, max);
    const enum fw_err err = fw_fax_read_all(&q, &page);
    if (err)
        return err;
    page.total = page.count;
    *ret = page;
    page = (struct fw_fax_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_fax_expires_next(struct fw_store *s, struct fw_wall now, struct fw_wall *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT expires_us FROM fax INDEXED BY fax_to_expire WHERE expires_us != 0 AND expires_us > ?"
                " AND status IN ('queued', 'media.processed') ORDER BY expires_us LIMIT 1");
    fw_stmt_bind_int(&q, now.us);
    const enum fw_err err = fw_stmt_row(&q);
    ret->us = err ? INT64_MAX : fw_stmt_int64(&q);
    return err == FW_NOT_FOUND ? FW_OK : err ? err : fw_stmt_ok(&q);
}

struct postpone {
    const char *window;
    int64_t until_us;
    int max;
};

static enum fw_err postpone(struct fw_db *db, void *arg)
{
    const struct postpone *p = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE fax SET due_us = ?2 WHERE rowid IN (SELECT rowid FROM fax INDEXED BY fax_in_window"
            " WHERE send_window = ?1 AND status = 'media.processed' AND due_us < ?2 ORDER BY due_us LIMIT ?3)");
    fw_stmt_bind_text(&q, p->window);
    fw_stmt_bind_int(&q, p->until_us);
    fw_stmt_bind_int(&q, p->max);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_window_postpone(struct fw_store *s, const char *window, struct fw_wall until, int max)
{
    struct postpone p = { window, until.us, max };
    return fw_writer_do(s->writer, postpone, &p);
}

struct set_back {
    int64_t now_us, by_us, after, last; /* rows */
};

static enum fw_err last_row(struct fw_store *s, int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT coalesce(max(rowid), 0) FROM fax");
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

static enum fw_err set_back(struct fw_db *db, void *arg)
{
    const struct set_back *b = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE fax NOT INDEXED SET due_us = max(?1, send_at_us, due_us - ?2)"
            " WHERE rowid > ?3 AND rowid <= ?4 AND status = 'media.processed' AND due_us > max(?1, send_at_us)");
    fw_stmt_bind_int(&q, b->now_us);
    fw_stmt_bind_int(&q, b->by_us);
    fw_stmt_bind_int(&q, b->after);
    fw_stmt_bind_int(&q, b->after + ROWS_AT_ONCE);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_clock_set_back(struct fw_store *s, struct fw_wall now, int64_t by_us)
{
    struct set_back b = { .now_us = now.us, .by_us = by_us };
    enum fw_err err = last_row(s, &b.last);
    for (; !err && b.after < b.last; b.after += ROWS_AT_ONCE)
        err = fw_writer_do(s->writer, set_back, &b);
    return err;
}

struct save_all {
    const struct fw_fax_ending *faxes;
    int count;
    struct fw_event *events;
    int each;
};

static enum fw_err save_all(struct fw_db *db, void *arg)
{
    const struct save_all *w = arg;
    for (int i = 0; i < w->count; i++) {
        const struct fw_fax_ending *one = &w->faxes[i];
        const enum fw_err err = fw_fax_save_row(db, one->fax, one->expected, w->events + i * w->each, w->each);
        if (err && !fw_store_refused(err))
            return err;
    }
    return FW_OK;
}

enum fw_err fw_store_fax_save_all(struct fw_store *s, const struct fw_fax_ending *faxes, int count,
                                  struct fw_event *events, int events_each)
{
    struct save_all w = { faxes, count, events, events_each };
    return fw_writer_do(s->writer, save_all, &w);
}
