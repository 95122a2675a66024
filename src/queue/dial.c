/* Dialling: a fax that is due becomes a call. Written to the store first, then acted upon. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/policy.h"
#include "queue/live.h"
#include "store/attempts.h"

enum {
    ENDING_MS = 5 * 1000, /* of the time for a call, for its end */
    STORE_RETRY_MS = 500,
};

/* The modem with the fewest calls among those up, -1 when all are full or down. */
static int choose_modem(const struct fw_queue *q)
{
    int best = -1;
    for (int m = 0; m < q->config.modem_count; m++) {
        if (q->modems[m].up && fw_seats_of(q->seats, m) < FW_CALLS_PER_MODEM &&
            (best < 0 || fw_seats_of(q->seats, m) < fw_seats_of(q->seats, best)))
            best = m;
    }
    return best;
}

/* `trace`: the file of its packets, taken over; -1: none. */
static void place_call(struct fw_queue *q, const struct fw_live *l, int trace)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_PLACE };
    struct fw_msg_call_place *p = &msg.call_place;
    const struct fw_fax *f = &l->fax;
    fw_text_clip(p->call, sizeof p->call, f->call);
    fw_text_clip(p->trunk, sizeof p->trunk, q->trunk);
    fw_text_clip(p->to, sizeof p->to, f->to);
    fw_text_clip(p->from, sizeof p->from, f->from);
    fw_text_clip(p->display_name, sizeof p->display_name, f->from_display_name);
    snprintf(p->tx_file, sizeof p->tx_file, "%s.tif", f->call);
    fw_text_clip(p->ident, sizeof p->ident, l->ident);
    fw_text_clip(p->subaddress, sizeof p->subaddress, f->subaddress);
    p->t38_enabled = f->t38_enabled && fw_way_t38(f->way);
    p->slow = !fw_way_v17(f->way);
    p->modem = (uint8_t)f->modem;
    p->ring_timeout_ms = (uint32_t)q->config.limits.ms[FW_LIMIT_RING];
    p->call_limit_ms = (uint32_t)q->config.limits.ms[FW_LIMIT_CALL];
    p->page_count = (uint32_t)(f->page_count - f->first_page);
    p->ecm = fw_way_ecm(f->way);
    p->trace_bytes_max = trace < 0 ? 0 : q->config.trace_bytes_max;
    if (trace < 0)
        q->port.send(q->port.arg, &msg);
    else
        q->port.send_with(q->port.arg, &msg, trace);
}

/* -1: not asked for, or not possible; the call is placed all the same. */
static int trace_of(struct fw_queue *q, struct fw_live *l)
{
    int fd = -1;
    if (!l->fax.trace || !q->port.send_with)
        return -1;
    const enum fw_err err = fw_store_trace_create(q->config.store, l->fax.id, l->fax.attempts,
                                                  q->config.disk_free_min, &fd);
    if (err)
        fw_log(FW_LOG_WARN, "trace.none", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    (void)!fw_fax_attempt_record(&l->attempt, json_pack("{sb}", "trace", !err));
    return fd;
}

/* That of the application, of the service, or the number that the fax is from. */
static void choose_ident(struct fw_queue *q, struct fw_live *l)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    const enum fw_err err = fw_store_application_get(q->config.store, 0, l->fax.application, &a);
    l->ident[0] = '\0';
    if (!err)
        fw_application_ident(&a, l->ident);
    else
        fw_log(FW_LOG_ERROR, "application.unread", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    if (!l->ident[0])
        fw_text_clip(l->ident, sizeof l->ident, q->ident[0] ? q->ident : l->fax.from);
}

static void begin_attempt(const struct fw_queue *q, struct fw_live *l)
{
    struct fw_fax_attempt *a = &l->attempt;
    l->t38_left = false;
    *a = (struct fw_fax_attempt){ .number = l->fax.attempts, .started_at = fw_wall_now(), .transport = -1,
                                .t30_code = -1, .first_page = l->fax.first_page };
    (void)!fw_fax_attempt_record(a, json_pack("{ss sb ss}", "way", fw_way_text(l->fax.way), "ecm",
                                              fw_way_ecm(l->fax.way), "ident", l->ident));
    fw_text_clip(a->fax, sizeof a->fax, l->fax.id);
    fw_text_clip(a->call, sizeof a->call, l->fax.call);
    fw_text_clip(a->trunk, sizeof a->trunk, q->trunk);
}

bool fw_guard_pass(struct fw_queue *q, struct fw_live *l)
{
    const char *detail;
    const enum fw_guard_answer answer = fw_guard_ask(&q->guard, l->fax.to);
    if (answer == FW_GUARD_OK)
        return true;
    const char *reason = fw_guard_reason(answer, &detail);
    fw_log(FW_LOG_WARN, "fax.barred", "fax=%s to=%s reason=%s", l->fax.id, FW_LOG_TEXT(l->fax.to), reason);
    fw_live_fail(q, l, reason, detail);
    return false;
}

static void dial(struct fw_queue *q, struct fw_live *l, int modem)
{
    char call[FW_UUID_SIZE];
    if (!fw_schedule_pass(q, l) || !fw_guard_pass(q, l) || !fw_quota_pass(q, l) || !fw_profile_apply(q, l))
        return;
    fw_uuid_new(fw_wall_now(), call);
    if (fw_spool_put(q, &l->fax, modem, call)) {
        fw_live_fail(q, l, "service_unavailable", "the pages could not be put into the spool");
        return;
    }
    fw_text_clip(l->fax.call, sizeof l->fax.call, call);
    l->fax.attempts++;
    l->fax.modem = modem;
    l->fax.pages_confirmed = l->fax.first_page;
    l->fax.transport = -1;
    choose_ident(q, l);
    begin_attempt(q, l);
    int trace CLEANUP(fw_fd_close) = trace_of(q, l);
    if (fw_live_called(q, l, modem)) {
        fw_spool_remove(q, modem, call);
        fw_live_remove(q, l); /* it waits on, as the store has it */
        q->look = false;
        q->look_at = fw_mono_after(q->now, STORE_RETRY_MS);
        return;
    }
    struct fw_live_event event = { FW_EVENT_DIALLING,
                                   json_pack("{si ss}", "attempt", l->fax.attempts, "call", l->fax.call) };
    if (!fw_live_save(q, l, FW_STATUS_ORIGINATED, &event, 1)) {
        fw_spool_remove(q, modem, call);
        return;
    }
    l->due = fw_mono_after(q->now, fw_status_limit_ms(FW_STATUS_ORIGINATED, &q->config.limits) - ENDING_MS);
    fw_log(FW_LOG_INFO, "attempt.started", "fax=%s call=%s attempt=%d modem=%d", l->fax.id, l->fax.call,
           l->fax.attempts, modem);
    place_call(q, l, trace);
    trace = -1;
}

/* Nothing is due now. */
static void rest(struct fw_queue *q)
{
    q->look = false;
    if (fw_lanes_when(q, &q->look_at))
        q->look_at = fw_mono_after(q->now, STORE_RETRY_MS);
}

static bool dial_next(struct fw_queue *q)
{
    struct fw_fax fax = { 0 };
    struct fw_live *l = NULL;
    const int modem = choose_modem(q);
    fw_schedule_clock(q); /* calls before this one were written to disk meanwhile */
    if (modem < 0)
        return false; /* looked for again when one is free */
    enum fw_err err = fw_lanes_next(q, &fax);
    if (err == FW_NOT_FOUND) {
        rest(q);
        return false;
    }
    if (!err)
        err = fw_live_add(q, &fax, &l);
    fw_fax_done(&fax);
    if (err) {
        fw_log(FW_LOG_ERROR, "queue.not_dialled", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
        q->look = false;
        q->look_at = fw_mono_after(q->now, STORE_RETRY_MS);
        return false;
    }
    if (l->fax.cancel_asked)
        fw_cancel_now(q, l);
    else
        dial(q, l, modem);
    return true;
}

/* Calls that came in take channels as well. */
static bool has_room(const struct fw_queue *q)
{
    uint32_t busy = 0;
    for (int m = 0; m < q->config.modem_count; m++)
        busy += (uint32_t)fw_seats_of(q->seats, m);
    return q->calls < q->config.calls_max && (q->channels == 0 || busy < q->channels);
}

void fw_attempt_dial_due(struct fw_queue *q)
{
    if (q->look_at.us <= q->now.us)
        q->look = true;
    while (q->look && q->line_up && has_room(q) && !atomic_load(&q->stop)) {
        if (!dial_next(q))
            return;
    }
}
