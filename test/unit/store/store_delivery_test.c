/* Deliveries: each event once, in order per fax whatever is retried, no fax waiting for another. */
#include "store_kit.h"

#include "store/webhooks.h"

#include <stdio.h>
#include <string.h>

static struct fw_delivery_page due(struct kit *k, int64_t now_us, int64_t *busy,
                                   int busy_count, int max, int64_t *ret_next_us)
{
    struct fw_delivery_page page = { 0 };
    struct fw_wall next = { -1 };
    CHECK_INT(fw_store_delivery_due(k->store, (struct fw_wall){ now_us }, busy, busy_count, max,
                                    &page, &next),
              FW_OK);
    if (ret_next_us)
        *ret_next_us = next.us;
    return page;
}

static enum fw_err done(struct kit *k, int64_t id, int http_status)
{
    const struct fw_attempt tried = { .http_status = http_status };
    return fw_store_delivery_done(k->store, id, &tried);
}

static enum fw_err retry(struct kit *k, int64_t id, int http_status, const char *error,
                         struct fw_wall at)
{
    char text[64];
    snprintf(text, sizeof text, "%s", error);
    const struct fw_attempt tried = { .http_status = http_status, .error = text };
    return fw_store_delivery_retry(k->store, id, &tried, at);
}

static void made_for_webhook_events_only(void **state)
{
    struct kit *k = *state;
    int64_t next = 0;
    struct fw_fax f = kit_fax(k, 10);
    kit_accept(k, &f);
    for (int i = 0; i < FW_EVENT_COUNT; i++) {
        if (!fw_event_is_webhook((enum fw_event_kind)i))
            kit_save(k, &f, FW_STATUS_QUEUED, (enum fw_event_kind)i, 11);
    }
    struct fw_delivery_page page = due(k, 9, NULL, 0, 10, &next);
    CHECK_INT(page.count, 0);
    CHECK_INT(next, 10);
    page = due(k, 10, NULL, 0, 10, &next);
    CHECK_INT(page.count, 1);
    CHECK_INT(next, INT64_MAX);
    CHECK_INT(page.items[0].attempt, 1);
    CHECK_INT(page.items[0].event.kind, FW_EVENT_QUEUED);
    CHECK_TEXT(page.items[0].event.fax, f.id);
    CHECK_TEXT(page.items[0].event.payload, "{\"a\":1}");
    CHECK_TEXT(page.items[0].url, "http://app.example/hook");
    CHECK_TEXT(page.items[0].failover_url, "");
    CHECK_INT(page.items[0].timeout_secs, -1);
    CHECK_INT(done(k, page.items[0].id, 200), FW_OK);
    CHECK_INT(done(k, page.items[0].id, 200), FW_NOT_FOUND);
    fw_delivery_page_done(&page);
    page = due(k, INT64_MAX, NULL, 0, 10, &next);
    CHECK_INT(page.count, 0);
}

static void the_url_of_the_fax_goes_first(void **state)
{
    struct kit *k = *state;
    struct fw_application a = kit_application(k->account, "http://a.example/1");
    snprintf(a.webhook_failover_url, sizeof a.webhook_failover_url, "http://b.example/2");
    a.webhook_timeout_secs = 7;
    CHECK_INT(fw_store_application_create(k->store, &a), FW_OK);
    struct fw_fax own = kit_fax(k, 1), none = kit_fax(k, 2);
    memcpy(own.application, a.id, sizeof a.id);
    memcpy(none.application, a.id, sizeof a.id);
    snprintf(own.webhook_url, sizeof own.webhook_url, "http://own.example/");
    kit_accept(k, &own);
    kit_accept(k, &none);
    struct fw_delivery_page page = due(k, 5, NULL, 0, 10, NULL);
    CHECK_INT(page.count, 2);
    CHECK_TEXT(page.items[0].url, "http://own.example/");
    CHECK_TEXT(page.items[1].url, "http://a.example/1");
    CHECK_TEXT(page.items[0].failover_url, "http://b.example/2");
    CHECK_INT(page.items[1].timeout_secs, 7);
    fw_delivery_page_done(&page);
}

/* The one due delivery of `f` must be `kind` at `attempt`; returns its id. */
static int64_t expect(struct kit *k, const struct fw_fax *f, int64_t now_us,
                      enum fw_event_kind kind, int attempt)
{
    struct fw_delivery_page page = due(k, now_us, NULL, 0, 100, NULL);
    int64_t id = 0;
    int count = 0;
    for (int i = 0; i < page.count; i++) {
        if (strcmp(page.items[i].event.fax, f->id) != 0)
            continue;
        count++;
        id = page.items[i].id;
        CHECK_INT(page.items[i].event.kind, kind);
        CHECK_INT(page.items[i].attempt, attempt);
    }
    CHECK_INT(count, 1);
    fw_delivery_page_done(&page);
    return id;
}

static void order_holds_while_one_is_retried(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 1), other = kit_fax(k, 1);
    int64_t next = 0;
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED, 2);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 3);
    const int64_t first = expect(k, &f, 10, FW_EVENT_QUEUED, 1);
    CHECK_INT(retry(k, first, 503, "no", (struct fw_wall){ 50 }), FW_OK);
    struct fw_delivery_page page = due(k, 49, NULL, 0, 10, &next);
    CHECK_INT(page.count, 0); /* the younger ones wait behind it */
    CHECK_INT(next, 50);

    kit_accept(k, &other); /* another fax does not */
    const int64_t others = expect(k, &other, 49, FW_EVENT_QUEUED, 1);
    CHECK_INT(done(k, others, 204), FW_OK);

    kit_reopen(k);
    CHECK_INT(expect(k, &f, 50, FW_EVENT_QUEUED, 2), first);
    CHECK_INT(done(k, first, 200), FW_OK);
    const int64_t second = expect(k, &f, 50, FW_EVENT_MEDIA_PROCESSED, 1);
    CHECK_INT(retry(k, second, 0, "refused", (struct fw_wall){ 0 }),
              FW_OK);
    CHECK_INT(retry(k, second, 0, "refused", (struct fw_wall){ 60 }),
              FW_NOT_FOUND);
    const int64_t third = expect(k, &f, 50, FW_EVENT_FAILED, 1); /* given up lets the next one go */
    CHECK_INT(done(k, third, 200), FW_OK);
    page = due(k, INT64_MAX, NULL, 0, 10, &next);
    CHECK_INT(page.count, 0);
    CHECK_INT(next, INT64_MAX);
}

static void one_that_waits_cannot_be_settled(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 1);
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 3);
    const int64_t first = expect(k, &f, 10, FW_EVENT_QUEUED, 1);
    CHECK_INT(done(k, first + 1, 200), FW_NOT_FOUND);
    CHECK_INT(done(k, 999, 200), FW_NOT_FOUND);
    CHECK_INT(expect(k, &f, 10, FW_EVENT_QUEUED, 1), first);
}

static void busy_ones_and_the_next(void **state)
{
    struct kit *k = *state;
    enum { COUNT = 5 };
    int64_t ids[COUNT], next = 0;
    for (int i = 0; i < COUNT; i++) {
        struct fw_fax f = kit_fax(k, 10 + i);
        kit_accept(k, &f);
    }
    struct fw_delivery_page page = due(k, 100, NULL, 0, COUNT, &next);
    CHECK_INT(page.count, COUNT);
    CHECK_INT(next, INT64_MAX);
    for (int i = 0; i < COUNT; i++)
        ids[i] = page.items[i].id;
    fw_delivery_page_done(&page);
    page =
        due(k, 100, ids, 2, 2, &next); /* 0 and 1 busy, 2 and 3 given, 4 is more than asked for */
    CHECK_INT(page.count, 2);
    CHECK_INT(page.items[0].id, ids[2]);
    CHECK_INT(page.items[1].id, ids[3]);
    CHECK_INT(next, 14);
    fw_delivery_page_done(&page);
    page = due(k, 100, ids, COUNT, 2, &next);
    CHECK_INT(page.count, 0);
    CHECK_INT(next, INT64_MAX);
    page = due(k, 12, ids + 4, 1, 0, &next);
    CHECK_INT(page.count, 0);
    CHECK_INT(next, 10);
}

static void count_call(void *arg)
{
    ++*(int *)arg;
}

static void the_notifier_is_woken(void **state)
{
    struct kit *k = *state;
    int calls = 0;
    struct fw_fax f = kit_fax(k, 1);
    fw_store_on_delivery(k->store, count_call, &calls);
    kit_accept(k, &f);
    fw_store_on_delivery(k->store, NULL, NULL); /* also waits for a call that is on its way */
    CHECK_INT(calls, 1);
    fw_store_on_delivery(k->store, count_call, &calls);
    kit_save(k, &f, FW_STATUS_QUEUED, FW_EVENT_DIALLING, 2);
    fw_store_on_delivery(k->store, NULL, NULL);
    CHECK_INT(calls, 1);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 2);
    CHECK_INT(calls, 1);
    fw_store_on_delivery(k->store, count_call, &calls);
    CHECK_INT(done(k, expect(k, &f, 10, FW_EVENT_QUEUED, 1), 200), FW_OK);
    fw_store_on_delivery(k->store, NULL, NULL);
    CHECK_INT(calls, 2); /* the one behind it is due now */
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(made_for_webhook_events_only),     CASE(the_url_of_the_fax_goes_first),
        CASE(order_holds_while_one_is_retried), CASE(one_that_waits_cannot_be_settled),
        CASE(busy_ones_and_the_next),           CASE(the_notifier_is_woken),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
