/* A command as a child: its own group, its own folder with a copy of the document, nothing inherited. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "notify/forward_inside.h"

enum {
    SAID_MAX = 8 * 1024, /* of what it writes; the rest is read and dropped */
    SAID_LINES_MAX = 40,
    ENV_MAX = 9,
    ENV_SIZE = FW_FORWARD_PATH_SIZE + 32,
    FOLDER_DEPTH = 8,
};

struct child {
    struct fw_process process;
    struct fw_said said;
    char  text[SAID_MAX + 1];
};

struct environment {
    char  text[ENV_MAX][ENV_SIZE];
    char *list[ENV_MAX + 1];
};

static void make_environment(const struct fw_forward_try *t, const char *document, struct environment *e)
{
    const struct {
        const char *name, *value;
    } facts[] = {
        { "PATH", "/usr/local/bin:/usr/bin:/bin" }, { "LANG", "C.UTF-8" }, { "FAXWIRE_DOCUMENT", document },
        { "FAXWIRE_FAX", t->fax->id }, { "FAXWIRE_FROM", t->fax->from }, { "FAXWIRE_TO", t->fax->to },
        { "FAXWIRE_APPLICATION", t->fax->application },
    };
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(facts); i++, n++)
        snprintf(e->text[n], ENV_SIZE, "%s=%s", facts[i].name, facts[i].value);
    snprintf(e->text[n++], ENV_SIZE, "FAXWIRE_PAGES=%d", t->fax->page_count);
    snprintf(e->text[n++], ENV_SIZE, "FAXWIRE_ATTEMPT=%d", t->forward->attempt);
    fw_assert(n == ENV_MAX);
    for (int i = 0; i < n; i++)
        e->list[i] = e->text[i];
    e->list[n] = NULL;
}

struct start {
    char *const *argv, *const *env;
    const char *folder;
    int   input_fd, said_fd;
    pid_t parent;
};

static void become(const void *context)
{
    const struct start *s = context;
    const struct rlimit core = { 0, 0 };
    setpgid(0, 0); /* what it starts ends with it, and Ctrl-C is for the service */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int input = fcntl(s->input_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    const int said = fcntl(s->said_fd, F_DUPFD, FW_PROCESS_FREE_FD);
    if (getppid() != s->parent || input < 0 || said < 0 || dup2(input, 0) < 0 || dup2(said, 1) < 0 ||
        dup2(said, 2) < 0 || syscall(SYS_close_range, 3U, ~0U, 0) < 0 || setrlimit(RLIMIT_CORE, &core) < 0 ||
        chdir(s->folder) < 0)
        _exit(FW_PROCESS_UNSTARTED);
    execve(s->argv[0], s->argv, s->env);
}

/* What it reads: a file that is nowhere, so that it need not read it for us to go on. */
static int make_input(const char *json)
{
    const int fd = memfd_create("fax", MFD_CLOEXEC);
    if (fd >= 0 && (fw_write_all(fd, fw_span_of(json)) || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool start(struct child *c, char *const argv[], char *const env[], const char *folder, const char *json)
{
    int theirs CLEANUP(fw_fd_close) = -1;
    int input CLEANUP(fw_fd_close) = make_input(json);
    if (input < 0 || !fw_said_open(&c->said, &theirs))
        return false;
    const struct start s = { argv, env, folder, input, theirs, getpid() };
    return fw_process_run(&c->process, become, &s);
}

static void log_said(struct child *c, const struct fw_forward_try *t)
{
    c->text[c->said.size] = '\0';
    char *rest = c->text;
    for (int line = 0; line < SAID_LINES_MAX && rest && *rest; line++) {
        const char *one = strsep(&rest, "\n");
        if (*one)
            fw_log(FW_LOG_INFO, "forward.said", "fax=%s command=%s line=%s", t->fax->id, t->forward->target,
                   FW_LOG_TEXT(one));
    }
}

static bool judge(const struct child *c, int status, const struct fw_forward_command *command, struct fw_forward_try *t)
{
    if (c->process.late)
        snprintf(t->why, sizeof t->why, "it took more than %d s", command->timeout_s);
    else if (c->process.stopped)
        fw_text_clip(t->why, sizeof t->why, "interrupted");
    else if (WIFSIGNALED(status))
        snprintf(t->why, sizeof t->why, "it was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == FW_PROCESS_UNSTARTED)
        fw_text_clip(t->why, sizeof t->why, "it cannot be started (or its code was 127)");
    else if (WEXITSTATUS(status) != 0)
        snprintf(t->why, sizeof t->why, "its code was %d", WEXITSTATUS(status));
    else
        return true;
    return false;
}

static enum fw_err copy_file(const char *from, const char *to)
{
    char part[65536];
    int in CLEANUP(fw_fd_close) = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int out CLEANUP(fw_fd_close) = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0)
        return FW_IO;
    for (ssize_t size; (size = read(in, part, sizeof part)) != 0;) {
        if (size < 0 || fw_write_all(out, (struct fw_span){ (const uint8_t *)part, (size_t)size }))
            return FW_IO;
    }
    return FW_OK;
}

static bool run_in(struct fw_forward_try *t, const struct fw_forward_command *command, const char *folder)
{
    static const char *const names[] = { "pdf", "tif" };
    struct child c = { .process = { .pidfd = -1, .said_count = 1 }, .said = { .fd = -1, .max = SAID_MAX } };
    char copy[FW_FORWARD_PATH_SIZE + 64];
    struct environment *e = malloc(sizeof *e);
    snprintf(copy, sizeof copy, "%s/fax-%s.%s", folder, t->fax->id, names[t->fax->media_format == FW_FORMAT_TIFF]);
    if (!e || copy_file(t->document, copy)) {
        fw_text_clip(t->why, sizeof t->why, "the document cannot be copied");
        free(e);
        return false;
    }
    make_environment(t, copy, e);
    c.said.text = c.text;
    c.process.said = &c.said;
    const bool started = start(&c, command->argv, e->list, folder, t->json);
    if (started)
        fw_process_watch(&c.process, command->timeout_s * 1000LL, t->stop);
    const int status = fw_process_end(&c.process);
    free(e);
    log_said(&c, t);
    if (started)
        return judge(&c, status, command, t);
    fw_text_clip(t->why, sizeof t->why, "no process or descriptor is left to start it");
    return false;
}

bool fw_forward_run(struct fw_forward_try *t, const struct fw_forward_command *command)
{
    char data[FW_FORWARD_PATH_SIZE - 128], folder[FW_FORWARD_PATH_SIZE];
    if (!realpath(fw_store_documents_dir(t->config->store), data)) { /* it works elsewhere: whole paths */
        fw_text_clip(t->why, sizeof t->why, "the data folder cannot be found");
        return false;
    }
    snprintf(folder, sizeof folder, "%s/forward/%s", data, t->fax->id);
    if (fw_dir_make(folder)) {
        fw_text_clip(t->why, sizeof t->why, "its folder cannot be made");
        return false;
    }
    const bool done = run_in(t, command, folder);
    fw_dir_remove(folder, FOLDER_DEPTH);
    return done;
}
