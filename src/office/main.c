/* faxwire-office: one office document on fd 0, a PDF of it to fd 1, one line of JSON to fd 3.
 *
 * It speaks to its parent as faxwire-render does, with the same exit codes. LibreOffice is started
 * for this one document, with a profile that lives no longer, in a cage (confine.h); what it makes
 * is not trusted either, and goes to the renderer like any document.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "office/confine.h"
#include "office/socket.h"
#include "render/render_exit.h"
#include "render/sniff.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FD_DOCUMENT = 0, FD_PDF = 1, FD_RESULT = 3 };
enum { PATH_SIZE = 4300, EXEC_FAILED = 127, START_AGAIN = 81, RESTARTS_MAX = 2 };

struct conversion {
    const char *folder, *program;
    enum fw_kind kind;
    uint32_t cpu_s;
    char in[PATH_SIZE], out[PATH_SIZE], profile[PATH_SIZE], home[PATH_SIZE], outdir[PATH_SIZE];
};

static int fail(enum fw_render_exit code, const char *why)
{
    char line[700];
    const int size = snprintf(line, sizeof line, "{\"error\":\"%s\"}\n", why); /* our own words */
    if (size < 0 || fw_write_all(FD_RESULT, (struct fw_span){ (uint8_t *)line, (size_t)size }))
        fw_log(FW_LOG_ERROR, "office.no_result", "fd=%d", FD_RESULT);
    fw_log(FW_LOG_WARN, "office.failed", "exit=%d why=\"%s\"", (int)code, why);
    return (int)code;
}

static const char *program_find(void)
{
    static const char *const places[] = { "/usr/lib/libreoffice/program/soffice.bin",
                                          "/usr/lib64/libreoffice/program/soffice.bin",
                                          "/opt/libreoffice/program/soffice.bin" };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

static bool copy(int to, int from)
{
    ssize_t sent = 1;
    while (sent > 0)
        sent = sendfile(to, from, NULL, 1 << 20);
    return sent == 0;
}

static bool prepare(struct conversion *c)
{
    snprintf(c->in, sizeof c->in, "%s/document.%s", c->folder, fw_kind_extension(c->kind));
    snprintf(c->outdir, sizeof c->outdir, "%s/out", c->folder);
    snprintf(c->out, sizeof c->out, "%s/out/document.pdf", c->folder);
    snprintf(c->profile, sizeof c->profile, "-env:UserInstallation=file://%s/profile", c->folder);
    snprintf(c->home, sizeof c->home, "HOME=%s", c->folder);
    int in CLEANUP(fw_fd_close) = open(c->in, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return in >= 0 && copy(in, FD_DOCUMENT) && mkdir(c->outdir, 0700) == 0;
}

/* In the child. Its words go nowhere: they may quote the document. */
_Noreturn static void become_office(struct conversion *c, pid_t parent)
{
    char tmp[PATH_SIZE + 8], headless[] = "--headless", convert[] = "--convert-to", pdf[] = "pdf",
         outdir[] = "--outdir", norestore[] = "--norestore", nolock[] = "--nolockcheck", name[PATH_SIZE],
         path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C.UTF-8", plugin[] = "SAL_USE_VCLPLUGIN=svp",
         cores[] = "MAX_CONCURRENCY=1";
    snprintf(tmp, sizeof tmp, "TMPDIR=%s", c->folder);
    snprintf(name, sizeof name, "%s", c->program); /* it finds its folder by this */
    char *const argv[] = { name, c->profile, headless,  norestore, nolock, convert,
                           pdf,  outdir,     c->outdir, c->in,     NULL };
    char *const env[] = { c->home, tmp, path, lang, plugin, cores, NULL };
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct fw_confine want = { .folder = c->folder, .cpu_s_max = c->cpu_s };
    struct fw_fault fault = { 0 };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || nowhere < 0 || chdir(c->folder) != 0)
        _exit(EXEC_FAILED);
    if (fw_confine_enter(&want, &fault)) {
        fw_log(FW_LOG_ERROR, "office.not_confined", "why=%s", FW_LOG_TEXT(fault.message));
        _exit(FW_RENDER_NO_SANDBOX);
    }
    if (dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0 || close(FD_RESULT) < 0)
        _exit(EXEC_FAILED);
    execve(c->program, argv, env);
    _exit(EXEC_FAILED);
}

static int run_once(struct conversion *c)
{
    const pid_t self = getpid(), child = fork();
    if (child == 0)
        become_office(c, self);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    fw_office_sockets_remove();
    return status;
}

/* With a profile that is new it makes itself at home and asks to be started again. */
static int run(struct conversion *c)
{
    int status = run_once(c);
    for (int i = 0; i < RESTARTS_MAX && WIFEXITED(status) && WEXITSTATUS(status) == START_AGAIN; i++)
        status = run_once(c);
    return status;
}

static int deliver(const struct conversion *c)
{
    struct stat st;
    int pdf CLEANUP(fw_fd_close) = open(c->out, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char why[160];
    snprintf(why, sizeof why, "this is %s, but it is damaged or protected and cannot be opened",
             fw_kind_shown(c->kind));
    if (pdf < 0 || fstat(pdf, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return fail(FW_RENDER_FORMAT_INVALID, why);
    if (!copy(FD_PDF, pdf))
        return fail(FW_RENDER_LIMITS, "there is no room for the converted document");
    static const char done[] = "{\"pdf\":true}\n";
    return fw_write_all(FD_RESULT, (struct fw_span){ (const uint8_t *)done, sizeof done - 1 })
               ? FW_RENDER_USAGE
               : FW_RENDER_OK;
}

/* It catches the signal of the limit, and aborts by itself. */
static bool time_is_up(const struct conversion *c)
{
    struct rusage used;
    return getrusage(RUSAGE_CHILDREN, &used) == 0 &&
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1 >= (time_t)c->cpu_s;
}

static int convert(struct conversion *c)
{
    if (!c->program)
        c->program = program_find();
    if (!c->program || access(c->program, X_OK) != 0) {
        char why[400];
        snprintf(why, sizeof why,
                 "this is %s, which takes LibreOffice to read, and that is not installed on this "
                 "server; taken without it are " FW_KINDS_TAKEN_ALONE,
                 fw_kind_shown(c->kind));
        return fail(FW_RENDER_FORMAT_INVALID, why);
    }
    if (!prepare(c))
        return fail(FW_RENDER_LIMITS, "there is no room for the converted document");
    const int status = run(c);
    const int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (sig == SIGXCPU || sig == SIGKILL || (sig == SIGABRT && time_is_up(c)))
        return fail(FW_RENDER_LIMITS, "the document takes too long to convert");
    if (sig == SIGXFSZ)
        return fail(FW_RENDER_LIMITS, "the document is too large once converted");
    if (code == FW_RENDER_NO_SANDBOX)
        return fail(FW_RENDER_NO_SANDBOX, "the kernel does not allow LibreOffice to be confined");
    if (sig) /* dies the same way, so that the parent sees a crash */
        raise(sig);
    return deliver(c);
}

static bool options_read(int argc, char **argv, struct conversion *ret)
{
    static const struct option options[] = {
        { "kind", required_argument, NULL, 'k' },
        { "folder", required_argument, NULL, 'f' },
        { "program", required_argument, NULL, 'p' },
        { "seconds-max", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    bool ok = true, kind = false;
    uint64_t seconds = 60;
    for (int option; ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'k')
            ok = kind = fw_kind_parse(optarg, &ret->kind);
        else if (option == 's')
            ok = fw_text_to_u64(fw_span_of(optarg), 86400, &seconds) && seconds > 0;
        else if (option == 'f')
            ret->folder = optarg;
        else if (option == 'p')
            ret->program = optarg;
        else
            ok = false;
    }
    ret->cpu_s = (uint32_t)seconds;
    return ok && kind && fw_kind_way(ret->kind) == FW_WAY_OFFICE && ret->folder &&
           ret->folder[0] == '/' && strlen(ret->folder) < 4096 && optind == argc;
}

int main(int argc, char **argv)
{
    static struct conversion c;
    struct stat out;
    fw_log_init("faxwire-office", FW_LOG_INFO);
    if (!options_read(argc, argv, &c) || fstat(FD_PDF, &out) != 0 || !S_ISREG(out.st_mode) ||
        fcntl(FD_RESULT, F_GETFL) < 0) {
        fprintf(stderr, "use: faxwire-office --kind doc|docx|rtf|odt|xlsx --folder EMPTY_FOLDER\n"
                        "       [--program soffice.bin] [--seconds-max N of computing] <document >made.pdf 3>result\n");
        return FW_RENDER_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    return convert(&c);
}
