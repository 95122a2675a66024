/* The queue over the real store: calls are told by messages as the line and the modem send them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/attempt.h"
#include "fax/destination.h"
#include "store/attempts.h"
#include "store/destinations.h"
#include "world.h"

static void a_fax_goes_its_way(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    CHECK_INT(p.modem, 1);
    CHECK_INT(p.page_count, PAGES);
    CHECK_TEXT(p.to, "+12005550100");
    negotiated(w, p.call);
    result(w, p.call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_INT(f.pages_confirmed, PAGES);
    fw_fax_done(&f);
    check_events(w, id, "fax.queued fax.media.processed call.dialling fax.sending.started call.negotiated fax.delivered");
}

static void delivered_is_said_only_for_every_page(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    result(w, p.call, 1, 0, PAGES - 1);
    call_ended(w, p.call, FW_CAUSE_DONE, 200);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_INT(f.pages_confirmed, PAGES - 1);
    CHECK_TEXT(f.failure_reason, "receiver_call_dropped");
    fw_fax_done(&f);
}

static void another_modems_word_does_not_count(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    result(w, p.call, 0, 0, PAGES); /* modem 0 does not have this call */
    call_ended(w, p.call, FW_CAUSE_REJECTED, 486);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_TEXT(f.failure_reason, "user_busy");
    fw_fax_done(&f);
}

static void documents_that_cannot_be_faxed_end_it(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    w->prepared = (struct fw_prepared){ .result = FW_PREPARED_FAILED, .reason = "file_format_invalid",
                                        .detail = "document 1 is broken" };
    accept_fax(w, id);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "file_format_invalid");
    CHECK_TEXT(f.failure_detail, "document 1 is broken");
    fw_fax_done(&f);
    check_events(w, id, "fax.queued fax.failed");
}

static void a_lost_modem_is_dialled_again_and_at_last_given_up(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    for (int n = 1; n <= 4; n++)
        call_ended(w, placed(w, n).call, FW_CAUSE_MODEM_LOST, 200);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.attempts, 4);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    fw_fax_done(&f);
}

static void a_lost_line_leaves_a_fax_under_way_to_its_modem(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    fw_queue_line(w->queue, false);
    result(w, p.call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_INT(f.attempts, 1);
    fw_fax_done(&f);
}

static void answered(struct world *w, const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_ANSWERED };
    fw_text_clip(m.call_answered.call, sizeof m.call_answered.call, call);
    fw_queue_message(w->queue, &m);
}

static void an_answer_told_twice_is_one(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    answered(w, p.call);
    answered(w, p.call);
    call_ended(w, p.call, FW_CAUSE_REMOTE_HANGUP, 200);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    fw_fax_done(&f);
    check_events(w, id, "fax.queued fax.media.processed call.dialling call.answered fax.failed");
}

static void page(struct world *w, const char *call, uint32_t count)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_PAGE_CONFIRMED };
    m.page_confirmed.modem = 1;
    m.page_confirmed.page_count = count;
    fw_text_clip(m.page_confirmed.call, sizeof m.page_confirmed.call, call);
    fw_queue_message(w->queue, &m);
}

/* The modem may be further than it has told: it is asked to end before anything is decided. */
static void a_lost_line_waits_for_what_the_modem_has_done(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    answered(w, p.call);
    fw_queue_line(w->queue, false);
    negotiated(w, p.call);
    page(w, p.call, 1);
    result(w, p.call, 1, 49, 1);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    CHECK_INT(f.pages_confirmed, 1);
    CHECK_INT(f.attempts, 1);
    fw_fax_done(&f);
}

/* The line heard of the modem's end before it heard of the call: nobody but us canceled it. */
static void a_call_placed_into_a_lost_modem_is_ended_and_dialled_again(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    fw_queue_modem(w->queue, 1, false);
    pthread_mutex_lock(&w->lock);
    while (strcmp(w->canceled, p.call) != 0)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    call_ended(w, p.call, FW_CAUSE_CANCELED, 200);
    fw_queue_modem(w->queue, 1, true);
    result(w, placed(w, 2).call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
}

/* A modem that was taken over says what it likes; the row stays one that can be read. */
static void counts_that_cannot_be_are_not_kept(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    page(w, p.call, UINT32_MAX);
    result(w, p.call, 1, 13, UINT32_MAX);
    call_ended(w, p.call, FW_CAUSE_DONE, 200);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_INT(f.pages_confirmed, 0);
    fw_fax_done(&f);
}

static void a_start_finds_what_was_delivered(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    restart(w, placed(w, 1).call, PAGES, true);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    fw_fax_done(&f);
    check_events(w, id, "fax.queued fax.media.processed call.dialling fax.sending.started call.negotiated fax.delivered");
}

static void a_start_does_not_print_pages_twice(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    restart(w, placed(w, 1).call, 1, false);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    CHECK_INT(f.pages_confirmed, 1);
    fw_fax_done(&f);
}

/* The disk was full: the modem could tell of the page and not write it down. */
static void a_start_takes_no_confirmed_page_back(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    page(w, p.call, 2);
    for (int pages = 0; pages < 2;) {
        struct fw_fax f = { 0 };
        CHECK_INT(fw_store_fax_get(w->store, w->account, id, &f), FW_OK);
        pages = f.pages_confirmed;
        fw_fax_done(&f);
        usleep(1000);
    }
    restart(w, p.call, 0, false);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    CHECK_INT(f.pages_confirmed, 2);
    fw_fax_done(&f);
}

static void a_start_dials_again_what_reached_nobody(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_fax(w, id);
    restart(w, placed(w, 1).call, 0, false);
    const struct fw_msg_call_place p = placed(w, 2);
    CHECK(strcmp(p.call, w->placed[0].call_place.call) != 0);
    result(w, p.call, 1, 0, PAGES);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_INT(f.attempts, 2);
    fw_fax_done(&f);
}

/* A call that was to bring the rest, and brought nothing, is made again for the rest. */
static void a_start_dials_again_for_the_rest(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    char policy[] = "{\"policy\":\"hylafax\",\"dropped\":{\"delay_secs\":1}}";
    accept_as(w, (struct fw_fax){ .to = "+12005550100", .retry = policy }, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    result(w, p.call, 1, 49, 1);
    call_ended(w, p.call, FW_CAUSE_REMOTE_HANGUP, 200);
    CHECK_INT(placed(w, 2).page_count, PAGES - 1);
    restart(w, placed(w, 2).call, 0, false);
    CHECK_INT(placed(w, 3).page_count, PAGES - 1);
    result(w, placed(w, 3).call, 1, 0, PAGES - 1);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_INT(f.pages_confirmed, PAGES);
    CHECK_INT(f.attempts, 3);
    fw_fax_done(&f);
}

/* Pages arrived, and then a failure was ours: who asked for the rest to be sent gets it sent. */
static void a_failure_of_ours_goes_on_where_it_stopped(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    char policy[] = "{\"policy\":\"standard\",\"partial\":\"resume\"}";
    accept_as(w, (struct fw_fax){ .to = "+12005550100", .retry = policy }, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    restart(w, p.call, 1, false);
    CHECK_INT(placed(w, 2).page_count, PAGES - 1);
    negotiated(w, placed(w, 2).call);
    result(w, placed(w, 2).call, 1, 0, PAGES - 1);
    struct fw_fax f = ended(w, id);
    CHECK_INT(f.status, FW_STATUS_DELIVERED);
    CHECK_INT(f.pages_confirmed, PAGES);
    CHECK_INT(f.attempts, 2);
    fw_fax_done(&f);
}

/* How often somebody answered there who was no fax machine, as far as is known. */
static int persons_at(struct world *w, const char *number)
{
    struct fw_destination d = { 0 };
    const enum fw_err err = fw_store_destination_get(w->store, w->account, number, &d);
    CHECK(!err || err == FW_NOT_FOUND);
    return d.known[FW_FACT_HUMAN].count;
}

/* Its journal says that the call broke off, and not whether a fax machine was heard before. */
static void a_silent_modem_makes_nobody_a_person(void **state)
{
    struct world *w = *state;
    const char number[] = "+12005550100";
    char id[FW_UUID_SIZE];
    for (int n = 1; n <= 2; n++) {
        accept_as(w, (struct fw_fax){ .to = "+12005550100" }, id);
        const struct fw_msg_call_place p = placed(w, n);
        answered(w, p.call);
        if (n == 1)
            leave_journal(w, p.call, 0, 49);
        else
            result(w, p.call, 1, 49, 0);
        call_ended(w, p.call, FW_CAUSE_REMOTE_HANGUP, 200);
        struct fw_fax f = ended(w, id);
        CHECK_TEXT(f.failure_reason, "receiver_call_dropped");
        fw_fax_done(&f);
        CHECK_INT(persons_at(w, number), n == 1 ? 0 : 1);
    }
}

/* Nor does a far end that has lost the call: nobody hung up. */
static void a_lost_dialog_makes_nobody_a_person(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    accept_as(w, (struct fw_fax){ .to = "+12005550100" }, id);
    const struct fw_msg_call_place p = placed(w, 1);
    answered(w, p.call);
    result(w, p.call, 0, 49, 0);
    call_ended(w, p.call, FW_CAUSE_DIALOG_LOST, 200);
    struct fw_fax f = ended(w, id);
    CHECK_TEXT(f.failure_reason, "receiver_call_dropped");
    CHECK_TEXT(f.failure_detail, "the far end knew of the call no more; pages confirmed 0 of 3");
    fw_fax_done(&f);
    CHECK_INT(persons_at(w, "+12005550100"), 0);
}

/* What a call was, whoever died in between, is in one row; an earlier one stays as it was. */
static void every_call_is_kept(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fax_attempt_page page = { 0 };
    accept_fax(w, id);
    const struct fw_msg_call_place first = placed(w, 1);
    answered(w, first.call);
    struct fw_fax_attempt a = { 0 };
    for (; a.answered_at.us == 0; usleep(1000)) {
        fw_fax_attempt_done(&a);
        CHECK_INT(fw_store_attempt_get(w->store, id, 1, &a), FW_OK);
    }
    fw_fax_attempt_done(&a);
    restart(w, first.call, 0, false);
    const struct fw_msg_call_place second = placed(w, 2);
    negotiated(w, second.call);
    result(w, second.call, 1, 38, 2);
    call_ended(w, second.call, FW_CAUSE_REMOTE_HANGUP, 200);
    struct fw_fax f = ended(w, id);
    fw_fax_done(&f);
    CHECK_INT(fw_store_attempt_list(w->store, id, 1, 10, &page), FW_OK);
    CHECK_INT(page.count, 2);
    CHECK_INT(page.total, 2);
    CHECK_INT(page.items[0].state, FW_ATTEMPT_INTERRUPTED);
    CHECK_TEXT(page.items[0].call, first.call);
    CHECK(page.items[0].answered_at.us > 0);
    CHECK_TEXT(page.items[0].retry_class, "internal");
    CHECK_INT(page.items[1].state, FW_ATTEMPT_FAILED);
    CHECK_TEXT(page.items[1].call, second.call);
    CHECK_TEXT(page.items[1].reason, "receiver_call_dropped");
    CHECK_TEXT(page.items[1].retry_class, "dropped");
    CHECK_INT(page.items[1].pages_confirmed, 2);
    CHECK_INT(page.items[1].t30_code, 38);
    CHECK(page.items[1].ended_at.us >= page.items[1].started_at.us);
    fw_fax_attempt_page_done(&page);
}

static void a_record_grows_and_has_an_end(void **state)
{
    struct fw_fax_attempt a = { 0 };
    (void)state;
    CHECK_INT(fw_fax_attempt_record(&a, NULL), FW_OK);
    CHECK_INT(fw_fax_attempt_record(&a, json_pack("{ss}", "rates", "14400")), FW_OK);
    CHECK_INT(fw_fax_attempt_record(&a, json_pack("{s[s]}", "trunks", "a")), FW_OK);
    CHECK_TEXT(a.record, "{\"rates\":\"14400\",\"trunks\":[\"a\"]}");
    char *large = malloc(FW_ATTEMPT_RECORD_MAX + 1);
    memset(large, 'x', FW_ATTEMPT_RECORD_MAX);
    large[FW_ATTEMPT_RECORD_MAX] = '\0';
    CHECK_INT(fw_fax_attempt_record(&a, json_pack("{ss}", "dialogue", large)), FW_LIMIT);
    CHECK_TEXT(a.record, "{\"rates\":\"14400\",\"trunks\":[\"a\"]}");
    free(large);
    fw_fax_attempt_done(&a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_fax_goes_its_way), TEST(delivered_is_said_only_for_every_page),
        TEST(another_modems_word_does_not_count), TEST(documents_that_cannot_be_faxed_end_it),
        TEST(a_lost_modem_is_dialled_again_and_at_last_given_up),
        TEST(a_lost_line_leaves_a_fax_under_way_to_its_modem), TEST(a_start_finds_what_was_delivered),
        TEST(a_start_does_not_print_pages_twice), TEST(a_start_dials_again_what_reached_nobody),
        TEST(a_start_dials_again_for_the_rest), TEST(a_failure_of_ours_goes_on_where_it_stopped),
        TEST(a_silent_modem_makes_nobody_a_person),
        TEST(a_lost_dialog_makes_nobody_a_person),
        TEST(a_lost_line_waits_for_what_the_modem_has_done), TEST(counts_that_cannot_be_are_not_kept),
        TEST(a_call_placed_into_a_lost_modem_is_ended_and_dialled_again),
        TEST(an_answer_told_twice_is_one), TEST(a_start_takes_no_confirmed_page_back), TEST(every_call_is_kept),
        cmocka_unit_test(a_record_grows_and_has_an_end),
    };
    fw_log_init("queue_test", FW_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
