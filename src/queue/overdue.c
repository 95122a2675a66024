/* What has waited for too long ends, with the reason: for a turn, or for its documents.
 *
 * The limits are those of fax/status.h. A turn may not come because the line, the trunks or the modems have been
 * down for days; documents may not become ready because a disk does not answer.
 */
#include <stdio.h>

#include "base/log.h"
#include "queue/live.h"
#include "store/waiting.h"

enum {
    LOOKS = 100, /* in the time that may be waited, but */
    LOOK_MIN_MS = 1000,
    LOOK_MAX_MS = 600 * 1000, /* the grace of the table */
    STOP_MS = 30 * 1000,      /* for a worker to stop */
};

static void end_waiting(struct fw_queue *q, struct fw_fax *fax)
{
    char detail[FW_TEXT_SIZE];
    struct fw_live *l = fw_live_by_fax(q, fax->id);
    if (l && (l->phase != FW_PHASE_IN_MEDIA || !fw_media_workers_take_back(q, l->fax.id)))
        return; /* it has its turn */
    if (!l && fw_live_add(q, fax, &l))
        return; /* the next look finds it */
    if (l->fax.cancel_asked) {
        fw_cancel_now(q, l);
        return;
    }
    const char *full = l->fax.status == FW_STATUS_MEDIA_PROCESSED ? fw_lanes_full(q, &l->fax) : NULL;
    snprintf(detail, sizeof detail, "it waited for %lld s and its turn did not come (wait_limit_secs)%s",
             (long long)(q->config.limits.ms[FW_LIMIT_WAIT] / 1000), full ? ": too few calls at the same time" : "");
    fw_live_fail(q, l, full ? full : "service_unavailable", detail);
}

void fw_overdue_look(struct fw_queue *q)
{
    const int64_t limit_ms = q->config.limits.ms[FW_LIMIT_WAIT];
    struct fw_fax_page page = { 0 };
    if (limit_ms == 0 || q->now.us < q->overdue_at.us)
        return;
    const enum fw_err err =
        fw_store_fax_overdue(q->config.store, (struct fw_wall){ q->wall.us - limit_ms * 1000 }, &page);
    if (err)
        fw_log(FW_LOG_ERROR, "queue.overdue_unread", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    const int64_t look_ms = limit_ms / LOOKS > LOOK_MAX_MS ? LOOK_MAX_MS : limit_ms / LOOKS;
    q->overdue_at = fw_mono_after(q->now, err || page.count == FW_OVERDUE_MAX || look_ms < LOOK_MIN_MS ? LOOK_MIN_MS
                                                                                                      : look_ms);
    for (int i = 0; i < page.count; i++)
        end_waiting(q, &page.items[i]);
    fw_fax_page_done(&page);
}

void fw_overdue_ask_back(struct fw_queue *q, struct fw_live *l)
{
    l->late = true;
    l->due = fw_mono_after(q->now, STOP_MS);
}

void fw_overdue_end(struct fw_queue *q, struct fw_live *l)
{
    char detail[FW_TEXT_SIZE];
    snprintf(detail, sizeof detail, "its documents were not ready after %lld s (document_limit_secs)",
             (long long)(q->config.limits.ms[FW_LIMIT_DOCUMENTS] / 1000));
    if (l->fax.cancel_asked)
        fw_cancel_fail(q, l);
    else
        fw_live_fail(q, l, "service_unavailable", detail);
}

void fw_overdue_documents(struct fw_queue *q, struct fw_live *l)
{
    fw_log(FW_LOG_ERROR, "media.overdue", "fax=%s given_up=%d", l->fax.id, l->late);
    if (l->late)
        fw_overdue_end(q, l); /* whatever that worker still does, nobody waits for it */
    else if (fw_media_workers_cancel(q, l->fax.id))
        fw_live_remove(q, l); /* it had not begun: the fax waits on, as the store has it */
    else
        fw_overdue_ask_back(q, l);
}
