/* What the queue does with batches: their documents, prepared once, and the faxes that wait for them. */
#include "store/batches.h"
#include "store/store_internal.h"

enum fw_err fw_store_batch_to_prepare(struct fw_store *s, char ret_id[FW_UUID_SIZE])
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT id FROM fax_batch WHERE state = 'preparing' AND state != 'settled'"
                " AND NOT EXISTS (SELECT 1 FROM fax_slice WHERE batch = fax_batch.id)"
                " ORDER BY created_us, id LIMIT 1");
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, ret_id, FW_UUID_SIZE);
    return fw_stmt_ok(&q);
}

/* Those that were cancelled end by themselves. */
#define WAITING \
    "SELECT " FW_FAX_READ " FROM fax INDEXED BY fax_of_batch WHERE batch = ? AND batch != '' AND status = 'queued'" \
    " AND cancel_us = 0 LIMIT ?"

static enum fw_err read_waiting(struct fw_db *db, const char *id, int max, struct fw_fax_page *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, WAITING);
    fw_stmt_bind_text(&q, id);
    fw_stmt_bind_int(&q, max);
    return fw_fax_read_all(&q, ret);
}

enum fw_err fw_store_batch_first(struct fw_store *s, const char *id, struct fw_fax *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    const enum fw_err err = use.err ? use.err : read_waiting(use.db, id, 1, &page);
    if (err || page.count == 0)
        return err ? err : FW_NOT_FOUND;
    *ret = page.items[0];
    page.items[0] = (struct fw_fax){ 0 };
    return FW_OK;
}

struct decision {
    const char *id, *state, *reason, *detail;
    int page_count;
};

static enum fw_err decide(struct fw_db *db, void *arg)
{
    const struct decision *d = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "UPDATE fax_batch SET state = ?, page_count = ?, reason = ?, detail = ?"
            " WHERE id = ? AND state = 'preparing'");
    fw_stmt_bind_text(&q, d->state);
    fw_stmt_bind_int(&q, d->page_count);
    fw_stmt_bind_text(&q, d->reason);
    fw_stmt_bind_text(&q, d->detail);
    fw_stmt_bind_text(&q, d->id);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_batch_prepared(struct fw_store *s, const char *id, int page_count, const char *reason,
                                    const char *detail)
{
    struct decision d = { id, reason[0] ? "failed" : "prepared", reason, detail, page_count };
    return fw_writer_do(s->writer, decide, &d);
}

static enum fw_err settle(struct fw_db *db, void *arg)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "UPDATE fax_batch SET state = 'settled' WHERE id = ?");
    fw_stmt_bind_text(&q, arg);
    return fw_stmt_run(&q);
}

enum fw_err fw_store_batch_settle(struct fw_store *s, const char *id)
{
    return fw_writer_do(s->writer, settle, (void *)(uintptr_t)id);
}

static enum fw_err read_decided(struct fw_db *db, struct fw_batch_news *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT id, page_count, reason, detail FROM fax_batch WHERE state IN ('prepared', 'failed')"
                       " AND state != 'settled' ORDER BY created_us, id LIMIT 1");
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, ret->id, sizeof ret->id);
    ret->page_count = fw_stmt_int(&q, 0, INT32_MAX);
    fw_stmt_text(&q, ret->reason, sizeof ret->reason);
    fw_stmt_text(&q, ret->detail, sizeof ret->detail);
    return fw_stmt_ok(&q);
}

enum fw_err fw_store_batch_news(struct fw_store *s, int max, struct fw_batch_news *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_batch_news news = { 0 };
    enum fw_err err = use.err ? use.err : read_decided(use.db, &news);
    if (!err)
        err = read_waiting(use.db, news.id, max, &news.faxes);
    if (err)
        fw_fax_page_done(&news.faxes);
    else
        *ret = news;
    return err;
}
