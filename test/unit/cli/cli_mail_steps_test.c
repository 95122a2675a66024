/* `faxwire mail` against a service that says anything: with which code a mail server hears of it. A mail that the
 * service did not judge stays in the mail server's queue (75, sysexits.h); one that it refused goes back. */
#include "test.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cli/mail.h"
#include "server.h"

#define APPLICATION "{\"data\": {\"email_to_fax\": {\"senders\": [\"boss@office.example\"]}}}"
#define NUMBERS     "{\"data\": [{\"phone_number\": \"+13125550100\"}]}"
#define NONE        "{\"data\": []}"
#define ACCEPTED    "{\"data\": {\"id\": \"fax-1\"}}"
#define MESSAGE     "From: Boss@office.example\r\nMessage-ID: <1@office.example>\r\n\r\nHello\r\n"

enum { TEXT_SIZE = 8192 };

struct reply {
    int         status; /* 0: the connection is cut */
    const char *body;
};
/* What the service says; what a case leaves out is said as it should be. */
struct service {
    struct reply application, numbers, earlier, post;
};

static struct service service;
static struct test_server *server;
static atomic_int posts;
static char posted[TEXT_SIZE], once[2][128]; /* the last form, the last two keys */

static void on_request(void *arg, int fd, const struct test_request *r)
{
    (void)arg;
    const bool post = strncmp(r->head, "POST", 4) == 0;
    const struct reply reply = strstr(r->path, "/fax_applications/") ? service.application
                               : strstr(r->path, "/phone_numbers")  ? service.numbers
                               : post                               ? service.post
                                                                    : service.earlier;
    if (post) {
        atomic_fetch_add(&posts, 1);
        memcpy(once[0], once[1], sizeof once[0]);
        snprintf(once[1], sizeof once[1], "%s", test_header(r, "Idempotency-Key"));
        snprintf(posted, sizeof posted, "%s", r->body);
    }
    if (reply.status)
        (void)test_put(fd,
            "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       reply.status, strlen(reply.body), reply.body);
}

static void child(const char *url, int in, int out, const char *const words[])
{
    const char *usual[] = { "--url", url, "--application", "7", "--sender", "boss@office.example" };
    char *argv[16] = { 0 };
    int argc = 0;
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        argv[argc++] = strdup(usual[i]);
    for (int i = 0; words[i]; i++)
        argv[argc++] = strdup(words[i]);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || !freopen("/dev/null", "w", stderr))
        _exit(99);
    const int code = fw_cli_mail(argc, argv);
    fflush(stdout);
    _exit(code);
}

/* The exit code; `ret` gets what was printed. */
static int run(const char *message, size_t size, const char *const words[], char ret[TEXT_SIZE])
{
    char url[64];
    int in[2], out[2], status = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", test_server_port(server));
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(in[1]);
        child(url, in[0], out[1], words);
    }
    close(in[0]);
    close(out[1]);
    (void)!fw_write_all(in[1], (struct fw_span){ (const uint8_t *)message, size }); /* it need not read all */
    close(in[1]);
    const ssize_t got = read(out[0], ret, TEXT_SIZE - 1);
    ret[got > 0 ? got : 0] = '\0';
    close(out[0]);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *const to[] = { "+12125550100@fax.example", NULL };

static int run_text(const char *message, const char *const words[])
{
    char out[TEXT_SIZE];
    return run(message, strlen(message), words, out);
}

static void say_all_is_well(void)
{
    service = (struct service){ { 200, APPLICATION }, { 200, NUMBERS }, { 200, NONE }, { 202, ACCEPTED } };
}

static void each_answer_has_its_code(void **state)
{
    (void)state;
    static const struct {
        struct service says;
        int code, posts;
    } cases[] = {
        { { .post = { 202, ACCEPTED } }, EX_OK, 1 },
        { { .application = { 404, "{}" } }, EX_TEMPFAIL, 0 },
        { { .application = { 401, "{}" } }, EX_TEMPFAIL, 0 },
        { { .application = { 500, "{}" } }, EX_TEMPFAIL, 0 },
        { { .application = { 200, "<html>" } }, EX_TEMPFAIL, 0 }, /* of somebody on the way */
        { { .application = { 200, "{}" } }, EX_NOPERM, 0 },
        { { .application = { 200, "[]" } }, EX_NOPERM, 0 },
        { { .application = { 200, "{\"data\": {\"email_to_fax\": {\"senders\": \"boss@office.example\"}}}" } },
          EX_NOPERM, 0 },
        { { .application = { 200, "{\"data\": {\"email_to_fax\": {\"senders\": [\"@office.example\"]}}}" } }, EX_OK,
          1 },
        { { .application = { 200, "{\"data\": {\"email_to_fax\": {\"senders\": [\"@example\"]}}}" } }, EX_NOPERM, 0 },
        { { .numbers = { 200, NONE } }, EX_TEMPFAIL, 0 },
        { { .numbers = { 200, "{\"data\": [{\"phone_number\": 7}]}" } }, EX_TEMPFAIL, 0 },
        { { .numbers = { 503, "{}" } }, EX_TEMPFAIL, 0 },
        { { .earlier = { 500, "{}" } }, EX_TEMPFAIL, 0 },
        { { .earlier = { 200, "{\"data\": [{\"id\": \"fax-0\"}]}" } }, EX_OK, 0 },
        { { .post = { 422, "{\"errors\": [{\"source\": {\"pointer\": \"/to\"}}]}" } }, EX_NOUSER, 1 },
        { { .post = { 422, "{\"errors\": [{\"source\": {\"pointer\": \"/quality\"}}]}" } }, EX_DATAERR, 1 },
        { { .post = { 422, "{\"errors\": 7}" } }, EX_DATAERR, 1 },
        { { .post = { 400, "{}" } }, EX_DATAERR, 1 },   { { .post = { 413, "{}" } }, EX_DATAERR, 1 },
        { { .post = { 401, "{}" } }, EX_TEMPFAIL, 1 },  { { .post = { 403, "{}" } }, EX_TEMPFAIL, 1 },
        { { .post = { 404, "{}" } }, EX_TEMPFAIL, 1 },  { { .post = { 409, "{}" } }, EX_TEMPFAIL, 1 },
        { { .post = { 429, "{}" } }, EX_TEMPFAIL, 1 },  { { .post = { 500, "{}" } }, EX_TEMPFAIL, 1 },
        { { .post = { 503, "{}" } }, EX_TEMPFAIL, 1 },  { { .post = { 507, "<html>" } }, EX_TEMPFAIL, 1 },
        { { .post = { 302, "{}" } }, EX_TEMPFAIL, 1 },
        { { .post = { 202, "<html>" } }, EX_TEMPFAIL, 1 }, /* not understood: it may be there, and is not sent twice */
        { { .post = { 202, "{}" } }, EX_TEMPFAIL, 1 },     { { .post = { 200, "{}" } }, EX_TEMPFAIL, 1 },
        { { .post = { 413, "<html>" } }, EX_TEMPFAIL, 1 }, /* of a proxy: the operator's to mend */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        say_all_is_well();
        const struct service *says = &cases[i].says;
        service.application = says->application.body ? says->application : service.application;
        service.numbers = says->numbers.body ? says->numbers : service.numbers;
        service.earlier = says->earlier.body ? says->earlier : service.earlier;
        service.post = says->post.body ? says->post : service.post;
        atomic_store(&posts, 0);
        const int code = run_text(MESSAGE, to);
        if (code != cases[i].code || atomic_load(&posts) != cases[i].posts)
            fail_msg("case %zu: %d, %d posts", i, code, atomic_load(&posts));
    }
    for (struct reply *r = &service.application; r <= &service.post; r++) { /* cut off, whenever that is */
        say_all_is_well();
        *r = (struct reply){ 0 };
        CHECK_INT(run_text(MESSAGE, to), EX_TEMPFAIL);
    }
}

static bool has_field(const char *name, const char *value)
{
    char text[512];
    snprintf(text, sizeof text, "name=\"%s\"\r\n\r\n%s\r\n", name, value);
    return strstr(posted, text) != NULL;
}

static void what_is_sent_and_printed(void **state)
{
    (void)state;
    char out[TEXT_SIZE];
    say_all_is_well();
    CHECK_INT(run(MESSAGE, strlen(MESSAGE), to, out), EX_OK);
    CHECK_TEXT(out, "fax-1\n");
    CHECK(has_field("to", "+12125550100") && has_field("from", "+13125550100") && has_field("connection_id", "7"));
    CHECK(has_field("result_email", "boss@office.example") && has_field("result_email_in_reply_to",
        "<1@office.example>"));
    CHECK(strstr(posted, "filename=\"text-1\"") && strstr(posted, "\r\n\r\nHello\r\n"));
    CHECK(!strstr(posted, "name=\"quality\""));
    CHECK(strstr(posted, once[1]) && strncmp(once[1], "mail-", 5) == 0); /* the metadata says it as well */
    const char *const words[] = { "--no-result", "--quality", "very_high", "--from", "+13125550199",
        "+12125550100@fax.example", NULL };
    CHECK_INT(run_text(MESSAGE, words), EX_OK);
    CHECK(has_field("from", "+13125550199") && has_field("quality", "very_high") && !strstr(posted, "result_email"));
    service.earlier.body = "{\"data\": [{\"id\": \"fax-0\"}]}";
    CHECK_INT(run(MESSAGE, strlen(MESSAGE), to, out), EX_OK);
    CHECK_TEXT(out, "fax-0\n");
}

/* One mail is one fax, by its Message-ID, its sender and its number; without an id by all that it says. */
static void a_mail_is_known_again(void **state)
{
    (void)state;
    static const char other_body[] =
        "From: boss@office.example\r\nMessage-ID:  <1@office.example>\r\nReceived: b\r\n\r\nHello\r\n";
    static const char no_id[] = "From: boss@office.example\r\n\r\nHello\r\n",
        no_id_2[] = "From: boss@office.example\r\n\r\nHello!\r\n";
    static const char odd_id[] = "From: boss@office.example\r\nMessage-ID: <a b@c>\r\nX: <1@c>\r\n\r\nHello\r\n";
    const char *const elsewhere[] = { "+12125550101@fax.example", NULL };
    say_all_is_well();
    CHECK_INT(run_text(MESSAGE, to) | run_text(other_body, to), EX_OK);
    CHECK_TEXT(once[0], once[1]);
    CHECK_INT(run_text(MESSAGE, elsewhere), EX_OK);
    CHECK(strcmp(once[0], once[1]) != 0);
    CHECK_INT(run_text(no_id, to) | run_text(no_id, to), EX_OK);
    CHECK_TEXT(once[0], once[1]);
    CHECK_INT(run_text(no_id_2, to), EX_OK);
    CHECK(strcmp(once[0], once[1]) != 0);
    CHECK_INT(run_text(odd_id, to), EX_OK); /* an id that no header can take up is not taken up */
    CHECK(!strstr(posted, "in_reply_to"));
}

static void what_is_no_mail_for_us_goes_back(void **state)
{
    (void)state;
    static const struct {
        const char *message, *to;
        int code;
    } cases[] = {
        { MESSAGE, "desk@fax.example", EX_NOUSER },
        { MESSAGE, "", EX_NOUSER },
        { "From: x@evil.example\r\n\r\nHello", "+12125550100@x", EX_NOPERM },
        { "From: boss@office.example, x@evil.example\r\n\r\nHello", "+12125550100@x", EX_NOPERM },
        { "From: boss@office.example\r\nAuto-Submitted: AUTO-REPLIED\r\n\r\nHello", "+12125550100@x", EX_NOPERM },
        { "From: boss@office.example\r\n\r\n", "+12125550100@x", EX_DATAERR },
        { "", "+12125550100@x", EX_DATAERR },
        { "\x7F" "ELF", "+12125550100@x", EX_DATAERR },
    };
    say_all_is_well();
    atomic_store(&posts, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *const words[] = { cases[i].to, NULL };
        const int code = run_text(cases[i].message, words);
        if (code != cases[i].code)
            fail_msg("case %zu: %d", i, code);
    }
    CHECK_INT(atomic_load(&posts), 0);

    const size_t size = 73 * 1024 * 1024;
    char out[TEXT_SIZE], *large = calloc(1, size);
    CHECK(large != NULL);
    memset(large, 'a', size);
    memcpy(large, MESSAGE, strlen(MESSAGE));
    CHECK_INT(run(large, size, to, out), EX_DATAERR);
    free(large);
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(setenv("FAXWIRE_API_KEY", "KEY_test", 1), 0);
    server = test_server_start(on_request, NULL);
    return server ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    test_server_stop(server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_its_code),
        cmocka_unit_test(what_is_sent_and_printed),
        cmocka_unit_test(a_mail_is_known_again),
        cmocka_unit_test(what_is_no_mail_for_us_goes_back),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
