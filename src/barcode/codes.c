/* The list of what was found, and its words. */
#include "barcode/codes.h"

#include <stdlib.h>
#include <string.h>

void fw_codes_init(struct fw_codes *c)
{
    *c = (struct fw_codes){ 0 };
    fw_buf_init(&c->data, FW_BARCODES_BYTES_MAX);
}

void fw_codes_done(struct fw_codes *c)
{
    fw_buf_done(&c->data);
}

static struct fw_span data_of(const struct fw_codes *c, const struct fw_code *code)
{
    return (struct fw_span){ c->data.data + code->at, code->size };
}

static bool is_there(const struct fw_codes *c, const struct fw_code *code, struct fw_span data)
{
    for (int i = 0; i < c->count; i++) {
        const struct fw_code *other = &c->items[i];
        if (other->page == code->page && other->type == code->type && other->size == data.size &&
            memcmp(data_of(c, other).data, data.data, data.size) == 0)
            return true;
    }
    return false;
}

enum fw_err fw_codes_add(struct fw_codes *c, const struct fw_code *code, struct fw_span data)
{
    if (data.size == 0 || is_there(c, code, data))
        return FW_OK;
    if (c->count == FW_BARCODES_MAX || data.size > FW_BARCODE_BYTES_MAX ||
        data.size > FW_BARCODES_BYTES_MAX - c->data.size) {
        c->more = true;
        return FW_OK;
    }
    struct fw_code *to = &c->items[c->count];
    *to = *code;
    to->at = c->data.size;
    to->size = data.size;
    const enum fw_err err = fw_buf_put(&c->data, data);
    c->count += !err;
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct fw_code *x = a, *y = b;
    if (x->page != y->page)
        return x->page < y->page ? -1 : 1;
    if (x->top != y->top)
        return x->top < y->top ? -1 : 1;
    return x->left != y->left ? (x->left < y->left ? -1 : 1) : (int)x->type - (int)y->type;
}

json_t *fw_codes_json(struct fw_codes *c)
{
    json_t *list = json_array();
    qsort(c->items, (size_t)c->count, sizeof *c->items, compare);
    for (int i = 0; i < c->count && list; i++) {
        const struct fw_code *code = &c->items[i];
        if (json_array_append_new(list, fw_barcode_json(code->page, code->type, data_of(c, code))) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}
