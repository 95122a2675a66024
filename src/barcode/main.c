/* faxwire-barcode: a page file on fd 0, the barcodes on its pages to fd 1 as JSON, one line about it to fd 3.
 *
 * What is drawn on the pages is a stranger's, and is taken apart by a library that was broken by such pages before. So
 * it locks itself in before it looks at the first page, speaks to its parent as faxwire-render does, and may die.
 */
#include "barcode/zbar.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "render/render_exit.h"
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FD_PAGES = 0, FD_CODES = 1, FD_RESULT = 3 };
enum {
    ADDRESS_SPACE_MAX = 512 * 1024 * 1024, /* a page of FW_GRAY_PIXELS_MAX, the program and what zbar brings along */
    CPU_SECONDS = 20,
    FDS_MAX = 4,
    PRIORITY = 10, /* nice(2): calls come first */
    CHECK_SIDE = 64,
};

static void result_write(const char *text)
{
    if (fw_write_all(FD_RESULT, fw_span_of(text)))
        fw_log(FW_LOG_ERROR, "barcode.no_result", "fd=%d", FD_RESULT);
}

static int fail(enum fw_render_exit code, const char *why)
{
    char line[700], said[600];
    fw_text_clip(said, sizeof said, why);
    for (char *c = said; *c; c++)
        *c = *c == '"' || *c == '\\' ? '\'' : *c;
    snprintf(line, sizeof line, "{\"error\":\"%s\"}\n", said);
    result_write(line);
    return (int)code;
}

static void on_cpu_limit(int number)
{
    (void)number;
    static const char line[] = "{\"error\":\"the pages take too long to read\"}\n";
    (void)!write(FD_RESULT, line, sizeof line - 1);
    _exit(FW_RENDER_LIMITS);
}

struct options {
    uint64_t seconds;
    bool     check; /* only whether it can be done here */
};

static bool options_read(int argc, char **argv, struct options *ret)
{
    static const struct option options[] = {
        { "seconds-max", required_argument, NULL, 's' },
        { "check", no_argument, NULL, 'c' },
        { NULL, 0, NULL, 0 },
    };
    bool ok = true;
    for (int option; ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        ok = option == 's'
                 ? fw_text_to_u64(fw_span_of(optarg), 3600, &ret->seconds) && ret->seconds > 1
                 : option == 'c';
        ret->check |= option == 'c';
    }
    return ok && optind == argc;
}

static bool fds_fit(const struct options *o)
{
    struct stat in, out;
    return fcntl(FD_RESULT, F_GETFL) >= 0 &&
           (o->check || (fstat(FD_PAGES, &in) == 0 && S_ISREG(in.st_mode) && fstat(FD_CODES, &out) == 0 &&
                         S_ISREG(out.st_mode)));
}

static enum fw_err lock(const struct options *o, struct fw_fault *fault)
{
    const struct fw_sandbox sandbox = { .profile = FW_SANDBOX_RENDER,
                                        .memory_max = ADDRESS_SPACE_MAX,
                                        .file_max = FW_BARCODES_TEXT_MAX,
                                        .cpu_s_max = (uint32_t)o->seconds,
                                        .fds_max = FDS_MAX };
    return fw_sandbox_enter(&sandbox, fault);
}

/* A blank picture: what zbar asks of the system it asks for that, too. */
static int check(struct fw_zbar *z)
{
    struct fw_codes codes CLEANUP(fw_codes_done);
    static uint8_t pixels[CHECK_SIDE * CHECK_SIDE];
    const struct fw_gray blank = { .pixels = pixels, .width = CHECK_SIDE, .height = CHECK_SIDE };
    memset(pixels, 255, sizeof pixels);
    fw_codes_init(&codes);
    if (fw_zbar_scan(z, &blank, 1, &codes))
        return fail(FW_RENDER_LIMITS, "libzbar cannot work in the sandbox");
    result_write("{\"ready\":true}\n");
    return FW_RENDER_OK;
}

/* With half of its computing time over it begins no further page: what it has by then is more than nothing. */
static bool has_time(const struct options *o)
{
    return (uint64_t)clock() / CLOCKS_PER_SEC < o->seconds / 2;
}

static enum fw_err read_pages(const struct options *o, struct fw_zbar *z, struct fw_codes *codes, uint32_t *ret_pages,
                              struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_gray gray CLEANUP(fw_gray_done) = { 0 };
    enum fw_err err = fw_tiff_reader_open_fd(FD_PAGES, &r, fault);
    for (*ret_pages = 0; !err && *ret_pages < FW_BARCODE_PAGES_MAX && has_time(o);) {
        err = fw_gray_read(r, &gray, fault);
        if (!err)
            err = fw_zbar_scan(z, &gray, ++*ret_pages, codes);
        if (!err)
            err = fw_tiff_reader_next(r, fault);
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

static int read_all(const struct options *o, struct fw_zbar *z)
{
    struct fw_codes codes CLEANUP(fw_codes_done);
    struct fw_fault fault = { 0 };
    uint32_t pages = 0;
    char line[100];
    fw_codes_init(&codes);
    const enum fw_err err = read_pages(o, z, &codes, &pages, &fault);
    if (err == FW_INVALID)
        return fail(FW_RENDER_FORMAT_INVALID, fault.message);
    json_t *list CLEANUP(fw_json_free) = err ? NULL : fw_codes_json(&codes);
    if (!list || json_dumpfd(list, FD_CODES, JSON_COMPACT) < 0)
        return fail(FW_RENDER_LIMITS, "the pages need more memory than is allowed");
    snprintf(line, sizeof line, "{\"pages\":%u,\"codes\":%d,\"more\":%s}\n", pages, codes.count,
             codes.more ? "true" : "false");
    result_write(line);
    if (codes.more)
        fw_log(FW_LOG_WARN, "barcode.more", "kept=%d", codes.count);
    if (!has_time(o))
        fw_log(FW_LOG_WARN, "barcode.slow", "pages_read=%u", pages);
    return FW_RENDER_OK;
}

int main(int argc, char **argv)
{
    struct fw_zbar *z CLEANUP(fw_zbar_free_p) = NULL;
    struct fw_fault fault = { 0 };
    struct options options = { .seconds = CPU_SECONDS };
    fw_log_init("faxwire-barcode", FW_LOG_INFO);
    if (!options_read(argc, argv, &options) || !fds_fit(&options)) {
        fprintf(stderr, "use: faxwire-barcode [--seconds-max N of computing] <pages.tif >codes.json 3>result\n"
                        "       faxwire-barcode --check 3>result\n");
        return FW_RENDER_USAGE;
    }
    signal(SIGXCPU, on_cpu_limit);
    signal(SIGXFSZ, SIG_IGN); /* so that write(2) fails instead */
    signal(SIGPIPE, SIG_IGN);
    (void)!nice(PRIORITY);
    if (fw_zbar_open(&z, &fault))
        return fail(FW_RENDER_USAGE, fault.message[0] ? fault.message : "there is no memory for libzbar");
    if (lock(&options, &fault)) {
        fw_log(FW_LOG_ERROR, "barcode.no_sandbox", "why=%s", FW_LOG_TEXT(fault.message));
        return fail(FW_RENDER_NO_SANDBOX, "the kernel does not allow the sandbox; pages are not read without it");
    }
    return options.check ? check(z) : read_all(&options, z);
}
