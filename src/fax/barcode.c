/* Names of barcodes, and a list of them read from whoever made it. */
#include "fax/barcode.h"

#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"

enum { BASE64_SIZE = (FW_BARCODE_BYTES_MAX + 2) / 3 * 4 + 1 };

static const char *const types[] = {
#define X(name, text) text,
    FW_BARCODE_TYPES(X)
#undef X
};

const char *fw_barcode_type_text(enum fw_barcode_type t)
{
    fw_assert(t < FW_BARCODE_TYPE_COUNT);
    return types[t];
}

bool fw_barcode_type_parse(const char *text, enum fw_barcode_type *ret)
{
    for (int t = 0; t < FW_BARCODE_TYPE_COUNT; t++) {
        if (strcmp(types[t], text) == 0) {
            *ret = (enum fw_barcode_type)t;
            return true;
        }
    }
    return false;
}

json_t *fw_barcode_json(uint32_t page, enum fw_barcode_type type, struct fw_span data)
{
    char base64[BASE64_SIZE];
    fw_assert(data.size <= FW_BARCODE_BYTES_MAX);
    if (fw_text_is_utf8(data))
        return json_pack("{si ss so}", "page", (int)page, "type", fw_barcode_type_text(type), "data",
                         json_stringn((const char *)data.data, data.size));
    fw_text_base64(data, base64, sizeof base64);
    return json_pack("{si ss ss}", "page", (int)page, "type", fw_barcode_type_text(type), "data_base64", base64);
}

/* The bytes that `item` says, and that it says nothing else. */
static bool data_of(const json_t *item, uint8_t dst[FW_BARCODE_BYTES_MAX], size_t *ret_size)
{
    const char *text = json_string_value(json_object_get(item, "data"));
    const char *base64 = json_string_value(json_object_get(item, "data_base64"));
    if (!text == !base64 || json_object_size(item) != 3)
        return false;
    if (base64)
        return fw_text_base64_decode(fw_span_of(base64), dst, FW_BARCODE_BYTES_MAX, ret_size) && *ret_size > 0;
    *ret_size = strlen(text);
    if (*ret_size == 0 || *ret_size > FW_BARCODE_BYTES_MAX)
        return false;
    memcpy(dst, text, *ret_size);
    return true;
}

static json_t *read_one(const json_t *item, int pages, size_t *left)
{
    uint8_t data[FW_BARCODE_BYTES_MAX];
    size_t size = 0;
    enum fw_barcode_type type;
    const json_int_t page = json_integer_value(json_object_get(item, "page"));
    const char *name = json_string_value(json_object_get(item, "type"));
    if (page < 1 || page > pages || !name || !fw_barcode_type_parse(name, &type) || !data_of(item, data, &size) ||
        size > *left)
        return NULL;
    *left -= size;
    return fw_barcode_json((uint32_t)page, type, (struct fw_span){ data, size });
}

json_t *fw_barcodes_read(struct fw_span text, int pages)
{
    json_t *given CLEANUP(fw_json_free) = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    json_t *list CLEANUP(fw_json_free) = json_array();
    size_t i, left = FW_BARCODES_BYTES_MAX;
    json_t *item;
    if (!json_is_array(given) || json_array_size(given) > FW_BARCODES_MAX || !list)
        return NULL;
    json_array_foreach(given, i, item) {
        if (json_array_append_new(list, read_one(item, pages, &left)) < 0)
            return NULL;
    }
    return TAKE(list);
}
