/* Batches that are written in slices: none of their faxes is lost or written twice, and what is not written counts. */
#include "store/batches.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fax/fax_json.h"
#include "store_kit.h"

enum { MANY = 600, KILLS_MAX = 60 };

struct asked {
    struct fw_batch row;
    struct fw_fax draft;
    json_t *recipients; /* owned */
};

static void asked_done(struct asked *a) { json_decref(a->recipients); }

static struct asked batch_of(struct kit *k, int count)
{
    static char state[] = "YQ==", metadata[] = "{\"order\":\"none\"}";
    struct asked a = { .draft = kit_fax(k, 10), .recipients = json_array() };
    a.draft.client_state = state;
    a.draft.metadata = metadata;
    a.row = (struct fw_batch){ .account = k->account, .recipients = count, .created_at = { 10 } };
    snprintf(a.row.id, sizeof a.row.id, "%s", a.draft.id);
    snprintf(a.row.application, sizeof a.row.application, "%s", a.draft.application);
    for (int i = 0; i < count; i++) {
        char id[FW_UUID_SIZE], to[32];
        fw_uuid_new(fw_wall_now(), id);
        snprintf(to, sizeof to, "+1312%07d", i);
        CHECK_INT(json_array_append_new(a.recipients, json_pack("{ss ss}", "id", id, "to", to)), 0);
    }
    return a;
}

static enum fw_err admit(struct kit *k, const struct asked *a, int slice, const char *key)
{
    struct fw_once once = { .scope = "POST /v2/fax_batches", .expires_at = { INT64_MAX } };
    const struct fw_admission terms = { .names = &once, .name_count = key ? 1 : 0, .request_sha256 = "same", .status = 202,
                                        .text = "accepted", .now = { 10 } };
    const struct fw_batch_order order = { .fax = &a->draft, .recipients = a->recipients, .slice = slice };
    snprintf(once.key, sizeof once.key, "%s", key ? key : "");
    return fw_store_batch_admit(k->store, &a->row, &order, &terms, 0);
}

static int64_t number(struct kit *k, const char *sql)
{
    char path[128];
    struct fw_fault fault = { 0 };
    struct fw_db db CLEANUP(fw_db_close) = { 0 };
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    CHECK_INT(fw_db_open(path, false, &db, &fault), FW_OK);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(&db, sql);
    CHECK_INT(fw_stmt_row(&q), FW_OK);
    return fw_stmt_int64(&q);
}

static const char *id_of(const struct asked *a, int i)
{
    return json_string_value(json_object_get(json_array_get(a->recipients, (size_t)i), "id"));
}

/* The first `written` of its faxes are there, each with one event, and the others are counted as queued. */
static void check_written(struct kit *k, const struct asked *a, int written)
{
    struct fw_batch b;
    for (int i = 0; i < a->row.recipients; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        struct fw_event_page events = { 0 };
        CHECK_INT(fw_store_fax_get(k->store, k->account, id_of(a, i), &f), i < written ? FW_OK : FW_NOT_FOUND);
        CHECK_INT(fw_store_event_list(k->store, id_of(a, i), 0, 10, &events), FW_OK);
        CHECK_INT(events.count, i < written);
        if (i < written) {
            CHECK_TEXT(f.batch, a->row.id);
            CHECK_TEXT(f.to, json_string_value(json_object_get(json_array_get(a->recipients, (size_t)i), "to")));
        }
        fw_event_page_done(&events);
    }
    CHECK_INT(number(k, "SELECT count(*) FROM fax"), written);
    CHECK_INT(fw_store_batch_get(k->store, k->account, a->row.id, &b), FW_OK);
    CHECK_INT(b.counts[FW_STATUS_QUEUED], a->row.recipients);
    CHECK_INT(b.recipients, a->row.recipients);
}

static void check_slice(struct kit *k, bool last, bool canceled)
{
    struct fw_slice slice;
    CHECK_INT(fw_store_batch_slice(k->store, fw_wall_now(), &slice), FW_OK);
    CHECK(slice.last == last && slice.canceled == canceled);
}

static void ends(struct kit *k, const char *id, int64_t at_us)
{
    struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
    CHECK_INT(fw_store_fax_get(k->store, 0, id, &f), FW_OK);
    f.updated_at.us = at_us;
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, at_us);
}

static void it_is_written_in_slices_and_each_once(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 5);
    struct fw_slice slice;
    char id[FW_UUID_SIZE];
    CHECK_INT(fw_store_batch_slice(k->store, fw_wall_now(), &slice), FW_NOT_FOUND);
    CHECK_INT(admit(k, &a, 2, NULL), FW_OK);
    check_written(k, &a, 2);
    check_slice(k, false, false);
    check_written(k, &a, 4);
    CHECK_INT(fw_store_batch_to_prepare(k->store, id), FW_NOT_FOUND); /* for all of them at once */
    kit_reopen(k); /* the next start goes on */
    check_slice(k, true, false);
    check_written(k, &a, 5);
    CHECK_INT(fw_store_batch_slice(k->store, fw_wall_now(), &slice), FW_NOT_FOUND);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_slice"), 0);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_draft"), 0);
    CHECK_INT(fw_store_batch_to_prepare(k->store, id), FW_OK);
    CHECK_TEXT(id, a.row.id);
}

static void one_slice_is_written_at_once(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 2);
    struct fw_slice slice;
    CHECK_INT(admit(k, &a, 2, NULL), FW_OK);
    check_written(k, &a, 2);
    CHECK_INT(fw_store_batch_slice(k->store, fw_wall_now(), &slice), FW_NOT_FOUND);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_draft"), 0);
}

static void check_text(const char *is, const char *expected)
{
    CHECK((is != NULL) == (expected != NULL));
    if (is)
        CHECK_TEXT(is, expected);
}

/* Of the first, which are written from the request, and of the others, which are read again. */
static void each_has_what_is_its_own(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 6);
    static const char *const metadata[] = { "{\"order\":\"1\"}", NULL, "{\"order\":\"none\"}" };
    for (int i = 0; i < 6; i++) {
        json_t *one = json_array_get(a.recipients, (size_t)i);
        if (i % 3 < 2)
            CHECK_INT(json_object_set_new(one, "metadata", i % 3 ? json_object() : json_pack("{ss}", "order", "1")), 0);
        if (i % 3 == 1)
            CHECK_INT(json_object_set_new(one, "client_state", json_string("Yg==")), 0);
    }
    a.draft.priority = FW_PRIORITY_LOW;
    snprintf(a.draft.subaddress, sizeof a.draft.subaddress, "77");
    CHECK_INT(admit(k, &a, 3, NULL), FW_OK);
    check_slice(k, true, false);
    for (int i = 0; i < 6; i++) {
        struct fw_fax f CLEANUP(fw_fax_done) = { 0 };
        CHECK_INT(fw_store_fax_get(k->store, k->account, id_of(&a, i), &f), FW_OK);
        check_text(f.metadata, metadata[i % 3]);
        check_text(f.client_state, i % 3 == 1 ? "Yg==" : "YQ==");
        CHECK_TEXT(f.subaddress, "77");
        CHECK_INT(f.priority, FW_PRIORITY_LOW);
        CHECK_INT(f.created_at.us, 10);
        CHECK_INT(f.modem, -1);
    }
}

static void the_older_one_comes_first(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 5), b CLEANUP(asked_done) = batch_of(k, 2);
    struct fw_slice slice;
    CHECK_INT(admit(k, &a, 2, NULL), FW_OK);
    CHECK_INT(admit(k, &b, 1, NULL), FW_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(fw_store_batch_slice(k->store, fw_wall_now(), &slice), FW_OK);
        CHECK_TEXT(slice.batch, i < 2 ? a.row.id : b.row.id);
        CHECK(slice.last == (i > 0));
    }
}

static void what_is_asked_again_leaves_nothing(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 5), again CLEANUP(asked_done) = batch_of(k, 5);
    struct fw_batch b;
    CHECK_INT(admit(k, &a, 2, "key"), FW_OK);
    CHECK_INT(admit(k, &again, 2, "key"), FW_CONFLICT);
    CHECK_INT(fw_store_batch_get(k->store, 0, again.row.id, &b), FW_NOT_FOUND);
    check_slice(k, false, false);
    check_slice(k, true, false);
    CHECK_INT(admit(k, &again, 2, "key"), FW_CONFLICT);
    check_written(k, &a, 5);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_slice"), 0);
}

/* A wish between two slices is for those that are not written, too; and it is complete with the last of all. */
static void a_cancel_between_slices_is_for_all(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 5);
    struct fw_batch b;
    CHECK_INT(admit(k, &a, 2, NULL), FW_OK);
    CHECK_INT(fw_store_batch_cancel(k->store, k->account, a.row.id, (struct fw_wall){ 20 }), FW_OK);
    ends(k, id_of(&a, 0), 30);
    ends(k, id_of(&a, 1), 31);
    CHECK_INT(fw_store_batch_get(k->store, k->account, a.row.id, &b), FW_OK);
    CHECK_INT(b.completed_at.us, 0);
    CHECK(b.counts[FW_STATUS_QUEUED] == 3 && b.counts[FW_STATUS_FAILED] == 2);
    check_slice(k, false, true);
    check_slice(k, true, true);
    CHECK_INT(number(k, "SELECT count(*) FROM fax WHERE cancel_us = 20"), 5);
    for (int i = 2; i < 5; i++) {
        CHECK_INT(number(k, "SELECT completed_us FROM fax_batch"), 0);
        ends(k, id_of(&a, i), 40 + i);
    }
    CHECK_INT(number(k, "SELECT completed_us FROM fax_batch"), 44);
    CHECK_INT(number(k, "SELECT count(*) FROM event WHERE kind = 'fax.batch.completed'"), 1);
    CHECK_INT(fw_store_batch_cancel(k->store, k->account, a.row.id, fw_wall_now()), FW_CONFLICT);
}

/* Neither its documents nor its application go while some of its faxes are not written. */
static void what_the_others_need_stays(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, 2);
    bool is_live;
    CHECK_INT(admit(k, &a, 1, NULL), FW_OK);
    ends(k, id_of(&a, 0), 20);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, id_of(&a, 0), fw_wall_now(), &is_live), FW_OK);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_removal"), 1); /* of the fax */
    CHECK_INT(fw_store_application_delete(k->store, k->account, k->application.id, fw_wall_now()), FW_CONFLICT);
    check_slice(k, true, false);
    ends(k, id_of(&a, 1), 30);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, id_of(&a, 1), fw_wall_now(), &is_live), FW_OK);
    CHECK_INT(number(k, "SELECT count(*) FROM fax_removal"), 3);
    CHECK_INT(fw_store_application_delete(k->store, k->account, k->application.id, fw_wall_now()), FW_OK);
}

static _Noreturn void child_goes_on(struct kit *k)
{
    struct fw_fault fault = { 0 };
    struct fw_slice slice;
    enum fw_err err = fw_store_open(k->dir, &fault, &k->store);
    while (!err)
        err = fw_store_batch_slice(k->store, fw_wall_now(), &slice);
    _exit(err == FW_NOT_FOUND ? 0 : 1);
}

static void a_kill_loses_none_and_doubles_none(void **state)
{
    struct kit *k = *state;
    struct asked a CLEANUP(asked_done) = batch_of(k, MANY);
    int kills = 0, status = 0;
    CHECK_INT(admit(k, &a, 2, NULL), FW_OK);
    fw_store_close(TAKE(k->store));
    for (bool done = false; !done && kills < KILLS_MAX; kills += !done) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            child_goes_on(k);
        usleep((useconds_t)(2000 + kills * 1000)); /* later each time, so that it gets on wherever it runs */
        (void)kill(child, SIGKILL);
        CHECK_INT(waitpid(child, &status, 0), child);
        done = WIFEXITED(status);
        CHECK(!done || WEXITSTATUS(status) == 0);
    }
    kit_reopen(k);
    print_message("# %d of %d are written after %d kills\n", (int)number(k, "SELECT count(*) FROM fax"), MANY, kills);
    struct fw_slice slice;
    enum fw_err err = FW_OK;
    while (!err)
        err = fw_store_batch_slice(k->store, fw_wall_now(), &slice);
    CHECK_INT(err, FW_NOT_FOUND);
    check_written(k, &a, MANY);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
    const struct CMUnitTest cases[] = {
        CASE(it_is_written_in_slices_and_each_once),
        CASE(one_slice_is_written_at_once),
        CASE(each_has_what_is_its_own),
        CASE(the_older_one_comes_first),
        CASE(what_is_asked_again_leaves_nothing),
        CASE(a_cancel_between_slices_is_for_all),
        CASE(what_the_others_need_stays),
        CASE(a_kill_loses_none_and_doubles_none),
    };
    return cmocka_run_group_tests_name("store batch", cases, NULL, NULL);
}
