/* Every code that a call can end with, against test/outcomes.json: what the sender is told of it, and whether to
 * dial again. The same file is held against the wire by test/e2e/outcomes.test.mjs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fax/call.h"
#include "fax/outcome.h"
#include "test.h"

static json_t *expected;

static int load(void **state)
{
    json_error_t error;
    (void)state;
    expected = json_load_file(FW_OUTCOMES, JSON_REJECT_DUPLICATES, &error);
    return expected ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(expected);
    return 0;
}

static const char *text_at(const json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));
    assert_non_null(text);
    return text;
}

static struct fw_outcome rejected(int status, int q850)
{
    struct fw_outcome o;
    const struct fw_attempt_facts facts = {
        .cause = FW_CAUSE_REJECTED, .sip_status = status, .q850 = q850, .page_count = 1 };
    fw_outcome_of(&facts, &o);
    CHECK_INT(o.ending, FW_ENDING_FAILED);
    char raw[64];
    snprintf(raw, sizeof raw, "SIP %d, Q.850 cause %d", status, q850);
    CHECK(strstr(o.detail, raw) != NULL);
    CHECK(o.advice && o.advice[0]);
    return o;
}

/* The registry of IANA, "SIP Response Codes", 3xx to 6xx. */
static void every_final_response_of_sip(void **state)
{
    (void)state;
    const char *key;
    json_t *row, *rows = json_object_get(expected, "sip");
    CHECK_INT(json_object_size(rows), 66);
    json_object_foreach (rows, key, row) {
        const int status = (int)strtol(key, NULL, 10);
        const struct fw_outcome o = rejected(status, 0);
        CHECK_TEXT(o.reason, text_at(row, 0));
        CHECK_TEXT(fw_retry_text(o.retry), text_at(row, 1));
        CHECK_TEXT(rejected(status, 16).reason, o.reason); /* normal clearing says nothing */
    }
}

/* A cause says more than the status that brings it; null: it says nothing, the status counts. */
static void every_cause_of_q850(void **state)
{
    (void)state;
    const char *key;
    json_t *row, *rows = json_object_get(expected, "q850");
    CHECK(json_object_size(rows) > 65);
    json_object_foreach (rows, key, row) {
        const int cause = (int)strtol(key, NULL, 10);
        for (int i = 0; i < 3; i++) {
            const int status = (const int[]){ 480, 486, 503 }[i];
            const struct fw_outcome o = rejected(status, cause), by_status = rejected(status, 0);
            CHECK_TEXT(o.reason, json_is_null(row) ? by_status.reason : text_at(row, 0));
            CHECK_TEXT(fw_retry_text(o.retry), json_is_null(row) ? fw_retry_text(by_status.retry) : text_at(row, 1));
        }
    }
    for (int cause = 0; cause < 128; cause++) { /* one that is not defined is no matter */
        char name[8];
        snprintf(name, sizeof name, "%d", cause);
        if (!json_object_get(rows, name))
            CHECK_TEXT(rejected(486, cause).reason, "user_busy");
    }
}

static unsigned changes_of(const json_t *list)
{
    static const struct { const char *name; unsigned flag; } names[] = {
        { "transport", FW_CHANGE_TRANSPORT }, { "no_ecm", FW_CHANGE_NO_ECM }, { "slower", FW_CHANGE_SLOWER } };
    unsigned flags = 0;
    size_t i;
    json_t *one;
    json_array_foreach (list, i, one) {
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            flags |= strcmp(json_string_value(one), names[k].name) == 0 ? names[k].flag : 0;
    }
    return flags;
}

static void every_code_of_t30(void **state)
{
    (void)state;
    const char *key;
    json_t *row, *rows = json_object_get(expected, "t30");
    CHECK_INT(json_object_size(rows), 62);
    json_object_foreach (rows, key, row) {
        const int code = (int)strtol(key, NULL, 10);
        struct fw_attempt_facts facts = { .cause = FW_CAUSE_DONE, .has_result = true, .t30_code = code,
                                          .pages_confirmed = 1, .page_count = 3 };
        struct fw_outcome o;
        char raw[32];
        fw_outcome_of(&facts, &o);
        CHECK_INT(o.ending, FW_ENDING_FAILED);
        CHECK_TEXT(o.reason, text_at(row, 0));
        CHECK_TEXT(fw_retry_text(o.retry), text_at(row, 2));
        CHECK_INT(o.change, changes_of(json_array_get(row, 3)));
        snprintf(raw, sizeof raw, code == 47 ? "no room" : "T.30 code %d:", code);
        CHECK(strstr(o.detail, raw) != NULL);
        CHECK(strstr(o.detail, "pages confirmed 1 of 3") != NULL);
        facts.inbound = true;
        facts.pages_confirmed = code != 0; /* 0 with pages is a fax that was received */
        fw_outcome_of(&facts, &o);
        CHECK_TEXT(o.reason, text_at(row, 1));
        CHECK_INT(o.retry, FW_RETRY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_final_response_of_sip),
        cmocka_unit_test(every_cause_of_q850),
        cmocka_unit_test(every_code_of_t30),
    };
    return cmocka_run_group_tests(cases, load, unload);
}
