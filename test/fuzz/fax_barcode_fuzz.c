/* What the reader of barcodes says: refused, or a list within its limits that reads the same again. */
#include "fax/barcode.h"
#include "fax/fax_json.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *list CLEANUP(fw_json_free) = fw_barcodes_read((struct fw_span){ data, size }, PAGES);
    if (!list)
        return 0;
    fw_assert(json_array_size(list) <= FW_BARCODES_MAX);
    char *text = json_dumps(list, JSON_COMPACT);
    fw_assert(text && strlen(text) <= FW_BARCODES_TEXT_MAX);
    json_t *again CLEANUP(fw_json_free) = fw_barcodes_read(fw_span_of(text), PAGES);
    fw_assert(json_equal(list, again));
    free(text);
    return 0;
}
