/* The secret that an application's webhooks are signed with besides: made, renewed, taken away.
 *
 * It is shown once, when it is made. Source: the Standard Webhooks specification (symmetric
 * signatures): "whsec_" and the base64 of 24 to 64 bytes.
 */
#include <stdio.h>

#include "api/fields.h"
#include "api/request.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/webhooks.h"

enum { OVERLAP_DEFAULT_S = 24 * 3600, OVERLAP_MAX_S = 7 * 24 * 3600, SECRET_BYTES = 32, SECRET_BYTES_MIN = 24 };

static const char *check_secret(const char *text)
{
    uint8_t bytes[FW_WEBHOOK_SECRET_BYTES_MAX];
    size_t size = 0;
    return fw_text_starts(text, FW_WEBHOOK_SECRET_PREFIX) &&
                   fw_text_base64_decode(fw_span_of(text + sizeof FW_WEBHOOK_SECRET_PREFIX - 1), bytes,
                                         sizeof bytes, &size) &&
                   size >= SECRET_BYTES_MIN
               ? NULL
               : "must be whsec_ and the base64 of 24 to 64 bytes";
}

static const struct fw_field table[] = {
    { "overlap_secs", FW_FIELD_INT, .min = 0, .max = OVERLAP_MAX_S },
    { "secret", .max = FW_WEBHOOK_SECRET_SIZE - 1, .check = check_secret, .code = FW_API_UNPROCESSABLE },
};

static void told(struct fw_request *r, enum fw_err err)
{
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                        "The requested resource or URL could not be found.");
    else if (err)
        fw_api_error_store(&r->errors, err);
}

static void make_secret(char ret[FW_WEBHOOK_SECRET_SIZE])
{
    uint8_t bytes[SECRET_BYTES];
    char text[4 * ((SECRET_BYTES + 2) / 3) + 1];
    fw_random_bytes(bytes, sizeof bytes);
    fw_text_base64((struct fw_span){ bytes, sizeof bytes }, text, sizeof text);
    snprintf(ret, FW_WEBHOOK_SECRET_SIZE, FW_WEBHOOK_SECRET_PREFIX "%s", text);
}

void fw_webhook_secret_rotate(struct fw_request *r)
{
    char secret[FW_WEBHOOK_SECRET_SIZE], until[FW_TIME_TEXT_SIZE];
    json_t *values CLEANUP(fw_json_free) =
        fw_fields_read(table, ARRAY_LEN(table), r->body.fields, r->body.is_form, "", &r->errors);
    if (r->errors.status)
        return;
    make_secret(secret);
    if (fw_field_given(values, "secret"))
        fw_text_clip(secret, sizeof secret, fw_field_text(values, "secret"));
    const int64_t overlap_s = fw_field_int(values, "overlap_secs", OVERLAP_DEFAULT_S);
    const struct fw_wall before_until = { fw_wall_now().us + overlap_s * 1000000 };
    bool had_one = false;
    const enum fw_err err = fw_store_webhook_secret_set(r->config->store, r->account, r->arguments[0],
                                                        secret, before_until, &had_one);
    told(r, err);
    if (err)
        return;
    fw_log(FW_LOG_INFO, "application.webhook_secret", "application=%s", r->arguments[0]);
    fw_wall_text(before_until, until);
    fw_respond(r, 200, json_pack("{s{ss ss ss so}}", "data", "record_type", "webhook_secret", "application_id",
                                 r->arguments[0], "secret", secret, "previous_valid_until",
                                 had_one ? json_string(until) : json_null()));
}

void fw_webhook_secret_delete(struct fw_request *r)
{
    bool had_one = false;
    const enum fw_err err = fw_store_webhook_secret_set(r->config->store, r->account, r->arguments[0], "",
                                                        (struct fw_wall){ 0 }, &had_one);
    told(r, err);
    if (!err)
        fw_respond_empty(r);
}
