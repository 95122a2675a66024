/* The table of faxes that are worked on, and the one way their state changes. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/attempts.h"
#include "queue/live.h"

enum {
    EVENTS_MAX = 4,
    STORE_RETRY_MS = 500,
    RECOVERY_TRIES = 20, /* then the start fails, and says so: no signal would be heard meanwhile */
};

enum fw_err fw_live_add(struct fw_queue *q, struct fw_fax *fax, struct fw_live **ret)
{
    if (q->live_count == q->live_capacity) {
        const int capacity = q->live_capacity ? q->live_capacity * 2 : 64;
        struct fw_live **live = realloc(q->live, (size_t)capacity * sizeof(struct fw_live *));
        if (!live)
            return FW_NO_MEMORY;
        q->live = live;
        q->live_capacity = capacity;
    }
    struct fw_live *l = calloc(1, sizeof *l);
    if (!l)
        return FW_NO_MEMORY;
    l->fax = *fax;
    if (fw_map_put(q->by_fax, l->fax.id, l)) {
        free(l);
        return FW_NO_MEMORY;
    }
    *fax = (struct fw_fax){ 0 };
    l->at = q->live_count;
    q->live[q->live_count++] = l;
    *ret = l;
    return FW_OK;
}

enum fw_err fw_live_called(struct fw_queue *q, struct fw_live *l, int modem)
{
    fw_assert(l->phase == FW_PHASE_WAITING);
    enum fw_err err = fw_lanes_take(q, &l->fax);
    if (err)
        return err;
    err = fw_map_put(q->by_call, l->attempt.call, l);
    if (err) {
        fw_lanes_give(q, &l->fax);
        return err;
    }
    l->phase = FW_PHASE_CALLING;
    fw_seats_take(q->seats, modem);
    q->calls++;
    return FW_OK;
}

void fw_live_released(struct fw_queue *q, struct fw_live *l)
{
    if (l->phase != FW_PHASE_CALLING)
        return;
    fw_map_remove(q->by_call, l->attempt.call);
    fw_lanes_give(q, &l->fax);
    fw_seats_give(q->seats, l->fax.modem);
    q->calls--;
    l->phase = FW_PHASE_WAITING;
}

struct fw_live *fw_live_by_fax(struct fw_queue *q, const char *fax)
{
    return fw_map_get(q->by_fax, fax);
}

struct fw_live *fw_live_by_call(struct fw_queue *q, const char *call)
{
    return fw_map_get(q->by_call, call);
}

void fw_live_remove(struct fw_queue *q, struct fw_live *l)
{
    fw_assert(l->at < q->live_count && q->live[l->at] == l);
    fw_live_released(q, l);
    if (l->phase == FW_PHASE_IN_MEDIA) {
        q->in_media--;
        q->look_media = true;
    }
    fw_map_remove(q->by_fax, l->fax.id);
    q->live[l->at] = q->live[--q->live_count];
    q->live[l->at]->at = l->at;
    fw_fax_done(&l->fax);
    fw_fax_attempt_done(&l->attempt);
    free(l);
}

int fw_live_pages(const struct fw_fax *fax, uint32_t told)
{
    const int left = fax->page_count - fax->first_page;
    const bool possible = left > 0 && told <= (uint32_t)left;
    const int pages = possible ? fax->first_page + (int)told : 0;
    return pages > fax->pages_confirmed ? pages : fax->pages_confirmed;
}

bool fw_live_pause(struct fw_queue *q, int n)
{
    const struct timespec pause = { .tv_nsec = STORE_RETRY_MS * 1000000L };
    if (atomic_load(&q->stop) || (q->recovering && n >= RECOVERY_TRIES))
        return false;
    nanosleep(&pause, NULL);
    return true;
}

static enum fw_err make_events(struct fw_live *l, struct fw_wall now, struct fw_live_event *from,
                               int count, struct fw_event *ret)
{
    enum fw_err err = FW_OK;
    for (int i = 0; i < count; i++) {
        json_t *details = TAKE(from[i].details);
        if (err)
            json_decref(details);
        else
            err = fw_event_make(&l->fax, from[i].kind, now, details, &ret[i]);
    }
    return err;
}

/* What stays behind now is removed at the next start. */
void fw_live_sweep(struct fw_queue *q)
{
    const enum fw_err err = fw_store_fax_sweep(q->config.store);
    if (err)
        fw_log(FW_LOG_ERROR, "fax.files_left", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
}

static enum fw_err write_change(struct fw_queue *q, const struct fw_live *l, enum fw_status was,
                                struct fw_event *events, int count)
{
    return fw_store_fax_advance(q->config.store, &l->fax, was, events, count,
                                l->attempt.number > 0 ? &l->attempt : NULL);
}

/* A commit that was told to have failed may have reached the disk; its event tells. */
static enum fw_err write_again(struct fw_queue *q, const struct fw_live *l, enum fw_status was,
                               struct fw_event *events, int count)
{
    fw_assert(count > 0);
    const enum fw_err err = fw_store_event_has(q->config.store, l->fax.id, events[0].id);
    return err == FW_NOT_FOUND ? write_change(q, l, was, events, count) : err;
}

/* Its call is hung up, and is over as far as anybody here is concerned. */
static void abandon_call(struct fw_queue *q, struct fw_live *l)
{
    if (l->phase != FW_PHASE_CALLING)
        return;
    fw_attempt_cancel(q, l);
    fw_live_released(q, l);
    fw_spool_remove(q, l->fax.modem, l->fax.call);
    l->attempt.state = FW_ATTEMPT_INTERRUPTED;
    l->attempt.ended_at = fw_wall_now();
}

/* A way that the table of statuses does not have: a mistake of ours, that costs this fax and no other. */
static void fail_confused(struct fw_queue *q, struct fw_live *l, enum fw_status to)
{
    char detail[FW_TEXT_SIZE];
    snprintf(detail, sizeof detail,
             "an error of this service: it would have gone from %s to %s; please report it, and send the fax again",
             fw_status_text(l->fax.status), fw_status_text(to));
    fw_live_fail(q, l, "service_unavailable", detail);
}

bool fw_live_save(struct fw_queue *q, struct fw_live *l, enum fw_status status,
                  struct fw_live_event *events, int event_count)
{
    const enum fw_status was = l->fax.status;
    struct fw_event made[EVENTS_MAX] = { 0 };
    fw_assert(event_count <= EVENTS_MAX);
    l->fax.status = status;
    l->fax.updated_at = fw_wall_now();
    enum fw_err err = make_events(l, l->fax.updated_at, events, event_count, made);
    if (!err)
        err = write_change(q, l, was, made, event_count);
    for (int n = 1; err && !fw_store_refused(err) && fw_live_pause(q, n); n++) {
        fw_log(FW_LOG_ERROR, "store.waiting", "fax=%s error=%s", l->fax.id,
               FW_LOG_TEXT(fw_err_text(err)));
        err = made[event_count - 1].payload ? write_again(q, l, was, made, event_count) : FW_NO_MEMORY;
    }
    for (int i = 0; i < event_count; i++)
        fw_event_done(&made[i]);
    if (!err) {
        if (l->fax.cancel_asked && fw_status_final(status))
            fw_live_sweep(q); /* it may have been deleted, too */
        return true;
    }
    fw_log(FW_LOG_WARN, "fax.left", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    l->fax.status = was;
    if (fw_store_refused(err))
        abandon_call(q, l);
    if (err == FW_INVALID && status != FW_STATUS_FAILED)
        fail_confused(q, l, status);
    else if (fw_store_refused(err))
        fw_live_remove(q, l);
    return false;
}

void fw_live_fail(struct fw_queue *q, struct fw_live *l, const char *reason, const char *detail)
{
    fw_text_clip(l->fax.failure_reason, sizeof l->fax.failure_reason, reason);
    fw_text_clip(l->fax.failure_detail, sizeof l->fax.failure_detail, detail);
    struct fw_live_event event = { FW_EVENT_FAILED, NULL };
    if (!fw_live_save(q, l, FW_STATUS_FAILED, &event, 1))
        return;
    fw_log(FW_LOG_INFO, "fax.failed", "fax=%s reason=%s detail=%s", l->fax.id, reason,
           FW_LOG_TEXT(detail));
    fw_live_remove(q, l);
}
