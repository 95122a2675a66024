/* Lists of faxes: a page of what a filter lets through, and all that is not finished. */
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"
#include "store/store_tally.h"

enum { SQL_MAX = 2048, FEW = 1000 };

void fw_fax_page_done(struct fw_fax_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_fax_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_fax_page){ 0 };
}

enum fw_err fw_fax_read_all(struct fw_stmt *q, struct fw_fax_page *ret)
{
    return fw_rows_read(q, fw_fax_read, sizeof *ret->items, &ret->items, &ret->count);
}

/* What a list is of: the terms of its WHERE, composed of what was asked for only. */
struct list {
    int64_t account;
    const struct fw_fax_filter *filter;
    int64_t from_us, until_us; /* created in [from_us, until_us) */
    const char *index;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct list list_of(int64_t account, const struct fw_fax_filter *f)
{
    struct list l = { .account = account, .filter = f, .from_us = 0, .until_us = INT64_MAX };
    if (f->has_gt)
        l.from_us = later(l.from_us, f->gt.us + 1);
    if (f->has_gte)
        l.from_us = later(l.from_us, f->gte.us);
    if (f->has_lt)
        l.until_us = earlier(l.until_us, f->lt.us);
    if (f->has_lte)
        l.until_us = earlier(l.until_us, f->lte.us + 1);
    return l;
}

/* Our own words only, so they may stand in the text. */
static enum fw_err put_statuses(struct fw_buf *sql, uint32_t statuses)
{
    const char *before = " AND status IN (";
    enum fw_err err = FW_OK;
    for (int i = 0; i < FW_STATUS_COUNT && !err; i++) {
        if (!(statuses & 1U << i))
            continue;
        err = fw_buf_putf(sql, "%s'%s'", before, fw_status_text((enum fw_status)i));
        before = ", ";
    }
    return err || !statuses ? err : fw_buf_put_text(sql, ")");
}

/* `select` of the faxes of the list that were created in [from_us, until_us), then `rest`. */
static struct fw_stmt compose(struct fw_db *db, const char *select, const struct list *l,
                              int64_t from_us, int64_t until_us, const char *rest)
{
    const struct fw_fax_filter *f = l->filter;
    const struct {
        const char *sql, *text;
    } terms[] = { { " AND from_number = ?", f->from },
                  { " AND to_number = ?", f->to },
                  { " AND direction = ?", f->direction } };
    struct fw_buf sql CLEANUP(fw_buf_done);
    fw_buf_init(&sql, SQL_MAX);
    enum fw_err err = fw_buf_putf(&sql, "SELECT %s FROM fax %s%s WHERE %saccount = ?"
                                  " AND deleted_us = 0 AND created_us >= ? AND created_us < ?",
                                  select, l->index ? "INDEXED BY " : "",
                                  l->index ? l->index : "", l->index ? "" : "+");
    for (size_t i = 0; i < ARRAY_LEN(terms) && !err; i++)
        err = terms[i].text[0] ? fw_buf_put_text(&sql, terms[i].sql) : FW_OK;
    if (!err && f->batch[0])
        err = fw_buf_put_text(&sql, " AND batch = ? AND batch != ''");
    if (!err)
        err = put_statuses(&sql, f->statuses);
    for (int i = 0; i < f->metadata_count && !err; i++)
        err = fw_buf_put_text(&sql, " AND id IN (SELECT fax FROM fax_metadata"
                                    " WHERE account = ?1 AND key = ? AND value = ?)");
    if (!err)
        err = fw_buf_put_text(&sql, rest);
    if (!err)
        err = fw_buf_put_u8(&sql, 0);
    if (err)
        return (struct fw_stmt){ .db = db, .err = err };
    struct fw_stmt q = fw_stmt_once(db, (const char *)sql.data);
    fw_stmt_bind_int(&q, l->account);
    fw_stmt_bind_int(&q, from_us);
    fw_stmt_bind_int(&q, until_us);
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        if (terms[i].text[0])
            fw_stmt_bind_text(&q, terms[i].text);
    }
    if (f->batch[0])
        fw_stmt_bind_text(&q, f->batch);
    for (int i = 0; i < f->metadata_count; i++) {
        fw_stmt_bind_text(&q, f->metadata[i].key);
        fw_stmt_bind_text(&q, f->metadata[i].value);
    }
    return q;
}

static enum fw_err count_part(void *arg, struct fw_db *db, int64_t from_us, int64_t until_us,
                              int64_t *ret)
{
    const struct list *l = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = compose(db, "count(*)", l, from_us, until_us, "");
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

static struct fw_tally tally_of(const struct list *l, enum fw_tally_kind kind, const char *number,
                                const char *direction)
{
    return (struct fw_tally){ l->account, kind, number, direction, l->from_us, l->until_us };
}

/* SQLite does not know how many faxes a number has; the tally does. By status there is no tally, but an
 * index that has all a filter can ask: only a number with few faxes is a shorter way. */
static enum fw_err choose_index(struct fw_db *db, struct list *l)
{
    const struct fw_fax_filter *f = l->filter;
    const struct {
        const char *index, *given;
        struct fw_tally tally;
    } ways[] = {
        { "fax_newest_to", f->to, tally_of(l, FW_TALLY_TO, f->to, "") },
        { "fax_newest_from", f->from, tally_of(l, FW_TALLY_FROM, f->from, "") },
        { "fax_newest_direction", f->direction, tally_of(l, FW_TALLY_ALL, "", f->direction) },
    };
    int64_t least = f->statuses ? FEW : INT64_MAX;
    if (f->batch[0]) {
        l->index = "fax_newest_batch";
        return FW_OK;
    }
    if (f->metadata_count > 0)
        return FW_OK; /* those that have it are looked up by their ids */
    l->index = f->statuses ? "fax_newest_status" : "fax_newest";
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        int64_t about = 0;
        if (!ways[i].given[0])
            continue;
        const enum fw_err err = fw_tally_about(db, &ways[i].tally, &about);
        if (err)
            return err;
        if (about < least) {
            least = about;
            l->index = ways[i].index;
        }
    }
    return FW_OK;
}

static void reverse(struct fw_fax_page *page)
{
    for (int i = 0, j = page->count - 1; i < j; i++, j--) {
        const struct fw_fax f = page->items[i];
        page->items[i] = page->items[j];
        page->items[j] = f;
    }
}

/* Which is looked for in the index alone, and read then. */
static enum fw_err read_rows(struct fw_db *db, const struct list *l, int64_t until_us, int64_t offset,
                             int64_t size, struct fw_fax_page *page)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        compose(db, FW_FAX_READ " FROM fax WHERE id IN (SELECT id", l, l->from_us, until_us,
                " ORDER BY created_us DESC, id DESC LIMIT ? OFFSET ?) ORDER BY created_us DESC, id DESC");
    fw_stmt_bind_int(&q, size);
    fw_stmt_bind_int(&q, offset);
    const enum fw_err err = fw_fax_read_all(&q, page);
    if (l->filter->oldest_first)
        reverse(page);
    return err;
}

/* The page and the total of all. Of a pair of numbers, a status, metadata the tally does not know: those
 * are counted. */
static enum fw_err read_page(struct fw_db *db, struct list *l, int64_t offset, int64_t size,
                             struct fw_fax_page *page)
{
    const struct fw_fax_filter *f = l->filter;
    const bool is_counted = (f->from[0] && f->to[0]) || f->statuses || f->metadata_count > 0 || f->batch[0];
    const enum fw_tally_kind kind = f->from[0] ? FW_TALLY_FROM : f->to[0] ? FW_TALLY_TO : FW_TALLY_ALL;
    const struct fw_tally tally = tally_of(l, kind, f->from[0] ? f->from : f->to, f->direction);
    int64_t until_us = l->until_us;
    enum fw_err err = choose_index(db, l);
    if (!err && is_counted)
        err = count_part(l, db, l->from_us, l->until_us, &page->total);
    else if (!err)
        err = fw_tally_total(db, &tally, count_part, l, &page->total);
    if (err || offset >= page->total)
        return err;
    if (f->oldest_first) { /* the same rows, seen from the other end */
        const int64_t left = page->total - offset;
        size = earlier(size, left);
        offset = left - size;
    }
    if (!is_counted)
        err = fw_tally_seek(db, &tally, count_part, l, &until_us, &offset);
    return err ? err : read_rows(db, l, until_us, offset, size, page);
}

enum fw_err fw_store_fax_list(struct fw_store *s, int64_t account,
                              const struct fw_fax_filter *filter, int page_number, int page_size,
                              struct fw_fax_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    const struct fw_fax_filter none = { 0 };
    struct list l = list_of(account, filter ? filter : &none);
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    enum fw_err err = use.err;
    if (!err)
        err = read_page(use.db, &l, ((int64_t)page_number - 1) * page_size, page_size, &page);
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
