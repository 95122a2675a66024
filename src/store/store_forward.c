/* Forwarding of received faxes: what is due, and how each try ended. */
#include <string.h>

#include "store/forward.h"
#include "store/store_internal.h"

static const char *const kinds[] = {
#define X(name, text) text,
    FW_FORWARD_KINDS(X)
#undef X
};

const char *fw_forward_kind_text(enum fw_forward_kind k)
{
    fw_assert((unsigned)k < FW_FORWARD_KIND_COUNT);
    return kinds[k];
}

/* Nothing is asked of the schema here: the functions of JSON may not be used by a trigger. */
enum fw_err fw_forward_write(struct fw_db *db, const struct fw_event *received)
{
    enum fw_err err = FW_OK;
    for (int k = 0; k < FW_FORWARD_KIND_COUNT && !err; k++) {
        struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
            db, "INSERT OR IGNORE INTO forward(fax, kind, target, created_us, due_us)"
                " SELECT f.id, ?3, json_extract(a.settings, '$.inbound.forward_' || ?3), ?2, ?2"
                " FROM fax f JOIN application a ON a.id = f.application WHERE f.id = ?1 AND f.deleted_us = 0"
                " AND coalesce(json_extract(a.settings, '$.inbound.forward_' || ?3), '') <> ''");
        fw_stmt_bind_text(&q, received->fax);
        fw_stmt_bind_int(&q, received->at.us);
        fw_stmt_bind_text(&q, kinds[k]);
        err = fw_stmt_run(&q);
    }
    return err;
}

static enum fw_err read_row(struct fw_stmt *q, struct fw_forward *ret)
{
    char kind[16];
    struct fw_forward f = { 0 };
    fw_stmt_text(q, f.fax, sizeof f.fax);
    fw_stmt_text(q, kind, sizeof kind);
    f.kind = strcmp(kind, kinds[FW_FORWARD_URL]) == 0 ? FW_FORWARD_URL : FW_FORWARD_COMMAND;
    fw_stmt_text(q, f.target, sizeof f.target);
    f.attempt = fw_stmt_int(q, 0, INT32_MAX - 1) + 1;
    f.created_at.us = fw_stmt_int64(q);
    *ret = f;
    return fw_stmt_ok(q);
}

enum fw_err fw_store_forward_due(struct fw_store *s, struct fw_wall now, const struct fw_forward_skip *skip,
                                 struct fw_forward *ret)
{
    char *busy CLEANUP(fw_texts_free) = fw_texts_json(skip->busy, skip->busy_count);
    char *targets CLEANUP(fw_texts_free) = fw_texts_json(skip->targets, skip->target_count);
    if (!busy || !targets)
        return FW_NO_MEMORY;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT fax, kind, target, attempt, created_us FROM forward"
                " WHERE state = 'pending' AND due_us <= ?"
                " AND fax || ' ' || kind NOT IN (SELECT value FROM json_each(?))"
                " AND target NOT IN (SELECT value FROM json_each(?)) ORDER BY due_us LIMIT 1");
    fw_stmt_bind_int(&q, now.us);
    fw_stmt_bind_text(&q, busy);
    fw_stmt_bind_text(&q, targets);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

struct tried {
    const struct fw_forward *forward;
    const char *state, *note;
    int64_t due_us;
    struct fw_event *event;
};

static enum fw_err write_tried(struct fw_db *db, void *arg)
{
    const struct tried *t = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE forward SET state = ?, attempt = ?, due_us = ?, note = ?"
                       " WHERE fax = ? AND kind = ? AND state = 'pending'");
    fw_stmt_bind_text(&q, t->state);
    fw_stmt_bind_int(&q, t->forward->attempt);
    fw_stmt_bind_int(&q, t->due_us);
    fw_stmt_bind_text(&q, t->note);
    fw_stmt_bind_text(&q, t->forward->fax);
    fw_stmt_bind_text(&q, kinds[t->forward->kind]);
    const enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    return sqlite3_changes(db->handle) == 0 ? FW_NOT_FOUND : fw_event_write(db, t->event);
}

enum fw_err fw_store_forward_tried(struct fw_store *s, const struct fw_forward *f, struct fw_wall at, bool done,
                                   const char *note, struct fw_event *event)
{
    struct tried t = { f, at.us ? "pending" : done ? "done" : "failed", note, at.us, event };
    return fw_writer_do(s->writer, write_tried, &t);
}
