/* POST /v2/fax_batches, and POST /v2/faxes with a list of numbers: many faxes of one document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/batches.h"
#include "api/fax_fields.h"
#include "api/fields.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { PATH_SIZE = 4400, POINTER_SIZE = 64 };

/* Of each recipient beside its number; what a recipient does not say the batch does. */
static const struct fw_field table[] = {
    { "metadata", FW_FIELD_METADATA },
    { "client_state", .max = FW_CLIENT_STATE_MAX, .check = fw_check_base64, .code = FW_API_CLIENT_STATE },
};

struct making {
    struct fw_fax fax; /* what all have in common; its id is the batch's */
    json_t *recipients; /* an object each, checked */
};

static const char *check_to(struct fw_request *r, const char *pointer, const json_t *to)
{
    const char *text = json_string_value(to);
    if (!to || json_is_null(to) || (text && !text[0]))
        fw_api_error_at(&r->errors, FW_API_MISSING, pointer, "'to' is required.");
    else if (!text)
        fw_api_error_at(&r->errors, FW_API_NOT_TEXT, pointer, "'to' must be a string.");
    else if (strlen(text) > FW_NUMBER_MAX || fw_check_destination(text))
        fw_api_error_at(&r->errors, FW_API_NOT_E164, pointer,
                        "'to' must be in +E.164 format, e.g. +13125550100, or a SIP URI.");
    else
        return text;
    return NULL;
}

/* The first one keeps its number; the second is a slip that somebody's paper would pay for. */
static enum fw_err check_twice(struct fw_request *r, const char *pointer, struct fw_map *seen, const char *to, size_t i)
{
    const size_t before = (size_t)(uintptr_t)fw_map_get(seen, to);
    if (before == 0)
        return fw_map_put(seen, to, (void *)(uintptr_t)(i + 1));
    fw_api_error_at(&r->errors, FW_API_DUPLICATE, pointer, "This is the number of recipient %zu, too.", before - 1);
    return FW_OK;
}

/* One of the list: its fields, checked; NULL when out of memory. */
static json_t *read_one(struct fw_request *r, const char *place, size_t i, const json_t *item, struct fw_map *seen)
{
    char here[POINTER_SIZE], pointer[POINTER_SIZE + 4];
    const bool is_text = strcmp(place, "/to") == 0;
    snprintf(here, sizeof here, "%s/%zu", place, i);
    snprintf(pointer, sizeof pointer, "%s%s", here, is_text ? "" : "/to");
    if (!is_text && !json_is_object(item)) {
        fw_api_error_at(&r->errors, FW_API_WRONG_TYPE, here, "A recipient must be an object.");
        return json_object();
    }
    const json_t *given = is_text ? item : json_object_get(item, "to");
    const char *to = check_to(r, pointer, given);
    if (to && check_twice(r, pointer, seen, to, i))
        return NULL;
    json_t *values = fw_fields_read(table, is_text ? 0 : ARRAY_LEN(table), item, false, here, &r->errors);
    if (values && to)
        (void)json_object_set(values, "to", (json_t *)(uintptr_t)given);
    return values;
}

static json_t *list_fault(struct fw_request *r, const char *place, enum fw_api_code code, const char *what)
{
    fw_api_error_at(&r->errors, code, place, "'%s' %s.", place + 1, what);
    return NULL;
}

/* All of them, as read_one. NULL: none, and the errors say why. */
static json_t *read_list(struct fw_request *r, const char *place, const json_t *list)
{
    char too_many[64];
    json_t *item, *all = json_array();
    struct fw_map *seen = NULL;
    size_t i;
    snprintf(too_many, sizeof too_many, "may have at most %d recipients", FW_BATCH_MAX);
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > FW_BATCH_MAX) {
        json_decref(all);
        return !list ? list_fault(r, place, FW_API_MISSING, "is required")
               : !json_is_array(list) ? list_fault(r, place, FW_API_WRONG_TYPE, "must be a list")
               : json_array_size(list) == 0 ? list_fault(r, place, FW_API_MISSING, "is an empty list")
                                            : list_fault(r, place, FW_API_UNPROCESSABLE, too_many);
    }
    enum fw_err err = all ? fw_map_new(&seen) : FW_NO_MEMORY;
    json_array_foreach ((json_t *)(uintptr_t)list, i, item) {
        if (!err && json_array_append_new(all, read_one(r, place, i, item, seen)) < 0)
            err = FW_NO_MEMORY;
    }
    fw_map_free(seen);
    if (!err)
        return all;
    json_decref(all);
    fw_api_error_store(&r->errors, err);
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each gets the id of its fax with the batch, whenever that is written. In their order, so that those that are written
 * together are neighbours in all indexes, and each slice does not change pages all over them. */
static enum fw_err name_all(const struct fw_fax *f, json_t *recipients)
{
    json_t *one;
    size_t i, count = json_array_size(recipients);
    char (*ids)[FW_UUID_SIZE] = calloc(count, sizeof *ids);
    bool bad = !ids;
    for (i = 0; i < count && !bad; i++)
        fw_uuid_new(f->created_at, ids[i]);
    if (!bad)
        qsort(ids, count, sizeof *ids, by_text);
    json_array_foreach (recipients, i, one)
        bad = bad || json_object_set_new(one, "id", json_string(ids[i]));
    free(ids);
    return bad ? FW_NO_MEMORY : FW_OK;
}

static enum fw_err admit(struct fw_request *r, const struct fw_batch *b, const struct making *m)
{
    const struct fw_admission admission = fw_once_admission(r);
    const struct fw_batch_order order = { .fax = &m->fax, .recipients = m->recipients, .slice = FW_BATCH_SLICE };
    struct fw_batch stored;
    enum fw_err err = name_all(&m->fax, m->recipients);
    if (!err)
        err = fw_store_batch_admit(r->config->store, b, &order, &admission, r->config->batches_in_process_max);
    /* A commit that failed half-way may have reached the disk; then it is accepted. */
    if (err == FW_IO && fw_store_batch_get(r->config->store, r->account, b->id, &stored) == FW_OK)
        return FW_OK;
    return err;
}

static void refused(struct fw_request *r, enum fw_err err)
{
    if (err == FW_LIMIT) {
        fw_request_header_number(r, "retry-after", 60);
        fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL,
                        "This account may have %u batches in process at the same time.",
                        r->config->batches_in_process_max);
    } else if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_ASSOCIATED, "/connection_id", "The fax application is gone.");
    else
        fw_once_refused(r, err);
}

/* As a fax is accepted: the answer before the rows, the documents before them too. Of the faxes the first are written
 * with it, the others by the queue. */
static void accept_batch(struct fw_request *r, struct making *m)
{
    char folder[PATH_SIZE] = "";
    const struct fw_fax *f = &m->fax;
    struct fw_batch b = { .account = r->account, .recipients = (int)json_array_size(m->recipients),
                          .created_at = f->created_at };
    memcpy(b.id, f->id, sizeof b.id);
    memcpy(b.application, f->application, sizeof b.application);
    b.counts[FW_STATUS_QUEUED] = b.recipients;
    if (!fw_intake_open(r, 0))
        return;
    fw_respond(r, 202, json_pack("{so}", "data", fw_batch_json(&b)));
    if (r->errors.status)
        return;
    enum fw_err err = fw_fax_place_documents(r, f, folder, sizeof folder);
    const bool placed = err == FW_OK;
    if (!err)
        err = admit(r, &b, m);
    if (err && folder[0])
        fw_dir_remove(folder, 1);
    if (err && !r->errors.status)
        refused(r, placed || err != FW_NOT_FOUND ? err : FW_IO);
    if (err)
        return;
    fw_log(FW_LOG_INFO, "batch.accepted", "batch=%s application=%s recipients=%d", b.id, b.application, b.recipients);
    if (r->config->fax_accepted)
        r->config->fax_accepted(r->config->arg, b.id);
}

/* The list, which a form has as JSON. */
static json_t *list_of(const struct fw_request *r, const char *place)
{
    json_t *list = json_object_get(r->body.fields, place + 1);
    if (r->body.is_form && json_is_string(list))
        return json_loads(json_string_value(list), 0, NULL);
    return json_incref(list);
}

static void create(struct fw_request *r, const char *place)
{
    struct making m = { 0 };
    json_t *list CLEANUP(fw_json_free) = list_of(r, place);
    json_t *fields CLEANUP(fw_json_free) = json_copy(r->body.fields);
    m.recipients = read_list(r, place, list);
    /* What a fax has besides, by the table of a fax; its number was looked at. */
    if (!fields || json_object_set_new(fields, "to", json_string("+12005550100")))
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    else if (fw_fax_fields_read(fields, r->body.is_form, r->uploads.count, true, &r->errors, &m.fax))
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    fw_fax_check_application(r, &m.fax);
    fw_fax_check_cover(r, &m.fax);
    if (m.fax.media_name[0])
        fw_fax_check_media(r, &m.fax);
    fw_fax_check_schedule(r, &m.fax);
    if (!r->errors.status) {
        fw_fax_begin(r, &m.fax);
        accept_batch(r, &m);
    }
    fw_fax_done(&m.fax);
    json_decref(m.recipients);
}

void fw_batch_create_of(struct fw_request *r, const char *place)
{
    if (!fw_once_enter(r))
        return;
    create(r, place);
    fw_once_leave(r);
}

void fw_batch_create(struct fw_request *r)
{
    fw_batch_create_of(r, "/recipients");
}
