/* Stored media: documents under a customer's name, for a time. The bytes lie in a file of their
 * own that never changes: another upload of the same name is another file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

#define COLUMNS "account, name, file, content_type, size, created_us, updated_us, expires_us"

enum { SQL_MAX = 1024, SWEEP_MAX = 256 };

void fw_media_page_done(struct fw_media_page *p)
{
    free(p->items);
    *p = (struct fw_media_page){ 0 };
}

void fw_store_media_dir(const struct fw_store *s, char *dst, size_t dst_size)
{
    const int size = snprintf(dst, dst_size, "%s/media", fw_store_documents_dir(s));
    fw_assert(size > 0 && (size_t)size < dst_size);
}

static enum fw_err read_row(struct fw_stmt *q, void *into)
{
    struct fw_media *ret = into;
    struct fw_media m = { 0 };
    m.account = fw_stmt_int64(q);
    fw_stmt_text(q, m.name, sizeof m.name);
    fw_stmt_text(q, m.file, sizeof m.file);
    fw_stmt_text(q, m.content_type, sizeof m.content_type);
    m.size = fw_stmt_int64(q);
    m.created_at.us = fw_stmt_int64(q);
    m.updated_at.us = fw_stmt_int64(q);
    m.expires_at.us = fw_stmt_int64(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (!err)
        *ret = m;
    return err;
}

static enum fw_err get(struct fw_db *db, int64_t account, const char *name, struct fw_media *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT " COLUMNS " FROM media WHERE account = ? AND name = ?");
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_text(&q, name);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_row(&q, ret);
}

enum fw_err fw_store_media_get(struct fw_store *s, int64_t account, const char *name,
                               struct fw_wall now, struct fw_media *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_media m;
    const enum fw_err err = use.err ? use.err : get(use.db, account, name, &m);
    if (err)
        return err;
    if (m.expires_at.us <= now.us)
        return FW_NOT_FOUND;
    *ret = m;
    return FW_OK;
}

struct media_write {
    const struct fw_media *media;
    struct fw_wall now;
    char *old_file; /* FW_UUID_SIZE; empty: no file lost its row */
};

static enum fw_err write_row(struct fw_db *db, const struct fw_media *m)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT OR REPLACE INTO media(" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_int(&q, m->account);
    fw_stmt_bind_text(&q, m->name);
    fw_stmt_bind_text(&q, m->file);
    fw_stmt_bind_text(&q, m->content_type);
    fw_stmt_bind_int(&q, m->size);
    fw_stmt_bind_int(&q, m->created_at.us);
    fw_stmt_bind_int(&q, m->updated_at.us);
    fw_stmt_bind_int(&q, m->expires_at.us);
    return fw_stmt_run(&q);
}

static void lost(const struct media_write *w, const struct fw_media *old)
{
    if (strcmp(old->file, w->media->file) != 0)
        memcpy(w->old_file, old->file, FW_UUID_SIZE);
}

static enum fw_err create(struct fw_db *db, void *arg)
{
    const struct media_write *w = arg;
    struct fw_media old;
    const enum fw_err err = get(db, w->media->account, w->media->name, &old);
    if (err && err != FW_NOT_FOUND)
        return err;
    if (!err && old.expires_at.us > w->now.us)
        return FW_CONFLICT;
    if (!err)
        lost(w, &old);
    return write_row(db, w->media);
}

static enum fw_err update(struct fw_db *db, void *arg)
{
    const struct media_write *w = arg;
    struct fw_media old;
    const enum fw_err err = get(db, w->media->account, w->media->name, &old);
    if (err)
        return err;
    if (old.expires_at.us <= w->now.us)
        return FW_NOT_FOUND;
    lost(w, &old);
    struct fw_media m = *w->media;
    m.created_at = old.created_at;
    if (!m.file[0]) { /* the document stays */
        memcpy(m.file, old.file, sizeof m.file);
        memcpy(m.content_type, old.content_type, sizeof m.content_type);
        m.size = old.size;
        w->old_file[0] = '\0';
    }
    return write_row(db, &m);
}

static enum fw_err delete_row(struct fw_db *db, void *arg)
{
    const struct media_write *w = arg;
    struct fw_media old;
    enum fw_err err = get(db, w->media->account, w->media->name, &old);
    if (err || old.expires_at.us <= w->now.us)
        return err ? err : FW_NOT_FOUND; /* the sweep's */
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "DELETE FROM media WHERE account = ? AND name = ?");
    fw_stmt_bind_int(&q, w->media->account);
    fw_stmt_bind_text(&q, w->media->name);
    err = fw_stmt_run(&q);
    if (!err)
        memcpy(w->old_file, old.file, FW_UUID_SIZE);
    return err;
}

static enum fw_err do_write(struct fw_store *s, fw_write_fn *fn, const struct fw_media *m,
                            struct fw_wall now, char ret_old_file[FW_UUID_SIZE])
{
    struct media_write w = { m, now, ret_old_file };
    ret_old_file[0] = '\0';
    const enum fw_err err = fw_writer_do(s->writer, fn, &w);
    if (err)
        ret_old_file[0] = '\0';
    return err;
}

enum fw_err fw_store_media_create(struct fw_store *s, const struct fw_media *m, struct fw_wall now,
                                  char ret_old_file[FW_UUID_SIZE])
{
    return do_write(s, create, m, now, ret_old_file);
}

enum fw_err fw_store_media_update(struct fw_store *s, const struct fw_media *m, struct fw_wall now,
                                  char ret_old_file[FW_UUID_SIZE])
{
    return do_write(s, update, m, now, ret_old_file);
}

enum fw_err fw_store_media_delete(struct fw_store *s, int64_t account, const char *name,
                                  struct fw_wall now, char ret_old_file[FW_UUID_SIZE])
{
    struct fw_media m = { .account = account };
    if (strlen(name) >= sizeof m.name)
        return FW_NOT_FOUND;
    memcpy(m.name, name, strlen(name) + 1);
    return do_write(s, delete_row, &m, now, ret_old_file);
}

/* `select` … of what is not expired and of one of the types, and `rest`. */
static struct fw_stmt compose(struct fw_db *db, const char *select, int64_t account,
                              struct fw_wall now, const char *const *types, int type_count,
                              const char *rest)
{
    struct fw_buf sql CLEANUP(fw_buf_done);
    fw_buf_init(&sql, SQL_MAX);
    enum fw_err err = fw_buf_putf(
        &sql, "SELECT %s FROM media WHERE account = ? AND expires_us > ?", select);
    for (int i = 0; i < type_count && !err; i++)
        err = fw_buf_put_text(&sql, i == 0 ? " AND content_type IN (?" : ", ?");
    if (!err)
        err = fw_buf_putf(&sql, "%s%s", type_count > 0 ? ")" : "", rest);
    if (!err)
        err = fw_buf_put_u8(&sql, 0);
    if (err)
        return (struct fw_stmt){ .db = db, .err = err };
    struct fw_stmt q = fw_stmt_once(db, (const char *)sql.data);
    fw_stmt_bind_int(&q, account);
    fw_stmt_bind_int(&q, now.us);
    for (int i = 0; i < type_count; i++)
        fw_stmt_bind_text(&q, types[i]);
    return q;
}

static enum fw_err read_all(struct fw_stmt *q, struct fw_media_page *ret)
{
    return fw_rows_read(q, read_row, sizeof *ret->items, &ret->items, &ret->count);
}

enum fw_err fw_store_media_list(struct fw_store *s, int64_t account, struct fw_wall now,
                                const struct fw_media_filter *f, int page_number, int page_size,
                                struct fw_media_page *ret)
{
    if (page_number < 1 || page_size < 1 || f->count > FW_MEDIA_TYPES_MAX)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_media_page page CLEANUP(fw_media_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt total CLEANUP(fw_stmt_done) =
        compose(use.db, "count(*)", account, now, f->types, f->count, "");
    enum fw_err err = fw_stmt_row(&total);
    if (err)
        return err;
    page.total = fw_stmt_int64(&total);
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        compose(use.db, COLUMNS, account, now, f->types, f->count,
                " ORDER BY created_us DESC, name LIMIT ? OFFSET ?");
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = read_all(&q, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_media_page){ 0 };
    return FW_OK;
}

struct sweep {
    struct fw_wall now;
    struct fw_media_page *page;
};

static enum fw_err sweep(struct fw_db *db, void *arg)
{
    const struct sweep *w = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT " COLUMNS " FROM media WHERE expires_us <= ? LIMIT ?");
    fw_stmt_bind_int(&q, w->now.us);
    fw_stmt_bind_int(&q, SWEEP_MAX);
    enum fw_err err = read_all(&q, w->page);
    for (int i = 0; i < w->page->count && !err; i++) {
        struct fw_stmt gone CLEANUP(fw_stmt_done) =
            fw_stmt_of(db, "DELETE FROM media WHERE account = ? AND name = ?");
        fw_stmt_bind_int(&gone, w->page->items[i].account);
        fw_stmt_bind_text(&gone, w->page->items[i].name);
        err = fw_stmt_run(&gone);
    }
    return err;
}

enum fw_err fw_store_media_sweep(struct fw_store *s, struct fw_wall now, struct fw_media_page *ret)
{
    struct fw_media_page page CLEANUP(fw_media_page_done) = { 0 };
    struct sweep w = { now, &page };
    const enum fw_err err = fw_writer_do(s->writer, sweep, &w);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_media_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_media_has_file(struct fw_store *s, const char *file)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT 1 FROM media WHERE file = ?");
    fw_stmt_bind_text(&q, file);
    return fw_stmt_row(&q);
}
