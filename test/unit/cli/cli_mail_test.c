/* Mail that becomes a fax: addresses, senders, and what of a message is faxed. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "cli/mail_gate.h"
#include "cli/mail_mime.h"

static void numbers_of_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address, *number; /* NULL: none */
    } cases[] = {
        { "+12125550100@fax.example.com", "+12125550100" },
        { "<+12125550100@fax.example.com>", "+12125550100" },
        { "FAX=+12125550100@fax.example.com", "+12125550100" },
        { "fax=+1-212.555-0100@fax.example.com", "+12125550100" },
        { "+123456789012345@x", "+123456789012345" },
        { "+1234567@x", "+1234567" },
        { "+123456@x", NULL },            /* nobody has so few digits */
        { "+1234567890123456@x", NULL },  /* nor so many */
        { "12125550100@x", NULL },        /* of which country? */
        { "+02125550100@x", NULL },
        { "+12125550100", NULL },
        { "+1212555 0100@x", NULL },
        { "+12125550100/T33S=1@x", NULL },
        { "+@x", NULL }, { "@x", NULL }, { "", NULL }, { "fax=@x", NULL }, { "<", NULL }, { "fax", NULL },
        { "+1212555a100@x", NULL },
        { "FAX=12125550100@x", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char number[FW_MAIL_NUMBER_SIZE] = "";
        const bool good = fw_mail_number(cases[i].address, number);
        if (good != (cases[i].number != NULL) || (good && strcmp(number, cases[i].number) != 0))
            fail_msg("%s: %d %s", cases[i].address, good, number);
    }
}

static void only_those_on_the_list_may_send(void **state)
{
    (void)state;
    char address[FW_MAIL_ADDRESS_SIZE];
    json_t *list = json_pack("[s, s, i]", "Boss@Office.example", "@desk.example", 7);
    static const struct {
        const char *text;
        bool is_address, may;
    } cases[] = {
        { "<boss@office.example>", true, true }, { "BOSS@OFFICE.EXAMPLE", true, true }, { "any@desk.example", true, true },
        { "any@sub.desk.example", true, false }, { "any@notdesk.example", true, false }, { "desk@office.example", true, false },
        { "boss@office.example.evil.example", true, false }, { "<>", false, false }, { "", false, false },
        { "a@desk.example, b@x.example", false, false }, { "boss", false, false }, { "a@b@desk.example", false, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const bool good = fw_mail_address(cases[i].text, address);
        if (good != cases[i].is_address || (good && fw_mail_sender_ok(list, address) != cases[i].may))
            fail_msg("%s", cases[i].text);
    }
    json_decref(list);
    list = json_array();
    CHECK(!fw_mail_sender_ok(list, "boss@office.example"));
    CHECK(!fw_mail_sender_ok(NULL, "boss@office.example"));
    json_decref(list);
}

static void the_header_ends_at_the_first_empty_line(void **state)
{
    (void)state;
    CHECK_INT(fw_mail_head(fw_span_of("A: b\n\nbody\n\n")).size, 6);
    CHECK_INT(fw_mail_head(fw_span_of("A: b\r\n\r\nbody")).size, 8);
    CHECK_INT(fw_mail_head(fw_span_of("\nbody")).size, 1);
    CHECK_INT(fw_mail_head(fw_span_of("A: b\n")).size, 5);
    CHECK_INT(fw_mail_head(fw_span_of("")).size, 0);
    CHECK_INT(fw_mail_count(fw_span_of("Boundary=boundary BOUNDARY bound"), "boundary", 9), 3);
    CHECK_INT(fw_mail_count(fw_span_of("bbbb"), "b", 2), 2);
}

static struct fw_mime_head head_of(const char *text)
{
    struct fw_mime_head head;
    CHECK_INT(fw_mime_head(fw_span_of(text), &head), FW_OK);
    return head;
}

static void what_a_header_says(void **state)
{
    (void)state;
    struct fw_mime_head h = head_of("Return-Path: <a@b.example>\nDelivered-To: +1@one\nDelivered-To: +2@two\n"
                                    "From: \"The Boss, of all\" <boss@office.example>\nMessage-ID:  <x@y>\nReturn-Path: <z@z.example>\n\n");
    CHECK_TEXT(h.return_path, "<a@b.example>");
    CHECK_TEXT(h.delivered_to, "+1@one");
    CHECK_TEXT(h.from, "boss@office.example");
    CHECK_TEXT(h.message_id, "<x@y>");
    CHECK(!h.automatic);
    CHECK_TEXT(head_of("From: a@b.example\nFrom: c@d.example\n\n").from, "");
    CHECK_TEXT(head_of("From: a@b.example, c@d.example\n\n").from, "");
    CHECK_TEXT(head_of("From: friends: a@b.example, c@d.example;\n\n").from, "");
    CHECK_TEXT(head_of("Subject: none\n\n").from, "");
    CHECK(head_of("From: a@b.example\nAuto-Submitted: auto-replied\n\n").automatic);
    CHECK(head_of("From: a@b.example\nx-faxwire-fax: 1\n\n").automatic);
    CHECK(!head_of("From: a@b.example\nAuto-Submitted: no\n\n").automatic);
}

static const char pdf_part[] = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n";

/* The documents of `message`, joined by '|'; the caller frees. */
static char *taken(const char *message, enum fw_mime_body body)
{
    struct fw_mime_documents d;
    struct fw_buf text;
    fw_buf_init(&text, 65536);
    const enum fw_err err = fw_mime_documents(fw_span_of(message), body, &d);
    if (err)
        CHECK_INT(fw_buf_putf(&text, "%s: %s", fw_err_text(err), d.why), FW_OK);
    for (int i = 0; i < d.count && !err; i++) {
        CHECK_INT(fw_buf_put_text(&text, i ? "|" : ""), FW_OK);
        CHECK_INT(fw_buf_put(&text, fw_buf_span(&d.items[i].data)), FW_OK);
    }
    CHECK_INT(fw_buf_put_u8(&text, 0), FW_OK);
    fw_mime_documents_done(&d);
    return (char *)text.data;
}

static void check_taken(const char *message, enum fw_mime_body body, const char *want)
{
    char *got = taken(message, body);
    CHECK_TEXT(got, want);
    free(got);
}

static void attachments_in_order_and_the_text_as_asked(void **state)
{
    (void)state;
    char message[2000];
    check_taken("From: a@b\r\n\r\nHello\r\n", FW_MIME_BODY_ALONE, "Hello\r\n");
    check_taken("From: a@b\r\n\r\nHello\r\n", FW_MIME_BODY_NEVER, "not found: there is nothing in the message to be faxed");
    check_taken("From: a@b\r\n\r\n \r\n", FW_MIME_BODY_FIRST, "not found: there is nothing in the message to be faxed");
    check_taken("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe",
                FW_MIME_BODY_ALONE, "Gr\xC3\xBC\xC3\x9F" "e");
    snprintf(message, sizeof message,
             "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x\r\n%s--x\r\n"
             "Content-Type: text/plain; name=note.txt\r\nContent-Disposition: attachment\r\n\r\nnote\r\n--x--\r\n", pdf_part);
    check_taken(message, FW_MIME_BODY_ALONE, "%PDF|note");
    check_taken(message, FW_MIME_BODY_FIRST, "Hello|%PDF|note");
    check_taken(message, FW_MIME_BODY_NEVER, "%PDF|note");
}

/* As mail programs send them: HTML beside the text, logos in it, a signature behind all. */
static void what_belongs_to_a_text_is_no_document(void **state)
{
    (void)state;
    char message[3000];
    const char *related = "Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<b>Hi</b>\r\n--r\r\n"
                          "Content-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline; filename=logo.png\r\n\r\nPNG\r\n--r--\r\n";
    snprintf(message, sizeof message,
             "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
             "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nHi\r\n--a\r\n%s--a--\r\n--x\r\n%s--x--\r\n"
             "--s\r\nContent-Type: application/pgp-signature\r\n\r\nSIGNATURE\r\n--s--\r\n", related, pdf_part);
    check_taken(message, FW_MIME_BODY_FIRST, "Hi|%PDF");
    check_taken(message, FW_MIME_BODY_ALONE, "%PDF");
    check_taken(related, FW_MIME_BODY_ALONE, "<b>Hi</b>");
}

static void what_cannot_be_faxed_says_why(void **state)
{
    (void)state;
    check_taken("Content-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--\r\n", FW_MIME_BODY_ALONE,
                "peer protocol error: the message is encrypted");
    check_taken("Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\n\r\nHello\r\n", FW_MIME_BODY_ALONE,
                "peer protocol error: a message that is attached to a message cannot be faxed");
    char *deep = calloc(1, 65536);
    for (int i = 0; i < 20; i++)
        snprintf(deep + strlen(deep), 100, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    check_taken(deep, FW_MIME_BODY_ALONE, "limit reached: the message has too many parts");
    for (int i = 20; i < 1000; i++)
        snprintf(deep + strlen(deep), 100, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n", i);
    check_taken(deep, FW_MIME_BODY_ALONE, "limit reached: the message has too many parts");
    strcpy(deep, "Content-Type: multipart/mixed; boundary=x\r\n\r\n");
    for (int i = 0; i < 21; i++)
        strcat(strcat(deep, "--x\r\n"), pdf_part);
    check_taken(deep, FW_MIME_BODY_ALONE, "limit reached: there are too many attachments for one fax");
    free(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_addresses),
        cmocka_unit_test(only_those_on_the_list_may_send),
        cmocka_unit_test(the_header_ends_at_the_first_empty_line),
        cmocka_unit_test(what_a_header_says),
        cmocka_unit_test(attachments_in_order_and_the_text_as_asked),
        cmocka_unit_test(what_belongs_to_a_text_is_no_document),
        cmocka_unit_test(what_cannot_be_faxed_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
