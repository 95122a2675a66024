/* Faxes, applications and events in the words of the API. */
#include "fax/fax_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fw_json_free(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *time_text(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    fw_wall_text(at, text);
    return json_string(text);
}

static json_t *time_or_null(struct fw_wall at)
{
    return at.us > 0 ? time_text(at) : json_null();
}

static json_t *object_or_null(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    return json ? json : json_null();
}

/* A list of one is shown as the text that most clients sent; they read a string. */
static json_t *media_url(const struct fw_fax *f)
{
    json_t *urls CLEANUP(fw_json_free) = f->media_urls ? json_loads(f->media_urls, 0, NULL) : NULL;
    if (!urls)
        return json_null();
    return json_array_size(urls) == 1 ? json_incref(json_array_get(urls, 0)) : TAKE(urls);
}

static int add_received(json_t *json, const struct fw_fax *f)
{
    int bad = json_object_set_new(json, "partial_content", json_boolean(f->partial_content));
    bad |= json_object_set_new(json, "call_duration_secs", json_integer(f->call_duration_secs));
    bad |= json_object_set_new(json, "remote_ident", text_or_null(f->remote_ident));
    bad |= json_object_set_new(json, "tag", text_or_null(f->tag));
    if (f->barcodes)
        bad |= json_object_set_new(json, "barcodes", object_or_null(f->barcodes));
    return bad;
}

json_t *fw_fax_json(const struct fw_fax *f)
{
    json_t *json = json_pack(
        "{ss ss ss ss ss ss ss so so sb sn sn ss ss so so ss so so so so"
        " si si so ss so so so so so so so so so sb so}",
        "id", f->id, "record_type", "fax", "connection_id", f->application,
        "direction", fw_direction_text(f->direction), "from", f->from,
        "from_display_name", f->from_display_name[0] ? f->from_display_name : f->from,
        "to", f->to, "media_url", media_url(f), "media_name", text_or_null(f->media_name),
        "store_media", f->store_media,
        "stored_media_url", "preview_url", "quality", fw_quality_text(f->quality),
        "status", fw_status_text(f->status), "client_state", text_or_null(f->client_state),
        "webhook_url", text_or_null(f->webhook_url), "webhook_failover_url", "",
        "created_at", time_text(f->created_at), "updated_at", time_text(f->updated_at),
        "failure_reason", text_or_null(f->failure_reason),
        "internal_failure_reason", text_or_null(f->failure_detail),
        "attempt_count", f->attempts, "pages_confirmed", f->pages_confirmed,
        "page_count", f->page_count > 0 ? json_integer(f->page_count) : json_null(),
        "priority", fw_priority_text(f->priority), "retry", object_or_null(f->retry),
        "next_attempt_at", f->status == FW_STATUS_MEDIA_PROCESSED ? time_text(f->due) : json_null(),
        "send_at", time_or_null(f->send_at), "send_window", object_or_null(f->send_window),
        "expires_at", time_or_null(f->expires_at), "resend_of", text_or_null(f->resend_of),
        "metadata", object_or_null(f->metadata), "batch_id", text_or_null(f->batch),
        "result_email", text_or_null(f->result_email), "trace", f->trace, "documents_purged_at",
        time_or_null(f->purged_at));
    if (!json)
        return NULL;
    int bad = json_object_set_new(json, "page_ranges", object_or_null(f->page_ranges));
    bad |= json_object_set_new(json, "cover_page", object_or_null(f->cover_page));
    bad |= json_object_set_new(json, "header_line", json_boolean(f->header != NULL));
    bad |= json_object_set_new(json, "subaddress", text_or_null(f->subaddress));
    if (f->direction == FW_INBOUND)
        bad |= add_received(json, f);
    if (!bad)
        return json;
    json_decref(json);
    return NULL;
}

json_t *fw_application_json(const struct fw_application *a)
{
    json_t *json = json_pack(
        "{ss ss ss sb ss ss so so so}", "id", a->id, "record_type", "fax_application",
        "application_name", a->name, "active", a->active, "webhook_event_url", a->webhook_url,
        "webhook_event_failover_url", a->webhook_failover_url, "webhook_timeout_secs",
        a->webhook_timeout_secs >= 0 ? json_integer(a->webhook_timeout_secs) : json_null(),
        "created_at", time_text(a->created_at), "updated_at", time_text(a->updated_at));
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    if (json && settings && json_object_update_missing(json, settings) < 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

void fw_received_path(const struct fw_fax *f, char ret[FW_RECEIVED_PATH_SIZE])
{
    snprintf(ret, FW_RECEIVED_PATH_SIZE, "/v2/stored/%s/received.%s", f->id,
             fw_media_format_text(f->media_format));
}

void fw_received_page_path(const struct fw_fax *f, int page, char ret[FW_RECEIVED_PATH_SIZE])
{
    snprintf(ret, FW_RECEIVED_PATH_SIZE, "/v2/stored/%s/page-%d.png", f->id, page);
}

/* What is stored is the path: the link is made for whoever reads the event, when they do. */
static bool sign_link(json_t *payload, const char *name, const struct fw_link_port *links)
{
    char url[FW_EVENT_LINK_SIZE];
    const char *path = json_string_value(json_object_get(payload, name));
    if (!path || path[0] != '/' || !links || !links->make)
        return true;
    links->make(links->arg, path, url, sizeof url);
    return json_object_set_new(payload, name, json_string(url)) == 0;
}

int fw_application_channels(const struct fw_application *a)
{
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    const json_t *limit = json_object_get(json_object_get(settings, "outbound"), "channel_limit");
    const json_int_t calls = json_integer_value(limit);
    return calls > 0 && calls < INT32_MAX ? (int)calls : 0;
}

void fw_application_ident(const struct fw_application *a, char ret[FW_IDENT_MAX + 1])
{
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    const char *ident = json_string_value(json_object_get(settings, "fax_ident"));
    snprintf(ret, FW_IDENT_MAX + 1, "%s", ident && fw_ident_ok(ident) ? ident : "");
}

json_t *fw_event_json(const struct fw_event *e, const struct fw_link_port *links)
{
    json_t *payload CLEANUP(fw_json_free) = json_loads(e->payload, 0, NULL);
    if (!payload || !sign_link(payload, "media_url", links) || !sign_link(payload, "page_url", links))
        return NULL;
    return json_pack("{ss ss ss so so}", "record_type", "event", "event_type",
                     fw_event_text(e->kind), "id", e->id, "occurred_at", time_text(e->at),
                     "payload", TAKE(payload));
}

/* Only what CONTRACT 3.2 lists for the event; a client that maps by field sees nothing odd. */
static enum fw_err add_facts(json_t *payload, const struct fw_fax *f, enum fw_event_kind kind)
{
    int bad = 0;
    if (f->client_state)
        bad |= json_object_set_new(payload, "client_state", json_string(f->client_state));
    if (f->metadata)
        bad |= json_object_set_new(payload, "metadata", object_or_null(f->metadata));
    if (f->batch[0])
        bad |= json_object_set_new(payload, "batch_id", json_string(f->batch));
    if (fw_event_is_webhook(kind) && f->media_urls)
        bad |= json_object_set_new(payload, "original_media_url", media_url(f));
    if (fw_event_is_webhook(kind) && f->media_name[0])
        bad |= json_object_set_new(payload, "media_name", json_string(f->media_name));
    if (fw_event_is_webhook(kind) && f->direction == FW_INBOUND)
        bad |= json_object_set_new(payload, "caller_id", json_string(f->from));
    if (f->direction == FW_INBOUND && f->subaddress[0])
        bad |= json_object_set_new(payload, "subaddress", json_string(f->subaddress));
    if (f->tag[0])
        bad |= json_object_set_new(payload, "tag", json_string(f->tag));
    if (kind == FW_EVENT_MEDIA_PROCESSING_STARTED)
        bad |= json_object_set_new(payload, "page_count", json_integer(f->page_count));
    const bool has_document = kind == FW_EVENT_RECEIVED || kind == FW_EVENT_EMAIL_DELIVERED;
    if (has_document) {
        char path[FW_RECEIVED_PATH_SIZE];
        fw_received_path(f, path);
        bad |= json_object_set_new(payload, "media_url", json_string(path));
        bad |= json_object_set_new(payload, "partial_content", json_boolean(f->partial_content));
    }
    if (kind == FW_EVENT_RECEIVED && f->barcodes)
        bad |= json_object_set_new(payload, "barcodes", object_or_null(f->barcodes));
    if (kind == FW_EVENT_DELIVERED || has_document) {
        bad |= json_object_set_new(payload, "page_count", json_integer(f->page_count));
        bad |= json_object_set_new(payload, "call_duration_secs",
                                   json_integer(f->call_duration_secs));
    }
    if (kind == FW_EVENT_FAILED) {
        bad |= json_object_set_new(payload, "failure_reason", text_or_null(f->failure_reason));
        bad |= json_object_set_new(payload, "internal_failure_reason",
                                   text_or_null(f->failure_detail));
        bad |= json_object_set_new(payload, "pages_confirmed", json_integer(f->pages_confirmed));
    }
    return bad ? FW_NO_MEMORY : FW_OK;
}

enum fw_err fw_event_make(const struct fw_fax *f, enum fw_event_kind kind, struct fw_wall now,
                          json_t *details, struct fw_event *ret)
{
    json_t *extra CLEANUP(fw_json_free) = details;
    json_t *payload CLEANUP(fw_json_free) =
        json_pack("{ss ss ss ss ss ss ss}", "fax_id", f->id, "connection_id", f->application,
                  "direction", fw_direction_text(f->direction), "from", f->from, "to", f->to,
                  "user_id", f->user_id,
                  "status", fw_status_text(f->status));
    if (!payload || add_facts(payload, f, kind))
        return FW_NO_MEMORY;
    if (extra && json_object_update(payload, extra) < 0)
        return FW_NO_MEMORY;
    char *text = json_dumps(payload, JSON_COMPACT);
    if (!text)
        return FW_NO_MEMORY;
    *ret = (struct fw_event){ .kind = kind, .at = now, .payload = text };
    fw_uuid_new(now, ret->id);
    memcpy(ret->fax, f->id, sizeof ret->fax);
    return FW_OK;
}
