/* Small resources: health, and the key that webhooks are signed with; what all answers share. */
#include <stdio.h>
#include <string.h>

#include "api/openapi.h"
#include "api/request.h"
#include "base/text.h"
#include "fax/fax_json.h"

void fw_respond(struct fw_request *r, int status, json_t *json)
{
    json_t *owned CLEANUP(fw_json_free) = json;
    r->text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;
    r->status = status;
    if (!r->text)
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
}

void fw_respond_list(struct fw_request *r, const struct fw_paging *p, int64_t total, int count,
                     json_t *data)
{
    if (json_array_size(data) != (size_t)count) {
        json_decref(data);
        fw_respond(r, 200, NULL);
        return;
    }
    fw_respond(r, 200, fw_paging_json(p, total, data));
}

void fw_request_header(struct fw_request *r, const char *name, const char *value)
{
    fw_assert(r->header_count < FW_REQUEST_HEADERS_MAX);
    r->headers[r->header_count].name = name;
    fw_text_clip(r->headers[r->header_count].value, sizeof r->headers[0].value, value);
    r->header_count++;
}

void fw_request_header_number(struct fw_request *r, const char *name, unsigned value)
{
    char text[24];
    snprintf(text, sizeof text, "%u", value);
    fw_request_header(r, name, text);
}

/* The client libraries read the first header that they know: the milliseconds. */
void fw_limits_check(struct fw_request *r)
{
    struct fw_limit limit = { 0 };
    if (!r->limits)
        return;
    const enum fw_err err = fw_limits_take(r->limits, r->account, fw_mono_now(), &limit);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    fw_request_header_number(r, "x-ratelimit-limit", limit.limit);
    fw_request_header_number(r, "x-ratelimit-remaining", limit.remaining);
    fw_request_header_number(r, "x-ratelimit-reset", limit.reset_s);
    if (limit.retry_ms == 0)
        return;
    fw_request_header_number(r, "retry-after-ms", limit.retry_ms);
    fw_request_header_number(r, "retry-after", (limit.retry_ms + 999) / 1000);
    fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL,
                    "This account may make %u requests a second.", limit.limit);
}

void fw_health_get(struct fw_request *r)
{
    fw_respond(r, 200, json_pack("{ss}", "status", "ok"));
}

void fw_openapi_get(struct fw_request *r)
{
    r->text = strdup(fw_openapi_json);
    r->status = 200;
    if (!r->text)
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
}

/* What is signed with now, and all that a receiver may meet: see base/signer.h on the overlap. */
void fw_public_key_get(struct fw_request *r)
{
    static const char *const states[] = { [FW_KEY_PREVIOUS] = "previous", [FW_KEY_ACTIVE] = "active",
                                          [FW_KEY_NEXT] = "next" };
    struct fw_signer_key keys[FW_SIGNER_KEYS_MAX];
    const char *active = "";
    const int count = fw_signer_keys(r->config->signer, fw_wall_now(), keys);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        char at[FW_TIME_TEXT_SIZE];
        fw_wall_text(keys[i].active_at, at);
        if (keys[i].state == FW_KEY_ACTIVE)
            active = keys[i].public_key;
        (void)json_array_append_new(list, json_pack("{ss ss so}", "public_key", keys[i].public_key, "status",
                                                    states[keys[i].state], "active_from",
                                                    keys[i].active_at.us ? json_string(at) : json_null()));
    }
    fw_respond(r, 200, json_pack("{s{ss ss so}}", "data", "record_type", "public_key", "public_key", active,
                                 "keys", list));
}

void fw_trunks_get(struct fw_request *r)
{
    fw_respond(r, 200, json_pack("{so}", "data",
                                 r->config->trunks ? r->config->trunks(r->config->arg) : json_array()));
}
