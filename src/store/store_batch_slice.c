/* The faxes of a batch, written some at a time, so that others write in between.
 *
 * Those that are not written stand in lists, beside a draft of what they have in common. A list becomes faxes in the
 * transaction that takes it away: whatever is killed, no fax is lost and none is written twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"
#include "store/batches.h"
#include "store/store_internal.h"

static json_t *part_of(const json_t *all, size_t from, size_t count)
{
    json_t *part = json_array();
    int bad = !part;
    for (size_t i = from; i < from + count && i < json_array_size(all) && !bad; i++)
        bad = json_array_append(part, json_array_get(all, i));
    if (!bad)
        return part;
    json_decref(part);
    return NULL;
}

enum fw_err fw_slices_make(const struct fw_batch_order *o, struct fw_slices *ret)
{
    const size_t size = (size_t)o->slice, all = json_array_size(o->recipients);
    struct fw_slices made CLEANUP(fw_slices_done) = { .lists = calloc(all / size + 1, sizeof *made.lists) };
    if (!made.lists)
        return FW_NO_MEMORY;
    for (size_t from = size; from < all; from += size) {
        json_t *part CLEANUP(fw_json_free) = part_of(o->recipients, from, size);
        char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
        if (!text)
            return FW_NO_MEMORY;
        made.lists[made.count++] = text;
    }
    *ret = made;
    made = (struct fw_slices){ 0 };
    return FW_OK;
}

void fw_slices_done(struct fw_slices *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->lists[i]);
    free(s->lists);
    *s = (struct fw_slices){ 0 };
}

/* False: out of memory. */
static bool put(char **text, char *made)
{
    free(*text);
    *text = made;
    return made != NULL;
}

static enum fw_err put_own(const json_t *one, struct fw_fax *f)
{
    const json_t *state = json_object_get(one, "client_state"), *metadata = json_object_get(one, "metadata");
    const bool none = json_object_size(metadata) == 0;
    if (state && !put(&f->client_state, strdup(json_is_string(state) ? json_string_value(state) : "")))
        return FW_NO_MEMORY;
    if (metadata && !put(&f->metadata, none ? NULL : json_dumps(metadata, JSON_COMPACT)) && !none)
        return FW_NO_MEMORY;
    return FW_OK;
}

static enum fw_err make_fax(const struct fw_fax *draft, const json_t *one, struct fw_fax *ret)
{
    const char *id = json_string_value(json_object_get(one, "id")), *to = json_string_value(json_object_get(one, "to"));
    if (!id || !to || !fw_uuid_valid(id))
        return FW_IO; /* a damaged database: what was accepted was checked */
    const enum fw_err err = fw_fax_copy(draft, ret);
    if (err)
        return err;
    memcpy(ret->batch, draft->id, sizeof ret->batch);
    fw_text_clip(ret->id, sizeof ret->id, id);
    fw_text_clip(ret->to, sizeof ret->to, to);
    return put_own(one, ret);
}

static enum fw_err write_cancel(struct fw_db *db, const char *id, int64_t cancel_us)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "UPDATE fax SET cancel_us = ? WHERE id = ?");
    fw_stmt_bind_int(&q, cancel_us);
    fw_stmt_bind_text(&q, id);
    return fw_stmt_run(&q);
}

/* The first `count` of `list`, queued at `now`; `cancel_us` 0: nobody cancelled them. */
static enum fw_err write_faxes(struct fw_db *db, const struct fw_fax *draft, const json_t *list, size_t count,
                               struct fw_wall now, int64_t cancel_us)
{
    enum fw_err err = FW_OK;
    for (size_t i = 0; i < count && i < json_array_size(list) && !err; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        struct fw_event queued CLEANUP(fw_event_done) = { 0 };
        err = make_fax(draft, json_array_get(list, i), &f);
        if (!err)
            err = fw_event_make(&f, FW_EVENT_QUEUED, now, NULL, &queued);
        if (!err)
            err = fw_fax_write(db, &f, &queued);
        if (!err && cancel_us)
            err = write_cancel(db, f.id, cancel_us);
    }
    return err;
}

static enum fw_err write_list(struct fw_db *db, const char *batch, size_t recipients, const char *list)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO fax_slice(batch, recipients, list) VALUES (?, ?, ?)");
    fw_stmt_bind_text(&q, batch);
    fw_stmt_bind_int(&q, (int64_t)recipients);
    fw_stmt_bind_text(&q, list);
    return fw_stmt_run(&q);
}

enum fw_err fw_slices_write(struct fw_db *db, const struct fw_batch_order *o, const struct fw_slices *s)
{
    const size_t size = (size_t)o->slice;
    size_t left = json_array_size(o->recipients);
    enum fw_err err = write_faxes(db, o->fax, o->recipients, size, o->fax->created_at, 0);
    if (!err && s->count > 0)
        err = fw_fax_draft_write(db, o->fax);
    for (int i = 0; i < s->count && !err; i++) {
        left -= size;
        err = write_list(db, o->fax->id, left < size ? left : size, s->lists[i]);
    }
    return err;
}

struct next {
    int64_t seq, cancel_us;
    json_t *list; /* owned */
    struct fw_fax draft;
};

static void next_done(struct next *n)
{
    json_decref(n->list);
    fw_fax_done(&n->draft);
}

static enum fw_err read_next(struct fw_db *db, struct fw_slice *ret, struct next *next)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT s.seq, s.batch, s.recipients, s.list, b.cancel_us,"
            " NOT EXISTS (SELECT 1 FROM fax_slice o WHERE o.batch = s.batch AND o.seq != s.seq)"
            " FROM fax_slice s CROSS JOIN fax_batch b ON b.id = s.batch ORDER BY s.seq LIMIT 1");
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    next->seq = fw_stmt_int64(&q);
    fw_stmt_text(&q, ret->batch, sizeof ret->batch);
    const int recipients = fw_stmt_int(&q, 1, FW_BATCH_MAX);
    char *text CLEANUP(fw_texts_free) = fw_stmt_owned_text(&q);
    next->list = text ? json_loads(text, 0, NULL) : NULL;
    if (!q.err && json_array_size(next->list) != (size_t)recipients)
        fw_stmt_damaged(&q);
    next->cancel_us = fw_stmt_int64(&q);
    ret->canceled = next->cancel_us != 0;
    ret->last = fw_stmt_bool(&q);
    return fw_stmt_ok(&q);
}

static enum fw_err strike_off(struct fw_db *db, const struct next *n)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "DELETE FROM fax_slice WHERE seq = ?");
    fw_stmt_bind_int(&q, n->seq);
    return fw_stmt_run(&q);
}

static enum fw_err remove_draft(struct fw_db *db, const char *batch)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "DELETE FROM fax_draft WHERE id = ?");
    fw_stmt_bind_text(&q, batch);
    return fw_stmt_run(&q);
}

struct slice_write {
    struct fw_slice *ret;
    struct fw_wall now;
};

static enum fw_err write_next(struct fw_db *db, void *arg)
{
    const struct slice_write *w = arg;
    struct fw_slice *ret = w->ret;
    struct next n CLEANUP(next_done) = { 0 };
    enum fw_err err = read_next(db, ret, &n);
    if (err)
        return err;
    err = fw_fax_draft_read(db, ret->batch, &n.draft);
    if (!err)
        err = write_faxes(db, &n.draft, n.list, json_array_size(n.list), w->now, n.cancel_us);
    if (!err)
        err = strike_off(db, &n);
    if (!err && ret->last)
        err = remove_draft(db, ret->batch);
    return err == FW_NOT_FOUND ? FW_IO : err; /* what it is of cannot be gone */
}

static enum fw_err is_any(struct fw_store *s)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT 1 FROM fax_slice LIMIT 1");
    return fw_stmt_row(&q);
}

enum fw_err fw_store_batch_slice(struct fw_store *s, struct fw_wall now, struct fw_slice *ret)
{
    struct slice_write w = { ret, now };
    const enum fw_err err = is_any(s); /* most of the time there is none, and the writer is not asked */
    return err ? err : fw_writer_do(s->writer, write_next, &w);
}
