/* Secrets that an application's webhooks are signed with. */
#include "store/store_internal.h"
#include "store/webhooks.h"

struct secret_write {
    int64_t account;
    const char *application, *secret;
    struct fw_wall before_until;
    bool had_one;
};

static enum fw_err had_one(struct fw_db *db, struct secret_write *w)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT webhook_secret <> '' FROM application"
                       " WHERE id = ? AND account = ? AND deleted_us = 0");
    fw_stmt_bind_text(&q, w->application);
    fw_stmt_bind_int(&q, w->account);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    w->had_one = fw_stmt_bool(&q);
    return fw_stmt_ok(&q);
}

static enum fw_err set(struct fw_db *db, void *arg)
{
    struct secret_write *w = arg;
    const enum fw_err err = had_one(db, w);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE application SET webhook_secret_before = iif(?1 = '', '', webhook_secret),"
                       " webhook_secret_until_us = ?2, webhook_secret = ?1 WHERE id = ?3");
    fw_stmt_bind_text(&q, w->secret);
    fw_stmt_bind_int(&q, w->secret[0] ? w->before_until.us : 0);
    fw_stmt_bind_text(&q, w->application);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_webhook_secret_set(struct fw_store *s, int64_t account, const char *application,
                                        const char *secret, struct fw_wall before_until,
                                        bool *ret_had_one)
{
    struct secret_write w = { account, application, secret, .before_until = before_until };
    const enum fw_err err = fw_writer_do(s->writer, set, &w);
    if (!err)
        *ret_had_one = w.had_one;
    return err;
}
