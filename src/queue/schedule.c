/* When faxes may be dialled: they wait for their time as rows with a later due time, and end when it is over.
 *
 * Times of people are times of the wall clock, which can be set: so each turn compares it with the clock that
 * only goes forward, and what is due is asked again when they have come apart.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "fax/window.h"
#include "queue/live.h"
#include "store/schedule.h"

enum {
    ENDED_AT_ONCE = 64,
    POSTPONED_AT_ONCE = 500,
    STORE_RETRY_MS = 500,
    CLOCK_STEP_US = 500 * 1000, /* less is the clocks' own unevenness */
};

static void no_opening(struct fw_queue *q, struct fw_live *l, enum fw_err err)
{
    fw_live_fail(q, l, "service_unavailable",
                 err == FW_NOT_FOUND ? "its send_window does not open"
                                     : "the time zone of its send_window cannot be read");
}

static void expire(struct fw_fax *f)
{
    char at[FW_TIME_TEXT_SIZE];
    fw_wall_text(f->expires_at, at);
    fw_text_clip(f->failure_reason, sizeof f->failure_reason, "expired");
    snprintf(f->failure_detail, sizeof f->failure_detail, "it expired at %s, %s", at,
             f->attempts > 0 ? "between two calls" : "before it was dialled");
}

static void expire_live(struct fw_queue *q, struct fw_live *l)
{
    char detail[FW_TEXT_SIZE];
    expire(&l->fax);
    fw_text_clip(detail, sizeof detail, l->fax.failure_detail);
    fw_live_fail(q, l, "expired", detail);
}

bool fw_schedule_put(struct fw_queue *q, struct fw_live *l, struct fw_wall from)
{
    if (fw_fax_expired(&l->fax, q->wall)) {
        expire_live(q, l);
        return false;
    }
    const enum fw_err err = fw_fax_opens(&l->fax, from, &l->fax.due);
    if (err)
        no_opening(q, l, err);
    return err == FW_OK;
}

bool fw_schedule_pass(struct fw_queue *q, struct fw_live *l)
{
    struct fw_wall opens;
    if (fw_fax_expired(&l->fax, q->wall)) {
        expire_live(q, l);
        return false;
    }
    enum fw_err err = fw_fax_opens(&l->fax, q->wall, &opens);
    if (err) {
        no_opening(q, l, err);
        return false;
    }
    if (opens.us <= q->wall.us)
        return true;
    /* Due while it was open, and something was in the way until it closed. */
    err = l->fax.send_window ? fw_store_window_postpone(q->config.store, l->fax.send_window, opens, POSTPONED_AT_ONCE)
                             : FW_INVALID;
    if (err) {
        fw_log(FW_LOG_ERROR, "queue.not_postponed", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
        q->look = false;
        q->look_at = fw_mono_after(q->now, STORE_RETRY_MS);
    }
    fw_live_remove(q, l); /* it waits on, as the store has it */
    return false;
}

enum fw_err fw_live_save_all(struct fw_queue *q, struct fw_fax_page *page, enum fw_status to,
                             const enum fw_event_kind *kinds, int each)
{
    struct fw_fax_ending *faxes = calloc((size_t)page->count + 1, sizeof *faxes);
    struct fw_event *events = calloc((size_t)(page->count * each) + 1, sizeof *events);
    enum fw_err err = faxes && events ? FW_OK : FW_NO_MEMORY;
    int count = 0;
    for (int i = 0; i < page->count && !err; i++) {
        struct fw_fax *f = &page->items[i];
        if (fw_live_by_fax(q, f->id))
            continue; /* whoever works on it sees to it */
        faxes[count] = (struct fw_fax_ending){ f, f->status };
        f->status = to;
        f->updated_at = q->wall;
        for (int k = 0; k < each && !err; k++)
            err = fw_event_make(f, kinds[k], f->updated_at, NULL, &events[count * each + k]);
        count++;
    }
    if (!err && count > 0)
        err = fw_store_fax_save_all(q->config.store, faxes, count, events, each);
    for (int i = 0; events && i < page->count * each; i++)
        fw_event_done(&events[i]);
    if (!err && count > 0)
        fw_log(FW_LOG_INFO, "faxes.moved", "count=%d to=%s reason=%s", count, fw_status_text(to),
               faxes[0].fax->failure_reason);
    free(events);
    free(faxes);
    return err;
}

enum fw_err fw_schedule_cancel_all(struct fw_queue *q, struct fw_fax_page *page)
{
    static const enum fw_event_kind kinds[] = { FW_EVENT_CANCEL_ASKED, FW_EVENT_FAILED };
    for (int i = 0; i < page->count; i++) {
        struct fw_fax *f = &page->items[i];
        fw_text_clip(f->failure_reason, sizeof f->failure_reason, FW_CANCEL_REASON);
        fw_text_clip(f->failure_detail, sizeof f->failure_detail, fw_cancel_detail(f));
    }
    const enum fw_err err = fw_live_save_all(q, page, FW_STATUS_FAILED, kinds, ARRAY_LEN(kinds));
    fw_live_sweep(q); /* they may have been deleted, too */
    return err;
}

static enum fw_err expire_some(struct fw_queue *q, bool *ret_more)
{
    static const enum fw_event_kind kinds[] = { FW_EVENT_FAILED };
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    const enum fw_err err = fw_store_fax_expired(q->config.store, q->wall, ENDED_AT_ONCE, &page);
    if (err || page.count == 0)
        return err;
    for (int i = 0; i < page.count; i++)
        expire(&page.items[i]);
    *ret_more = page.count == ENDED_AT_ONCE;
    return fw_live_save_all(q, &page, FW_STATUS_FAILED, kinds, ARRAY_LEN(kinds));
}

void fw_schedule_expire(struct fw_queue *q)
{
    bool more = false;
    if (!q->look_expiry && q->expiry_at.us > q->wall.us)
        return;
    enum fw_err err = expire_some(q, &more);
    if (!err)
        err = fw_store_fax_expires_next(q->config.store, q->wall, &q->expiry_at);
    q->look_expiry = more;
    if (!err)
        return;
    fw_log(FW_LOG_ERROR, "queue.not_expired", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    q->look_expiry = false;
    q->expiry_at.us = q->wall.us + STORE_RETRY_MS * 1000;
}

int fw_schedule_wait_ms(const struct fw_queue *q)
{
    return q->look_expiry ? 0 : fw_mono_wait_ms((struct fw_mono){ q->wall.us }, (struct fw_mono){ q->expiry_at.us });
}

void fw_schedule_clock(struct fw_queue *q)
{
    q->now = fw_mono_now();
    q->wall = fw_wall_now();
    const int64_t apart = q->wall.us - q->now.us, step = apart - q->clocks_apart;
    q->clocks_apart = apart;
    if (step < CLOCK_STEP_US && step > -CLOCK_STEP_US)
        return;
    fw_log(FW_LOG_WARN, "clock.set", "by_ms=%lld", (long long)(step / 1000));
    if (step < 0) {
        const enum fw_err err = fw_store_clock_set_back(q->config.store, q->wall, -step);
        if (err) /* they are late, by as much */
            fw_log(FW_LOG_ERROR, "clock.not_followed", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    }
    q->look = q->look_media = q->look_expiry = true;
}
