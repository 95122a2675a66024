/* seeds_test.c - replays the seeds of one fuzz harness in each build; the harness asserts. */
#include "test.h"
#include "base/file.h"
#include <dirent.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seeds_replay(void **state)
{
    (void)state;
    DIR *folder = opendir(SEEDS);
    assert_non_null(folder);
    size_t count = 0;
    for (const struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        if (e->d_name[0] == '.')
            continue;
        char path[4096];
        struct fw_buf seed;
        fw_buf_init(&seed, 1 << 20);
        snprintf(path, sizeof path, "%s/%s", SEEDS, e->d_name);
        CHECK_INT(fw_file_read(path, 1 << 20, &seed), FW_OK);
        CHECK_INT(LLVMFuzzerTestOneInput(seed.data, seed.size), 0);
        /* and every beginning of it */
        for (size_t size = 0; size < seed.size; size++)
            CHECK_INT(LLVMFuzzerTestOneInput(seed.data, size), 0);
        fw_buf_done(&seed);
        count++;
    }
    closedir(folder);
    CHECK(count >= 5);
}

int main(void)
{
    const struct CMUnitTest cases[] = { cmocka_unit_test(seeds_replay) };
    return cmocka_run_group_tests_name("seeds", cases, NULL, NULL);
}
