/* Not a test: a full queue, its memory, the time from a start to its first call, and calls a second.
 *
 *     queue_bench fill FOLDER COUNT     makes COUNT faxes that wait for a call, four to a number
 *     queue_bench run FOLDER SECONDS    starts on them; whoever is called is busy; prints a line of JSON
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "queue/queue.h"
#include "store/store_internal.h"

enum { APPLICATIONS = 50, ACCOUNTS = 10, CALLS_MAX = 64, DIALLED_MAX = 20000 };

static void need(enum fw_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "queue_bench: %s: %s\n", what, fw_err_text(err));
    exit(1);
}

static void make_applications(struct fw_store *s)
{
    for (int i = 0; i < APPLICATIONS; i++) {
        struct fw_application a = { .webhook_timeout_secs = -1, .active = true };
        char name[32];
        snprintf(name, sizeof name, "account %d", i % ACCOUNTS);
        need(fw_store_account_ensure(s, name, &a.account), "account");
        snprintf(a.id, sizeof a.id, "%d", 1000 + i);
        a.created_at = a.updated_at = fw_wall_now();
        need(fw_store_application_create(s, &a), "application");
    }
}

#define ID_FORMAT "01a20be3-%04x-7000-8000-%012x"

/* All rows in one transaction, with what the triggers make of them. */
static enum fw_err insert(struct fw_db *db, void *arg)
{
    const int64_t *count = arg;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(
        db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
            " INSERT INTO fax(" FW_FAX_COLUMNS ")"
            " SELECT printf('" ID_FORMAT "', i / 65536, i), a.account, a.id, '+12025550123', '',"
            " '+1312' || printf('%07d', i / 4), NULL, NULL, '', 1, 'high', 1, 0, 95, 0, 0, 0,"
            " ?2 + i, 'media.processed', '', '', 3, 0, 0, 0, '', -1, ?2 + i, 0, 0, -1, ?2 + i, '',"
            " 'outbound', 'pdf', 0, '', 1, NULL, 0, 0, NULL, '', NULL, 0, NULL, 0, NULL, NULL, '',"
            " 0, NULL, NULL, '', '', NULL"
            " FROM n JOIN application a ON a.id = CAST(1000 + i % 50 AS TEXT)");
    fw_stmt_bind_int(&q, *count);
    fw_stmt_bind_int(&q, fw_wall_now().us - 3600 * 1000000LL);
    return fw_stmt_run(&q);
}

/* Of those that the run will come to. */
static void make_pages(struct fw_store *s, int64_t count)
{
    char dir[4200], path[4300], id[FW_UUID_SIZE];
    for (int64_t i = 1; i <= count && i <= DIALLED_MAX; i++) {
        snprintf(id, sizeof id, ID_FORMAT, (unsigned)(i / 65536), (unsigned)i);
        fw_store_fax_dir(s, id, dir, sizeof dir);
        need(fw_dir_make(dir), "folder");
        snprintf(path, sizeof path, "%s/pages.tif", dir);
        need(fw_file_write(path, fw_span_of("pages"), 0600), "pages");
    }
}

static void fill(const char *dir, int64_t count)
{
    struct fw_fault fault = { 0 };
    struct fw_store *s;
    need(fw_store_open(dir, &fault, &s), "store");
    make_applications(s);
    need(fw_writer_do(s->writer, insert, &count), "insert");
    make_pages(s, count);
    fw_store_close(s);
}

static struct {
    struct fw_queue *queue;
    struct fw_mono   first;
    long             calls;
    pthread_mutex_t  lock;
    pthread_cond_t   changed;
} bench = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    (void)arg, (void)fax, (void)dir, (void)stop;
    *ret = (struct fw_prepared){ .result = FW_PREPARED_OK, .page_count = 1 };
}

/* As of a fax without a header line, which goes whole. */
static enum fw_err put_pages(const char *dir, const char *to, int skip, const struct fw_header_text *header)
{
    char from[4300];
    (void)skip, (void)header;
    snprintf(from, sizeof from, "%s/pages.tif", dir);
    unlink(to);
    return link(from, to) == 0 ? FW_OK : FW_IO;
}

/* The line: everybody is busy. */
static void take_message(void *arg, const struct fw_msg *msg)
{
    (void)arg;
    if (msg->kind != FW_MSG_KIND_CALL_PLACE)
        return;
    pthread_mutex_lock(&bench.lock);
    if (bench.calls++ == 0)
        bench.first = fw_mono_now();
    pthread_cond_signal(&bench.changed);
    pthread_mutex_unlock(&bench.lock);
    struct fw_msg busy = { .kind = FW_MSG_KIND_CALL_ENDED };
    busy.call_ended.cause = FW_CAUSE_REJECTED;
    busy.call_ended.sip_status = 486;
    fw_text_clip(busy.call_ended.call, sizeof busy.call_ended.call, msg->call_place.call);
    fw_queue_message(bench.queue, &busy);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void run(const char *dir, unsigned seconds)
{
    struct fw_fault fault = { 0 };
    struct fw_store *s;
    const struct fw_queue_port port = { .prepare = prepare, .send = take_message, .put_pages = put_pages };
    char spool[512];
    const struct fw_mono start = fw_mono_now();
    need(fw_store_open(dir, &fault, &s), "store");
    const struct fw_queue_config config = { .store = s, .trunk = "t", .ident = "", .modem_count = 1,
        .media_workers = 1, .calls_max = CALLS_MAX, .calls_per_number = 1,
        .limits = { { [FW_LIMIT_RING] = 60000, [FW_LIMIT_CALL] = 60000 } } };
    need(fw_queue_new(&config, &port, &bench.queue), "queue");
    need(fw_queue_spool_dir(dir, 0, spool, sizeof spool), "spool");
    need(fw_queue_start(bench.queue), "start");
    fw_queue_modem(bench.queue, 0, true);
    fw_queue_line(bench.queue, true);
    pthread_mutex_lock(&bench.lock);
    while (bench.calls == 0)
        pthread_cond_wait(&bench.changed, &bench.lock);
    pthread_mutex_unlock(&bench.lock);
    const long at_start = resident_kib();
    sleep(seconds);
    pthread_mutex_lock(&bench.lock);
    const long calls = bench.calls;
    pthread_mutex_unlock(&bench.lock);
    printf("{\"first_dial_s\": %.3f, \"calls_per_s\": %.0f, \"rss_start_kib\": %ld, \"rss_end_kib\": %ld}\n",
           (double)(bench.first.us - start.us) / 1e6, (double)calls / seconds, at_start, resident_kib());
    fw_queue_stop(bench.queue);
    fw_queue_free(bench.queue);
    fw_store_close(s);
}

int main(int argc, char **argv)
{
    int64_t number = 0;
    fw_log_init("queue_bench", FW_LOG_ERROR);
    if (argc != 4 || !fw_text_to_i64(fw_span_of(argv[3]), 1, 10000000, &number)) {
        fprintf(stderr, "use: queue_bench fill FOLDER COUNT | queue_bench run FOLDER SECONDS\n");
        return 2;
    }
    if (strcmp(argv[1], "fill") == 0)
        fill(argv[2], number);
    else
        run(argv[2], (unsigned)number);
    return 0;
}
