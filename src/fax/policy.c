/* Retry policies: the named ones, the decision, and the ladder of ways. */
#include "fax/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fax/call.h"

#define MINUTES(n) ((n) * 60)

/* hylafax: the numbers of a HylaFAX as it is installed: 12 dials, 3 tries, within a day; it goes on
 * where it stopped. */
static const struct {
    const char      *name;
    struct fw_policy policy;
} named[] = {
    { "none",
      { .max_dials = 1, .max_tries = 1, .total_secs = 6 * 3600, .partial = FW_PARTIAL_FAIL, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 0 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(10), 0 },
                   [FW_RETRY_NO_FAX] = { MINUTES(60), 0 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 0 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 0 },
                   [FW_RETRY_NOT_READY] = { MINUTES(20), 0 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 0 },
                   [FW_RETRY_TRUNK] = { MINUTES(2), 0 } } } },
    { "standard",
      { .max_dials = 6, .max_tries = 3, .total_secs = 6 * 3600, .partial = FW_PARTIAL_FAIL, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 5 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(10), 2 },
                   [FW_RETRY_NO_FAX] = { MINUTES(60), 1 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 3 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 2 },
                   [FW_RETRY_NOT_READY] = { MINUTES(20), 3 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 4 },
                   [FW_RETRY_TRUNK] = { MINUTES(2), 4 } } } },
    { "hylafax",
      { .max_dials = 12, .max_tries = 3, .total_secs = 24 * 3600, .partial = FW_PARTIAL_RESUME, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 11 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(5), 11 },
                   [FW_RETRY_NO_FAX] = { MINUTES(30), 1 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 3 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 3 },
                   [FW_RETRY_NOT_READY] = { MINUTES(10), 11 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 11 },
                   [FW_RETRY_TRUNK] = { MINUTES(5), 11 } } } },
};

bool fw_policy_named(const char *name, struct fw_policy *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (strcmp(named[i].name, name) != 0)
            continue;
        *ret = named[i].policy;
        return true;
    }
    return false;
}

PRINTF(2, 3) static bool refuse(struct fw_policy_decision *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->why, sizeof d->why, format, args);
    va_end(args);
    return false;
}

/* Every limit, in the order that a reader would ask. */
static bool allowed(const struct fw_policy *p, const struct fw_policy_history *h, const struct fw_outcome *o,
                    int pages, struct fw_policy_decision *d)
{
    const int max = o->retry == FW_RETRY_INTERNAL ? FW_POLICY_OWN_MAX : p->rules[o->retry].max;
    if (o->retry == FW_RETRY_NONE || p->max_dials <= 1)
        return false; /* nothing to tell: it would not help, or it was not asked for */
    if (pages > 0 && p->partial == FW_PARTIAL_FAIL)
        return refuse(d, "not dialled again: %d pages have arrived", pages);
    if (h->of[o->retry] > max)
        return refuse(d, "not dialled again: it came to this %d times", h->of[o->retry]);
    if (h->dials >= p->max_dials)
        return refuse(d, "not dialled again: %d dials were made", h->dials);
    if (h->tries >= p->max_tries)
        return refuse(d, "not dialled again: %d calls were answered", h->tries);
    return true;
}

void fw_policy_decide(const struct fw_policy *p, const struct fw_policy_history *h, const struct fw_outcome *o,
                      int pages, struct fw_wall now, struct fw_policy_decision *ret)
{
    *ret = (struct fw_policy_decision){ 0 };
    if (!allowed(p, h, o, pages, ret))
        return;
    ret->due.us = now.us + p->rules[o->retry].delay_secs * 1000000LL;
    if (ret->due.us - h->first.us - h->closed_us > p->total_secs * 1000000LL) {
        (void)refuse(ret, "not dialled again: the %d seconds for it are over", p->total_secs);
        return;
    }
    ret->again = true;
    ret->skip = p->partial == FW_PARTIAL_RESUME ? pages : 0;
}

const char *fw_way_text(int way)
{
    static const char *const texts[] = {
#define X(name, text) [FW_WAY_##name] = text,
        FW_WAYS(X)
#undef X
    };
    return texts[way & (FW_WAY_NO_ECM - 1) & 3];
}

static int step_of(int way)
{
    return way & 3;
}

bool fw_way_t38(int way)
{
    return step_of(way) < FW_WAY_AUDIO;
}

bool fw_way_v17(int way)
{
    return step_of(way) == FW_WAY_T38 || step_of(way) == FW_WAY_AUDIO;
}

bool fw_way_ecm(int way)
{
    return !(way & FW_WAY_NO_ECM);
}

int fw_way_after(int way, const struct fw_outcome *o, int transport)
{
    int step = step_of(way);
    const int flag = (way | (o->change & FW_CHANGE_NO_ECM ? FW_WAY_NO_ECM : 0)) & FW_WAY_NO_ECM;
    if (o->retry != FW_RETRY_PROTOCOL && o->retry != FW_RETRY_DROPPED)
        return way;
    /* A call that never left audio has nothing to learn about T.38. */
    if (transport == FW_TRANSPORT_AUDIO && step < FW_WAY_AUDIO)
        step = FW_WAY_AUDIO;
    else if (o->change & FW_CHANGE_TRANSPORT && step < FW_WAY_AUDIO)
        step = FW_WAY_AUDIO;
    else if (step < FW_WAY_AUDIO_SLOW && (!(o->change & FW_CHANGE_NO_ECM) || o->change & FW_CHANGE_SLOWER))
        step++;
    return step | flag;
}
