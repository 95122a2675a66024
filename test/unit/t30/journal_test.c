/* The journal of a call: what was written is read, what was cut off is not believed. */
#include "t30/journal.h"
#include "base/file.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[80];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/journal_test.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/call.journal", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    fw_dir_remove(folder, 1);
    return 0;
}

static void written_is_read(void **state)
{
    (void)state;
    struct fw_journal *j = NULL;
    struct fw_journal_facts facts;
    CHECK_INT(fw_journal_read(path, &facts), FW_NOT_FOUND);
    CHECK_INT(fw_journal_new(path, &j), FW_OK);
    CHECK_INT(fw_journal_read(path, &facts), FW_OK);
    CHECK(!facts.ended && facts.pages_confirmed == 0);
    CHECK_INT(fw_journal_page(j, 1), FW_OK);
    CHECK_INT(fw_journal_page(j, 2), FW_OK);
    CHECK_INT(fw_journal_read(path, &facts), FW_OK);
    CHECK(!facts.ended);
    CHECK_INT(facts.pages_confirmed, 2);
    CHECK_INT(fw_journal_end(j, 49, 2), FW_OK);
    CHECK_INT(fw_journal_read(path, &facts), FW_OK);
    CHECK(facts.ended);
    CHECK_INT(facts.t30_code, 49);
    CHECK_INT(facts.pages_confirmed, 2);
    fw_journal_free(j);
}

static void check_text(const char *text, enum fw_err expected, uint32_t pages, bool ended)
{
    struct fw_journal_facts facts;
    const struct fw_span bytes = { (const uint8_t *)text, strlen(text) };
    CHECK_INT(fw_file_write(path, bytes, 0600), FW_OK);
    CHECK_INT(fw_journal_read(path, &facts), expected);
    CHECK_INT(facts.pages_confirmed, pages);
    CHECK_INT(facts.ended, ended);
}

static void cut_and_broken(void **state)
{
    (void)state;
    check_text("", FW_OK, 0, false);
    check_text("page 1\npage 2", FW_OK, 1, false);
    check_text("page 1\nend 0 1", FW_OK, 1, false);
    check_text("page 1\nend 0 1\n", FW_OK, 1, true);
    check_text("page 1\npaeg 2\n", FW_PROTOCOL, 1, false);
    check_text("page -1\n", FW_PROTOCOL, 0, false);
    check_text("page 1 2\n", FW_PROTOCOL, 0, false);
    check_text("page 99999999999\n", FW_PROTOCOL, 0, false);
    check_text("end 0\n", FW_PROTOCOL, 0, false);
    check_text("end 300 1\n", FW_PROTOCOL, 0, false);
    check_text("\n", FW_PROTOCOL, 0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(cut_and_broken, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
