/* The cage around LibreOffice, tried from inside; and LibreOffice in it, where it is installed. */
#include "test.h"
#include "base/file.h"
#include "office/confine.h"
#include "office/socket.h"
#include "render/render_exit.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/fw-office-XXXXXX";
static char secret[64], inside[64];

enum { REFUSED = 0, DONE = 1, NOT_CONFINED = 50 };

static int try_read(void) { return open(secret, O_RDONLY) >= 0; }
static int try_passwd(void) { return open("/etc/passwd", O_RDONLY) >= 0; }
static int try_write(void) { return open(secret, O_WRONLY | O_CREAT, 0600) >= 0; }
static int try_write_tmp(void) { return open("/tmp/fw-office-escape", O_WRONLY | O_CREAT, 0600) >= 0; }
static int try_network(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static int try_network6(void) { return socket(AF_INET6, SOCK_DGRAM, 0) >= 0; }
static int try_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0; }
static int try_ptrace(void) { return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0; }
static int try_namespace(void) { return unshare(CLONE_NEWUSER) == 0; }
static int try_group(void) { return setpgid(0, 0) == 0; }
static int try_remove(void) { return unlink(secret) == 0; }
static int try_unix(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/run/nothing" };
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 || errno != EACCES;
}
static int try_memory(void)
{
    void *block = malloc(5ULL << 30);
    return block != NULL;
}
static int may_write(void) { return open(inside, O_WRONLY | O_CREAT, 0600) >= 0; }
static int may_read(void) { return open("/usr/bin/env", O_RDONLY) >= 0; }

static int outcome_of(int (*attempt)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char work[64];
        struct fw_fault fault;
        snprintf(work, sizeof work, "%s/cage", folder);
        const struct fw_confine want = { .folder = work, .cpu_s_max = 5 };
        if (fw_confine_enter(&want, &fault))
            _exit(NOT_CONFINED);
        _exit(attempt());
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void there_is_no_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int (*attempt)(void);
        int expected;
    } cases[] = {
        { "read a file of ours", try_read, REFUSED },
        { "read /etc/passwd", try_passwd, REFUSED },
        { "write a file of ours", try_write, REFUSED },
        { "write in /tmp", try_write_tmp, REFUSED },
        { "remove a file of ours", try_remove, REFUSED },
        { "use the network", try_network, REFUSED },
        { "use IPv6", try_network6, REFUSED },
        { "ask netlink", try_netlink, REFUSED },
        { "connect to a local service", try_unix, REFUSED },
        { "trace its parent", try_ptrace, REFUSED },
        { "make a namespace", try_namespace, REFUSED },
        { "leave the group that is killed", try_group, REFUSED },
        { "have 5 GB", try_memory, REFUSED },
        { "write in its folder", may_write, DONE },
        { "read programs", may_read, DONE },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const int outcome = outcome_of(cases[i].attempt);
        if (outcome != cases[i].expected)
            fail_msg("%s: %d", cases[i].name, outcome);
    }
}

static const char *path_of(const char *name)
{
    static char path[4][128];
    static int turn;
    char *one = path[turn++ % 4];
    snprintf(one, sizeof path[0], "%s/%s", folder, name);
    return one;
}

static int convert_within(const char *input, const char *kind, const char *program, const char *seconds)
{
    const char *work = path_of("cage"), *out = path_of("out.pdf"), *told = path_of("told");
    fw_dir_remove(work, 12);
    CHECK_INT(mkdir(work, 0700), 0);
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const int in = open(input, O_RDONLY), pdf = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600);
        const int result = open(told, O_WRONLY | O_CREAT | O_TRUNC, 0600), moved = fcntl(result, F_DUPFD, 10);
        const int nowhere = open("/dev/null", O_WRONLY);
        if (dup2(in, 0) == 0 && dup2(pdf, 1) == 1 && dup2(nowhere, 2) == 2 && dup2(moved, 3) == 3)
            execl(OFFICE_PROGRAM, "faxwire-office", "--kind", kind, "--folder", work, "--seconds-max", seconds,
                  program ? "--program" : NULL, program, (char *)NULL);
        _exit(99);
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int convert(const char *input, const char *kind, const char *program)
{
    return convert_within(input, kind, program, "60");
}

static bool file_has(const char *path, const char *text)
{
    struct fw_buf file;
    CHECK_INT(fw_file_read(path, 1 << 20, &file), FW_OK);
    const bool found = memmem(file.data, file.size, text, strlen(text)) != NULL;
    fw_buf_done(&file);
    return found;
}

static void without_libreoffice_it_says_so(void **state)
{
    (void)state;
    CHECK_INT(convert(path_of("letter.docx"), "docx", "/nonexistent/soffice.bin"),
              FW_RENDER_FORMAT_INVALID);
    CHECK(file_has(path_of("told"), "this is a Word document (DOCX), which takes LibreOffice"));
    CHECK(file_has(path_of("told"), "not installed on this server; taken without it are PDF"));
    CHECK_INT(convert(path_of("letter.docx"), "pdf", NULL), FW_RENDER_USAGE);
}

static bool installed(void)
{
    const bool there = access("/usr/lib/libreoffice/program/soffice.bin", X_OK) == 0;
    if (!there)
        print_message("# LibreOffice is not installed\n");
    return there;
}

static int wait_for(pid_t child)
{
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* A file of Word 97, as only an office suite writes them; made of letter.docx. A new profile asks for a second start. */
static void make_doc(void)
{
    static const char program[] = "/usr/lib/libreoffice/program/soffice.bin";
    char profile[128];
    snprintf(profile, sizeof profile, "-env:UserInstallation=file://%s/maker", folder);
    for (int start = 0; start < 3 && access(path_of("letter.doc"), F_OK) != 0; start++) {
        fflush(NULL);
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            /* In the cage, so that it leaves nothing behind on the machine. */
            const struct fw_confine want = { .folder = folder, .cpu_s_max = 60 };
            struct fw_fault fault;
            const int nowhere = open("/dev/null", O_RDWR);
            (void)!(setenv("HOME", folder, 1) || setenv("TMPDIR", folder, 1) || chdir(folder));
            if (!fw_confine_enter(&want, &fault) && dup2(nowhere, 0) == 0 && dup2(nowhere, 1) == 1 &&
                dup2(nowhere, 2) == 2)
                execl(program, program, profile, "--headless", "--convert-to", "doc:MS Word 97", "--outdir", folder,
                      path_of("letter.docx"), (char *)NULL);
            _exit(99);
        }
        (void)wait_for(child);
        fw_office_sockets_remove(); /* it cannot do so itself, and would take the second start for a second office */
    }
    static const uint8_t ole[] = { 0xd0, 0xcf, 0x11, 0xe0 };
    struct fw_buf file;
    CHECK_INT(fw_file_read(path_of("letter.doc"), 1 << 20, &file), FW_OK);
    CHECK(file.size > sizeof ole && memcmp(file.data, ole, sizeof ole) == 0);
    fw_buf_done(&file);
}

static void documents_become_pdfs(void **state)
{
    (void)state;
    if (!installed())
        skip();
    make_doc();
    static const char *const kinds[] = { "rtf", "doc", "docx", "odt", "xlsx" };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char name[32];
        snprintf(name, sizeof name, "letter.%s", kinds[i]);
        const int code = convert(path_of(name), kinds[i], NULL);
        if (code != FW_RENDER_OK || !file_has(path_of("out.pdf"), "%PDF-"))
            fail_msg("%s: exit %d", name, code);
    }
}

static void damaged_ones_are_refused(void **state)
{
    (void)state;
    if (!installed())
        skip();
    CHECK_INT(truncate(path_of("letter.docx"), 300), 0);
    CHECK_INT(convert(path_of("letter.docx"), "docx", NULL), FW_RENDER_FORMAT_INVALID);
    CHECK(file_has(path_of("told"), "damaged or protected"));
}

/* make-documents.py --hostile-office: each ends as it should. Nothing outside is asked for or run, because
 * the cage has neither network nor files of ours (there_is_no_way_out). */
static void harm_is_contained(void **state)
{
    (void)state;
    if (!installed())
        skip();
    static const struct {
        const char *name, *kind;
        int code;
        const char *told;
    } cases[] = {
        { "outside.docx", "docx", FW_RENDER_OK, "\"pdf\":true" }, /* a template and a picture elsewhere: left out */
        { "macro.odt", "odt", FW_RENDER_OK, "\"pdf\":true" },     /* not run */
        { "cut.odt", "odt", FW_RENDER_FORMAT_INVALID, "damaged or protected" },
        { "empty-zip.docx", "docx", FW_RENDER_FORMAT_INVALID, "damaged or protected" },
        { "entities.docx", "docx", FW_RENDER_FORMAT_INVALID, "damaged or protected" },
        { "deep.rtf", "rtf", FW_RENDER_FORMAT_INVALID, "damaged or protected" },
        { "bomb.docx", "docx", FW_RENDER_LIMITS, "takes too long to convert" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const int code = convert_within(path_of(cases[i].name), cases[i].kind, NULL, "5");
        if (code != cases[i].code || !file_has(path_of("told"), cases[i].told))
            fail_msg("%s: exit %d", cases[i].name, code);
    }
}

static int make_files(const char *which)
{
    const pid_t child = fork();
    if (child == 0) {
        execlp("python3", "python3", "test/tools/make-documents.py", which, folder, (char *)NULL);
        _exit(99);
    }
    return wait_for(child);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(secret, sizeof secret, "%s/secret", folder);
    snprintf(inside, sizeof inside, "%s/cage/inside", folder);
    if (fw_dir_make(path_of("cage")) || fw_file_write(secret, fw_span_of("key"), 0600))
        return -1;
    const bool there = access("/usr/lib/libreoffice/program/soffice.bin", X_OK) == 0;
    return make_files("--office") || (there && make_files("--hostile-office"));
}

static int teardown(void **state)
{
    (void)state;
    fw_dir_remove(folder, 14);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_way_out),
        cmocka_unit_test(without_libreoffice_it_says_so),
        cmocka_unit_test(documents_become_pdfs),
        cmocka_unit_test(damaged_ones_are_refused),
        cmocka_unit_test(harm_is_contained),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
