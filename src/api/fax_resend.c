/* POST /v2/faxes/{id}/actions/resend: a new fax of the documents of one that has ended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/request.h"
#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { PATH_SIZE = 4400 };

static const struct fw_field table[] = {
    { "to", .max = FW_NUMBER_MAX, .check = fw_check_destination, .code = FW_API_NOT_E164, .number = true },
    FW_SCHEDULE_FIELDS,
};

static int documents_of(const struct fw_fax *f)
{
    json_t *urls CLEANUP(fw_json_free) = f->media_urls ? json_loads(f->media_urls, 0, NULL) : NULL;
    return urls ? (int)json_array_size(urls) : f->document_count;
}

static void document_path(const struct fw_request *r, const struct fw_fax *fax, int document, char dst[PATH_SIZE + 32])
{
    char folder[PATH_SIZE];
    fw_store_fax_home(r->config->store, fax, folder, sizeof folder);
    snprintf(dst, PATH_SIZE + 32, "%s/document-%d", folder, document);
}

static void gone(struct fw_request *r, int document)
{
    fw_api_error_at(&r->errors, FW_API_FAX_STATE, NULL,
                    "Document %d of the fax is not here (any more), so it cannot be sent again from here; "
                    "send a new fax.", document);
}

/* Second names of the files: what becomes of the first fax later does not matter to this one. */
enum fw_err fw_fax_resend_place(struct fw_request *r, const struct fw_fax *f, const char *folder)
{
    struct fw_fax first = { 0 };
    memcpy(first.id, f->resend_of, sizeof first.id);
    memcpy(first.batch, r->resend_batch, sizeof first.batch);
    const int count = documents_of(f);
    for (int i = 1; i <= count; i++) {
        char from[PATH_SIZE + 32], to[PATH_SIZE + 32];
        document_path(r, &first, i, from);
        document_path(r, f, i, to);
        if (link(from, to) == 0)
            continue;
        if (errno != ENOENT)
            return FW_IO;
        gone(r, i);
        return FW_NOT_FOUND;
    }
    return fw_dir_sync(folder);
}

static void check_fax(struct fw_request *r, const struct fw_fax *f)
{
    if (f->direction == FW_INBOUND) {
        fw_api_error_at(&r->errors, FW_API_FAX_INBOUND, NULL, "A received fax cannot be sent again.");
        return;
    }
    if (!fw_status_final(f->status)) {
        fw_api_error_at(&r->errors, FW_API_FAX_STATE, NULL,
                        "The fax is %s; it can be sent again once it is delivered or failed.",
                        fw_status_text(f->status));
        return;
    }
    const int count = documents_of(f);
    for (int i = 1; i <= count; i++) {
        char path[PATH_SIZE + 32];
        struct stat st;
        document_path(r, f, i, path);
        if (stat(path, &st) < 0) {
            gone(r, i);
            return;
        }
    }
}

/* What was asked for, and nothing of what came of it; its times were those of then. FW_NO_MEMORY. */
static enum fw_err renew(struct fw_request *r, const json_t *values, struct fw_fax *f)
{
    memcpy(f->resend_of, f->id, sizeof f->resend_of);
    memcpy(r->resend_batch, f->batch, sizeof r->resend_batch);
    f->batch[0] = '\0';
    if (fw_field_given(values, "to"))
        fw_text_clip(f->to, sizeof f->to, fw_field_text(values, "to"));
    f->status = FW_STATUS_QUEUED;
    f->failure_reason[0] = f->failure_detail[0] = f->call[0] = '\0';
    f->page_count = f->pages_confirmed = f->first_page = f->way = f->attempts = 0;
    f->call_duration_secs = f->bit_rate = 0;
    f->modem = f->transport = -1;
    f->sending_told = f->cancel_asked = f->deleted = false;
    fw_fax_begin(r, f);
    return fw_fax_schedule_fill(values, f);
}

static void resend(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (!fw_fax_find(r, &fax))
        return;
    json_t *values CLEANUP(fw_json_free) =
        fw_fields_read(table, ARRAY_LEN(table), r->body.fields, r->body.is_form, "", &r->errors);
    if (!values)
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    if (!r->errors.status)
        check_fax(r, &fax);
    fax.cover_asked = fax.cover_page ? FW_ASKED_ON : FW_ASKED_OFF;
    fax.header_asked = fax.header ? FW_ASKED_ON : FW_ASKED_OFF;
    if (!r->errors.status)
        fw_fax_check_application(r, &fax);
    if (r->errors.status)
        return;
    if (renew(r, values, &fax))
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    else
        fw_fax_check_schedule(r, &fax);
    if (!r->errors.status)
        fw_fax_accept(r, &fax);
}

void fw_fax_resend(struct fw_request *r)
{
    if (!fw_once_enter(r))
        return;
    resend(r);
    fw_once_leave(r);
}
