/* How many faxes a second are accepted durably: store_bench FOLDER [seconds]; the folder must be
 * new. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store_internal.h"

enum { THREADS_MAX = 16 };

static struct {
    struct fw_store *store;
    struct fw_application application;
    int64_t account;
    atomic_bool stop;
    atomic_long accepted;
} bench;

static void *accept_until_stopped(void *arg)
{
    while (!atomic_load(&bench.stop)) {
        struct fw_fax f = {
            .account = bench.account, .modem = -1, .transport = -1, .black_threshold = 95
        };
        struct fw_event e = { .kind = FW_EVENT_QUEUED,
                              .at = fw_wall_now(),
                              .payload = strdup(
                                  "{\"fax_id\":\"x\",\"from\":\"+15550001\",\"to\":\"+15550002\","
                                  "\"status\":\"queued\",\"connection_id\":\"1\"}") };
        fw_uuid_new(e.at, f.id);
        fw_uuid_new(e.at, e.id);
        memcpy(e.fax, f.id, sizeof e.fax);
        memcpy(f.application, bench.application.id, sizeof f.application);
        snprintf(f.from, sizeof f.from, "+15550001");
        snprintf(f.to, sizeof f.to, "+15550002");
        f.created_at = f.updated_at = e.at;
        fw_assert(fw_store_fax_accept(bench.store, &f, &e) == FW_OK);
        fw_event_done(&e);
        atomic_fetch_add(&bench.accepted, 1);
    }
    return arg;
}

static void run(int threads, unsigned seconds)
{
    pthread_t thread[THREADS_MAX];
    const struct fw_writer_counts before = fw_writer_count(bench.store->writer);
    const struct fw_mono start = fw_mono_now();
    atomic_store(&bench.stop, false);
    atomic_store(&bench.accepted, 0);
    for (int i = 0; i < threads; i++)
        fw_assert(pthread_create(&thread[i], NULL, accept_until_stopped, NULL) == 0);
    sleep(seconds);
    atomic_store(&bench.stop, true);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    const double took = (double)(fw_mono_now().us - start.us) / 1e6;
    const struct fw_writer_counts after = fw_writer_count(bench.store->writer);
    printf("threads=%d accepts_per_second=%.0f accepts_per_commit=%.1f\n", threads,
           (double)atomic_load(&bench.accepted) / took,
           (double)(after.writes - before.writes) / (double)(after.commits - before.commits));
}

int main(int argc, char **argv)
{
    uint64_t seconds = 3;
    struct fw_fault fault = { 0 };
    if (argc < 2 || (argc > 2 && !fw_text_to_u64(fw_span_of(argv[2]), 3600, &seconds))) {
        fprintf(stderr, "usage: store_bench FOLDER [seconds]\n");
        return 2;
    }
    if (fw_store_open(argv[1], &fault, &bench.store) != FW_OK) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    fw_assert(fw_store_account_ensure(bench.store, "bench", &bench.account) == FW_OK);
    bench.application.account = bench.account;
    fw_numeric_id_new(bench.application.id);
    fw_assert(fw_store_application_create(bench.store, &bench.application) == FW_OK);
    static const int threads[] = { 1, 4, THREADS_MAX };
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        run(threads[i], (unsigned)seconds);
    fw_store_close(bench.store);
    return 0;
}
