/* Accounts, keys, applications, faxes, events: each verb, each field, each refusal. */
#include "store_kit.h"

#include "store/keys.h"
#include "store/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void accounts_and_keys(void **state)
{
    struct kit *k = *state;
    int64_t same = 0, other = 0;
    const struct fw_wall now = fw_wall_now();
    struct fw_key_holder found = { 0 }, there = { 0 };
    CHECK_INT(fw_store_account_ensure(k->store, "main", &same), FW_OK);
    CHECK_INT(same, k->account);
    CHECK_INT(fw_store_account_ensure(k->store, "other", &other), FW_OK);
    CHECK(other != same);
    CHECK_INT(fw_store_key_find(k->store, KEY_A, now, &found), FW_NOT_FOUND);
    CHECK_INT(fw_store_key_ensure(k->store, same, KEY_A), FW_OK);
    CHECK_INT(fw_store_key_ensure(k->store, same, KEY_A), FW_OK);
    CHECK_INT(fw_store_key_ensure(k->store, other, KEY_A), FW_CONFLICT);
    CHECK_INT(fw_store_key_ensure(k->store, other, KEY_B), FW_OK);
    CHECK_INT(fw_store_key_find(k->store, KEY_A, now, &found), FW_OK);
    CHECK_INT(found.account, same);
    CHECK_INT(found.state, FW_KEY_GOOD);
    CHECK(fw_uuid_valid(found.user_id));
    CHECK_INT(fw_store_key_find(k->store, KEY_B, now, &there), FW_OK);
    CHECK_INT(there.account, other);
    CHECK(strcmp(there.user_id, found.user_id) != 0);
    CHECK_INT(fw_store_key_ensure(k->store, same, "KEYsecret"), FW_INVALID);
    CHECK_INT(fw_store_key_ensure(k->store, 999, "c" KEY_A), FW_INVALID);
    char fresh[] = KEY_A;
    fresh[0] = 'c';
    CHECK_INT(fw_store_key_ensure(k->store, 999, fresh), FW_NOT_FOUND);
}

static void applications(void **state)
{
    struct kit *k = *state;
    struct fw_application a = kit_application(k->account, "https://a.example/1"), b = { 0 };
    snprintf(a.name, sizeof a.name, "B\303\274ro \"1\"");
    snprintf(a.webhook_failover_url, sizeof a.webhook_failover_url, "https://b.example/2");
    a.active = false;
    a.webhook_timeout_secs = 30;
    a.settings = strdup("{\"tags\":[\"x\"]}");
    a.created_at.us = k->application.created_at.us + 1;
    a.updated_at.us = 77;
    CHECK_INT(fw_store_application_create(k->store, &a), FW_OK);
    CHECK_INT(fw_store_application_create(k->store, &a), FW_CONFLICT);
    CHECK_INT(fw_store_application_get(k->store, k->account + 1, a.id, &b), FW_NOT_FOUND);
    CHECK_INT(fw_store_application_get(k->store, k->account, "1", &b), FW_NOT_FOUND);
    CHECK_INT(fw_store_application_get(k->store, k->account, a.id, &b), FW_OK);
    CHECK_TEXT(a.id, b.id);
    CHECK_INT(b.account, k->account);
    CHECK_TEXT(a.name, b.name);
    CHECK(!b.active);
    CHECK_TEXT(a.webhook_url, b.webhook_url);
    CHECK_TEXT(a.webhook_failover_url, b.webhook_failover_url);
    CHECK_INT(b.webhook_timeout_secs, 30);
    CHECK_TEXT(a.settings, b.settings);
    CHECK_INT(b.created_at.us, a.created_at.us);
    CHECK_INT(b.updated_at.us, 77);
    fw_application_done(&b);

    struct fw_application_page page = { 0 };
    CHECK_INT(fw_store_application_list(k->store, k->account, NULL, 1, 1, &page), FW_OK);
    CHECK_INT(page.count, 1);
    CHECK_INT(page.total, 2);
    CHECK_TEXT(page.items[0].id, a.id);
    fw_application_page_done(&page);
    CHECK_INT(fw_store_application_list(k->store, k->account, NULL, 2, 1, &page), FW_OK);
    CHECK_INT(page.count, 1);
    CHECK_TEXT(page.items[0].id, k->application.id);
    CHECK(!page.items[0].settings);
    fw_application_page_done(&page);
    CHECK_INT(fw_store_application_list(k->store, k->account, NULL, 0, 1, &page), FW_INVALID);
    a.account = 999;
    fw_numeric_id_new(a.id);
    CHECK_INT(fw_store_application_create(k->store, &a), FW_NOT_FOUND);
    fw_application_done(&a);
}

static void fill(char *dst, size_t dst_size, char with)
{
    memset(dst, with, dst_size - 1);
    dst[dst_size - 1] = '\0';
}

/* Each text at its longest, each number different from all others. */
static struct fw_fax full_fax(const struct kit *k)
{
    struct fw_fax f = kit_fax(k, 1700000000123456);
    fill(f.from, sizeof f.from, '1');
    fill(f.from_display_name, sizeof f.from_display_name, 'n');
    fill(f.to, sizeof f.to, '2');
    f.media_urls = strdup("[\"http://x/1\",\"http://x/2\"]");
    f.client_state = calloc(1, FW_CLIENT_STATE_MAX + 1);
    fw_assert(f.media_urls && f.client_state);
    fill(f.client_state, FW_CLIENT_STATE_MAX + 1, 's');
    fill(f.webhook_url, sizeof f.webhook_url, 'w');
    f.document_count = 3;
    f.quality = FW_QUALITY_ULTRA_DARK;
    f.black_threshold = 42;
    f.page_count = 5;
    f.pages_confirmed = 6;
    f.attempts = 7;
    f.modem = 8;
    f.due.us = 9;
    f.call_duration_secs = 10;
    f.bit_rate = 14400;
    f.transport = 11;
    f.updated_at.us = 12;
    fill(f.failure_reason, sizeof f.failure_reason, 'r');
    fill(f.failure_detail, sizeof f.failure_detail, 'd');
    fw_uuid_new(fw_wall_now(), f.call);
    return f;
}

static void same_text(const char *a, const char *b)
{
    CHECK_INT(!a, !b);
    if (a && b)
        CHECK_TEXT(a, b);
}

static void same_request(const struct fw_fax *a, const struct fw_fax *b)
{
    CHECK_TEXT(a->id, b->id);
    CHECK_INT(a->account, b->account);
    CHECK_TEXT(a->application, b->application);
    CHECK_TEXT(a->from, b->from);
    CHECK_TEXT(a->from_display_name, b->from_display_name);
    CHECK_TEXT(a->to, b->to);
    same_text(a->media_urls, b->media_urls);
    same_text(a->client_state, b->client_state);
    CHECK_TEXT(a->webhook_url, b->webhook_url);
    CHECK_INT(a->document_count, b->document_count);
    CHECK_INT(a->quality, b->quality);
    CHECK_INT(a->t38_enabled, b->t38_enabled);
    CHECK_INT(a->monochrome, b->monochrome);
    CHECK_INT(a->black_threshold, b->black_threshold);
    CHECK_INT(a->store_media, b->store_media);
    CHECK_INT(a->store_preview, b->store_preview);
    CHECK_INT(a->preview_pdf, b->preview_pdf);
    CHECK_INT(a->created_at.us, b->created_at.us);
}

static void same_progress(const struct fw_fax *a, const struct fw_fax *b)
{
    CHECK_INT(a->status, b->status);
    CHECK_TEXT(a->failure_reason, b->failure_reason);
    CHECK_TEXT(a->failure_detail, b->failure_detail);
    CHECK_INT(a->page_count, b->page_count);
    CHECK_INT(a->pages_confirmed, b->pages_confirmed);
    CHECK_INT(a->attempts, b->attempts);
    CHECK_INT(a->sending_told, b->sending_told);
    CHECK_TEXT(a->call, b->call);
    CHECK_INT(a->modem, b->modem);
    CHECK_INT(a->due.us, b->due.us);
    CHECK_INT(a->call_duration_secs, b->call_duration_secs);
    CHECK_INT(a->bit_rate, b->bit_rate);
    CHECK_INT(a->transport, b->transport);
    CHECK_INT(a->updated_at.us, b->updated_at.us);
}

/* One flag at a time, so that no two can be exchanged unseen. */
static void every_field_comes_back(void **state)
{
    struct kit *k = *state;
    for (int flag = 0; flag < 7; flag++) {
        struct fw_fax f = full_fax(k), g = { 0 };
        bool *const flags[] = { &f.t38_enabled,   &f.monochrome,  &f.store_media,
                                &f.store_preview, &f.preview_pdf, &f.sending_told };
        if ((size_t)flag < ARRAY_LEN(flags))
            *flags[flag] = true;
        kit_accept(k, &f);
        CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
        same_request(&f, &g);
        same_progress(&f, &g);
        fw_fax_done(&f);
        fw_fax_done(&g);
    }
    struct fw_fax least = kit_fax(k, 5), g = { 0 };
    kit_accept(k, &least);
    CHECK_INT(fw_store_fax_get(k->store, 0, least.id, &g), FW_OK);
    same_request(&least, &g);
    same_progress(&least, &g);
    CHECK(!g.media_urls && !g.client_state);
}

static void every_status_and_quality_comes_back(void **state)
{
    struct kit *k = *state;
    for (int i = 0; i < FW_STATUS_COUNT; i++) {
        struct fw_fax f = kit_fax(k, i), g = { 0 };
        f.status = (enum fw_status)i;
        f.quality = (enum fw_quality)(i % FW_QUALITY_COUNT);
        kit_accept(k, &f);
        CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
        CHECK_INT(g.status, f.status);
        CHECK_INT(g.quality, f.quality);
    }
}

static void accept_refuses(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 1), g = { 0 };
    struct fw_event e = kit_event(&f, FW_EVENT_QUEUED, 1);
    struct fw_event_page events = { 0 };
    snprintf(f.application, sizeof f.application, "1");
    CHECK_INT(fw_store_fax_accept(k->store, &f, &e), FW_NOT_FOUND);
    CHECK_INT(e.seq, 0);
    snprintf(f.application, sizeof f.application, "%s", k->application.id);
    f.account = k->account + 1;
    CHECK_INT(fw_store_fax_accept(k->store, &f, &e), FW_NOT_FOUND);
    CHECK_INT(fw_store_fax_get(k->store, 0, f.id, &g), FW_NOT_FOUND);
    f.account = k->account;
    CHECK_INT(fw_store_fax_accept(k->store, &f, &e), FW_OK);
    CHECK_INT(fw_store_fax_accept(k->store, &f, &e), FW_CONFLICT);
    CHECK_INT(fw_store_fax_get(k->store, k->account + 1, f.id, &g), FW_NOT_FOUND);
    CHECK_INT(fw_store_event_list(k->store, f.id, 0, 10, &events), FW_OK);
    CHECK_INT(events.count, 1);
    fw_event_page_done(&events);
    fw_event_done(&e);
}

static void a_change_that_is_not_in_the_table_is_refused(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 3), g = { 0 };
    struct fw_event_page events = { 0 };
    kit_accept(k, &f);
    for (int from = 0; from < FW_STATUS_COUNT; from++) {
        for (int to = 0; to < FW_STATUS_COUNT; to++) {
            if (from == to || fw_status_may_become((enum fw_status)from, (enum fw_status)to))
                continue;
            struct fw_event e = kit_event(&f, FW_EVENT_DELIVERED, 5);
            f.status = (enum fw_status)to;
            const struct fw_fax_ending ending = { &f, (enum fw_status)from };
            CHECK_INT(fw_store_fax_save(k->store, &f, (enum fw_status)from, &e, 1), FW_INVALID);
            CHECK_INT(fw_store_fax_save_all(k->store, &ending, 1, &e, 1), FW_OK); /* left out */
            fw_event_done(&e);
        }
    }
    CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
    CHECK_INT(g.status, FW_STATUS_QUEUED);
    CHECK_INT(fw_store_event_list(k->store, f.id, 0, 10, &events), FW_OK);
    CHECK_INT(events.count, 1);
    fw_event_page_done(&events);
    fw_fax_done(&g);
}

static void save_writes_progress_only(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 3), full = full_fax(k), g = { 0 };
    struct fw_event events[3];
    kit_accept(k, &f);
    memcpy(full.id, f.id, sizeof full.id);
    full.status = FW_STATUS_MEDIA_PROCESSED;
    full.sending_told = true;
    for (int i = 0; i < 3; i++)
        events[i] = kit_event(&f, i == 0 ? FW_EVENT_MEDIA_PROCESSED : FW_EVENT_DIALLING, 4 + i);
    CHECK_INT(fw_store_fax_save(k->store, &full, FW_STATUS_QUEUED, events, 3), FW_OK);
    CHECK(events[0].seq < events[1].seq && events[1].seq < events[2].seq);
    CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
    same_request(&f, &g);
    same_progress(&full, &g);
    fw_fax_done(&g);
    /* The same status again, without an event. */
    full.attempts = 100;
    CHECK_INT(fw_store_fax_save(k->store, &full, FW_STATUS_MEDIA_PROCESSED, NULL, 0), FW_OK);
    CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
    CHECK_INT(g.attempts, 100);
    for (int i = 0; i < 3; i++)
        fw_event_done(&events[i]);
    fw_fax_done(&full);
}

static void a_stale_save_writes_nothing(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 3), g = { 0 };
    struct fw_event_page events = { 0 };
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 4);
    struct fw_event e = kit_event(&f, FW_EVENT_MEDIA_PROCESSED, 5);
    f.status = FW_STATUS_MEDIA_PROCESSED;
    f.page_count = 9;
    CHECK_INT(fw_store_fax_save(k->store, &f, FW_STATUS_QUEUED, &e, 1), FW_CONFLICT);
    CHECK_INT(e.seq, 0);
    CHECK_INT(fw_store_fax_get(k->store, k->account, f.id, &g), FW_OK);
    CHECK_INT(g.status, FW_STATUS_FAILED);
    CHECK_INT(g.page_count, 0);
    CHECK_INT(fw_store_event_list(k->store, f.id, 0, 10, &events), FW_OK);
    CHECK_INT(events.count, 2);
    fw_event_page_done(&events);
    fw_event_done(&e);
    struct fw_fax unknown = kit_fax(k, 3);
    CHECK_INT(fw_store_fax_save(k->store, &unknown, FW_STATUS_QUEUED, NULL, 0), FW_NOT_FOUND);
}

static void events_in_order(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 1), other = kit_fax(k, 1);
    struct fw_event made[FW_EVENT_COUNT];
    struct fw_event_page page = { 0 };
    kit_accept(k, &f);
    kit_accept(k, &other);
    for (int i = 0; i < FW_EVENT_COUNT; i++)
        made[i] = kit_event(&f, (enum fw_event_kind)i, 100 - i);
    CHECK_INT(fw_store_fax_save(k->store, &f, FW_STATUS_QUEUED, made, FW_EVENT_COUNT), FW_OK);
    CHECK_INT(fw_store_event_list(k->store, f.id, made[0].seq - 1, 100, &page), FW_OK);
    CHECK_INT(page.count, FW_EVENT_COUNT);
    for (int i = 0; i < page.count; i++) {
        CHECK_INT(page.items[i].seq, made[i].seq);
        CHECK_TEXT(page.items[i].id, made[i].id);
        CHECK_TEXT(page.items[i].fax, f.id);
        CHECK_INT(page.items[i].kind, i);
        CHECK_INT(page.items[i].at.us, 100 - i);
        CHECK_TEXT(page.items[i].payload, made[i].payload);
        fw_event_done(&made[i]);
    }
    const int64_t third = page.items[2].seq;
    fw_event_page_done(&page);
    CHECK_INT(fw_store_event_list(k->store, f.id, third, 2, &page), FW_OK);
    CHECK_INT(page.count, 2);
    CHECK_INT(page.items[0].kind, 3);
    fw_event_page_done(&page);
    CHECK_INT(fw_store_event_list(k->store, "nobody", 0, 2, &page), FW_OK);
    CHECK_INT(page.count, 0);
    CHECK_INT(fw_store_event_list(k->store, f.id, 0, 0, &page), FW_INVALID);
}

static void unfinished_oldest_first(void **state)
{
    struct kit *k = *state;
    struct fw_fax faxes[FW_STATUS_COUNT];
    struct fw_fax_page page = { 0 };
    for (int i = 0; i < FW_STATUS_COUNT; i++) {
        faxes[i] = kit_fax(k, 100 - i);
        faxes[i].status = (enum fw_status)i;
        faxes[i].direction = i >= FW_STATUS_INITIATED ? FW_INBOUND : FW_OUTBOUND;
        kit_accept(k, &faxes[i]);
    }
    kit_reopen(k);
    CHECK_INT(fw_store_fax_unfinished(k->store, FW_OUTBOUND, &page), FW_OK);
    CHECK_INT(page.count, FW_STATUS_SENDING + 1);
    for (int i = 0; i < page.count; i++)
        CHECK_TEXT(page.items[i].id, faxes[FW_STATUS_SENDING - i].id);
    fw_fax_page_done(&page);
    CHECK_INT(fw_store_fax_unfinished(k->store, FW_INBOUND, &page), FW_OK);
    CHECK_INT(page.count, FW_STATUS_RECEIVED - FW_STATUS_INITIATED);
    for (int i = 0; i < page.count; i++) {
        CHECK_TEXT(page.items[i].id, faxes[FW_STATUS_MEDIA_PROCESSING - i].id);
        CHECK_INT(page.items[i].direction, FW_INBOUND);
    }
    fw_fax_page_done(&page);
}

static void fax_folders(void **state)
{
    struct kit *k = *state;
    char made[256], named[256], want[256];
    struct stat st;
    const char *id = "01234567-89ab-7def-8123-456789abcdef";
    CHECK_INT(fw_store_fax_dir_make(k->store, id, made, sizeof made), FW_OK);
    CHECK_INT(fw_store_fax_dir_make(k->store, id, made, sizeof made), FW_OK);
    fw_store_fax_dir(k->store, id, named, sizeof named);
    snprintf(want, sizeof want, "%s/faxes/ef/%s", k->dir, id);
    CHECK_TEXT(made, want);
    CHECK_TEXT(named, want);
    CHECK(stat(made, &st) == 0 && S_ISDIR(st.st_mode));
    CHECK_TEXT(fw_store_data_dir(k->store), k->dir);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(accounts_and_keys),
        CASE(applications),
        CASE(every_field_comes_back),
        CASE(every_status_and_quality_comes_back),
        CASE(accept_refuses),
        CASE(a_change_that_is_not_in_the_table_is_refused),
        CASE(save_writes_progress_only),
        CASE(a_stale_save_writes_nothing),
        CASE(events_in_order),
        CASE(unfinished_oldest_first),
        CASE(fax_folders),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
