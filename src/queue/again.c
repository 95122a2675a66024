/* A fax whose call failed: dialled again when it was asked for, and a limit does not forbid it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "fax/policy.h"
#include "fax/window.h"
#include "queue/live.h"
#include "store/attempts.h"

struct fw_again_history fw_again_history(struct fw_queue *q, const struct fw_live *l, const struct fw_outcome *o)
{
    struct fw_again_history h = { 0 };
    /* The store has this call as under way. A start has nobody who would decide later. */
    enum fw_err err = fw_store_attempt_history(q->config.store, l->fax.id, &h.of_calls, &h.interrupted);
    for (int n = 1; err && q->recovering && fw_live_pause(q, n); n++)
        err = fw_store_attempt_history(q->config.store, l->fax.id, &h.of_calls, &h.interrupted);
    if (err)
        fw_log(FW_LOG_ERROR, "attempts.unread", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    h.known = !err;
    /* A window that cannot be read is seen where the next call is fitted into it. */
    if (err || fw_fax_closed_us(&l->fax, h.of_calls.first, fw_wall_now(), &h.of_calls.closed_us))
        h.of_calls.closed_us = 0;
    h.of_calls.dials++;
    h.of_calls.tries += l->attempt.answered_at.us != 0;
    h.of_calls.of[o->retry]++;
    h.interrupted++;
    return h;
}

static bool policy_of(const struct fw_fax *f, struct fw_policy *ret)
{
    struct fw_fault fault;
    json_t *json CLEANUP(fw_json_free) = f->retry ? json_loads(f->retry, 0, NULL) : NULL;
    return json && fw_policy_read(json, ret, &fault) == FW_OK;
}

static bool wait_again(struct fw_queue *q, struct fw_live *l, const struct fw_outcome *o,
                       const struct fw_policy_decision *d, bool ladder)
{
    char due[FW_TIME_TEXT_SIZE];
    if (ladder)
        l->fax.way = fw_way_after(l->fax.way, o, l->fax.transport);
    l->fax.due = d->due;
    l->fax.first_page = d->skip;
    fw_wall_text(d->due, due);
    struct fw_live_event event = {
        FW_EVENT_ATTEMPT_FAILED,
        json_pack("{si ss ss ss ss si ss}", "attempt", l->fax.attempts, "failure_reason", o->reason, "detail",
                  o->detail, "retry_class", fw_retry_text(o->retry), "retry_at", due, "pages_confirmed",
                  l->fax.pages_confirmed, "way", fw_way_text(l->fax.way)),
    };
    if (!fw_live_save(q, l, FW_STATUS_MEDIA_PROCESSED, &event, 1))
        return true; /* the next start decides, or somebody else has */
    fw_log(FW_LOG_INFO, "fax.again", "fax=%s attempt=%d reason=%s at=%s", l->fax.id, l->fax.attempts, o->reason, due);
    q->look = true; /* its call may have ended a while ago */
    fw_live_remove(q, l);
    return true;
}

/* The next call lies where the fax may be dialled, or is not made. */
static void fit_schedule(const struct fw_fax *f, struct fw_policy_decision *d)
{
    const enum fw_err err = fw_fax_opens(f, d->due, &d->due);
    d->again = !err && !fw_fax_expired(f, d->due);
    if (!d->again)
        fw_text_clip(d->why, sizeof d->why, err ? "not dialled again: its send_window cannot be read"
                                                : "not dialled again: it expires before the next call");
}

static void why_not(struct fw_outcome *o, const char *why)
{
    const size_t used = strlen(o->detail);
    snprintf(o->detail + used, sizeof o->detail - used, "; %s", why);
}

bool fw_again_if_asked(struct fw_queue *q, struct fw_live *l, struct fw_outcome *o, const struct fw_again_history *h)
{
    struct fw_policy policy;
    struct fw_policy_decision decision;
    if (l->fax.cancel_asked || !policy_of(&l->fax, &policy))
        return false;
    if (l->fax.pages_confirmed >= l->fax.page_count) { /* the call ended badly, but after the last page */
        why_not(o, "not dialled again: every page has arrived");
        return false;
    }
    fw_policy_decide(&policy, &h->of_calls, o, l->fax.pages_confirmed, fw_wall_now(), &decision);
    if (decision.again)
        fit_schedule(&l->fax, &decision);
    if (decision.again)
        return wait_again(q, l, o, &decision, policy.ladder);
    if (decision.why[0])
        why_not(o, decision.why);
    return false;
}
