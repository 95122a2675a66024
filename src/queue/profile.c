/* What calls teach about a number, and the use of it. Losing a lesson to a crash costs one call. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/policy.h"
#include "queue/live.h"
#include "store/destinations.h"

static struct fw_destination known_of(struct fw_queue *q, const struct fw_fax *f)
{
    struct fw_destination d = { 0 };
    const enum fw_err err = fw_store_destination_get(q->config.store, f->account, f->to, &d);
    if (err && err != FW_NOT_FOUND)
        fw_log(FW_LOG_ERROR, "destination.unread", "fax=%s error=%s", f->id, FW_LOG_TEXT(fw_err_text(err)));
    d.account = f->account;
    fw_text_clip(d.number, sizeof d.number, f->to);
    return d;
}

bool fw_profile_apply(struct fw_queue *q, struct fw_live *l)
{
    char detail[FW_TEXT_SIZE];
    const struct fw_destination d = known_of(q, &l->fax);
    if (d.parked) {
        snprintf(detail, sizeof detail, "the number is parked: %s; DELETE or PATCH /v2/destinations/{number} clears it",
                 d.known[FW_FACT_HUMAN].count > 0 ? "a person answered there, not a fax machine" : "by hand");
        fw_live_fail(q, l, "destination_invalid", detail);
        return false;
    }
    if (l->fax.attempts == 0)
        l->fax.way = fw_destination_way(&d, l->fax.way, q->wall);
    return true;
}

static void save(struct fw_queue *q, const struct fw_destination *d)
{
    const enum fw_err err = fw_store_destination_save(q->config.store, d);
    if (err)
        fw_log(FW_LOG_ERROR, "destination.unwritten", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
    else if (d->parked)
        fw_log(FW_LOG_WARN, "destination.parked", "number=%s", d->number);
}

/* The next call need not wait for a T.38 that says nothing. */
static void learn_silent_t38(struct fw_destination *d, const struct fw_live *l, struct fw_wall now)
{
    char cause[FW_TEXT_SIZE];
    snprintf(cause, sizeof cause, "fax %s: T.38 was agreed and left again for G.711, by which it arrived", l->fax.id);
    fw_destination_learn(d, FW_FACT_T38_BAD, cause, now);
}

void fw_profile_learn(struct fw_queue *q, const struct fw_live *l, const struct fw_outcome *o)
{
    const struct fw_wall now = fw_wall_now();
    char cause[FW_TEXT_SIZE];
    if (o->ending == FW_ENDING_FAILED && o->retry == FW_RETRY_NO_FAX) {
        struct fw_destination d = known_of(q, &l->fax);
        if (fw_destination_learn_human(&d, o->detail, l->attempt.started_at, now))
            save(q, &d);
    } else if (o->ending == FW_ENDING_DELIVERED) {
        struct fw_destination d = known_of(q, &l->fax);
        const bool was_human = d.known[FW_FACT_HUMAN].count > 0;
        /* A plainer way that nobody knew of yet, found by calls that failed before it. */
        const bool is_news = l->fax.attempts > 1 && fw_destination_way(&d, FW_WAY_T38, now) != l->fax.way;
        snprintf(cause, sizeof cause, "fax %s arrived by %s in call %d", l->fax.id, fw_way_text(l->fax.way),
                 l->fax.attempts);
        d.known[FW_FACT_HUMAN] = (struct fw_known){ 0 };
        if (l->t38_left)
            learn_silent_t38(&d, l, now);
        if (is_news)
            fw_destination_learn_way(&d, l->fax.way, cause, now);
        d.updated_at = now;
        if (was_human || l->t38_left || (is_news && l->fax.way != FW_WAY_T38))
            save(q, &d);
    }
}
