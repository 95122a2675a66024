/* What loss does to faxes: 20 calls a row, one page of about 18 KB with error correction, in counted time.
 * Use: loss_table [SEED] > table (Markdown). */
#include "page/page.h"
#include "sim.h"
#include "base/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 20, ROWS = 2200 };

struct row {
    const char *name;
    bool audio;
    unsigned redundancy;
    unsigned loss;
    int drift_ppm;
};

static const struct row rows[] = {
    { "T.38, redundancy 3", false, 3, 0, 0 },     { "T.38, redundancy 3", false, 3, 100, 0 },
    { "T.38, redundancy 3", false, 3, 300, 0 },   { "T.38, redundancy 3", false, 3, 500, 0 },
    { "T.38, redundancy 3", false, 3, 1000, 0 },  { "T.38, redundancy 0", false, 0, 100, 0 },
    { "T.38, redundancy 0", false, 0, 500, 0 },   { "G.711", true, 0, 0, 0 },
    { "G.711", true, 0, 10, 0 },                  { "G.711", true, 0, 30, 0 },
    { "G.711", true, 0, 100, 0 },                 { "G.711, clocks 100 ppm apart", true, 0, 0, 100 },
    { "G.711, clocks -100 ppm apart", true, 0, 0, -100 },
};

static void row_print(const struct row *r, const char *folder, uint64_t seed)
{
    char tx[96], rx[96];
    int delivered = 0, equal = 0;
    double seconds = 0;
    (void)snprintf(tx, sizeof tx, "%s/tx.tif", folder);
    (void)snprintf(rx, sizeof rx, "%s/rx.tif", folder);
    for (int i = 0; i < CALLS; i++) {
        const struct sim_call call = { .seed = seed + (uint64_t)i, .tx_path = tx, .rx_path = rx, .audio = r->audio,
                                       .codec = i % 2 ? FW_CODEC_PCMA : FW_CODEC_PCMU, .redundancy = r->redundancy,
                                       .drift_ppm = r->drift_ppm,
                                       .network = { .loss = r->loss, .jitter_ms = 15 } };
        struct sim_result result;
        struct fw_page_difference difference;
        struct fw_fault fault;
        uint32_t count = 0;
        sim_run(&call, &result);
        delivered += result.delivered;
        equal += result.delivered && fw_pages_equal(tx, rx, &count, &difference, &fault) == FW_OK;
        seconds += result.delivered ? result.seconds : 0;
    }
    printf("| %s | %.1f %% | %d of %d | %d | ", r->name, r->loss / 100.0, delivered, CALLS, equal);
    if (delivered > 0)
        printf("%.1f s |\n", seconds / delivered);
    else
        printf("- |\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/loss_table.XXXXXX";
    char tx[96];
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(tx, sizeof tx, "%s/tx.tif", folder);
    sim_page_make(tx, 1, ROWS);
    printf("| line | loss each way | delivered | bit for bit | mean line time |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        row_print(&rows[i], folder, seed);
    printf("\nSeeds %llu to %llu in each row; 30 ms delay, up to 15 ms of jitter.\n", (unsigned long long)seed,
           (unsigned long long)seed + CALLS - 1);
    fw_dir_remove(folder, 2);
    return 0;
}
