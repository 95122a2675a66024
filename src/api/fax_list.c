/* GET /v2/faxes: which faxes are asked for, in which order. */
#include <stdio.h>
#include <string.h>

#include "api/fields.h"
#include "api/request.h"
#include "base/text.h"

/* What one parameter of the query is: how it is named and where its value goes. */
static bool read_filter(struct fw_request *r, const char *name, const char *value,
                        struct fw_fax_filter *f)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        { "from", f->from, sizeof f->from },
        { "to", f->to, sizeof f->to },
        { "direction", f->direction, sizeof f->direction },
    };
    const struct {
        const char *name;
        bool *has;
        struct fw_wall *time;
    } times[] = {
        { "[gt]", &f->has_gt, &f->gt },
        { "[gte]", &f->has_gte, &f->gte },
        { "[lt]", &f->has_lt, &f->lt },
        { "[lte]", &f->has_lte, &f->lte },
    };
    char plus[FW_NUMBER_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char plain[48], eq[48];
        snprintf(plain, sizeof plain, "filter[%s]", texts[i].name);
        snprintf(eq, sizeof eq, "filter[%s][eq]", texts[i].name);
        if (strcmp(name, plain) != 0 && strcmp(name, eq) != 0)
            continue;
        /* A '+' that was not encoded arrives as a space. */
        if (value[0] == ' ' && strlen(value) < sizeof plus && i < 2) {
            snprintf(plus, sizeof plus, "+%s", value + 1);
            value = plus;
        }
        const bool fits = fw_text_copy(texts[i].text, texts[i].size, fw_span_of(value));
        const bool known = i < 2 || strcmp(value, "inbound") == 0 || strcmp(value, "outbound") == 0;
        if (!fits || !known)
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not a %s.",
                            texts[i].name);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(times) && fw_text_starts(name, "filter[created_at]"); i++) {
        if (strcmp(name + strlen("filter[created_at]"), times[i].name) != 0)
            continue;
        *times[i].has = fw_wall_parse(fw_span_of(value), times[i].time);
        if (!*times[i].has)
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not an ISO 8601 time.");
        return true;
    }
    return false;
}

/* `filter[status]`: one or more, joined by commas. */
static bool read_statuses(struct fw_request *r, const char *name, const char *value,
                          struct fw_fax_filter *f)
{
    if (strcmp(name, "filter[status]") != 0 && strcmp(name, "filter[status][eq]") != 0)
        return false;
    f->statuses = 0;
    for (;;) {
        char text[32];
        enum fw_status status;
        const size_t size = strcspn(value, ",");
        if (!fw_text_copy(text, sizeof text, (struct fw_span){ (const uint8_t *)value, size }) ||
            !fw_status_parse(text, &status)) {
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name,
                            "These are not statuses of a fax, joined by commas.");
            return true;
        }
        f->statuses |= 1U << status;
        if (!value[size])
            return true;
        value += size + 1;
    }
}

/* `filter[metadata][KEY]`. */
static bool read_metadata(struct fw_request *r, const char *name, const char *value,
                          struct fw_fax_filter *f)
{
    static const char begin[] = "filter[metadata][";
    if (!fw_text_starts(name, begin))
        return false;
    const char *key = name + sizeof begin - 1;
    const size_t size = strcspn(key, "]");
    if (strcmp(key + size, "]") != 0 || !fw_metadata_key_ok(key, size) || strlen(value) > FW_METADATA_VALUE_MAX)
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "No fax can have this metadata.");
    else if (f->metadata_count == FW_METADATA_FILTERS_MAX)
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "At most %d keys can be asked for.",
                        FW_METADATA_FILTERS_MAX);
    else {
        const int i = f->metadata_count++;
        snprintf(f->metadata[i].key, sizeof f->metadata[i].key, "%.*s", (int)size, key);
        fw_text_clip(f->metadata[i].value, sizeof f->metadata[i].value, value);
    }
    return true;
}

static bool read_batch(struct fw_request *r, const char *name, const char *value, struct fw_fax_filter *f)
{
    if (strcmp(name, "filter[batch_id]") != 0 && strcmp(name, "filter[batch_id][eq]") != 0)
        return false;
    fw_text_clip(f->batch, sizeof f->batch, value);
    if (!fw_uuid_valid(value))
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not the id of a batch.");
    return true;
}

static void read_sort(struct fw_request *r, const char *value, struct fw_fax_filter *f)
{
    f->oldest_first = strcmp(value, "created_at") == 0;
    if (!f->oldest_first && strcmp(value, "-created_at") != 0)
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, "sort",
                        "'sort' must be created_at or -created_at.");
}

void fw_fax_list(struct fw_request *r)
{
    struct fw_fax_filter filter = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name, *value = r->target.query[i].value;
        if (strcmp(name, "sort") == 0)
            read_sort(r, value, &filter);
        else if (fw_text_starts(name, "filter") && !read_statuses(r, name, value, &filter) &&
                 !read_batch(r, name, value, &filter) &&
                 !read_metadata(r, name, value, &filter) && !read_filter(r, name, value, &filter))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
    }
    if (r->errors.status)
        return;
    struct fw_fax_page page CLEANUP(fw_fax_page_done) = { 0 };
    const enum fw_err err =
        fw_store_fax_list(r->config->store, r->account, &filter, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, fw_stored_fax_json(r, &page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}
