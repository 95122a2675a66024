/* Time zones: the file of one, the rule at its end, and what a clock there shows. */
#include "base/zone.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"

#define ZONES "/usr/share/zoneinfo"

enum {
    AHEAD_MAX = 26 * 3600, /* RFC 8536 clause 3.2 */
    TYPES_MAX = 256,
    RULE_HOURS_MAX = 167,  /* RFC 8536 clause 3.3.1 */
    DAY = 86400,
};

struct counts {
    uint32_t is_ut, is_standard, leaps, times, types, letters;
};

/* RFC 8536 clause 3.1. */
static bool read_head(struct fw_reader *r, struct counts *ret)
{
    const struct fw_span magic = fw_get_span(r, 4);
    const uint8_t version = fw_get_u8(r);
    fw_get_span(r, 15);
    ret->is_ut = fw_get_be32(r);
    ret->is_standard = fw_get_be32(r);
    ret->leaps = fw_get_be32(r);
    ret->times = fw_get_be32(r);
    ret->types = fw_get_be32(r);
    ret->letters = fw_get_be32(r);
    return r->ok && memcmp(magic.data, "TZif", 4) == 0 && version >= '2' && version <= '9' &&
           ret->is_ut <= TYPES_MAX && ret->is_standard <= TYPES_MAX && ret->leaps <= FW_ZONE_TRANSITIONS_MAX &&
           ret->times <= FW_ZONE_TRANSITIONS_MAX && ret->types > 0 && ret->types <= TYPES_MAX &&
           ret->letters <= FW_ZONE_FILE_MAX;
}

static int64_t get_time(struct fw_reader *r)
{
    return (int64_t)fw_get_be64(r);
}

/* The types of local time: how far each is ahead. */
static bool read_types(struct fw_reader *r, uint32_t count, int32_t ahead[TYPES_MAX])
{
    for (uint32_t i = 0; i < count; i++) {
        ahead[i] = (int32_t)fw_get_be32(r);
        fw_get_span(r, 2);
        if (ahead[i] < -AHEAD_MAX || ahead[i] > AHEAD_MAX)
            return false;
    }
    return r->ok;
}

/* RFC 8536 clause 3.2, with times of eight bytes. */
static bool read_block(struct fw_reader *r, const struct counts *c, struct fw_zone *z)
{
    int32_t ahead[TYPES_MAX];
    z->count = (int)c->times;
    for (int i = 0; i < z->count; i++) {
        z->at[i] = get_time(r);
        if (i > 0 && z->at[i] <= z->at[i - 1])
            return false;
    }
    const struct fw_span types = fw_get_span(r, c->times);
    if (!r->ok || !read_types(r, c->types, ahead))
        return false;
    for (int i = 0; i < z->count; i++) {
        if (types.data[i] >= c->types)
            return false;
        z->after[i] = ahead[types.data[i]];
    }
    z->first = ahead[0];
    fw_get_span(r, c->letters + c->leaps * 12 + c->is_standard + c->is_ut);
    return r->ok && c->leaps == 0; /* with leap seconds it is not the time that we have */
}

/* The rule, letter by letter; 0 at its end. */
struct text {
    const char *at;
    bool ok;
};

static bool skip(struct text *t, char c)
{
    if (*t->at != c)
        return false;
    t->at++;
    return true;
}

static int number(struct text *t, int max)
{
    int value = 0, digits = 0;
    for (; *t->at >= '0' && *t->at <= '9' && value <= max; t->at++, digits++)
        value = value * 10 + (*t->at - '0');
    t->ok = t->ok && digits > 0 && value <= max;
    return value;
}

/* "[+-]hh[:mm[:ss]]", in seconds. */
static int hours(struct text *t, int max)
{
    const int sign = skip(t, '-') ? -1 : 1;
    if (sign > 0)
        (void)skip(t, '+');
    int seconds = number(t, max) * 3600;
    if (skip(t, ':'))
        seconds += number(t, 59) * 60;
    if (skip(t, ':'))
        seconds += number(t, 59);
    return sign * seconds;
}

/* At least three letters, or anything in angle brackets. */
static void name(struct text *t)
{
    const char *start = t->at;
    if (skip(t, '<')) {
        t->at += strcspn(t->at, ">");
        t->ok = t->ok && skip(t, '>');
        return;
    }
    while ((*t->at | 0x20) >= 'a' && (*t->at | 0x20) <= 'z')
        t->at++;
    t->ok = t->ok && t->at - start >= 3;
}

static void date(struct text *t, struct fw_zone_date *d)
{
    *d = (struct fw_zone_date){ .kind = 'D', .second = 2 * 3600 };
    if (skip(t, 'M')) {
        d->kind = 'M';
        d->month = number(t, 12);
        t->ok = t->ok && skip(t, '.');
        d->week = number(t, 5);
        t->ok = t->ok && skip(t, '.') && d->month > 0 && d->week > 0;
        d->day = number(t, 6);
    } else {
        d->kind = skip(t, 'J') ? 'J' : 'D';
        d->day = number(t, 365);
        t->ok = t->ok && (d->kind == 'D' || d->day > 0);
    }
    if (skip(t, '/'))
        d->second = hours(t, RULE_HOURS_MAX);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": west of Greenwich counts up there. Empty: nothing is known. */
static bool read_rule(const char *rule, struct fw_zone *z)
{
    struct text t = { rule, true };
    z->has_rule = rule[0] != '\0';
    if (!z->has_rule)
        return true;
    name(&t);
    z->standard = z->summer = -hours(&t, 24);
    if (t.ok && *t.at) {
        name(&t);
        z->summer = *t.at == ',' ? z->standard + 3600 : -hours(&t, 24);
        t.ok = t.ok && skip(&t, ',');
        date(&t, &z->begins);
        t.ok = t.ok && skip(&t, ',');
        date(&t, &z->ends);
    }
    return t.ok && !*t.at;
}

/* RFC 8536 clause 3.3. */
static bool read_footer(struct fw_reader *r, struct fw_zone *z)
{
    char rule[128];
    const size_t size = r->rest.size;
    if (fw_get_u8(r) != '\n' || size < 2 || size > sizeof rule || r->rest.data[size - 2] != '\n')
        return false;
    memcpy(rule, r->rest.data, size - 2);
    rule[size - 2] = '\0';
    return strlen(rule) == size - 2 && read_rule(rule, z);
}

enum fw_err fw_zone_parse(struct fw_span file, struct fw_zone *ret)
{
    struct fw_reader r = fw_reader_of(file);
    struct counts c;
    *ret = (struct fw_zone){ 0 };
    if (!read_head(&r, &c))
        return FW_INVALID;
    /* The same again with times of four bytes, for readers of before. */
    fw_get_span(&r, c.times * 5 + c.types * 6 + c.letters + c.leaps * 8 + c.is_standard + c.is_ut);
    return read_head(&r, &c) && read_block(&r, &c, ret) && read_footer(&r, ret) ? FW_OK : FW_INVALID;
}

/* Names of zones begin with a capital, each part with a letter: nothing else in the folder does, and no name
 * leads out of it. */
static bool name_ok(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    const size_t size = strlen(text);
    return size > 0 && size <= FW_ZONE_NAME_MAX && text[strspn(text, allowed)] == '\0' && text[0] >= 'A' &&
           text[0] <= 'Z' && text[size - 1] != '/' && !strstr(text, "//");
}

enum fw_err fw_zone_read(const char *text, struct fw_zone *ret)
{
    char path[sizeof ZONES + FW_ZONE_NAME_MAX + 2];
    struct fw_buf file CLEANUP(fw_buf_done) = { 0 };
    if (!name_ok(text))
        return FW_NOT_FOUND;
    struct stat st;
    snprintf(path, sizeof path, ZONES "/%s", text);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return FW_NOT_FOUND; /* "America" */
    const enum fw_err err = fw_file_read(path, FW_ZONE_FILE_MAX, &file);
    return err ? err : fw_zone_parse(fw_buf_span(&file), ret);
}

/* The date of the rule in that year, in seconds since 1970 of the local time before it. */
static int64_t local_of(const struct fw_zone_date *d, int year)
{
    const int64_t january = fw_date_days(year, 1, 1);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t day = january + d->day;
    if (d->kind == 'J')
        day = january + d->day - 1 + (leap && d->day >= 60);
    if (d->kind == 'M') {
        const int64_t first = fw_date_days(year, d->month, 1);
        const int64_t next = d->month == 12 ? fw_date_days(year + 1, 1, 1) : fw_date_days(year, d->month + 1, 1);
        const int64_t weekday = (first + 4) % 7; /* 1970-01-01 was a Thursday */
        day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        if (day >= next)
            day -= 7;
    }
    return day * DAY + d->second;
}

static int by_rule(const struct fw_zone *z, int64_t at_s)
{
    int year, month, day;
    const int64_t local = at_s + z->standard;
    if (z->standard == z->summer || local < 0)
        return z->standard;
    fw_date_of(local / DAY, &year, &month, &day);
    const int64_t begins = local_of(&z->begins, year) - z->standard, ends = local_of(&z->ends, year) - z->summer;
    const bool summer = begins < ends ? at_s >= begins && at_s < ends : at_s >= begins || at_s < ends;
    return summer ? z->summer : z->standard;
}

int fw_zone_ahead(const struct fw_zone *z, int64_t at_s)
{
    if (z->count == 0)
        return z->has_rule ? by_rule(z, at_s) : z->first;
    if (at_s < z->at[0])
        return z->first;
    if (at_s >= z->at[z->count - 1] && z->has_rule)
        return by_rule(z, at_s);
    int low = 0, high = z->count; /* at[low] <= at_s < at[high] */
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (z->at[middle] <= at_s)
            low = middle;
        else
            high = middle;
    }
    return z->after[low];
}
