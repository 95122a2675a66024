/* Phone numbers: which application takes the faxes that come in for each.
 *
 * CONTRACT 5: numbers are attached by PATCH connection_id. Making and deleting them is ours: a
 * self-hosted service has no shop, it is told which numbers its trunks bring.
 */
#include "store/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/request.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { TAGS_MAX = 20, CHANGE_TRIES_MAX = 8 /* against others who change the same one */ };

#define CHANGEABLE                                                                                 \
    { "connection_id", .check = fw_check_application, .code = FW_API_CONNECTION_ID },              \
    { "tags", FW_FIELD_TEXTS, .max = TAGS_MAX }
static const struct fw_field table[] = {
    { "phone_number", .required = true, .max = FW_NUMBER_MAX, .check = fw_check_e164,
      .code = FW_API_NOT_E164, .length_code = FW_API_NOT_E164, .number = true },
    CHANGEABLE,
};
static const struct fw_field change_table[] = { CHANGEABLE };

static json_t *time_text(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    fw_wall_text(at, text);
    return json_string(text);
}

static json_t *shown(const struct fw_number *n)
{
    json_t *tags = n->tags ? json_loads(n->tags, 0, NULL) : json_array();
    json_t *json = json_pack(
        "{ss ss ss ss so so so so so so}", "id", n->id, "record_type", "phone_number",
        "phone_number", n->number, "status", "active", "connection_id",
        n->application[0] ? json_string(n->application) : json_null(), "connection_name",
        n->application_name[0] ? json_string(n->application_name) : json_null(), "tags",
        tags ? tags : json_array(), "purchased_at", time_text(n->created_at), "created_at",
        time_text(n->created_at), "updated_at", time_text(n->updated_at));
    return json;
}

static void no_number(struct fw_request *r)
{
    fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                    "The requested resource or URL could not be found.");
}

static void no_application(struct fw_request *r, const char *id)
{
    fw_api_error_at(&r->errors, FW_API_NO_ASSOCIATED, "/connection_id",
                    "There is no fax application with the id '%s'.", id);
}

/* FW_NOT_FOUND: the application is not one of the account. Also learns its name, for the answer. */
static enum fw_err set_application(struct fw_request *r, const char *id, struct fw_number *n)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    const enum fw_err err =
        id[0] ? fw_store_application_get(r->config->store, r->account, id, &a) : FW_OK;
    if (!err) {
        fw_text_clip(n->application, sizeof n->application, id);
        fw_text_clip(n->application_name, sizeof n->application_name, a.name);
    }
    return err;
}

/* FW_NOT_FOUND as above. */
static enum fw_err fill(struct fw_request *r, const json_t *values, struct fw_number *n)
{
    const json_t *given = r->body.fields, *tags = json_object_get(values, "tags");
    enum fw_err err = FW_OK;
    if (fw_field_given(values, "connection_id") || fw_field_cleared(given, "connection_id"))
        err = set_application(r, fw_field_text(values, "connection_id"), n);
    if (err || (!tags && !fw_field_cleared(given, "tags")))
        return err;
    char *text = tags ? json_dumps(tags, JSON_COMPACT) : strdup("[]");
    if (!text)
        return FW_NO_MEMORY;
    free(n->tags);
    n->tags = text;
    return FW_OK;
}

static void told(struct fw_request *r, enum fw_err err, const struct fw_number *n)
{
    if (err == FW_INVALID)
        no_application(r, n->application);
    else if (err == FW_CONFLICT)
        fw_api_error_at(&r->errors, FW_API_DUPLICATE, "/phone_number",
                        "This service has the number %s already.", n->number);
    else if (err)
        fw_api_error_store(&r->errors, err);
}

void fw_number_create(struct fw_request *r)
{
    struct fw_number n CLEANUP(fw_number_done) = { .account = r->account };
    json_t *values CLEANUP(fw_json_free) =
        fw_fields_read(table, ARRAY_LEN(table), r->body.fields, r->body.is_form, "", &r->errors);
    enum fw_err err = values ? fill(r, values, &n) : FW_NO_MEMORY;
    if (err == FW_NOT_FOUND)
        no_application(r, fw_field_text(values, "connection_id"));
    else if (err)
        fw_api_error_store(&r->errors, err);
    if (r->errors.status)
        return;
    fw_text_clip(n.number, sizeof n.number, fw_field_text(values, "phone_number"));
    fw_numeric_id_new(n.id);
    n.created_at = n.updated_at = fw_wall_now();
    fw_respond(r, 201, json_pack("{so}", "data", shown(&n)));
    if (r->errors.status)
        return;
    err = fw_store_number_create(r->config->store, &n);
    told(r, err, &n);
    if (!err)
        fw_log(FW_LOG_INFO, "number.created", "number=%s application=%s", n.number, n.application);
}

static bool find(struct fw_request *r, struct fw_number *ret)
{
    const enum fw_err err =
        fw_store_number_get(r->config->store, r->account, r->arguments[0], ret);
    if (err == FW_NOT_FOUND)
        no_number(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

void fw_number_get(struct fw_request *r)
{
    struct fw_number n CLEANUP(fw_number_done) = { 0 };
    if (find(r, &n))
        fw_respond(r, 200, json_pack("{so}", "data", shown(&n)));
}

/* FW_CONFLICT: somebody else changed it meanwhile; it is to be read again. Whatever else went
 * wrong is among the errors. */
static enum fw_err change(struct fw_request *r, const json_t *values)
{
    struct fw_number n CLEANUP(fw_number_done) = { 0 };
    if (!find(r, &n))
        return FW_OK;
    const struct fw_wall read_at = n.updated_at;
    enum fw_err err = fill(r, values, &n);
    if (err) {
        if (err == FW_NOT_FOUND)
            no_application(r, fw_field_text(values, "connection_id"));
        else
            fw_api_error_store(&r->errors, err);
        return FW_OK;
    }
    n.updated_at = fw_wall_now();
    if (n.updated_at.us <= read_at.us)
        n.updated_at.us = read_at.us + 1; /* it is also the mark of the version */
    fw_respond(r, 200, json_pack("{so}", "data", shown(&n)));
    if (r->errors.status)
        return FW_OK;
    err = fw_store_number_save(r->config->store, &n, read_at);
    if (err == FW_NOT_FOUND)
        no_number(r);
    else if (err != FW_CONFLICT)
        told(r, err, &n);
    if (err) {
        free(r->text);
        r->text = NULL;
    }
    return err == FW_CONFLICT ? err : FW_OK;
}

void fw_number_update(struct fw_request *r)
{
    json_t *values CLEANUP(fw_json_free) = fw_fields_read(
        change_table, ARRAY_LEN(change_table), r->body.fields, r->body.is_form, "", &r->errors);
    struct fw_number n CLEANUP(fw_number_done) = { 0 };
    if (!find(r, &n) || r->errors.status)
        return;
    enum fw_err err = values ? FW_CONFLICT : FW_NO_MEMORY;
    for (int i = 0; i < CHANGE_TRIES_MAX && err == FW_CONFLICT; i++)
        err = change(r, values);
    if (err)
        fw_api_error_store(&r->errors, err == FW_CONFLICT ? FW_BUSY : err);
}

void fw_number_delete(struct fw_request *r)
{
    struct fw_number n CLEANUP(fw_number_done) = { 0 };
    if (!find(r, &n))
        return;
    fw_respond(r, 200, json_pack("{so}", "data", shown(&n)));
    if (r->errors.status)
        return;
    const enum fw_err err = fw_store_number_delete(r->config->store, r->account, n.id);
    if (err == FW_NOT_FOUND)
        no_number(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_log(FW_LOG_INFO, "number.deleted", "number=%s", n.number);
}

/* Any run of its digits finds a number. A '+' that was not encoded arrives as a space. */
static bool read_digits(const char *value, char *dst, size_t dst_size)
{
    const char *digits = value + (value[0] == '+' || value[0] == ' ');
    const bool good = digits[0] && strspn(digits, "0123456789") == strlen(digits) &&
                      strlen(digits) < dst_size - 1;
    if (good)
        fw_text_clip(dst, dst_size, digits);
    return good;
}

static void read_filter(struct fw_request *r, const char *name, const char *value,
                        struct fw_number_filter *f)
{
    if (strcmp(name, "filter[phone_number]") == 0 || strcmp(name, "filter[phone_number][eq]") == 0) {
        if (!read_digits(value, f->number, sizeof f->number))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name,
                            "This must be digits of a number, with or without the +.");
    } else if (strcmp(name, "filter[connection_id]") == 0 ||
               strcmp(name, "filter[connection_id][eq]") == 0) {
        if (fw_check_application(value) ||
            !fw_text_copy(f->application, sizeof f->application, fw_span_of(value)))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not a numeric id.");
    } else if (fw_text_starts(name, "filter")) {
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
    }
}

void fw_number_list(struct fw_request *r)
{
    struct fw_number_filter filter = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    for (int i = 0; i < r->target.query_count; i++)
        read_filter(r, r->target.query[i].name, r->target.query[i].value, &filter);
    if (r->errors.status)
        return;
    struct fw_number_page page CLEANUP(fw_number_page_done) = { 0 };
    const enum fw_err err = fw_store_number_list(r->config->store, r->account, &filter,
                                                 paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, shown(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}
