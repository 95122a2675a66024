/* POST /v2/faxes: any JSON object is either a list of faults or a fax that keeps every promise. */
#include <string.h>

#include "api/fax_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_api_errors errors = { 0 };
    struct fw_fax fax;
    if (size < 1)
        return 0;
    json_t *fields = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(fields)) {
        json_decref(fields);
        return 0;
    }
    const int documents = data[0] >> 1 & 3;
    const bool sent = !(data[0] & 8); /* else a preview, which needs no numbers */
    fw_assert(fw_fax_fields_read(fields, data[0] & 1, documents, sent, &errors, &fax) == FW_OK);
    fw_assert((errors.status == 0) == (errors.list == NULL));
    if (errors.status == 0) {
        fw_assert(!sent || (!fw_check_destination(fax.to) && !fw_check_e164(fax.from) && fax.application[0]));
        fw_assert((fax.media_urls != NULL) + (fax.media_name[0] != '\0') + (documents > 0) == 1);
        fw_assert(!strpbrk(fax.to, " \r\n<>\"") && !strpbrk(fax.webhook_url, " \r\n"));
        fw_assert(fax.black_threshold >= 1 && fax.black_threshold <= 100);
    }
    json_t *answer = fw_api_errors_json(&errors);
    fw_assert(answer);
    json_decref(answer);
    fw_api_errors_done(&errors);
    fw_fax_done(&fax);
    json_decref(fields);
    return 0;
}
