/* pages-equal A.tif B.tif: are these the same fax pages, pixel for pixel? For tests and the demo.
 */
#include "page/page.h"
#include <stdio.h>

enum { EXIT_EQUAL = 0, EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "use: pages-equal A.tif B.tif\n");
        return EXIT_TROUBLE;
    }
    uint32_t count = 0;
    struct fw_page_difference difference;
    struct fw_fault fault = { 0 };
    const enum fw_err err = fw_pages_equal(argv[1], argv[2], &count, &difference, &fault);
    if (err == FW_CONFLICT) {
        printf("different: %s\n", difference.text);
        return EXIT_DIFFERENT;
    }
    if (err) {
        fprintf(stderr, "pages-equal: %s\n", fault.message[0] ? fault.message : fw_err_text(err));
        return EXIT_TROUBLE;
    }
    printf("equal: %u page%s\n", count, count == 1 ? "" : "s");
    return EXIT_EQUAL;
}
