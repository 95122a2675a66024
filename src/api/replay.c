/* Webhooks told again because somebody asks for it. */
#include <ctype.h>

#include "api/request.h"
#include "base/log.h"
#include "base/text.h"
#include "store/webhooks.h"

bool fw_request_uuid(const struct fw_request *r, char ret[FW_UUID_SIZE])
{
    if (!fw_uuid_valid(r->arguments[0]) ||
        !fw_text_copy(ret, FW_UUID_SIZE, fw_span_of(r->arguments[0])))
        return false;
    for (char *p = ret; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return true;
}

typedef enum fw_err replay_fn(struct fw_store *s, int64_t account, const char *id,
                              struct fw_wall now, char ret_delivery[FW_UUID_SIZE]);

static void replay(struct fw_request *r, replay_fn *fn)
{
    char id[FW_UUID_SIZE], delivery[FW_UUID_SIZE];
    const enum fw_err err =
        fw_request_uuid(r, id) ? fn(r->config->store, r->account, id, fw_wall_now(), delivery)
                               : FW_NOT_FOUND;
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                        "The requested resource or URL could not be found.");
    else if (err == FW_INVALID)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, NULL,
                        "Webhooks do not tell this kind of event.");
    else if (err == FW_CONFLICT)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, NULL,
                        "Neither the fax nor its application has a webhook URL now.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    if (err)
        return;
    fw_log(FW_LOG_INFO, "webhook.replay", "asked_for=%s delivery=%s", id, delivery);
    fw_respond(r, 202, json_pack("{s{ss ss}}", "data", "result", "ok", "webhook_delivery_id", delivery));
}

void fw_event_replay(struct fw_request *r)
{
    replay(r, fw_store_event_replay);
}

void fw_webhook_replay(struct fw_request *r)
{
    replay(r, fw_store_webhook_replay);
}
