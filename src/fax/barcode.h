/* barcode.h - the barcodes of a received fax, as they are stored and told: a list of {page, type, data}.
 *
 * Found by a program that sees hostile pages and may lie, so what it says is read here as strictly as if a stranger
 * had said it. `data` is the text of the code; when its bytes are no text (UTF-8 without NUL) `data_base64` has them.
 */
#ifndef FW_BARCODE_H
#define FW_BARCODE_H
#include <jansson.h>

#include "base/buf.h"

enum {
    FW_BARCODES_MAX = 64,              /* of a fax; what is found beyond is left out */
    FW_BARCODE_BYTES_MAX = 4096,       /* of one; the largest QR Code has 2,953 */
    FW_BARCODES_BYTES_MAX = 64 * 1024, /* of all of a fax */
    FW_BARCODE_PAGES_MAX = 100,        /* the first ones of a fax; those behind are not read */
    FW_BARCODES_TEXT_MAX = 512 * 1024, /* as JSON: six characters a byte at the most, and their names */
};

#define FW_BARCODE_TYPES(X)                                                                                            \
    X(QR_CODE, "qr_code") X(CODE_128, "code_128") X(CODE_93, "code_93") X(CODE_39, "code_39") X(CODABAR, "codabar")    \
    X(ITF, "itf") X(EAN_13, "ean_13") X(EAN_8, "ean_8") X(UPC_A, "upc_a") X(UPC_E, "upc_e")
enum fw_barcode_type {
#define X(name, text) FW_BARCODE_##name,
    FW_BARCODE_TYPES(X)
#undef X
        FW_BARCODE_TYPE_COUNT
};
const char   *fw_barcode_type_text(enum fw_barcode_type t);
MUST_USE bool fw_barcode_type_parse(const char *text, enum fw_barcode_type *ret);

/* One as it is told; NULL when out of memory. */
json_t *fw_barcode_json(uint32_t page, enum fw_barcode_type type, struct fw_span data);
/* The list in `text`, made anew of what it may say: of `pages` pages. NULL: it says something else. */
json_t *fw_barcodes_read(struct fw_span text, int pages);
#endif
