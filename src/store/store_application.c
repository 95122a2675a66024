/* Applications: the named settings that a fax is sent with. */
#include <stdlib.h>

#include "store/store_internal.h"

#define COLUMNS                                                                                    \
    "id, account, name, active, webhook_url, webhook_failover_url, webhook_timeout_secs,"          \
    " settings, created_us, updated_us"

void fw_application_page_done(struct fw_application_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_application_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_application_page){ 0 };
}

struct application_write {
    const struct fw_application *a;
};

enum fw_err fw_application_write(struct fw_db *db, const struct fw_application *a)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT INTO application(" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_text(&q, a->id);
    fw_stmt_bind_int(&q, a->account);
    fw_stmt_bind_text(&q, a->name);
    fw_stmt_bind_int(&q, a->active);
    fw_stmt_bind_text(&q, a->webhook_url);
    fw_stmt_bind_text(&q, a->webhook_failover_url);
    fw_stmt_bind_int(&q, a->webhook_timeout_secs);
    fw_stmt_bind_text(&q, a->settings);
    fw_stmt_bind_int(&q, a->created_at.us);
    fw_stmt_bind_int(&q, a->updated_at.us);
    return fw_stmt_run(&q);
}

static enum fw_err create(struct fw_db *db, void *arg)
{
    return fw_application_write(db, ((struct application_write *)arg)->a);
}

enum fw_err fw_store_application_create(struct fw_store *s, const struct fw_application *a)
{
    struct application_write w = { a };
    return fw_writer_do(s->writer, create, &w);
}

static enum fw_err exists(struct fw_db *db, int64_t account, const char *id)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM application WHERE id = ? AND account = ? AND deleted_us = 0");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    return fw_stmt_row(&q);
}

struct application_change {
    const struct fw_application *a;
    int64_t account, at_us;
    const char *id;
};

static enum fw_err save(struct fw_db *db, void *arg)
{
    const struct application_change *w = arg;
    const struct fw_application *a = w->a;
    enum fw_err err = exists(db, a->account, a->id);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE application SET name = ?, active = ?, webhook_url = ?,"
            " webhook_failover_url = ?, webhook_timeout_secs = ?, settings = ?, updated_us = ?"
            " WHERE id = ? AND updated_us = ?");
    fw_stmt_bind_text(&q, a->name);
    fw_stmt_bind_int(&q, a->active);
    fw_stmt_bind_text(&q, a->webhook_url);
    fw_stmt_bind_text(&q, a->webhook_failover_url);
    fw_stmt_bind_int(&q, a->webhook_timeout_secs);
    fw_stmt_bind_text(&q, a->settings);
    fw_stmt_bind_int(&q, a->updated_at.us);
    fw_stmt_bind_text(&q, a->id);
    fw_stmt_bind_int(&q, w->at_us);
    err = fw_stmt_run(&q);
    return err ? err : sqlite3_changes(db->handle) > 0 ? FW_OK : FW_CONFLICT;
}

enum fw_err fw_store_application_save(struct fw_store *s, const struct fw_application *a,
                                      struct fw_wall read_at)
{
    struct application_change w = { .a = a, .at_us = read_at.us };
    return fw_writer_do(s->writer, save, &w);
}

static enum fw_err is_idle(struct fw_db *db, const char *id)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM fax WHERE status NOT IN ('delivered', 'failed', 'received')"
                       " AND application = ?1"
                       " UNION ALL SELECT 1 FROM fax_slice s JOIN fax_batch b ON b.id = s.batch"
                       " WHERE b.application = ?1 LIMIT 1");
    fw_stmt_bind_text(&q, id);
    const enum fw_err err = fw_stmt_row(&q);
    return err == FW_NOT_FOUND ? FW_OK : err ? err : FW_CONFLICT;
}

static enum fw_err has_no_numbers(struct fw_db *db, const char *id)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM phone_number WHERE application = ? LIMIT 1");
    fw_stmt_bind_text(&q, id);
    const enum fw_err err = fw_stmt_row(&q);
    return err == FW_NOT_FOUND ? FW_OK : err ? err : FW_CONFLICT;
}

static enum fw_err hide(struct fw_db *db, void *arg)
{
    const struct application_change *w = arg;
    enum fw_err err = exists(db, w->account, w->id);
    if (!err)
        err = is_idle(db, w->id);
    if (!err)
        err = has_no_numbers(db, w->id);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE application SET deleted_us = ? WHERE id = ?");
    fw_stmt_bind_int(&q, w->at_us);
    fw_stmt_bind_text(&q, w->id);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_application_delete(struct fw_store *s, int64_t account, const char *id,
                                        struct fw_wall now)
{
    struct application_change w = { .account = account, .at_us = now.us, .id = id };
    return fw_writer_do(s->writer, hide, &w);
}

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_application *ret = into;
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    fw_stmt_text(q, a.id, sizeof a.id);
    a.account = fw_stmt_int64(q);
    fw_stmt_text(q, a.name, sizeof a.name);
    a.active = fw_stmt_bool(q);
    fw_stmt_text(q, a.webhook_url, sizeof a.webhook_url);
    fw_stmt_text(q, a.webhook_failover_url, sizeof a.webhook_failover_url);
    a.webhook_timeout_secs = fw_stmt_int(q, -1, INT32_MAX);
    a.settings = fw_stmt_owned_text(q);
    a.created_at.us = fw_stmt_int64(q);
    a.updated_at.us = fw_stmt_int64(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        return err;
    *ret = a;
    a.settings = NULL;
    return FW_OK;
}

enum fw_err fw_store_application_get(struct fw_store *s, int64_t account, const char *id,
                                     struct fw_application *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT " COLUMNS " FROM application"
                " WHERE id = ?1 AND (?2 = 0 OR (account = ?2 AND deleted_us = 0))");
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, account);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

/* Parameters 1 to 3 of FILTER. */
static void bind_filter(struct fw_stmt *q, int64_t account, const struct fw_application_filter *f)
{
    fw_stmt_bind_int(q, account);
    fw_stmt_bind_text(q, f->name_contains);
    fw_stmt_bind_text(q, f->voice_profile);
}

#define FILTER                                                                                     \
    " FROM application WHERE account = ?1 AND deleted_us = 0"                                      \
    " AND (?2 = '' OR instr(lower(name), lower(?2)) > 0)"                                          \
    " AND (?3 = '' OR json_extract(settings, '$.outbound.outbound_voice_profile_id') = ?3)"

static enum fw_err count_of(struct fw_db *db, int64_t account,
                            const struct fw_application_filter *f, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT count(*)" FILTER);
    bind_filter(&q, account, f);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

#define LIST(order) "SELECT " COLUMNS FILTER " ORDER BY " order " LIMIT ? OFFSET ?"
static const char *const lists[FW_APPLICATIONS_ORDER_COUNT] = {
    [FW_APPLICATIONS_NEWEST] = LIST("created_us DESC, id DESC"),
    [FW_APPLICATIONS_OLDEST] = LIST("created_us, id"),
    [FW_APPLICATIONS_NAME] = LIST("name COLLATE NOCASE, id"),
    [FW_APPLICATIONS_NAME_DOWN] = LIST("name COLLATE NOCASE DESC, id DESC"),
    [FW_APPLICATIONS_INACTIVE] = LIST("active, created_us DESC, id DESC"),
    [FW_APPLICATIONS_ACTIVE] = LIST("active DESC, created_us DESC, id DESC"),
};

static enum fw_err read_page(struct fw_db *db, int64_t account,
                             const struct fw_application_filter *f, int page_number, int page_size,
                             struct fw_application_page *ret)
{
    fw_assert((unsigned)f->order < FW_APPLICATIONS_ORDER_COUNT);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, lists[f->order]);
    bind_filter(&q, account, f);
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    return fw_rows_read(&q, read_row, sizeof *ret->items, &ret->items, &ret->count);
}

enum fw_err fw_store_application_list(struct fw_store *s, int64_t account,
                                      const struct fw_application_filter *filter, int page_number,
                                      int page_size, struct fw_application_page *ret)
{
    const struct fw_application_filter none = { 0 };
    const struct fw_application_filter *f = filter ? filter : &none;
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_application_page page CLEANUP(fw_application_page_done) = { 0 };
    enum fw_err err = use.err;
    if (!err)
        err = count_of(use.db, account, f, &page.total);
    if (!err)
        err = read_page(use.db, account, f, page_number, page_size, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_application_page){ 0 };
    return FW_OK;
}
