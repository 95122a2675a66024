/* Cancelling a fax, wherever it is; it wins or loses cleanly, and outlives a restart. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fax/attempt.h"
#include "store/attempts.h"
#include "world.h"

static void ask(struct world *w, const char *id)
{
    CHECK_INT(fw_store_fax_cancel(w->store, w->account, id, fw_wall_now()), FW_OK);
}

static void cancel(struct world *w, const char *id)
{
    ask(w, id);
    fw_queue_cancel(w->queue, id);
}

static void check_canceled(struct world *w, const char *id, int attempts)
{
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_TEXT(f.failure_reason, "sender_canceled");
    CHECK_INT(f.attempts, attempts);
    CHECK(f.cancel_asked);
    fw_fax_done(&f);
}

/* A fax that is cancelled must not keep the others from going on. */
static void check_goes_on(struct world *w)
{
    char id[FW_UUID_SIZE];
    const int calls = w->placed_count;
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, calls + 1);
    result(w, p.call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
}

static void while_its_documents_are_prepared(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    atomic_store(&w->hold, true);
    accept_fax(w, id);
    wait_for(w, &w->preparing, 1);
    cancel(w, id);
    check_canceled(w, id, 0); /* `hold` is still set: the worker was told to stop */
    check_events(w, id, "fax.queued cancel.asked fax.failed");
    atomic_store(&w->hold, false);
    check_goes_on(w);
}

static void while_others_are_prepared(void **state)
{
    struct world *w = *state;
    char first[FW_UUID_SIZE], second[FW_UUID_SIZE], third[FW_UUID_SIZE];
    atomic_store(&w->hold, true);
    accept_fax(w, first);
    wait_for(w, &w->preparing, 1);
    accept_fax(w, second);
    accept_fax(w, third);
    cancel(w, third); /* the last in the row, then the one before: both ends are mended */
    cancel(w, second);
    check_canceled(w, third, 0);
    check_canceled(w, second, 0);
    atomic_store(&w->hold, false);
    result(w, placed(w, 1).call, 1, 0, PAGES);
    struct fw_fax f = ended(w, first);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
    check_goes_on(w);
    CHECK_INT(w->preparing, 2); /* neither was begun */
}

static void before_the_queue_has_heard_of_it(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    fw_queue_line(w->queue, false);
    accept_fax(w, id);
    ask(w, id);
    fw_queue_cancel(w->queue, id);
    fw_queue_cancel(w->queue, id);
    check_canceled(w, id, 0);
}

static void while_it_waits_for_its_call(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    fw_queue_line(w->queue, false);
    accept_fax(w, id);
    for (bool waits = false; !waits; usleep(1000)) {
        struct fw_fax f = { 0 };
        CHECK_INT(fw_store_fax_get(w->store, w->account, id, &f), FW_OK);
        waits = f.status == FW_STATUS_MEDIA_PROCESSED;
        fw_fax_done(&f);
    }
    cancel(w, id);
    check_canceled(w, id, 0);
    fw_queue_line(w->queue, true);
    check_goes_on(w);
    CHECK_INT(w->placed_count, 1); /* of the other one */
}

static void while_it_rings(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    cancel(w, id);
    wait_for(w, &w->cancels, 1);
    struct fw_fax f = { 0 };
    CHECK_INT(fw_store_fax_get(w->store, w->account, id, &f), FW_OK);
    CHECK_INT(f.status, FW_STATUS_ORIGINATED); /* not over before the line says so */
    fw_fax_done(&f);
    call_ended(w, p.call, FW_CAUSE_CANCELED, 487);
    check_canceled(w, id, 1);
    check_goes_on(w);
}

static void while_pages_are_sent(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    cancel(w, id);
    wait_for(w, &w->cancels, 1);
    result(w, p.call, 1, 49, 1);
    call_ended(w, p.call, FW_CAUSE_CANCELED, 200);
    check_canceled(w, id, 1);
    check_events(w, id, "fax.queued fax.media.processed call.dialling fax.sending.started call.negotiated"
                        " cancel.asked fax.failed");
}

static void too_late_is_delivered(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    cancel(w, id);
    wait_for(w, &w->cancels, 1);
    result(w, p.call, 1, 0, PAGES); /* it crossed our wish */
    call_ended(w, p.call, FW_CAUSE_CANCELED, 200);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_TEXT(f.failure_reason, "");
    fw_fax_done(&f);
    CHECK_INT(fw_store_fax_cancel(w->store, w->account, id, fw_wall_now()), FW_CONFLICT);
}

static void is_not_dialled_again(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    cancel(w, id);
    wait_for(w, &w->cancels, 1);
    call_ended(w, p.call, FW_CAUSE_MODEM_LOST, 200);
    check_canceled(w, id, 1);
}

/* What the far end said crosses the wish: it would have been dialled again, and nobody wants that any more. */
static void is_not_dialled_again_when_a_policy_would(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    char retry[] = "{\"policy\":\"standard\"}";
    accept_as(w, (struct fw_fax){ .to = "+12005550100", .priority = FW_PRIORITY_NORMAL, .retry = retry }, id);
    const struct fw_msg_call_place p = placed(w, 1);
    cancel(w, id);
    wait_for(w, &w->cancels, 1);
    call_ended(w, p.call, FW_CAUSE_REJECTED, 486);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_INT(f.attempts, 1);
    CHECK_TEXT(f.failure_reason, "sender_canceled");
    fw_fax_done(&f);
    struct fw_fax_attempt a = { 0 };
    CHECK_INT(fw_store_attempt_get(w->store, id, 1, &a), FW_OK);
    CHECK_TEXT(a.reason, "user_busy");
    fw_fax_attempt_done(&a);
    check_events(w, id, "fax.queued fax.media.processed call.dialling cancel.asked fax.failed");
}

/* The line is gone, T.30 goes on in the modem: it is told directly. */
static void without_a_line(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    fw_queue_line(w->queue, false);
    cancel(w, id);
    wait_for(w, &w->closes, 1);
    result(w, p.call, 1, 49, 0);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_INT(f.attempts, 1);
    fw_fax_done(&f);
}

static void outlives_a_restart_before_the_call(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    atomic_store(&w->hold, true);
    accept_fax(w, id);
    wait_for(w, &w->preparing, 1);
    ask(w, id); /* killed before the queue was told */
    close_world(w);
    atomic_store(&w->hold, false);
    open_world(w);
    check_canceled(w, id, 0);
    CHECK_INT(w->placed_count, 0);
}

static void outlives_a_restart_in_the_call(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    ask(w, id);
    restart(w, p.call, 0, false);
    check_canceled(w, id, 1);
    CHECK_INT(w->placed_count, 1);
}

static void a_restart_after_the_last_page_delivers(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    ask(w, id);
    restart(w, p.call, PAGES, true);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
}

static void folder_of(struct world *w, const char *id, char dst[512])
{
    fw_store_fax_dir(w->store, id, dst, 512);
}

static void check_gone(struct world *w, const char *id)
{
    char folder[512];
    struct stat st;
    struct fw_fax f = { 0 };
    folder_of(w, id, folder);
    while (lstat(folder, &st) == 0)
        usleep(1000);
    CHECK_INT(fw_store_fax_get(w->store, w->account, id, &f), FW_NOT_FOUND);
}

static void deleted_while_its_documents_are_prepared(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    bool is_live = false;
    atomic_store(&w->hold, true);
    accept_fax(w, id);
    wait_for(w, &w->preparing, 1);
    CHECK_INT(fw_store_fax_delete(w->store, w->account, id, fw_wall_now(), &is_live), FW_OK);
    CHECK(is_live);
    fw_queue_cancel(w->queue, id);
    check_gone(w, id);
}

static void deleted_in_the_call_and_restarted(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    bool is_live = false;
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    CHECK_INT(fw_store_fax_delete(w->store, w->account, id, fw_wall_now(), &is_live), FW_OK);
    CHECK(is_live);
    restart(w, p.call, 0, false);
    check_gone(w, id);
    CHECK_INT(w->placed_count, 1);
}

/* Its end is written before the queue hears of the wish. */
static void deleted_just_before_it_is_delivered(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    bool is_live = false;
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    CHECK_INT(fw_store_fax_delete(w->store, w->account, id, fw_wall_now(), &is_live), FW_OK);
    CHECK(is_live);
    result(w, p.call, 1, 0, PAGES);
    fw_queue_cancel(w->queue, id);
    check_gone(w, id);
    CHECK_INT(w->cancels, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(while_its_documents_are_prepared), TEST(while_others_are_prepared),
        TEST(before_the_queue_has_heard_of_it), TEST(while_it_waits_for_its_call),
        TEST(while_it_rings), TEST(while_pages_are_sent), TEST(too_late_is_delivered),
        TEST(is_not_dialled_again), TEST(is_not_dialled_again_when_a_policy_would), TEST(without_a_line),
        TEST(outlives_a_restart_before_the_call), TEST(outlives_a_restart_in_the_call),
        TEST(a_restart_after_the_last_page_delivers),
        TEST(deleted_while_its_documents_are_prepared), TEST(deleted_in_the_call_and_restarted),
        TEST(deleted_just_before_it_is_delivered),
    };
    fw_log_init("cancel_test", FW_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
