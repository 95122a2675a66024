/* The states, the outcomes and the words of a fax. */
#include <stdlib.h>
#include <string.h>

#include "fax/call.h"
#include "fax/fax_json.h"
#include "fax/outcome.h"
#include "test.h"

static void final_states_have_no_way_out(void **state)
{
    (void)state;
    for (int from = 0; from < FW_STATUS_COUNT; from++) {
        int ways = 0;
        for (int to = 0; to < FW_STATUS_COUNT; to++)
            ways += fw_status_may_become((enum fw_status)from, (enum fw_status)to);
        CHECK(fw_status_final((enum fw_status)from) ? ways == 0 : ways > 0);
    }
}

static void every_live_state_can_fail_and_only_sending_delivers(void **state)
{
    (void)state;
    for (int from = 0; from < FW_STATUS_COUNT; from++) {
        const enum fw_status s = (enum fw_status)from;
        CHECK_INT(fw_status_may_become(s, FW_STATUS_FAILED), !fw_status_final(s));
        CHECK_INT(fw_status_may_become(s, FW_STATUS_DELIVERED), s == FW_STATUS_SENDING);
    }
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (int s = 0; s < FW_STATUS_COUNT; s++) {
        enum fw_status back;
        CHECK(fw_status_parse(fw_status_text((enum fw_status)s), &back));
        CHECK_INT(back, s);
    }
    for (int k = 0; k < FW_EVENT_COUNT; k++) {
        enum fw_event_kind back;
        CHECK(fw_event_parse(fw_event_text((enum fw_event_kind)k), &back));
        CHECK_INT(back, k);
    }
    enum fw_status none;
    CHECK(!fw_status_parse("canceled", &none));
}

static struct fw_outcome outcome_of(struct fw_attempt_facts facts)
{
    struct fw_outcome o;
    fw_outcome_of(&facts, &o);
    return o;
}

/* Delivered needs status 0 and every page confirmed; each way to miss it is walked. */
static void nothing_less_than_every_page_is_delivered(void **state)
{
    (void)state;
    for (int code = 0; code < 64; code++) {
        for (int confirmed = 0; confirmed <= 3; confirmed++) {
            const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
                .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = code,
                .pages_confirmed = confirmed, .page_count = 3 });
            CHECK_INT(o.ending == FW_ENDING_DELIVERED, code == 0 && confirmed == 3);
            /* 47: our own modem had no room. */
            CHECK_INT(o.ending == FW_ENDING_INTERRUPTED, code == 47 && confirmed == 0);
            CHECK(o.ending != FW_ENDING_FAILED || o.reason != NULL);
        }
    }
    CHECK(outcome_of((struct fw_attempt_facts){ .cause = FW_CAUSE_DONE, .page_count = 3,
                                                .pages_confirmed = 3 }).ending != FW_ENDING_DELIVERED);
}

static void the_far_ends_hangup_after_the_last_confirmation_is_no_failure(void **state)
{
    (void)state;
    CHECK_INT(outcome_of((struct fw_attempt_facts){ .cause = FW_CAUSE_REMOTE_HANGUP, .has_result = true,
                                                    .pages_confirmed = 2, .page_count = 2 }).ending,
              FW_ENDING_DELIVERED);
}

static void sip_statuses_become_reasons(void **state)
{
    (void)state;
    static const struct { int status, q850; const char *reason; } cases[] = {
        { 486, 0, "user_busy" }, { 600, 0, "user_busy" }, { 404, 1, "receiver_unallocated_number" },
        { 603, 21, "receiver_decline" }, { 488, 0, "receiver_incompatible_destination" },
        { 503, 34, "service_unavailable" }, { 480, 19, "receiver_no_answer" },
        { 480, 17, "user_busy" }, { 408, 0, "receiver_recovery_on_timer_expire" },
        { 484, 28, "receiver_invalid_number_format" }, { 486, 16, "user_busy" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
            .cause = FW_CAUSE_REJECTED, .sip_status = cases[i].status, .q850 = cases[i].q850,
            .page_count = 1 });
        CHECK_INT(o.ending, FW_ENDING_FAILED);
        CHECK_TEXT(o.reason, cases[i].reason);
    }
    for (int status = 300; status < 700; status++)
        CHECK(fw_verdict_of_sip(status)->reason != NULL);
}

static bool in_contract(const char *reason)
{
    static const char *const known[] = {
        "carrier_lost", "destination_invalid", "destination_unreachable",
        "fax_initial_communication_timeout", "fax_signaling_error",
        "invalid_ecm_response_from_receiver", "media_processing_exception", "receiver_call_dropped",
        "receiver_communication_error", "receiver_decline", "receiver_incompatible_destination",
        "receiver_invalid_number_format", "receiver_no_answer", "receiver_no_response",
        "receiver_recovery_on_timer_expire", "receiver_unallocated_number", "sender_call_dropped",
        "sender_canceled", "sender_communication_error", "service_unavailable", "user_busy" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i], reason) == 0)
            return true;
    }
    return false;
}

static void check_complete(const struct fw_outcome *o)
{
    CHECK_INT(o->ending, FW_ENDING_FAILED);
    CHECK(in_contract(o->reason));
    CHECK(o->retry < FW_RETRY_COUNT);
    CHECK(o->advice && strlen(o->advice) > 10 && o->advice[strlen(o->advice) - 1] == '.');
}

static void every_code_has_a_reason_of_the_contract_a_retry_and_advice(void **state)
{
    (void)state;
    for (int inbound = 0; inbound <= 1; inbound++) {
        for (int code = 1; code <= 61; code++) {
            const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
                .inbound = inbound, .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = code,
                .pages_confirmed = 1, .page_count = 3 });
            char raw[32];
            check_complete(&o);
            snprintf(raw, sizeof raw, code == 47 ? "no room" : "T.30 code %d:", code);
            CHECK(strstr(o.detail, raw) != NULL);
            CHECK(!inbound || o.retry == FW_RETRY_NONE);
        }
    }
    for (int status = 300; status < 700; status++) {
        const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
            .cause = FW_CAUSE_REJECTED, .sip_status = status, .page_count = 1 });
        check_complete(&o);
    }
    for (int q850 = 1; q850 < 128; q850++) {
        const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
            .cause = FW_CAUSE_REJECTED, .sip_status = 480, .q850 = q850, .page_count = 1 });
        check_complete(&o);
    }
    for (unsigned cause = FW_CAUSE_REJECTED; cause < FW_CAUSE_COUNT; cause++) {
        const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
            .cause = cause, .sip_status = 486, .pages_confirmed = 1, .page_count = 2 });
        check_complete(&o);
    }
    for (unsigned retry = 0; retry < FW_RETRY_COUNT; retry++)
        CHECK(strcmp(fw_retry_text(retry), "unknown") != 0);
}

static void what_can_help_is_said_with_what_to_change(void **state)
{
    (void)state;
    static const struct { struct fw_attempt_facts facts; enum fw_retry retry; unsigned change; } cases[] = {
        { { .cause = FW_CAUSE_REJECTED, .sip_status = 486 }, FW_RETRY_BUSY, 0 },
        { { .cause = FW_CAUSE_REJECTED, .sip_status = 503 }, FW_RETRY_TRUNK, 0 },
        { { .cause = FW_CAUSE_REJECTED, .sip_status = 503, .q850 = 34 }, FW_RETRY_CONGESTION, 0 },
        { { .cause = FW_CAUSE_REJECTED, .sip_status = 404 }, FW_RETRY_NONE, 0 },
        { { .cause = FW_CAUSE_REJECTED, .sip_status = 488 }, FW_RETRY_PROTOCOL, FW_CHANGE_TRANSPORT },
        { { .cause = FW_CAUSE_NO_RESPONSE }, FW_RETRY_TRUNK, 0 },
        { { .cause = FW_CAUSE_RING_TIMEOUT }, FW_RETRY_NO_ANSWER, 0 },
        { { .cause = FW_CAUSE_CANCELED }, FW_RETRY_NONE, 0 },
        { { .cause = FW_CAUSE_MODEM_LOST }, FW_RETRY_INTERNAL, 0 },
        { { .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = 2 }, FW_RETRY_NO_FAX, 0 },
        { { .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = 9 }, FW_RETRY_NOT_READY, 0 },
        { { .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = 16 }, FW_RETRY_PROTOCOL, FW_CHANGE_NO_ECM },
        { { .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = 21 }, FW_RETRY_DROPPED, FW_CHANGE_SLOWER },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_attempt_facts f = cases[i].facts;
        f.page_count = 1;
        const struct fw_outcome o = outcome_of(f);
        CHECK_INT(o.retry, cases[i].retry);
        CHECK_INT(o.change, cases[i].change);
    }
}

static void who_was_called_reports_what_the_sender_did(void **state)
{
    (void)state;
    static const struct { int code; const char *reason; } cases[] = {
        { 23, "sender_communication_error" }, { 26, "carrier_lost" }, { 34, "fax_initial_communication_timeout" },
        { 35, "sender_canceled" }, { 37, "sender_call_dropped" }, { 49, "sender_call_dropped" },
        { 52, "destination_invalid" }, { 41, "media_processing_exception" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_outcome o = outcome_of((struct fw_attempt_facts){
            .inbound = true, .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = cases[i].code,
            .pages_confirmed = 1 });
        CHECK_TEXT(o.reason, cases[i].reason);
        CHECK(strstr(o.detail, "pages received 1") != NULL);
    }
    CHECK_INT(outcome_of((struct fw_attempt_facts){ .inbound = true, .cause = FW_CAUSE_DONE, .has_result = true,
                                                    .pages_confirmed = 2 }).ending, FW_ENDING_DELIVERED);
    CHECK_INT(outcome_of((struct fw_attempt_facts){ .inbound = true, .cause = FW_CAUSE_DONE, .has_result = true
                                                  }).ending, FW_ENDING_FAILED);
}

static void our_own_failures_are_dialled_again_only_before_any_page(void **state)
{
    (void)state;
    static const unsigned causes[] = { FW_CAUSE_MODEM_LOST, FW_CAUSE_INTERNAL };
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        struct fw_attempt_facts f = { .cause = causes[i], .page_count = 3 };
        CHECK_INT(outcome_of(f).ending, FW_ENDING_INTERRUPTED);
        f.pages_confirmed = 1;
        CHECK_INT(outcome_of(f).ending, FW_ENDING_FAILED);
        CHECK_TEXT(outcome_of(f).reason, "service_unavailable");
        f.pages_before = 1; /* by an earlier call: this one brought nothing */
        CHECK_INT(outcome_of(f).ending, FW_ENDING_INTERRUPTED);
        f.pages_confirmed = 3;
        f.has_result = true;
        CHECK_INT(outcome_of(f).ending, FW_ENDING_DELIVERED);
    }
}

static void a_fax_is_shown_with_every_field_of_the_contract(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "id", "record_type", "connection_id", "direction", "from", "from_display_name", "to", "media_url",
        "media_name", "store_media", "stored_media_url", "quality", "status", "client_state", "webhook_url",
        "webhook_failover_url", "created_at", "updated_at", "failure_reason", "internal_failure_reason",
        "preview_url" };
    struct fw_fax f = { .black_threshold = 95, .modem = -1, .transport = -1 };
    f.media_urls = strdup("[\"https://a.example/x.pdf\"]");
    f.client_state = strdup("aGVsbG8=");
    json_t *json = fw_fax_json(&f);
    assert_non_null(json);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        assert_non_null(json_object_get(json, keys[i]));
    CHECK_TEXT(json_string_value(json_object_get(json, "media_url")), "https://a.example/x.pdf");
    CHECK(json_is_null(json_object_get(json, "failure_reason")));
    json_decref(json);
    fw_fax_done(&f);
}

static void idents_are_what_machines_take(void **state)
{
    (void)state;
    static const char *const good[] = { "1", "+1 312 555 0100", "ACME Chicago 12", "12345678901234567890" };
    static const char *const bad[] = { "", " ", "123456789012345678901", "a-b", "1\n", "caf\xc3\xa9", "#1", "(312)" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(fw_ident_ok(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!fw_ident_ok(bad[i]));
    static const struct {
        const char *settings, *ident;
    } cases[] = {
        { NULL, "" }, { "{\"fax_ident\":null}", "" }, { "{\"fax_ident\":\"ACME 1\"}", "ACME 1" },
        { "{\"fax_ident\":\"an old one, and far too long\"}", "" }, { "[", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char ident[FW_IDENT_MAX + 1];
        struct fw_application a = { .settings = cases[i].settings ? strdup(cases[i].settings) : NULL };
        fw_application_ident(&a, ident);
        CHECK_TEXT(ident, cases[i].ident);
        fw_application_done(&a);
    }
}

static void an_event_tells_what_its_kind_asks_for(void **state)
{
    (void)state;
    struct fw_fax f = { .status = FW_STATUS_DELIVERED, .page_count = 3, .call_duration_secs = 40 };
    struct fw_event e = { 0 };
    CHECK_INT(fw_event_make(&f, FW_EVENT_DELIVERED, (struct fw_wall){ 1700000000000000 },
                            json_pack("{si}", "extra", 7), &e), FW_OK);
    json_t *json = fw_event_json(&e, NULL);
    const json_t *payload = json_object_get(json, "payload");
    CHECK_TEXT(json_string_value(json_object_get(json, "event_type")), "fax.delivered");
    CHECK_TEXT(json_string_value(json_object_get(json, "occurred_at")), "2023-11-14T22:13:20.000000Z");
    CHECK_INT(json_integer_value(json_object_get(payload, "page_count")), 3);
    CHECK_INT(json_integer_value(json_object_get(payload, "call_duration_secs")), 40);
    CHECK_INT(json_integer_value(json_object_get(payload, "extra")), 7);
    CHECK(json_object_get(payload, "failure_reason") == NULL);
    json_decref(json);
    fw_event_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(final_states_have_no_way_out),
        cmocka_unit_test(every_live_state_can_fail_and_only_sending_delivers),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(nothing_less_than_every_page_is_delivered),
        cmocka_unit_test(the_far_ends_hangup_after_the_last_confirmation_is_no_failure),
        cmocka_unit_test(sip_statuses_become_reasons),
        cmocka_unit_test(every_code_has_a_reason_of_the_contract_a_retry_and_advice),
        cmocka_unit_test(what_can_help_is_said_with_what_to_change),
        cmocka_unit_test(who_was_called_reports_what_the_sender_did),
        cmocka_unit_test(our_own_failures_are_dialled_again_only_before_any_page),
        cmocka_unit_test(a_fax_is_shown_with_every_field_of_the_contract),
        cmocka_unit_test(idents_are_what_machines_take),
        cmocka_unit_test(an_event_tells_what_its_kind_asks_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
