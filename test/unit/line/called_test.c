/* Which number an INVITE is for, out of headers as they come. */
#include "test.h"

#include "line/called.h"

static void users_are_found_in_header_values(void **unused)
{
    (void)unused;
    static const struct {
        const char *value, *want;
    } cases[] = {
        { "<sip:+13125550100@example.com>", "+13125550100" },
        { "\"Front desk, sip: sort of\" <sip:+13125550100@example.com;user=phone>;reason=unconditional", "+13125550100" },
        { "sip:3125550100@10.0.0.1:5060", "3125550100" },
        { "<SIPS:%2B1312@h>", "+1312" },
        { "<tel:+1-312-555-0100;phone-context=x>", "+1-312-555-0100" },
        { "<sip:+1312;npdi=yes@h>", "+1312" },
        { "<sip:user:password@h>", "user" },
        { "<sip:example.com>", "" },
        { "<sip:@example.com>", "" },
        { "<sip:%00x@h>", "" },
        { "<sip:%ff@h>", "" },
        { "notasip:1@h", "" },
        { "", "" },
        { "<sip:", "" },
    };
    char user[64];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_INT(fw_line_user_in(cases[i].value, user, sizeof user), cases[i].want[0] != '\0');
        CHECK_TEXT(user, cases[i].want);
    }
    char small[8];
    CHECK(!fw_line_user_in("<sip:123456789@h>", small, sizeof small));
    CHECK_TEXT(small, "");
}

static void history_names_who_was_called_before(void **unused)
{
    (void)unused;
    char user[64];
    CHECK(fw_line_user_in_history("<sip:+1@a>;index=1, \"x, y\" <sip:+2@a>;index=1.1, <sip:+3@b>;index=1.2", user, sizeof user));
    CHECK_TEXT(user, "+2");
    CHECK(fw_line_user_in_history("<sip:+1@a?Reason=SIP%3Bcause%3D302>;index=1", user, sizeof user));
    CHECK_TEXT(user, "+1");
    CHECK(!fw_line_user_in_history(",,,,", user, sizeof user));
    CHECK(!fw_line_user_in_history("", user, sizeof user));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(users_are_found_in_header_values),
        cmocka_unit_test(history_names_who_was_called_before),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
