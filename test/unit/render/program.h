/* program.h - faxwire-render as its parent sees it: documents in, pages, a line and an exit code out.
 *
 * A folder of made documents for each test program; its first argument on the command line of the
 * renderer is the document, the pages are left in `pages_path`, its words in `result_path`.
 */
#ifndef FW_TEST_RENDER_PROGRAM_H
#define FW_TEST_RENDER_PROGRAM_H
#include "test.h"
#include "base/file.h"
#include "page/page.h"
#include "render/geometry.h"
#include "render/render_exit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tiffio.h>
#include <unistd.h>

static char folder[] = "/tmp/fw-render-XXXXXX";
static char pages_path[64], result_path[64];

static inline const char *document(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* In a child: puts the three files where the program looks for them. */
static inline void become_render(const char *input, char *const *args)
{
    const int in = open(input, O_RDONLY), out = open(pages_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int result = open(result_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int log = open("/dev/null", O_WRONLY), moved = fcntl(result, F_DUPFD, 10);
    if (in >= 0 && out >= 0 && result >= 0 && moved >= 0 && dup2(log, 2) == 2 && dup2(in, 0) == 0 &&
        dup2(out, 1) == 1 && dup2(moved, 3) == 3)
        execv(RENDER_PROGRAM, args);
    _exit(99);
}

static inline pid_t render_start(const char *input, char *const *args)
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        become_render(input, args);
    return child;
}

static inline int exit_of(pid_t child)
{
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define RENDER(input, ...)                                                                         \
    exit_of(render_start((input), (char *[]){ (char[]){ "faxwire-render" }, __VA_ARGS__ }))
#define ARG(s) ((char[]){ s })

static inline uint32_t page_count(struct fw_page_info *ret_first)
{
    uint32_t count = 0;
    struct fw_fault fault = { "", "" };
    if (fw_page_file_info(pages_path, 1, &count, ret_first, &fault))
        fail_msg("%s", fault.message);
    for (uint32_t i = 0; i < count; i++)
        CHECK_INT(fw_page_check(pages_path, i, &fault), FW_OK);
    return count;
}

static inline bool result_has(const char *text)
{
    struct fw_buf result;
    CHECK_INT(fw_file_read(result_path, 4096, &result), FW_OK);
    const bool found = memmem(result.data, result.size, text, strlen(text)) &&
                       result.data[result.size - 1] == '\n';
    fw_buf_done(&result);
    return found;
}

/* Black pixels of row `y` between two columns. */
static inline uint32_t black_between(const uint8_t *row, uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t x = from; x < to; x++)
        count += row[x / 8] >> (7 - x % 8) & 1;
    return count;
}

/* Black share of a square, in percent. */
static inline uint32_t share(const char *path, uint32_t x, uint32_t y, uint32_t size)
{
    uint32_t black = 0;
    uint8_t row[FW_RENDER_WIDTH / 8];
    TIFF *tiff = TIFFOpen(path, "r");
    CHECK(tiff != NULL);
    for (uint32_t i = 0; i < y + size; i++) {
        CHECK_INT(TIFFReadScanline(tiff, row, i, 0), 1);
        black += i >= y ? black_between(row, x, x + size) : 0;
    }
    TIFFClose(tiff);
    return black * 100 / (size * size);
}

static inline int setup_with(const char *maker)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(pages_path, sizeof pages_path, "%s/pages.tif", folder);
    snprintf(result_path, sizeof result_path, "%s/result", folder);
    const pid_t child = fork();
    if (child == 0) {
        execlp("python3", "python3", maker, folder, (char *)NULL);
        _exit(99);
    }
    return exit_of(child);
}

static inline int setup(void **state)
{
    (void)state;
    return setup_with("test/tools/make-documents.py");
}

static inline int teardown(void **state)
{
    (void)state;
    fw_dir_remove(folder, 1);
    return 0;
}
#endif
