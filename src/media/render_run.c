/* The renderer as a child process: started, watched, read, ended, judged. */
#include "media/render_run.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "render/render_exit.h"

enum {
    RESULT_MAX = 4096,     /* of its JSON line */
    ERRORS_MAX = 8 * 1024, /* of its stderr that is kept; the rest is read and dropped */
    ERROR_LINES_MAX = 20,
    ARGS_MAX = 16,
};

struct child {
    const struct fw_render_run *run;
    struct fw_process process;
    struct fw_said said[2]; /* its result, and its stderr */
    char  result[RESULT_MAX + 1], errors[ERRORS_MAX + 1];
};

enum { RESULT, ERRORS };

struct args {
    char *argv[ARGS_MAX];
    char  threshold[16], pages[16], seconds[16];
};

static char *text(const char *constant)
{
    /* execv wants char *const[] but changes nothing (POSIX). */
    union { const char *in; char *out; } u = { .in = constant };
    return u.out;
}

static void make_office_args(const struct fw_render_run *run, struct args *ret)
{
    int n = 0;
    snprintf(ret->seconds, sizeof ret->seconds, "%u", run->cpu_s);
    ret->argv[n++] = text(run->program);
    ret->argv[n++] = text("--kind");
    ret->argv[n++] = text(run->office_kind);
    ret->argv[n++] = text("--folder");
    ret->argv[n++] = text(run->office_folder);
    ret->argv[n++] = text("--seconds-max");
    ret->argv[n++] = ret->seconds;
    ret->argv[n] = NULL;
}

static void make_barcode_args(const struct fw_render_run *run, struct args *ret)
{
    int n = 0;
    snprintf(ret->seconds, sizeof ret->seconds, "%u", run->cpu_s);
    ret->argv[n++] = text(run->program);
    ret->argv[n++] = text("--seconds-max");
    ret->argv[n++] = ret->seconds;
    if (run->barcodes == FW_BARCODES_CHECK)
        ret->argv[n++] = text("--check");
    ret->argv[n] = NULL;
}

static void make_args(const struct fw_render_run *run, struct args *ret)
{
    int n = 0;
    snprintf(ret->threshold, sizeof ret->threshold, "%d", run->fax->black_threshold);
    snprintf(ret->pages, sizeof ret->pages, "%d", run->pages_max);
    snprintf(ret->seconds, sizeof ret->seconds, "%u", run->cpu_s);
    ret->argv[n++] = text(run->program);
    ret->argv[n++] = text("--quality");
    ret->argv[n++] = text(fw_quality_text(run->fax->quality));
    ret->argv[n++] = text("--pages-max");
    ret->argv[n++] = ret->pages;
    ret->argv[n++] = text("--seconds-max");
    ret->argv[n++] = ret->seconds;
    if (run->header_sheet)
        ret->argv[n++] = text("--header-sheet");
    if (run->pages) {
        ret->argv[n++] = text("--pages");
        ret->argv[n++] = text(run->pages);
    }
    if (run->fax->monochrome) {
        ret->argv[n++] = text("--monochrome");
        ret->argv[n++] = text("--black-threshold");
        ret->argv[n++] = ret->threshold;
    }
    ret->argv[n] = NULL;
    fw_assert(n < ARGS_MAX);
}

struct start {
    struct args args;
    const struct fw_render_run *run;
    int   result_fd, errors_fd;
    pid_t parent;
};

static void become(const void *context)
{
    static char *const env[] = { NULL };
    const struct start *s = context;
    /* Above what it sets itself from --seconds-max, in case that it never comes to that. */
    const struct rlimit cpu = { s->run->cpu_s + 10, s->run->cpu_s + 20 }, core = { 0, 0 };
    setpgid(0, 0); /* Ctrl-C is for the service; it tells us */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Out of the way first: each may sit on a number that another is to get. */
    const int document = fcntl(s->run->document_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    const int pages = fcntl(s->run->pages_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    const int result = fcntl(s->result_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    const int errors = fcntl(s->errors_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    if (getppid() != s->parent || document < 0 || pages < 0 || result < 0 || errors < 0 || dup2(document, 0) < 0 ||
        dup2(pages, 1) < 0 || dup2(errors, 2) < 0 || dup2(result, 3) < 0 ||
        syscall(SYS_close_range, 4U, ~0U, 0) < 0 || setrlimit(RLIMIT_CPU, &cpu) < 0 ||
        setrlimit(RLIMIT_CORE, &core) < 0)
        _exit(FW_PROCESS_UNSTARTED);
    execve(s->args.argv[0], s->args.argv, env);
}

static bool start(struct child *c)
{
    int result CLEANUP(fw_fd_close) = -1, errors CLEANUP(fw_fd_close) = -1;
    if (!fw_said_open(&c->said[RESULT], &result) || !fw_said_open(&c->said[ERRORS], &errors))
        return false;
    struct start s = { .run = c->run, .result_fd = result, .errors_fd = errors, .parent = getpid() };
    if (c->run->office_kind)
        make_office_args(c->run, &s.args);
    else if (c->run->barcodes)
        make_barcode_args(c->run, &s.args);
    else
        make_args(c->run, &s.args);
    return fw_process_run(&c->process, become, &s);
}

static void log_errors(struct child *c)
{
    c->errors[c->said[ERRORS].size] = '\0';
    char *rest = c->errors;
    for (int line = 0; line < ERROR_LINES_MAX && rest && *rest; line++) {
        const char *one = strsep(&rest, "\n");
        if (*one)
            fw_log(FW_LOG_INFO, "render.said", "fax=%s line=%s", c->run->fax->id, FW_LOG_TEXT(one));
    }
}

static void say(struct fw_render_report *ret, enum fw_run_end end_is, const char *words)
{
    ret->end = end_is;
    fw_text_clip(ret->text, sizeof ret->text, words);
}

/* The renderer's own words when it gave any; they come out of a process that may be captured, so
 * only printable ones pass. */
static void say_error(struct fw_render_report *ret, enum fw_run_end end_is, const json_t *line,
                      const char *otherwise)
{
    const char *words = json_string_value(json_object_get(line, "error"));
    say(ret, end_is, words && *words ? words : otherwise);
    for (char *c = ret->text; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
}

static void json_free(json_t **j) { json_decref(*j); }

/* It becomes an argument of a program: letters and nothing else. */
static bool kind_read(const json_t *line, struct fw_render_report *ret)
{
    const char *kind = json_string_value(json_object_get(line, "office"));
    const size_t size = kind ? strlen(kind) : 0;
    if (size == 0 || size > 8 || strspn(kind, "abcdefghijklmnopqrstuvwxyz") != size)
        return false;
    say(ret, FW_RUN_OFFICE, kind);
    return true;
}

static void judge_exit(const struct child *c, int code, struct fw_render_report *ret)
{
    json_t *line CLEANUP(json_free) =
        c->said[RESULT].cut ? NULL : json_loadb(c->result, c->said[RESULT].size, 0, NULL);
    const json_int_t pages = json_integer_value(json_object_get(line, "pages"));
    switch (code) {
    case FW_RENDER_OK:
        if (c->run->office_kind || c->run->header_sheet || c->run->barcodes) {
            *ret = (struct fw_render_report){ .end = FW_RUN_OK };
            return;
        }
        if (pages >= 1 && pages <= c->run->pages_max) {
            *ret = (struct fw_render_report){ .end = FW_RUN_OK, .pages = (int)pages };
            return;
        }
        say(ret, FW_RUN_CRASHED, "the renderer gave no sensible account of its pages");
        return;
    case FW_RENDER_FORMAT_INVALID:
        say_error(ret, FW_RUN_FORMAT, line, "not a document of a known format");
        return;
    case FW_RENDER_PAGE_COUNT_LIMIT:
        say_error(ret, FW_RUN_PAGES, line, "too many pages");
        return;
    case FW_RENDER_LIMITS:
        say_error(ret, FW_RUN_LIMIT, line, "needs more memory or time than is allowed");
        return;
    case FW_RENDER_OFFICE:
        if (!kind_read(line, ret))
            say(ret, FW_RUN_CRASHED, "the renderer gave no sensible account of the document");
        return;
    case FW_PROCESS_UNSTARTED:
        say(ret, FW_RUN_UNAVAILABLE, "the renderer cannot be started");
        return;
    default:
        say_error(ret, FW_RUN_UNAVAILABLE, line,
                  c->run->barcodes ? "faxwire-barcode refused to work" : "faxwire-render refused to work");
        return;
    }
}

static void judge(const struct child *c, int status, struct fw_render_report *ret)
{
    const int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (c->process.stopped) {
        say(ret, FW_RUN_INTERRUPTED, "interrupted");
    } else if (c->process.late) {
        say(ret, FW_RUN_LIMIT, c->run->barcodes ? "took too long" : "took too long to render");
    } else if (sig == SIGXCPU) {
        say(ret, FW_RUN_LIMIT, "takes too much computing time to render");
    } else if (sig == SIGXFSZ) {
        say(ret, FW_RUN_LIMIT, "has too much on its pages");
    } else if (sig == SIGKILL) {
        say(ret, FW_RUN_KILLED, c->run->barcodes ? "the reader of barcodes was killed"
                                                 : "the renderer was killed, by a person or for want of memory");
    } else if (sig) {
        ret->end = FW_RUN_CRASHED;
        snprintf(ret->text, sizeof ret->text, "the %s was ended by signal %d",
                 c->run->barcodes ? "reader of barcodes" : "renderer", sig);
    } else {
        judge_exit(c, WEXITSTATUS(status), ret);
    }
}

void fw_render_run(const struct fw_render_run *run, struct fw_render_report *ret)
{
    *ret = (struct fw_render_report){ 0 };
    if (access(run->program, X_OK) < 0) {
        say(ret, FW_RUN_UNAVAILABLE, run->barcodes ? "faxwire-barcode is missing" : "the renderer is missing");
        return;
    }
    struct child c = { .run = run, .process = { .pidfd = -1, .said_count = 2 } };
    c.process.said = c.said;
    c.said[RESULT] = (struct fw_said){ .fd = -1, .text = c.result, .max = RESULT_MAX };
    c.said[ERRORS] = (struct fw_said){ .fd = -1, .text = c.errors, .max = ERRORS_MAX };
    const bool started = start(&c);
    if (started)
        fw_process_watch(&c.process, run->wall_ms, run->stop);
    const int status = fw_process_end(&c.process);
    log_errors(&c);
    if (started)
        judge(&c, status, ret);
    else
        say(ret, FW_RUN_UNAVAILABLE, "no process or descriptor left to start faxwire-render");
}
