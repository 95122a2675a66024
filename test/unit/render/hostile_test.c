/* Two hundred documents that mean harm (test/tools/make-hostile.py): each ends within its limits, with the reason
 * its name asks for, and none brings the renderer down. Those that work until a limit of time are left to HOSTILE=all. */
#include "program.h"
#include <dirent.h>
#include <sys/resource.h>

static const struct {
    const char *prefix;
    int codes[4];
} expectations[] = {
    { "refused-", { FW_RENDER_FORMAT_INVALID } },
    { "heavy-", { FW_RENDER_LIMITS } },
    { "pages-", { FW_RENDER_PAGE_COUNT_LIMIT } },
    { "drawn-", { FW_RENDER_OK } },
    { "any-", { FW_RENDER_OK, FW_RENDER_FORMAT_INVALID, FW_RENDER_PAGE_COUNT_LIMIT, FW_RENDER_LIMITS } },
    { "slow-", { FW_RENDER_OK, FW_RENDER_FORMAT_INVALID, FW_RENDER_PAGE_COUNT_LIMIT, FW_RENDER_LIMITS } },
};

static bool is_expected(const char *name, int code)
{
    for (size_t i = 0; i < ARRAY_LEN(expectations); i++) {
        if (strncmp(name, expectations[i].prefix, strlen(expectations[i].prefix)) != 0)
            continue;
        for (size_t c = 0; c < ARRAY_LEN(expectations[i].codes); c++) {
            if (code == expectations[i].codes[c] && (c == 0 || code != FW_RENDER_OK))
                return true;
        }
        return false;
    }
    return false;
}

static void each_ends_as_it_should(void **state)
{
    (void)state;
    const char *all = getenv("HOSTILE");
    DIR *dir = opendir(folder);
    CHECK(dir != NULL);
    int seen = 0, bad = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (!strchr(name, '-') || !strchr(name, '.') || (strncmp(name, "slow-", 5) == 0 && !all))
            continue;
        const int code = RENDER(document(name), ARG("--seconds-max"), ARG("2"), NULL);
        const bool told = result_has(code == FW_RENDER_OK ? "{\"pages\":" : "{\"error\":\"");
        if (!is_expected(name, code) || !told) {
            print_error("%s: exit %d\n", name, code);
            bad++;
        }
        seen++;
    }
    closedir(dir);
    print_message("# %d documents\n", seen);
    CHECK_INT(bad, 0);
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
