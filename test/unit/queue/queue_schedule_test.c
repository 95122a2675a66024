/* Faxes that wait for their time, or have none left. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "fax/fax_json.h"
#include "fax/window.h"
#include "store/schedule.h"
#include "world.h"

enum { MANY = 150 }; /* more than end in one write */

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

static struct fw_fax fax_to(const char *to)
{
    struct fw_fax f = { .priority = FW_PRIORITY_NORMAL };
    fw_text_clip(f.to, sizeof f.to, to);
    return f;
}

static struct fw_wall in(int64_t us)
{
    return (struct fw_wall){ fw_wall_now().us + us };
}

static struct fw_fax stored(struct world *w, const char *id)
{
    struct fw_fax f = { 0 };
    CHECK_INT(fw_store_fax_get(w->store, 0, id, &f), FW_OK);
    return f;
}

/* A window that is open in two days for a day, and not before. */
static char *closed_window(void)
{
    static const char *const days[] = { "thu", "fri", "sat", "sun", "mon", "tue", "wed" };
    char text[128];
    snprintf(text, sizeof text, "{\"time_zone\":\"UTC\",\"days\":[\"%s\"],\"from\":\"00:00\",\"to\":\"24:00\"}",
             days[(fw_wall_now().us / (24 * HOUR) + 2) % 7]);
    return strdup(text);
}

/* Its documents are prepared, so that their faults are told; its call waits, also over a restart. */
static void it_waits_for_its_time_with_documents_prepared(void **state)
{
    struct world *w = *state;
    char later[FW_UUID_SIZE], now[FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    f.send_at = in(HOUR);
    accept_as(w, f, later);
    has_status(w, later, FW_STATUS_MEDIA_PROCESSED);
    close_world(w);
    open_world(w);
    accept_as(w, fax_to("+12005550100"), now); /* to the same number, and not behind it */
    call_ended(w, placed(w, 1).call, FW_CAUSE_REJECTED, 486);
    struct fw_fax first = ended(w, now), waits = stored(w, later);
    CHECK_INT(waits.status, FW_STATUS_MEDIA_PROCESSED);
    CHECK_INT(waits.due.us, f.send_at.us);
    CHECK_INT(waits.attempts, 0);
    fw_fax_done(&first);
    fw_fax_done(&waits);
}

static void it_goes_out_when_its_time_has_come(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    f.send_at = in(SECOND / 2);
    accept_as(w, f, id);
    CHECK_TEXT(placed(w, 1).to, "+12005550100");
    CHECK(fw_wall_now().us >= f.send_at.us);
}

static void it_waits_for_its_window(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    f.send_window = closed_window();
    accept_as(w, f, id);
    has_status(w, id, FW_STATUS_MEDIA_PROCESSED);
    struct fw_fax waits = stored(w, id);
    CHECK_INT(waits.due.us % (24 * HOUR), 0);
    CHECK(waits.due.us > fw_wall_now().us);
    fw_fax_done(&waits);
    free(f.send_window);
}

/* Due while it was open, dialled when it has closed: none is, and all wait for the next opening. */
static void what_a_window_closed_on_waits_for_the_next(void **state)
{
    struct world *w = *state;
    char ids[3][FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    f.send_window = closed_window();
    fw_queue_line(w->queue, false);
    for (int i = 0; i < 3; i++) {
        accept_as(w, f, ids[i]);
        has_status(w, ids[i], FW_STATUS_MEDIA_PROCESSED);
    }
    struct fw_fax opens = stored(w, ids[0]);
    for (int i = 0; i < 3; i++) { /* as if they had been due a minute ago */
        struct fw_fax due = stored(w, ids[i]);
        struct fw_event e = { 0 };
        due.due = in(-60 * SECOND);
        CHECK_INT(fw_event_make(&due, FW_EVENT_INTERRUPTED, fw_wall_now(), NULL, &e), FW_OK);
        CHECK_INT(fw_store_fax_save(w->store, &due, FW_STATUS_MEDIA_PROCESSED, &e, 1), FW_OK);
        fw_event_done(&e);
        fw_fax_done(&due);
    }
    fw_queue_line(w->queue, true);
    for (int i = 0; i < 3; i++) {
        for (bool waits = false; !waits; usleep(1000)) {
            struct fw_fax now = stored(w, ids[i]);
            waits = now.due.us == opens.due.us;
            CHECK_INT(now.attempts, 0);
            fw_fax_done(&now);
        }
    }
    fw_fax_done(&opens);
    free(f.send_window);
}

static void those_whose_time_is_over_fail_and_say_so(void **state)
{
    struct world *w = *state;
    static char ids[MANY][FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    fw_queue_line(w->queue, false);
    f.expires_at = in(SECOND);
    for (int i = 0; i < MANY; i++)
        accept_as(w, f, ids[i]);
    for (int i = 0; i < MANY; i++) {
        struct fw_fax end = ended(w, ids[i]);
        CHECK_TEXT(end.failure_reason, "expired");
        CHECK(strstr(end.failure_detail, "before it was dialled") != NULL);
        CHECK(end.updated_at.us >= f.expires_at.us);
        fw_fax_done(&end);
    }
    check_events(w, ids[0], "fax.queued fax.media.processed fax.failed");
}

/* The call that is under way is not cut off; it ends as it ends. */
static void a_call_outlives_the_expiry(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    f.expires_at = in(SECOND);
    accept_as(w, f, id);
    const struct fw_msg_call_place p = placed(w, 1);
    negotiated(w, p.call);
    while (fw_wall_now().us < f.expires_at.us + SECOND / 5)
        usleep(20000);
    result(w, p.call, 1, 0, PAGES);
    struct fw_fax end = ended(w, id);
    CHECK_INT(end.status, FW_STATUS_DELIVERED);
    fw_fax_done(&end);
}

static void no_call_is_promised_after_the_expiry(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE], retry[] = "{\"policy\":\"standard\",\"busy\":{\"delay_secs\":600,\"max\":9}}";
    struct fw_fax f = fax_to("+12005550100");
    f.retry = retry;
    f.expires_at = in(300 * SECOND);
    accept_as(w, f, id);
    call_ended(w, placed(w, 1).call, FW_CAUSE_REJECTED, 486);
    struct fw_fax end = ended(w, id);
    CHECK_TEXT(end.failure_reason, "user_busy");
    CHECK(strstr(end.failure_detail, "it expires before the next call") != NULL);
    fw_fax_done(&end);
}

/* The next call of one whose window is closed by then lies in the next opening. */
static void the_next_call_lies_in_the_window(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE], retry[] = "{\"policy\":\"standard\",\"total_secs\":604800,\"busy\":{\"delay_secs\":86400,\"max\":9}}", window[160];
    static const char *const days[] = { "thu", "fri", "sat", "sun", "mon", "tue", "wed" };
    const int64_t day = fw_wall_now().us / (24 * HOUR);
    struct fw_fax f = fax_to("+12005550100");
    /* Today and tomorrow if midnight should come between, and not in 24 hours from now. */
    snprintf(window, sizeof window, "{\"time_zone\":\"UTC\",\"days\":[\"%s\",\"%s\"],\"from\":\"00:00\",\"to\":\"24:00\"}", days[day % 7],
             days[(day + 5) % 7]);
    f.send_window = window;
    f.retry = retry;
    accept_as(w, f, id);
    call_ended(w, placed(w, 1).call, FW_CAUSE_REJECTED, 486);
    for (bool waits = false; !waits; usleep(1000)) {
        struct fw_fax now = stored(w, id);
        waits = now.status == FW_STATUS_MEDIA_PROCESSED && now.attempts == 1;
        if (waits)
            CHECK_INT(now.due.us, (day + 5) * 24 * HOUR);
        fw_fax_done(&now);
    }
}

/* What waits for another call waits no longer because the clock was set back; its own times stand. */
static void a_clock_set_back_delays_no_call(void **state)
{
    struct world *w = *state;
    char ids[2][FW_UUID_SIZE];
    struct fw_fax f = fax_to("+12005550100");
    fw_queue_line(w->queue, false);
    accept_as(w, f, ids[0]);
    f.send_at = in(HOUR);
    accept_as(w, f, ids[1]);
    for (int i = 0; i < 2; i++)
        has_status(w, ids[i], FW_STATUS_MEDIA_PROCESSED);
    struct fw_fax before = stored(w, ids[0]);
    const struct fw_wall now = { before.due.us - 10 * HOUR }; /* it was due at 12, say, and it is 2 again */
    CHECK_INT(fw_store_clock_set_back(w->store, now, 10 * HOUR), FW_OK);
    struct fw_fax due = stored(w, ids[0]), scheduled = stored(w, ids[1]);
    CHECK_INT(due.due.us, now.us);
    CHECK_INT(scheduled.due.us, f.send_at.us);
    fw_fax_done(&before);
    fw_fax_done(&due);
    fw_fax_done(&scheduled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_waits_for_its_time_with_documents_prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_out_when_its_time_has_come, setup, teardown),
        cmocka_unit_test_setup_teardown(it_waits_for_its_window, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_window_closed_on_waits_for_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(those_whose_time_is_over_fail_and_say_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_outlives_the_expiry, setup, teardown),
        cmocka_unit_test_setup_teardown(no_call_is_promised_after_the_expiry, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_call_lies_in_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_set_back_delays_no_call, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
