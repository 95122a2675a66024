/* What a document is and which way up a camera was held, from bytes of anyone's making. */
#include "render/exif.h"
#include "render/place.h"
#include "render/sniff.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fw_span bytes = { data, size };
    const enum fw_kind kind = fw_sniff(bytes);
    fw_assert((int)kind >= 0 && kind < FW_KIND_COUNT && kind == fw_sniff(bytes));
    const int orientation = fw_exif_orientation(bytes);
    fw_assert(orientation >= 1 && orientation <= 8);
    uint32_t numbers[4] = { 1, 1, 0, 0 };
    memcpy(numbers, data, size < sizeof numbers ? size : sizeof numbers);
    const struct fw_placing p = fw_place(numbers[0] | 1, numbers[1] | 1, numbers[2], numbers[3]);
    fw_assert(p.pages >= 1 && p.width <= 610 && p.left >= -0.5);
    return 0;
}
