/* When a window opens: days, midnight, and days on which clocks change. */
#include <stdlib.h>

#include "fax/fax_json.h"
#include "fax/window.h"
#include "test.h"

static struct fw_wall at(const char *text)
{
    struct fw_wall w = { 0 };
    CHECK(fw_wall_parse(fw_span_of(text), &w));
    return w;
}

static struct fw_window window_of(const char *text, struct fw_zone *z)
{
    struct fw_window w;
    struct fw_fault fault = { 0 };
    json_t *json CLEANUP(fw_json_free) = json_loads(text, 0, NULL);
    CHECK_INT(fw_window_read(json, &w, &fault), FW_OK);
    CHECK_INT(fw_zone_read(w.time_zone, z), FW_OK);
    return w;
}

#define BERLIN(days, from, to) \
    "{\"time_zone\":\"Europe/Berlin\",\"days\":[" days "],\"from\":\"" from "\",\"to\":\"" to "\"}"
#define NEW_YORK(days, from, to) \
    "{\"time_zone\":\"America/New_York\",\"days\":[" days "],\"from\":\"" from "\",\"to\":\"" to "\"}"
#define WORK "\"mon\",\"tue\",\"wed\",\"thu\",\"fri\""
#define ALL WORK ",\"sat\",\"sun\""

static void it_opens_when_a_clock_there_says_so(void **state)
{
    static const struct {
        const char *window, *from, *opens;
    } known[] = {
        /* 2026-11-27 is a Friday. */
        { BERLIN(WORK, "08:00", "18:00"), "2026-11-27T06:59:59Z", "2026-11-27T07:00:00Z" },
        { BERLIN(WORK, "08:00", "18:00"), "2026-11-27T07:00:00Z", "2026-11-27T07:00:00Z" },
        { BERLIN(WORK, "08:00", "18:00"), "2026-11-27T16:59:59.5Z", "2026-11-27T16:59:59.5Z" },
        { BERLIN(WORK, "08:00", "18:00"), "2026-11-27T17:00:00Z", "2026-11-30T07:00:00Z" },
        { NEW_YORK(WORK, "08:00", "18:00"), "2026-11-28T12:00:00Z", "2026-11-30T13:00:00Z" },
        { BERLIN(ALL, "00:00", "24:00"), "2026-11-28T03:04:05Z", "2026-11-28T03:04:05Z" },
        /* Over midnight: of the day that it begins on. */
        { BERLIN("\"fri\"", "22:00", "06:00"), "2026-11-27T20:00:00Z", "2026-11-27T21:00:00Z" },
        { BERLIN("\"fri\"", "22:00", "06:00"), "2026-11-28T04:59:59Z", "2026-11-28T04:59:59Z" },
        { BERLIN("\"fri\"", "22:00", "06:00"), "2026-11-28T05:00:00Z", "2026-12-04T21:00:00Z" },
        { BERLIN("\"fri\"", "22:00", "06:00"), "2026-11-27T03:00:00Z", "2026-11-27T21:00:00Z" },
        /* 2026-03-29 in Berlin has no 02:00 to 03:00: the first time that there is counts; */
        { BERLIN(ALL, "02:30", "18:00"), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z" },
        /* a window that lies in the gap does not open on that day; */
        { BERLIN(ALL, "02:00", "03:00"), "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z" },
        { BERLIN("\"sun\"", "02:15", "02:45"), "2026-03-28T12:00:00Z", "2026-04-05T00:15:00Z" },
        { BERLIN(ALL, "08:00", "18:00"), "2026-03-28T18:00:00Z", "2026-03-29T06:00:00Z" },
        /* 2026-10-25 in Berlin has 02:00 to 03:00 twice: open both times. */
        { BERLIN(ALL, "02:00", "03:00"), "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z" },
        { BERLIN(ALL, "02:00", "03:00"), "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z" },
        { BERLIN(ALL, "02:00", "02:30"), "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z" },
        { BERLIN(ALL, "02:00", "02:30"), "2026-10-25T01:30:00Z", "2026-10-26T01:00:00Z" },
        { BERLIN(ALL, "08:00", "18:00"), "2026-10-24T18:00:00Z", "2026-10-25T07:00:00Z" },
        /* The same in New York, on 2026-03-08 and 2026-11-01. */
        { NEW_YORK(ALL, "02:30", "18:00"), "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z" },
        { NEW_YORK(ALL, "02:00", "03:00"), "2026-03-08T06:00:00Z", "2026-03-09T06:00:00Z" },
        { NEW_YORK(ALL, "01:00", "02:00"), "2026-11-01T05:30:00Z", "2026-11-01T05:30:00Z" },
        { NEW_YORK(ALL, "01:00", "02:00"), "2026-11-01T06:30:00Z", "2026-11-01T06:30:00Z" },
        { NEW_YORK(ALL, "01:00", "02:00"), "2026-11-01T07:00:00Z", "2026-11-02T06:00:00Z" },
        { NEW_YORK(ALL, "22:00", "01:30"), "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct fw_zone z;
        char opens[FW_TIME_TEXT_SIZE], wanted[FW_TIME_TEXT_SIZE];
        struct fw_wall ret = { 0 };
        const struct fw_window w = window_of(known[i].window, &z);
        CHECK_INT(fw_window_next(&w, &z, at(known[i].from), &ret), FW_OK);
        fw_wall_text(ret, opens);
        fw_wall_text(at(known[i].opens), wanted);
        CHECK_TEXT(opens, wanted);
    }
}

/* Minute by minute over two years: what `next` says is the first minute at which the clock shows such a time. */
static void no_opening_is_skipped(void **state)
{
    static const char *const windows[] = { BERLIN(WORK, "08:00", "18:00"), BERLIN("\"sat\",\"sun\"", "22:00", "02:30"),
                                           NEW_YORK(ALL, "01:30", "02:30") };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        struct fw_zone z;
        struct fw_window w = window_of(windows[i], &z), other = w;
        struct fw_wall t = at("2026-01-01T00:00:00Z"), until = at("2028-01-01T00:00:00Z"), opens = { 0 };
        int64_t open_s = 0;
        for (; t.us < until.us; t.us += 60000000) {
            struct fw_wall next;
            CHECK_INT(fw_window_next(&other, &z, t, &next), FW_OK);
            const int64_t local_min = t.us / 60000000 + fw_zone_ahead(&z, t.us / 1000000) / 60;
            const int minute = (int)(local_min % 1440), day = (int)((local_min / 1440 + 4) % 7);
            const bool over = w.to < w.from, today = w.days >> day & 1, before = w.days >> (day + 6) % 7 & 1;
            const bool open = over ? (today && minute >= w.from) || (before && minute < w.to)
                                   : today && minute >= w.from && minute < w.to;
            if (open != (next.us == t.us) || (opens.us > 0 && !open && next.us != opens.us && opens.us > t.us))
                CHECK_INT(t.us, next.us);
            opens = next;
            open_s += open ? 60 : 0;
        }
        CHECK_INT(fw_window_open_s(&w, &z, at("2026-01-01T00:00:00Z"), until), open_s);
    }
}

static void faults_name_their_field(void **state)
{
    static const struct {
        const char *text, *field;
    } bad[] = {
        { "[]", "" },
        { "{}", "time_zone" },
        { BERLIN("", "08:00", "18:00"), "days" },
        { BERLIN("\"monday\"", "08:00", "18:00"), "days" },
        { BERLIN(WORK, "8:00", "18:00"), "from" },
        { BERLIN(WORK, "24:00", "18:00"), "from" },
        { BERLIN(WORK, "08:00", "24:01"), "to" },
        { BERLIN(WORK, "08:00", "08:00"), "to" },
        { "{\"time_zone\":\"Europe/Bielefeld\",\"days\":[\"mon\"],\"from\":\"08:00\",\"to\":\"18:00\"}", "time_zone" },
        { "{\"time_zone\":\"UTC\",\"days\":[\"mon\"],\"from\":\"08:00\",\"to\":\"18:00\",\"until\":1}", "until" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_window w;
        struct fw_fault fault = { 0 };
        json_t *json CLEANUP(fw_json_free) = json_loads(bad[i].text, 0, NULL);
        CHECK_INT(fw_window_read(json, &w, &fault), FW_INVALID);
        CHECK_TEXT(fault.field, bad[i].field);
    }
}

static void it_is_written_as_it_was_read(void **state)
{
    struct fw_zone z;
    static const char text[] = BERLIN("\"mon\",\"sun\"", "08:00", "24:00");
    const struct fw_window w = window_of(text, &z);
    json_t *json CLEANUP(fw_json_free) = fw_window_json(&w);
    char *written = json_dumps(json, JSON_COMPACT);
    (void)state;
    CHECK_TEXT(written, text);
    free(written);
}

static void a_fax_is_dialled_when_all_its_times_allow(void **state)
{
    struct fw_wall opens;
    char window[] = BERLIN(WORK, "08:00", "18:00");
    struct fw_fax f = { .send_at = at("2026-11-28T12:00:00Z") };
    int64_t closed_us;
    (void)state;
    CHECK_INT(fw_fax_opens(&f, at("2026-11-27T00:00:00Z"), &opens), FW_OK);
    CHECK_INT(opens.us, f.send_at.us);
    f.send_window = window;
    CHECK_INT(fw_fax_opens(&f, at("2026-11-27T00:00:00Z"), &opens), FW_OK);
    CHECK_INT(opens.us, at("2026-11-30T07:00:00Z").us);
    /* Half an hour on Friday and one on Monday are open. */
    CHECK_INT(fw_fax_closed_us(&f, at("2026-11-27T16:30:00Z"), at("2026-11-30T08:00:00Z"), &closed_us), FW_OK);
    CHECK_INT(closed_us / 60000000, 62 * 60);
    CHECK(!fw_fax_expired(&f, at("2099-01-01T00:00:00Z")));
    f.expires_at = at("2026-11-30T07:00:00Z");
    CHECK(!fw_fax_expired(&f, at("2026-11-30T06:59:59Z")));
    CHECK(fw_fax_expired(&f, at("2026-11-30T07:00:00Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_when_a_clock_there_says_so),
        cmocka_unit_test(no_opening_is_skipped),
        cmocka_unit_test(faults_name_their_field),
        cmocka_unit_test(it_is_written_as_it_was_read),
        cmocka_unit_test(a_fax_is_dialled_when_all_its_times_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
