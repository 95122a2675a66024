/* Writes a page file as PDF: each page one CCITTFaxDecode image that fills its paper.
 *
 * A strip of T.6 that ends as it should is copied as it is: received pages were decoded to the last
 * row before they were confirmed, and those to send were coded by us. Any other is decoded and
 * coded. Source: ISO 32000-1:2008 clauses 7.4.6 (CCITTFaxDecode), 7.5 (file structure), 8.9
 * (images).
 */
#include "base/file.h"
#include "page/page.h"
#include "page/recode.h"
#include <stdio.h>
#include <stdlib.h>

enum { OBJECTS_PER_PAGE = 3, OBJECTS_BEFORE = 2, OBJECTS_MAX = 3 + 3 * FW_PAGE_FILE_PAGES_MAX };

struct pdf {
    struct fw_buf out;
    size_t at[OBJECTS_MAX]; /* where object n begins */
    uint32_t page_count;
    enum fw_err err; /* sticky */
};

static void pdf_free_p(struct pdf **p)
{
    if (*p)
        fw_buf_done(&(*p)->out);
    free(*p);
}

/* After the first failure nothing is written any more. */
#define PUT(p, ...)                                                                                \
    do {                                                                                           \
        if (!(p)->err)                                                                             \
            (p)->err = fw_buf_putf(&(p)->out, __VA_ARGS__);                                        \
    } while (0)

static void begin_object(struct pdf *p, uint32_t number)
{
    fw_assert(number < OBJECTS_MAX);
    p->at[number] = p->out.size;
    PUT(p, "%u 0 obj\n", number);
}

/* Engines round the dots of T.4 (8.04 by 3.85, 7.7 or 15.4 a millimetre) to whole dpi. */
static double true_dpi(uint32_t dpi)
{
    static const struct {
        uint32_t dpi;
        double exact;
    } known[] = {
        { 98, 3.85 * 25.4 },
        { 196, 7.7 * 25.4 },
        { 204, 1728 / 215.0 * 25.4 },
        { 391, 15.4 * 25.4 },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (dpi + 1 >= known[i].dpi && dpi <= known[i].dpi + 1)
            return known[i].exact;
    }
    return dpi;
}

static void put_page(struct pdf *p, const struct fw_page_info *page, struct fw_span t6)
{
    const uint32_t first = OBJECTS_BEFORE + 1 + p->page_count * OBJECTS_PER_PAGE;
    const double width = page->width / true_dpi(page->x_dpi) * 72;
    const double height = page->rows / true_dpi(page->y_dpi) * 72;
    char content[80];
    const int size = snprintf(content, sizeof content, "%.3f 0 0 %.3f 0 0 cm /I Do", width, height);
    begin_object(p, first);
    PUT(p,
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.3f %.3f]/Contents %u 0 R"
        "/Resources<</XObject<</I %u 0 R>>>>>>\nendobj\n",
        width, height, first + 1, first + 2);
    begin_object(p, first + 1);
    PUT(p, "<</Length %d>>stream\n%s\nendstream\nendobj\n", size, content);
    begin_object(p, first + 2);
    PUT(p,
        "<</Type/XObject/Subtype/Image/Width %u/Height %u/ColorSpace/DeviceGray/BitsPerComponent 1"
        "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns %u/Rows %u>>/Length %zu>>stream\n",
        page->width, page->rows, page->width, page->rows, t6.size);
    if (!p->err)
        p->err = fw_buf_put(&p->out, t6);
    PUT(p, "\nendstream\nendobj\n");
    p->page_count++;
}

static void put_end(struct pdf *p)
{
    const uint32_t objects = OBJECTS_BEFORE + 1 + p->page_count * OBJECTS_PER_PAGE;
    begin_object(p, 1);
    PUT(p, "<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
    begin_object(p, 2);
    PUT(p, "<</Type/Pages/Count %u/Kids[", p->page_count);
    for (uint32_t i = 0; i < p->page_count; i++)
        PUT(p, "%u 0 R\n", OBJECTS_BEFORE + 1 + i * OBJECTS_PER_PAGE);
    PUT(p, "]>>\nendobj\n");
    const size_t table_at = p->out.size;
    PUT(p, "xref\n0 %u\n0000000000 65535 f \n", objects);
    for (uint32_t i = 1; i < objects; i++)
        PUT(p, "%010zu 00000 n \n", p->at[i]);
    PUT(p, "trailer\n<</Size %u/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", objects, table_at);
}

enum fw_err fw_page_to_pdf(const char *tiff_path, const char *pdf_path, size_t bytes_max,
                           struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    enum fw_err err = fw_tiff_reader_open(tiff_path, &r, fault);
    struct pdf *p CLEANUP(pdf_free_p) = calloc(1, sizeof *p);
    if (!p)
        return FW_NO_MEMORY;
    fw_buf_init(&p->out, bytes_max);
    PUT(p, "%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n");
    while (!err) {
        struct fw_page_info page;
        struct fw_buf t6 CLEANUP(fw_buf_done);
        fw_buf_init(&t6, bytes_max);
        err = fw_tiff_reader_page(r, &page, fault);
        struct fw_span code = { NULL, 0 };
        if (!err)
            err = fw_tiff_reader_t6(r, &code, fault);
        if (err == FW_NOT_FOUND) {
            err = fw_page_recode(r, &page, &t6, fault);
            code = fw_buf_span(&t6);
        }
        if (err)
            return err;
        put_page(p, &page, code);
        if (p->err == FW_LIMIT)
            fw_fault_set(fault, "", "the PDF would be larger than %zu bytes", bytes_max);
        if (p->err)
            return p->err;
        err = fw_tiff_reader_next(r, fault);
    }
    if (err != FW_NOT_FOUND || p->page_count == 0)
        return err;
    put_end(p);
    return p->err ? p->err : fw_file_write(pdf_path, fw_buf_span(&p->out), 0600);
}
