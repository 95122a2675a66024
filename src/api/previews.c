/* POST /v2/fax_previews: documents made into pages, to be looked at before they are sent.
 *
 * It takes what POST /v2/faxes takes, but needs no numbers. The pages are made by the threads that make
 * those of faxes, when no fax waits for one; so the answer is 202, and the preview is read until it is
 * ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/fax_fields.h"
#include "api/page_files.h"
#include "api/request.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/preview.h"

enum { PATH_SIZE = 4400 };

static json_t *time_json(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    fw_wall_text(at, text);
    return json_string(text);
}

static json_t *link_json(const struct fw_request *r, const struct fw_preview *p, const char *file)
{
    char path[FW_LINK_PATH_MAX + 1], url[FW_LINK_SIZE];
    snprintf(path, sizeof path, "/v2/fax_previews/%s/%s", p->id, file);
    fw_link_make(r->links, path, fw_wall_now(), url);
    return json_string(url);
}

static json_t *preview_json(const struct fw_request *r, const struct fw_preview *p)
{
    char folder[PATH_SIZE], base[FW_LINK_PATH_MAX];
    json_t *json = json_pack(
        "{ss ss ss ss ss? ss? so so}", "id", p->id, "record_type", "fax_preview", "status",
        fw_preview_state_text(p->state), "quality", fw_quality_text(p->quality), "failure_reason",
        p->failure_reason[0] ? p->failure_reason : NULL, "internal_failure_reason",
        p->failure_detail[0] ? p->failure_detail : NULL, "created_at", time_json(p->created_at), "expires_at",
        time_json(p->expires_at));
    if (!json || p->state != FW_PREVIEW_READY)
        return json;
    fw_store_preview_dir(r->config->store, p->id, folder, sizeof folder);
    snprintf(base, sizeof base, "/v2/fax_previews/%s", p->id);
    (void)json_object_set_new(json, "pdf_url", link_json(r, p, "preview.pdf"));
    (void)json_object_set_new(json, "tiff_url", link_json(r, p, "preview.tif"));
    if (fw_pages_add(r, folder, base, true, json))
        return json;
    json_decref(json);
    return NULL;
}

static enum fw_err begin(struct fw_request *r, const struct fw_fax *f, struct fw_preview *p)
{
    char folder[PATH_SIZE];
    *p = (struct fw_preview){ .account = r->account, .quality = f->quality, .created_at = f->created_at,
                              .expires_at = { f->created_at.us + FW_PREVIEW_TTL_S * INT64_C(1000000) } };
    fw_text_clip(p->id, sizeof p->id, f->id);
    enum fw_err err = fw_store_preview_begin(r->config->store, r->account, f->id, f->created_at, folder, sizeof folder);
    if (err == FW_LIMIT)
        fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL,
                        "There are %d previews already; delete one, or wait until one expires.", FW_PREVIEWS_MAX);
    if (!err)
        err = fw_fax_place(r, f, folder);
    return err ? err : fw_store_preview_put(r->config->store, p);
}

static void take(struct fw_request *r, const struct fw_fax *f)
{
    struct fw_preview p;
    enum fw_err err = begin(r, f, &p);
    if (!err)
        err = r->config->preview(r->config->arg, f, &p);
    if (err) {
        fw_store_preview_delete(r->config->store, f->id);
        if (err == FW_LIMIT && !r->errors.status)
            fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL, "Too many previews wait to be made; try again.");
        if (!r->errors.status)
            fw_api_error_store(&r->errors, err);
        return;
    }
    fw_log(FW_LOG_INFO, "preview.accepted", "preview=%s documents=%d", f->id, f->document_count);
    fw_respond(r, 202, json_pack("{so}", "data", preview_json(r, &p)));
}

/* As the fax would have it, if the request says by which application it is to be sent. */
static enum fw_err settle_cover(struct fw_request *r, struct fw_fax *f)
{
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    const enum fw_err err =
        f->application[0] ? fw_store_application_get(r->config->store, r->account, f->application, &a) : FW_NOT_FOUND;
    return err && err != FW_NOT_FOUND ? err : fw_cover_settle(err ? NULL : &a, f);
}

void fw_preview_create(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done);
    enum fw_err err = fw_fax_fields_read(r->body.fields, r->body.is_form, r->uploads.count, false, &r->errors, &fax);
    if (!err && !r->errors.status)
        err = settle_cover(r, &fax);
    if (err)
        fw_api_error_store(&r->errors, err);
    if (!r->errors.status && fax.media_name[0])
        fw_fax_check_media(r, &fax);
    fw_fax_check_cover(r, &fax);
    if (!r->errors.status && !r->config->preview)
        fw_api_error_at(&r->errors, FW_API_UNAVAILABLE, NULL, "There are no previews here.");
    if (r->errors.status || !fw_intake_open(r, 0))
        return;
    fw_fax_begin(r, &fax);
    take(r, &fax);
}

static void no_preview(struct fw_request *r, enum fw_err err)
{
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "There is no such preview, or it has expired.");
    else
        fw_api_error_store(&r->errors, err);
}

static bool find(struct fw_request *r, int64_t account, struct fw_preview *ret)
{
    char id[FW_UUID_SIZE];
    const enum fw_err err = fw_request_uuid(r, id)
                                ? fw_store_preview_get(r->config->store, account, id, fw_wall_now(), ret)
                                : FW_NOT_FOUND;
    if (err)
        no_preview(r, err);
    return err == FW_OK;
}

void fw_preview_get(struct fw_request *r)
{
    struct fw_preview p;
    if (find(r, r->account, &p))
        fw_respond(r, 200, json_pack("{so}", "data", preview_json(r, &p)));
}

void fw_preview_delete(struct fw_request *r)
{
    struct fw_preview p;
    if (!find(r, r->account, &p))
        return;
    fw_store_preview_delete(r->config->store, p.id);
    fw_respond_empty(r);
}

static void respond_whole(struct fw_request *r, const char *folder, bool is_pdf)
{
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%s", folder, is_pdf ? "preview.pdf" : "pages.tif");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        fw_respond_file(r, fd, is_pdf ? "application/pdf" : "image/tiff", is_pdf ? "preview.pdf" : "preview.tif");
    else
        no_preview(r, errno == ENOENT ? FW_NOT_FOUND : FW_IO);
}

static void respond_page(struct fw_request *r, const char *folder, const char *what)
{
    char path[PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/pages.tif", folder);
    fw_page_respond(r, (const char *const[]){ path, NULL }, fw_page_number_of(what));
}

/* By a link: its signature is the key. */
void fw_preview_file(struct fw_request *r)
{
    char folder[PATH_SIZE];
    struct fw_preview p;
    const char *what = r->arguments[1];
    if (!fw_link_allowed(r) || !find(r, 0, &p))
        return;
    fw_store_preview_dir(r->config->store, p.id, folder, sizeof folder);
    if (p.state != FW_PREVIEW_READY)
        no_preview(r, FW_NOT_FOUND);
    else if (strcmp(what, "preview.pdf") == 0 || strcmp(what, "preview.tif") == 0)
        respond_whole(r, folder, strcmp(what, "preview.pdf") == 0);
    else
        respond_page(r, folder, what);
}
