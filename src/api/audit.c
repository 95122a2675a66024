/* What was removed, and why: GET /v2/audit. */
#include "api/request.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/retention.h"

#include <string.h>

static json_t *shown(const struct fw_audit *a)
{
    char at[FW_TIME_TEXT_SIZE];
    fw_wall_text(a->at, at);
    return json_pack("{sI ss ss ss sI sI ss}", "id", (json_int_t)a->seq, "record_type", "audit_record", "fax_id",
                     a->fax, "reason", a->why, "files", (json_int_t)a->files, "bytes", (json_int_t)a->bytes,
                     "occurred_at", at);
}

void fw_audit_get(struct fw_request *r)
{
    struct fw_audit_page page CLEANUP(fw_audit_page_done) = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    const char *fax = "";
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name, *value = r->target.query[i].value;
        if (strcmp(name, "filter[fax_id]") == 0 && fw_uuid_valid(value))
            fax = value;
        else if (fw_text_starts(name, "filter"))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter, or this is not an id.");
    }
    if (r->errors.status)
        return;
    const enum fw_err err =
        fw_store_audit_list(r->config->store, r->account, fax, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, shown(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}
