/* The real renderer, in its sandbox, on documents that it has to read, refuse or give up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "media/media.h"
#include "page/page.h"
#include "test.h"

struct place {
    char dir[64];
    struct fw_fax          fax;
    struct fw_media_config config;
};

static int open_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/fw-real-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    p->fax = (struct fw_fax){ .id = "fax", .quality = FW_QUALITY_HIGH, .black_threshold = 95 };
    p->config = (struct fw_media_config){ .render_program = FW_RENDER_PROGRAM };
    *state = p;
    return 0;
}

static int close_place(void **state)
{
    struct place *p = *state;
    fw_dir_remove(p->dir, 2);
    free(p);
    return 0;
}

/* A PDF of `pages` pages with a line of text each; readers find objects without its table. */
static void put_pdf(struct place *p, int document, int pages)
{
    struct fw_buf pdf = { 0 };
    char path[128];
    fw_buf_init(&pdf, 1024 * 1024);
    enum fw_err err = fw_buf_putf(&pdf, "%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
                                        "2 0 obj\n<</Type/Pages/Count %d/Kids[", pages);
    for (int i = 0; i < pages && !err; i++)
        err = fw_buf_putf(&pdf, "%d 0 R ", 10 + 2 * i);
    if (!err)
        err = fw_buf_putf(
            &pdf,
            "]>>\nendobj\n3 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n");
    for (int i = 0; i < pages && !err; i++) {
        char text[128];
        const int size = snprintf(
            text, sizeof text, "BT /F 24 Tf 72 700 Td (Document %d, page %d) Tj ET", document, i);
        err = fw_buf_putf(&pdf,
                          "%d 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
                          "/Resources<</Font<</F 3 0 R>>>>>>\nendobj\n%d 0 obj\n<</Length %d>>\nstream\n%s\n"
                          "endstream\nendobj\n",
                          10 + 2 * i, 11 + 2 * i, 11 + 2 * i, size, text);
    }
    if (!err)
        err = fw_buf_put_text(&pdf, "trailer\n<</Root 1 0 R>>\n%%EOF\n");
    snprintf(path, sizeof path, "%s/document-%d", p->dir, document);
    assert_int_equal(err, FW_OK);
    assert_int_equal(fw_file_write(path, fw_buf_span(&pdf), 0600), FW_OK);
    fw_buf_done(&pdf);
    p->fax.document_count = document;
}

static struct fw_media_result prepare(struct place *p)
{
    const struct fw_media_job job = { &p->config, &p->fax, p->dir, NULL };
    struct fw_media_result r;
    fw_media_prepare(&job, &r);
    return r;
}

static void pdfs_become_one_fax(void **state)
{
    struct place *p = *state;
    put_pdf(p, 1, 2);
    put_pdf(p, 2, 1);
    put_pdf(p, 3, 3);
    const struct fw_media_result r = prepare(p);
    if (r.end != FW_MEDIA_OK)
        fail_msg("%s: %s", r.reason, r.detail);
    CHECK_INT(r.page_count, 6);
    char path[128];
    snprintf(path, sizeof path, "%s/pages.tif", p->dir);
    uint32_t count = 0;
    struct fw_page_info info[6];
    struct fw_fault fault = { 0 };
    CHECK_INT(fw_page_file_info(path, 6, &count, info, &fault), FW_OK);
    CHECK_INT(count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        CHECK_INT(info[i].width, 1728);
        CHECK_INT(info[i].y_dpi, 196);
        if (fw_page_check(path, i, &fault))
            fail_msg("page %u: %s", i, fault.message);
    }
}

static void the_quality_decides_the_lines(void **state)
{
    struct place *p = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/pages.tif", p->dir);
    static const struct { enum fw_quality quality; uint32_t y_dpi; } cases[] = {
        { FW_QUALITY_NORMAL, 98 }, { FW_QUALITY_HIGH, 196 }, { FW_QUALITY_VERY_HIGH, 391 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        p->fax.quality = cases[i].quality;
        put_pdf(p, 1, 1);
        CHECK_INT(prepare(p).end, FW_MEDIA_OK);
        uint32_t count = 0;
        struct fw_page_info info;
        struct fw_fault fault = { 0 };
        CHECK_INT(fw_page_file_info(path, 1, &count, &info, &fault), FW_OK);
        CHECK_INT(info.y_dpi, cases[i].y_dpi);
    }
}

static void rubbish_is_refused_with_a_reason(void **state)
{
    struct place *p = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/document-1", p->dir);
    static const char *const rubbish[] = { " \n", "%PDF-1.4\n", "\x89PNG\r\n\x1a\nrest", "PK\3\4" };
    p->fax.document_count = 1;
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
        CHECK_INT(fw_file_write(path, fw_span_of(rubbish[i]), 0600), FW_OK);
        const struct fw_media_result r = prepare(p);
        CHECK_INT(r.end, FW_MEDIA_FAILED);
        CHECK_TEXT(r.reason, "file_format_invalid");
        CHECK(r.detail[0]);
    }
}

static void the_page_limit_is_over_all_documents(void **state)
{
    struct place *p = *state;
    put_pdf(p, 1, 349);
    put_pdf(p, 2, 1);
    struct fw_media_result r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_OK);
    CHECK_INT(r.page_count, 350);
    put_pdf(p, 2, 2);
    r = prepare(p);
    CHECK_INT(r.end, FW_MEDIA_FAILED);
    CHECK_TEXT(r.reason, "page_count_limit_exceeded");
    put_pdf(p, 2, 1);
    put_pdf(p, 3, 1);
    CHECK_TEXT(prepare(p).reason, "page_count_limit_exceeded");
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(pdfs_become_one_fax),
        IN_PLACE(the_quality_decides_the_lines),
        IN_PLACE(rubbish_is_refused_with_a_reason),
        IN_PLACE(the_page_limit_is_over_all_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
