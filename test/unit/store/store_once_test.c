/* Requests that are let in once: with what they made or not at all, until they expire; the limit. */
#include "store_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/once.h"

#define SCOPE "POST /v2/faxes"
#define HASH  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct fw_once name_of(const char *key, int64_t expires_us)
{
    struct fw_once n = { .scope = SCOPE, .expires_at = { expires_us } };
    snprintf(n.key, sizeof n.key, "%s", key);
    return n;
}

/* Admits a new fax at `now_us`; its id goes to `ret_id` (may be NULL). */
static enum fw_err admit(struct kit *k, const struct fw_once *names, int count, int64_t now_us,
                         int64_t max, char ret_id[FW_UUID_SIZE])
{
    struct fw_fax f = kit_fax(k, now_us);
    struct fw_event e = kit_event(&f, FW_EVENT_QUEUED, now_us);
    const struct fw_admission a = { .names = names, .name_count = count, .request_sha256 = HASH,
                                    .status = 202, .text = "{\"data\":1}", .now = { now_us },
                                    .in_process_max = max };
    const enum fw_err err = fw_store_fax_admit(k->store, &f, &e, &a);
    CHECK((err == FW_OK) == (e.seq > 0));
    if (ret_id)
        memcpy(ret_id, f.id, FW_UUID_SIZE);
    fw_event_done(&e);
    return err;
}

static int64_t faxes(struct kit *k)
{
    struct fw_fax_page page = { 0 };
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, 1, 250, &page), FW_OK);
    const int64_t total = page.total;
    fw_fax_page_done(&page);
    return total;
}

static enum fw_err look(struct kit *k, const char *key, int64_t now_us)
{
    struct fw_once_answer a = { 0 };
    const enum fw_err err =
        fw_store_once_find(k->store, k->account, SCOPE, key, (struct fw_wall){ now_us }, &a);
    if (!err) {
        CHECK_INT(a.status, 202);
        assert_string_equal(a.text, "{\"data\":1}");
        assert_string_equal(a.request_sha256, HASH);
    }
    fw_once_answer_done(&a);
    return err;
}

static void a_name_is_taken_until_it_expires(void **state)
{
    struct kit *k = *state;
    const struct fw_once n = name_of("one", 1000);
    CHECK_INT(look(k, "one", 1), FW_NOT_FOUND);
    CHECK_INT(admit(k, &n, 1, 1, 0, NULL), FW_OK);
    CHECK_INT(look(k, "one", 999), FW_OK);
    CHECK_INT(look(k, "ONE", 999), FW_NOT_FOUND);
    CHECK_INT(admit(k, &n, 1, 999, 0, NULL), FW_CONFLICT);
    CHECK_INT(faxes(k), 1);
    kit_reopen(k);
    CHECK_INT(look(k, "one", 999), FW_OK);
    CHECK_INT(look(k, "one", 1000), FW_NOT_FOUND);
    const struct fw_once later = name_of("one", 3000);
    CHECK_INT(admit(k, &later, 1, 1000, 0, NULL), FW_OK);
    CHECK_INT(faxes(k), 2);
    CHECK_INT(look(k, "one", 2999), FW_OK);
}

static void both_names_or_none(void **state)
{
    struct kit *k = *state;
    const struct fw_once first[] = { name_of("a", 1000) }, both[] = { name_of("b", 1000), name_of("a", 1000) };
    CHECK_INT(admit(k, first, 1, 1, 0, NULL), FW_OK);
    CHECK_INT(admit(k, both, 2, 2, 0, NULL), FW_CONFLICT);
    CHECK_INT(look(k, "b", 3), FW_NOT_FOUND);
    CHECK_INT(faxes(k), 1);
}

static void what_is_not_made_takes_no_name(void **state)
{
    struct kit *k = *state;
    const struct fw_once n = name_of("one", 1000);
    struct fw_application kept = k->application;
    snprintf(k->application.id, sizeof k->application.id, "1"); /* there is none */
    CHECK_INT(admit(k, &n, 1, 1, 0, NULL), FW_NOT_FOUND);
    CHECK_INT(look(k, "one", 2), FW_NOT_FOUND);
    k->application = kept;
    CHECK_INT(admit(k, &n, 1, 2, 0, NULL), FW_OK);
}

static void applications_too(void **state)
{
    struct kit *k = *state;
    struct fw_application app = kit_application(k->account, "http://a.example/"), second = app;
    struct fw_application_page page = { 0 };
    const struct fw_once n = name_of("one", 1000);
    const struct fw_admission a = { .names = &n, .name_count = 1, .request_sha256 = HASH,
                                    .status = 202, .text = "{\"data\":1}", .now = { 1 } };
    CHECK_INT(fw_store_application_admit(k->store, &app, &a), FW_OK);
    fw_numeric_id_new(second.id);
    CHECK_INT(fw_store_application_admit(k->store, &second, &a), FW_CONFLICT);
    CHECK_INT(fw_store_application_list(k->store, k->account, NULL, 1, 10, &page), FW_OK);
    CHECK_INT(page.total, 2); /* this one and the kit's */
    fw_application_page_done(&page);
    CHECK_INT(look(k, "one", 2), FW_OK);
}

static int64_t names_left(struct kit *k)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(k->store->readers);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(use.db, "SELECT count(*) FROM once");
    CHECK_INT(fw_stmt_row(&q), FW_OK);
    return fw_stmt_int64(&q);
}

static void expired_names_go_away(void **state)
{
    struct kit *k = *state;
    char key[16];
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "old%d", i);
        const struct fw_once n = name_of(key, 100);
        CHECK_INT(admit(k, &n, 1, 1, 0, NULL), FW_OK);
    }
    CHECK_INT(names_left(k), 20);
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "new%d", i);
        const struct fw_once n = name_of(key, 1000);
        CHECK_INT(admit(k, &n, 1, 200, 0, NULL), FW_OK);
    }
    CHECK_INT(names_left(k), 3);
}

static void faxes_in_process_are_limited(void **state)
{
    struct kit *k = *state;
    char id[FW_UUID_SIZE];
    int64_t count = -1;
    struct fw_fax f = { 0 };
    const struct fw_once n = name_of("third", 1000);
    CHECK_INT(admit(k, NULL, 0, 1, 2, NULL), FW_OK);
    CHECK_INT(admit(k, NULL, 0, 1, 2, id), FW_OK);
    CHECK_INT(admit(k, &n, 1, 1, 2, NULL), FW_LIMIT);
    CHECK_INT(look(k, "third", 2), FW_NOT_FOUND);
    CHECK_INT(fw_store_fax_in_process(k->store, k->account, &count), FW_OK);
    CHECK_INT(count, 2);
    CHECK_INT(fw_store_fax_in_process(k->store, k->account + 1, &count), FW_OK);
    CHECK_INT(count, 0);
    CHECK_INT(fw_store_fax_get(k->store, k->account, id, &f), FW_OK);
    kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, 2);
    fw_fax_done(&f);
    CHECK_INT(admit(k, &n, 1, 3, 2, NULL), FW_OK);
    CHECK_INT(faxes(k), 3);
}

enum { THREADS = 8 };
static void *admit_thread(void *arg)
{
    struct kit *k = arg;
    const struct fw_once n = name_of("race", 1000);
    return admit(k, &n, 1, 1, 0, NULL) == FW_OK ? arg : NULL;
}

static void one_of_many_at_the_same_time(void **state)
{
    struct kit *k = *state;
    pthread_t threads[THREADS];
    int won = 0;
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, admit_thread, k), 0);
    for (int i = 0; i < THREADS; i++) {
        void *ok = NULL;
        pthread_join(threads[i], &ok);
        won += ok != NULL;
    }
    CHECK_INT(won, 1);
    CHECK_INT(faxes(k), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_name_is_taken_until_it_expires),
        CASE(both_names_or_none),
        CASE(what_is_not_made_takes_no_name),
        CASE(applications_too),
        CASE(expired_names_go_away),
        CASE(faxes_in_process_are_limited),
        CASE(one_of_many_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
