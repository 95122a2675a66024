/* Mail of faxes that were received, and about those that were sent: what is due, and how it ended. */
#include "store/mail.h"
#include "store/store_internal.h"

struct mail_write {
    const struct fw_mail *mail;
    const char *state, *note;
    int64_t due_us;
    struct fw_event *event; /* or NULL */
};

/* Nothing is asked of the schema here: the functions of JSON may not be used by a trigger. */
static enum fw_err write_received(struct fw_db *db, const struct fw_event *received)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT OR IGNORE INTO mail(fax, recipient, created_us, due_us)"
            " SELECT f.id, json_extract(a.settings, '$.fax_email_recipient'), ?2, ?2"
            " FROM fax f JOIN application a ON a.id = f.application WHERE f.id = ?1 AND f.deleted_us = 0"
            " AND coalesce(json_extract(a.settings, '$.fax_email_recipient'), '') <> ''");
    fw_stmt_bind_text(&q, received->fax);
    fw_stmt_bind_int(&q, received->at.us);
    return fw_stmt_run(&q);
}

/* Of an outbound fax that has ended: to whoever sent it by e-mail. */
static enum fw_err write_result(struct fw_db *db, const struct fw_event *ended)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT OR IGNORE INTO mail(fax, recipient, created_us, due_us)"
                       " SELECT id, result_email, ?2, ?2 FROM fax"
                       " WHERE id = ?1 AND deleted_us = 0 AND result_email IS NOT NULL");
    fw_stmt_bind_text(&q, ended->fax);
    fw_stmt_bind_int(&q, ended->at.us);
    return fw_stmt_run(&q);
}

enum fw_err fw_mail_write(struct fw_db *db, const struct fw_event *e)
{
    if (e->kind == FW_EVENT_RECEIVED)
        return write_received(db, e);
    return e->kind == FW_EVENT_DELIVERED || e->kind == FW_EVENT_FAILED ? write_result(db, e) : FW_OK;
}

enum fw_err fw_store_mail_due(struct fw_store *s, struct fw_wall now, const struct fw_mail_skip *skip,
                              struct fw_mail *ret)
{
    char *faxes CLEANUP(fw_texts_free) = fw_texts_json(skip->faxes, skip->fax_count);
    char *domains CLEANUP(fw_texts_free) = fw_texts_json(skip->domains, skip->domain_count);
    if (!faxes || !domains)
        return FW_NO_MEMORY;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT fax, recipient, attempt, created_us FROM mail"
                           " WHERE state = 'pending' AND due_us <= ? AND fax NOT IN (SELECT value FROM json_each(?))"
                           " AND lower(substr(recipient, instr(recipient, '@') + 1)) NOT IN"
                           " (SELECT value FROM json_each(?)) ORDER BY due_us LIMIT 1");
    fw_stmt_bind_int(&q, now.us);
    fw_stmt_bind_text(&q, faxes);
    fw_stmt_bind_text(&q, domains);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    struct fw_mail m = { 0 };
    fw_stmt_text(&q, m.fax, sizeof m.fax);
    fw_stmt_text(&q, m.recipient, sizeof m.recipient);
    m.attempt = fw_stmt_int(&q, 0, INT32_MAX - 1) + 1;
    m.created_at.us = fw_stmt_int64(&q);
    *ret = m;
    return fw_stmt_ok(&q);
}

static enum fw_err write_end(struct fw_db *db, void *arg)
{
    const struct mail_write *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE mail SET state = ?, attempt = ?, due_us = ?, note = ?"
                       " WHERE fax = ? AND state = 'pending'");
    fw_stmt_bind_text(&q, w->state);
    fw_stmt_bind_int(&q, w->mail->attempt);
    fw_stmt_bind_int(&q, w->due_us);
    fw_stmt_bind_text(&q, w->note);
    fw_stmt_bind_text(&q, w->mail->fax);
    const enum fw_err err = fw_stmt_run(&q);
    if (err)
        return err;
    if (sqlite3_changes(db->handle) == 0)
        return FW_NOT_FOUND;
    return w->event ? fw_event_write(db, w->event) : FW_OK;
}

enum fw_err fw_store_mail_retry(struct fw_store *s, const struct fw_mail *m, struct fw_wall at,
                                const char *note)
{
    struct mail_write w = { m, "pending", note, at.us, NULL };
    return fw_writer_do(s->writer, write_end, &w);
}

enum fw_err fw_store_mail_end(struct fw_store *s, const struct fw_mail *m, bool delivered,
                              const char *note, struct fw_event *event)
{
    struct mail_write w = { m, delivered ? "delivered" : "failed", note, 0, event };
    return fw_writer_do(s->writer, write_end, &w);
}
