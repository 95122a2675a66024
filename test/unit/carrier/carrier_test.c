/* The carrier's pure parts: the table of test numbers, and what becomes a file name. */
#include "test.h"
#include "base/file.h"
#include "carrier/far_end.h"
#include "carrier/mailbox.h"
#include "carrier/options.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void numbers_are_read_from_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digits;
    } good[] = {
        { "+12005550100", "12005550100" },
        { "12005550100", "12005550100" },
        { "+1 (200) 555-01.00", "12005550100" },
        { "sip:+12005550100@127.0.0.1", "12005550100" },
        { "sip:12005550100@127.0.0.1:5070;transport=udp", "12005550100" },
        { "SIPS:+12005550100;phone-context=x@host", "12005550100" },
        { "sip:%2B12005550100@host", "12005550100" },
        { "sip:12005550100:secret@host", "12005550100" },
        { "tel:+1-200-555-0100", "12005550100" },
        { "\"A <b>\" <sip:+12005550100@h>;tag=1", "" },
        { "Fax <sip:+12005550100@h>;tag=1", "12005550100" },
        { "911", "911" },
        { "12345678901234567890123456789012", "12345678901234567890123456789012" },
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        char digits[FW_CARRIER_NUMBER_SIZE];
        CHECK_INT(fw_carrier_number(good[i].text, digits), good[i].digits[0] != '\0');
        CHECK_TEXT(digits, good[i].digits);
    }
    static const char *const bad[] = { "",
                                       "sip:",
                                       "sip:@host",
                                       "alice",
                                       "sip:alice@host",
                                       "+",
                                       "1+2",
                                       "../../etc",
                                       "12/34",
                                       "%",
                                       "%2",
                                       "sip:%00@h",
                                       "123456789012345678901234567890123" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char digits[FW_CARRIER_NUMBER_SIZE];
        CHECK(!fw_carrier_number(bad[i], digits));
        CHECK_TEXT(digits, "");
    }
}

static void every_test_number_has_one_row(void **state)
{
    (void)state;
    size_t count = 0;
    const struct fw_far_end *table = fw_far_end_table(&count);
    CHECK_INT(count, 30);
    for (size_t i = 0; i < count; i++) {
        char digits[32];
        CHECK_INT(table[i].number, i);
        snprintf(digits, sizeof digits, "120055501%02zu", i);
        CHECK(fw_far_end_find(digits) == &table[i]);
        if (table[i].act == FW_FAR_REJECT || table[i].refuse_first > 0) {
            CHECK(table[i].sip_status >= 400 && table[i].sip_status < 700);
            CHECK(table[i].phrase && table[i].phrase[0]);
        }
        if (table[i].act == FW_FAR_ANSWER)
            CHECK(table[i].ident && strlen(table[i].ident) <= 20);
    }
}

static void other_numbers_are_the_mailbox(void **state)
{
    (void)state;
    static const char *const others[] = { "13125550123", "120055501",
                                          "1200555010",  "120055501000",
                                          "12005550199", "12005550130",
                                          "12005560100", "1" };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK_INT(fw_far_end_find(others[i])->number, FW_CARRIER_MAILBOX);
        CHECK_INT(fw_far_end_find(others[i])->act, FW_FAR_ANSWER);
    }
    CHECK_INT(fw_far_end_find("12005550101")->sip_status, 486);
    CHECK_INT(fw_far_end_find("12005550101")->q850, 17);
    CHECK(!fw_far_end_find("12005550106")->t38);
    CHECK(fw_far_end_find("12005550100")->t38);
}

static void folders_are_digits_only(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "12005550100", "12005550100" },
        { "../../etc/passwd", "unknown" },
        { "", "unknown" },
        { "+1/2\\3\n4", "1234" },
        { "1234567890123456789012345678901234567890", "12345678901234567890123456789012" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[33];
        fw_carrier_mailbox_folder(cases[i].in, name);
        CHECK_TEXT(name, cases[i].out);
    }
}

/* ---- the mailbox on a real folder ---- */

static enum fw_err pdf_of(const char *tif, const char *pdf)
{
    return access(tif, R_OK) == 0 ? fw_file_write(pdf, fw_span_of("%PDF-"), 0600) : FW_IO;
}

static enum fw_err no_pdf(const char *tif, const char *pdf)
{
    (void)tif;
    (void)pdf;
    return FW_PROTOCOL;
}

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/faxwire-mailbox-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    fw_dir_remove(folder, 3);
    return 0;
}

static int files_in(const char *sub, const char *end)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, sub);
    DIR *dir = opendir(path);
    int count = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const size_t size = strlen(e->d_name), end_size = strlen(end);
        count += size > end_size && strcmp(e->d_name + size - end_size, end) == 0;
    }
    if (dir)
        closedir(dir);
    return count;
}

static struct fw_carrier_mail mail_of(const char *to, const char *call_id, bool whole)
{
    struct fw_carrier_mail mail = { .page_count = 2,
                                    .bit_rate = 14400,
                                    .ecm = true,
                                    .whole = whole,
                                    .transport = "t38",
                                    .far_end = "mailbox" };
    snprintf(mail.to, sizeof mail.to, "%s", to);
    snprintf(mail.from, sizeof mail.from, "+13125550123");
    snprintf(mail.display_name, sizeof mail.display_name, "bad \xff \"name\"\n");
    fw_carrier_mailbox_hash(call_id, mail.hash);
    return mail;
}

static void receive(const struct fw_carrier_mailbox *box, const struct fw_carrier_mail *mail,
                    const char *bytes)
{
    char path[FW_CARRIER_PATH_SIZE];
    fw_carrier_mailbox_incoming(box, mail, path);
    CHECK_INT(fw_file_write(path, fw_span_of(bytes), 0600), FW_OK);
}

static void a_whole_fax_is_kept_as_tiff_pdf_and_line(void **state)
{
    (void)state;
    struct fw_carrier_mailbox box;
    char path[FW_CARRIER_PATH_SIZE], name[FW_CARRIER_PATH_SIZE + 8];
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 10, pdf_of), FW_OK);
    struct fw_carrier_mail mail = mail_of("12005550100", "../call@host", true);
    receive(&box, &mail, "TIFF");
    const struct fw_wall at = { 1795427952345678 };
    CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, at, path), FW_OK);
    CHECK(strstr(path, "/12005550100/20261123T095912345678Z-") != NULL);
    CHECK_INT(files_in("12005550100", ".tif"), 1);
    CHECK_INT(files_in("12005550100", ".pdf"), 1);
    CHECK_INT(files_in("12005550100", ".json"), 1);
    CHECK_INT(files_in(".incoming", "f"), 0);

    struct fw_buf line;
    snprintf(name, sizeof name, "%s.json", path);
    CHECK_INT(fw_file_read(name, 4096, &line), FW_OK);
    CHECK_INT(fw_buf_put_u8(&line, 0), FW_OK);
    CHECK(strstr((char *)line.data, "\"complete\":true"));
    CHECK(strstr((char *)line.data, "bad ? \\\"name\\\"?"));
    CHECK(strchr((char *)line.data, '\n') == (char *)line.data + line.size - 2);
    fw_buf_done(&line);
}

static void a_broken_fax_is_partial(void **state)
{
    (void)state;
    struct fw_carrier_mailbox box;
    char path[FW_CARRIER_PATH_SIZE];
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 10, pdf_of), FW_OK);
    struct fw_carrier_mail mail = mail_of("../1/2", "a", false);
    receive(&box, &mail, "TIFF");
    CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, (struct fw_wall){ 1 }, path), FW_OK);
    CHECK_INT(files_in("12", ".partial.tif"), 1);
    CHECK_INT(files_in("12", ".pdf"), 0);

    /* Said to be whole, but nothing is there. */
    mail = mail_of("3", "b", true);
    CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, (struct fw_wall){ 2 }, path), FW_OK);
    CHECK_INT(files_in("3", ".tif"), 0);
    CHECK_INT(files_in("3", ".json"), 1);

    /* A file, but no page was confirmed. */
    mail = mail_of("6", "e", false);
    mail.page_count = 0;
    receive(&box, &mail, "TIFF");
    CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, (struct fw_wall){ 3 }, path), FW_OK);
    CHECK_INT(files_in("6", ".tif"), 0);
    CHECK_INT(files_in("6", ".json"), 1);
    CHECK_INT(files_in(".incoming", "f"), 0);
}

static void a_fax_without_pdf_is_an_error(void **state)
{
    (void)state;
    struct fw_carrier_mailbox box;
    char path[FW_CARRIER_PATH_SIZE];
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 10, no_pdf), FW_OK);
    struct fw_carrier_mail mail = mail_of("4", "c", true);
    receive(&box, &mail, "TIFF");
    CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, (struct fw_wall){ 3 }, path), FW_PROTOCOL);
    CHECK_INT(files_in("4", ".json"), 0);
    CHECK_INT(files_in("4", ".tif"), 1);
}

static void the_oldest_faxes_go(void **state)
{
    (void)state;
    struct fw_carrier_mailbox box;
    char path[FW_CARRIER_PATH_SIZE], first[FW_CARRIER_PATH_SIZE + 8];
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 3, pdf_of), FW_OK);
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "call%d", i);
        struct fw_carrier_mail mail = mail_of("555", id, i % 2 == 0);
        receive(&box, &mail, "TIFF");
        CHECK_INT(fw_carrier_mailbox_keep(&box, &mail, (struct fw_wall){ i * 1000000 }, path),
                  FW_OK);
        if (i == 0)
            snprintf(first, sizeof first, "%s.json", path);
    }
    CHECK_INT(files_in("555", ".json"), 3);
    CHECK_INT(files_in("555", ".tif"), 3);
    CHECK_INT(files_in("555", ".pdf"), 1);
    CHECK(access(first, F_OK) != 0);
}

static void opening_forgets_unfinished_files(void **state)
{
    (void)state;
    struct fw_carrier_mailbox box;
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 3, pdf_of), FW_OK);
    struct fw_carrier_mail mail = mail_of("5", "d", true);
    receive(&box, &mail, "half");
    CHECK_INT(fw_carrier_mailbox_open(&box, folder, 3, pdf_of), FW_OK);
    CHECK_INT(files_in(".incoming", ".tif"), 0);
    char longer[1100];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_INT(fw_carrier_mailbox_open(&box, longer, 3, pdf_of), FW_INVALID);
}

static enum fw_err options_of(const char *a, const char *b, struct fw_carrier_options *o,
                              struct fw_fault *fault)
{
    char program[] = "faxwire-carrier", first[64], second[64];
    char *argv[] = { program, first, second, NULL };
    snprintf(first, sizeof first, "%s", a);
    snprintf(second, sizeof second, "%s", b ? b : "");
    return fw_carrier_options_read(b ? 3 : 2, argv, o, fault);
}

static void only_loopback_unless_told(void **state)
{
    (void)state;
    struct fw_carrier_options o;
    struct fw_fault fault;
    CHECK_INT(options_of("--listen", "127.0.0.1:5070", &o, &fault), FW_OK);
    CHECK_TEXT(o.host, "127.0.0.1");
    CHECK_INT(o.port, 5070);
    CHECK_INT(options_of("--listen", "[::1]:5070", &o, &fault), FW_OK);
    CHECK_TEXT(o.host, "::1");
    CHECK_INT(options_of("--listen", "::1", &o, &fault), FW_OK);
    CHECK_INT(o.port, 0);
    CHECK_INT(options_of("--listen", "127.9.9.9", &o, &fault), FW_OK);
    static const char *const bad[] = {
        "0.0.0.0:5060",    "192.0.2.1",   "localhost:5060", "[::]:1",
        "127.0.0.1:65536", "127.0.0.1:x", "[::1",           ":5060"
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_INT(options_of("--listen", bad[i], &o, &fault), FW_INVALID);
        CHECK_TEXT(fault.field, "--listen");
    }
}

static void wrong_words_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
    } bad[] = {
        { "--what", NULL },     { "--what", "1" },     { "--channel", "2" },
        { "--channel", "x" },   { "--mailbox", NULL }, { "--mailbox", "" },
        { "--max-calls", "0" }, { "word", NULL },      { "--mailbox-max-files", "60001" },
    };
    struct fw_carrier_options o;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_fault fault = { 0 };
        CHECK_INT(options_of(bad[i].a, bad[i].b, &o, &fault), FW_INVALID);
        CHECK_TEXT(fault.field, bad[i].a);
        CHECK(fault.message[0]);
    }
    CHECK_INT(options_of("--paced", NULL, &o, NULL), FW_OK);
    CHECK(o.paced && o.channel == -1 && !o.allow_remote);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_from_every_form),
        cmocka_unit_test(every_test_number_has_one_row),
        cmocka_unit_test(other_numbers_are_the_mailbox),
        cmocka_unit_test(folders_are_digits_only),
        cmocka_unit_test(only_loopback_unless_told),
        cmocka_unit_test(wrong_words_are_errors),
        cmocka_unit_test_setup_teardown(a_whole_fax_is_kept_as_tiff_pdf_and_line, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_broken_fax_is_partial, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_fax_without_pdf_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_oldest_faxes_go, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(opening_forgets_unfinished_files, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
