/* Messages of strangers, taken apart: which attachment becomes which document, and what hostile MIME may cost. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/mail_gate.h"
#include "cli/mail_mime.h"

enum { MESSAGE_MAX = 80 * 1024 * 1024, LINE = 256, HOSTILE_CPU_S = 20 };

static struct fw_buf message;

static void begin(const char *text)
{
    fw_buf_done(&message);
    fw_buf_init(&message, MESSAGE_MAX);
    CHECK_INT(fw_buf_put_text(&message, text), FW_OK);
}

static void add(const char *text) { CHECK_INT(fw_buf_put_text(&message, text), FW_OK); }

/* The documents as "name:bytes" with '|' between, or what is wrong. */
static void check_taken(enum fw_mime_body body, const char *want)
{
    struct fw_mime_documents d;
    struct fw_buf got CLEANUP(fw_buf_done);
    fw_buf_init(&got, MESSAGE_MAX);
    const enum fw_err err = fw_mime_documents(fw_buf_span(&message), body, &d);
    if (err)
        CHECK_INT(fw_buf_put_text(&got, d.why), FW_OK);
    for (int i = 0; i < d.count && !err; i++) {
        CHECK_INT(fw_buf_putf(&got, "%s%s:", i ? "|" : "", d.items[i].name), FW_OK);
        CHECK_INT(fw_buf_put(&got, fw_buf_span(&d.items[i].data)), FW_OK);
    }
    CHECK_INT(fw_buf_put_u8(&got, 0), FW_OK);
    fw_mime_documents_done(&d);
    CHECK_TEXT((const char *)got.data, want);
}

static const char mixed[] = "From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";

static void an_attachment_of_any_kind(void **state)
{
    (void)state;
    static const struct {
        const char *head, *body, *want;
    } cases[] = {
        { "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64", "JVBERg==", "attachment-1:%PDF" },
        { "Content-Type: application/PDF; name=\"a b.pdf\"\r\nContent-Transfer-Encoding: BASE64", "JVBERg==",
          "attachment-1:%PDF" },
        { "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable", "=25PDF=\r\n-1",
          "attachment-1:%PDF-1" },
        { "Content-Type: image/tiff\r\nContent-Transfer-Encoding: 8bit", "II*", "attachment-1:II*" },
        { "Content-Type: image/png\r\nContent-Disposition: inline", "PNG", "attachment-1:PNG" },
          /* as phones send photos */
        { "Content-Type: application/pdf\r\nContent-Transfer-Encoding: x-uuencode",
          "begin 644 a.pdf\r\n$)5!$1@``\r\n`\r\nend", "attachment-1:%PDF" },
        { "Content-Type: application/pdf\r\nContent-Transfer-Encoding: unknown", "%PDF", "attachment-1:%PDF" },
        { "Content-Type: nonsense\r\nContent-Disposition: attachment", "any", "attachment-1:any" },
        { "Content-Disposition: ATTACHMENT", "text", "attachment-1:text" },
        { "Content-Type: text/plain; name*=utf-8''%C3%BC.txt", "text", "attachment-1:text" },
        { "Content-Type: text/plain\r\nContent-Disposition: inline; filename==?utf-8?B?w7w=?=", "text",
          "attachment-1:text" },
        { "Content-Type: text/html; charset=iso-8859-1; name=a.html", "\xFC", "attachment-1:\xFC" },
          /* as it is: its own reader knows */
        { "Content-Type: text/plain; charset=iso-8859-1", "\xFC", "text-1:\xC3\xBC" },
        { "Content-Type: text/html", "<p>", "html-1:<p>" },
        { "Content-Type: text/calendar", "BEGIN:VCALENDAR", "there is nothing in the message to be faxed" },
        { "Content-Type: application/pdf\r\nContent-ID: <x>", "%PDF", "attachment-1:%PDF" },
        { "Content-Type: application/pdf", "", "attachment-1:" }, /* an empty file is told of as such */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin(mixed);
        CHECK_INT(fw_buf_putf(&message, "--x\r\n%s\r\n\r\n%s\r\n--x--\r\n", cases[i].head, cases[i].body), FW_OK);
        check_taken(FW_MIME_BODY_ALONE, cases[i].want);
    }
}

/* In UTF-8, whatever it came in; what cannot be read is shown as what it is, and costs nothing else. */
static void a_text_in_any_charset(void **state)
{
    (void)state;
    static const struct {
        const char *charset, *bytes, *want;
    } cases[] = {
        { "utf-8", "\xE2\x82\xAC", "\xE2\x82\xAC" }, { "windows-1252", "\x80", "\xE2\x82\xAC" },
        { "iso-8859-15", "\xA4", "\xE2\x82\xAC" },   { "koi8-r", "\xC1", "\xD0\xB0" },
        { "shift_jis", "\x82\xA0", "\xE3\x81\x82" }, { "iso-2022-jp", "\x1B$B$\"\x1B(B", "\xE3\x81\x82" },
        { "\"UTF-8\"", "a", "a" },                   { "us-ascii", "a", "a" },
        { "gb2312", "\xB0\xA1", "\xE5\x95\x8A" },    { "no-such-charset", "a", "a" },
        { "", "a", "a" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char want[LINE];
        begin("From: a@b\r\n");
        CHECK_INT(fw_buf_putf(&message, "Content-Type: text/plain; charset=%s\r\n\r\n%s", cases[i].charset,
            cases[i].bytes), FW_OK);
        snprintf(want, sizeof want, "text-1:%s", cases[i].want);
        check_taken(FW_MIME_BODY_ALONE, want);
    }
}

static void wrapped(int depth)
{
    begin("From: a@b\r\n");
    for (int i = 0; i < depth; i++)
        CHECK_INT(fw_buf_putf(&message, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i), FW_OK);
    add("Content-Type: application/pdf\r\n\r\n%PDF\r\n");
    for (int i = depth - 1; i >= 0; i--)
        CHECK_INT(fw_buf_putf(&message, "--b%d--\r\n", i), FW_OK);
}

static void parts_within_parts(void **state)
{
    (void)state;
    for (int depth = 1; depth < 16; depth++) {
        wrapped(depth);
        check_taken(FW_MIME_BODY_ALONE, depth <= 12 ? "attachment-1:%PDF" : "the message has too many parts");
    }
    /* One boundary for both. */
    begin("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
          "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
          "Content-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n--x--\r\n");
    check_taken(FW_MIME_BODY_ALONE, "attachment-1:%PDF");
    begin("Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\none\r\n--a\r\n"
          "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<p>\r\n--m\r\n"
          "Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n--m--\r\n--a--\r\n"); /* as Apple Mail does */
    check_taken(FW_MIME_BODY_FIRST, "text-2:one|attachment-1:%PDF");
    begin("Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>\r\n--r\r\n"
          "Content-Type: image/png\r\nContent-ID: <logo>\r\n\r\nPNG\r\n--r\r\n"
          "Content-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--r--\r\n");
    check_taken(FW_MIME_BODY_ALONE, "attachment-1:%PDF");
}

/* Mail that was cut off, or made by hand. */
static void boundaries_that_are_none(void **state)
{
    (void)state;
    static const char part[] = "--x\r\nContent-Type: application/pdf\r\n\r\n%PDF";
    static const struct {
        const char *head, *want;
    } cases[] = {
        { "Content-Type: multipart/mixed; boundary=x", "attachment-1:%PDF" }, /* without its end */
        { "Content-Type: multipart/mixed; boundary=\"x\"; charset=utf-8", "attachment-1:%PDF" },
        { "Content-Type: multipart/mixed", "there is nothing in the message to be faxed" },
        { "Content-Type: multipart/mixed; boundary=", "there is nothing in the message to be faxed" },
        { "Content-Type: multipart/mixed; boundary=other", "there is nothing in the message to be faxed" },
        { "Content-Type: multipart; boundary=x", NULL },
        { "Content-Type: multipart/; boundary=x", NULL },
        { "Content-Type: multipart/mixed; boundary=x; boundary=y", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin(cases[i].head);
        add("\r\n\r\n");
        add(part);
        if (cases[i].want) {
            check_taken(FW_MIME_BODY_ALONE, cases[i].want);
            continue;
        }
        struct fw_mime_documents d; /* whatever it is read as */
        const enum fw_err err = fw_mime_documents(fw_buf_span(&message), FW_MIME_BODY_ALONE, &d);
        CHECK(err ? d.why[0] != '\0' : d.count == 1);
        fw_mime_documents_done(&d);
    }
}

static void base64_that_is_broken(void **state)
{
    (void)state;
    static const struct {
        const char *body, *want;
    } cases[] = {
        { "JVBERi0x", "%PDF-1" }, { "JVBE\r\nRi0x", "%PDF-1" }, { "JVBERi0", "%PD" }, /* cut off within four letters */
        { "JV BE\tRi!0#x", "%PDF-1" }, /* RFC 2045 clause 6.8: what is no letter of it is passed over */
        { "====", "" }, { "\xFF\xFE", "" }, { "J", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char want[LINE];
        begin(mixed);
        CHECK_INT(fw_buf_putf(&message,
            "--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--x--\r\n",
                              cases[i].body), FW_OK);
        snprintf(want, sizeof want, "attachment-1:%s", cases[i].want);
        check_taken(FW_MIME_BODY_ALONE, want);
    }
}

static void parts(int count, const char *part)
{
    begin(mixed);
    for (int i = 0; i < count; i++) {
        add("--x\r\n");
        add(part);
    }
    add("--x--\r\n");
}

static void as_many_and_as_large_as_a_fax_may_have(void **state)
{
    (void)state;
    static const char pdf[] = "Content-Type: application/pdf\r\n\r\n%PDF\r\n",
        text[] = "Content-Type: text/plain\r\n\r\na\r\n";
    char want[2048] = "";
    parts(FW_MEDIA_URLS_MAX, pdf);
    for (int i = 0; i < FW_MEDIA_URLS_MAX; i++)
        snprintf(want + strlen(want), sizeof want - strlen(want), "%sattachment-%d:%%PDF", i ? "|" : "", i + 1);
    check_taken(FW_MIME_BODY_ALONE, want);
    parts(FW_MEDIA_URLS_MAX + 1, pdf);
    check_taken(FW_MIME_BODY_ALONE, "there are too many attachments for one fax");
    parts(FW_MEDIA_URLS_MAX, pdf); /* the text is a document too */
    message.size -= strlen("--x--\r\n");
    add("--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x--\r\n");
    check_taken(FW_MIME_BODY_FIRST, "there are too many attachments for one fax");
    check_taken(FW_MIME_BODY_ALONE, want);
    parts(199, text); /* and the multipart itself */
    struct fw_mime_documents d;
    CHECK_INT(fw_mime_documents(fw_buf_span(&message), FW_MIME_BODY_ALONE, &d), FW_OK);
    CHECK_INT(d.count, 1);
    CHECK_INT(d.items[0].data.size, 199);
    fw_mime_documents_done(&d);
    parts(200, text);
    check_taken(FW_MIME_BODY_ALONE, "the message has too many parts");

    for (size_t extra = 0; extra < 2; extra++) { /* 50 MB, and one byte more */
        static uint8_t block[1024 * 1024];
        begin(mixed);
        add("--x\r\nContent-Type: application/pdf\r\n\r\n");
        memset(block, 'a', sizeof block);
        for (size_t i = 0; i < FW_DOCUMENT_BYTES_MAX / sizeof block; i++)
            CHECK_INT(fw_buf_put(&message, (struct fw_span){ block, sizeof block }), FW_OK);
        CHECK_INT(fw_buf_put(&message, (struct fw_span){ block, extra }), FW_OK);
        add("\r\n--x--\r\n");
        const enum fw_err err = fw_mime_documents(fw_buf_span(&message), FW_MIME_BODY_ALONE, &d);
        CHECK_INT(err, extra ? FW_LIMIT : FW_OK);
        CHECK_TEXT(d.why, extra ? "the attachments are too large for one fax" : "");
        fw_mime_documents_done(&d);
    }
}

/* Whatever it is: a result, within a time that a mail server waits. */
static void check_bounded(const char *what)
{
    struct fw_mime_documents d;
    struct fw_mime_head h;
    const clock_t from = clock();
    const enum fw_err head = fw_mime_head(fw_mail_head(fw_buf_span(&message)), &h);
    const enum fw_err err = fw_mime_documents(fw_buf_span(&message), FW_MIME_BODY_FIRST, &d);
    const double seconds = (double)(clock() - from) / CLOCKS_PER_SEC;
    if (seconds > 0.5)
        print_message("# %s: %.1f s\n", what, seconds);
    if (seconds > HOSTILE_CPU_S || (err && !d.why[0]) || (head && head != FW_PROTOCOL))
        fail_msg("%s: %.1f s, %s", what, seconds, fw_err_text(err));
    fw_mime_documents_done(&d);
}

static void repeat(const char *what, const char *before, const char *text, int count, const char *behind)
{
    begin(before);
    for (int i = 0; i < count; i++)
        add(text);
    add(behind);
    check_bounded(what);
}

static void groups_are_counted_where_addresses_are(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool over; /* of two */
    } cases[] = {
        { "From: a@b\r\n\r\na: b: c: d", false }, { "From: a: b;, c: d;\n", true }, { "fROM : a:b:c\n", true },
        { "Reply-To: a:\r\n\tb:\r\n c", true }, { "Reply-To: a:\r\nX: b:\r\n c", false }, { "Resent-Cc: ::", true },
        { "Subject: a:b:c:d\n", false }, { "Resent-: ::", false }, { ":::", false }, { " To: ::", false }, { "",
          false },
        { "A: b\n\nTo: a:b:c", true }, { "To", false }, { "From: a:b\nFrom: a:b", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (fw_mail_groups_over(fw_span_of(cases[i].text), 2) != cases[i].over)
            fail_msg("%s", cases[i].text);
    }
}

static void hostile_messages_cost_little(void **state)
{
    (void)state;
    parts(100000, "Content-Type: text/plain\r\n\r\na\r\n");
    check_bounded("a hundred thousand parts");
    parts(100000, "");
    check_bounded("a hundred thousand empty parts");
    repeat("a header of 8 MB", "From: a@b\r\nSubject: ", "0123456789abcdef", 512 * 1024, "\r\n\r\nHello");
    repeat("a folded header of 8 MB", "From: a@b\r\nSubject: ", "\r\n 0123456789abcde", 512 * 1024, "\r\n\r\nHello");
    repeat("200,000 headers", "From: a@b\r\n", "X-A: b\r\n", 200000, "\r\nHello");
    repeat("100,000 Received", "From: a@b\r\n",
        "Received: from a (b [192.0.2.1]) by c; Mon, 1 Jan 2024 00:00:00 +0000\r\n", 100000, "\r\nHello");
    repeat("a From of 100,000 addresses", "From: a@b", ", a@b.example", 100000, "\r\n\r\nHello");
    repeat("a From of nested comments", "From: ", "(", 100000, "a@b\r\n\r\nHello");
    repeat("a From of nested groups", "From: ", "a:", 100000, "a@b;\r\n\r\nHello");
    repeat("a group in a message within", "Content-Type: message/rfc822\r\n\r\nResent-To : ", "a:\r\n\t", 100000,
        "a@b;\r\n\r\nHello");
    repeat("encoded words", "From: ", "=?utf-8?q?a?= ", 100000, "<a@b>\r\n\r\nHello");
    repeat("100,000 parameters", "Content-Type: multipart/mixed; ", "a=b; ", 100000,
        "boundary=x\r\n\r\n--x\r\n\r\nHello\r\n--x--\r\n");
    repeat("continued parameters", "Content-Type: application/pdf; name*0=a", "; name*9=a", 100000, "\r\n\r\nHello");
    repeat("a boundary of 1 MB", "Content-Type: multipart/mixed; boundary=", "0123456789abcdef", 65536,
        "\r\n\r\nHello");
    repeat("lines that nearly are boundaries", mixed, "--\r\n--y\r\n", 500000, "--x\r\n\r\nHello\r\n--x--\r\n");
    repeat("a line of 16 MB", "From: a@b\r\n\r\n", "0123456789abcdef", 1024 * 1024, "");
    repeat("NULs", "From: a@b\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n", "aaaa", 100000, "");
    memset(message.data + message.size - 300000, 0, 300000);
    check_bounded("NULs");
}

/* A From that reads as one address to a person, or to a signature's check, and as another one to us, is none. */
static void only_a_plain_from_is_a_sender(void **state)
{
    (void)state;
    static const struct {
        const char *from, *want;
    } cases[] = {
        { "boss@office.example", "boss@office.example" },
        { "=?utf-8?Q?B=C3=B6ss?= <boss@office.example>", "boss@office.example" },
        { "\"boss@office.example\" <evil@evil.example>", "evil@evil.example" },
        { "=?utf-8?Q?boss=40office.example?= <evil@evil.example>", "evil@evil.example" },
        { "(boss@office.example) evil@evil.example", "evil@evil.example" },
        { "evil@evil.example\r\n (boss@office.example)", "evil@evil.example" },
        { "<boss@office.example>, <evil@evil.example>", "" },
        { "boss@office.example\r\nfRoM: evil@evil.example", "" },
        { "", "" }, { "nobody", NULL }, { "<>", NULL }, { "a b c", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_mime_head h;
        char address[FW_MAIL_ADDRESS_SIZE];
        begin("From: ");
        add(cases[i].from);
        add("\r\nSubject: =?x?Q?=FF?= =?utf-8?B?/////w==?=\r\n\r\n");
        CHECK_INT(fw_mime_head(fw_buf_span(&message), &h), FW_OK);
        if (cases[i].want)
            CHECK_TEXT(h.from, cases[i].want);
        else
            CHECK(!fw_mail_address(h.from, address));
    }
}

static void machines_are_known_by_their_header(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool automatic;
    } cases[] = {
        { "Auto-Submitted: auto-replied", true }, { "AUTO-SUBMITTED: Auto-Replied (vacation)", true },
        { "Auto-Submitted: auto-generated", false }, /* a scanner that sends its scans says so too */
        { "Auto-Submitted: no", false }, { "Auto-Submitted:", false }, { "X-FAXWIRE-FAX: 1", true },
          { "X-Other: auto-replied", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_mime_head h;
        begin("From: a@b\r\n");
        add(cases[i].header);
        add("\r\n\r\n");
        CHECK_INT(fw_mime_head(fw_buf_span(&message), &h), FW_OK);
        if (h.automatic != cases[i].automatic)
            fail_msg("%s", cases[i].header);
    }
}

static int clean(void **state)
{
    (void)state;
    fw_buf_done(&message);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attachment_of_any_kind),
        cmocka_unit_test(a_text_in_any_charset),
        cmocka_unit_test(parts_within_parts),
        cmocka_unit_test(boundaries_that_are_none),
        cmocka_unit_test(base64_that_is_broken),
        cmocka_unit_test(as_many_and_as_large_as_a_fax_may_have),
        cmocka_unit_test(groups_are_counted_where_addresses_are),
        cmocka_unit_test(hostile_messages_cost_little),
        cmocka_unit_test(only_a_plain_from_is_a_sender),
        cmocka_unit_test(machines_are_known_by_their_header),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
