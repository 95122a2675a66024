/* What the disk and other processes can do: kill -9, a second process, old and new files, no space.
 */
#include "store_kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/migrate.h"

enum { WRITERS = 6, KILL_AFTER = 300 };

/* ---- kill -9 ---- */

static int told_fd; /* the child's end of the pipe */

/* Accepts for ever, telling each id once it is accepted: a write of 37 bytes is not torn apart. */
static void *accept_for_ever(void *arg)
{
    struct kit *k = arg;
    for (int64_t i = 0;; i++) {
        struct fw_fax f = kit_fax(k, i);
        struct fw_event e = kit_event(&f, FW_EVENT_QUEUED, i);
        const enum fw_err err = fw_store_fax_accept(k->store, &f, &e);
        fw_event_done(&e);
        if (err || write(told_fd, f.id, sizeof f.id) != sizeof f.id)
            _exit(1);
    }
    return NULL;
}

static _Noreturn void child_writes(struct kit *k)
{
    struct fw_fault fault = { 0 };
    pthread_t threads[WRITERS];
    if (fw_store_open(k->dir, &fault, &k->store) != FW_OK)
        _exit(2);
    for (int i = 0; i < WRITERS; i++) {
        if (pthread_create(&threads[i], NULL, accept_for_ever, k) != 0)
            _exit(3);
    }
    pthread_join(threads[0], NULL);
    _exit(4);
}

static bool read_id(int fd, char id[FW_UUID_SIZE])
{
    size_t size = 0;
    while (size < FW_UUID_SIZE) {
        const ssize_t got = read(fd, id + size, FW_UUID_SIZE - size);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
    return true;
}

static void check_whole(struct kit *k, const char *id)
{
    struct fw_fax f = { 0 };
    struct fw_event_page events = { 0 };
    CHECK_INT(fw_store_fax_get(k->store, k->account, id, &f), FW_OK);
    CHECK_INT(fw_store_event_list(k->store, id, 0, 10, &events), FW_OK);
    CHECK_INT(events.count, 1);
    fw_event_page_done(&events);
    fw_fax_done(&f);
}

/* Each row has its event and its delivery, whether its caller was told or not. */
static void check_no_halves(struct kit *k, int at_least)
{
    struct fw_fax_page faxes = { 0 };
    struct fw_delivery_page due = { 0 };
    struct fw_wall next = { 0 };
    CHECK_INT(fw_store_fax_unfinished(k->store, FW_OUTBOUND, &faxes), FW_OK);
    CHECK(faxes.count >= at_least);
    for (int i = 0; i < faxes.count; i++)
        check_whole(k, faxes.items[i].id);
    CHECK_INT(fw_store_delivery_due(k->store, (struct fw_wall){ INT64_MAX }, NULL, 0, INT32_MAX,
                                    &due, &next),
              FW_OK);
    CHECK_INT(due.count, faxes.count);
    fw_delivery_page_done(&due);
    fw_fax_page_done(&faxes);
}

static void a_kill_loses_nothing_acknowledged(void **state)
{
    struct kit *k = *state;
    int told[2], status = 0, count = 0;
    char id[FW_UUID_SIZE];
    char(*ids)[FW_UUID_SIZE] = calloc(100000, sizeof *ids);
    CHECK(ids && pipe(told) == 0);
    fw_store_close(TAKE(k->store));
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(told[0]);
        told_fd = told[1];
        child_writes(k);
    }
    close(told[1]);
    while (count < KILL_AFTER && read_id(told[0], ids[count]))
        count++;
    CHECK_INT(count, KILL_AFTER);
    CHECK_INT(kill(child, SIGKILL), 0);
    while (read_id(told[0], id) && count < 100000)
        memcpy(ids[count++], id, sizeof id);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(told[0]);

    struct fw_fault fault = { 0 };
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store), FW_OK);
    for (int i = 0; i < count; i++)
        check_whole(k, ids[i]);
    check_no_halves(k, count);
    free(ids);
}

/* ---- another process ---- */

static void a_second_one_is_refused(void **state)
{
    struct kit *k = *state;
    struct fw_store *second = NULL;
    struct fw_fault fault = { 0 };
    int status = 0;
    CHECK_INT(fw_store_open(k->dir, &fault, &second), FW_CONFLICT);
    CHECK(!second);
    CHECK(strstr(fault.message, k->dir) != NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(fw_store_open(k->dir, NULL, &second) == FW_CONFLICT ? 0 : 1);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    kit_reopen(k); /* closing gave it free */
}

/* ---- versions ---- */

static const unsigned char next_step[] =
    "ALTER TABLE fax ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';";
static const unsigned char bad_step[] = "CREATE TABLE half(x); INSERT INTO nowhere VALUES (1);";

static void open_raw(struct kit *k, struct fw_db *db)
{
    char path[128];
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    CHECK_INT(fw_db_open(path, true, db, NULL), FW_OK);
}

static int64_t number(struct fw_db *db, const char *sql)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(db, sql);
    CHECK_INT(fw_stmt_row(&q), FW_OK);
    return fw_stmt_int64(&q);
}

static void an_old_database_is_brought_on(void **state)
{
    struct kit *k = *state;
    struct fw_db db CLEANUP(fw_db_close) = { 0 };
    struct fw_fault fault = { 0 };
    const int known = fw_store_migration_count;
    struct fw_migration steps[64];
    struct fw_fax f = kit_fax(k, 1);
    kit_accept(k, &f);
    fw_store_close(TAKE(k->store));
    fw_assert(known + 2 <= (int)ARRAY_LEN(steps));
    memcpy(steps, fw_store_migrations, (size_t)known * sizeof steps[0]);
    steps[known] = (struct fw_migration){ known + 1, next_step };
    steps[known + 1] = (struct fw_migration){ known + 2, bad_step };

    open_raw(k, &db);
    CHECK_INT(number(&db, "SELECT max(version) FROM schema_version"), known);
    CHECK_INT(fw_store_migrate(&db, steps, known, &fault), FW_OK); /* nothing to do */
    /* A step that fails leaves the one before it done and nothing of itself. */
    CHECK_INT(fw_store_migrate(&db, steps, known + 2, &fault), FW_IO);
    CHECK(strstr(fault.message, "no such table: nowhere") != NULL);
    CHECK_INT(number(&db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
    CHECK_INT(number(&db, "SELECT max(version) FROM schema_version"), known + 1);
    CHECK_INT(number(&db, "SELECT count(*) FROM fax WHERE colour = 'grey'"), 1);
    CHECK_INT(fw_store_migrate(&db, steps, known + 1, &fault), FW_OK);
    fw_db_close(&db);

    /* That database is newer than the program now. */
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store), FW_CONFLICT);
    CHECK(strstr(fault.message, "newer") != NULL);
    CHECK(!k->store);
}

static void an_empty_file_is_a_new_database(void **state)
{
    struct kit *k = *state;
    struct fw_fault fault = { 0 };
    char path[128];
    struct stat st;
    fw_store_close(TAKE(k->store));
    fw_dir_remove(k->dir, 5);
    snprintf(path, sizeof path, "%s/deep/data", k->dir);
    CHECK_INT(fw_store_open(path, &fault, &k->store), FW_OK); /* folders are made */
    fw_store_close(TAKE(k->store));
    snprintf(path, sizeof path, "%s/deep/data/faxwire.db", k->dir);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_INT(truncate(path, 0), 0);
    snprintf(path, sizeof path, "%s/deep/data", k->dir);
    CHECK_INT(fw_store_open(path, &fault, &k->store), FW_OK);
    CHECK_INT(fw_store_account_ensure(k->store, "main", &k->account), FW_OK);
}

static void a_file_of_something_else_is_refused(void **state)
{
    struct kit *k = *state;
    struct fw_fault fault = { 0 };
    char path[128];
    fw_store_close(TAKE(k->store));
    snprintf(path, sizeof path, "%s/faxwire.db", k->dir);
    static const char text[] =
        "This is a letter and not a database, long enough to have no header of one; "
        "nobody wants to see it overwritten by a program that takes it for its own.";
    CHECK_INT(fw_file_write(path, fw_span_of(text), 0600), FW_OK);
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store), FW_IO);
    CHECK(!k->store);
    CHECK(strstr(fault.message, "not a database") != NULL);
    struct fw_buf left;
    CHECK_INT(fw_file_read(path, 4096, &left), FW_OK);
    CHECK_INT(left.size, sizeof text - 1);
    fw_buf_done(&left);
}

static void what_cannot_be_a_folder(void **state)
{
    struct kit *k = *state;
    struct fw_store *s = NULL;
    struct fw_fault fault = { 0 };
    char path[600];
    snprintf(path, sizeof path, "%s/lock/data", k->dir); /* below a file */
    CHECK_INT(fw_store_open(path, &fault, &s), FW_IO);
    CHECK(strstr(fault.message, path) != NULL);
    CHECK(strstr(fault.message, "Not a directory") != NULL);
    CHECK_INT(fw_store_open("/proc/self/fdinfo", &fault, &s),
              FW_IO); /* not even root writes there */
    CHECK(strstr(fault.message, "cannot be written") != NULL);
    CHECK_INT(fw_store_open("", &fault, &s), FW_INVALID);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_INT(fw_store_open(path, &fault, &s), FW_INVALID);
    CHECK(!s);
}

/* ---- no space: a limit on the size of files, which write(2) reports like a full disk ---- */

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void no_space_is_told_and_survived(void **state)
{
    struct kit *k = *state;
    struct fw_fax before = kit_fax(k, 1), during = kit_fax(k, 2), after = kit_fax(k, 3), f = { 0 };
    struct fw_event e = kit_event(&during, FW_EVENT_QUEUED, 2);
    struct fw_fault fault = { 0 };
    struct rlimit whole;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &whole), 0);
    kit_accept(k, &before);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(4096);
    CHECK_INT(fw_store_fax_accept(k->store, &during, &e), FW_IO);
    CHECK_INT(e.seq, 0);
    CHECK_INT(fw_store_fax_get(k->store, k->account, before.id, &f), FW_OK); /* reading goes on */
    fw_fax_done(&f);
    limit_files(whole.rlim_cur);
    CHECK_INT(fw_store_fax_get(k->store, k->account, during.id, &f), FW_NOT_FOUND);
    kit_accept(k, &after);
    CHECK_INT(fw_store_fax_accept(k->store, &during, &e), FW_OK);
    kit_reopen(k);
    check_no_halves(k, 3);

    fw_store_close(TAKE(k->store));
    fw_dir_remove(k->dir, 5);
    limit_files(4096);
    const enum fw_err err = fw_store_open(k->dir, &fault, &k->store);
    limit_files(whole.rlim_cur);
    CHECK_INT(err, FW_IO);
    CHECK(strstr(fault.message, k->dir) && strstr(fault.message, "free space"));
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store),
              FW_OK); /* and it goes on once there is some */
    fw_event_done(&e);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_kill_loses_nothing_acknowledged),   CASE(a_second_one_is_refused),
        CASE(an_old_database_is_brought_on),       CASE(an_empty_file_is_a_new_database),
        CASE(a_file_of_something_else_is_refused), CASE(what_cannot_be_a_folder),
        CASE(no_space_is_told_and_survived),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
