/* The two clocks, and RFC 3339 both ways. */
#include "base/clock.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t clock_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct fw_mono fw_mono_now(void)
{
    return (struct fw_mono){ clock_us(CLOCK_MONOTONIC) };
}

struct fw_wall fw_wall_now(void)
{
    return (struct fw_wall){ clock_us(CLOCK_REALTIME) };
}

struct fw_mono fw_mono_after(struct fw_mono now, int64_t ms)
{
    return (struct fw_mono){ now.us + ms * 1000 };
}

int fw_mono_wait_ms(struct fw_mono now, struct fw_mono due)
{
    if (due.us <= now.us)
        return 0;
    const int64_t ms = (due.us - now.us + 999) / 1000;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

int64_t fw_date_days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = year / 400, yoe = year - era * 400;
    const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void fw_date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    const int64_t era = days / 146097, doe = days - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

void fw_wall_text(struct fw_wall at, char ret[FW_TIME_TEXT_SIZE])
{
    fw_assert(at.us >= 0);
    const int64_t seconds = at.us / 1000000;
    int year, month, day;
    fw_date_of(seconds / 86400, &year, &month, &day);
    const int second = (int)(seconds % 86400);
    snprintf(ret, FW_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", (int)((unsigned)year % 10000), month,
             day, second / 3600, second / 60 % 60, second % 60, (int)(at.us % 1000000));
}

static bool digits(struct fw_reader *r, size_t count, int *ret)
{
    *ret = 0;
    const struct fw_span s = fw_get_span(r, count);
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        *ret = *ret * 10 + (s.data[i] - '0');
    }
    return r->ok;
}

static bool fraction(struct fw_reader *r, int64_t *ret_us)
{
    int64_t scale = 100000;
    *ret_us = 0;
    if (r->rest.size == 0 || r->rest.data[0] != '.')
        return true;
    fw_get_u8(r);
    size_t count = 0;
    for (; r->rest.size > 0 && r->rest.data[0] >= '0' && r->rest.data[0] <= '9'; count++) {
        *ret_us += (fw_get_u8(r) - '0') * scale;
        scale /= 10;
    }
    return count > 0;
}

static bool offset(struct fw_reader *r, int *ret_minutes)
{
    *ret_minutes = 0;
    const uint8_t sign = fw_get_u8(r);
    if (sign == 'Z' || sign == 'z')
        return r->ok;
    int hours, minutes;
    if ((sign != '+' && sign != '-') || !digits(r, 2, &hours) || fw_get_u8(r) != ':' ||
        !digits(r, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool date(struct fw_reader *r, int64_t *ret_days)
{
    int year, month, day;
    if (!digits(r, 4, &year) || fw_get_u8(r) != '-' || !digits(r, 2, &month) ||
        fw_get_u8(r) != '-' || !digits(r, 2, &day))
        return false;
    static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > month_days[month - 1] + (month == 2 && leap))
        return false;
    *ret_days = fw_date_days(year, month, day);
    return true;
}

bool fw_wall_parse(struct fw_span text, struct fw_wall *ret)
{
    struct fw_reader r = fw_reader_of(text);
    int64_t days, us = 0;
    int hour = 0, minute = 0, second = 0, minutes_east = 0;
    if (!date(&r, &days))
        return false;
    if (r.rest.size > 0) {
        const uint8_t between = fw_get_u8(&r);
        if ((between != 'T' && between != 't' && between != ' ') || !digits(&r, 2, &hour) ||
            fw_get_u8(&r) != ':' || !digits(&r, 2, &minute) || fw_get_u8(&r) != ':' ||
            !digits(&r, 2, &second) || !fraction(&r, &us) || !offset(&r, &minutes_east))
            return false;
    }
    if (!r.ok || r.rest.size > 0 || hour > 23 || minute > 59 || second > 60)
        return false;
    ret->us = ((days * 24 + hour) * 60 + minute - minutes_east) * 60000000 +
              (int64_t)second * 1000000 + us;
    return ret->us >= 0;
}
