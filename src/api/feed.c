/* Events for those who ask: read after a cursor, waited for, acknowledged by name. */
#include "store/feed.h"

#include <stdio.h>
#include <string.h>

#include "api/fields.h"
#include "api/request.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { LIMIT_DEFAULT = 100, WAIT_MAX_S = 60 };

uint32_t fw_event_kinds_read(const char *value, bool *ret_known)
{
    uint32_t kinds = 0;
    *ret_known = true;
    while (*value) {
        char text[64];
        enum fw_event_kind kind;
        const size_t size = strcspn(value, ",");
        if (fw_text_copy(text, sizeof text, (struct fw_span){ (const uint8_t *)value, size }) &&
            fw_event_parse(text, &kind))
            kinds |= 1U << kind;
        else
            *ret_known = false;
        value += size + (value[size] == ',');
    }
    return kinds;
}

/* As webhooks: what is told unless more is asked for. */
static uint32_t webhook_kinds(void)
{
    uint32_t kinds = 0;
    for (int i = 0; i < FW_EVENT_COUNT; i++)
        kinds |= fw_event_is_webhook((enum fw_event_kind)i) ? 1U << i : 0;
    return kinds;
}

static const char *check_name(const char *text)
{
    const size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789._-");
    return text[size] == '\0' && size > 0 && size <= FW_CONSUMER_NAME_MAX
               ? NULL
               : "must be 1 to 64 letters, digits, '.', '_' or '-'";
}

struct asked {
    int64_t after, limit, wait_s;
    uint32_t kinds;
};

static void read_number(struct fw_request *r, const char *name, int64_t min, int64_t max,
                        int64_t *at)
{
    const char *text = fw_query_get(&r->target, name);
    if (text && !fw_text_to_i64(fw_span_of(text), min, max, at))
        fw_api_error_in(&r->errors, FW_API_BAD_PAGE, name,
                        "'%s' must be an integer between %lld and %lld.", name, (long long)min,
                        (long long)max);
}

static void read_kinds(struct fw_request *r, struct asked *a)
{
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name;
        bool known = true;
        if (strcmp(name, "filter[event_type]") == 0 || strcmp(name, "filter[event_type][eq]") == 0)
            a->kinds = fw_event_kinds_read(r->target.query[i].value, &known);
        else if (fw_text_starts(name, "filter"))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
        if (!known)
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name,
                            "This has an event that there is none of.");
    }
}

/* Where to read on: `after` if it is given, else where the consumer is, else at the very begin. */
static enum fw_err read_cursor(struct fw_request *r, struct asked *a)
{
    const char *after = fw_query_get(&r->target, "after");
    const char *consumer = fw_query_get(&r->target, "consumer");
    const char *fault = consumer ? check_name(consumer) : NULL;
    if (fault)
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, "consumer", "'consumer' %s.", fault);
    else if (after && strcmp(after, "latest") == 0)
        return fw_store_feed_end(r->config->store, r->account, &a->after);
    else if (after && !fw_text_to_i64(fw_span_of(after), 0, INT64_MAX, &a->after))
        fw_api_error_in(&r->errors, FW_API_BAD_PAGE, "after",
                        "'after' must be a cursor as it was given, or 'latest'.");
    else if (!after && consumer)
        return fw_store_consumer_cursor(r->config->store, r->account, consumer, &a->after);
    return FW_OK;
}

static void respond(struct fw_request *r, const struct fw_event_page *page, const struct asked *a,
                    int64_t cursor)
{
    char text[24];
    const struct fw_link_port links = fw_link_port_of(r->links);
    json_t *data = json_array();
    for (int i = 0; i < page->count; i++) {
        json_t *event = fw_event_json(&page->items[i], &links);
        (void)json_object_set_new(event, "seq", json_integer(page->items[i].seq));
        (void)json_array_append_new(data, event);
    }
    if (json_array_size(data) != (size_t)page->count) { /* out of memory */
        json_decref(data);
        fw_respond(r, 200, NULL);
        return;
    }
    snprintf(text, sizeof text, "%lld", (long long)cursor);
    fw_respond(r, 200, json_pack("{so s{ss sb}}", "data", data, "meta", "cursor", text, "more",
                                 page->count == a->limit));
}

void fw_feed_get(struct fw_request *r)
{
    struct asked a = { .limit = LIMIT_DEFAULT, .kinds = webhook_kinds() };
    struct fw_event_page page CLEANUP(fw_event_page_done) = { 0 };
    const bool waited = r->wait.until.us > 0;
    int64_t cursor = 0;
    read_number(r, "limit", 1, FW_LIST_PAGE_MAX, &a.limit);
    read_number(r, "wait", 0, WAIT_MAX_S, &a.wait_s);
    read_kinds(r, &a);
    enum fw_err err = r->errors.status ? FW_OK : read_cursor(r, &a);
    if (err)
        fw_api_error_store(&r->errors, err);
    if (r->errors.status)
        return;
    if (waited)
        a.after = r->wait.after;
    else
        r->wait.until.us = fw_mono_now().us + a.wait_s * 1000000;
    err = fw_store_feed_read(r->config->store, r->account, a.after, a.kinds, (int)a.limit, &page,
                             &cursor);
    if (err == FW_INVALID)
        fw_api_error_in(&r->errors, FW_API_BAD_PAGE, "after", "This service never gave such a cursor.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else if (page.count > 0 || r->wait.over || fw_mono_now().us >= r->wait.until.us)
        respond(r, &page, &a, cursor);
    else
        r->waits = true;
    r->wait.after = cursor;
}

static json_t *consumer_json(const char *name, int64_t cursor, struct fw_wall at)
{
    char text[24], time[FW_TIME_TEXT_SIZE];
    snprintf(text, sizeof text, "%lld", (long long)cursor);
    fw_wall_text(at, time);
    return json_pack("{ss ss ss ss}", "record_type", "event_consumer", "consumer", name, "cursor",
                     text, "updated_at", time);
}

static const char *check_cursor(const char *text)
{
    int64_t value;
    return fw_text_to_i64(fw_span_of(text), 0, INT64_MAX, &value) ? NULL
                                                                  : "must be a cursor as it was given";
}

static const struct fw_field table[] = {
    { "consumer", .required = true, .max = FW_CONSUMER_NAME_MAX, .check = check_name,
      .code = FW_API_UNPROCESSABLE },
    { "cursor", .required = true, .max = 20, .check = check_cursor, .code = FW_API_UNPROCESSABLE },
};

void fw_consumer_ack(struct fw_request *r)
{
    json_t *values CLEANUP(fw_json_free) =
        fw_fields_read(table, ARRAY_LEN(table), r->body.fields, r->body.is_form, "", &r->errors);
    if (r->errors.status)
        return;
    const struct fw_wall now = fw_wall_now();
    const char *name = fw_field_text(values, "consumer");
    int64_t cursor = 0;
    enum fw_err err = FW_NO_MEMORY;
    if (values && fw_text_to_i64(fw_span_of(fw_field_text(values, "cursor")), 0, INT64_MAX, &cursor))
        err = fw_store_consumer_ack(r->config->store, r->account, name, cursor, now, &cursor);
    if (err == FW_INVALID)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/cursor",
                        "This service never gave such a cursor.");
    else if (err == FW_LIMIT)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/consumer",
                        "An account may have %d consumers; delete one.", FW_CONSUMERS_MAX);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_respond(r, 200, json_pack("{so}", "data", consumer_json(name, cursor, now)));
}

void fw_consumer_list(struct fw_request *r)
{
    struct fw_consumer_list list CLEANUP(fw_consumer_list_done) = { 0 };
    const struct fw_paging all = { 1, FW_CONSUMERS_MAX };
    const enum fw_err err = fw_store_consumer_list(r->config->store, r->account, &list);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < list.count; i++)
        (void)json_array_append_new(data, consumer_json(list.items[i].name, list.items[i].cursor,
                                                        list.items[i].updated_at));
    fw_respond_list(r, &all, list.count, list.count, data);
}

void fw_consumer_delete(struct fw_request *r)
{
    const enum fw_err err =
        fw_store_consumer_delete(r->config->store, r->account, r->arguments[0]);
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                        "The requested resource or URL could not be found.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_respond_empty(r);
}
