/* The power goes at any write: the store opens again, is whole, and has all that it acknowledged. */
#include "store_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "power_cut.h"

enum { WRITERS = 4, TOLD_MAX = 20000, CUTS = 120, LIES_MAX = 40 };

struct told {
    char    id[FW_UUID_SIZE];
    uint8_t status; /* enum fw_status that was acknowledged */
};

static int told_fd; /* the child's end of the pipe */

static void tell(const struct fw_fax *f)
{
    struct told t = { .status = (uint8_t)f->status };
    memcpy(t.id, f->id, sizeof t.id);
    if (write(told_fd, &t, sizeof t) != sizeof t)
        _exit(1);
}

/* Accepts a fax, takes it a step further, and tells each when it is acknowledged; for ever. */
static void *write_for_ever(void *arg)
{
    struct kit *k = arg;
    for (int64_t i = 1;; i++) {
        struct fw_fax f = kit_fax(k, i);
        struct fw_event queued = kit_event(&f, FW_EVENT_QUEUED, i), processed = kit_event(&f, FW_EVENT_MEDIA_PROCESSED, i);
        if (fw_store_fax_accept(k->store, &f, &queued))
            _exit(2);
        tell(&f);
        f.status = FW_STATUS_MEDIA_PROCESSED;
        if (fw_store_fax_save(k->store, &f, FW_STATUS_QUEUED, &processed, 1))
            _exit(3);
        tell(&f);
        fw_event_done(&queued);
        fw_event_done(&processed);
    }
    return NULL;
}

static _Noreturn void child_writes(struct kit *k, uint64_t seed, bool lying)
{
    struct fw_fault fault = { 0 };
    pthread_t threads[WRITERS];
    power_cut_install(seed, 20 + (int)(seed * 7919 % 1500), lying);
    if (fw_store_open(k->dir, &fault, &k->store) != FW_OK)
        _exit(4);
    for (int i = 0; i < WRITERS; i++) {
        if (pthread_create(&threads[i], NULL, write_for_ever, k) != 0)
            _exit(5);
    }
    pthread_join(threads[0], NULL);
    _exit(6);
}

/* Runs until the cut; returns how many acknowledgements were heard. */
static int run_to_cut(struct kit *k, uint64_t seed, bool lying, struct told *told)
{
    int ends[2], status = 0, count = 0;
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(ends[0]);
        told_fd = ends[1];
        child_writes(k, seed, lying);
    }
    close(ends[1]);
    struct told t;
    while (read(ends[0], &t, sizeof t) == sizeof t) {
        CHECK(count < TOLD_MAX);
        told[count++] = t;
    }
    close(ends[0]);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), POWER_CUT_EXIT);
    char path[128];
    snprintf(path, sizeof path, "%s/faxwire.db-shm", k->dir); /* shared memory does not outlive the power */
    unlink(path);
    return count;
}

static bool is_sound(struct kit *k)
{
    char path[128], text[256];
    struct fw_db db CLEANUP(fw_db_close) = { 0 };
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    if (fw_db_open(path, true, &db, NULL) != FW_OK)
        return false;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(&db, "PRAGMA integrity_check(1)");
    if (fw_stmt_row(&q) != FW_OK)
        return false;
    fw_stmt_text(&q, text, sizeof text);
    if (strcmp(text, "ok") == 0)
        return true;
    print_message("# integrity_check: %s\n", text);
    return false;
}

static bool has(struct kit *k, const struct told *t)
{
    struct fw_fax f = { 0 };
    struct fw_event_page events = { 0 };
    bool whole = fw_store_fax_get(k->store, k->account, t->id, &f) == FW_OK && (uint8_t)f.status >= t->status &&
                 fw_store_event_list(k->store, t->id, 0, 10, &events) == FW_OK;
    /* A state has its events, in their order, or the transaction was torn. */
    whole = whole && events.count == (f.status == FW_STATUS_QUEUED ? 1 : 2) && events.items[0].kind == FW_EVENT_QUEUED;
    fw_event_page_done(&events);
    fw_fax_done(&f);
    return whole;
}

static bool survives(struct kit *k, uint64_t seed, bool lying, struct told *told)
{
    struct fw_fault fault = { 0 };
    bool whole = true;
    const int count = run_to_cut(k, seed, lying, told);
    if (!is_sound(k) || fw_store_open(k->dir, &fault, &k->store) != FW_OK)
        return false;
    for (int i = 0; i < count; i++) {
        if (!has(k, &told[i])) {
            whole = false;
            if (!lying)
                print_error("# seed %llu: lost %s\n", (unsigned long long)seed, told[i].id);
        }
    }
    fw_store_close(TAKE(k->store));
    return whole;
}

static void what_was_acknowledged_is_there_after_any_cut(void **state)
{
    struct kit *k = *state;
    struct told *told = calloc(TOLD_MAX, sizeof *told);
    CHECK(told != NULL);
    fw_store_close(TAKE(k->store));
    for (uint64_t seed = 1; seed <= CUTS; seed++)
        CHECK(survives(k, seed, false, told)); /* one store, cut again and again */
    free(told);
}

/* The disk of this test can lose things: on one that says "synced" and is not, something is missing soon. */
static void a_disk_that_lies_is_found_out(void **state)
{
    struct kit *k = *state;
    struct told *told = calloc(TOLD_MAX, sizeof *told);
    bool found = false;
    CHECK(told != NULL);
    fw_store_close(TAKE(k->store));
    for (uint64_t seed = 1; seed <= LIES_MAX && !found; seed++)
        found = !survives(k, seed, true, told);
    CHECK(found);
    free(told);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_is_there_after_any_cut, kit_setup, kit_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_lies_is_found_out, kit_setup, kit_teardown),
    };
    return cmocka_run_group_tests_name("store power", cases, NULL, NULL);
}
