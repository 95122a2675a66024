/* From documents to pages with renderers that work, crash, hang and lie. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "media/join.h"
#include "media/media.h"
#include "page/page.h"
#include "page/tiff_write.h"
#include "server.h"
#include "test.h"

struct place {
    char dir[64], program[128];
    struct test_server    *server;
    atomic_int             requests;
    struct fw_fax          fax;
    struct fw_media_config config;
    struct fw_media_job    job;
    atomic_bool            stop;
};

static void handle(void *arg, int fd, const struct test_request *r)
{
    struct place *p = arg;
    atomic_fetch_add(&p->requests, 1);
    if (strncmp(r->path, "/doc", 4) == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ndocument");
    else if (strcmp(r->path, "/empty") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(r->path, "/huge") == 0)
        test_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 52428801\r\n\r\n");
    else
        test_put(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

static const char *in(const struct place *p, const char *name)
{
    static char path[8][160];
    static int turn;
    char *one = path[turn++ % 8];
    snprintf(one, sizeof path[0], "%s/%s", p->dir, name);
    return one;
}

static void put_file(const char *path, const char *text, unsigned mode)
{
    assert_int_equal(fw_file_write(path, fw_span_of(text), mode), FW_OK);
}

/* A page file of `pages` pages of one all-white row each. */
static void put_pages(const char *path, int pages)
{
    static const uint8_t eofb_row[] = { 0x80, 0x01, 0x00, 0x10, 0x01, 0x00 };
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct fw_tiff_writer w;
    assert_int_equal(fw_tiff_start(&w, fd, (uint32_t)pages), FW_OK);
    for (int i = 0; i < pages; i++) {
        const struct fw_tiff_page page = { 1728, 1, 204, 196, { eofb_row, sizeof eofb_row - (i & 1) } };
        assert_int_equal(fw_tiff_put(&w, &page), FW_OK);
    }
    close(fd);
}

/* A renderer as a shell script; it starts in the folder of the test. */
static void set_renderer(struct place *p, const char *body)
{
    char text[2048];
    snprintf(text, sizeof text, "#!/bin/sh\ncd %s\necho \"$@\" >> args\n%s\n", p->dir, body);
    put_file(p->program, text, 0700);
}

static void set_urls(struct place *p, const char *a, const char *b)
{
    char text[512];
    const int port = test_server_port(p->server);
    int size = snprintf(text, sizeof text, "[\"http://127.0.0.1:%d%s\"", port, a);
    if (b)
        size += snprintf(text + size, sizeof text - (size_t)size, ",\"http://127.0.0.1:%d%s\"", port, b);
    snprintf(text + size, sizeof text - (size_t)size, "]");
    free(p->fax.media_urls);
    p->fax.media_urls = strdup(text);
}

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/fw-media-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->program, sizeof p->program, "%s/renderer", p->dir);
    p->server = test_server_start(handle, p);
    p->fax = (struct fw_fax){ .id = "fax", .quality = FW_QUALITY_HIGH, .black_threshold = 95 };
    p->config = (struct fw_media_config){ .render_program = p->program, .allow_private = true };
    p->job = (struct fw_media_job){ &p->config, &p->fax, p->dir, &p->stop };
    put_pages(in(p, "one.tif"), 1);
    put_pages(in(p, "three.tif"), 3);
    set_renderer(p, "cat three.tif >&1; echo '{\"pages\":3}' >&3");
    *state = p;
    return 0;
}

static int close_place(void **state)
{
    struct place *p = *state;
    test_server_stop(p->server);
    fw_dir_remove(p->dir, 2);
    fw_fax_done(&p->fax);
    free(p);
    return 0;
}

static bool exists(const struct place *p, const char *name) { return access(in(p, name), F_OK) == 0; }

static struct fw_media_result prepare(struct place *p)
{
    struct fw_media_result r;
    fw_media_prepare(&p->job, &r);
    /* Whatever happened, no half-made file is left, and pages are there when it says so. */
    CHECK(!exists(p, "document.new"));
    CHECK(!exists(p, "pages.new"));
    CHECK(!exists(p, "pages-part.new"));
    CHECK_INT(exists(p, "pages.tif"), r.end == FW_MEDIA_OK);
    return r;
}

static void check_failed(struct place *p, const char *reason, const char *words)
{
    const struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_FAILED);
    CHECK_TEXT(r.reason, reason);
    if (!strstr(r.detail, words))
        fail_msg("\"%s\" does not say \"%s\"", r.detail, words);
}

static void one_upload_becomes_pages(void **state)
{
    struct place *p = *state;
    struct fw_buf args = { 0 };
    p->fax.document_count = 1;
    p->fax.quality = FW_QUALITY_VERY_HIGH;
    p->fax.monochrome = true;
    p->fax.black_threshold = 60;
    p->config.render_cpu_s = 7;
    put_file(in(p, "document-1"), "x", 0600);
    const struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_OK);
    CHECK_INT(r.page_count, 3);
    struct stat st;
    CHECK_INT(stat(in(p, "pages.tif"), &st), 0);
    CHECK_INT(r.bytes, st.st_size);
    CHECK_INT(fw_file_read(in(p, "args"), 4096, &args), FW_OK);
    CHECK(fw_buf_put_u8(&args, 0) == FW_OK);
    CHECK_TEXT(
        (char *)args.data,
        "--quality very_high --pages-max 350 --seconds-max 7 --monochrome --black-threshold 60\n");
    fw_buf_done(&args);
}

static void several_are_joined_in_order_and_numbered(void **state)
{
    struct place *p = *state;
    set_renderer(p, "n=$(grep -c . args); if [ $n = 1 ]; then cat three.tif; echo '{\"pages\":3}' >&3;"
                    " else cat one.tif; echo '{\"pages\":1}' >&3; fi");
    set_urls(p, "/doc-a", "/doc-b");
    const struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_OK);
    CHECK_INT(r.page_count, 4);
    uint32_t count = 0;
    struct fw_page_info info[8];
    struct fw_fault fault;
    CHECK_INT(fw_page_file_info(in(p, "pages.tif"), 8, &count, info, &fault), FW_OK);
    CHECK_INT(count, 4);
    static const size_t bytes[] = { 6, 5, 6, 6 };
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(info[i].width, 1728);
        CHECK_INT(info[i].bytes, bytes[i]);
    }
    const int fd = open(in(p, "pages.tif"), O_RDONLY);
    int pages = 0;
    CHECK_INT(fw_join_count(fd, 4, &pages), FW_OK);
    CHECK_INT(fw_join_count(fd, 3, &pages), FW_LIMIT);
    close(fd);
}

static const char office_renderer[] =
    "if head -c 4 | grep -q PDF; then cat three.tif; echo '{\"pages\":3}' >&3;"
    " else echo '{\"office\":\"docx\"}' >&3; exit 14; fi";

static void set_office(struct place *p, const char *body)
{
    char text[1024];
    static char program[160];
    snprintf(program, sizeof program, "%s/office", p->dir);
    snprintf(text, sizeof text, "#!/bin/sh\ncd %s\necho \"$@\" >> office-args\n%s\n", p->dir, body);
    put_file(program, text, 0700);
    p->config.office_program = program;
}

static void office_documents_are_converted_first(void **state)
{
    struct place *p = *state;
    set_renderer(p, office_renderer);
    p->fax.document_count = 1;
    put_file(in(p, "document-1"), "PK..", 0600);
    set_office(p, "touch office.new/profile; echo PDF; echo '{\"pdf\":true}' >&3");
    const struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_OK);
    CHECK_INT(r.page_count, 3);
    CHECK(!exists(p, "office.new") && !exists(p, "office.pdf"));
    unlink(in(p, "pages.tif"));

    set_office(p, "echo '{\"error\":\"LibreOffice is not installed\"}' >&3; exit 10");
    check_failed(p, "file_format_invalid", "LibreOffice is not installed");
    set_office(p, "echo '{\"error\":\"too long\"}' >&3; exit 12");
    check_failed(p, "media_processing_exception", "too long");
    set_office(p, "echo PK; echo '{\"pdf\":true}' >&3"); /* no PDF: not again and again */
    check_failed(p, "file_format_invalid", "gave no PDF");
    unlink(in(p, "office-args"));
    set_office(p, "kill -ABRT $$");
    check_failed(p, "media_processing_exception", "signal 6");
    struct fw_buf args = { 0 };
    CHECK_INT(fw_file_read(in(p, "office-args"), 4096, &args), FW_OK);
    int tries = 0;
    for (size_t i = 0; i < args.size; i++)
        tries += args.data[i] == '\n';
    fw_buf_done(&args);
    CHECK_INT(tries, 2);
    CHECK(!exists(p, "office.new") && !exists(p, "office.pdf"));
    /* What says which kind becomes an argument. */
    set_renderer(p, "echo '{\"office\":\"../x\"}' >&3; exit 14");
    check_failed(p, "media_processing_exception", "no sensible account");
}

static void what_was_fetched_is_not_fetched_again(void **state)
{
    struct place *p = *state;
    set_renderer(p, "exit 10");
    set_urls(p, "/doc-a", "/doc-b");
    check_failed(p, "file_format_invalid", "document 1 of 2");
    CHECK_INT(atomic_load(&p->requests), 2);
    set_renderer(p, "cat three.tif >&1; echo '{\"pages\":3}' >&3");
    unlink(in(p, "document-2"));
    CHECK_INT(prepare(p).end, FW_MEDIA_OK);
    CHECK_INT(atomic_load(&p->requests), 3);
}

static void failures_of_the_fetch_have_their_reason(void **state)
{
    struct place *p = *state;
    set_urls(p, "/missing?token=secret", NULL);
    check_failed(p, "file_download_failed", "/missing: answered HTTP 404");
    set_urls(p, "/doc", "/huge");
    check_failed(p, "file_size_limit_exceeded", "document 2 of 2");
    set_urls(p, "/empty", NULL);
    unlink(in(p, "document-1"));
    check_failed(p, "file_format_invalid", "is empty");
    unlink(in(p, "document-1"));
    p->config.allow_private = false;
    check_failed(p, "file_download_failed", "not allowed");
    free(p->fax.media_urls);
    p->fax.media_urls = strdup("[1]");
    check_failed(p, "file_download_failed", "not a list of URLs");
}

static void the_total_size_is_limited(void **state)
{
    struct place *p = *state;
    p->fax.document_count = 2;
    put_file(in(p, "document-1"), "x", 0600);
    put_file(in(p, "document-2"), "x", 0600);
    CHECK_INT(truncate(in(p, "document-1"), FW_DOCUMENT_BYTES_MAX), 0);
    check_failed(p, "file_size_limit_exceeded", "50 MB");
    CHECK_INT(truncate(in(p, "document-1"), FW_DOCUMENT_BYTES_MAX - 1), 0);
    CHECK_INT(prepare(p).end, FW_MEDIA_OK);
}

static void exit_codes_have_their_reason(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    set_renderer(p, "echo '{\"error\":\"the PDF is encrypted\"}' >&3; exit 10");
    check_failed(p, "file_format_invalid", "/doc: the PDF is encrypted");
    set_renderer(p, "exit 11");
    check_failed(p, "page_count_limit_exceeded", "350 pages");
    set_renderer(p, "echo '{\"error\":\"memory\\u0007 limit\"}' >&3; exit 12");
    check_failed(p, "media_processing_exception", "memory  limit");
    set_renderer(p, "exit 13");
    check_failed(p, "service_unavailable", "faxwire-render");
    set_renderer(p, "exit 2");
    check_failed(p, "service_unavailable", "faxwire-render");
    put_file(p->program, "#!/nowhere/at/all\n", 0700);
    check_failed(p, "service_unavailable", "cannot be started");
    unlink(p->program);
    check_failed(p, "service_unavailable", "missing");
    free(p->fax.media_urls);
    p->fax.media_urls = NULL;
    p->fax.document_count = 2;
    check_failed(p, "service_unavailable", "document 2 of 2 is no longer");
}

static int tries(const struct place *p)
{
    struct fw_buf args = { 0 };
    int count = 0;
    assert_int_equal(fw_file_read(in(p, "args"), 65536, &args), FW_OK);
    for (size_t i = 0; i < args.size; i++)
        count += args.data[i] == '\n';
    fw_buf_done(&args);
    unlink(in(p, "args"));
    return count;
}

static void a_crash_is_tried_once_more(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    set_renderer(p, "kill -SEGV $$");
    check_failed(p, "media_processing_exception", "signal 11");
    CHECK_INT(tries(p), 2);
    set_renderer(p, "if [ -e crashed ]; then cat one.tif; echo '{\"pages\":1}' >&3; else touch crashed;"
                    " echo rubbish; kill -SEGV $$; fi");
    const struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_OK);
    CHECK_INT(r.page_count, 1);
}

static void a_lying_renderer_is_not_believed(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    static const char *const lies[] = {
        "echo '{\"pages\":3}' >&3",                                   /* no file */
        "cat one.tif; echo '{\"pages\":3}' >&3",                      /* another count */
        "cat three.tif; echo '{\"pages\":0}' >&3",
        "cat three.tif; echo '{\"pages\":351}' >&3",
        "cat three.tif; echo '{\"pages\":99999999999999999999}' >&3",
        "cat three.tif; echo 'garbage' >&3",
        "cat three.tif",
        "cat three.tif; head -c 300000 /dev/zero >&3",
        "head -c 20000 /dev/urandom; echo '{\"pages\":3}' >&3",
        "head -c 200 three.tif; echo '{\"pages\":3}' >&3",
    };
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        set_renderer(p, lies[i]);
        check_failed(p, "media_processing_exception", "renderer");
    }
}

static void much_on_stderr_does_no_harm(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    set_renderer(
        p,
        "head -c 3000000 /dev/zero | tr '\\0' '\\033' >&2; cat one.tif; echo '{\"pages\":1}' >&3");
    CHECK_INT(prepare(p).end, FW_MEDIA_OK);
}

static void a_hanging_renderer_is_ended_with_its_children(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    p->config.render_wall_ms = 300;
    set_renderer(p, "sleep 600 & echo $! > child; wait");
    check_failed(p, "media_processing_exception", "too long");
    CHECK_INT(tries(p), 1);
    struct fw_buf pid = { 0 };
    CHECK_INT(fw_file_read(in(p, "child"), 100, &pid), FW_OK);
    CHECK_INT(fw_buf_put_u8(&pid, 0), FW_OK);
    char stat_path[64], stat_text[200] = "";
    snprintf(stat_path, sizeof stat_path, "/proc/%ld/stat", strtol((char *)pid.data, NULL, 10));
    fw_buf_done(&pid);
    /* Gone, or a zombie that its new parent has not reaped yet; the kernel may take a moment. */
    for (int i = 0; i < 100; i++) {
        FILE *f = fopen(stat_path, "r");
        if (!f || !fgets(stat_text, sizeof stat_text, f) || strstr(stat_text, ") Z")) {
            if (f)
                fclose(f);
            return;
        }
        fclose(f);
        test_sleep_ms(50);
    }
    fail_msg("still there: %s", stat_text);
}

static void *raise_stop(void *arg)
{
    struct place *p = arg;
    while (access(in(p, "args"), F_OK) != 0)
        test_sleep_ms(10);
    atomic_store(&p->stop, true);
    return NULL;
}

static void stop_decides_nothing(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    set_renderer(p, "exec sleep 600");
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, raise_stop, p), 0);
    const struct fw_media_result r = prepare(p);
    pthread_join(thread, NULL);
    CHECK_INT(r.end, FW_MEDIA_INTERRUPTED);
    CHECK_TEXT(r.reason, "");
    atomic_store(&p->stop, false);
    set_renderer(p, "cat one.tif; echo '{\"pages\":1}' >&3");
    CHECK_INT(prepare(p).end, FW_MEDIA_OK);
    CHECK_INT(atomic_load(&p->requests), 1);
}

static void the_renderer_gets_nothing_of_ours(void **state)
{
    struct place *p = *state;
    set_urls(p, "/doc", NULL);
    const int secret = open(in(p, "one.tif"), O_RDONLY); /* not close-on-exec */
    setenv("FW_TEST_SECRET", "x", 1);
    set_renderer(p, "ls /proc/$$/fd > fds; env > environment; cat one.tif; echo '{\"pages\":1}' >&3");
    CHECK_INT(prepare(p).end, FW_MEDIA_OK);
    close(secret);
    struct fw_buf fds = { 0 }, environment = { 0 };
    CHECK_INT(fw_file_read(in(p, "fds"), 4096, &fds), FW_OK);
    /* 10 and up are the shell's own: its script. */
    CHECK(fds.size >= 8 && memcmp(fds.data, "0\n1\n", 4) == 0);
    CHECK(!memmem(fds.data, fds.size, "\n4\n", 3) && !memmem(fds.data, fds.size, "\n5\n", 3));
    CHECK_INT(fw_file_read(in(p, "environment"), 4096, &environment), FW_OK);
    CHECK(!memmem(environment.data, environment.size, "FW_TEST_SECRET", 14));
    fw_buf_done(&fds);
    fw_buf_done(&environment);
}

static void too_many_pages_together(void **state)
{
    struct place *p = *state;
    put_pages(in(p, "many.tif"), 200);
    set_renderer(p, "cat many.tif; echo '{\"pages\":200}' >&3");
    set_urls(p, "/doc-a", "/doc-b");
    check_failed(p, "media_processing_exception", "document 2 of 2");
    set_renderer(p, "if [ $4 -lt 200 ]; then exit 11; fi; cat many.tif; echo '{\"pages\":200}' >&3");
    check_failed(p, "page_count_limit_exceeded", "document 2 of 2");
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(one_upload_becomes_pages),
        IN_PLACE(several_are_joined_in_order_and_numbered),
        IN_PLACE(office_documents_are_converted_first),
        IN_PLACE(what_was_fetched_is_not_fetched_again),
        IN_PLACE(failures_of_the_fetch_have_their_reason),
        IN_PLACE(the_total_size_is_limited),
        IN_PLACE(exit_codes_have_their_reason),
        IN_PLACE(a_crash_is_tried_once_more),
        IN_PLACE(a_lying_renderer_is_not_believed),
        IN_PLACE(much_on_stderr_does_no_harm),
        IN_PLACE(a_hanging_renderer_is_ended_with_its_children),
        IN_PLACE(stop_decides_nothing),
        IN_PLACE(the_renderer_gets_nothing_of_ours),
        IN_PLACE(too_many_pages_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
