/* The states of a fax and the events that tell of them, as tables. */
#include "fax/status.h"

#include <string.h>

static const char *const status_names[] = {
#define X(name, text) [FW_STATUS_##name] = text,
    FW_STATUSES(X)
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

static const bool may_become[FW_STATUS_COUNT][FW_STATUS_COUNT] = {
    [FW_STATUS_QUEUED] = { [FW_STATUS_MEDIA_PROCESSED] = true, [FW_STATUS_FAILED] = true },
    [FW_STATUS_MEDIA_PROCESSED] = { [FW_STATUS_ORIGINATED] = true, [FW_STATUS_FAILED] = true },
    [FW_STATUS_ORIGINATED] = { [FW_STATUS_SENDING] = true, [FW_STATUS_FAILED] = true,
                               [FW_STATUS_MEDIA_PROCESSED] = true },
    [FW_STATUS_SENDING] = { [FW_STATUS_DELIVERED] = true, [FW_STATUS_FAILED] = true,
                            [FW_STATUS_MEDIA_PROCESSED] = true },
    [FW_STATUS_INITIATED] = { [FW_STATUS_RECEIVING] = true, [FW_STATUS_FAILED] = true },
    [FW_STATUS_RECEIVING] = { [FW_STATUS_MEDIA_PROCESSING] = true, [FW_STATUS_FAILED] = true },
    [FW_STATUS_MEDIA_PROCESSING] = { [FW_STATUS_RECEIVED] = true, [FW_STATUS_FAILED] = true },
};

const char *fw_status_text(enum fw_status s)
{
    fw_assert((unsigned)s < FW_STATUS_COUNT);
    return status_names[s];
}

bool fw_status_parse(const char *text, enum fw_status *ret)
{
    for (int s = 0; s < FW_STATUS_COUNT; s++) {
        if (strcmp(text, status_names[s]) == 0) {
            *ret = (enum fw_status)s;
            return true;
        }
    }
    return false;
}

bool fw_status_final(enum fw_status s)
{
    return s == FW_STATUS_DELIVERED || s == FW_STATUS_FAILED || s == FW_STATUS_RECEIVED;
}

bool fw_status_may_become(enum fw_status from, enum fw_status to)
{
    fw_assert((unsigned)from < FW_STATUS_COUNT && (unsigned)to < FW_STATUS_COUNT);
    return may_become[from][to];
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
