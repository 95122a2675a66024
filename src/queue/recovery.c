/* What a start does with the faxes that an earlier run left unfinished. */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"
#include "store/attempts.h"

/* A call cannot outlive its parent: what the far end confirmed stands in the modem's journal. */
static void settle_call(struct fw_queue *q, struct fw_live *l)
{
    struct fw_attempt_facts facts = { .cause = FW_CAUSE_INTERNAL,
                                      .page_count = l->fax.page_count,
                                      .pages_confirmed = l->fax.pages_confirmed,
                                      .text = "the service stopped during the call" };
    /* A call of before attempts were kept has none. */
    const enum fw_err err =
        fw_store_attempt_get(q->config.store, l->fax.id, l->fax.attempts, &l->attempt);
    if (err && err != FW_NOT_FOUND)
        fw_log(FW_LOG_ERROR, "attempt.unread", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    fw_spool_journal(q, &l->fax, &facts);
    fw_attempt_conclude(q, l, &facts);
}

/* What was cancelled must not wait for anything: if that cannot be written, there is no start. */
static enum fw_err wait_for(struct fw_queue *q, struct fw_live *l, enum fw_phase phase)
{
    char id[FW_UUID_SIZE];
    l->phase = phase;
    if (!l->fax.cancel_asked)
        return FW_OK;
    fw_text_clip(id, sizeof id, l->fax.id);
    fw_cancel_fail(q, l);
    return fw_live_by_fax(q, id) ? FW_IO : FW_OK;
}

/* Written down is that the fax is over or waits for another call; if not, the next start decides. */
static bool settled(struct fw_queue *q, const char *fax)
{
    const struct fw_live *l = fw_live_by_fax(q, fax);
    return !l || l->fax.status == FW_STATUS_MEDIA_PROCESSED;
}

static enum fw_err take_up(struct fw_queue *q, struct fw_fax *fax)
{
    struct fw_live *l = NULL;
    char id[FW_UUID_SIZE];
    fw_text_clip(id, sizeof id, fax->id);
    const enum fw_err err = fw_live_add(q, fax, &l);
    if (err)
        return err;
    fw_log(FW_LOG_INFO, "fax.taken_up", "fax=%s status=%s attempts=%d", l->fax.id,
           fw_status_text(l->fax.status), l->fax.attempts);
    switch (l->fax.status) {
    case FW_STATUS_QUEUED: return wait_for(q, l, FW_PHASE_WAIT_MEDIA);
    case FW_STATUS_MEDIA_PROCESSED: return wait_for(q, l, FW_PHASE_WAIT_DIAL);
    case FW_STATUS_ORIGINATED:
    case FW_STATUS_SENDING: settle_call(q, l); return settled(q, id) ? FW_OK : FW_IO;
    case FW_STATUS_DELIVERED:
    case FW_STATUS_FAILED:
    case FW_STATUS_INITIATED:
    case FW_STATUS_RECEIVING:
    case FW_STATUS_MEDIA_PROCESSING:
    case FW_STATUS_RECEIVED:
    case FW_STATUS_COUNT: fw_assert(false && "a final or received fax among the unfinished");
    }
    return FW_OK;
}

enum fw_err fw_queue_recover(struct fw_queue *q)
{
    struct fw_fax_page page = { 0 };
    enum fw_err err = fw_store_fax_unfinished(q->config.store, FW_OUTBOUND, &page);
    q->recovering = true;
    for (int i = 0; i < page.count && !err; i++)
        err = take_up(q, &page.items[i]);
    q->recovering = false;
    fw_fax_page_done(&page);
    if (err)
        return err;
    fw_spool_clear(q);
    return fw_store_fax_sweep(q->config.store);
}
