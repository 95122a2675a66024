/* Mail of faxes: written with what makes it due, taken in turn, ended once. */
#include "store_kit.h"

#include <stdlib.h>
#include <string.h>

#include "store/mail.h"

static const struct fw_mail_skip nothing = { 0 };

/* An outbound fax that ends as `status`; the result goes to `email`, NULL: to nobody. */
static void end_one(struct kit *k, const char *email, enum fw_status status, int64_t at_us, char ret_id[FW_UUID_SIZE])
{
    struct fw_fax f = kit_fax(k, 1);
    f.result_email = email ? strdup(email) : NULL;
    f.result_reference = email ? strdup("<1@a.example>") : NULL;
    kit_accept(k, &f);
    kit_save(k, &f, FW_STATUS_MEDIA_PROCESSED, FW_EVENT_MEDIA_PROCESSED, 2);
    kit_save(k, &f, FW_STATUS_ORIGINATED, FW_EVENT_DIALLING, 3);
    kit_save(k, &f, FW_STATUS_SENDING, FW_EVENT_SENDING_STARTED, 4);
    kit_save(k, &f, status, status == FW_STATUS_DELIVERED ? FW_EVENT_DELIVERED : FW_EVENT_FAILED, at_us);
    memcpy(ret_id, f.id, FW_UUID_SIZE);
    fw_fax_done(&f);
}

static enum fw_err due(struct kit *k, int64_t at_us, struct fw_mail *ret)
{
    return fw_store_mail_due(k->store, (struct fw_wall){ at_us }, &nothing, ret);
}

static void the_end_of_a_fax_is_mailed_to_whom_it_names(void **state)
{
    struct kit *k = *state;
    char id[FW_UUID_SIZE], other[FW_UUID_SIZE];
    struct fw_mail m;
    end_one(k, NULL, FW_STATUS_DELIVERED, 10, id);
    CHECK_INT(due(k, 100, &m), FW_NOT_FOUND);
    end_one(k, "a@one.example", FW_STATUS_DELIVERED, 20, id);
    end_one(k, "b@two.example", FW_STATUS_FAILED, 30, other);
    CHECK_INT(due(k, 19, &m), FW_NOT_FOUND);
    CHECK_INT(due(k, 100, &m), FW_OK);
    CHECK_TEXT(m.fax, id);
    CHECK_TEXT(m.recipient, "a@one.example");
    CHECK_INT(m.attempt, 1);
    CHECK_INT(m.created_at.us, 20);
    struct fw_fax f;
    kit_reopen(k);
    CHECK_INT(fw_store_fax_get(k->store, k->account, other, &f), FW_OK);
    CHECK_TEXT(f.result_email, "b@two.example");
    CHECK_TEXT(f.result_reference, "<1@a.example>");
    fw_fax_done(&f);
    CHECK_INT(due(k, 100, &m), FW_OK);
    CHECK_TEXT(m.fax, id);
}

static void received_faxes_go_to_the_recipient_of_that_time(void **state)
{
    struct kit *k = *state;
    struct fw_mail m;
    k->application.settings = strdup("{\"fax_email_recipient\": \"desk@office.example\"}");
    CHECK_INT(fw_store_application_save(k->store, &k->application, k->application.updated_at), FW_OK);
    struct fw_fax f = kit_fax(k, 1);
    f.direction = FW_INBOUND;
    f.status = FW_STATUS_INITIATED;
    struct fw_event incoming = kit_event(&f, FW_EVENT_INCOMING, 1);
    CHECK_INT(fw_store_fax_accept(k->store, &f, &incoming), FW_OK);
    fw_event_done(&incoming);
    kit_save(k, &f, FW_STATUS_RECEIVING, FW_EVENT_RECEIVING_STARTED, 2);
    kit_save(k, &f, FW_STATUS_MEDIA_PROCESSING, FW_EVENT_MEDIA_PROCESSING_STARTED, 3);
    CHECK_INT(due(k, 100, &m), FW_NOT_FOUND);
    kit_save(k, &f, FW_STATUS_RECEIVED, FW_EVENT_RECEIVED, 4);
    CHECK_INT(due(k, 100, &m), FW_OK);
    CHECK_TEXT(m.recipient, "desk@office.example");
    CHECK_TEXT(m.fax, f.id);
    fw_application_done(&k->application);
    fw_fax_done(&f);
}

static void what_is_being_sent_and_full_domains_are_passed_over(void **state)
{
    struct kit *k = *state;
    char one[FW_UUID_SIZE], two[FW_UUID_SIZE], three[FW_UUID_SIZE];
    struct fw_mail m;
    end_one(k, "a@Slow.Example", FW_STATUS_DELIVERED, 10, one);
    end_one(k, "b@slow.example", FW_STATUS_DELIVERED, 20, two);
    end_one(k, "c@other.example", FW_STATUS_DELIVERED, 30, three);
    const struct { struct fw_mail_skip skip; const char *fax; } cases[] = {
        { { .fax_count = 0 }, one },
        { { .faxes = { one }, .fax_count = 1 }, two },
        { { .faxes = { one, two }, .fax_count = 2 }, three },
        { { .domains = { "slow.example" }, .domain_count = 1 }, three },
        { { .faxes = { three }, .fax_count = 1, .domains = { "slow.example" }, .domain_count = 1 }, NULL },
        { { .domains = { "low.example" }, .domain_count = 1 }, one },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const enum fw_err err = fw_store_mail_due(k->store, (struct fw_wall){ 100 }, &cases[i].skip, &m);
        CHECK_INT(err, cases[i].fax ? FW_OK : FW_NOT_FOUND);
        if (cases[i].fax)
            CHECK_TEXT(m.fax, cases[i].fax);
    }
}

static void it_is_tried_again_later_and_ends_once(void **state)
{
    struct kit *k = *state;
    char id[FW_UUID_SIZE];
    struct fw_mail m, again;
    struct fw_fax f;
    end_one(k, "a@one.example", FW_STATUS_DELIVERED, 10, id);
    CHECK_INT(due(k, 100, &m), FW_OK);
    CHECK_INT(fw_store_mail_retry(k->store, &m, (struct fw_wall){ 500 }, "451"), FW_OK);
    CHECK_INT(due(k, 499, &again), FW_NOT_FOUND);
    kit_reopen(k);
    CHECK_INT(due(k, 500, &again), FW_OK);
    CHECK_INT(again.attempt, 2);
    CHECK_INT(fw_store_fax_get(k->store, 0, id, &f), FW_OK);
    struct fw_event told = kit_event(&f, FW_EVENT_RESULT_MAILED, 600);
    CHECK_INT(fw_store_mail_end(k->store, &again, true, "", &told), FW_OK);
    CHECK(told.seq > 0);
    CHECK_INT(fw_store_mail_end(k->store, &again, true, "", &told), FW_NOT_FOUND);
    CHECK_INT(fw_store_mail_retry(k->store, &again, (struct fw_wall){ 700 }, ""), FW_NOT_FOUND);
    CHECK_INT(due(k, 10000, &m), FW_NOT_FOUND);
    fw_event_done(&told);
    fw_fax_done(&f);
}

static void mail_of_a_deleted_fax_is_gone(void **state)
{
    struct kit *k = *state;
    char id[FW_UUID_SIZE];
    struct fw_mail m, none;
    bool live;
    end_one(k, "a@one.example", FW_STATUS_FAILED, 10, id);
    CHECK_INT(due(k, 100, &m), FW_OK);
    CHECK_INT(fw_store_fax_delete(k->store, k->account, id, (struct fw_wall){ 50 }, &live), FW_OK);
    CHECK_INT(due(k, 100, &none), FW_NOT_FOUND);
    CHECK_INT(fw_store_mail_retry(k->store, &m, (struct fw_wall){ 500 }, ""), FW_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_end_of_a_fax_is_mailed_to_whom_it_names, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(received_faxes_go_to_the_recipient_of_that_time, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(what_is_being_sent_and_full_domains_are_passed_over, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(it_is_tried_again_later_and_ends_once, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(mail_of_a_deleted_fax_is_gone, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
