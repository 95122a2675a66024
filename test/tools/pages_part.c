/* pages-part A.tif FIRST B.tif: has B the pages of A from page FIRST (1 is the first) on, as many as B has, pixel for
 * pixel? For tests: a call that broke leaves the first pages of what was sent. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "page/tiff_read.h"

enum { EXIT_EQUAL = 0, EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

static int trouble(const struct fw_fault *fault, enum fw_err err)
{
    fprintf(stderr, "pages-part: %s\n", fault->message[0] ? fault->message : fw_err_text(err));
    return EXIT_TROUBLE;
}

/* FW_CONFLICT: they differ, and that is printed. */
static enum fw_err compare(struct fw_tiff_reader *a, struct fw_tiff_reader *b, unsigned page, struct fw_fault *fault)
{
    struct fw_page_info in_a, in_b;
    enum fw_err err = fw_tiff_reader_page(a, &in_a, fault);
    if (!err)
        err = fw_tiff_reader_page(b, &in_b, fault);
    if (!err && (in_a.width != in_b.width || in_a.rows != in_b.rows)) {
        printf("page %u: %u x %u and %u x %u\n", page, in_a.width, in_a.rows, in_b.width, in_b.rows);
        return FW_CONFLICT;
    }
    for (uint32_t y = 0; !err && y < in_a.rows; y++) {
        const uint8_t *row_a = NULL, *row_b = NULL;
        err = fw_tiff_reader_row(a, &row_a, fault);
        if (!err)
            err = fw_tiff_reader_row(b, &row_b, fault);
        if (!err && memcmp(row_a, row_b, (in_a.width + 7) / 8) != 0) {
            printf("page %u, row %u differs\n", page, y);
            return FW_CONFLICT;
        }
    }
    return err;
}

int main(int argc, char **argv)
{
    struct fw_tiff_reader *a CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_tiff_reader *b CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_fault fault = { 0 };
    uint64_t first = 0;
    unsigned page = 0;
    if (argc != 4 || !fw_text_to_u64(fw_span_of(argv[2]), 1000, &first) || first == 0) {
        fprintf(stderr, "use: pages-part A.tif FIRST B.tif\n");
        return EXIT_TROUBLE;
    }
    enum fw_err err = fw_tiff_reader_open(argv[1], &a, &fault);
    if (!err)
        err = fw_tiff_reader_open(argv[3], &b, &fault);
    for (uint64_t i = 1; !err && i < first; i++)
        err = fw_tiff_reader_next(a, &fault);
    while (!err) {
        err = compare(a, b, ++page, &fault);
        if (err)
            break;
        err = fw_tiff_reader_next(b, &fault);
        if (err == FW_NOT_FOUND) {
            printf("equal: %u pages\n", page);
            return EXIT_EQUAL;
        }
        if (!err)
            err = fw_tiff_reader_next(a, &fault);
    }
    return err == FW_CONFLICT ? EXIT_DIFFERENT : trouble(&fault, err);
}
