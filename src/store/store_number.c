/* Phone numbers. */
#include "store/numbers.h"

#include <stdlib.h>

#include "store/store_internal.h"

void fw_number_done(struct fw_number *n)
{
    free(n->tags);
    *n = (struct fw_number){ 0 };
}

void fw_number_page_done(struct fw_number_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_number_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_number_page){ 0 };
}

struct number_write {
    const struct fw_number *n;
    int64_t read_at_us;
};

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

/* FW_INVALID: it names one that its account does not have. */
static enum fw_err check_application(struct fw_db *db, const struct fw_number *n)
{
    if (!n->application[0])
        return FW_OK;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM application WHERE id = ? AND account = ? AND deleted_us = 0");
    fw_stmt_bind_text(&q, n->application);
    fw_stmt_bind_int(&q, n->account);
    const enum fw_err err = fw_stmt_row(&q);
    return err == FW_NOT_FOUND ? FW_INVALID : err;
}

static enum fw_err create(struct fw_db *db, void *arg)
{
    const struct fw_number *n = ((struct number_write *)arg)->n;
    const enum fw_err err = check_application(db, n);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO phone_number(id, account, number, application, tags, created_us,"
                       " updated_us) VALUES (?, ?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_text(&q, n->id);
    fw_stmt_bind_int(&q, n->account);
    fw_stmt_bind_text(&q, n->number);
    fw_stmt_bind_text(&q, or_null(n->application));
    fw_stmt_bind_text(&q, n->tags ? n->tags : "[]");
    fw_stmt_bind_int(&q, n->created_at.us);
    fw_stmt_bind_int(&q, n->updated_at.us);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_number_create(struct fw_store *s, const struct fw_number *n)
{
    struct number_write w = { .n = n };
    return fw_writer_do(s->writer, create, &w);
}

static enum fw_err exists(struct fw_db *db, const struct fw_number *n)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM phone_number WHERE id = ? AND account = ?");
    fw_stmt_bind_text(&q, n->id);
    fw_stmt_bind_int(&q, n->account);
    return fw_stmt_row(&q);
}

static enum fw_err save(struct fw_db *db, void *arg)
{
    const struct number_write *w = arg;
    enum fw_err err = exists(db, w->n);
    if (!err)
        err = check_application(db, w->n);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE phone_number SET application = ?, tags = ?, updated_us = ?"
                       " WHERE id = ? AND updated_us = ?");
    fw_stmt_bind_text(&q, or_null(w->n->application));
    fw_stmt_bind_text(&q, w->n->tags ? w->n->tags : "[]");
    fw_stmt_bind_int(&q, w->n->updated_at.us);
    fw_stmt_bind_text(&q, w->n->id);
    fw_stmt_bind_int(&q, w->read_at_us);
    err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) > 0 ? FW_OK : FW_CONFLICT;
}

enum fw_err fw_store_number_save(struct fw_store *s, const struct fw_number *n,
                                 struct fw_wall read_at)
{
    struct number_write w = { n, read_at.us };
    return fw_writer_do(s->writer, save, &w);
}

struct number_key {
    int64_t account;
    const char *id;
};

static enum fw_err remove_one(struct fw_db *db, void *arg)
{
    const struct number_key *k = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM phone_number WHERE id = ? AND account = ?");
    fw_stmt_bind_text(&q, k->id);
    fw_stmt_bind_int(&q, k->account);
    const enum fw_err err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) > 0 ? FW_OK : FW_NOT_FOUND;
}

enum fw_err fw_store_number_delete(struct fw_store *s, int64_t account, const char *id)
{
    struct number_key k = { account, id };
    return fw_writer_do(s->writer, remove_one, &k);
}

#define SELECT                                                                                     \
    "SELECT n.id, n.account, n.number, coalesce(n.application, ''), coalesce(a.name, ''), n.tags," \
    " n.created_us, n.updated_us FROM phone_number n LEFT JOIN application a ON a.id = n.application"

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_number *ret = into;
    struct fw_number n CLEANUP(fw_number_done) = { 0 };
    fw_stmt_text(q, n.id, sizeof n.id);
    n.account = fw_stmt_int64(q);
    fw_stmt_text(q, n.number, sizeof n.number);
    fw_stmt_text(q, n.application, sizeof n.application);
    fw_stmt_text(q, n.application_name, sizeof n.application_name);
    n.tags = fw_stmt_owned_text(q);
    n.created_at.us = fw_stmt_int64(q);
    n.updated_at.us = fw_stmt_int64(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        return err;
    *ret = n;
    n.tags = NULL;
    return FW_OK;
}

enum fw_err fw_store_number_get(struct fw_store *s, int64_t account, const char *id,
                                struct fw_number *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, SELECT " WHERE n.id = ?1 AND ?2 IN (0, n.account)");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

enum fw_err fw_store_number_find(struct fw_store *s, const char *number, struct fw_number *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, SELECT " WHERE n.number = ?");
    fw_stmt_bind_text(&q, number);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

/* Few applications ask for it, and it is asked for only when a number is nobody's. */
enum fw_err fw_store_number_catch_all(struct fw_store *s, struct fw_number *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT account, id FROM application WHERE deleted_us = 0 AND active = 1"
                           " AND json_extract(settings, '$.inbound.catch_all') = 1 ORDER BY created_us, id LIMIT 1");
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    *ret = (struct fw_number){ 0 };
    ret->account = fw_stmt_int64(&q);
    fw_stmt_text(&q, ret->application, sizeof ret->application);
    return fw_stmt_ok(&q);
}

#define FILTER                                                                                     \
    " WHERE n.account = ?1 AND (?2 = '' OR instr(n.number, ?2) > 0)"                               \
    " AND (?3 = '' OR n.application = ?3)"

static void bind_filter(struct fw_stmt *q, int64_t account, const struct fw_number_filter *f)
{
    fw_stmt_bind_int(q, account);
    fw_stmt_bind_text(q, f->number);
    fw_stmt_bind_text(q, f->application);
}

static enum fw_err count_of(struct fw_db *db, int64_t account, const struct fw_number_filter *f,
                            int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT count(*) FROM phone_number n" FILTER);
    bind_filter(&q, account, f);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

static enum fw_err read_all(struct fw_stmt *q, struct fw_number_page *ret)
{
    return fw_rows_read(q, read_row, sizeof *ret->items, &ret->items, &ret->count);
}

enum fw_err fw_store_number_list(struct fw_store *s, int64_t account,
                                 const struct fw_number_filter *f, int page_number, int page_size,
                                 struct fw_number_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_number_page page CLEANUP(fw_number_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : count_of(use.db, account, f, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, SELECT FILTER " ORDER BY n.created_us DESC, n.id DESC LIMIT ? OFFSET ?");
    bind_filter(&q, account, f);
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = read_all(&q, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_number_page){ 0 };
    return FW_OK;
}
