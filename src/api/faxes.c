/* Faxes: accepting one, and looking at them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/batches.h"
#include "api/fax_fields.h"
#include "api/media_files.h"
#include "api/request.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "fax/header_line.h"
#include "fax/policy.h"

enum { EVENTS_MAX = FW_LIST_PAGE_MAX, PATH_SIZE = 4400 };

static void no_fax(struct fw_request *r)
{
    fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The requested resource does not exist");
}

static enum fw_err service_policy(const char *text, struct fw_fax *f)
{
    struct fw_policy policy;
    struct fw_fault fault;
    if (!text || fw_policy_read_text(text, &policy, &fault) || policy.max_dials <= 1)
        return FW_OK;
    json_t *json CLEANUP(fw_json_free) = fw_policy_json(&policy);
    f->retry = json_dumps(json, JSON_COMPACT);
    return f->retry ? FW_OK : FW_NO_MEMORY;
}

/* What was not said by the request is said by the application, or else by the service. */
static enum fw_err set_policy(const struct fw_request *r, const struct fw_application *a, struct fw_fax *f)
{
    if (f->retry)
        return FW_OK;
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    const json_t *policy = json_object_get(settings, "retry");
    if (json_is_object(policy))
        f->retry = json_dumps(policy, JSON_COMPACT);
    else
        return service_policy(r->config->retry, f);
    return f->retry ? FW_OK : FW_NO_MEMORY;
}

void fw_fax_check_application(struct fw_request *r, struct fw_fax *f)
{
    struct fw_application a = { 0 };
    if (!f->application[0])
        return; /* told already */
    const enum fw_err err =
        fw_store_application_get(r->config->store, r->account, f->application, &a);
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_ASSOCIATED, "/connection_id",
                        "There is no fax application with the id '%s'.", f->application);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else if (!a.active)
        fw_api_error_at(&r->errors, FW_API_CONNECTION_ID, "/connection_id",
                        "This fax application is not active.");
    else if (set_policy(r, &a, f) || fw_header_promise(&a, !r->config->no_header_line, f) || fw_cover_settle(&a, f))
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    fw_application_done(&a);
}

/* What the name stands for, or an error. */
static bool find_media(struct fw_request *r, const struct fw_fax *f, struct fw_media *ret)
{
    const enum fw_err err = fw_store_media_get(r->config->store, r->account, f->media_name,
                                               fw_wall_now(), ret);
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_ASSOCIATED, "/media_name",
                        "There is no media named '%s', or it has expired.", f->media_name);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

/* A second name of the file: what becomes of the media later does not matter to the fax. */
static enum fw_err link_media(struct fw_request *r, const struct fw_media *m, const char *folder)
{
    char from[PATH_SIZE], to[PATH_SIZE + 32];
    fw_media_path(r->config->store, m->file, from, sizeof from);
    snprintf(to, sizeof to, "%s/document-1", folder);
    if (link(from, to) == 0)
        return fw_dir_sync(folder);
    return errno == ENOENT ? FW_NOT_FOUND : FW_IO;
}

void fw_fax_check_media(struct fw_request *r, const struct fw_fax *f)
{
    struct fw_media media;
    (void)find_media(r, f, &media);
}

enum fw_err fw_fax_place(struct fw_request *r, const struct fw_fax *f, const char *folder)
{
    struct fw_media media = { 0 };
    if (!f->media_name[0])
        return r->uploads.count > 0 ? fw_uploads_move(&r->uploads, folder) : FW_OK;
    if (!find_media(r, f, &media))
        return FW_NOT_FOUND;
    enum fw_err err = link_media(r, &media, folder);
    /* Deleted or replaced this moment. */
    if (err == FW_NOT_FOUND && find_media(r, f, &media))
        err = link_media(r, &media, folder);
    return err == FW_NOT_FOUND && !r->errors.status ? FW_BUSY : err;
}

/* The documents are in place, and that is durable, before the row that tells of them is. */
enum fw_err fw_fax_place_documents(struct fw_request *r, const struct fw_fax *f, char *folder,
                                   size_t folder_size)
{
    if (f->resend_of[0]) {
        const enum fw_err made = fw_store_fax_dir_make(r->config->store, f->id, folder, folder_size);
        return made ? made : fw_fax_resend_place(r, f, folder);
    }
    if (r->uploads.count == 0 && !f->media_name[0])
        return FW_OK;
    const enum fw_err err = fw_store_fax_dir_make(r->config->store, f->id, folder, folder_size);
    return err ? err : fw_fax_place(r, f, folder);
}

static enum fw_err accept_row(struct fw_request *r, const struct fw_fax *f)
{
    struct fw_event queued = { 0 };
    struct fw_fax stored = { 0 };
    const struct fw_admission admission = fw_once_admission(r);
    enum fw_err err = fw_event_make(f, FW_EVENT_QUEUED, f->created_at, NULL, &queued);
    if (!err)
        err = fw_store_fax_admit(r->config->store, f, &queued, &admission);
    fw_event_done(&queued);
    /* A commit that failed half-way may have reached the disk; then it is accepted. */
    if (err == FW_IO && fw_store_fax_get(r->config->store, r->account, f->id, &stored) == FW_OK)
        err = FW_OK;
    fw_fax_done(&stored);
    return err;
}

/* From here on the answer is 202 or the fax does not exist: clients send again after a 5xx. So the
 * answer is made before the row. */
void fw_fax_accept(struct fw_request *r, const struct fw_fax *f)
{
    char folder[PATH_SIZE] = "";
    /* Again: what began before the stop may end in it, and one with a name was let in to be looked at. */
    if (!fw_intake_open(r, 0))
        return;
    fw_respond(r, 202, json_pack("{so}", "data", fw_stored_fax_json(r, f)));
    if (r->errors.status)
        return;
    enum fw_err err = fw_fax_place_documents(r, f, folder, sizeof folder);
    const bool placed = err == FW_OK;
    if (!err)
        err = accept_row(r, f);
    if (err && folder[0])
        fw_dir_remove(folder, 1);
    if (err == FW_NOT_FOUND && placed)
        fw_api_error_at(&r->errors, FW_API_NO_ASSOCIATED, "/connection_id",
                        "The fax application is gone.");
    else if (err && !r->errors.status)
        fw_once_refused(r, err);
    if (err)
        return;
    fw_log(FW_LOG_INFO, "fax.accepted", "fax=%s application=%s documents=%d", f->id, f->application,
           f->document_count);
    if (r->config->fax_accepted)
        r->config->fax_accepted(r->config->arg, f->id);
}

void fw_fax_begin(const struct fw_request *r, struct fw_fax *f)
{
    const struct fw_wall now = fw_wall_now();
    fw_uuid_new(now, f->id);
    f->account = r->account;
    fw_text_clip(f->user_id, sizeof f->user_id, r->user_id);
    f->created_at = f->updated_at = f->due = now;
}

static void create(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done);
    const enum fw_err err =
        fw_fax_fields_read(r->body.fields, r->body.is_form, r->uploads.count, true, &r->errors, &fax);
    if (err)
        fw_api_error_store(&r->errors, err);
    fw_fax_check_application(r, &fax);
    if (fax.media_name[0])
        fw_fax_check_media(r, &fax);
    fw_fax_check_schedule(r, &fax);
    fw_fax_check_cover(r, &fax);
    if (r->errors.status)
        return;
    fw_fax_begin(r, &fax);
    fw_fax_accept(r, &fax);
}

void fw_fax_create(struct fw_request *r)
{
    if (json_is_array(json_object_get(r->body.fields, "to"))) {
        fw_batch_create_of(r, "/to");
        return;
    }
    if (!fw_once_enter(r))
        return;
    create(r);
    fw_once_leave(r);
}

/* Finds the fax of the path, or answers 404. Ids are kept in lower case. */
bool fw_fax_find(struct fw_request *r, struct fw_fax *ret)
{
    char id[FW_UUID_SIZE];
    const enum fw_err err =
        fw_request_uuid(r, id) ? fw_store_fax_get(r->config->store, r->account, id, ret)
                               : FW_NOT_FOUND;
    if (err == FW_NOT_FOUND)
        no_fax(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

void fw_fax_get(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (fw_fax_find(r, &fax))
        fw_respond(r, 200, json_pack("{so}", "data", fw_stored_fax_whole(r, &fax)));
}

/* A cursor, not pages: `after` is the `seq` of the last event that was seen. */
static void respond_events(struct fw_request *r, const struct fw_event_page *page, int64_t after)
{
    const struct fw_link_port links = fw_link_port_of(r->links);
    json_t *data = json_array();
    for (int i = 0; i < page->count; i++) {
        json_t *event = fw_event_json(&page->items[i], &links);
        (void)json_object_set_new(event, "seq", json_integer(page->items[i].seq));
        (void)json_array_append_new(data, event);
        after = page->items[i].seq;
    }
    if (json_array_size(data) != (size_t)page->count) { /* out of memory */
        json_decref(data);
        fw_respond(r, 200, NULL);
        return;
    }
    fw_respond(r, 200,
               json_pack("{so s{si si si si sI}}", "data", data, "meta", "page_number", 1,
                         "page_size", EVENTS_MAX, "total_pages", 1, "total_results", page->count,
                         "after", (json_int_t)after));
}

void fw_fax_events(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_event_page page CLEANUP(fw_event_page_done) = { 0 };
    const char *text = fw_query_get(&r->target, "after");
    int64_t after = 0;
    if (text && !fw_text_to_i64(fw_span_of(text), 0, INT64_MAX, &after))
        fw_api_error_in(&r->errors, FW_API_BAD_PAGE, "after",
                        "'after' must be the seq of an event.");
    if (r->errors.status || !fw_fax_find(r, &fax))
        return;
    const enum fw_err err = fw_store_event_list(r->config->store, fax.id, after, EVENTS_MAX, &page);
    if (err)
        fw_api_error_store(&r->errors, err);
    else
        respond_events(r, &page, after);
}
