/* What became of the webhooks: the contract's delivery log. */
#include <string.h>

#include "api/request.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/webhooks.h"

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

static json_t *headers_json(const char *text)
{
    json_t *json = text && text[0] ? json_loads(text, 0, NULL) : NULL;
    return json ? json : json_array();
}

/* Codes of the contract's kind: 75001 is a name that is not known, 754xx an answer 4xx. */
static int error_code(const struct fw_attempt *a)
{
    if (a->http_status > 0)
        return 75000 + a->http_status / 100 * 100 + 99;
    return strstr(a->error, "resolve") ? 75001 : 75000;
}

static json_t *attempt_json(const struct fw_attempt *a)
{
    const bool ok = a->error[0] == '\0';
    json_t *response = json_null();
    if (a->http_status > 0)
        response = json_pack("{si so ss}", "status", a->http_status, "headers",
                             headers_json(a->response_headers), "body", a->response_body);
    json_t *json = json_pack("{si ss so so s{s{ss so} so}}", "attempt", a->number, "status",
                             ok ? "delivered" : "failed", "started_at",
                             time_or_null(a->started_at), "finished_at",
                             time_or_null(a->finished_at), "http", "request", "url", a->url,
                             "headers", headers_json(a->request_headers), "response", response);
    if (json && !ok) {
        (void)json_object_set_new(json, "errors", json_pack("[i]", error_code(a)));
        (void)json_object_set_new(json, "error", json_string(a->error));
    }
    return json;
}

/* The contract knows two states, of deliveries that were tried. */
static const char *status_text(const struct fw_webhook *w)
{
    if (w->state == FW_WEBHOOK_DELIVERED)
        return "delivered";
    return w->state == FW_WEBHOOK_PENDING && w->tries == 0 ? "pending" : "failed";
}

static json_t *webhook_json(const struct fw_request *r, const struct fw_webhook *w)
{
    const struct fw_link_port links = fw_link_port_of(r->links);
    const bool again = w->state == FW_WEBHOOK_PENDING;
    json_t *attempts = json_array();
    for (int i = 0; i < w->attempt_count; i++)
        (void)json_array_append_new(attempts, attempt_json(&w->attempts[i]));
    if (json_array_size(attempts) != (size_t)w->attempt_count) { /* out of memory */
        json_decref(attempts);
        return NULL;
    }
    return json_pack("{ss ss ss ss so so so si so so}", "id", w->id, "record_type",
                     "webhook_delivery", "user_id", w->user_id, "status", status_text(w),
                     "started_at", time_or_null(w->started_at), "finished_at",
                     time_or_null(w->finished_at), "next_attempt_at",
                     time_or_null(again ? w->due : (struct fw_wall){ 0 }), "attempt_count",
                     w->tries, "webhook", fw_event_json(&w->event, &links), "attempts", attempts);
}

static bool read_time(struct fw_request *r, const char *name, const char *value,
                      struct fw_webhook_filter *f)
{
    const struct {
        const char *name;
        struct fw_wall *at;
    } times[] = {
        { "filter[started_at][gte]", &f->started_gte },
        { "filter[started_at][lte]", &f->started_lte },
        { "filter[finished_at][gte]", &f->finished_gte },
        { "filter[finished_at][lte]", &f->finished_lte },
    };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (strcmp(name, times[i].name) != 0)
            continue;
        if (!fw_wall_parse(fw_span_of(value), times[i].at))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not an ISO 8601 time.");
        return true;
    }
    return false;
}

static bool read_filter(struct fw_request *r, const char *name, const char *value,
                        struct fw_webhook_filter *f)
{
    if (strcmp(name, "filter[status][eq]") == 0 || strcmp(name, "filter[status]") == 0) {
        f->delivered = strcmp(value, "delivered") == 0;
        f->failed = strcmp(value, "failed") == 0;
        if (!f->delivered && !f->failed)
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name,
                            "This is neither 'delivered' nor 'failed'.");
    } else if (strcmp(name, "filter[event_type]") == 0 ||
               strcmp(name, "filter[event_type][eq]") == 0) {
        bool known; /* what is no event of ours matches nothing */
        f->has_kinds = true;
        f->kinds |= fw_event_kinds_read(value, &known);
    } else if (strcmp(name, "filter[webhook][contains]") == 0) {
        f->webhook = value;
    } else if (strcmp(name, "filter[attempts][contains]") == 0) {
        f->attempts = value;
    } else {
        return read_time(r, name, value, f);
    }
    return true;
}

void fw_webhook_list(struct fw_request *r)
{
    struct fw_webhook_filter filter = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name;
        if (fw_text_starts(name, "filter") &&
            !read_filter(r, name, r->target.query[i].value, &filter))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
    }
    if (r->errors.status)
        return;
    struct fw_webhook_page page CLEANUP(fw_webhook_page_done) = { 0 };
    const enum fw_err err = fw_store_webhook_list(r->config->store, r->account, &filter,
                                                  paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, webhook_json(r, &page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}

static void told(struct fw_request *r, enum fw_err err)
{
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                        "There is no webhook delivery with this id; old ones are forgotten.");
    else if (err)
        fw_api_error_store(&r->errors, err);
}

void fw_webhook_get(struct fw_request *r)
{
    char id[FW_UUID_SIZE];
    struct fw_webhook_page page CLEANUP(fw_webhook_page_done) = { 0 };
    const enum fw_err err =
        fw_request_uuid(r, id) ? fw_store_webhook_get(r->config->store, r->account, id, &page)
                               : FW_NOT_FOUND;
    told(r, err);
    if (!err)
        fw_respond(r, 200, json_pack("{so}", "data", webhook_json(r, &page.items[0])));
}
