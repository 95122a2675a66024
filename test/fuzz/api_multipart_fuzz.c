/* Multipart bodies: the first byte says how the rest is cut; however it is, the parts are the same.
 */
#include <string.h>

#include "api/multipart.h"

/* What was read, folded into a sum that does not know where the pieces of data were cut. */
struct sum {
    uint64_t value;
    int open;
};

static void add(struct sum *s, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        s->value = (s->value ^ ((const uint8_t *)data)[i]) * 1099511628211U;
}
static enum fw_err begin(void *arg, const char *name, bool has_filename)
{
    struct sum *s = arg;
    fw_assert(s->open == 0 && name[0] && strlen(name) < FW_MULTIPART_NAME_SIZE);
    s->open = 1;
    add(s, name, strlen(name) + 1);
    add(s, &has_filename, sizeof has_filename);
    return FW_OK;
}
static enum fw_err data_in(void *arg, struct fw_span data)
{
    struct sum *s = arg;
    fw_assert(s->open == 1 && data.size > 0);
    add(s, data.data, data.size);
    return FW_OK;
}
static enum fw_err end(void *arg)
{
    struct sum *s = arg;
    fw_assert(s->open == 1);
    s->open = 0;
    add(s, "end", 3);
    return FW_OK;
}

static enum fw_err read_in(struct fw_span body, size_t piece, struct sum *ret)
{
    static const struct fw_multipart_port port = { begin, data_in, end };
    struct fw_multipart m;
    *ret = (struct sum){ 0 };
    fw_assert(fw_multipart_init(&m, (struct fw_span){ (const uint8_t *)"b", 1 }, &port, ret) ==
              FW_OK);
    for (size_t at = 0; at < body.size;) {
        const size_t size = piece < body.size - at ? piece : body.size - at;
        const enum fw_err err = fw_multipart_read(&m, (struct fw_span){ body.data + at, size });
        if (err)
            return err;
        at += size;
    }
    return fw_multipart_finish(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct fw_span body = { data + 1, size - 1 };
    struct sum whole, cut;
    const enum fw_err err = read_in(body, SIZE_MAX, &whole);
    fw_assert(read_in(body, (size_t)data[0] % 17 + 1, &cut) == err);
    fw_assert(whole.value == cut.value && whole.open == cut.open);
    fw_assert(err || whole.open == 0);
    return 0;
}
