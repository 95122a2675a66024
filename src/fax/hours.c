/* Days and minutes. */
#include "fax/hours.h"

#include <string.h>

enum { DAY_MIN = 24 * 60, DAYS = 7, THURSDAY = 4 };

/* Index of the three letters at `p`, -1: no day. */
static int day_at(const char *p)
{
    static const char *const days[DAYS] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
    for (int d = 0; d < DAYS; d++) {
        if (strncmp(p, days[d], 3) == 0)
            return d;
    }
    return -1;
}

/* "HH:MM" at `p`, in minutes; -1: it is none. */
static int time_at(const char *p)
{
    for (int i = 0; i < 5; i++) {
        if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
            return -1;
    }
    const int hour = (p[0] - '0') * 10 + (p[1] - '0'), minute = (p[3] - '0') * 10 + (p[4] - '0');
    return minute < 60 && hour * 60 + minute <= DAY_MIN ? hour * 60 + minute : -1;
}

/* Nothing, or a space and a name. */
static bool zone_at(const char *p, char ret[FW_ZONE_NAME_MAX + 1])
{
    const size_t size = *p == ' ' ? strlen(p + 1) : 0;
    if (*p == '\0')
        return true;
    if (size == 0 || size > FW_ZONE_NAME_MAX || strchr(p + 1, ' '))
        return false;
    memcpy(ret, p + 1, size + 1);
    return true;
}

bool fw_hours_parse(const char *text, struct fw_hours *ret)
{
    *ret = (struct fw_hours){ 0 };
    int first = day_at(text), last = first;
    const char *p = first < 0 ? text : text + 3;
    if (first >= 0 && *p == '-') {
        last = day_at(p + 1);
        p = last < 0 ? p : p + 4;
    }
    if (first < 0 || last < 0 || *p != ' ')
        return false;
    ret->from = time_at(p + 1);
    if (ret->from < 0 || p[6] != '-')
        return false;
    ret->to = time_at(p + 7);
    if (ret->to < 0 || ret->to == ret->from || ret->from == DAY_MIN || !zone_at(p + 12, ret->zone))
        return false;
    for (int d = first;; d = (d + 1) % DAYS) {
        ret->days |= (uint8_t)(1u << d);
        if (d == last)
            return true;
    }
}

bool fw_hours_has(const struct fw_hours *h, struct fw_wall now, int offset_min)
{
    const int64_t minutes = now.us / 60000000 + offset_min;
    const int day = (int)((minutes / DAY_MIN + THURSDAY) % DAYS); /* 1970-01-01 was one */
    const int minute = (int)(minutes % DAY_MIN);
    const int day_before = (day + DAYS - 1) % DAYS;
    if (h->from < h->to)
        return (h->days >> day & 1) && minute >= h->from && minute < h->to;
    return ((h->days >> day & 1) && minute >= h->from) || ((h->days >> day_before & 1) && minute < h->to);
}
