/* codes.h - the barcodes found so far, within the limits of a fax (fax/barcode.h), each once a page. */
#ifndef FW_CODES_H
#define FW_CODES_H
#include "base/buf.h"
#include "fax/barcode.h"

struct fw_code {
    uint32_t             page; /* from 1 */
    enum fw_barcode_type type;
    int                  top, left; /* on the page: in this order they are told */
    size_t               at, size;  /* of its data in `data` */
};
struct fw_codes {
    struct fw_code items[FW_BARCODES_MAX];
    int            count;
    bool           more; /* there were, beyond the limits */
    struct fw_buf  data;
};
void fw_codes_init(struct fw_codes *c);
void fw_codes_done(struct fw_codes *c);
/* Pages come in order. One that is there already, or has no data, is nothing new. */
MUST_USE enum fw_err fw_codes_add(struct fw_codes *c, const struct fw_code *code, struct fw_span data);
json_t *fw_codes_json(struct fw_codes *c); /* sorts; NULL when out of memory */
#endif
