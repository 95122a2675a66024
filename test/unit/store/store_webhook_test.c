/* The log of webhooks: every try is there, filters find it, it is forgotten, nothing untried counts. */
#include "store_kit.h"

#include "store/webhooks.h"

#include <stdio.h>
#include <string.h>

/* The one that is due, of which there must be one; its event is not kept. */
static struct fw_delivery due(struct kit *k, int64_t now_us)
{
    struct fw_delivery_page page = { 0 };
    struct fw_wall next;
    CHECK_INT(fw_store_delivery_due(k->store, (struct fw_wall){ now_us }, NULL, 0, 10, &page, &next),
              FW_OK);
    CHECK_INT(page.count, 1);
    struct fw_delivery d = page.items[0];
    fw_delivery_page_done(&page);
    d.event.payload = NULL;
    return d;
}

static struct fw_attempt tried(int64_t at_us, int status, const char *error)
{
    static char url[] = "http://app.example/hook", headers[] = "[[\"A\",\"b\"]]", body[] = "Oops";
    static char text[64];
    snprintf(text, sizeof text, "%s", error);
    return (struct fw_attempt){ .started_at = { at_us }, .finished_at = { at_us + 5 },
                                .http_status = status, .url = url, .error = text,
                                .request_headers = headers, .response_headers = headers,
                                .response_body = body };
}

static void retry_at(struct kit *k, int64_t now_us, int status, int64_t next_us)
{
    const struct fw_attempt a = tried(now_us, status, "answered");
    CHECK_INT(fw_store_delivery_retry(k->store, due(k, now_us).id, &a, (struct fw_wall){ next_us }),
              FW_OK);
}

static void done_at(struct kit *k, int64_t now_us)
{
    const struct fw_attempt a = tried(now_us, 200, "");
    CHECK_INT(fw_store_delivery_done(k->store, due(k, now_us).id, &a), FW_OK);
}

static int listed(struct kit *k, struct fw_webhook_filter f, struct fw_webhook_page *ret)
{
    struct fw_webhook_page page = { 0 };
    CHECK_INT(fw_store_webhook_list(k->store, k->account, &f, 1, 50, &page), FW_OK);
    CHECK_INT(page.total, page.count);
    const int count = page.count;
    if (ret)
        *ret = page;
    else
        fw_webhook_page_done(&page);
    return count;
}

static void every_try_is_there(void **state)
{
    struct kit *k = *state;
    const struct fw_webhook_filter all = { 0 };
    struct fw_webhook_page page = { 0 }, one = { 0 };
    struct fw_fax f = kit_fax(k, 10);
    kit_accept(k, &f);
    CHECK_INT(listed(k, all, NULL), 0); /* not tried yet */
    retry_at(k, 20, 503, 30);
    retry_at(k, 30, 0, 40);
    kit_reopen(k);
    done_at(k, 40);
    CHECK_INT(listed(k, all, &page), 1);
    const struct fw_webhook *w = &page.items[0];
    CHECK(fw_uuid_valid(w->id) && fw_uuid_valid(w->user_id));
    CHECK_INT(w->state, FW_WEBHOOK_DELIVERED);
    CHECK_INT(w->tries, 3);
    CHECK_INT(w->attempt_count, 3);
    CHECK_INT(w->started_at.us, 20);
    CHECK_INT(w->finished_at.us, 45);
    CHECK_INT(w->event.kind, FW_EVENT_QUEUED);
    static const int statuses[] = { 200, 0, 503 };
    for (int i = 0; i < 3; i++) {
        CHECK_INT(w->attempts[i].number, 3 - i);
        CHECK_INT(w->attempts[i].http_status, statuses[i]);
        CHECK_INT(w->attempts[i].started_at.us, 40 - 10 * i);
        CHECK_TEXT(w->attempts[i].error, i == 0 ? "" : "answered");
        CHECK_TEXT(w->attempts[i].url, "http://app.example/hook");
        CHECK_TEXT(w->attempts[i].response_body, "Oops");
        CHECK_TEXT(w->attempts[i].request_headers, "[[\"A\",\"b\"]]");
    }
    CHECK_INT(fw_store_webhook_get(k->store, k->account, w->id, &one), FW_OK);
    CHECK_INT(one.items[0].attempt_count, 3);
    fw_webhook_page_done(&one);
    CHECK_INT(fw_store_webhook_get(k->store, k->account + 1, w->id, &one), FW_NOT_FOUND);
    CHECK_INT(fw_store_webhook_get(k->store, k->account, f.id, &one), FW_NOT_FOUND);
    fw_webhook_page_done(&page);
}

static void the_filters_find_it(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10);
    kit_accept(k, &f);
    done_at(k, 20);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 30);
    retry_at(k, 100, 500, 0);
    const struct {
        struct fw_webhook_filter f;
        int count;
    } cases[] = {
        { { .delivered = true }, 1 },
        { { .failed = true }, 1 },
        { { .has_kinds = true, .kinds = 1U << FW_EVENT_FAILED }, 1 },
        { { .has_kinds = true, .kinds = 1U << FW_EVENT_FAILED | 1U << FW_EVENT_QUEUED }, 2 },
        { { .has_kinds = true }, 0 },
        { { .webhook = "fax.failed" }, 1 },
        { { .webhook = "%" }, 0 },
        { { .attempts = "app.example" }, 2 },
        { { .attempts = "answered" }, 1 },
        { { .started_gte = { 20 }, .started_lte = { 20 } }, 1 },
        { { .started_gte = { 101 } }, 0 },
        { { .finished_gte = { 25 }, .finished_lte = { 105 } }, 2 },
        { { .failed = true, .attempts = "zzz" }, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_INT(listed(k, cases[i].f, NULL), cases[i].count);
    struct fw_webhook_page page = { 0 };
    CHECK_INT(listed(k, (struct fw_webhook_filter){ 0 }, &page), 2);
    CHECK_INT(page.items[0].event.kind, FW_EVENT_FAILED); /* the latest first */
    fw_webhook_page_done(&page);
}

static void a_delay_is_no_attempt(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10);
    kit_accept(k, &f);
    const int64_t id = due(k, 10).id;
    CHECK_INT(fw_store_delivery_postpone(k->store, id, (struct fw_wall){ 50 }), FW_OK);
    struct fw_delivery d = due(k, 50);
    CHECK_INT(d.attempt, 1);
    CHECK_INT(d.postponed, 1);
    retry_at(k, 50, 500, 60);
    d = due(k, 60);
    CHECK_INT(d.attempt, 2);
    CHECK_INT(d.postponed, 0);
    done_at(k, 60);
    CHECK_INT(fw_store_delivery_postpone(k->store, id, (struct fw_wall){ 70 }), FW_NOT_FOUND);
}

static void nobody_to_tell_is_no_delivery(void **state)
{
    struct kit *k = *state;
    struct fw_delivery_page page = { 0 };
    struct fw_wall next;
    struct fw_application a = kit_application(k->account, "");
    CHECK_INT(fw_store_application_create(k->store, &a), FW_OK);
    struct fw_fax f = kit_fax(k, 1);
    memcpy(f.application, a.id, sizeof a.id);
    kit_accept(k, &f);
    CHECK_INT(fw_store_delivery_due(k->store, (struct fw_wall){ 9 }, NULL, 0, 10, &page, &next),
              FW_OK);
    CHECK_INT(page.count, 0);
    CHECK_INT(next.us, INT64_MAX);
}

static void a_dropped_one_lets_the_next_go(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10);
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 11);
    const struct fw_delivery first = due(k, 20);
    CHECK_INT(fw_store_delivery_drop(k->store, first.id, (struct fw_wall){ 20 }), FW_OK);
    CHECK_INT(fw_store_delivery_drop(k->store, first.id, (struct fw_wall){ 20 }), FW_NOT_FOUND);
    CHECK_INT(due(k, 20).id, first.id + 1);
    CHECK_INT(listed(k, (struct fw_webhook_filter){ 0 }, NULL), 0);
}

static void old_ones_are_forgotten(void **state)
{
    struct kit *k = *state;
    int count = -1;
    for (int i = 0; i < 4; i++) {
        struct fw_fax f = kit_fax(k, 10 + i);
        kit_accept(k, &f);
        retry_at(k, 20 + 10 * i, 500, i < 3 ? 0 : 1000); /* the last one is still to be told */
    }
    CHECK_INT(fw_store_webhook_sweep(k->store, (struct fw_wall){ 40 }, 1, &count), FW_OK);
    CHECK_INT(count, 1);
    CHECK_INT(fw_store_webhook_sweep(k->store, (struct fw_wall){ 40 }, 10, &count), FW_OK);
    CHECK_INT(count, 1);
    CHECK_INT(fw_store_webhook_sweep(k->store, (struct fw_wall){ 999 }, 10, &count), FW_OK);
    CHECK_INT(count, 1);
    struct fw_webhook_page page = { 0 };
    CHECK_INT(listed(k, (struct fw_webhook_filter){ 0 }, &page), 1);
    CHECK_INT(page.items[0].attempt_count, 1);
    CHECK_INT(page.items[0].due.us, 1000);
    fw_webhook_page_done(&page);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(every_try_is_there),           CASE(the_filters_find_it),
        CASE(a_delay_is_no_attempt),        CASE(nobody_to_tell_is_no_delivery),
        CASE(a_dropped_one_lets_the_next_go), CASE(old_ones_are_forgotten),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
