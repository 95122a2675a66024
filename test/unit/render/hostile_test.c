/* Two hundred documents that mean harm (test/tools/make-hostile.py): each ends within its limits, as hostile.tsv says and
 * for the reason that stands there, and none brings the renderer down. Those that work until a limit of time are left
 * to HOSTILE=all. A newer MuPDF or libtiff may see more, or less, in a damaged file: then look at it, and change its line. */
#include "program.h"
#include <dirent.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    int code;
} outcomes[] = { { "drawn", FW_RENDER_OK },
                 { "format", FW_RENDER_FORMAT_INVALID },
                 { "pages", FW_RENDER_PAGE_COUNT_LIMIT },
                 { "limits", FW_RENDER_LIMITS } };

static int code_of(const char *outcome)
{
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        if (strcmp(outcome, outcomes[i].name) == 0)
            return outcomes[i].code;
    }
    fail_msg("hostile.tsv has no outcome '%s'", outcome);
    return -1;
}

static int documents_made(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    CHECK(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strchr(entry->d_name, '-') && strchr(entry->d_name, '.');
    closedir(dir);
    return count;
}

/* Name, outcome, seconds of computing it may take, and words of what the renderer says. */
static void each_ends_as_it_should(void **state)
{
    (void)state;
    const char *all = getenv("HOSTILE");
    char name[100], outcome[20], seconds[8], words[200];
    int lines = 0, seen = 0, bad = 0;
    FILE *file = fopen("test/unit/render/hostile.tsv", "r");
    CHECK(file != NULL);
    while (fscanf(file, "%99[^\t]\t%19[^\t]\t%7[^\t]\t%199[^\n]\n", name, outcome, seconds, words) == 4) {
        lines++;
        if (strncmp(name, "slow-", 5) == 0 && !all)
            continue;
        const int code = RENDER(document(name), ARG("--seconds-max"), seconds, NULL);
        if (code != code_of(outcome) || !result_has(words)) {
            print_error("%s: exit %d, not %s (%s)\n", name, code, outcome, words);
            bad++;
        }
        seen++;
    }
    CHECK(feof(file));
    fclose(file);
    print_message("# %d documents\n", seen);
    CHECK_INT(bad, 0);
    CHECK_INT(lines, documents_made()); /* none without a line, and no line without one */
    CHECK(seen >= 190);
    struct rusage used;
    CHECK_INT(getrusage(RUSAGE_CHILDREN, &used), 0);
    CHECK(used.ru_maxrss < 1024 * 1024); /* KiB: the largest of them */
}

static int make(void **state)
{
    (void)state;
    return setup_with("test/tools/make-hostile.py");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_ends_as_it_should) };
    return cmocka_run_group_tests(tests, make, teardown);
}
