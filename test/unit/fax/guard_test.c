/* Barred and allowed prefixes, and the ways to write a number around them. */
#include "fax/guard.h"
#include "test.h"

static void barred_goes_before_allowed(void **state)
{
    const struct fw_guard g = { .allow = "+1,+44", .bar = "+1900, +881" };
    (void)state;
    CHECK_INT(fw_guard_ask(&g, "+13125550100"), FW_GUARD_OK);
    CHECK_INT(fw_guard_ask(&g, "+442079460000"), FW_GUARD_OK);
    CHECK_INT(fw_guard_ask(&g, "+19005550100"), FW_GUARD_BARRED);
    CHECK_INT(fw_guard_ask(&g, "+88112345"), FW_GUARD_BARRED);
    CHECK_INT(fw_guard_ask(&g, "+4930123456"), FW_GUARD_NOT_ALLOWED);
    CHECK_INT(fw_guard_ask(&g, "+190"), FW_GUARD_OK); /* shorter than the prefix */
}

static void no_lists_let_everything_pass(void **state)
{
    const struct fw_guard none = { 0 }, empty = { "", " , " }, blank = { " ", "" };
    (void)state;
    CHECK_INT(fw_guard_ask(&none, "+19005550100"), FW_GUARD_OK);
    CHECK_INT(fw_guard_ask(&empty, "+19005550100"), FW_GUARD_OK);
    CHECK_INT(fw_guard_ask(&blank, "+19005550100"), FW_GUARD_OK);
}

static void a_uri_is_no_way_around(void **state)
{
    const struct fw_guard g = { .bar = "+1900" }, strict = { .allow = "+1" };
    static const char *const ways[] = { "sip:+19005550100@gw", "sip:19005550100@gw", "sips:001900-555@gw",
                                        "sip:%2B19005550100@gw", "sip:%31%39%30%30555@gw", "sip:+1(900)555;phone-context=x@gw" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        CHECK_INT(fw_guard_ask(&g, ways[i]), FW_GUARD_BARRED);
    CHECK_INT(fw_guard_ask(&g, "sip:fax@gw"), FW_GUARD_OK);
    CHECK_INT(fw_guard_ask(&strict, "sip:fax@gw"), FW_GUARD_NOT_ALLOWED);
}

static void a_list_that_would_not_match_is_a_fault(void **state)
{
    static const char *const wrong[] = { "1900", "+", "+1900x", "+1900;+2", "+1234567890123456", "+1,,abc" };
    (void)state;
    CHECK(!fw_guard_fault("") && !fw_guard_fault("+1900") && !fw_guard_fault(" +1900,+881 , +882,"));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CHECK(fw_guard_fault(wrong[i]) != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(barred_goes_before_allowed),
        cmocka_unit_test(no_lists_let_everything_pass),
        cmocka_unit_test(a_uri_is_no_way_around),
        cmocka_unit_test(a_list_that_would_not_match_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
