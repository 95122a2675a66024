/* Cancelling: the wish is in the store already; here it is carried out, wherever the fax is.
 *
 * It loses only to an end that is known first: a fax whose last page the far end has confirmed is
 * delivered. Until a worker or a call has let go of the fax its end is not written, so that
 * whoever reads `failed` may be sure that nothing goes on.
 */
#include "base/log.h"
#include "queue/live.h"
#include "store/waiting.h"

const char *fw_cancel_detail(const struct fw_fax *f)
{
    return f->attempts > 0 ? "canceled between two calls" : "canceled before it was dialled";
}

void fw_cancel_fail(struct fw_queue *q, struct fw_live *l)
{
    fw_live_fail(q, l, FW_CANCEL_REASON, fw_cancel_detail(&l->fax));
}

void fw_cancel_now(struct fw_queue *q, struct fw_live *l)
{
    struct fw_live_event event = { FW_EVENT_CANCEL_ASKED, NULL };
    l->fax.cancel_asked = true;
    fw_log(FW_LOG_INFO, "fax.cancel", "fax=%s status=%s", l->fax.id, fw_status_text(l->fax.status));
    if (!fw_live_save(q, l, l->fax.status, &event, 1))
        return;
    switch (l->phase) {
    case FW_PHASE_WAITING: fw_cancel_fail(q, l); break;
    case FW_PHASE_IN_MEDIA:
        if (fw_media_workers_cancel(q, l->fax.id))
            fw_cancel_fail(q, l);
        else
            fw_overdue_ask_back(q, l);
        break;
    case FW_PHASE_CALLING: fw_attempt_cancel(q, l); break;
    case FW_PHASE_DECIDING: break; /* it is not dialled again */
    }
}

/* One that waits: its row is all there is of it. */
static enum fw_err cancel_waiting(struct fw_queue *q, const char *id)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_live *l = NULL;
    /* Account 0: any. */
    enum fw_err err = fw_store_fax_get(q->config.store, 0, id, &fax);
    if (err || fax.direction != FW_OUTBOUND || !fax.cancel_asked ||
        (fax.status != FW_STATUS_QUEUED && fax.status != FW_STATUS_MEDIA_PROCESSED))
        return err == FW_NOT_FOUND ? FW_OK : err;
    err = fw_live_add(q, &fax, &l);
    if (!err)
        fw_cancel_now(q, l);
    return err;
}

void fw_cancel_note(struct fw_queue *q, const char *fax)
{
    struct fw_live *l = fw_live_by_fax(q, fax);
    if (l) {
        if (!l->fax.cancel_asked)
            fw_cancel_now(q, l);
        return;
    }
    const enum fw_err err = cancel_waiting(q, fax);
    if (err) {
        fw_log(FW_LOG_ERROR, "fax.not_canceled", "fax=%s error=%s", fax, FW_LOG_TEXT(fw_err_text(err)));
        atomic_store(&q->note_lost, true); /* so it is looked for again */
    }
    fw_live_sweep(q); /* it was deleted, perhaps, and ended before this note */
}

/* A note did not get in for want of memory: what was cancelled stands in the store. */
void fw_cancel_look(struct fw_queue *q)
{
    struct fw_fax_page page = { 0 };
    enum fw_err err = fw_store_fax_to_cancel(q->config.store, &page);
    if (!err)
        err = fw_schedule_cancel_all(q, &page);
    if (err || page.count == FW_TO_CANCEL_MAX)
        atomic_store(&q->note_lost, true);
    for (int i = q->live_count - 1; i >= 0; i--) {
        struct fw_fax fax = { 0 };
        if (!q->live[i]->fax.cancel_asked && fw_store_fax_get(q->config.store, 0, q->live[i]->fax.id, &fax) == FW_OK &&
            fax.cancel_asked)
            fw_cancel_now(q, q->live[i]);
        fw_fax_done(&fax);
    }
    fw_fax_page_done(&page);
}
