/* Forms and targets of requests: read or refused; what is read is JSON that can be written. */
#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "api/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fw_target target;
    const struct fw_span in = { data, size };
    json_t *fields = json_object();
    if (fields && fw_urlencoded_read(in, fields) == FW_OK) {
        char *text = json_dumps(fields, 0);
        fw_assert(text);
        free(text);
    }
    json_decref(fields);
    if (fw_target_parse(in, &target) == FW_OK) {
        fw_assert(target.used <= sizeof target.text);
        for (int i = 0; i < target.segment_count; i++)
            fw_assert(strlen(target.segments[i]) < FW_TARGET_MAX);
        for (int i = 0; i < target.query_count; i++)
            fw_assert(fw_query_get(&target, target.query[i].name));
    }
    return 0;
}
