/* When a fax will have its turn. */
#include "base/base.h"
#include "fax/pace.h"
#include "test.h"

static void it_waits_for_a_channel_and_for_its_number(void **state)
{
    static const struct {
        const char *what;
        struct fw_place place;
        int64_t calls; /* of its account */
        int64_t wait_ms;
    } known[] = {
        { "nobody is before it", { 0 }, 0, 0 },
        { "calls go on, and there is a channel", { .busy = 9 }, 0, 0 },
        { "a thousand before it, all to one number", { .ahead = 1000, .lanes = 1, .busy = 1 }, 0, 0 },
        { "all channels are taken", { .busy = 10 }, 0, 20000 },
        { "twenty before it, to as many numbers", { .ahead = 20, .lanes = 20, .busy = 10 }, 0, 100000 },
        { "others take their turns", { .ahead = 20, .lanes = 20, .other_lanes = 20, .busy = 10 }, 0, 180000 },
        { "its account may have two calls", { .ahead = 4, .lanes = 4, .busy = 2 }, 2, 100000 },
        { "its number is in a call", { .busy = 1, .busy_number = 1 }, 0, 21000 },
        { "and two are before it there", { .ahead = 2, .same_number = 2, .busy = 1, .busy_number = 1 }, 0, 103000 },
        { "whichever is longer", { .ahead = 20, .lanes = 19, .same_number = 1, .busy = 10, .busy_number = 1 }, 0, 100000 },
    };
    const struct fw_pace pace = { true, 10, 1, 1000, 40000, 0 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const int64_t wait_ms = fw_pace_wait_ms(&pace, &known[i].place, known[i].calls, 1);
        if (wait_ms != known[i].wait_ms)
            fail_msg("%s: %lld ms", known[i].what, (long long)wait_ms);
    }
}

static void without_a_call_so_far_pages_tell(void **state)
{
    const struct fw_place place = { .busy = 1 };
    const struct fw_pace pace = { .dialling = true, .calls_at_once = 1 };
    (void)state;
    CHECK_INT(fw_pace_wait_ms(&pace, &place, 0, 2), 40000);
    CHECK(fw_pace_wait_ms(&pace, &place, 0, INT32_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(it_waits_for_a_channel_and_for_its_number),
        cmocka_unit_test(without_a_call_so_far_pages_tell),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
