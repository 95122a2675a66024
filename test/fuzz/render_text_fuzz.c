/* Texts of anyone's making laid out: rows fit, pages are bounded, the HTML is well-formed UTF-8. */
#include "base/text.h"
#include "render/text.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_buf html;
    fw_buf_init(&html, 1 << 20);
    const enum fw_err err = fw_text_layout((struct fw_span){ data, size }, 20, &html);
    fw_assert(err == FW_OK || err == FW_LIMIT || err == FW_INVALID);
    if (!err) {
        size_t opened = 0, closed = 0;
        for (size_t i = 0; i + 6 <= html.size; i++) {
            opened += memcmp(html.data + i, "<pre", 4) == 0;
            closed += memcmp(html.data + i, "</pre>", 6) == 0;
        }
        fw_assert(opened == closed && opened > 0);
        fw_assert(fw_text_is_utf8(fw_buf_span(&html)));
    }
    fw_buf_done(&html);
    return 0;
}
