/* Requests that are let in once, and the limit of faxes in process. */
#include "store/once.h"

#include <stdlib.h>

#include "store/store_internal.h"

/* Expired rows that one write takes along; more than it adds, so that they cannot pile up. */
#define PURGED_BY_A_WRITE "8"

void fw_once_answer_done(struct fw_once_answer *a)
{
    free(a->text);
    *a = (struct fw_once_answer){ 0 };
}

enum fw_err fw_store_once_find(struct fw_store *s, int64_t account, const char *scope,
                               const char *key, struct fw_wall now, struct fw_once_answer *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_once_answer found CLEANUP(fw_once_answer_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT request_sha256, status, answer FROM once"
                           " WHERE account = ? AND scope = ? AND key = ? AND expires_us > ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, scope);
    fw_stmt_bind_text(&q, key);
    fw_stmt_bind_int(&q, now.us);
    enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, found.request_sha256, sizeof found.request_sha256);
    found.status = fw_stmt_int(&q, 100, 599);
    found.text = fw_stmt_owned_text(&q);
    err = fw_stmt_ok(&q);
    if (err)
        return err;
    *ret = found;
    found.text = NULL;
    return FW_OK;
}

/* With the row of the same name, if that has expired. */
static enum fw_err purge(struct fw_db *db, int64_t account, const struct fw_once *name,
                         struct fw_wall now)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "DELETE FROM once WHERE expires_us <= ?1 AND (id IN (SELECT id FROM once"
            " WHERE expires_us <= ?1 ORDER BY expires_us LIMIT " PURGED_BY_A_WRITE ")"
            " OR (account = ?2 AND scope = ?3 AND key = ?4))");
    fw_stmt_bind_int(&q, now.us);
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, name->scope);
    fw_stmt_bind_text(&q, name->key);
    return fw_stmt_run(&q);
}

static enum fw_err write_name(struct fw_db *db, int64_t account, const struct fw_once *name,
                              const struct fw_admission *a)
{
    const enum fw_err err = purge(db, account, name, a->now);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO once(account, scope, key, request_sha256, status, answer, expires_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, name->scope);
    fw_stmt_bind_text(&q, name->key);
    fw_stmt_bind_text(&q, a->request_sha256);
    fw_stmt_bind_int(&q, a->status);
    fw_stmt_bind_text(&q, a->text);
    fw_stmt_bind_int(&q, name->expires_at.us);
    return fw_stmt_run(&q);
}

enum fw_err fw_once_write(struct fw_db *db, int64_t account, const struct fw_admission *a)
{
    enum fw_err err = FW_OK;
    for (int i = 0; i < a->name_count && !err; i++)
        err = write_name(db, account, &a->names[i], a);
    return err;
}

static enum fw_err in_process(struct fw_db *db, int64_t account, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT faxes FROM in_process WHERE account = ?");
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_store_fax_in_process(struct fw_store *s, int64_t account, int64_t *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    return use.err ? use.err : in_process(use.db, account, ret);
}

struct fax_admit {
    const struct fw_fax *fax;
    struct fw_event *first;
    const struct fw_admission *a;
};

static enum fw_err admit_fax(struct fw_db *db, void *arg)
{
    const struct fax_admit *w = arg;
    int64_t count = 0;
    enum fw_err err = FW_OK;
    if (w->a->in_process_max > 0)
        err = in_process(db, w->fax->account, &count);
    if (!err && w->a->in_process_max > 0 && count >= w->a->in_process_max)
        err = FW_LIMIT;
    if (!err)
        err = fw_once_write(db, w->fax->account, w->a);
    return err ? err : fw_fax_write(db, w->fax, w->first);
}

enum fw_err fw_store_fax_admit(struct fw_store *s, const struct fw_fax *f, struct fw_event *first,
                               const struct fw_admission *a)
{
    struct fax_admit w = { f, first, a };
    const enum fw_err err = fw_writer_do(s->writer, admit_fax, &w);
    if (err)
        first->seq = 0; /* given out by a transaction that then failed */
    return err;
}

struct application_admit {
    const struct fw_application *app;
    const struct fw_admission *a;
};

static enum fw_err admit_application(struct fw_db *db, void *arg)
{
    const struct application_admit *w = arg;
    const enum fw_err err = fw_once_write(db, w->app->account, w->a);
    return err ? err : fw_application_write(db, w->app);
}

enum fw_err fw_store_application_admit(struct fw_store *s, const struct fw_application *app,
                                       const struct fw_admission *a)
{
    struct application_admit w = { app, a };
    return fw_writer_do(s->writer, admit_application, &w);
}
