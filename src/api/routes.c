/* Which handler answers what. */
#include <stdio.h>
#include <string.h>

#include "api/request.h"

#define BATCH .json_max = FW_BATCH_BYTES_MAX
#define MEDIA .document = "media", .document_max = FW_MEDIA_BYTES_MAX
static const struct fw_route routes[] = {
    { "POST", "/v2/faxes", fw_fax_create, .json = true, .once = true, .limited = true },
    { "GET", "/v2/faxes", fw_fax_list },
    { "GET", "/v2/faxes/{}", fw_fax_get },
    { "DELETE", "/v2/faxes/{}", fw_fax_delete },
    { "POST", "/v2/faxes/{}/actions/cancel", fw_fax_cancel },
    { "POST", "/v2/faxes/{}/actions/refresh", fw_fax_refresh },
    { "POST", "/v2/faxes/{}/actions/resend", fw_fax_resend, .json = true, .once = true, .limited = true },
    { "GET", "/v2/faxes/{}/events", fw_fax_events },
    { "GET", "/v2/faxes/{}/pages/{}", fw_fax_page_get },
    { "GET", "/v2/faxes/{}/attempts", fw_fax_attempts },
    { "GET", "/v2/faxes/{}/attempts/{}", fw_fax_attempt },
    { "GET", "/v2/faxes/{}/attempts/{}/trace", fw_fax_attempt_trace },
    { "POST", "/v2/fax_previews", fw_preview_create, .json = true, .makes_pages = true },
    { "GET", "/v2/fax_previews/{}", fw_preview_get },
    { "DELETE", "/v2/fax_previews/{}", fw_preview_delete },
    { "GET", "/v2/fax_previews/{}/{}", fw_preview_file, .open = true }, /* as of /v2/stored */
    { "POST", "/v2/fax_batches", fw_batch_create, .json = true, .once = true, .limited = true, BATCH },
    { "GET", "/v2/fax_batches", fw_batch_list },
    { "GET", "/v2/fax_batches/{}", fw_batch_show },
    { "POST", "/v2/fax_batches/{}/actions/cancel", fw_batch_cancel },
    { "GET", "/v2/destinations", fw_destination_list },
    { "GET", "/v2/destinations/{}", fw_destination_show },
    { "PATCH", "/v2/destinations/{}", fw_destination_update, .json = true },
    { "DELETE", "/v2/destinations/{}", fw_destination_delete },
    { "POST", "/v2/fax_applications", fw_application_create, .json = true, .once = true },
    { "GET", "/v2/fax_applications", fw_application_list },
    { "GET", "/v2/fax_applications/{}", fw_application_get },
    { "PATCH", "/v2/fax_applications/{}", fw_application_update, .json = true },
    { "DELETE", "/v2/fax_applications/{}", fw_application_delete },
    { "POST", "/v2/fax_applications/{}/actions/rotate_webhook_secret", fw_webhook_secret_rotate, .json = true },
    { "DELETE", "/v2/fax_applications/{}/webhook_secret", fw_webhook_secret_delete },
    { "POST", "/v2/phone_numbers", fw_number_create, .json = true },
    { "GET", "/v2/phone_numbers", fw_number_list },
    { "GET", "/v2/phone_numbers/{}", fw_number_get },
    { "PATCH", "/v2/phone_numbers/{}", fw_number_update, .json = true },
    { "DELETE", "/v2/phone_numbers/{}", fw_number_delete },
    { "POST", "/v2/media", fw_media_create, .json = true, MEDIA },
    { "GET", "/v2/media", fw_media_list },
    { "GET", "/v2/media/{}", fw_media_get },
    { "PUT", "/v2/media/{}", fw_media_update, .json = true, MEDIA },
    { "DELETE", "/v2/media/{}", fw_media_delete },
    { "GET", "/v2/media/{}/download", fw_media_download },
    { "GET", "/v2/stored/{}/{}", fw_stored_get, .open = true }, /* its signature is the key */
    { "GET", "/v2/webhook_deliveries", fw_webhook_list },
    { "GET", "/v2/webhook_deliveries/{}", fw_webhook_get },
    { "POST", "/v2/webhook_deliveries/{}/actions/replay", fw_webhook_replay },
    { "GET", "/v2/events", fw_feed_get },
    { "POST", "/v2/events/{}/actions/replay", fw_event_replay },
    { "POST", "/v2/events/actions/acknowledge", fw_consumer_ack, .json = true },
    { "GET", "/v2/event_consumers", fw_consumer_list },
    { "DELETE", "/v2/event_consumers/{}", fw_consumer_delete },
    { "GET", "/v2/audit", fw_audit_get },
    { "GET", "/v2/trunks", fw_trunks_get },
    { "GET", "/v2/public_key", fw_public_key_get },
    { "GET", "/v2/webhook_public_key", fw_public_key_get },
    { "GET", "/health", fw_health_get, .open = true },
    { "GET", "/openapi.json", fw_openapi_get, .open = true },
};

/* Of any path that has routes; what it answers is in the head. */
const struct fw_route fw_options_route = { "OPTIONS", "*", fw_respond_empty, .open = true };

static bool matches(const struct fw_target *t, const char *pattern, const char *arguments[2])
{
    int argument = 0, segment = 0;
    for (; *pattern; segment++) {
        const size_t size = strcspn(++pattern, "/");
        if (segment == t->segment_count)
            return false;
        const char *text = t->segments[segment];
        if (size == 2 && pattern[0] == '{') {
            fw_assert(argument < 2);
            arguments[argument++] = text;
        } else if (strlen(text) != size || memcmp(text, pattern, size) != 0) {
            return false;
        }
        if (text[0] == '\0')
            return false;
        pattern += size;
    }
    return segment == t->segment_count;
}

void fw_route_find(struct fw_request *r, const char *method)
{
    size_t used = 0;
    if (strcmp(method, "HEAD") == 0)
        method = "GET"; /* the edge leaves the body out */
    r->allow[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!matches(&r->target, routes[i].pattern, r->arguments))
            continue;
        if (strcmp(routes[i].method, method) == 0) {
            r->route = &routes[i];
            return;
        }
        const int size = snprintf(r->allow + used, sizeof r->allow - used, "%s%s", used ? ", " : "",
                                  routes[i].method);
        used += size > 0 && used + (size_t)size < sizeof r->allow ? (size_t)size : 0;
    }
    if (strcmp(method, "OPTIONS") == 0 && used > 0) {
        snprintf(r->allow + used, sizeof r->allow - used, "%s, OPTIONS", strstr(r->allow, "GET") ? ", HEAD" : "");
        r->route = &fw_options_route;
    } else if (used > 0)
        fw_api_error_at(&r->errors, FW_API_METHOD, NULL, "This resource answers to: %s.", r->allow);
    else
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The requested resource does not exist");
}
