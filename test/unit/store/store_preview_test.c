/* Previews: whose they are, how long they are there, what a start makes of them. */
#include "test.h"

#include "base/file.h"
#include "store/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/fw-preview-XXXXXX";
static struct fw_store *store;
static const struct fw_wall start = { .us = INT64_C(1764000000000000) };

static struct fw_wall later(int64_t seconds)
{
    return (struct fw_wall){ start.us + seconds * 1000000 };
}

static struct fw_preview make(int64_t account)
{
    char dir[4400];
    struct fw_preview p = { .account = account, .quality = FW_QUALITY_NORMAL, .created_at = start,
                            .expires_at = later(FW_PREVIEW_TTL_S) };
    fw_uuid_new(start, p.id);
    CHECK_INT(fw_store_preview_begin(store, account, p.id, start, dir, sizeof dir), FW_OK);
    CHECK_INT(fw_store_preview_put(store, &p), FW_OK);
    return p;
}

static void it_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct fw_preview p = make(7), got;
    for (int s = 0; s < FW_PREVIEW_STATE_COUNT; s++) {
        p.state = (enum fw_preview_state)s;
        snprintf(p.failure_reason, sizeof p.failure_reason, "reason_%d", s);
        snprintf(p.failure_detail, sizeof p.failure_detail, "told \"so\" %d", s);
        CHECK_INT(fw_store_preview_put(store, &p), FW_OK);
        CHECK_INT(fw_store_preview_get(store, 7, p.id, start, &got), FW_OK);
        CHECK(got.account == 7 && got.state == p.state && got.quality == p.quality);
        CHECK(strcmp(got.failure_reason, p.failure_reason) == 0 && strcmp(got.failure_detail, p.failure_detail) == 0);
        CHECK(got.created_at.us == p.created_at.us && got.expires_at.us == p.expires_at.us);
    }
    CHECK_INT(fw_store_preview_get(store, 0, p.id, start, &got), FW_OK);
    CHECK_INT(fw_store_preview_get(store, 8, p.id, start, &got), FW_NOT_FOUND);
    CHECK_INT(fw_store_preview_get(store, 7, p.id, later(FW_PREVIEW_TTL_S), &got), FW_NOT_FOUND);
    fw_store_preview_delete(store, p.id);
    CHECK_INT(fw_store_preview_get(store, 7, p.id, start, &got), FW_NOT_FOUND);
    CHECK_INT(fw_store_preview_put(store, &p), FW_IO); /* by a renderer that was still at it */
}

static void damaged_state_is_none(void **state)
{
    (void)state;
    char dir[4400], path[4500];
    struct fw_preview p = make(1), got;
    fw_store_preview_dir(store, p.id, dir, sizeof dir);
    snprintf(path, sizeof path, "%s/preview", dir);
    static const char *const bad[] = { "", "{", "[]", "{\"account\":1}",
                                       "{\"account\":1,\"state\":\"odd\",\"quality\":\"high\",\"reason\":\"\","
                                       "\"detail\":\"\",\"created_us\":1,\"expires_us\":2}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_INT(fw_file_write(path, fw_span_of(bad[i]), 0600), FW_OK);
        CHECK_INT(fw_store_preview_get(store, 1, p.id, start, &got), FW_IO);
    }
    fw_store_preview_sweep(store, later(1), true);
    CHECK(access(dir, F_OK) != 0);
}

static void a_start_ends_what_was_being_made(void **state)
{
    (void)state;
    struct fw_preview working = make(1), ready = make(1), got;
    ready.state = FW_PREVIEW_READY;
    CHECK_INT(fw_store_preview_put(store, &ready), FW_OK);
    fw_store_preview_sweep(store, later(1), false);
    CHECK_INT(fw_store_preview_get(store, 1, working.id, later(1), &got), FW_OK);
    CHECK_INT(got.state, FW_PREVIEW_PROCESSING);
    fw_store_preview_sweep(store, later(1), true);
    CHECK_INT(fw_store_preview_get(store, 1, working.id, later(1), &got), FW_OK);
    CHECK(got.state == FW_PREVIEW_FAILED && strcmp(got.failure_reason, "service_unavailable") == 0);
    CHECK_INT(fw_store_preview_get(store, 1, ready.id, later(1), &got), FW_OK);
    CHECK_INT(got.state, FW_PREVIEW_READY);
    fw_store_preview_sweep(store, later(FW_PREVIEW_TTL_S), false);
    char dir[4400];
    fw_store_preview_dir(store, ready.id, dir, sizeof dir);
    CHECK(access(dir, F_OK) != 0);
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    char dir[4400], id[FW_UUID_SIZE];
    for (int i = 0; i < FW_PREVIEWS_MAX; i++)
        (void)make(3);
    fw_uuid_new(start, id);
    CHECK_INT(fw_store_preview_begin(store, 3, id, start, dir, sizeof dir), FW_LIMIT);
    CHECK_INT(fw_store_preview_begin(store, 4, id, start, dir, sizeof dir), FW_OK);
    for (int64_t account = 10; account < 19; account++) {
        for (int i = 0; i < FW_PREVIEWS_MAX - (account == 18); i++)
            (void)make(account);
    }
    fw_uuid_new(start, id);
    CHECK_INT(fw_store_preview_begin(store, 20, id, start, dir, sizeof dir), FW_LIMIT);
}

static int setup(void **state)
{
    (void)state;
    struct fw_fault fault;
    return mkdtemp(folder) && fw_store_open(folder, &fault, &store) == FW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fw_store_close(store);
    fw_dir_remove(folder, 4);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_as_it_was_written),
        cmocka_unit_test(damaged_state_is_none),
        cmocka_unit_test(a_start_ends_what_was_being_made),
        cmocka_unit_test(there_are_only_so_many),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
