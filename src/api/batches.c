/* Batches as the API shows them, and cancelling one. */
#include "api/batches.h"

#include "fax/fax_json.h"

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

/* By status; those that were deleted are what is missing. */
static json_t *counts(const struct fw_batch *b)
{
    static const enum fw_status shown[] = { FW_STATUS_QUEUED,  FW_STATUS_MEDIA_PROCESSED, FW_STATUS_ORIGINATED,
                                            FW_STATUS_SENDING, FW_STATUS_DELIVERED,       FW_STATUS_FAILED };
    json_t *json = json_object();
    int left = b->recipients;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        (void)json_object_set_new(json, fw_status_text(shown[i]), json_integer(b->counts[shown[i]]));
        left -= b->counts[shown[i]];
    }
    (void)json_object_set_new(json, "deleted", json_integer(left));
    return json;
}

json_t *fw_batch_json(const struct fw_batch *b)
{
    const char *status = b->completed_at.us ? "completed" : b->cancel_at.us ? "canceling" : "in_process";
    return json_pack("{ss ss ss ss si so so so so}", "id", b->id, "record_type", "fax_batch",
                     "connection_id", b->application, "status", status, "recipient_count", b->recipients,
                     "counts", counts(b), "created_at", time_or_null(b->created_at),
                     "canceled_at", time_or_null(b->cancel_at), "completed_at", time_or_null(b->completed_at));
}

static bool find(struct fw_request *r, struct fw_batch *ret)
{
    char id[FW_UUID_SIZE];
    const enum fw_err err =
        fw_request_uuid(r, id) ? fw_store_batch_get(r->config->store, r->account, id, ret) : FW_NOT_FOUND;
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL, "There is no such batch.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

void fw_batch_show(struct fw_request *r)
{
    struct fw_batch b;
    if (find(r, &b))
        fw_respond(r, 200, json_pack("{so}", "data", fw_batch_json(&b)));
}

void fw_batch_list(struct fw_request *r)
{
    struct fw_batch_page page CLEANUP(fw_batch_page_done) = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    if (r->errors.status)
        return;
    const enum fw_err err = fw_store_batch_list(r->config->store, r->account, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, fw_batch_json(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}

void fw_batch_cancel(struct fw_request *r)
{
    struct fw_batch b;
    if (!find(r, &b))
        return;
    const enum fw_err err = fw_store_batch_cancel(r->config->store, r->account, b.id, fw_wall_now());
    if (err == FW_CONFLICT)
        fw_api_error_at(&r->errors, FW_API_FAX_STATE, NULL,
                        "All faxes of the batch have ended; there is nothing to cancel.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    if (err)
        return;
    if (r->config->fax_canceled)
        r->config->fax_canceled(r->config->arg, ""); /* several */
    fw_respond(r, 202, json_pack("{s{ss}}", "data", "result", "ok"));
}
