/* Phone numbers: one of each in the service, seen by their account only, routed to its applications. */
#include <stdio.h>
#include <string.h>

#include "store/numbers.h"
#include "store_kit.h"

static struct fw_number number_of(int64_t account, const char *text, const char *application, int64_t at_us)
{
    struct fw_number n = { .account = account, .created_at = { at_us }, .updated_at = { at_us } };
    fw_numeric_id_new(n.id);
    snprintf(n.number, sizeof n.number, "%s", text);
    snprintf(n.application, sizeof n.application, "%s", application);
    return n;
}

static int64_t other_account(struct kit *k)
{
    int64_t account = 0;
    CHECK_INT(fw_store_account_ensure(k->store, "other", &account), FW_OK);
    return account;
}

static void a_number_is_there_once(void **state)
{
    struct kit *k = *state;
    const int64_t other = other_account(k);
    struct fw_number n = number_of(k->account, "+12025550101", k->application.id, 5), found = { 0 };
    n.tags = strdup("[\"desk\"]");
    CHECK_INT(fw_store_number_create(k->store, &n), FW_OK);
    struct fw_number same = number_of(other, "+12025550101", "", 6);
    CHECK_INT(fw_store_number_create(k->store, &same), FW_CONFLICT);
    kit_reopen(k);
    CHECK_INT(fw_store_number_find(k->store, "+12025550101", &found), FW_OK);
    CHECK_INT(found.account, k->account);
    CHECK_TEXT(found.application, k->application.id);
    CHECK_TEXT(found.application_name, k->application.name);
    CHECK_TEXT(found.tags, "[\"desk\"]");
    fw_number_done(&found);
    CHECK_INT(fw_store_number_find(k->store, "+1202555010", &found), FW_NOT_FOUND);
    CHECK_INT(fw_store_number_get(k->store, other, n.id, &found), FW_NOT_FOUND);
    CHECK_INT(fw_store_number_delete(k->store, other, n.id), FW_NOT_FOUND);
    CHECK_INT(fw_store_number_delete(k->store, k->account, n.id), FW_OK);
    CHECK_INT(fw_store_number_delete(k->store, k->account, n.id), FW_NOT_FOUND);
    CHECK_INT(fw_store_number_create(k->store, &same), FW_OK);
    fw_number_done(&n);
}

static void it_names_applications_of_its_account_only(void **state)
{
    struct kit *k = *state;
    const int64_t other = other_account(k);
    struct fw_number n = number_of(other, "+12025550102", k->application.id, 5);
    CHECK_INT(fw_store_number_create(k->store, &n), FW_INVALID);
    n.application[0] = '\0';
    CHECK_INT(fw_store_number_create(k->store, &n), FW_OK);
    snprintf(n.application, sizeof n.application, "%s", k->application.id);
    CHECK_INT(fw_store_number_save(k->store, &n, n.updated_at), FW_INVALID);
    n.account = k->account;
    CHECK_INT(fw_store_number_save(k->store, &n, n.updated_at), FW_NOT_FOUND);
}

static void of_two_changes_one_must_look_again(void **state)
{
    struct kit *k = *state;
    struct fw_number n = number_of(k->account, "+12025550103", "", 5), found = { 0 };
    CHECK_INT(fw_store_number_create(k->store, &n), FW_OK);
    const struct fw_wall read_at = n.updated_at;
    snprintf(n.application, sizeof n.application, "%s", k->application.id);
    n.updated_at.us = 7;
    CHECK_INT(fw_store_number_save(k->store, &n, read_at), FW_OK);
    CHECK_INT(fw_store_number_save(k->store, &n, read_at), FW_CONFLICT);
    CHECK_INT(fw_store_application_delete(k->store, k->account, k->application.id, fw_wall_now()), FW_CONFLICT);
    n.application[0] = '\0';
    CHECK_INT(fw_store_number_save(k->store, &n, n.updated_at), FW_OK);
    CHECK_INT(fw_store_application_delete(k->store, k->account, k->application.id, fw_wall_now()), FW_OK);
    CHECK_INT(fw_store_number_get(k->store, 0, n.id, &found), FW_OK);
    CHECK_TEXT(found.application, "");
    fw_number_done(&found);
    snprintf(n.application, sizeof n.application, "%s", k->application.id);
    CHECK_INT(fw_store_number_save(k->store, &n, n.updated_at), FW_INVALID); /* it was deleted */
}

static void check_list(struct kit *k, const struct fw_number_filter *f, int total, const char *first)
{
    struct fw_number_page page CLEANUP(fw_number_page_done) = { 0 };
    CHECK_INT(fw_store_number_list(k->store, k->account, f, 1, 2, &page), FW_OK);
    CHECK_INT(page.total, total);
    CHECK_INT(page.count, total < 2 ? total : 2);
    if (first)
        CHECK_TEXT(page.items[0].number, first);
}

static void lists_have_filters_and_pages(void **state)
{
    struct kit *k = *state;
    for (int i = 0; i < 5; i++) {
        char text[FW_E164_SIZE];
        snprintf(text, sizeof text, "+1202555%04d", i);
        const struct fw_number n = number_of(k->account, text, i == 3 ? k->application.id : "", 10 + i);
        CHECK_INT(fw_store_number_create(k->store, &n), FW_OK);
    }
    const struct fw_number stranger = number_of(other_account(k), "+12025550009", "", 99);
    CHECK_INT(fw_store_number_create(k->store, &stranger), FW_OK);
    check_list(k, &(struct fw_number_filter){ 0 }, 5, "+12025550004");
    check_list(k, &(struct fw_number_filter){ .number = "50001" }, 1, "+12025550001");
    check_list(k, &(struct fw_number_filter){ .number = "50009" }, 0, NULL);
    struct fw_number_filter f = { 0 };
    snprintf(f.application, sizeof f.application, "%s", k->application.id);
    check_list(k, &f, 1, "+12025550003");
    struct fw_number_page page CLEANUP(fw_number_page_done) = { 0 };
    CHECK_INT(fw_store_number_list(k->store, k->account, &(struct fw_number_filter){ 0 }, 3, 2, &page), FW_OK);
    CHECK_INT(page.count, 1);
    CHECK_TEXT(page.items[0].number, "+12025550000");
    CHECK_INT(fw_store_number_list(k->store, k->account, &f, 0, 2, &page), FW_INVALID);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(a_number_is_there_once, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(it_names_applications_of_its_account_only, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(of_two_changes_one_must_look_again, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(lists_have_filters_and_pages, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
