/* Which pages: what is a list of them and what is not, and which page comes when. */
#include "test.h"
#include "page/range.h"
#include <limits.h>
#include <string.h>

static void lists_are_read(void **state)
{
    (void)state;
    static const char *const good[] = { "1", "1-5", "9999", "3-3", "2-", "1,1", "5,1-2,7-" };
    static const char *const bad[] = { "", "0", "0-3", "5-2", "-3", "1-2-3", "1,", ",1", "1 ", " 1", "a", "1;2",
                                       "10000", "1-10000", "+1", "1,-2", "99999999999999999999" };
    struct fw_page_ranges r;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!fw_page_ranges_parse(good[i], &r))
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (fw_page_ranges_parse(bad[i], &r))
            fail_msg("%s", bad[i]);
    }
    char many[2 * FW_PAGE_RANGES_MAX + 3] = "1";
    for (int i = 1; i < FW_PAGE_RANGES_MAX; i++)
        strcat(many, ",1");
    CHECK(fw_page_ranges_parse(many, &r) && r.count == FW_PAGE_RANGES_MAX);
    strcat(many, ",1");
    CHECK(!fw_page_ranges_parse(many, &r));
}

static void pages_come_in_the_order_named(void **state)
{
    (void)state;
    struct fw_page_ranges r;
    CHECK(fw_page_ranges_parse("5,1-2,4-", &r));
    CHECK_INT(fw_page_ranges_size(&r, 6), 6);
    static const int order[] = { 4, 0, 1, 3, 4, 5 };
    for (int i = 0; i < 6; i++)
        CHECK_INT(fw_page_ranges_at(&r, 6, i), order[i]);
    CHECK_INT(fw_page_ranges_size(&r, 4), -1); /* no page 5 */
    CHECK(fw_page_ranges_parse("7-", &r));
    CHECK_INT(fw_page_ranges_size(&r, 6), -1);
    CHECK_INT(fw_page_ranges_size(&r, 7), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lists_are_read),
                                        cmocka_unit_test(pages_come_in_the_order_named) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
