/* What was learned about the numbers that are called: /v2/destinations. */
#include <string.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/request.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/destinations.h"

static const struct fw_field change_table[] = {
    { "parked", FW_FIELD_BOOL },
    { "t38_bad", FW_FIELD_BOOL },
    { "v17_bad", FW_FIELD_BOOL },
    { "ecm_bad", FW_FIELD_BOOL },
    { "human", FW_FIELD_BOOL },
};

static json_t *shown(const struct fw_destination *d)
{
    char updated[FW_TIME_TEXT_SIZE];
    fw_wall_text(d->updated_at, updated);
    return json_pack("{ss ss sb so ss}", "record_type", "destination", "number", d->number, "parked", d->parked,
                     "facts", fw_destination_facts(d), "updated_at", updated);
}

static void no_destination(struct fw_request *r)
{
    fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL, "Nothing is known of this number.");
}

static bool find(struct fw_request *r, struct fw_destination *ret)
{
    const enum fw_err err = fw_store_destination_get(r->config->store, r->account, r->arguments[0], ret);
    if (err == FW_NOT_FOUND)
        no_destination(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

void fw_destination_show(struct fw_request *r)
{
    struct fw_destination d;
    if (find(r, &d))
        fw_respond(r, 200, json_pack("{so}", "data", shown(&d)));
}

void fw_destination_list(struct fw_request *r)
{
    struct fw_destination_page page CLEANUP(fw_destination_page_done) = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    if (r->errors.status)
        return;
    const enum fw_err err =
        fw_store_destination_list(r->config->store, r->account, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, shown(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}

/* true: known from now on, until it is taken away; false: not known. */
static void set_fact(struct fw_destination *d, const json_t *values, enum fw_fact f)
{
    const char *name = fw_fact_text(f);
    if (!fw_field_given(values, name))
        return;
    d->known[f] = (struct fw_known){ 0 };
    if (!fw_field_bool(values, name, false))
        return;
    d->known[f] = (struct fw_known){ .count = 1, .cause = "set by hand", .learned_at = d->updated_at };
}

/* A number of which nothing is known yet is made known by a change. */
void fw_destination_update(struct fw_request *r)
{
    struct fw_destination d = { .account = r->account };
    json_t *values CLEANUP(fw_json_free) = fw_fields_read(change_table, ARRAY_LEN(change_table), r->body.fields,
                                                          r->body.is_form, "", &r->errors);
    if (r->errors.status)
        return;
    enum fw_err err = values ? fw_store_destination_get(r->config->store, r->account, r->arguments[0], &d)
                             : FW_NO_MEMORY;
    if (err == FW_NOT_FOUND && fw_check_destination(r->arguments[0])) {
        no_destination(r);
        return;
    }
    if (err == FW_NOT_FOUND)
        err = fw_text_copy(d.number, sizeof d.number, fw_span_of(r->arguments[0])) ? FW_OK : FW_INVALID;
    d.updated_at = fw_wall_now();
    for (int f = 0; f < FW_FACT_COUNT && !err; f++)
        set_fact(&d, values, (enum fw_fact)f);
    /* Whoever clears a parked number clears what parked it: the next one who answers is the first. */
    if (!err && fw_field_given(values, "parked")) {
        d.parked = fw_field_bool(values, "parked", false);
        if (!d.parked && !fw_field_given(values, "human"))
            d.known[FW_FACT_HUMAN] = (struct fw_known){ 0 };
    }
    if (!err)
        err = fw_store_destination_save(r->config->store, &d);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    fw_log(FW_LOG_INFO, "destination.changed", "number=%s parked=%d", FW_LOG_TEXT(d.number), d.parked);
    fw_respond(r, 200, json_pack("{so}", "data", shown(&d)));
}

void fw_destination_delete(struct fw_request *r)
{
    const enum fw_err err = fw_store_destination_delete(r->config->store, r->account, r->arguments[0]);
    if (err == FW_NOT_FOUND)
        no_destination(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_respond_empty(r);
}
