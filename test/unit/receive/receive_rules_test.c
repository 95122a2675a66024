/* What an application says of calls that come in: callers, idents, hours, and how it refuses. */
#include "test.h"

#include "fax/hours.h"
#include "receive/rules.h"

static json_t *rules(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    CHECK(json != NULL);
    return json;
}

/* 2026-11-25 is a Wednesday. */
static struct fw_wall at(const char *time)
{
    struct fw_wall wall = { 0 };
    CHECK(fw_wall_parse(fw_span_of(time), &wall));
    return wall;
}

static void callers_are_taken_or_not(void **unused)
{
    (void)unused;
    static const struct {
        const char *rules, *caller;
        int         status;
    } cases[] = {
        { "{}", "+13125550100", 0 },
        { "{\"refuse_callers\":[\"+1312555*\"]}", "+13125550100", 480 },
        { "{\"refuse_callers\":[\"+1312555*\"]}", "3125550100", 0 },
        { "{\"refuse_callers\":[\"13125550100\"]}", "+1 (312) 555-0100", 480 },
        { "{\"refuse_callers\":[\"1312555010\"]}", "+13125550100", 0 },
        { "{\"answer_callers\":[\"+44*\",\"+1312*\"]}", "+13125550100", 0 },
        { "{\"answer_callers\":[\"+44*\"]}", "+13125550100", 480 },
        { "{\"answer_callers\":[\"+44*\"]}", "", 480 },
        { "{\"answer_callers\":[]}", "+1", 0 },
        { "{\"answer_callers\":[\"*\"],\"refuse_callers\":[\"+1*\"],\"refuse_with\":\"busy\"}", "+1", 486 },
        { "{\"refuse_callers\":[\"*\"],\"refuse_with\":\"declined\"}", "anything", 603 },
        { "{\"refuse_callers\":[\"*\"],\"refuse_with\":\"unallocated\"}", "", 404 },
        { "{\"refuse_callers\":[7,null],\"refuse_with\":9}", "7", 0 },
    };
    CHECK_INT(fw_rules_of_call(NULL, "+1", at("2026-11-25T12:00:00Z")).status, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *json = rules(cases[i].rules);
        const struct fw_rules_refusal r = fw_rules_of_call(json, cases[i].caller, at("2026-11-25T12:00:00Z"));
        if (r.status != cases[i].status)
            print_error("case %zu: %d\n", i, r.status);
        CHECK_INT(r.status, cases[i].status);
        CHECK_INT(r.q850 != 0, r.status != 0);
        json_decref(json);
    }
}

static void idents_too(void **unused)
{
    (void)unused;
    json_t *json = rules("{\"refuse_idents\":[\"+49*\"]}");
    CHECK(fw_rules_ident_refused(json, "+49 30 1234"));
    CHECK(!fw_rules_ident_refused(json, "+1 30 1234"));
    CHECK(!fw_rules_ident_refused(json, ""));
    CHECK(!fw_rules_ident_refused(NULL, "+49"));
    json_decref(json);
}

static void subaddresses_have_tags(void **unused)
{
    (void)unused;
    json_t *json = rules("{\"subaddress_tags\":{\"47 11\":\"a\",\"*1#\":\"b\",\"0\":5}}");
    CHECK_TEXT(fw_rules_tag(json, "4711"), "a");
    CHECK_TEXT(fw_rules_tag(json, " 4 7 1 1 "), "a");
    CHECK_TEXT(fw_rules_tag(json, "*1#"), "b");
    CHECK_TEXT(fw_rules_tag(json, "471"), "");
    CHECK_TEXT(fw_rules_tag(json, "0"), "");
    CHECK_TEXT(fw_rules_tag(json, ""), "");
    CHECK_TEXT(fw_rules_tag(NULL, "4711"), "");
    json_decref(json);
}

static void hours_are_local(void **unused)
{
    (void)unused;
    static const struct {
        const char *time;
        int         offset, status;
    } cases[] = {
        { "2026-11-25T08:00:00Z", 0, 0 },    { "2026-11-25T07:59:59Z", 0, 480 }, { "2026-11-25T18:00:00Z", 0, 480 },
        { "2026-11-25T17:59:59Z", 0, 0 },    { "2026-11-28T12:00:00Z", 0, 480 }, { "2026-11-25T07:30:00Z", 60, 0 },
        { "2026-11-29T23:00:00Z", 600, 0 },  { "2026-11-28T03:00:00Z", -600, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *json = rules("{\"hours\":[\"mon-fri 08:00-18:00\"]}");
        CHECK_INT(json_object_set_new(json, "hours_utc_offset_minutes", json_integer(cases[i].offset)), 0);
        const int status = fw_rules_of_call(json, "+1", at(cases[i].time)).status;
        if (status != cases[i].status)
            print_error("%s: %d\n", cases[i].time, status);
        CHECK_INT(status, cases[i].status);
        json_decref(json);
    }
}

/* The clocks of Berlin: forward on 2026-03-29 at 01:00 UTC, back on 2026-10-25 at 01:00 UTC; of New York: forward on
 * 2026-03-08 at 07:00 UTC, back on 2026-11-01 at 06:00 UTC. */
static void hours_go_by_the_clock_of_their_zone(void **unused)
{
    (void)unused;
    static const struct {
        const char *hours, *time;
        int         status;
    } cases[] = {
        /* Winter, and summer. */
        { "mon-fri 08:00-18:00 Europe/Berlin", "2026-11-25T07:00:00Z", 0 },
        { "mon-fri 08:00-18:00 Europe/Berlin", "2026-11-25T06:59:59Z", 480 },
        { "mon-fri 08:00-18:00 Europe/Berlin", "2026-07-15T06:00:00Z", 0 },
        { "mon-fri 08:00-18:00 Europe/Berlin", "2026-07-15T16:00:00Z", 480 },
        /* The hour that is not there: 01:59:59, then 03:00. */
        { "sun 02:00-03:00 Europe/Berlin", "2026-03-29T00:59:59Z", 480 },
        { "sun 02:00-03:00 Europe/Berlin", "2026-03-29T01:00:00Z", 480 },
        { "sun 01:00-04:00 Europe/Berlin", "2026-03-29T00:59:59Z", 0 },
        { "sun 01:00-04:00 Europe/Berlin", "2026-03-29T01:59:59Z", 0 },
        { "sun 01:00-04:00 Europe/Berlin", "2026-03-29T02:00:00Z", 480 },
        /* The hour that comes twice. */
        { "sun 02:00-03:00 Europe/Berlin", "2026-10-24T23:59:59Z", 480 },
        { "sun 02:00-03:00 Europe/Berlin", "2026-10-25T00:00:00Z", 0 },
        { "sun 02:00-03:00 Europe/Berlin", "2026-10-25T01:30:00Z", 0 },
        { "sun 02:00-03:00 Europe/Berlin", "2026-10-25T02:00:00Z", 480 },
        /* Over midnight, and over the night of the change. */
        { "sat 22:00-06:00 America/New_York", "2026-03-08T03:00:00Z", 0 },
        { "sat 22:00-06:00 America/New_York", "2026-03-08T09:59:59Z", 0 },
        { "sat 22:00-06:00 America/New_York", "2026-03-08T10:00:00Z", 480 },
        { "sat 22:00-06:00 America/New_York", "2026-11-01T10:59:59Z", 0 },
        { "sat 22:00-06:00 America/New_York", "2026-11-01T11:00:00Z", 480 },
        { "sat 22:00-06:00 America/New_York", "2026-10-31T03:00:00Z", 480 }, /* Friday night */
        { "wed 22:00-06:00", "2026-11-26T05:59:00Z", 0 },
        { "wed 22:00-06:00", "2026-11-25T05:59:00Z", 480 },
        /* Written when there was such a zone. */
        { "mon 08:00-09:00 Nowhere/Land", "2026-11-25T12:00:00Z", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *json = json_pack("{s[s]si}", "hours", cases[i].hours, "hours_utc_offset_minutes", 0);
        const int status = fw_rules_of_call(json, "+1", at(cases[i].time)).status;
        if (status != cases[i].status)
            print_error("%s at %s: %d\n", cases[i].hours, cases[i].time, status);
        CHECK_INT(status, cases[i].status);
        json_decref(json);
    }
}

static void hours_are_read_strictly(void **unused)
{
    (void)unused;
    static const char *const bad[] = { "", "mon", "mon ", "mon 8:00-18:00", "mon 08:00", "mon 08:00-08:00", "mon 24:00-08:00", "mon 18:00--8:00",
        "mon 08:00-24:01", "mon 08:60-09:00", "xyz 08:00-09:00", "mon-xyz 08:00-09:00", "mon 08:00-09:00 ", "mon-tue08:00-09:00", "mon 08:00-09:00 Europe/Berlin ", "mon 08:00-09:00,UTC",
        "mon 08:00-09:00 A/very/long/name/that/no/zone/of/the/world/has/and/none/will/have" };
    struct fw_hours h;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!fw_hours_parse(bad[i], &h));
    CHECK(fw_hours_parse("sat-mon 00:00-24:00", &h));
    CHECK_INT(h.days, 1 << 6 | 1 << 0 | 1 << 1);
    CHECK_INT(h.to, 24 * 60);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(callers_are_taken_or_not),
        cmocka_unit_test(idents_too),
        cmocka_unit_test(subaddresses_have_tags),
        cmocka_unit_test(hours_are_local),
        cmocka_unit_test(hours_go_by_the_clock_of_their_zone),
        cmocka_unit_test(hours_are_read_strictly),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
