/* Fax applications: CONTRACT 5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/application_fields.h"
#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/request.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/numbers.h"

enum {
    CONTAINS_MIN = 3,    /* characters of a filter */
    CHANGE_TRIES_MAX = 8 /* against others who change the same one */,
};

/* With every field, also of one that was made without them. */
static json_t *shown(const struct fw_application *a)
{
    json_t *fresh CLEANUP(fw_json_free) = fw_application_settings_new();
    json_t *json = fw_application_json(a);
    if (json && fresh && json_object_update_missing(json, fresh) == 0)
        return json;
    json_decref(json);
    return NULL;
}

static void no_application(struct fw_request *r)
{
    fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                    "The requested resource or URL could not be found.");
}

/* The application of the path, or false and an error. */
static bool find(struct fw_request *r, struct fw_application *ret)
{
    const enum fw_err err =
        fw_store_application_get(r->config->store, r->account, r->arguments[0], ret);
    if (err == FW_NOT_FOUND)
        no_application(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

/* Only what the operator has put into the configuration can be named, and asked for what is installed. */
static void check_here(struct fw_request *r, const json_t *values)
{
    const json_t *inbound = json_object_get(values, "inbound");
    const char *name = fw_field_text(inbound, "forward_command");
    const struct fw_api_config *c = r->config;
    if (name[0] && !(c->has_command && c->has_command(c->arg, name)))
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/inbound/forward_command",
                        "There is no command of this name in the service's configuration.");
    fw_cover_check(r, json_object_get(values, "cover_page"));
    if (fw_field_bool(inbound, "barcodes", false) && !(c->can_barcodes && c->can_barcodes(c->arg)))
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/inbound/barcodes",
                        "This service cannot read barcodes: libzbar (Debian: libzbar0) is not where it runs.");
}

static void create(struct fw_request *r)
{
    struct fw_application a CLEANUP(fw_application_done) = {
        .account = r->account, .active = true, .webhook_timeout_secs = -1
    };
    json_t *values CLEANUP(fw_json_free) =
        fw_application_fields_read(r->body.fields, r->body.is_form, false, &r->errors);
    check_here(r, values);
    if (r->errors.status)
        return;
    enum fw_err err = values ? fw_application_fill(r->body.fields, values, &a) : FW_NO_MEMORY;
    a.created_at = a.updated_at = fw_wall_now();
    fw_numeric_id_new(a.id);
    fw_respond(r, 201, json_pack("{so}", "data", err ? NULL : shown(&a)));
    if (r->errors.status)
        return;
    const struct fw_admission admission = fw_once_admission(r);
    err = fw_store_application_admit(r->config->store, &a, &admission);
    if (err)
        fw_once_refused(r, err);
    else
        fw_log(FW_LOG_INFO, "application.created", "application=%s", a.id);
}

void fw_application_create(struct fw_request *r)
{
    if (!fw_once_enter(r))
        return;
    create(r);
    fw_once_leave(r);
}

void fw_application_get(struct fw_request *r)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    if (find(r, &a))
        fw_respond(r, 200, json_pack("{so}", "data", shown(&a)));
}

/* FW_CONFLICT: somebody else changed it meanwhile; it is to be read again. */
static enum fw_err change(struct fw_request *r, const json_t *values)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    enum fw_err err = fw_store_application_get(r->config->store, r->account, r->arguments[0], &a);
    const struct fw_wall read_at = a.updated_at;
    if (!err)
        err = fw_application_fill(r->body.fields, values, &a);
    if (err)
        return err;
    a.updated_at = fw_wall_now();
    if (a.updated_at.us <= read_at.us)
        a.updated_at.us = read_at.us + 1; /* it is also the mark of the version */
    json_t *json CLEANUP(fw_json_free) = json_pack("{so}", "data", shown(&a));
    if (!json)
        return FW_NO_MEMORY;
    err = fw_store_application_save(r->config->store, &a, read_at);
    if (!err)
        fw_respond(r, 200, TAKE(json));
    return err;
}

void fw_application_update(struct fw_request *r)
{
    json_t *values CLEANUP(fw_json_free) =
        fw_application_fields_read(r->body.fields, r->body.is_form, true, &r->errors);
    check_here(r, values);
    if (r->errors.status)
        return;
    enum fw_err err = values ? FW_CONFLICT : FW_NO_MEMORY;
    for (int i = 0; i < CHANGE_TRIES_MAX && err == FW_CONFLICT; i++)
        err = change(r, values);
    if (err == FW_NOT_FOUND)
        no_application(r);
    else if (err)
        fw_api_error_store(&r->errors, err == FW_CONFLICT ? FW_BUSY : err);
}

/* Says by what: it is one or the other that has to be changed first. */
static void in_use(struct fw_request *r, const char *id)
{
    struct fw_number_filter filter = { 0 };
    struct fw_number_page page CLEANUP(fw_number_page_done) = { 0 };
    fw_text_clip(filter.application, sizeof filter.application, id);
    const enum fw_err err =
        fw_store_number_list(r->config->store, r->account, &filter, 1, 1, &page);
    if (!err && page.total > 0)
        fw_api_error_at(&r->errors, FW_API_IN_USE, NULL,
                        "Phone numbers use this application, %s for one; give them another first.",
                        page.items[0].number);
    else
        fw_api_error_at(&r->errors, FW_API_IN_USE, NULL,
                        "Faxes that have not ended use this application; cancel them or wait.");
}

void fw_application_delete(struct fw_request *r)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    if (!find(r, &a))
        return;
    fw_respond(r, 200, json_pack("{so}", "data", shown(&a)));
    if (r->errors.status)
        return;
    const enum fw_err err =
        fw_store_application_delete(r->config->store, r->account, a.id, fw_wall_now());
    if (err == FW_NOT_FOUND)
        no_application(r);
    else if (err == FW_CONFLICT)
        in_use(r, a.id);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_log(FW_LOG_INFO, "application.deleted", "application=%s", a.id);
}

static void read_sort(struct fw_request *r, const char *value, struct fw_application_filter *f)
{
    static const struct {
        const char *name;
        enum fw_application_order order;
    } orders[] = {
        { "-created_at", FW_APPLICATIONS_NEWEST }, { "created_at", FW_APPLICATIONS_OLDEST },
        { "application_name", FW_APPLICATIONS_NAME },
        { "-application_name", FW_APPLICATIONS_NAME_DOWN },
        { "active", FW_APPLICATIONS_INACTIVE }, { "-active", FW_APPLICATIONS_ACTIVE },
    };
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        if (strcmp(orders[i].name, value) == 0) {
            f->order = orders[i].order;
            return;
        }
    }
    fw_api_error_in(&r->errors, FW_API_BAD_FILTER, "sort",
                    "'sort' must be created_at, application_name or active, with - for downwards.");
}

static int characters(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80; /* UTF-8: not in the middle of one */
    return count;
}

static void read_filter(struct fw_request *r, const char *name, const char *value,
                        struct fw_application_filter *f)
{
    if (strcmp(name, "filter[application_name][contains]") == 0) {
        if (characters(value) < CONTAINS_MIN ||
            !fw_text_copy(f->name_contains, sizeof f->name_contains, fw_span_of(value)))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name,
                            "This must have %d to %d characters.", CONTAINS_MIN, FW_TEXT_SIZE - 1);
    } else if (strcmp(name, "filter[outbound_voice_profile_id]") == 0 ||
               strcmp(name, "filter[outbound.outbound_voice_profile_id]") == 0) {
        if (fw_check_application(value) ||
            !fw_text_copy(f->voice_profile, sizeof f->voice_profile, fw_span_of(value)))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "This is not a numeric id.");
    } else if (fw_text_starts(name, "filter")) {
        fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
    }
}

void fw_application_list(struct fw_request *r)
{
    struct fw_application_filter filter = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name, *value = r->target.query[i].value;
        if (strcmp(name, "sort") == 0)
            read_sort(r, value, &filter);
        else
            read_filter(r, name, value, &filter);
    }
    if (r->errors.status)
        return;
    struct fw_application_page page CLEANUP(fw_application_page_done) = { 0 };
    const enum fw_err err = fw_store_application_list(r->config->store, r->account, &filter,
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
