/* Cancelling: the wish is in the store already; here it is carried out, wherever the fax is.
 *
 * It loses only to an end that is known first: a fax whose last page the far end has confirmed is
 * delivered. Until a worker or a call has let go of the fax its end is not written, so that
 * whoever reads `failed` may be sure that nothing goes on.
 */
#include "base/log.h"
#include "queue/live.h"

void fw_cancel_fail(struct fw_queue *q, struct fw_live *l)
{
    fw_live_fail(q, l, "sender_canceled",
                 l->fax.attempts > 0 ? "canceled between two calls" : "canceled before it was dialled");
}

void fw_cancel_now(struct fw_queue *q, struct fw_live *l)
{
    struct fw_live_event event = { FW_EVENT_CANCEL_ASKED, NULL };
    l->fax.cancel_asked = true;
    fw_log(FW_LOG_INFO, "fax.cancel", "fax=%s status=%s", l->fax.id, fw_status_text(l->fax.status));
    if (!fw_live_save(q, l, l->fax.status, &event, 1))
        return;
    switch (l->phase) {
    case FW_PHASE_WAIT_MEDIA:
    case FW_PHASE_WAIT_DIAL: fw_cancel_fail(q, l); break;
    case FW_PHASE_IN_MEDIA:
        if (fw_media_workers_cancel(q->workers, l->fax.id))
            fw_cancel_fail(q, l);
        break;
    case FW_PHASE_CALLING: fw_attempt_cancel(q, l); break;
    }
}

void fw_cancel_note(struct fw_queue *q, const char *fax)
{
    struct fw_live *l = fw_live_by_fax(q, fax);
    if (!l) {
        fw_queue_take_up(q, fax); /* the note that it was accepted is behind this one, or was lost */
        fw_live_sweep(q);         /* or it was deleted, and ended before this note */
    } else if (!l->fax.cancel_asked)
        fw_cancel_now(q, l);
}
