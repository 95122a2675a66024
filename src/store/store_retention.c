/* Rules of retention, carried out; and the records of it. */
#include "store/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/store_internal.h"

enum { DAY_S = 24 * 3600, PATH_SIZE = 4200 };

struct expired {
    char id[FW_UUID_SIZE];
    bool record; /* it goes too */
    char batch[FW_UUID_SIZE]; /* that its documents are of; or empty */
};
struct expire {
    struct expired items[FW_RETENTION_BATCH];
    int     count;
    int64_t now_us;
};

/* A batch counts from its end. Each application and direction by itself, so that those without a rule
 * cost nothing: the time is looked up in an index of what is still to be purged. */
static enum fw_err find(struct fw_store *s, const struct fw_retention_rule *rule, struct expire *x)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "WITH side(direction, days) AS (VALUES ('outbound', ?1), ('inbound', ?2)), rule AS MATERIALIZED"
                " (SELECT a.id, s.direction,"
                " coalesce(json_extract(a.settings, '$.retention.' || s.direction || '_days'), s.days) AS days,"
                " coalesce(json_extract(a.settings, '$.retention.delete_records'), ?3) AS record"
                " FROM application a, side s)"
                " SELECT f.id, r.record, f.batch FROM rule r"
                " CROSS JOIN fax f ON f.application = r.id AND f.direction = r.direction"
                " AND f.updated_us <= ?5 - max(r.days * 86400, ?4) * 1000000"
                " WHERE r.days >= 0 AND f.purged_us = 0 AND f.deleted_us = 0"
                " AND f.status IN ('delivered', 'failed', 'received')"
                " AND (f.batch = '' OR EXISTS (SELECT 1 FROM fax_batch b WHERE b.id = f.batch AND b.completed_us != 0"
                " AND b.completed_us <= ?5 - max(r.days * 86400, ?4) * 1000000))"
                " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.fax = f.id AND d.state = 'pending')"
                " AND NOT EXISTS (SELECT 1 FROM mail m WHERE m.fax = f.id AND m.state = 'pending')"
                " AND NOT EXISTS (SELECT 1 FROM forward w WHERE w.fax = f.id AND w.state = 'pending') LIMIT ?6");
    fw_stmt_bind_int(&q, rule->days[FW_OUTBOUND]);
    fw_stmt_bind_int(&q, rule->days[FW_INBOUND]);
    fw_stmt_bind_int(&q, rule->deletes_records);
    fw_stmt_bind_int(&q, rule->link_ttl_s);
    fw_stmt_bind_int(&q, x->now_us);
    fw_stmt_bind_int(&q, FW_RETENTION_BATCH);
    enum fw_err err = FW_NOT_FOUND;
    while (x->count < FW_RETENTION_BATCH && (err = fw_stmt_row(&q)) == FW_OK) {
        struct expired *e = &x->items[x->count++];
        fw_stmt_text(&q, e->id, sizeof e->id);
        e->record = fw_stmt_bool(&q);
        fw_stmt_text(&q, e->batch, sizeof e->batch);
        if (fw_stmt_ok(&q))
            return fw_stmt_ok(&q);
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

static enum fw_err run_for(struct fw_db *db, const char *sql, const struct expired *e, int64_t now_us)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, sql);
    fw_stmt_bind_text(&q, e->id);
    fw_stmt_bind_int(&q, now_us);
    return fw_stmt_run(&q);
}

/* They are of its pages; the event that told of them stays without. */
static enum fw_err forget_barcodes(struct fw_db *db, const char *fax)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE event SET payload = json_remove(payload, '$.barcodes')"
                       " WHERE fax = ?1 AND json_type(payload, '$.barcodes') IS NOT NULL");
    fw_stmt_bind_text(&q, fax);
    return fw_stmt_run(&q);
}

static enum fw_err expire_one(struct fw_db *db, const struct expired *e, int64_t now_us)
{
    /* It may have been deleted since it was found. */
    enum fw_err err = run_for(db, "UPDATE fax SET purged_us = ?2, barcodes = NULL"
                                  " WHERE id = ?1 AND purged_us = 0 AND deleted_us = 0", e, now_us);
    if (err || sqlite3_changes(db->handle) == 0)
        return err;
    err = forget_barcodes(db, e->id);
    if (err)
        return err;
    err = run_for(db, e->record ? "INSERT OR IGNORE INTO fax_removal(fax, account, why)"
                                  " SELECT id, account, 'record_expired' FROM fax WHERE id = ?1 AND ?2 > 0"
                                : "INSERT OR IGNORE INTO fax_removal(fax, account, why)"
                                  " SELECT id, account, 'documents_expired' FROM fax WHERE id = ?1 AND ?2 > 0",
                  e, now_us);
    if (err || !e->record)
        return err;
    err = run_for(db, "UPDATE fax SET deleted_us = ?2 WHERE id = ?1", e, now_us);
    return err ? err : fw_fax_forget(db, e->id);
}

/* The documents of a batch go when none of its faxes has them any more. */
static enum fw_err expire_batch(struct fw_db *db, const char *batch)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT OR IGNORE INTO fax_removal(fax, account, why)"
                       " SELECT id, account, 'documents_expired' FROM fax_batch WHERE id = ?1 AND NOT EXISTS"
                       " (SELECT 1 FROM fax o INDEXED BY fax_of_batch WHERE o.batch = ?1 AND o.batch != ''"
                       " AND o.deleted_us = 0 AND o.purged_us = 0)");
    fw_stmt_bind_text(&q, batch);
    return fw_stmt_run(&q);
}

static enum fw_err write_expired(struct fw_db *db, void *arg)
{
    const struct expire *x = arg;
    enum fw_err err = FW_OK;
    for (int i = 0; i < x->count && !err; i++)
        err = expire_one(db, &x->items[i], x->now_us);
    for (int i = 0; i < x->count && !err; i++) {
        const bool again = i > 0 && strcmp(x->items[i].batch, x->items[i - 1].batch) == 0;
        if (x->items[i].batch[0] && !again)
            err = expire_batch(db, x->items[i].batch);
    }
    return err;
}

static void expire_free_p(struct expire **x) { free(*x); }

enum fw_err fw_store_retention_expire(struct fw_store *s, const struct fw_retention_rule *rule, struct fw_wall now,
                                      int *ret_count)
{
    struct expire *x CLEANUP(expire_free_p) = calloc(1, sizeof *x);
    *ret_count = 0;
    if (!x)
        return FW_NO_MEMORY;
    x->now_us = now.us;
    enum fw_err err = find(s, rule, x);
    if (!err && x->count > 0)
        err = fw_writer_do(s->writer, write_expired, x);
    if (!err)
        *ret_count = x->count;
    return err;
}

enum fw_err fw_store_scrub(struct fw_store *s)
{
    char path[PATH_SIZE];
    struct fw_db db = { 0 };
    struct fw_fault fault = { 0 };
    snprintf(path, sizeof path, "%s/faxwire.db", s->data_dir);
    const enum fw_err err = fw_db_open(path, true, &db, &fault);
    if (err)
        return err;
    const int rc = sqlite3_wal_checkpoint_v2(db.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    fw_db_close(&db);
    return rc == SQLITE_OK ? FW_OK : rc == SQLITE_BUSY ? FW_BUSY : FW_IO;
}

/* The records. */

/* Of a fax whose last webhook came later its folder is looked for again: nothing new to tell. */
enum fw_err fw_audit_write(struct fw_db *db, const char *fax, int64_t files, int64_t bytes)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO audit(account, fax, why, files, bytes, at_us)"
                       " SELECT account, fax, why, ?2, ?3, ?4 FROM fax_removal r"
                       " WHERE fax = ?1 AND (?2 > 0 OR NOT EXISTS"
                       " (SELECT 1 FROM audit a WHERE a.account = r.account AND a.fax = r.fax AND a.why = r.why))");
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, files);
    fw_stmt_bind_int(&q, bytes);
    fw_stmt_bind_int(&q, fw_wall_now().us);
    return fw_stmt_run(&q);
}

void fw_audit_page_done(struct fw_audit_page *p)
{
    free(p->items);
    *p = (struct fw_audit_page){ 0 };
}

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_audit a = { 0 };
    a.seq = fw_stmt_int64(q);
    fw_stmt_text(q, a.fax, sizeof a.fax);
    fw_stmt_text(q, a.why, sizeof a.why);
    a.files = fw_stmt_int64(q);
    a.bytes = fw_stmt_int64(q);
    a.at.us = fw_stmt_int64(q);
    *(struct fw_audit *)into = a;
    return fw_stmt_ok(q);
}

static enum fw_err count_of(struct fw_db *db, int64_t account, const char *fax, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT count(*) FROM audit WHERE account = ?1 AND (?2 = '' OR fax = ?2)");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, fax);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

enum fw_err fw_store_audit_list(struct fw_store *s, int64_t account, const char *fax, int page_number, int page_size,
                                struct fw_audit_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_audit_page page CLEANUP(fw_audit_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : count_of(use.db, account, fax, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT seq, fax, why, files, bytes, at_us FROM audit WHERE account = ?1"
                           " AND (?2 = '' OR fax = ?2) ORDER BY seq DESC LIMIT ?3 OFFSET ?4");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, (int64_t)(page_number - 1) * page_size);
    err = fw_rows_read(&q, read_row, sizeof *page.items, &page.items, &page.count);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_audit_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_audit_last(struct fw_store *s, int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT coalesce(max(seq), 0) FROM audit");
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}
