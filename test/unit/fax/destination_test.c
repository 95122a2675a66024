/* What is known of a number: learned, expired, used. */
#include <string.h>

#include "fax/destination.h"
#include "fax/policy.h"
#include "test.h"

#define DAY (24 * 3600 * 1000000LL)
static const struct fw_wall now = { 1800000000000000 };

static void a_person_who_answers_twice_parks_the_number(void **state)
{
    struct fw_destination d = { 0 };
    (void)state;
    fw_destination_learn(&d, FW_FACT_HUMAN, "no fax tones", now);
    CHECK(!d.parked);
    fw_destination_learn(&d, FW_FACT_HUMAN, "no fax tones", now);
    CHECK(d.parked);
    CHECK_INT(d.known[FW_FACT_HUMAN].count, 2);
}

static void what_is_old_is_not_believed_and_counts_anew(void **state)
{
    struct fw_destination d = { 0 };
    const struct fw_wall later = { now.us + 91 * DAY };
    (void)state;
    fw_destination_learn(&d, FW_FACT_HUMAN, "once", now);
    CHECK(fw_destination_knows(&d, FW_FACT_HUMAN, (struct fw_wall){ now.us + 89 * DAY }));
    CHECK(!fw_destination_knows(&d, FW_FACT_HUMAN, later));
    fw_destination_learn(&d, FW_FACT_HUMAN, "again", later);
    CHECK(!d.parked);
    CHECK_INT(d.known[FW_FACT_HUMAN].count, 1);
}

static void what_ends_two_calls_at_once_is_one_person(void **state)
{
    (void)state;
    struct fw_destination d = { 0 };
    const struct fw_wall dialled = { 1000 * DAY }, ended = { dialled.us + 5000000 }, next = { ended.us + 1 };
    CHECK(fw_destination_learn_human(&d, "first", dialled, ended));
    CHECK(!fw_destination_learn_human(&d, "beside it", (struct fw_wall){ dialled.us + 1000 }, next));
    CHECK(!d.parked);
    CHECK_INT(d.known[FW_FACT_HUMAN].count, 1);
    CHECK(fw_destination_learn_human(&d, "afterwards", next, (struct fw_wall){ next.us + 1 }));
    CHECK(d.parked);
}

static void the_way_that_worked_is_taken_next_time(void **state)
{
    (void)state;
    static const int ways[] = { FW_WAY_T38, FW_WAY_T38_SLOW, FW_WAY_AUDIO, FW_WAY_AUDIO_SLOW, FW_WAY_T38 | FW_WAY_NO_ECM,
                                FW_WAY_AUDIO_SLOW | FW_WAY_NO_ECM };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct fw_destination d = { 0 };
        fw_destination_learn_way(&d, ways[i], "it worked", now);
        CHECK_INT(fw_destination_way(&d, FW_WAY_T38, now), ways[i]);
        CHECK_INT(fw_destination_way(&d, FW_WAY_T38, (struct fw_wall){ now.us + 31 * DAY }), FW_WAY_T38);
    }
}

static void facts_are_written_and_read(void **state)
{
    struct fw_destination d = { 0 }, same = { 0 };
    (void)state;
    fw_destination_learn(&d, FW_FACT_T38_BAD, "cause \"quoted\"", now);
    d.known[FW_FACT_ECM_BAD] = (struct fw_known){ .count = 1, .cause = "set by hand", .learned_at = now };
    json_t *json = fw_destination_facts(&d);
    CHECK_INT(fw_destination_set_facts(&same, json), FW_OK);
    json_decref(json);
    CHECK(memcmp(d.known, same.known, sizeof d.known) == 0);
    static const char *const bad[] = { "[]", "{\"human\":{}}", "{\"human\":{\"count\":0,\"cause\":\"\"}}",
                                       "{\"human\":{\"count\":1,\"cause\":\"x\",\"learned_at\":\"yesterday\",\"expires_at\":null}}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        json = json_loads(bad[i], 0, NULL);
        CHECK_INT(fw_destination_set_facts(&same, json), FW_INVALID);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_two_calls_at_once_is_one_person),
        cmocka_unit_test(a_person_who_answers_twice_parks_the_number),
        cmocka_unit_test(what_is_old_is_not_believed_and_counts_anew),
        cmocka_unit_test(the_way_that_worked_is_taken_next_time),
        cmocka_unit_test(facts_are_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
