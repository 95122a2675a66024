/* How far a fax is from its turn. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/waiting.h"
#include "store_kit.h"

static const struct fw_wall now = { 1000 };

static struct fw_fax accept_one(struct kit *k, const struct fw_application *app, const char *to, int priority,
                                int64_t created_us)
{
    struct fw_fax f = kit_fax(k, created_us);
    f.account = app->account;
    f.priority = (enum fw_priority)priority;
    f.due.us = created_us;
    fw_text_clip(f.application, sizeof f.application, app->id);
    fw_text_clip(f.to, sizeof f.to, to);
    kit_accept(k, &f);
    return f;
}

/* Waiting for a call since `due_us`. */
static struct fw_fax waits(struct kit *k, const struct fw_application *app, const char *to, int priority,
                           int64_t due_us)
{
    struct fw_fax f = accept_one(k, app, to, priority, due_us);
    kit_save(k, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED, due_us);
    return f;
}

static struct fw_application another(struct kit *k, int64_t account)
{
    struct fw_application a = kit_application(account, "http://app.example/hook");
    CHECK_INT(fw_store_application_create(k->store, &a), FW_OK);
    return a;
}

static void check_place(struct kit *k, const struct fw_fax *f, struct fw_place wanted)
{
    struct fw_place p;
    CHECK_INT(fw_store_fax_place(k->store, f, now, &p), FW_OK);
    CHECK_INT(p.ahead, wanted.ahead);
    CHECK_INT(p.lanes, wanted.lanes);
    CHECK_INT(p.other_lanes, wanted.other_lanes);
    CHECK_INT(p.same_number, wanted.same_number);
    CHECK_INT(p.busy_number, wanted.busy_number);
    CHECK_INT(p.busy, wanted.busy);
}

#define IS(f, ...) check_place(k, &(f), (struct fw_place){ __VA_ARGS__ })

static void those_of_its_account_that_go_first(void **state)
{
    struct kit *k = *state;
    const struct fw_application *a = &k->application, b = another(k, k->account);
    const struct fw_fax first = waits(k, a, "+1", 1, 10);
    struct fw_fax same = waits(k, a, "+1", 1, 20);
    waits(k, &b, "+2", 1, 30);
    const struct fw_fax f = waits(k, a, "+1", 1, 40), later = waits(k, a, "+3", 1, 2000);
    const struct fw_fax low = waits(k, a, "+4", 2, 5);
    IS(first, 0);
    IS(f, .ahead = 3, .lanes = 1, .same_number = 2);
    IS(low, .ahead = 4, .lanes = 2); /* not of what is due later than now */
    IS(later, .ahead = 4, .lanes = 2); /* when it is due */
    waits(k, a, "+5", 0, 900);
    IS(f, .ahead = 4, .lanes = 2, .same_number = 2); /* the urgent one is first */
    same.call[0] = 'c';
    kit_save(k, &same, FW_STATUS_ORIGINATED, FW_EVENT_DIALLING, 50);
    IS(f, .ahead = 3, .lanes = 2, .same_number = 1, .busy_number = 1, .busy = 1);
}

static void others_take_their_turns(void **state)
{
    struct kit *k = *state;
    int64_t account[2];
    CHECK_INT(fw_store_account_ensure(k->store, "b", &account[0]), FW_OK);
    CHECK_INT(fw_store_account_ensure(k->store, "c", &account[1]), FW_OK);
    const struct fw_application b = another(k, account[0]), c = another(k, account[1]);
    const struct fw_fax first = waits(k, &k->application, "+1", 1, 10), second = waits(k, &k->application, "+2", 1, 20);
    for (int i = 0; i < 5; i++) {
        char to[16];
        snprintf(to, sizeof to, "+9%d", i);
        waits(k, &b, to, 1, 1);
    }
    waits(k, &c, "+8", 1, 500);
    waits(k, &c, "+7", 2, 1);    /* less urgent */
    waits(k, &c, "+6", 1, 2000); /* not due */
    IS(first, .other_lanes = 2);
    IS(second, .ahead = 1, .lanes = 1, .other_lanes = 3);
    for (int i = 0; i < 4; i++) {
        char to[16];
        snprintf(to, sizeof to, "+5%d", i);
        waits(k, &c, to, 0, 1);
    }
    IS(first, .other_lanes = 6); /* all that is more urgent */
}

static void documents_are_prepared_in_order(void **state)
{
    struct kit *k = *state;
    const struct fw_application *a = &k->application;
    accept_one(k, a, "+1", 1, 10);
    const struct fw_fax f = accept_one(k, a, "+1", 1, 20), low = accept_one(k, a, "+1", 2, 5);
    accept_one(k, a, "+1", 0, 30);
    waits(k, a, "+1", 0, 1);
    IS(f, .ahead = 2);
    IS(low, .ahead = 3);
}

/* However many wait, and for whatever. */
static void no_count_goes_on_for_ever(void **state)
{
    struct kit *k = *state;
    for (int i = 0; i < FW_PLACE_MAX + 100; i++) {
        char to[16];
        snprintf(to, sizeof to, "+1%d", i / 2);
        waits(k, &k->application, to, 1, 1);
    }
    const struct fw_fax f = waits(k, &k->application, "+1", 1, 50);
    IS(f, .ahead = FW_PLACE_MAX, .lanes = (FW_PLACE_MAX + 100) / 2);
    const struct fw_fax last = waits(k, &k->application, "+2", 2, 50);
    IS(last, .ahead = FW_PLACE_MAX, .lanes = (FW_PLACE_MAX + 100) / 2 + 1);
}

/* What is remembered of a long queue tells the same as counting it, in whatever order is asked, and of one account alone. */
static void a_long_queue_is_not_counted_each_time(void **state)
{
    struct kit *k = *state;
    enum { MANY = FW_PLACE_MAX + 100 };
    static struct fw_fax all[MANY];
    int64_t account;
    CHECK_INT(fw_store_account_ensure(k->store, "b", &account), FW_OK);
    const struct fw_application b = another(k, account);
    for (int i = 0; i < MANY; i++)
        all[i] = accept_one(k, &k->application, "+1", i % 2 ? 1 : 0, 1000 + i);
    const struct fw_fax other = accept_one(k, &b, "+1", 2, 9000), low = accept_one(k, &k->application, "+1", 2, 1);
    static const int asked[] = { MANY - 1, 1, MANY - 3, MANY - 51, 0, MANY - 203, MANY - 199, MANY - 2, MANY - 1 };
    for (size_t n = 0; n < ARRAY_LEN(asked); n++) {
        const int i = asked[n], ahead = i % 2 ? MANY / 2 + i / 2 : i / 2; /* the urgent half goes first */
        IS(all[i], .ahead = ahead < FW_PLACE_MAX ? ahead : FW_PLACE_MAX);
        IS(other, 0);
    }
    IS(low, .ahead = FW_PLACE_MAX);
    IS(all[MANY - 3], .ahead = FW_PLACE_MAX);
}

/* Likewise of those that wait for a call: only what stands before it at its own number is counted again. */
static void nor_are_those_that_wait_for_a_call(void **state)
{
    struct kit *k = *state;
    enum { NUMBERS = FW_PLACE_MAX + 20 };
    int64_t account;
    CHECK_INT(fw_store_account_ensure(k->store, "b", &account), FW_OK);
    const struct fw_application b = another(k, account);
    for (int i = 0; i < NUMBERS; i++) {
        char to[16];
        snprintf(to, sizeof to, "+1%d", i);
        waits(k, &k->application, to, 1, 1);
    }
    const struct fw_fax other = waits(k, &b, "+1", 1, 2), near = waits(k, &k->application, "+1", 0, 100);
    const struct fw_fax first = waits(k, &k->application, "+11", 1, 300), second = waits(k, &k->application, "+11", 1, 400);
    const struct fw_fax low = waits(k, &k->application, "+11", 2, 50), late = waits(k, &k->application, "+12", 1, 1500);
    for (int round = 0; round < 2; round++) {
        IS(first, .ahead = FW_PLACE_MAX, .lanes = FW_PLACE_MAX, .other_lanes = 1, .same_number = 1);
        IS(second, .ahead = FW_PLACE_MAX, .lanes = FW_PLACE_MAX, .other_lanes = 1, .same_number = 2);
        IS(near, 0);
        IS(other, .other_lanes = 2); /* the urgent one, and a turn */
        IS(low, .ahead = FW_PLACE_MAX, .lanes = FW_PLACE_MAX, .other_lanes = 1, .same_number = 3);
        IS(late, .ahead = FW_PLACE_MAX, .lanes = FW_PLACE_MAX, .other_lanes = 1, .same_number = 1);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(those_of_its_account_that_go_first), CASE(others_take_their_turns),
        CASE(documents_are_prepared_in_order), CASE(no_count_goes_on_for_ever),
        CASE(a_long_queue_is_not_counted_each_time), CASE(nor_are_those_that_wait_for_a_call),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
