/* Limits: the bucket by itself at chosen times, and over the wire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/rate.h"
#include "live.h"
#include "test.h"

static struct fw_limit take(struct fw_limits *l, int64_t account, int64_t at_us)
{
    struct fw_limit limit = { 0 };
    CHECK_INT(fw_limits_take(l, account, (struct fw_mono){ at_us }, &limit), FW_OK);
    return limit;
}

static void a_bucket_empties_and_fills(void **state)
{
    (void)state;
    struct fw_limits *l = NULL;
    CHECK_INT(fw_limits_new(4, &l), FW_OK);
    for (unsigned i = 0; i < 4; i++) {
        const struct fw_limit one = take(l, 1, 1000);
        CHECK_INT(one.retry_ms, 0);
        CHECK_INT(one.limit, 4);
        CHECK_INT(one.remaining, 3 - i);
        CHECK_INT(one.reset_s, 1);
    }
    CHECK_INT(take(l, 1, 1000).retry_ms, 250);
    CHECK_INT(take(l, 2, 1000).retry_ms, 0); /* another account has its own */
    CHECK_INT(take(l, 1, 1000 + 249999).retry_ms, 1);
    CHECK_INT(take(l, 1, 1000 + 250000).retry_ms, 0);
    CHECK_INT(take(l, 1, 1000 + 250000).retry_ms, 250);
    /* A long silence earns one bucket, not more; a clock that stands still earns nothing. */
    for (int i = 0; i < 4; i++)
        CHECK_INT(take(l, 1, INT64_MAX / 2).retry_ms, 0);
    CHECK_INT(take(l, 1, INT64_MAX / 2).retry_ms, 250);
    CHECK_INT(take(l, 1, 0).retry_ms, 250);
    fw_limits_free(l);
}

/* Whatever the times: never more than rate * seconds + rate in any run. */
static void never_more_than_the_rate(void **state)
{
    (void)state;
    const unsigned rates[] = { 1, 3, 7, 1000, 999983 };
    unsigned seed = 1;
    for (size_t r = 0; r < ARRAY_LEN(rates); r++) {
        struct fw_limits *l = NULL;
        int64_t at = 0, passed = 0;
        CHECK_INT(fw_limits_new(rates[r], &l), FW_OK);
        for (int64_t account = 0; account < 20; account++)
            CHECK_INT(take(l, account, 0).retry_ms, 0);
        for (int i = 0; i < 20000; i++) {
            seed = seed * 1103515245U + 12345U;
            at += (int64_t)((seed >> 8) % 3000);
            passed += take(l, 100, at).retry_ms == 0;
        }
        /* One of the costs is rounded down to a microsecond. */
        const int64_t cost_us = 1000000 / rates[r];
        CHECK(passed <= (at + 1000000) / cost_us + 1);
        CHECK(passed > 0);
        fw_limits_free(l);
    }
}

static void over_the_wire(void **state)
{
    (void)state;
    static struct live l;
    live_open_with(&l, &(struct fw_api_config){ .rate_limit_per_second = 1 });
    struct answer a = get(&l, "/v2/faxes");
    CHECK_INT(a.status, 200);
    CHECK(strstr(a.headers, "x-ratelimit-limit: 1\r\n") != NULL);
    CHECK(strstr(a.headers, "x-ratelimit-remaining: 0\r\n") != NULL);
    CHECK(strstr(a.headers, "x-ratelimit-reset: 1\r\n") != NULL);
    answer_done(&a);
    int refused = 0;
    /* At 1 a second some of 50 in a row are refused, however slow this machine is. */
    for (int i = 0; i < 50 && !refused; i++) {
        a = post(&l, "/v2/fax_applications", "application/json",
                 "{\"application_name\":\"x\",\"webhook_event_url\":\"http://a.example/\"}");
        if (a.status == 429) {
            refused++;
            assert_string_equal(error_code(&a, 0), "10011");
            CHECK(strstr(a.headers, "retry-after: 1\r\n") != NULL);
            CHECK(strstr(a.headers, "retry-after-ms: ") != NULL);
        } else {
            CHECK_INT(a.status, 201);
        }
        answer_done(&a);
    }
    CHECK(refused > 0);
    a = get(&l, "/health"); /* is nobody's */
    CHECK_INT(a.status, 200);
    CHECK(strstr(a.headers, "x-ratelimit") == NULL);
    answer_done(&a);
    live_close(&l);
}

static void off_says_nothing(void **state)
{
    (void)state;
    static struct live l;
    live_open(&l);
    struct answer a = get(&l, "/v2/faxes");
    CHECK_INT(a.status, 200);
    CHECK(strstr(a.headers, "x-ratelimit") == NULL);
    answer_done(&a);
    live_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_fills),
        cmocka_unit_test(never_more_than_the_rate),
        cmocka_unit_test(over_the_wire),
        cmocka_unit_test(off_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
