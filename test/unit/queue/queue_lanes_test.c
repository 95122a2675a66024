/* Who is dialled when: one call a number, accounts and applications in turn, priorities, limits. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "world.h"

static struct fw_fax fax_to(const char *to)
{
    struct fw_fax f = { .priority = FW_PRIORITY_NORMAL };
    fw_text_clip(f.to, sizeof f.to, to);
    return f;
}

/* Accepted, its documents prepared, waiting for a line. */
static void waits(struct world *w, struct fw_fax f)
{
    char id[FW_UUID_SIZE];
    accept_as(w, f, id);
    has_status(w, id, FW_STATUS_MEDIA_PROCESSED);
}

static void limit(struct world *w, int calls_per_number, int gap_ms)
{
    close_world(w);
    w->calls_per_number = calls_per_number;
    w->gap_ms = gap_ms;
    open_world(w);
    fw_queue_line(w->queue, false);
}

static void end_busy(struct world *w, int n)
{
    call_ended(w, placed(w, n).call, FW_CAUSE_REJECTED, 486);
}

/* Ten to one number are one call; the one to another number goes out beside it, though it came last. */
static void many_to_one_number_delay_nobody_else(void **state)
{
    struct world *w = *state;
    limit(w, 1, 0);
    for (int i = 0; i < 10; i++)
        waits(w, fax_to("+12005550100"));
    waits(w, fax_to("+12005550199"));
    fw_queue_line(w->queue, true);
    CHECK_TEXT(placed(w, 1).to, "+12005550100");
    CHECK_TEXT(placed(w, 2).to, "+12005550199");
    for (int n = 1; n <= 11; n++)
        end_busy(w, n);
    for (int n = 3; n <= 11; n++)
        CHECK_TEXT(placed(w, n).to, "+12005550100");
}

static void a_number_has_as_many_calls_as_it_may(void **state)
{
    struct world *w = *state;
    char last[FW_UUID_SIZE];
    limit(w, 2, 0);
    for (int i = 0; i < 3; i++)
        waits(w, fax_to("+12005550100"));
    fw_queue_line(w->queue, true);
    placed(w, 2);
    accept_as(w, fax_to("+12005550101"), last); /* its call shows that the third was stepped over */
    CHECK_TEXT(placed(w, 3).to, "+12005550101");
    end_busy(w, 1);
    CHECK_TEXT(placed(w, 4).to, "+12005550100");
}

/* The account with one fax does not wait for the one with many, nor do applications of one account. */
static void accounts_and_applications_take_turns(void **state)
{
    struct world *w = *state;
    static const char *const wanted[] = { "a0", "b0", "a9", "b1" };
    int64_t other = 0;
    limit(w, 0, 0);
    CHECK_INT(fw_store_account_ensure(w->store, "b", &other), FW_OK);
    add_application(w, w->account, "124", NULL);
    add_application(w, other, "125", NULL);
    struct fw_fax f = fax_to("a0");
    for (int i = 0; i < 5; i++, snprintf(f.to, sizeof f.to, "a%d", i))
        waits(w, f);
    f = fax_to("a9");
    fw_text_clip(f.application, sizeof f.application, "124");
    waits(w, f);
    f = fax_to("b0");
    f.account = other;
    fw_text_clip(f.application, sizeof f.application, "125");
    waits(w, f);
    fw_text_clip(f.to, sizeof f.to, "b1");
    waits(w, f);
    fw_queue_line(w->queue, true); /* four calls at the same time */
    for (int i = 0; i < 4; i++)
        CHECK_TEXT(placed(w, i + 1).to, wanted[i]);
    end_busy(w, 1);
    CHECK_TEXT(placed(w, 5).to, "a1"); /* nobody else is left to take turns with */
}

static void what_is_urgent_goes_first(void **state)
{
    struct world *w = *state;
    limit(w, 0, 0);
    struct fw_fax f = fax_to("low");
    f.priority = FW_PRIORITY_LOW;
    waits(w, f);
    waits(w, fax_to("normal"));
    f = fax_to("high");
    f.priority = FW_PRIORITY_HIGH;
    waits(w, f);
    fw_queue_line(w->queue, true);
    CHECK_TEXT(placed(w, 1).to, "high");
    CHECK_TEXT(placed(w, 2).to, "normal");
    CHECK_TEXT(placed(w, 3).to, "low");
}

static void an_application_has_its_channels(void **state)
{
    struct world *w = *state;
    limit(w, 0, 0);
    add_application(w, w->account, "122", "{\"outbound\":{\"channel_limit\":1}}");
    struct fw_fax f = fax_to("limited-1");
    fw_text_clip(f.application, sizeof f.application, "122");
    waits(w, f);
    fw_text_clip(f.to, sizeof f.to, "limited-2");
    waits(w, f);
    waits(w, fax_to("free-1"));
    waits(w, fax_to("free-2"));
    fw_queue_line(w->queue, true);
    CHECK_TEXT(placed(w, 1).to, "limited-1");
    CHECK_TEXT(placed(w, 2).to, "free-1");
    CHECK_TEXT(placed(w, 3).to, "free-2");
    end_busy(w, 1);
    CHECK_TEXT(placed(w, 4).to, "limited-2");
}

static void a_number_rests_between_two_calls(void **state)
{
    struct world *w = *state;
    enum { GAP_MS = 150 };
    limit(w, 1, GAP_MS);
    waits(w, fax_to("+12005550100"));
    waits(w, fax_to("+12005550100"));
    fw_queue_line(w->queue, true);
    const struct fw_msg_call_place first = placed(w, 1);
    const struct fw_mono ended_at = fw_mono_now();
    call_ended(w, first.call, FW_CAUSE_REJECTED, 486);
    placed(w, 2);
    CHECK(fw_mono_now().us - ended_at.us >= GAP_MS * 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(many_to_one_number_delay_nobody_else), TEST(a_number_has_as_many_calls_as_it_may),
        TEST(accounts_and_applications_take_turns), TEST(what_is_urgent_goes_first),
        TEST(an_application_has_its_channels), TEST(a_number_rests_between_two_calls),
    };
    fw_log_init("queue_lanes_test", FW_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
