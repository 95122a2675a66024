/* Whole calls over bad networks: what must arrive, arrives bit for bit; what cannot, ends. */
#include "base/file.h"
#include "page/page.h"
#include "sim.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 300 };

static char folder[64], tx[96], rx[96];

static void expect_delivered(struct sim_call call, int pages)
{
    struct sim_result r;
    struct fw_page_difference difference = { "" };
    struct fw_fault fault = { 0 };
    uint32_t count = 0;
    call.tx_path = tx;
    call.rx_path = rx;
    print_message("seed %llu\n", (unsigned long long)call.seed);
    sim_page_make(tx, pages, ROWS);
    sim_run(&call, &r);
    CHECK(!r.over_limit);
    CHECK_INT(r.sent.t30_code, 0);
    CHECK_INT(r.received.t30_code, 0);
    CHECK_INT(fw_pages_equal(tx, rx, &count, &difference, &fault), FW_OK);
    CHECK_INT(count, pages);
}

static void redundancy_makes_up_for_loss(void **state)
{
    (void)state;
    static const unsigned losses[] = { 0, 100, 300, 500 };
    for (size_t i = 0; i < ARRAY_LEN(losses); i++)
        expect_delivered((struct sim_call){ .seed = 100 + i, .redundancy = 3, .network = { .loss = losses[i] } }, 2);
}

/* Datagrams come twice and overtake each other by as much as two packets. */
static void repeats_and_disorder_do_no_harm(void **state)
{
    (void)state;
    const struct sim_network network = { .duplicates = 3000, .delay_ms = 40, .jitter_ms = 70 };
    expect_delivered((struct sim_call){ .seed = 7, .redundancy = 3, .network = network }, 2);
    expect_delivered((struct sim_call){ .seed = 8, .redundancy = 3, .no_ecm = true, .network = network }, 2);
}

/* A buffer of 60 ms takes 55 ms of jitter, on both laws. */
static void audio_takes_jitter(void **state)
{
    (void)state;
    const struct sim_network network = { .duplicates = 1000, .delay_ms = 20, .jitter_ms = 55 };
    expect_delivered((struct sim_call){ .seed = 1, .audio = true, .codec = FW_CODEC_PCMA, .network = network }, 1);
    expect_delivered((struct sim_call){ .seed = 2, .audio = true, .codec = FW_CODEC_PCMU, .network = network }, 1);
}

/* 100 ppm over a minute are 6 ms: the buffer drifts and nothing is lost. */
static void audio_takes_clock_drift(void **state)
{
    (void)state;
    static const int drifts[] = { 100, -100 };
    for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
        expect_delivered((struct sim_call){ .seed = 20 + i, .audio = true, .codec = FW_CODEC_PCMA,
                                            .drift_ppm = drifts[i], .network = { .jitter_ms = 15 } }, 3);
        expect_delivered((struct sim_call){ .seed = 30 + i, .audio = true, .codec = FW_CODEC_PCMU, .no_ecm = true,
                                            .drift_ppm = drifts[i], .network = { .jitter_ms = 15 } }, 1);
    }
}

/* Nothing comes through: both ends end by themselves, and neither says that a page went. */
static void a_dead_line_ends_the_call(void **state)
{
    (void)state;
    for (int audio = 0; audio <= 1; audio++) {
        struct sim_result r;
        sim_page_make(tx, 1, ROWS);
        const struct sim_call call = { .seed = 1, .tx_path = tx, .rx_path = rx, .audio = audio,
                                       .network = { .loss = 10000 } };
        sim_run(&call, &r);
        CHECK(!r.over_limit && !r.delivered);
        CHECK(r.sent.t30_code != 0 && r.received.t30_code != 0);
        CHECK_INT(r.sent.pages + r.received.pages, 0);
    }
}

/* The whole-call limit holds whatever the far end does. */
static void no_call_passes_its_limit(void **state)
{
    (void)state;
    struct sim_result r;
    sim_page_make(tx, 3, 2000);
    const struct sim_call call = { .seed = 1, .tx_path = tx, .rx_path = rx, .redundancy = 3, .seconds_max = 25 };
    sim_run(&call, &r);
    CHECK(!r.over_limit && !r.delivered);
    CHECK(r.seconds < 26);
    CHECK(r.sent.guard == FW_GUARD_CALL || r.received.guard == FW_GUARD_CALL);
}

static void mutated_calls_end(void **state)
{
    (void)state;
    const pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        execl(FUZZ_PROGRAM, FUZZ_PROGRAM, "300", (char *)NULL);
        _exit(127);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sim_test.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(tx, sizeof tx, "%s/tx.tif", folder);
    (void)snprintf(rx, sizeof rx, "%s/rx.tif", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    fw_dir_remove(folder, 2);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redundancy_makes_up_for_loss),
        cmocka_unit_test(repeats_and_disorder_do_no_harm),
        cmocka_unit_test(audio_takes_jitter),
        cmocka_unit_test(audio_takes_clock_drift),
        cmocka_unit_test(a_dead_line_ends_the_call),
        cmocka_unit_test(no_call_passes_its_limit),
        cmocka_unit_test(mutated_calls_end),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
