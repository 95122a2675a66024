/* Lists of faxes: a page of what a filter lets through, and all that is not finished. */
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

enum { SQL_MAX = 2048, WHERE_TERMS_MAX = 8 };

void fw_fax_page_done(struct fw_fax_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_fax_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_fax_page){ 0 };
}

enum fw_err fw_fax_read_all(struct fw_stmt *q, struct fw_fax_page *ret)
{
    enum fw_err err;
    while ((err = fw_stmt_row(q)) == FW_OK) {
        void *items = ret->items;
        if (!fw_rows_grow(&items, ret->count, sizeof *ret->items))
            return FW_NO_MEMORY;
        ret->items = items;
        err = fw_fax_read(q, &ret->items[ret->count]);
        if (err)
            return err;
        ret->count++;
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

/* One term of the WHERE and its parameter: text, or a time when that is NULL. Composed of what was
 * asked for only, so that SQLite picks the index that fits. */
struct where {
    int count;
    struct {
        const char *sql, *text;
        int64_t time;
    } terms[WHERE_TERMS_MAX];
};

static void add_text(struct where *w, const char *sql, const char *text)
{
    if (!text[0])
        return;
    w->terms[w->count].sql = sql;
    w->terms[w->count++].text = text;
}

static void add_time(struct where *w, const char *sql, bool given, struct fw_wall time)
{
    if (!given)
        return;
    w->terms[w->count].sql = sql;
    w->terms[w->count++].time = time.us;
}

static struct where where_of(const struct fw_fax_filter *f)
{
    struct where w = { 0 };
    add_text(&w, " AND from_number = ?", f->from);
    add_text(&w, " AND to_number = ?", f->to);
    add_text(&w, " AND direction = ?", f->direction);
    add_time(&w, " AND created_us > ?", f->has_gt, f->gt);
    add_time(&w, " AND created_us >= ?", f->has_gte, f->gte);
    add_time(&w, " AND created_us < ?", f->has_lt, f->lt);
    add_time(&w, " AND created_us <= ?", f->has_lte, f->lte);
    fw_assert(w.count <= WHERE_TERMS_MAX);
    return w;
}

/* `select` … WHERE account = ? AND … `rest`, with the parameters of the WHERE bound. */
static struct fw_stmt compose(struct fw_db *db, const char *select, int64_t account,
                              const struct where *w, const char *rest)
{
    struct fw_buf sql CLEANUP(fw_buf_done);
    fw_buf_init(&sql, SQL_MAX);
    enum fw_err err = fw_buf_putf(&sql, "SELECT %s FROM fax WHERE account = ? AND deleted_us = 0", select);
    for (int i = 0; i < w->count && !err; i++)
        err = fw_buf_put_text(&sql, w->terms[i].sql);
    if (!err)
        err = fw_buf_put_text(&sql, rest);
    if (!err)
        err = fw_buf_put_u8(&sql, 0);
    if (err)
        return (struct fw_stmt){ .db = db, .err = err };
    struct fw_stmt q = fw_stmt_once(db, (const char *)sql.data);
    fw_stmt_bind_int(&q, account);
    for (int i = 0; i < w->count; i++) {
        if (w->terms[i].text)
            fw_stmt_bind_text(&q, w->terms[i].text);
        else
            fw_stmt_bind_int(&q, w->terms[i].time);
    }
    return q;
}

static enum fw_err read_total(struct fw_db *db, int64_t account, const struct where *w,
                              int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = compose(db, "count(*)", account, w, "");
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

enum fw_err fw_store_fax_list(struct fw_store *s, int64_t account,
                              const struct fw_fax_filter *filter, int page_number, int page_size,
                              struct fw_fax_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    const struct fw_fax_filter none = { 0 };
    const struct where w = where_of(filter ? filter : &none);
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : read_total(use.db, account, &w, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = compose(
        use.db, FW_FAX_READ, account, &w, " ORDER BY created_us DESC, id DESC LIMIT ? OFFSET ?");
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = fw_fax_read_all(&q, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_fax_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_fax_unfinished(struct fw_store *s, enum fw_direction direction,
                                    struct fw_fax_page *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT " FW_FAX_READ " FROM fax"
                           " WHERE direction = ? AND status NOT IN ('delivered', 'failed', 'received')"
                           " ORDER BY created_us, id");
    fw_stmt_bind_text(&q, fw_direction_text(direction));
    const enum fw_err err = fw_fax_read_all(&q, &page);
    if (err)
        return err;
    page.total = page.count;
    *ret = page;
    page = (struct fw_fax_page){ 0 };
    return FW_OK;
}
