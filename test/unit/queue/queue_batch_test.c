/* Batches of which some faxes are not written: a start goes on with them, and each comes to its pages. */
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "fax/fax_json.h"
#include "store/batches.h"
#include "world.h"

enum { COUNT = 7, SLICE = 2 };

/* As the API does it, but nobody is told. */
static void admit(struct world *w, char id[FW_UUID_SIZE])
{
    const struct fw_wall now = fw_wall_now();
    const struct fw_admission terms = { .request_sha256 = "", .status = 202, .text = "", .now = now };
    struct fw_fax f = { .account = w->account, .application = "123", .from = "+12025550123", .modem = -1, .transport = -1,
                        .black_threshold = 95, .created_at = now, .updated_at = now, .due = now };
    struct fw_batch row = { .account = w->account, .application = "123", .recipients = COUNT, .created_at = now };
    json_t *all CLEANUP(fw_json_free) = json_array();
    char dir[256];
    fw_uuid_new(now, f.id);
    fw_text_clip(id, FW_UUID_SIZE, f.id);
    fw_text_clip(row.id, sizeof row.id, f.id);
    CHECK_INT(fw_store_fax_dir_make(w->store, f.id, dir, sizeof dir), FW_OK);
    for (int i = 0; i < COUNT; i++) {
        char fax[FW_UUID_SIZE], to[32];
        fw_uuid_new(now, fax);
        snprintf(to, sizeof to, "+1312555%04d", i);
        CHECK_INT(json_array_append_new(all, json_pack("{ss ss}", "id", fax, "to", to)), 0);
    }
    const struct fw_batch_order order = { .fax = &f, .recipients = all, .slice = SLICE };
    CHECK_INT(fw_store_batch_admit(w->store, &row, &order, &terms, 0), FW_OK);
}

static void come_to(struct world *w, const char *id, enum fw_status status)
{
    struct fw_batch b = { 0 };
    for (; b.counts[status] != COUNT; usleep(1000))
        CHECK_INT(fw_store_batch_get(w->store, w->account, id, &b), FW_OK);
}

static void a_start_goes_on_with_what_is_not_written(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    close_world(w);
    struct fw_fault fault = { 0 };
    CHECK_INT(fw_store_open(w->dir, &fault, &w->store), FW_OK);
    admit(w, id);
    fw_store_close(w->store);
    open_world(w);
    fw_queue_line(w->queue, false);
    come_to(w, id, FW_STATUS_MEDIA_PROCESSED);
    CHECK_INT(w->preparing, 1);
}

static void so_it_does_with_one_that_was_cancelled(void **state)
{
    struct world *w = *state;
    char id[FW_UUID_SIZE];
    struct fw_fault fault = { 0 };
    close_world(w);
    CHECK_INT(fw_store_open(w->dir, &fault, &w->store), FW_OK);
    admit(w, id);
    CHECK_INT(fw_store_batch_cancel(w->store, w->account, id, fw_wall_now()), FW_OK);
    fw_store_close(w->store);
    open_world(w);
    come_to(w, id, FW_STATUS_FAILED);
    struct fw_batch b;
    CHECK_INT(fw_store_batch_get(w->store, w->account, id, &b), FW_OK);
    CHECK(b.completed_at.us != 0);
    CHECK_INT(w->preparing, 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(a_start_goes_on_with_what_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(so_it_does_with_one_that_was_cancelled, setup, teardown),
    };
    return cmocka_run_group_tests_name("queue batch", cases, NULL, NULL);
}
