/* Retry policies: each class has its delay and its limit, and nothing gets round one. */
#include <string.h>

#include "fax/call.h"
#include "fax/policy.h"
#include "test.h"

static const struct fw_wall now = { 1800000000000000 };

static struct fw_policy named(const char *name)
{
    struct fw_policy p;
    CHECK(fw_policy_named(name, &p));
    return p;
}

static struct fw_policy_decision decide(const struct fw_policy *p, enum fw_retry retry, int dials, int tries, int pages)
{
    struct fw_policy_history h = { .dials = dials, .tries = tries, .first = now };
    const struct fw_outcome o = { .ending = FW_ENDING_FAILED, .retry = retry };
    struct fw_policy_decision d;
    h.of[retry] = dials;
    fw_policy_decide(p, &h, &o, pages, now, &d);
    return d;
}

static void without_a_policy_nothing_is_dialled_again(void **state)
{
    const struct fw_policy none = named("none");
    (void)state;
    for (int r = 0; r < FW_RETRY_COUNT; r++)
        CHECK(!decide(&none, (enum fw_retry)r, 1, 0, 0).again);
}

static void each_cause_has_its_delay_and_its_limit(void **state)
{
    (void)state;
    static const char *const names[] = { "standard", "hylafax" };
    for (size_t n = 0; n < ARRAY_LEN(names); n++) {
        struct fw_policy p = named(names[n]);
        p.max_dials = p.max_tries = FW_POLICY_DIALS_MAX;
        p.total_secs = FW_POLICY_TOTAL_MAX;
        for (int r = 0; r < FW_RETRY_COUNT; r++) {
            const int max = r == FW_RETRY_INTERNAL ? FW_POLICY_OWN_MAX : p.rules[r].max;
            if (r == FW_RETRY_NONE) {
                CHECK(!decide(&p, (enum fw_retry)r, 1, 0, 0).again);
                continue;
            }
            for (int dials = 1; dials <= max + 1; dials++) {
                const struct fw_policy_decision d = decide(&p, (enum fw_retry)r, dials, 0, 0);
                CHECK_INT(d.again, dials <= max);
                if (d.again)
                    CHECK_INT(d.due.us, now.us + p.rules[r].delay_secs * 1000000LL);
                else
                    CHECK(d.why[0] != '\0');
            }
        }
    }
}

static void whoever_is_called_by_mistake_is_called_once_more_and_late(void **state)
{
    (void)state;
    const struct fw_policy p = named("hylafax");
    CHECK(decide(&p, FW_RETRY_NO_FAX, 1, 1, 0).again);
    CHECK(decide(&p, FW_RETRY_NO_FAX, 1, 1, 0).due.us - now.us >= FW_POLICY_HUMAN_DELAY * 1000000LL);
    CHECK(!decide(&p, FW_RETRY_NO_FAX, 2, 2, 0).again);
}

static void dials_tries_and_time_are_limited_apart(void **state)
{
    (void)state;
    struct fw_policy p = named("hylafax");
    CHECK(decide(&p, FW_RETRY_BUSY, 11, 0, 0).again);
    CHECK(!decide(&p, FW_RETRY_BUSY, 12, 0, 0).again);
    CHECK(decide(&p, FW_RETRY_PROTOCOL, 2, 2, 0).again);
    CHECK(!decide(&p, FW_RETRY_PROTOCOL, 2, 3, 0).again);
    struct fw_policy_history h = { .dials = 1, .of = { [FW_RETRY_BUSY] = 1 } };
    const struct fw_outcome o = { .retry = FW_RETRY_BUSY };
    struct fw_policy_decision d;
    h.first.us = now.us - (p.total_secs - p.rules[FW_RETRY_BUSY].delay_secs) * 1000000LL;
    fw_policy_decide(&p, &h, &o, 0, now, &d);
    CHECK(d.again);
    h.first.us--;
    fw_policy_decide(&p, &h, &o, 0, now, &d);
    CHECK(!d.again);
}

static void pages_that_arrived_are_not_sent_twice_by_accident(void **state)
{
    (void)state;
    struct fw_policy p = named("standard");
    CHECK(!decide(&p, FW_RETRY_DROPPED, 1, 1, 2).again);
    CHECK(!decide(&p, FW_RETRY_INTERNAL, 1, 1, 2).again);
    p.partial = FW_PARTIAL_RESUME;
    CHECK_INT(decide(&p, FW_RETRY_INTERNAL, 1, 1, 2).skip, 2);
    CHECK(decide(&p, FW_RETRY_DROPPED, 1, 1, 2).again);
    CHECK_INT(decide(&p, FW_RETRY_DROPPED, 1, 1, 2).skip, 2);
    p.partial = FW_PARTIAL_RESEND;
    CHECK(decide(&p, FW_RETRY_DROPPED, 1, 1, 2).again);
    CHECK_INT(decide(&p, FW_RETRY_DROPPED, 1, 1, 2).skip, 0);
}

static enum fw_err read_text(const char *text, struct fw_policy *p, struct fw_fault *fault)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    CHECK(json != NULL);
    const enum fw_err err = fw_policy_read(json, p, fault);
    json_decref(json);
    return err;
}

static void a_policy_is_read_and_written(void **state)
{
    (void)state;
    struct fw_policy p, again;
    struct fw_fault fault = { 0 };
    CHECK_INT(read_text("\"hylafax\"", &p, &fault), FW_OK);
    CHECK_INT(p.max_dials, 12);
    CHECK_INT(read_text("{\"busy\":{\"max\":2,\"delay_secs\":1},\"partial\":\"resume\",\"ladder\":false}", &p, &fault), FW_OK);
    CHECK_INT(p.rules[FW_RETRY_BUSY].max, 2);
    CHECK_INT(p.rules[FW_RETRY_BUSY].delay_secs, 1);
    CHECK_INT(p.partial, FW_PARTIAL_RESUME);
    CHECK_INT(p.rules[FW_RETRY_NO_ANSWER].max, named("standard").rules[FW_RETRY_NO_ANSWER].max);
    json_t *json = fw_policy_json(&p);
    CHECK_INT(fw_policy_read(json, &again, &fault), FW_OK);
    json_decref(json);
    const struct fw_policy none = named("none"); /* whose written form is a policy too */
    json = fw_policy_json(&none);
    struct fw_policy same;
    CHECK_INT(fw_policy_read(json, &same, &fault), FW_OK);
    json_decref(json);
    CHECK(memcmp(same.rules, none.rules, sizeof none.rules) == 0);
    CHECK_INT(again.max_dials, p.max_dials);
    CHECK_INT(again.ladder, p.ladder);
    CHECK_INT(again.partial, p.partial);
    CHECK(memcmp(again.rules, p.rules, sizeof p.rules) == 0);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct { const char *text, *field; } cases[] = {
        { "\"often\"", "policy" },           { "3", "policy" },
        { "[]", "policy" },                  { "{\"policy\":3}", "policy" },
        { "{\"max_dials\":0}", "max_dials" }, { "{\"max_dials\":101}", "max_dials" },
        { "{\"max_dials\":\"3\"}", "max_dials" }, { "{\"total_secs\":9999999}", "total_secs" },
        { "{\"partial\":\"maybe\"}", "partial" }, { "{\"partial\":1}", "partial" },
        { "{\"ladder\":\"yes\"}", "ladder" }, { "{\"busy\":5}", "busy" },
        { "{\"busy\":{\"delay_secs\":0}}", "busy/delay_secs" },
        { "{\"no_fax\":{\"max\":2}}", "no_fax/max" }, { "{\"no_fax\":{\"delay_secs\":60}}", "no_fax/delay_secs" },
        { "{\"none\":{\"max\":1}}", "none" }, { "{\"internal\":{\"max\":1}}", "internal" },
        { "{\"colour\":1}", "colour" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_policy p;
        struct fw_fault fault = { 0 };
        CHECK_INT(read_text(cases[i].text, &p, &fault), FW_INVALID);
        CHECK_TEXT(fault.field, cases[i].field);
    }
}

static void all_faults_are_found_at_once(void **state)
{
    (void)state;
    json_t *json = json_loads("{\"policy\":\"often\",\"max_dials\":0,\"ladder\":1,\"busy\":{\"max\":-1,\"delay_secs\":\"x\",\"delay\":3},"
                              "\"no_fax\":{\"max\":9},\"a/b~\\u00e9\":1}", 0, NULL);
    static const char *const wanted[] = { "policy", "max_dials", "ladder", "busy/max", "busy/delay_secs", "busy/delay",
                                          "no_fax/max", "a?b???" };
    struct fw_fault faults[8] = { 0 };
    struct fw_policy p;
    CHECK_INT(fw_policy_faults(json, &p, faults, 8), 8);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        size_t found = 0;
        for (size_t k = 0; k < 8; k++)
            found += strcmp(faults[k].field, wanted[i]) == 0 && faults[k].message[0];
        CHECK_INT(found, 1);
    }
    struct fw_fault two[2] = { 0 };
    CHECK_INT(fw_policy_faults(json, &p, two, 2), 8); /* counted, not written past the end */
    json_decref(json);
}

static void the_ladder_goes_down_and_ends(void **state)
{
    (void)state;
    const struct fw_outcome trouble = { .retry = FW_RETRY_PROTOCOL }, busy = { .retry = FW_RETRY_BUSY };
    const struct fw_outcome other_way = { .retry = FW_RETRY_PROTOCOL, .change = FW_CHANGE_TRANSPORT };
    const struct fw_outcome no_ecm = { .retry = FW_RETRY_PROTOCOL, .change = FW_CHANGE_NO_ECM };
    static const int wanted[] = { FW_WAY_T38_SLOW, FW_WAY_AUDIO, FW_WAY_AUDIO_SLOW, FW_WAY_AUDIO_SLOW };
    int way = FW_WAY_T38;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        CHECK_INT(fw_way_after(way, &busy, FW_TRANSPORT_T38), way);
        way = fw_way_after(way, &trouble, way < FW_WAY_AUDIO ? FW_TRANSPORT_T38 : FW_TRANSPORT_AUDIO);
        CHECK_INT(way, wanted[i]);
    }
    CHECK_INT(fw_way_after(FW_WAY_T38, &other_way, FW_TRANSPORT_T38), FW_WAY_AUDIO);
    CHECK_INT(fw_way_after(FW_WAY_T38, &trouble, FW_TRANSPORT_AUDIO), FW_WAY_AUDIO);
    way = fw_way_after(FW_WAY_T38, &no_ecm, FW_TRANSPORT_T38);
    CHECK_INT(way, FW_WAY_T38 | FW_WAY_NO_ECM);
    CHECK(fw_way_t38(way) && fw_way_v17(way) && !fw_way_ecm(way));
    CHECK(fw_way_t38(FW_WAY_T38_SLOW) && !fw_way_v17(FW_WAY_T38_SLOW));
    CHECK(!fw_way_t38(FW_WAY_AUDIO) && fw_way_v17(FW_WAY_AUDIO) && fw_way_ecm(FW_WAY_AUDIO));
    CHECK(!fw_way_t38(FW_WAY_AUDIO_SLOW) && !fw_way_v17(FW_WAY_AUDIO_SLOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_nothing_is_dialled_again),
        cmocka_unit_test(each_cause_has_its_delay_and_its_limit),
        cmocka_unit_test(whoever_is_called_by_mistake_is_called_once_more_and_late),
        cmocka_unit_test(dials_tries_and_time_are_limited_apart),
        cmocka_unit_test(pages_that_arrived_are_not_sent_twice_by_accident),
        cmocka_unit_test(a_policy_is_read_and_written),
        cmocka_unit_test(what_is_wrong_is_named), cmocka_unit_test(all_faults_are_found_at_once),
        cmocka_unit_test(the_ladder_goes_down_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
