/* Batches: their faxes are written, some at a time; their documents are prepared once, then the faxes that wait for
 * them are told, likewise. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/window.h"
#include "queue/live.h"
#include "store/batches.h"

enum { TOLD_AT_ONCE = 200, STORE_RETRY_MS = 500 };

enum fw_err fw_batch_give(struct fw_queue *q)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    char id[FW_UUID_SIZE];
    if (q->batch[0])
        return FW_NOT_FOUND; /* one at a time, so that other faxes have workers too */
    enum fw_err err = fw_store_batch_to_prepare(q->config.store, id);
    if (err)
        return err;
    err = fw_store_batch_first(q->config.store, id, &fax);
    if (err == FW_NOT_FOUND) /* all of them have been cancelled, or have expired */
        return fw_store_batch_settle(q->config.store, id);
    if (err)
        return err;
    fw_text_clip(fax.id, sizeof fax.id, id); /* whose folder it is */
    fax.batch[0] = '\0';
    err = fw_media_workers_give(q, &fax);
    if (err)
        return err;
    fw_text_clip(q->batch, sizeof q->batch, id);
    q->in_media++;
    return FW_OK;
}

bool fw_batch_prepared(struct fw_queue *q, const struct fw_queue_note *note)
{
    const struct fw_prepared *p = &note->prepared;
    const bool failed = p->result == FW_PREPARED_FAILED;
    enum fw_err err = FW_OK;
    if (!q->batch[0] || strcmp(note->fax, q->batch) != 0)
        return false;
    q->batch[0] = '\0';
    q->in_media--;
    q->look_media = q->look_batch = true;
    if (p->result != FW_PREPARED_INTERRUPTED)
        err = fw_store_batch_prepared(q->config.store, note->fax, p->page_count, failed ? p->reason : "",
                                      failed ? p->detail : "");
    if (err) /* they are prepared again */
        fw_log(FW_LOG_ERROR, "batch.not_written", "batch=%s error=%s", note->fax, FW_LOG_TEXT(fw_err_text(err)));
    else
        fw_log(FW_LOG_INFO, "batch.prepared", "batch=%s pages=%d reason=%s", note->fax, p->page_count, p->reason);
    return true;
}

static enum fw_err tell(struct fw_queue *q, struct fw_batch_news *news)
{
    static const enum fw_event_kind processed[] = { FW_EVENT_MEDIA_PROCESSED }, failed[] = { FW_EVENT_FAILED };
    if (news->faxes.count == 0)
        return fw_store_batch_settle(q->config.store, news->id);
    for (int i = 0; i < news->faxes.count; i++) {
        struct fw_fax *f = &news->faxes.items[i];
        f->page_count = news->page_count;
        fw_text_clip(f->failure_reason, sizeof f->failure_reason, news->reason);
        fw_text_clip(f->failure_detail, sizeof f->failure_detail, news->detail);
        if (fw_fax_opens(f, q->wall, &f->due))
            f->due = q->wall; /* it fails, and says why, when it would be dialled */
    }
    q->look = true;
    return news->reason[0] ? fw_live_save_all(q, &news->faxes, FW_STATUS_FAILED, failed, 1)
                           : fw_live_save_all(q, &news->faxes, FW_STATUS_MEDIA_PROCESSED, processed, 1);
}

static enum fw_err tell_some(struct fw_queue *q)
{
    struct fw_batch_news news = { 0 };
    enum fw_err err = fw_store_batch_news(q->config.store, TOLD_AT_ONCE, &news);
    if (!err)
        err = tell(q, &news);
    fw_fax_page_done(&news.faxes);
    if (err && err != FW_NOT_FOUND)
        fw_log(FW_LOG_ERROR, "batch.not_told", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    return err;
}

static enum fw_err write_some(struct fw_queue *q)
{
    struct fw_slice slice = { 0 };
    const enum fw_err err = fw_store_batch_slice(q->config.store, q->wall, &slice);
    if (err == FW_NOT_FOUND)
        return err;
    q->look_media = q->look_expiry = true;
    if (err || slice.canceled) /* a write that failed may have reached the disk */
        atomic_store(&q->note_lost, true);
    if (err)
        fw_log(FW_LOG_ERROR, "batch.faxes_not_written", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    else if (slice.last)
        fw_log(FW_LOG_INFO, "batch.written", "batch=%s", slice.batch);
    return err;
}

void fw_batch_look(struct fw_queue *q)
{
    if (!q->look_batch && q->batch_at.us > q->now.us)
        return;
    const enum fw_err written = write_some(q), told = tell_some(q);
    const bool failed = (written && written != FW_NOT_FOUND) || (told && told != FW_NOT_FOUND);
    q->look_batch = !failed && (!written || !told);
    q->batch_at = failed ? fw_mono_after(q->now, STORE_RETRY_MS) : (struct fw_mono){ INT64_MAX };
}
