/* What a start does with the faxes that an earlier run left unfinished. */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"
#include "store/attempts.h"
#include "store/waiting.h"

/* A call cannot outlive its parent: what the far end confirmed stands in the modem's journal. */
static void settle_call(struct fw_queue *q, struct fw_live *l)
{
    struct fw_attempt_facts facts = { .cause = FW_CAUSE_INTERNAL,
                                      .page_count = l->fax.page_count,
                                      .pages_before = l->fax.first_page,
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
static enum fw_err cancel_waiting(struct fw_queue *q, struct fw_fax *fax)
{
    struct fw_live *l = NULL;
    char id[FW_UUID_SIZE];
    fw_text_clip(id, sizeof id, fax->id);
    const enum fw_err err = fw_live_add(q, fax, &l);
    if (err)
        return err;
    fw_cancel_fail(q, l);
    return fw_live_by_fax(q, id) ? FW_IO : FW_OK;
}

/* Written down is that the fax is over or waits for another call; if not, the next start decides. */
static enum fw_err settle(struct fw_queue *q, struct fw_fax *fax)
{
    struct fw_live *l = NULL;
    char id[FW_UUID_SIZE];
    fw_text_clip(id, sizeof id, fax->id);
    const enum fw_err err = fw_live_add(q, fax, &l);
    if (err)
        return err;
    fw_log(FW_LOG_INFO, "fax.taken_up", "fax=%s status=%s attempts=%d", l->fax.id,
           fw_status_text(l->fax.status), l->fax.attempts);
    settle_call(q, l);
    return fw_live_by_fax(q, id) ? FW_IO : FW_OK;
}

static enum fw_err each(struct fw_queue *q, enum fw_err (*list)(struct fw_store *, struct fw_fax_page *),
                        enum fw_err (*fn)(struct fw_queue *, struct fw_fax *), int *ret_count)
{
    struct fw_fax_page page = { 0 };
    enum fw_err err = list(q->config.store, &page);
    for (int i = 0; i < page.count && !err; i++)
        err = fn(q, &page.items[i]);
    *ret_count = page.count;
    fw_fax_page_done(&page);
    return err;
}

enum fw_err fw_queue_recover(struct fw_queue *q)
{
    q->recovering = true;
    int count = FW_TO_CANCEL_MAX;
    enum fw_err err = each(q, fw_store_fax_in_call, settle, &(int){ 0 });
    while (!err && count == FW_TO_CANCEL_MAX)
        err = each(q, fw_store_fax_to_cancel, cancel_waiting, &count);
    q->recovering = false;
    if (err)
        return err;
    fw_spool_clear(q);
    return fw_store_fax_sweep(q->config.store);
}
