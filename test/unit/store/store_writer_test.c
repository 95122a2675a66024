/* The writer: groups, what one failure costs, what a failed commit costs, stopping. */
#include "store_kit.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, PER_THREAD = 40 };

/* A write that holds the writer until it is told to go on, so that others queue behind it. */
struct gate {
    struct kit *k;
    sem_t is_in, may_go;
};

static enum fw_err hold(struct fw_db *db, void *arg)
{
    struct gate *g = arg;
    (void)db;
    sem_post(&g->is_in);
    sem_wait(&g->may_go);
    return FW_OK;
}

static void *hold_thread(void *arg)
{
    struct gate *g = arg;
    if (fw_writer_do(g->k->store->writer, hold, g) != FW_OK)
        return arg;
    return NULL;
}

static pthread_t close_gate(struct gate *g, struct kit *k)
{
    pthread_t thread;
    g->k = k;
    sem_init(&g->is_in, 0, 0);
    sem_init(&g->may_go, 0, 0);
    CHECK_INT(pthread_create(&thread, NULL, hold_thread, g), 0);
    sem_wait(&g->is_in);
    return thread;
}

static void open_gate(struct gate *g, pthread_t thread)
{
    void *failed = g;
    sem_post(&g->may_go);
    pthread_join(thread, &failed);
    CHECK(!failed);
    sem_destroy(&g->is_in);
    sem_destroy(&g->may_go);
}

static void wait_queued(struct kit *k, int count)
{
    while (fw_writer_count(k->store->writer).queued < count)
        sched_yield();
}

/* One caller: writes an account named after it by its own function, keeps the result. */
struct caller {
    struct kit *k;
    fw_write_fn *fn;
    int number;
    enum fw_err err;
    pthread_t thread;
};

static enum fw_err put_account(struct fw_db *db, int number)
{
    char name[32];
    snprintf(name, sizeof name, "by %d", number);
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "INSERT INTO account(name, uuid, created_us) VALUES (?1, ?1, 0)");
    fw_stmt_bind_text(&q, name);
    return fw_stmt_run(&q);
}

static enum fw_err put_well(struct fw_db *db, void *arg)
{
    return put_account(db, ((struct caller *)arg)->number);
}

static enum fw_err put_and_fail(struct fw_db *db, void *arg)
{
    const enum fw_err err = put_account(db, ((struct caller *)arg)->number);
    return err ? err : FW_LIMIT;
}

/* A reference that is only checked by the COMMIT, and is not there. */
static enum fw_err put_what_commit_refuses(struct fw_db *db, void *arg)
{
    (void)arg;
    const enum fw_err err = fw_db_exec(db, "PRAGMA defer_foreign_keys=ON");
    return err ? err
               : fw_db_exec(
                     db, "INSERT INTO api_key(sha256, account, created_us) VALUES ('x', 999, 0)");
}

static void *call(void *arg)
{
    struct caller *c = arg;
    c->err = fw_writer_do(c->k->store->writer, c->fn, c);
    return NULL;
}

static void start(struct caller *c, struct kit *k, fw_write_fn *fn, int number)
{
    *c = (struct caller){ .k = k, .fn = fn, .number = number, .err = FW_ERR_COUNT };
    CHECK_INT(pthread_create(&c->thread, NULL, call, c), 0);
}

static bool is_there(struct kit *k, int number)
{
    char name[32];
    snprintf(name, sizeof name, "by %d", number);
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(k->store->readers);
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT 1 FROM account WHERE name = ?");
    fw_stmt_bind_text(&q, name);
    const enum fw_err err = fw_stmt_row(&q);
    CHECK(err == FW_OK || err == FW_NOT_FOUND);
    return err == FW_OK;
}

static void one_commit_for_all_and_a_failure_undoes_itself(void **state)
{
    struct kit *k = *state;
    struct gate gate;
    struct caller callers[THREADS];
    const pthread_t holder = close_gate(&gate, k);
    for (int i = 0; i < THREADS; i++)
        start(&callers[i], k, i == 3 ? put_and_fail : put_well, i);
    wait_queued(k, THREADS);
    const int64_t before = fw_writer_count(k->store->writer).commits;
    open_gate(&gate, holder);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].err, i == 3 ? FW_LIMIT : FW_OK);
        CHECK_INT(is_there(k, i), i != 3);
    }
    CHECK_INT(fw_writer_count(k->store->writer).commits, before + 1);
}

static void a_failed_commit_fails_all_of_its_batch(void **state)
{
    struct kit *k = *state;
    struct gate gate;
    struct caller callers[THREADS];
    const pthread_t holder = close_gate(&gate, k);
    for (int i = 0; i < THREADS; i++)
        start(&callers[i], k, i == 5 ? put_what_commit_refuses : put_well, i);
    wait_queued(k, THREADS);
    open_gate(&gate, holder);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].err, FW_IO);
        CHECK(!is_there(k, i));
    }
    struct caller after = { .k = k, .fn = put_well, .number = 100 };
    call(&after);
    CHECK_INT(after.err, FW_OK);
    CHECK(is_there(k, 100));
}

static void *do_close(void *arg)
{
    fw_store_close(arg);
    return NULL;
}

static void closing_finishes_what_was_accepted(void **state)
{
    struct kit *k = *state;
    struct gate gate;
    struct caller callers[THREADS];
    struct fw_fault fault = { 0 };
    pthread_t closer;
    const pthread_t holder = close_gate(&gate, k);
    for (int i = 0; i < THREADS; i++)
        start(&callers[i], k, put_well, i);
    wait_queued(k, THREADS);
    CHECK_INT(pthread_create(&closer, NULL, do_close, k->store), 0);
    open_gate(&gate, holder);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].err, FW_OK);
    }
    pthread_join(closer, NULL);
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store), FW_OK);
    for (int i = 0; i < THREADS; i++)
        CHECK(is_there(k, i));
}

static void more_than_the_queue_holds(void **state)
{
    struct kit *k = *state;
    enum { MANY = FW_WRITER_QUEUE_MAX + 20 };
    struct gate gate;
    struct caller *callers = calloc(MANY, sizeof *callers);
    CHECK(callers != NULL);
    const pthread_t holder = close_gate(&gate, k);
    for (int i = 0; i < MANY; i++)
        start(&callers[i], k, put_well, i);
    wait_queued(k, FW_WRITER_QUEUE_MAX);
    CHECK_INT(fw_writer_count(k->store->writer).queued, FW_WRITER_QUEUE_MAX);
    open_gate(&gate, holder);
    for (int i = 0; i < MANY; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].err, FW_OK);
    }
    CHECK(is_there(k, 0) && is_there(k, MANY - 1));
    free(callers);
}

struct sender {
    struct kit *k;
    pthread_t thread;
    char ids[PER_THREAD][FW_UUID_SIZE];
    int done;
};

/* Accepts, saves and reads beside seven others; checks are the main thread's. */
static void *send_many(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < PER_THREAD; i++) {
        struct fw_fax f = kit_fax(s->k, i), back = { 0 };
        struct fw_event queued = kit_event(&f, FW_EVENT_QUEUED, i),
                        failed = kit_event(&f, FW_EVENT_FAILED, i);
        memcpy(s->ids[i], f.id, sizeof f.id);
        bool ok = fw_store_fax_accept(s->k->store, &f, &queued) == FW_OK;
        f.status = FW_STATUS_FAILED;
        ok = ok && fw_store_fax_save(s->k->store, &f, FW_STATUS_QUEUED, &failed, 1) == FW_OK;
        ok = ok && fw_store_fax_save(s->k->store, &f, FW_STATUS_QUEUED, &failed, 1) == FW_CONFLICT;
        ok = ok && fw_store_fax_get(s->k->store, s->k->account, f.id, &back) == FW_OK;
        s->done += ok && back.status == FW_STATUS_FAILED && queued.seq > 0;
        fw_fax_done(&back);
        fw_event_done(&queued);
        fw_event_done(&failed);
    }
    return NULL;
}

static void eight_threads(void **state)
{
    struct kit *k = *state;
    static struct sender senders[THREADS];
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){ .k = k };
        CHECK_INT(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(senders[i].thread, NULL);
    kit_reopen(k);
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(senders[i].done, PER_THREAD);
        for (int n = 0; n < PER_THREAD; n++) {
            struct fw_event_page page = { 0 };
            CHECK_INT(fw_store_event_list(k->store, senders[i].ids[n], 0, 10, &page), FW_OK);
            CHECK_INT(page.count, 2);
            CHECK_INT(page.items[0].kind, FW_EVENT_QUEUED);
            CHECK_INT(page.items[1].kind, FW_EVENT_FAILED);
            fw_event_page_done(&page);
        }
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(one_commit_for_all_and_a_failure_undoes_itself),
        CASE(a_failed_commit_fails_all_of_its_batch),
        CASE(closing_finishes_what_was_accepted),
        CASE(more_than_the_queue_holds),
        CASE(eight_threads),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
