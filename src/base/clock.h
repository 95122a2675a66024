/* clock.h - two clocks of two types, so that the compiler keeps them apart.
 *
 * Rooms read the time once a turn and pass it on; pure code only ever takes it as a value.
 * Source of the text form: RFC 3339 clause 5.6.
 */
#ifndef FW_CLOCK_H
#define FW_CLOCK_H
#include "base/buf.h"

struct fw_mono { int64_t us; }; /* microseconds since an unknown start; for timeouts */
struct fw_wall { int64_t us; }; /* microseconds since 1970-01-01T00:00:00Z; for people, the store */

enum { FW_TIME_TEXT_SIZE = 64 };

struct fw_mono fw_mono_now(void);
struct fw_wall fw_wall_now(void);
struct fw_mono fw_mono_after(struct fw_mono now, int64_t ms);
/* Milliseconds from `now` to `due`, rounded up, 0 when past: a poll(2) timeout. */
int fw_mono_wait_ms(struct fw_mono now, struct fw_mono due);

void fw_wall_text(struct fw_wall at, char ret[FW_TIME_TEXT_SIZE]); /* 2026-11-23T09:59:12.345678Z */
/* Days since 1970-01-01 of a date of the Gregorian calendar, and back; years 0000-9999. */
int64_t fw_date_days(int64_t year, int64_t month, int64_t day);
void fw_date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day);
/* Accepts Z and numeric offsets, a 'T', 't' or space between date and time, and a bare date. */
MUST_USE bool fw_wall_parse(struct fw_span text, struct fw_wall *ret);
#endif
