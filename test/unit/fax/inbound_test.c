/* How a call that was taken ended without a page: the API's reason for it. */
#include "test.h"

#include "fax/call.h"
#include "fax/inbound.h"

#include <string.h>

static void each_end_has_its_reason(void **unused)
{
    (void)unused;
    static const struct {
        struct fw_inbound_facts facts;
        const char             *want;
    } cases[] = {
        { { FW_CAUSE_REMOTE_HANGUP, false, false, 0, NULL }, "sender_canceled" },
        { { FW_CAUSE_REMOTE_HANGUP, true, false, 0, NULL }, "sender_call_dropped" },
        { { FW_CAUSE_REMOTE_HANGUP, true, true, 34, NULL }, "sender_call_dropped" },
        { { FW_CAUSE_NO_RESPONSE, false, false, 0, NULL }, "sender_call_dropped" },
        { { FW_CAUSE_MODEM_LOST, true, false, 0, NULL }, "service_unavailable" },
        { { FW_CAUSE_INTERNAL, false, false, 0, "why" }, "service_unavailable" },
        { { FW_CAUSE_LIMIT, true, true, 49, NULL }, "service_unavailable" },
        { { FW_CAUSE_CANCELED, true, true, 49, NULL }, "receiver_decline" },
        { { FW_CAUSE_MEDIA_REFUSED, false, false, 0, NULL }, "receiver_incompatible_destination" },
        { { FW_CAUSE_SESSION_EXPIRED, true, true, 49, NULL }, "sender_call_dropped" },
        { { FW_CAUSE_T38_SILENT, true, true, 49, NULL }, "fax_initial_communication_timeout" },
        { { FW_CAUSE_DONE, true, true, 26, NULL }, "carrier_lost" },
        { { FW_CAUSE_DONE, true, true, 35, NULL }, "sender_canceled" },
        { { FW_CAUSE_DONE, true, true, 41, NULL }, "service_unavailable" },
        { { FW_CAUSE_DONE, true, true, 34, NULL }, "fax_initial_communication_timeout" },
        { { FW_CAUSE_DONE, true, true, 31, NULL }, "sender_communication_error" },
        { { FW_CAUSE_DONE, true, true, -7, NULL }, "sender_communication_error" },
        { { FW_CAUSE_DONE, true, true, 9999, NULL }, "sender_communication_error" },
        { { FW_CAUSE_DONE, true, false, 0, NULL }, "sender_call_dropped" },
    };
    char detail[FW_TEXT_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        detail[0] = '\0';
        CHECK_TEXT(fw_inbound_reason(&cases[i].facts, detail), cases[i].want);
        CHECK(detail[0] != '\0');
    }
}

static void the_text_of_a_stranger_is_cut_not_trusted(void **unused)
{
    (void)unused;
    char text[1000], detail[FW_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const struct fw_inbound_facts facts = { FW_CAUSE_DONE, true, true, 26, text };
    CHECK_TEXT(fw_inbound_reason(&facts, detail), "carrier_lost");
    CHECK(strlen(detail) < sizeof detail && strstr(detail, "code 26"));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(each_end_has_its_reason),
        cmocka_unit_test(the_text_of_a_stranger_is_cut_not_trusted),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
