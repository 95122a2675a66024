/* The tables of states and events, to look things up in. */
#include "fax/status.h"

#include <string.h>

#define TO(name) (1U << FW_STATUS_##name)
#define ON(name) (1U << FW_LIMIT_##name)
enum { SENT = 1, TAKEN = 2 };
static const struct fw_state states[] = {
#define X(name, text, faxes, owner, limits, grace, since, next, then)                              \
    [FW_STATUS_##name] = { text, ((faxes)&SENT) != 0, ((faxes)&TAKEN) != 0, owner, limits, grace, since, next, then },
    FW_STATUSES(X)
#undef X
};
static const char *const options[] = {
#define X(name, option) [FW_LIMIT_##name] = option,
    FW_LIMITS(X)
#undef X
};

static const struct {
    const char *text;
    bool        webhook;
} events[] = {
#define X(name, t, w) [FW_EVENT_##name] = { t, w },
    FW_EVENTS(X)
#undef X
};

const struct fw_state *fw_state_of(enum fw_status s)
{
    fw_assert((unsigned)s < FW_STATUS_COUNT);
    return &states[s];
}

const char *fw_limit_option(enum fw_time_limit l)
{
    fw_assert((unsigned)l < FW_LIMIT_COUNT);
    return options[l];
}

int64_t fw_status_limit_ms(enum fw_status s, const struct fw_limits *l)
{
    const struct fw_state *state = fw_state_of(s);
    int64_t ms = state->grace_secs * 1000LL;
    fw_assert(state->limits != 0);
    for (int i = 0; i < FW_LIMIT_COUNT; i++)
        ms += state->limits >> i & 1 ? l->ms[i] : 0;
    return ms;
}

const char *fw_status_text(enum fw_status s) { return fw_state_of(s)->text; }

bool fw_status_parse(const char *text, enum fw_status *ret)
{
    for (int s = 0; s < FW_STATUS_COUNT; s++) {
        if (strcmp(text, states[s].text) == 0) {
            *ret = (enum fw_status)s;
            return true;
        }
    }
    return false;
}

bool fw_status_final(enum fw_status s) { return fw_state_of(s)->next == 0; }

bool fw_status_may_become(enum fw_status from, enum fw_status to)
{
    fw_assert((unsigned)to < FW_STATUS_COUNT);
    return fw_state_of(from)->next >> to & 1;
}

const char *fw_event_text(enum fw_event_kind k)
{
    fw_assert((unsigned)k < FW_EVENT_COUNT);
    return events[k].text;
}

bool fw_event_is_webhook(enum fw_event_kind k)
{
    fw_assert((unsigned)k < FW_EVENT_COUNT);
    return events[k].webhook;
}

bool fw_event_parse(const char *text, enum fw_event_kind *ret)
{
    for (int k = 0; k < FW_EVENT_COUNT; k++) {
        if (strcmp(text, events[k].text) == 0) {
            *ret = (enum fw_event_kind)k;
            return true;
        }
    }
    return false;
}
