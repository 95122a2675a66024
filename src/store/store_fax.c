/* Faxes: accepted, read, changed. */
#include <string.h>

#include "base/log.h"
#include "store/attempts.h"
#include "store/store_internal.h"

/* What was asked for; never changed after. Parameters 1 to 18. */
static void bind_request(struct fw_stmt *q, const struct fw_fax *f)
{
    fw_stmt_bind_text(q, f->id);
    fw_stmt_bind_int(q, f->account);
    fw_stmt_bind_text(q, f->application);
    fw_stmt_bind_text(q, f->from);
    fw_stmt_bind_text(q, f->from_display_name);
    fw_stmt_bind_text(q, f->to);
    fw_stmt_bind_text(q, f->media_urls);
    fw_stmt_bind_text(q, f->client_state);
    fw_stmt_bind_text(q, f->webhook_url);
    fw_stmt_bind_int(q, f->document_count);
    fw_stmt_bind_text(q, fw_quality_text(f->quality));
    fw_stmt_bind_int(q, f->t38_enabled);
    fw_stmt_bind_int(q, f->monochrome);
    fw_stmt_bind_int(q, f->black_threshold);
    fw_stmt_bind_int(q, f->store_media);
    fw_stmt_bind_int(q, f->store_preview);
    fw_stmt_bind_int(q, f->preview_pdf);
    fw_stmt_bind_int(q, f->created_at.us);
}

/* How far it has come. The 14 parameters after those. */
static void bind_progress(struct fw_stmt *q, const struct fw_fax *f)
{
    fw_stmt_bind_text(q, fw_status_text(f->status));
    fw_stmt_bind_text(q, f->failure_reason);
    fw_stmt_bind_text(q, f->failure_detail);
    fw_stmt_bind_int(q, f->page_count);
    fw_stmt_bind_int(q, f->pages_confirmed);
    fw_stmt_bind_int(q, f->attempts);
    fw_stmt_bind_int(q, f->sending_told);
    fw_stmt_bind_text(q, f->call);
    fw_stmt_bind_int(q, f->modem);
    fw_stmt_bind_int(q, f->due.us);
    fw_stmt_bind_int(q, f->call_duration_secs);
    fw_stmt_bind_int(q, f->bit_rate);
    fw_stmt_bind_int(q, f->transport);
    fw_stmt_bind_int(q, f->updated_at.us);
}

/* What a received fax has beyond that. Two parameters. */
static void bind_received(struct fw_stmt *q, const struct fw_fax *f)
{
    fw_stmt_bind_int(q, f->partial_content);
    fw_stmt_bind_text(q, f->remote_ident);
}

static void read_request(struct fw_stmt *q, struct fw_fax *f)
{
    char quality[16];
    fw_stmt_text(q, f->id, sizeof f->id);
    f->account = fw_stmt_int64(q);
    fw_stmt_text(q, f->application, sizeof f->application);
    fw_stmt_text(q, f->from, sizeof f->from);
    fw_stmt_text(q, f->from_display_name, sizeof f->from_display_name);
    fw_stmt_text(q, f->to, sizeof f->to);
    f->media_urls = fw_stmt_owned_text(q);
    f->client_state = fw_stmt_owned_text(q);
    fw_stmt_text(q, f->webhook_url, sizeof f->webhook_url);
    f->document_count = fw_stmt_int(q, 0, INT32_MAX);
    fw_stmt_text(q, quality, sizeof quality);
    if (!q->err && !fw_quality_parse(quality, &f->quality))
        fw_stmt_damaged(q);
    f->t38_enabled = fw_stmt_bool(q);
    f->monochrome = fw_stmt_bool(q);
    f->black_threshold = fw_stmt_int(q, 0, INT32_MAX);
    f->store_media = fw_stmt_bool(q);
    f->store_preview = fw_stmt_bool(q);
    f->preview_pdf = fw_stmt_bool(q);
    f->created_at.us = fw_stmt_int64(q);
}

static void read_progress(struct fw_stmt *q, struct fw_fax *f)
{
    char status[32];
    fw_stmt_text(q, status, sizeof status);
    if (!q->err && !fw_status_parse(status, &f->status))
        fw_stmt_damaged(q);
    fw_stmt_text(q, f->failure_reason, sizeof f->failure_reason);
    fw_stmt_text(q, f->failure_detail, sizeof f->failure_detail);
    f->page_count = fw_stmt_int(q, 0, INT32_MAX);
    f->pages_confirmed = fw_stmt_int(q, 0, INT32_MAX);
    f->attempts = fw_stmt_int(q, 0, INT32_MAX);
    f->sending_told = fw_stmt_bool(q);
    fw_stmt_text(q, f->call, sizeof f->call);
    f->modem = fw_stmt_int(q, -1, INT32_MAX);
    f->due.us = fw_stmt_int64(q);
    f->call_duration_secs = fw_stmt_int(q, 0, INT32_MAX);
    f->bit_rate = fw_stmt_int(q, 0, INT32_MAX);
    f->transport = fw_stmt_int(q, -1, INT32_MAX);
    f->updated_at.us = fw_stmt_int64(q);
}

static void read_received(struct fw_stmt *q, struct fw_fax *f)
{
    char direction[16], format[8];
    fw_stmt_text(q, direction, sizeof direction);
    fw_stmt_text(q, format, sizeof format);
    if (!q->err && (!fw_direction_parse(direction, &f->direction) ||
                    !fw_media_format_parse(format, &f->media_format)))
        fw_stmt_damaged(q);
    f->partial_content = fw_stmt_bool(q);
    fw_stmt_text(q, f->remote_ident, sizeof f->remote_ident);
}

enum fw_err fw_fax_read(struct fw_stmt *q, void *into)
{
    struct fw_fax *ret = into;
    struct fw_fax f = { 0 };
    read_request(q, &f);
    read_progress(q, &f);
    fw_stmt_text(q, f.media_name, sizeof f.media_name); /* later than the others */
    read_received(q, &f);
    f.priority = (enum fw_priority)fw_stmt_int(q, 0, FW_PRIORITY_COUNT - 1);
    f.retry = fw_stmt_owned_text(q);
    f.first_page = fw_stmt_int(q, 0, INT32_MAX);
    f.way = fw_stmt_int(q, 0, INT32_MAX);
    f.page_ranges = fw_stmt_owned_text(q);
    fw_stmt_text(q, f.resend_of, sizeof f.resend_of);
    f.metadata = fw_stmt_owned_text(q);
    f.send_at.us = fw_stmt_int64(q);
    f.send_window = fw_stmt_owned_text(q);
    f.expires_at.us = fw_stmt_int64(q);
    f.result_email = fw_stmt_owned_text(q);
    f.result_reference = fw_stmt_owned_text(q);
    fw_stmt_text(q, f.batch, sizeof f.batch);
    f.trace = fw_stmt_bool(q);
    f.cover_page = fw_stmt_owned_text(q);
    f.header = fw_stmt_owned_text(q);
    fw_stmt_text(q, f.subaddress, sizeof f.subaddress);
    fw_stmt_text(q, f.tag, sizeof f.tag);
    f.barcodes = fw_stmt_owned_text(q);
    fw_stmt_text(q, f.user_id, sizeof f.user_id);
    f.cancel_asked = fw_stmt_bool(q);
    f.deleted = fw_stmt_bool(q);
    f.purged_at.us = fw_stmt_int64(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        fw_fax_done(&f);
    else
        *ret = f;
    return err;
}

struct fax_write {
    const struct fw_fax *fax;
    enum fw_status expected;
    struct fw_event *events;
    int event_count;
    const struct fw_fax_attempt *attempt; /* NULL: none */
};

static enum fw_err write_events(struct fw_db *db, const struct fax_write *w)
{
    enum fw_err err = FW_OK;
    for (int i = 0; i < w->event_count && !err; i++)
        err = fw_event_write(db, &w->events[i]);
    return err;
}

/* A number that was given out by a transaction that then failed is not one. */
static void forget_seqs(const struct fax_write *w)
{
    for (int i = 0; i < w->event_count; i++)
        w->events[i].seq = 0;
}

static void check_events(const struct fax_write *w)
{
    for (int i = 0; i < w->event_count; i++)
        fw_assert(strcmp(w->events[i].fax, w->fax->id) == 0 && w->events[i].payload);
}

static enum fw_err application_is_of(struct fw_db *db, const char *application, int64_t account)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM application WHERE id = ? AND account = ? AND deleted_us = 0");
    fw_stmt_bind_text(&q, application);
    fw_stmt_bind_int(&q, account);
    return fw_stmt_row(&q);
}

#define ROW_INTO(table) \
    "INSERT INTO " table "(" FW_FAX_COLUMNS ") VALUES (" \
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?," \
    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

static enum fw_err write_row(struct fw_db *db, const char *sql, const struct fw_fax *f)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, sql);
    bind_request(&q, f);
    bind_progress(&q, f);
    fw_stmt_bind_text(&q, f->media_name);
    fw_stmt_bind_text(&q, fw_direction_text(f->direction));
    fw_stmt_bind_text(&q, fw_media_format_text(f->media_format));
    bind_received(&q, f);
    fw_stmt_bind_int(&q, f->priority);
    fw_stmt_bind_text(&q, f->retry);
    fw_stmt_bind_int(&q, f->first_page);
    fw_stmt_bind_int(&q, f->way);
    fw_stmt_bind_text(&q, f->page_ranges);
    fw_stmt_bind_text(&q, f->resend_of);
    fw_stmt_bind_text(&q, f->metadata);
    fw_stmt_bind_int(&q, f->send_at.us);
    fw_stmt_bind_text(&q, f->send_window);
    fw_stmt_bind_int(&q, f->expires_at.us);
    fw_stmt_bind_text(&q, f->result_email);
    fw_stmt_bind_text(&q, f->result_reference);
    fw_stmt_bind_text(&q, f->batch);
    fw_stmt_bind_int(&q, f->trace);
    fw_stmt_bind_text(&q, f->cover_page);
    fw_stmt_bind_text(&q, f->header);
    fw_stmt_bind_text(&q, f->subaddress);
    fw_stmt_bind_text(&q, f->tag);
    fw_stmt_bind_text(&q, f->barcodes);
    return fw_stmt_run(&q);
}

enum fw_err fw_fax_write(struct fw_db *db, const struct fw_fax *f, struct fw_event *first)
{
    fw_assert(fw_uuid_valid(f->id));
    const struct fax_write w = { .fax = f, .events = first, .event_count = 1 };
    check_events(&w);
    enum fw_err err = application_is_of(db, f->application, f->account);
    if (!err)
        err = write_row(db, ROW_INTO("fax"), f);
    return err ? err : write_events(db, &w);
}

enum fw_err fw_fax_draft_write(struct fw_db *db, const struct fw_fax *f)
{
    return write_row(db, ROW_INTO("fax_draft"), f);
}

enum fw_err fw_fax_draft_read(struct fw_db *db, const char *id, struct fw_fax *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT " FW_FAX_COLUMNS ", (SELECT uuid FROM account WHERE account.id = fax_draft.account), 0, 0, 0"
            " FROM fax_draft WHERE id = ?");
    fw_stmt_bind_text(&q, id);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : fw_fax_read(&q, ret);
}

static enum fw_err accept_fax(struct fw_db *db, void *arg)
{
    const struct fax_write *w = arg;
    const enum fw_err err = fw_fax_write(db, w->fax, w->events);
    return err || !w->attempt ? err : fw_fax_attempt_write(db, w->attempt);
}

enum fw_err fw_store_fax_take(struct fw_store *s, const struct fw_fax *f, struct fw_event *first,
                              const struct fw_fax_attempt *attempt)
{
    fw_assert(!attempt || strcmp(attempt->fax, f->id) == 0);
    struct fax_write w = { .fax = f, .events = first, .event_count = 1, .attempt = attempt };
    const enum fw_err err = fw_writer_do(s->writer, accept_fax, &w);
    if (err)
        forget_seqs(&w);
    return err;
}

enum fw_err fw_store_fax_accept(struct fw_store *s, const struct fw_fax *f, struct fw_event *first)
{
    return fw_store_fax_take(s, f, first, NULL);
}

static enum fw_err status_is(struct fw_db *db, const char *fax, enum fw_status expected)
{
    char status[32];
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT status FROM fax WHERE id = ?");
    fw_stmt_bind_text(&q, fax);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, status, sizeof status);
    if (fw_stmt_ok(&q))
        return fw_stmt_ok(&q);
    return strcmp(status, fw_status_text(expected)) == 0 ? FW_OK : FW_CONFLICT;
}

/* Deleted while it was live: from now on only what is to be told of it keeps it here. */
static enum fw_err forget_deleted(struct fw_db *db, const char *fax)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM fax WHERE id = ? AND deleted_us != 0");
    fw_stmt_bind_text(&q, fax);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err == FW_NOT_FOUND ? FW_OK : err;
    fw_stmt_done(&q);
    return fw_fax_forget(db, fax);
}

bool fw_store_refused(enum fw_err err)
{
    return err == FW_CONFLICT || err == FW_NOT_FOUND || err == FW_INVALID;
}

/* The one place where a status changes: whatever a caller is mistaken about, no fax goes a way that is none. */
static enum fw_err check_change(const struct fax_write *w)
{
    if (w->fax->status == w->expected || fw_status_may_become(w->expected, w->fax->status))
        return FW_OK;
    fw_log(FW_LOG_ERROR, "store.change_refused", "fax=%s from=%s to=%s", w->fax->id, fw_status_text(w->expected),
           fw_status_text(w->fax->status));
    return FW_INVALID;
}

static enum fw_err save_fax(struct fw_db *db, void *arg)
{
    const struct fax_write *w = arg;
    enum fw_err err = check_change(w);
    if (!err)
        err = status_is(db, w->fax->id, w->expected);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE fax SET status = ?, failure_reason = ?, failure_detail = ?, page_count = ?,"
            " pages_confirmed = ?, attempts = ?, sending_told = ?, call = ?, modem = ?,"
            " due_us = ?, call_duration_secs = ?, bit_rate = ?, transport = ?, updated_us = ?,"
            " partial_content = ?, remote_ident = ?, first_page = ?, way = ?, subaddress = ?, tag = ?,"
            " barcodes = ? WHERE id = ?");
    bind_progress(&q, w->fax);
    bind_received(&q, w->fax);
    fw_stmt_bind_int(&q, w->fax->first_page);
    fw_stmt_bind_int(&q, w->fax->way);
    fw_stmt_bind_text(&q, w->fax->subaddress);
    fw_stmt_bind_text(&q, w->fax->tag);
    fw_stmt_bind_text(&q, w->fax->barcodes);
    fw_stmt_bind_text(&q, w->fax->id);
    err = fw_stmt_run(&q);
    if (!err && w->attempt)
        err = fw_fax_attempt_write(db, w->attempt);
    if (!err)
        err = write_events(db, w);
    if (!err && w->fax->batch[0] && fw_status_final(w->fax->status))
        err = fw_batch_ended(db, w->fax);
    return err || !fw_status_final(w->fax->status) ? err : forget_deleted(db, w->fax->id);
}

enum fw_err fw_fax_save_row(struct fw_db *db, const struct fw_fax *f, enum fw_status expected,
                            struct fw_event *events, int event_count)
{
    struct fax_write w = { f, expected, events, event_count, NULL };
    check_events(&w);
    return save_fax(db, &w);
}

enum fw_err fw_store_fax_advance(struct fw_store *s, const struct fw_fax *f,
                                 enum fw_status expected, struct fw_event *events, int event_count,
                                 const struct fw_fax_attempt *attempt)
{
    fw_assert(!attempt || strcmp(attempt->fax, f->id) == 0);
    struct fax_write w = { f, expected, events, event_count, attempt };
    check_events(&w);
    const enum fw_err err = fw_writer_do(s->writer, save_fax, &w);
    if (err)
        forget_seqs(&w);
    return err;
}

enum fw_err fw_store_fax_save(struct fw_store *s, const struct fw_fax *f, enum fw_status expected,
                              struct fw_event *events, int event_count)
{
    return fw_store_fax_advance(s, f, expected, events, event_count, NULL);
}

enum fw_err fw_fax_by_id(struct fw_db *db, const char *id, struct fw_fax *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT " FW_FAX_READ " FROM fax WHERE id = ?");
    fw_stmt_bind_text(&q, id);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : fw_fax_read(&q, ret);
}

enum fw_err fw_store_fax_get(struct fw_store *s, int64_t account, const char *id,
                             struct fw_fax *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT " FW_FAX_READ " FROM fax"
                " WHERE id = ?1 AND (?2 = 0 OR (account = ?2 AND deleted_us = 0))");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : fw_fax_read(&q, ret);
}
