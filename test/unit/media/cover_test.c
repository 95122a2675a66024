/* Covers: what a template becomes, and that nothing of a fax can become more than text in it. */
#include "test.h"

#include "base/file.h"
#include "media/cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/fw-cover-XXXXXX";

static void write_template(const char *name, const char *html)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s.html", folder, name);
    CHECK_INT(fw_file_write(path, fw_span_of(html), 0600), FW_OK);
}

static struct fw_fax fax_with(const char *cover)
{
    struct fw_fax f = { .from = "+12025550123", .to = "+12005550100", .from_display_name = "Anna",
                        .created_at = { .us = INT64_C(1764000000000000) } };
    f.cover_page = strdup(cover);
    CHECK(f.cover_page != NULL);
    return f;
}

static enum fw_err make(const char *cover, int pages, struct fw_buf *ret)
{
    struct fw_fax f CLEANUP(fw_fax_done) = fax_with(cover);
    const enum fw_err err = fw_cover_make(folder, &f, pages, ret);
    if (!err)
        CHECK_INT(fw_buf_put_u8(ret, 0), FW_OK);
    return err;
}

static void check_made(const char *html, const char *cover, const char *want)
{
    struct fw_buf got CLEANUP(fw_buf_done) = { 0 };
    write_template("t", html);
    CHECK_INT(make(cover, 12, &got), FW_OK);
    if (strcmp((const char *)got.data, want) != 0)
        fail_msg("%s became %s", html, (const char *)got.data);
}

static void fields_are_put_in(void **state)
{
    (void)state;
    const char *cover = "{\"template\":\"t\",\"to\":\"Bob\",\"subject\":\"A & B\",\"comment\":\"one\\r\\ntwo\"}";
    check_made("{{to}} {{to_number}} {{from}} {{from_number}} {{pages}}", cover,
               "Bob +12005550100 Anna +12025550123 12");
    check_made("{{subject}}|{{comment}}|{{nothing}}|{{ to }}|{{", cover, "A &amp; B|one<br>two|||{{");
    check_made("{{to}", cover, "{{to}");
    check_made("{{}}{{#}}x", cover, "{{}}{{#}}x");
    check_made("{{a name that is much too long to be one}}", cover, "{{a name that is much too long to be one}}");
    check_made("a{{#to}}[{{to}}]{{/to}}b{{#nothing}}[{{to}}]{{/nothing}}c", cover, "a[Bob]bc");
    check_made("{{from}}", "{\"template\":\"t\",\"from\":\"Ms Smith\"}", "Ms Smith");
    struct fw_buf got CLEANUP(fw_buf_done) = { 0 };
    write_template("t", "{{date}}");
    CHECK_INT(make(cover, 1, &got), FW_OK);
    CHECK(strncmp((const char *)got.data, "2025-11-2", 9) == 0 && strlen((const char *)got.data) >= 19);
}

static void values_stay_text(void **state)
{
    (void)state;
    check_made("<p title=\"{{subject}}\">{{comment}}",
               "{\"template\":\"t\",\"subject\":\"\\\"onload='x'\",\"comment\":\"<script>{{to}}</script>&lt;\"}",
               "<p title=\"&quot;onload=&#39;x&#39;\">&lt;script&gt;{{to}}&lt;/script&gt;&amp;lt;");
}

/* A document's kind is what its first bytes say: none of the sender's may say so here. */
static void a_cover_stays_html(void **state)
{
    (void)state;
    check_made("<!doctype html>{{comment}}", "{\"template\":\"t\",\"comment\":\"%PDF-1.4\"}", "<!doctype html>&#37;PDF-1.4");
}

static void faults_of_templates_are_told(void **state)
{
    (void)state;
    static const char *const bad[] = { "{{#to}}", "{{/to}}", "{{#to}}{{#from}}{{/from}}{{/to}}", "{{#to}}{{/from}}" };
    const char *cover = "{\"template\":\"t\",\"to\":\"Bob\"}";
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_buf got CLEANUP(fw_buf_done) = { 0 };
        write_template("t", bad[i]);
        CHECK_INT(make(cover, 1, &got), FW_INVALID);
    }
    struct fw_buf got CLEANUP(fw_buf_done) = { 0 };
    char *large = malloc(FW_COVER_BYTES_MAX);
    CHECK(large != NULL);
    memset(large, 'x', FW_COVER_BYTES_MAX);
    memcpy(large + FW_COVER_BYTES_MAX - 8, "{{to}}y", 8);
    write_template("t", large);
    free(large);
    CHECK_INT(make("{\"template\":\"t\",\"to\":\"A longer name\"}", 1, &got), FW_LIMIT);
}

static void templates_have_names(void **state)
{
    (void)state;
    write_template("own", "x");
    CHECK(fw_cover_known(folder, "own") && !fw_cover_known(NULL, "own") && !fw_cover_known("", "own"));
    CHECK(fw_cover_known(NULL, "standard") && fw_cover_known(folder, "plain"));
    static const char *const none[] = { "", "other", "../own", "own.html", "a/b", "own ", "\xc3\xbc" };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        CHECK(!fw_cover_known(folder, none[i]));
    /* The operator's file stands for one that is built in. */
    struct fw_buf got CLEANUP(fw_buf_done) = { 0 };
    write_template("plain", "mine");
    CHECK_INT(make("{\"template\":\"plain\"}", 1, &got), FW_OK);
    CHECK(strcmp((const char *)got.data, "mine") == 0);
    fw_buf_done(&got);
    CHECK_INT(make("{\"template\":\"gone\"}", 1, &got), FW_NOT_FOUND);
    CHECK_INT(make("[]", 1, &got), FW_INVALID);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fw_dir_remove(folder, 1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_put_in),
        cmocka_unit_test(values_stay_text),
        cmocka_unit_test(a_cover_stays_html),
        cmocka_unit_test(faults_of_templates_are_told),
        cmocka_unit_test(templates_have_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
