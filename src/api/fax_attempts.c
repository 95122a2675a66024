/* The calls of a fax: GET /v2/faxes/{id}/attempts and /attempts/{n}. */
#include "api/request.h"
#include "base/text.h"
#include "fax/attempt.h"
#include "store/attempts.h"

static void list(struct fw_request *r, const struct fw_fax *fax)
{
    struct fw_fax_attempt_page page CLEANUP(fw_fax_attempt_page_done) = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    if (r->errors.status)
        return;
    const enum fw_err err =
        fw_store_attempt_list(r->config->store, fax->id, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, fw_fax_attempt_json(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}

void fw_fax_attempts(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (fw_fax_find(r, &fax))
        list(r, &fax);
}

void fw_fax_attempt(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_fax_attempt attempt CLEANUP(fw_fax_attempt_done) = { 0 };
    int64_t number = 0;
    if (!fw_fax_find(r, &fax))
        return;
    enum fw_err err = FW_NOT_FOUND;
    if (fw_text_to_i64(fw_span_of(r->arguments[1]), 1, INT32_MAX, &number))
        err = fw_store_attempt_get(r->config->store, fax.id, (int)number, &attempt);
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The fax has no such attempt.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_respond(r, 200, json_pack("{so}", "data", fw_fax_attempt_json(&attempt)));
}
