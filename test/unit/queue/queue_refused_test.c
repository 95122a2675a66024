/* A change of status that the store refuses, because the table has no such way or the row is elsewhere: a mistake of
 * ours. It ends the one fax that it is of, with a reason that says so, and everything else goes on. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fax/attempt.h"
#include "store/attempts.h"
#include "world.h"

/* The table lacks one way, for the next who asks for it. */
static struct {
    enum fw_status from, to;
    atomic_int     left;
} lacks;
bool __wrap_fw_status_may_become(enum fw_status from, enum fw_status to);
bool __real_fw_status_may_become(enum fw_status from, enum fw_status to);

bool __wrap_fw_status_may_become(enum fw_status from, enum fw_status to)
{
    if (from == lacks.from && to == lacks.to && atomic_exchange(&lacks.left, 0) > 0)
        return false;
    return __real_fw_status_may_become(from, to);
}

static void refuse(enum fw_status from, enum fw_status to)
{
    lacks.from = from;
    lacks.to = to;
    atomic_store(&lacks.left, 1);
}

static void check_confused(struct world *w, const char *id, const char *from, const char *to)
{
    char way[128];
    struct fw_fax f = ended(w, id);
    snprintf(way, sizeof way, "an error of this service: it would have gone from %s to %s;", from, to);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    if (strncmp(f.failure_detail, way, strlen(way)) != 0)
        fail_msg("%s", f.failure_detail);
    CHECK_INT(atomic_load(&lacks.left), 0);
    fw_fax_done(&f);
}

/* The calls of a fax that has ended have ended. */
static void check_calls(struct world *w, const char *id, int count, enum fw_attempt_state last)
{
    struct fw_fax_attempt_page page = { 0 };
    CHECK_INT(fw_store_attempt_list(w->store, id, 1, 10, &page), FW_OK);
    CHECK_INT(page.count, count);
    for (int i = 0; i < count; i++) {
        CHECK(page.items[i].state != FW_ATTEMPT_UNDERWAY);
        CHECK(page.items[i].ended_at.us > 0);
    }
    if (count > 0)
        CHECK_INT(page.items[count - 1].state, last);
    fw_fax_attempt_page_done(&page);
}

static void check_delivered(struct world *w, const char *id, const char *call)
{
    negotiated(w, call);
    result(w, call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
}

/* A new one, to the same number: nothing is left behind that it would wait for. */
static void check_goes_on(struct world *w)
{
    char id[FW_UUID_SIZE];
    const int calls = w->placed_count;
    accept_fax(w, id);
    check_delivered(w, id, placed(w, calls + 1).call);
}

static void one_call_a_number(struct world *w)
{
    close_world(w);
    w->calls_per_number = 1;
    open_world(w);
}

static void prepared_documents(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    refuse(FW_STATUS_QUEUED, FW_STATUS_MEDIA_PROCESSED);
    accept_fax(w, id);
    check_confused(w, id, "queued", "media.processed");
    check_calls(w, id, 0, FW_ATTEMPT_FAILED);
    check_events(w, id, "fax.queued fax.failed");
    check_goes_on(w);
}

static void a_call_that_begins(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    one_call_a_number(w);
    refuse(FW_STATUS_MEDIA_PROCESSED, FW_STATUS_ORIGINATED);
    accept_fax(w, id);
    check_confused(w, id, "media.processed", "originated");
    CHECK_INT(w->placed_count, 0);
    check_calls(w, id, 1, FW_ATTEMPT_INTERRUPTED);
    check_goes_on(w);
}

/* Two are in a call: one of them is hung up, and what is still told of it is nobody's. */
static void pages_that_are_sent(void **state)
{
    struct world *w = *state;
    char one[FW_UUID_SIZE], other[FW_UUID_SIZE];
    accept_fax(w, one);
    const struct fw_msg_call_place p = placed(w, 1);
    accept_fax(w, other);
    const struct fw_msg_call_place q = placed(w, 2);
    refuse(FW_STATUS_ORIGINATED, FW_STATUS_SENDING);
    negotiated(w, p.call);
    check_confused(w, one, "originated", "sending");
    wait_for(w, &w->cancels, 1);
    CHECK_TEXT(w->canceled, p.call);
    result(w, p.call, 1, 0, PAGES);
    call_ended(w, p.call, FW_CAUSE_CANCELED, 487);
    check_delivered(w, other, q.call);
    check_calls(w, one, 1, FW_ATTEMPT_INTERRUPTED);
    check_events(w, one, "fax.queued fax.media.processed call.dialling fax.failed");
    CHECK_INT(w->cancels, 1);
    check_goes_on(w);
}

static void an_end_that_is_good(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    refuse(FW_STATUS_SENDING, FW_STATUS_DELIVERED);
    negotiated(w, p.call);
    result(w, p.call, 1, 0, PAGES);
    check_confused(w, id, "sending", "delivered");
    check_calls(w, id, 1, FW_ATTEMPT_DELIVERED); /* of the call that is true */
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.pages_confirmed, PAGES);
    fw_fax_done(&f);
    check_goes_on(w);
}

static void a_wait_for_another_call(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE], policy[] = "{\"policy\":\"standard\"}";
    one_call_a_number(w);
    accept_as(w, (struct fw_fax){ .to = "+12005550100", .retry = policy }, id);
    const struct fw_msg_call_place p = placed(w, 1);
    refuse(FW_STATUS_ORIGINATED, FW_STATUS_MEDIA_PROCESSED);
    call_ended(w, p.call, FW_CAUSE_REJECTED, 486);
    check_confused(w, id, "originated", "media.processed");
    check_calls(w, id, 1, FW_ATTEMPT_FAILED);
    check_goes_on(w);
}

static void a_redial(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    (void)placed(w, 1);
    refuse(FW_STATUS_ORIGINATED, FW_STATUS_MEDIA_PROCESSED);
    call_ended(w, placed(w, 1).call, FW_CAUSE_MODEM_LOST, 200);
    check_confused(w, id, "originated", "media.processed");
    check_calls(w, id, 1, FW_ATTEMPT_INTERRUPTED);
    check_goes_on(w);
}

/* Even its failure is refused: it stays as it is, nobody works on it, and the next start brings it on. */
static void the_end_itself(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    one_call_a_number(w);
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    refuse(FW_STATUS_ORIGINATED, FW_STATUS_FAILED);
    call_ended(w, p.call, FW_CAUSE_REJECTED, 486);
    check_goes_on(w);
    has_status(w, id, FW_STATUS_ORIGINATED);
    restart(w, p.call, 0, false);
    call_ended(w, placed(w, 3).call, FW_CAUSE_REJECTED, 486);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "user_busy");
    fw_fax_done(&f);
    check_calls(w, id, 2, FW_ATTEMPT_FAILED);
}

/* Its row says that it has ended, by nobody knows whom: that stands, and its call is hung up. */
static void what_somebody_else_ended(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fax f = { 0 };
    one_call_a_number(w);
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    CHECK_INT(fw_store_fax_get(w->store, 0, id, &f), FW_OK);
    f.status = FW_STATUS_FAILED;
    strcpy(f.failure_reason, "user_busy");
    CHECK_INT(fw_store_fax_save(w->store, &f, FW_STATUS_ORIGINATED, NULL, 0), FW_OK);
    fw_fax_done(&f);
    negotiated(w, p.call);
    wait_for(w, &w->cancels, 1);
    CHECK_TEXT(w->canceled, p.call);
    result(w, p.call, 1, 0, PAGES);
    check_goes_on(w);
    f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_TEXT(f.failure_reason, "user_busy");
    fw_fax_done(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    fw_log_init("queue_refused_test", (enum fw_log_level)0);
    const struct CMUnitTest tests[] = {
        TEST(prepared_documents), TEST(a_call_that_begins), TEST(pages_that_are_sent), TEST(an_end_that_is_good),
        TEST(a_wait_for_another_call), TEST(a_redial), TEST(the_end_itself), TEST(what_somebody_else_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
