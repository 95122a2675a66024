/* A message and its way: what it says, and what each answer of a mail server means. The server is a real
 * one as far as one message needs: lines of RFC 5321 on a socket, each answered from a script. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "notify/mail_send.h"

/* One connection. */
struct script {
    const char *greeting, *mail, *rcpt, *data, *end; /* answers; NULL: the connection is cut there */
    int         listener, port;
    pthread_t   thread;
    char        got[65536]; /* all that came */
    size_t      size;
};

static const struct script good = { "220 hi", "250 ok", "250 ok", "354 go", "250 taken" };

static bool say(int fd, const char *text)
{
    char line[256];
    if (!text)
        return false;
    snprintf(line, sizeof line, "%s\r\n", text);
    return write(fd, line, strlen(line)) == (ssize_t)strlen(line);
}

/* The next line, with its end, added to what came; NULL when there is none. */
static const char *hear(struct script *s, int fd)
{
    const size_t begin = s->size;
    while (s->size + 1 < sizeof s->got && read(fd, s->got + s->size, 1) == 1) {
        if (s->got[s->size++] == '\n') {
            s->got[s->size] = '\0';
            return s->got + begin;
        }
    }
    return NULL;
}

static bool take_message(struct script *s, int fd)
{
    const char *line;
    if (!say(fd, s->data))
        return false;
    if (strncmp(s->data, "354", 3) != 0)
        return true;
    while ((line = hear(s, fd)) && strcmp(line, ".\r\n") != 0)
        ;
    return line && say(fd, s->end);
}

static void *serve(void *arg)
{
    struct script *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    bool goes_on = say(fd, s->greeting);
    for (const char *line; goes_on && (line = hear(s, fd));) {
        if (strncmp(line, "EHLO", 4) == 0)
            goes_on = say(fd, "250 test.example");
        else if (strncmp(line, "MAIL", 4) == 0)
            goes_on = say(fd, s->mail);
        else if (strncmp(line, "RCPT", 4) == 0)
            goes_on = say(fd, s->rcpt);
        else if (strncmp(line, "DATA", 4) == 0)
            goes_on = take_message(s, fd);
        else
            goes_on = say(fd, strncmp(line, "QUIT", 4) == 0 ? "221 bye" : "502 what?");
    }
    fw_fd_close(&fd);
    return NULL;
}

static void start(struct script *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(s->listener, (struct sockaddr *)&at, size) == 0 && listen(s->listener, 4) == 0);
    CHECK(getsockname(s->listener, (struct sockaddr *)&at, &size) == 0);
    s->port = ntohs(at.sin_port);
    CHECK(pthread_create(&s->thread, NULL, serve, s) == 0);
}

static void stop(struct script *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static struct fw_fax a_fax(enum fw_direction direction, enum fw_status status)
{
    struct fw_fax f = { .direction = direction, .status = status, .page_count = 2, .pages_confirmed = 1, .attempts = 3,
                        .created_at = { 1700000000000000 }, .updated_at = { 1700000060000000 } };
    fw_uuid_new(f.created_at, f.id);
    snprintf(f.from, sizeof f.from, "+12025550144");
    snprintf(f.to, sizeof f.to, "+12005550100");
    return f;
}

static enum fw_mail_result send_to(struct script *s, const struct fw_fax *f, const char *document, char why[FW_TEXT_SIZE])
{
    char url[64];
    atomic_bool stopping = false;
    struct fw_mail mail = { .recipient = "desk@office.example", .attempt = 1, .created_at = f->created_at };
    memcpy(mail.fax, f->id, sizeof mail.fax);
    start(s);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", s->port);
    const struct fw_mail_server server = { .url = url, .username = "", .password = "", .from = "fax@faxwire.example",
                                           .ca_file = "", .timeout_s = 60 };
    const struct fw_letter letter = { &mail, f, document, "Do this." };
    const enum fw_mail_result result = fw_mail_send(&server, &letter, &stopping, why);
    stop(s);
    return result;
}

/* In the message, once lines that quoted-printable broke are whole. */
static void check_says(const struct script *s, const char *text)
{
    char *whole = strdup(s->got), *to = whole;
    for (const char *from = whole; *from; from += strncmp(from, "=\r\n", 3) == 0 ? 3 : 1) {
        if (strncmp(from, "=\r\n", 3) != 0)
            *to++ = *from;
    }
    *to = '\0';
    if (!strstr(whole, text))
        fail_msg("\"%s\" is not in: %s", text, whole);
    free(whole);
}

static void what_the_message_says(void **state)
{
    (void)state;
    char why[FW_TEXT_SIZE] = "";
    struct script s = good;
    struct fw_fax f = a_fax(FW_OUTBOUND, FW_STATUS_FAILED);
    f.result_reference = strdup("<1@a.example>");
    snprintf(f.failure_reason, sizeof f.failure_reason, "user_busy");
    snprintf(f.failure_detail, sizeof f.failure_detail, "486 Busy Here");
    CHECK_INT(send_to(&s, &f, "", why), FW_MAIL_TAKEN);
    static const char *const texts[] = {
        "MAIL FROM:<fax@faxwire.example>\r\n", "RCPT TO:<desk@office.example>\r\n", "\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
        "\r\nFrom: <fax@faxwire.example>\r\n", "\r\nTo: <desk@office.example>\r\n", "\r\nSubject: Fax to +12005550100 was not delivered\r\n",
        "\r\nIn-Reply-To: <1@a.example>\r\nReferences: <1@a.example>\r\n", "\r\nAuto-Submitted: auto-generated\r\n",
        "Your fax was not delivered.\r\n\r\nDo this.\r\n\r\nReason: user_busy (486 Busy Here)\r\n", "Pages that arrived: 1 of 2\r\nCalls: 3\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        check_says(&s, texts[i]);
    s = good;
    f.status = FW_STATUS_DELIVERED;
    CHECK_INT(send_to(&s, &f, "", why), FW_MAIL_TAKEN);
    check_says(&s, "\r\nSubject: Fax to +12005550100 delivered, 2 pages\r\n");
    CHECK(!strstr(s.got, "Reason:"));
    fw_fax_done(&f);
}

/* What a far machine calls itself, or a caller, cannot write a header of ours. */
static void strangers_write_no_headers(void **state)
{
    (void)state;
    char why[FW_TEXT_SIZE] = "", document[] = "/tmp/fw_mail_XXXXXX";
    int fd = mkstemp(document);
    CHECK(fd >= 0 && write(fd, "PDF!", 4) == 4);
    struct script s = good;
    struct fw_fax f = a_fax(FW_INBOUND, FW_STATUS_RECEIVED);
    snprintf(f.from, sizeof f.from, "x\r\nBcc: y@z\r\n.\r\n");
    snprintf(f.remote_ident, sizeof f.remote_ident, "\r\n.\r\nQUIT");
    CHECK_INT(send_to(&s, &f, document, why), FW_MAIL_TAKEN);
    check_says(&s, "\r\nSubject: Fax from xBcc:y@z. to +12005550100, 2 pages\r\n");
    check_says(&s, "UERGIQ");
    const char *end = strstr(s.got, "\r\n.\r\n"); /* of the message, and of nothing before it */
    CHECK(end && strstr(s.got, "UERGIQ") < end && !strstr(end + 1, "\r\n.\r\n"));
    fw_fd_close(&fd);
    unlink(document);
    s = good;
    CHECK_INT(send_to(&s, &f, document, why), FW_MAIL_AGAIN); /* it cannot be read */
    CHECK(s.size == 0);
}

static void what_each_answer_means(void **state)
{
    (void)state;
    static const struct {
        struct script       script;
        enum fw_mail_result result;
        const char         *why; /* a part of it */
    } cases[] = {
        { { "220 hi", "250 ok", "250 ok", "354 go", "250 taken" }, FW_MAIL_TAKEN, "" },
        { { "220 hi", "250 ok", "550 nobody", "354 go", "250 taken" }, FW_MAIL_REFUSED, "550" },
        { { "220 hi", "250 ok", "450 later", "354 go", "250 taken" }, FW_MAIL_AGAIN, "450" },
        { { "220 hi", "553 not you", NULL, NULL, NULL }, FW_MAIL_REFUSED, "553" },
        { { "220 hi", "530 log in", NULL, NULL, NULL }, FW_MAIL_AGAIN, "530" },
        { { "220 hi", "250 ok", "250 ok", "554 no", NULL }, FW_MAIL_REFUSED, "554" },
        { { "220 hi", "250 ok", "250 ok", "354 go", "552 too large" }, FW_MAIL_REFUSED, "552" },
        { { "220 hi", "250 ok", "250 ok", "354 go", "451 disk" }, FW_MAIL_AGAIN, "451" },
        { { "220 hi", "250 ok", "250 ok", "354 go", NULL }, FW_MAIL_AGAIN, "" },
        { { "220 hi", "250 ok", NULL, NULL, NULL }, FW_MAIL_AGAIN, "" },
        { { "554 go away", NULL, NULL, NULL, NULL }, FW_MAIL_AGAIN, "554" },
        { { "421 busy", NULL, NULL, NULL, NULL }, FW_MAIL_AGAIN, "421" },
        { { NULL, NULL, NULL, NULL, NULL }, FW_MAIL_AGAIN, "" },
    };
    const struct fw_fax f = a_fax(FW_OUTBOUND, FW_STATUS_DELIVERED);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char why[FW_TEXT_SIZE] = "";
        struct script s = cases[i].script;
        const enum fw_mail_result result = send_to(&s, &f, "", why);
        if (result != cases[i].result || !strstr(why, cases[i].why))
            fail_msg("case %zu: %d, %s", i, (int)result, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_message_says),
        cmocka_unit_test(strangers_write_no_headers),
        cmocka_unit_test(what_each_answer_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
