/* When a fax may be dialled. */
#include "fax/window.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"

enum {
    DAY_MIN = 24 * 60,
    DAY = 86400,
    DAYS = 7,
    THURSDAY = 4,      /* 1970-01-01 was one */
    EDGES_NEXT = 512,  /* at most four a day: some months */
    EDGES_SUM = 16384, /* years */
};
#define SECOND INT64_C(1000000)

static const char *const day_names[DAYS] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

/* "HH:MM", 24:00 at most, in minutes; -1: it is none. */
static int minutes_of(const char *text)
{
    if (strlen(text) != 5 || text[2] != ':')
        return -1;
    for (int i = 0; i < 5; i++) {
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return -1;
    }
    const int hour = (text[0] - '0') * 10 + (text[1] - '0'), minute = (text[3] - '0') * 10 + (text[4] - '0');
    return minute < 60 && hour * 60 + minute <= DAY_MIN ? hour * 60 + minute : -1;
}

static int day_of(const char *text)
{
    for (int d = 0; text && d < DAYS; d++) {
        if (strcmp(text, day_names[d]) == 0)
            return d;
    }
    return -1;
}

static enum fw_err wrong(struct fw_fault *fault, const char *field, const char *why)
{
    fw_fault_set(fault, field, "%s", why);
    return FW_INVALID;
}

static enum fw_err read_days(const json_t *days, struct fw_window *w, struct fw_fault *fault)
{
    size_t i;
    json_t *one;
    static const char why[] = "must be a list of mon, tue, wed, thu, fri, sat, sun";
    if (!json_is_array(days) || json_array_size(days) == 0 || json_array_size(days) > DAYS)
        return wrong(fault, "days", why);
    json_array_foreach (days, i, one) {
        const int day = day_of(json_string_value(one));
        if (day < 0)
            return wrong(fault, "days", why);
        w->days |= (uint8_t)(1u << day);
    }
    return FW_OK;
}

static enum fw_err read_zone(const json_t *name, struct fw_window *w, struct fw_fault *fault)
{
    struct fw_zone zone;
    const char *text = json_string_value(name);
    const enum fw_err err = text ? fw_zone_read(text, &zone) : FW_NOT_FOUND;
    if (!err && fw_text_copy(w->time_zone, sizeof w->time_zone, fw_span_of(text)))
        return FW_OK;
    if (!text || err == FW_NOT_FOUND)
        return wrong(fault, "time_zone", "must be the name of a time zone, such as Europe/Berlin");
    return wrong(fault, "time_zone", "cannot be read from the time zones of this server");
}

enum fw_err fw_window_read(const json_t *json, struct fw_window *ret, struct fw_fault *fault)
{
    *ret = (struct fw_window){ 0 };
    static const char time[] = "must be a time such as 08:00, at most 24:00";
    if (!json_is_object(json))
        return wrong(fault, "", "must be an object of time_zone, days, from and to");
    const char *key, *from = json_string_value(json_object_get(json, "from")),
                     *to = json_string_value(json_object_get(json, "to"));
    const json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)json, key, value) {
        if (strcmp(key, "time_zone") != 0 && strcmp(key, "days") != 0 && strcmp(key, "from") != 0 &&
            strcmp(key, "to") != 0)
            return wrong(fault, key, "is not known");
    }
    enum fw_err err = read_zone(json_object_get(json, "time_zone"), ret, fault);
    if (!err)
        err = read_days(json_object_get(json, "days"), ret, fault);
    ret->from = from ? minutes_of(from) : -1;
    ret->to = to ? minutes_of(to) : -1;
    if (err)
        return err;
    if (ret->from < 0 || ret->from == DAY_MIN)
        return wrong(fault, "from", time);
    if (ret->to < 0)
        return wrong(fault, "to", time);
    return ret->from == ret->to ? wrong(fault, "to", "must differ from 'from'; a whole day is 00:00 to 24:00") : FW_OK;
}

json_t *fw_window_json(const struct fw_window *w)
{
    char from[16], to[16];
    json_t *days = json_array();
    for (int i = 1; i <= DAYS; i++) { /* from Monday */
        if (w->days >> i % DAYS & 1)
            (void)json_array_append_new(days, json_string(day_names[i % DAYS]));
    }
    snprintf(from, sizeof from, "%02d:%02d", w->from / 60, w->from % 60);
    snprintf(to, sizeof to, "%02d:%02d", w->to / 60, w->to % 60);
    return json_pack("{ss so ss ss}", "time_zone", w->time_zone, "days", days, "from", from, "to", to);
}

/* `local`: seconds since 1970-01-01 of the local time. */
static bool is_open(const struct fw_window *w, int64_t local)
{
    const int64_t days = local / DAY + THURSDAY;
    const int minute = (int)(local % DAY / 60);
    const bool today = w->days >> days % DAYS & 1, yesterday = w->days >> (days + DAYS - 1) % DAYS & 1;
    if (w->from < w->to)
        return today && minute >= w->from && minute < w->to;
    return (today && minute >= w->from) || (yesterday && minute < w->to);
}

/* The next time after `at` at which it can open or close: the clock shows `from`, `to` or midnight, or is
 * changed. All in seconds. */
static int64_t next_edge(const struct fw_window *w, const struct fw_zone *z, int64_t at)
{
    const int ahead = fw_zone_ahead(z, at);
    const int64_t local = at + ahead, day = local - local % DAY;
    const int64_t edges[] = { day + w->from * 60, day + w->to * 60, day + DAY };
    int64_t next = edges[2];
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        if (edges[i] > local && edges[i] < next)
            next = edges[i];
    }
    next -= ahead;
    int64_t before = at;
    const int after = fw_zone_ahead(z, next);
    if (after == ahead)
        return next;
    while (next - before > 1) { /* clocks change once within a day, at most */
        const int64_t middle = before + (next - before) / 2;
        if (fw_zone_ahead(z, middle) == ahead)
            before = middle;
        else
            next = middle;
    }
    return next;
}

/* Local times are counted from 1970 on, whatever the zone. */
static int64_t seconds_up(struct fw_wall at)
{
    const int64_t s = at.us / SECOND + (at.us % SECOND > 0);
    return s < DAY ? DAY : s;
}

enum fw_err fw_window_next(const struct fw_window *w, const struct fw_zone *z, struct fw_wall from,
                           struct fw_wall *ret)
{
    int64_t at = from.us / SECOND < DAY ? DAY : from.us / SECOND;
    if (is_open(w, at + fw_zone_ahead(z, at))) {
        *ret = from;
        return FW_OK;
    }
    for (int i = 0; i < EDGES_NEXT; i++) {
        at = next_edge(w, z, at);
        if (!is_open(w, at + fw_zone_ahead(z, at)))
            continue;
        ret->us = at * SECOND;
        return FW_OK;
    }
    return FW_NOT_FOUND;
}

int64_t fw_window_open_s(const struct fw_window *w, const struct fw_zone *z, struct fw_wall from, struct fw_wall until)
{
    int64_t at = seconds_up(from), sum = 0;
    const int64_t end = until.us / SECOND;
    for (int i = 0; i < EDGES_SUM && at < end; i++) {
        int64_t next = next_edge(w, z, at);
        next = next < end ? next : end;
        if (is_open(w, at + fw_zone_ahead(z, at)))
            sum += next - at;
        at = next;
    }
    return sum;
}

static enum fw_err window_of(const struct fw_fax *f, struct fw_window *w, struct fw_zone *z)
{
    struct fw_fault fault;
    json_t *json CLEANUP(fw_json_free) = json_loads(f->send_window, 0, NULL);
    const enum fw_err err = json ? fw_window_read(json, w, &fault) : FW_INVALID;
    return err ? err : fw_zone_read(w->time_zone, z);
}

enum fw_err fw_fax_opens(const struct fw_fax *f, struct fw_wall from, struct fw_wall *ret)
{
    struct fw_window w;
    struct fw_zone z;
    const struct fw_wall at = f->send_at.us > from.us ? f->send_at : from;
    if (!f->send_window) {
        *ret = at;
        return FW_OK;
    }
    const enum fw_err err = window_of(f, &w, &z);
    return err ? (err == FW_NOT_FOUND ? FW_INVALID : err) : fw_window_next(&w, &z, at, ret);
}

enum fw_err fw_fax_closed_us(const struct fw_fax *f, struct fw_wall from, struct fw_wall until, int64_t *ret)
{
    struct fw_window w;
    struct fw_zone z;
    *ret = 0;
    if (!f->send_window || until.us <= from.us)
        return FW_OK;
    const enum fw_err err = window_of(f, &w, &z);
    if (!err)
        *ret = until.us - from.us - fw_window_open_s(&w, &z, from, until) * SECOND;
    return err;
}

bool fw_fax_expired(const struct fw_fax *f, struct fw_wall now)
{
    return f->expires_at.us > 0 && now.us >= f->expires_at.us;
}
