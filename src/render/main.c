/* faxwire-render: one document on fd 0, its fax pages to fd 1, one line of JSON to fd 3.
 *
 * What it reads was written by anyone who can send a document, and is taken apart by a large
 * library. So it locks itself in before it reads the first byte, and does not start when it cannot.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "render/convert.h"
#include "render/header_sheet.h"
#include "render/render_exit.h"
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FD_DOCUMENT = 0, FD_PAGES = 1, FD_RESULT = 3 };
enum {
    MEMORY_MAX = 512 * 1024 * 1024,         /* what MuPDF may allocate */
    ADDRESS_SPACE_MAX = 1024 * 1024 * 1024, /* the above, the mapped document, program and fonts */
    OUTPUT_MAX = 512 * 1024 * 1024,         /* 350 pages of noise at the finest quality */
    CPU_SECONDS = 120,                      /* 350 pages of photographs take 40 */
    FDS_MAX = 4,
};

static const struct {
    const char *name;
    uint32_t y_dpi;
    enum fw_tone_mode mode;
    uint32_t threshold;
} qualities[] = {
    { "normal", 98, FW_TONE_MIXED, 144 },          { "high", 196, FW_TONE_MIXED, 144 },
    { "very_high", 391, FW_TONE_MIXED, 144 },      { "ultra_light", 391, FW_TONE_DIFFUSE, 144 },
    { "ultra_dark", 391, FW_TONE_THRESHOLD, 200 },
};

static void result_write(const char *text)
{
    if (fw_write_all(FD_RESULT, fw_span_of(text)))
        fw_log(FW_LOG_ERROR, "render.no_result", "fd=%d", FD_RESULT);
}

static int fail(enum fw_render_exit code, const char *why)
{
    char line[700];
    snprintf(line, sizeof line, "{\"error\":\"%s\"}\n",
             why); /* our own sentences: nothing to escape */
    result_write(line);
    fw_log(FW_LOG_WARN, "render.failed", "exit=%d why=\"%s\"", (int)code, why);
    return (int)code;
}

static void on_cpu_limit(int number)
{
    (void)number;
    static const char line[] = "{\"error\":\"the document takes too long to draw\"}\n";
    (void)!write(FD_RESULT, line, sizeof line - 1);
    _exit(FW_RENDER_LIMITS);
}

static bool quality_set(const char *name, struct fw_convert *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(qualities); i++) {
        if (strcmp(name, qualities[i].name) != 0)
            continue;
        ret->y_dpi = qualities[i].y_dpi;
        ret->mode = qualities[i].mode;
        ret->threshold = qualities[i].threshold;
        return true;
    }
    return false;
}

static bool number_of(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    return fw_text_to_u64(fw_span_of(text), max, ret) && *ret >= min;
}

static bool options_read(int argc, char **argv, struct fw_convert *ret, uint64_t *ret_seconds)
{
    static const struct option options[] = {
        { "quality", required_argument, NULL, 'q' },
        { "header-sheet", no_argument, NULL, 'h' },
        { "monochrome", no_argument, NULL, 'm' },
        { "black-threshold", required_argument, NULL, 'b' },
        { "pages", required_argument, NULL, 'r' },
        { "pages-max", required_argument, NULL, 'p' },
        { "seconds-max", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    static struct fw_page_ranges ranges;
    bool ok = quality_set("high", ret), monochrome = false;
    uint64_t percent = 95, pages_max = 350;
    for (int option; ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        ok = option == 'q'   ? quality_set(optarg, ret)
             : option == 'm' || option == 'h' ? true
             : option == 'b' ? number_of(optarg, 1, 100, &percent)
             : option == 'p' ? number_of(optarg, 1, 10000, &pages_max)
             : option == 'r' ? fw_page_ranges_parse(optarg, &ranges)
             : option == 's' ? number_of(optarg, 1, 86400, ret_seconds)
                             : false;
        monochrome = monochrome || option == 'm';
        ret->header_sheet = ret->header_sheet || option == 'h';
        ret->pages = option == 'r' ? &ranges : ret->pages;
    }
    if (monochrome) {
        ret->mode = FW_TONE_THRESHOLD;
        ret->threshold = (uint32_t)(256 * percent / 100);
    }
    ret->pages_max = (int)pages_max;
    return ok && optind == argc;
}

static bool fds_fit(void)
{
    struct stat in, out;
    return fstat(FD_DOCUMENT, &in) == 0 && S_ISREG(in.st_mode) && fstat(FD_PAGES, &out) == 0 &&
           S_ISREG(out.st_mode) && (fcntl(FD_PAGES, F_GETFL) & O_ACCMODE) == O_RDWR &&
           fcntl(FD_RESULT, F_GETFL) >= 0;
}

int main(int argc, char **argv)
{
    fw_log_init("faxwire-render", FW_LOG_INFO);
    struct fw_convert convert = { .in = FD_DOCUMENT, .out = FD_PAGES, .memory_max = MEMORY_MAX };
    uint64_t seconds = CPU_SECONDS;
    if (!options_read(argc, argv, &convert, &seconds) || !fds_fit()) {
        fprintf(
            stderr,
            "use: faxwire-render [--quality normal|high|very_high|ultra_light|ultra_dark]\n"
            "       [--monochrome] [--black-threshold 1-100] [--pages 1-5,7] [--pages-max N]\n"
            "       [--seconds-max N of computing] [--header-sheet]\n"
            "       <document >pages.tif 3>result; fd 0 and 1 are files, 1 open for both\n");
        return FW_RENDER_USAGE;
    }
    signal(SIGXCPU, on_cpu_limit);
    signal(SIGXFSZ, SIG_IGN); /* so that write(2) fails instead */
    signal(SIGPIPE, SIG_IGN);

    const struct fw_sandbox sandbox = { .profile = FW_SANDBOX_RENDER,
                                        .memory_max = ADDRESS_SPACE_MAX,
                                        .file_max = OUTPUT_MAX,
                                        .cpu_s_max = (uint32_t)seconds,
                                        .fds_max = FDS_MAX };
    struct fw_fault fault = { 0 };
    if (fw_sandbox_enter(&sandbox, &fault)) {
        fw_log(FW_LOG_ERROR, "render.no_sandbox", "why=%s", FW_LOG_TEXT(fault.message));
        return fail(FW_RENDER_NO_SANDBOX,
                    "the kernel does not allow the sandbox; documents are not read without it");
    }

    const struct fw_mono start = fw_mono_now();
    struct fw_converted done = { 0 };
    const enum fw_render_exit code =
        convert.header_sheet ? fw_header_sheet_run(&convert, &done) : fw_convert_run(&convert, &done);
    char line[300];
    if (code == FW_RENDER_OFFICE) {
        snprintf(line, sizeof line, "{\"office\":\"%s\"}\n", done.why);
        result_write(line);
        return FW_RENDER_OFFICE;
    }
    if (code != FW_RENDER_OK)
        return fail(code, done.why);
    snprintf(line, sizeof line, "{\"pages\":%u,\"bytes\":%zu,\"ms\":%lld}\n", done.pages,
             done.bytes, (long long)((fw_mono_now().us - start.us) / 1000));
    result_write(line);
    return FW_RENDER_OK;
}
