/* Cancelling and deleting: what stays, for how long, and that nothing stays at last. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/webhooks.h"
#include "store_kit.h"

static int64_t count(struct kit *k, const char *table)
{
    char path[128], sql[64];
    struct fw_fault fault = { 0 };
    struct fw_db db CLEANUP(fw_db_close) = { 0 };
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    CHECK_INT(fw_db_open(path, false, &db, &fault), FW_OK);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(&db, sql);
    CHECK_INT(fw_stmt_row(&q), FW_OK);
    return fw_stmt_int64(&q);
}

static bool shown(struct kit *k, const struct fw_fax *f)
{
    struct fw_fax got CLEANUP(fw_fax_done) = { 0 };
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    const bool found = fw_store_fax_get(k->store, k->account, f->id, &got) == FW_OK;
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, 1, 10, &page), FW_OK);
    CHECK_INT(page.total, found);
    CHECK_INT(page.count, found);
    return found;
}

static void settle_all(struct kit *k, bool taken)
{
    static const struct fw_attempt ok = { .http_status = 200 }, refused = { .http_status = 500 };
    for (;;) {
        struct fw_delivery_page page CLEANUP(fw_delivery_page_done) = { 0 };
        struct fw_wall next;
        CHECK_INT(fw_store_delivery_due(k->store, fw_wall_now(), NULL, 0, 1, &page, &next), FW_OK);
        if (page.count == 0)
            return;
        if (taken)
            CHECK_INT(fw_store_delivery_done(k->store, page.items[0].id, &ok), FW_OK);
        else
            CHECK_INT(fw_store_delivery_retry(k->store, page.items[0].id, &refused,
                                              (struct fw_wall){ 0 }), FW_OK);
    }
}

static void make_files(struct kit *k, const struct fw_fax *f, char folder[512])
{
    char path[600];
    CHECK_INT(fw_store_fax_dir_make(k->store, f->id, folder, 512), FW_OK);
    snprintf(path, sizeof path, "%s/document-1", folder);
    CHECK_INT(fw_file_write(path, fw_span_of("x"), 0600), FW_OK);
}

static bool there(const char *folder)
{
    struct stat st;
    return lstat(folder, &st) == 0;
}

static void a_wish_is_kept_and_not_overwritten(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10), got = { 0 };
    kit_accept(k, &f);
    CHECK_INT(fw_store_fax_cancel(k->store, k->account, f.id, fw_wall_now()), FW_OK);
    CHECK_INT(fw_store_fax_cancel(k->store, k->account, f.id, fw_wall_now()), FW_OK); /* again */
    /* The queue saves the fax as it knew it before. */
    kit_save(k, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED, 11);
    kit_reopen(k);
    CHECK_INT(fw_store_fax_get(k->store, 0, f.id, &got), FW_OK);
    CHECK(got.cancel_asked);
    fw_fax_done(&got);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 12);
    CHECK_INT(fw_store_fax_cancel(k->store, k->account, f.id, fw_wall_now()), FW_CONFLICT);
    CHECK(shown(k, &f));
}

static void only_ones_own(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10);
    bool is_live;
    kit_accept(k, &f);
    const int64_t other = k->account + 1;
    CHECK_INT(fw_store_fax_cancel(k->store, other, f.id, fw_wall_now()), FW_NOT_FOUND);
    CHECK_INT(fw_store_fax_delete(k->store, other, f.id, fw_wall_now(), &is_live), FW_NOT_FOUND);
    CHECK(shown(k, &f));
}

static void a_final_fax_goes_with_its_last_webhook(void **state)
{
    for (int taken = 0; taken <= 1; taken++) {
        struct kit *k = *state;
        struct fw_fax f = kit_fax(k, 10);
        char folder[512];
        bool is_live = true;
        kit_accept(k, &f);
        make_files(k, &f, folder);
        kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 12);
        CHECK_INT(fw_store_fax_delete(k->store, k->account, f.id, fw_wall_now(), &is_live), FW_OK);
        CHECK(!is_live);
        CHECK(!shown(k, &f));
        CHECK_INT(fw_store_fax_delete(k->store, k->account, f.id, fw_wall_now(), &is_live), FW_NOT_FOUND);
        CHECK_INT(fw_store_fax_cancel(k->store, k->account, f.id, fw_wall_now()), FW_NOT_FOUND);
        CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
        CHECK(!there(folder));
        CHECK_INT(count(k, "fax_removal"), 0);
        CHECK_INT(count(k, "delivery"), 2); /* are still told */
        settle_all(k, taken);
        CHECK_INT(count(k, "delivery"), 0);
        CHECK_INT(count(k, "webhook_attempt"), 0);
        CHECK_INT(count(k, "event"), 0);
        CHECK_INT(count(k, "fax"), 0);
        CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
        CHECK_INT(count(k, "fax_removal"), 0);
    }
}

static void a_final_fax_that_is_all_told_goes_at_once(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10);
    bool is_live = true;
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 12);
    settle_all(k, true);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, f.id, fw_wall_now(), &is_live), FW_OK);
    CHECK_INT(count(k, "fax"), 0);
    CHECK_INT(count(k, "event"), 0);
}

static void a_live_fax_is_hidden_and_goes_when_it_ends(void **state)
{
    struct kit *k = *state;
    struct fw_fax f = kit_fax(k, 10), got = { 0 };
    struct fw_fax_page unfinished = { 0 };
    char folder[512];
    bool is_live = false;
    kit_accept(k, &f);
    make_files(k, &f, folder);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, f.id, fw_wall_now(), &is_live), FW_OK);
    CHECK(is_live);
    CHECK(!shown(k, &f));
    CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
    CHECK(there(folder)); /* somebody may be at work in it */
    settle_all(k, true);  /* of fax.queued: it is not over */
    kit_reopen(k);
    CHECK_INT(fw_store_fax_unfinished(k->store, FW_OUTBOUND, &unfinished), FW_OK);
    CHECK_INT(unfinished.count, 1);
    CHECK(unfinished.items[0].cancel_asked);
    fw_fax_page_done(&unfinished);
    CHECK_INT(fw_store_fax_get(k->store, 0, f.id, &got), FW_OK); /* our own rooms see it */
    fw_fax_done(&got);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 12);
    kit_reopen(k); /* killed before anybody swept */
    CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
    CHECK(!there(folder));
    CHECK_INT(count(k, "fax"), 1);
    settle_all(k, true);
    CHECK_INT(count(k, "fax"), 0);
}

static void documents_that_were_never_accepted_go_at_the_next_start(void **state)
{
    struct kit *k = *state;
    struct fw_fax accepted = kit_fax(k, 1), deleted = kit_fax(k, 1), stray = kit_fax(k, 1), coming = kit_fax(k, 1),
                  unknown = kit_fax(k, 1);
    struct fw_fax *const all[] = { &accepted, &deleted, &stray, &coming, &unknown };
    char folders[ARRAY_LEN(all)][512], other[600], pages[600];
    bool live = false;
    const struct fw_wall start = { 2000000000000000 }, later = { start.us + 1000 }, earlier = { start.us - 1000 };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        fw_uuid_new(all[i] == &coming ? later : earlier, all[i]->id);
        make_files(k, all[i], folders[i]);
    }
    kit_accept(k, &accepted);
    kit_accept(k, &deleted);
    kit_save(k, &deleted, FW_STATUS_FAILED, FW_EVENT_FAILED, 12);
    settle_all(k, true);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, deleted.id, later, &live), FW_OK);
    snprintf(other, sizeof other, "%.*s/somebody's", (int)(strrchr(folders[2], '/') - folders[2]), folders[2]);
    CHECK_INT(fw_dir_make(other), FW_OK);
    snprintf(pages, sizeof pages, "%s/pages.tif", folders[4]);
    CHECK_INT(fw_file_write(pages, fw_span_of("x"), 0600), FW_OK);
    kit_reopen(k);
    for (int part = 0; part < FW_FAX_PARTS; part++)
        fw_store_fax_strays(k->store, part, start);
    CHECK(there(folders[0]));
    CHECK(there(folders[1])); /* the sweep's, which puts it on record */
    CHECK(!there(folders[2]));
    CHECK(there(folders[3])); /* its row may be on the way */
    CHECK(there(other));
    CHECK(there(pages)); /* somebody's fax once: the database may be an older one */
    CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
    CHECK(!there(folders[1]));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_wish_is_kept_and_not_overwritten),
        CASE(only_ones_own),
        CASE(a_final_fax_goes_with_its_last_webhook),
        CASE(a_final_fax_that_is_all_told_goes_at_once),
        CASE(a_live_fax_is_hidden_and_goes_when_it_ends),
        CASE(documents_that_were_never_accepted_go_at_the_next_start),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
