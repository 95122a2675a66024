/* What is kept of a fax for its owner to fetch: the documents as they came, and its exact pages. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/links.h"
#include "api/media_files.h"
#include "api/page_files.h"
#include "api/request.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { NAME_SIZE = 32 };

/* The last part of its path. */
static const char *received_name(const struct fw_fax *f)
{
    return f->media_format == FW_FORMAT_PDF ? "received.pdf" : "received.tif";
}

/* The file in the folder of the fax that `what` stands for; false when it is none of its. */
static bool file_of(const struct fw_fax *f, const char *what, char dst[NAME_SIZE])
{
    uint64_t number;
    dst[0] = '\0';
    if (f->direction == FW_INBOUND) {
        if (f->status == FW_STATUS_RECEIVED && strcmp(what, received_name(f)) == 0)
            fw_text_clip(dst, NAME_SIZE, fw_fax_received_file(f));
    } else if (f->store_preview && strcmp(what, f->preview_pdf ? "preview.pdf" : "preview.tif") == 0)
        fw_text_clip(dst, NAME_SIZE, f->preview_pdf ? "preview.pdf" : "pages.tif");
    else if (f->store_media && fw_text_starts(what, "media-") && what[6] != '0' &&
             fw_text_to_u64(fw_span_of(what + 6), FW_MEDIA_URLS_MAX, &number))
        snprintf(dst, NAME_SIZE, "document-%d", (int)number);
    return dst[0] != '\0';
}

static int open_file(const struct fw_store *s, const struct fw_fax *f, const char *what)
{
    char folder[PATH_MAX - NAME_SIZE - 1], path[PATH_MAX], file[NAME_SIZE];
    errno = ENOENT;
    if (!file_of(f, what, file))
        return -1;
    fw_store_fax_home(s, f, folder, sizeof folder);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* A link to it, or null as long as there is no such file. */
static json_t *link_to(const struct fw_request *r, const struct fw_fax *f, const char *what)
{
    char path[FW_LINK_PATH_MAX + 1], url[FW_LINK_SIZE];
    int fd CLEANUP(fw_fd_close) = open_file(r->config->store, f, what);
    if (fd < 0)
        return json_null();
    snprintf(path, sizeof path, "/v2/stored/%s/%s", f->id, what);
    fw_link_make(r->links, path, fw_wall_now(), url);
    return json_string(url);
}

/* As media_url is shown: a text, or a list when there were several. */
static json_t *media_links(const struct fw_request *r, const struct fw_fax *f)
{
    json_t *urls CLEANUP(fw_json_free) = f->media_urls ? json_loads(f->media_urls, 0, NULL) : NULL;
    const int count = urls ? (int)json_array_size(urls) : f->document_count;
    if (count <= 1)
        return link_to(r, f, "media-1");
    json_t *list = json_array();
    for (int i = 1; i <= count && i <= FW_MEDIA_URLS_MAX; i++) {
        char what[NAME_SIZE];
        snprintf(what, sizeof what, "media-%d", i);
        json_t *link = link_to(r, f, what);
        if (json_is_null(link)) { /* all, or nothing yet */
            json_decref(list);
            return link;
        }
        (void)json_array_append_new(list, link);
    }
    return list;
}

json_t *fw_stored_fax_json(const struct fw_request *r, const struct fw_fax *f)
{
    json_t *json = fw_fax_json(f);
    if (json && f->direction == FW_INBOUND) {
        (void)json_object_set_new(json, "media_url", link_to(r, f, received_name(f)));
        return json;
    }
    if (json && f->store_media)
        (void)json_object_set_new(json, "stored_media_url", media_links(r, f));
    if (json && f->store_preview)
        (void)json_object_set_new(json, "preview_url",
                                  link_to(r, f, f->preview_pdf ? "preview.pdf" : "preview.tif"));
    return json;
}

/* The folder with its pages; false while a received fax is not whole. */
static bool pages_folder(const struct fw_request *r, const struct fw_fax *f, char *dst, size_t dst_size)
{
    fw_store_fax_dir(r->config->store, f->id, dst, dst_size);
    return f->direction == FW_OUTBOUND || f->status == FW_STATUS_RECEIVED;
}

json_t *fw_stored_fax_whole(const struct fw_request *r, const struct fw_fax *f)
{
    char folder[PATH_MAX], link[FW_LINK_PATH_MAX + 1];
    json_t *json = fw_stored_fax_json(r, f);
    snprintf(link, sizeof link, "/v2/stored/%s", f->id);
    if (json && (!pages_folder(r, f, folder, sizeof folder) || !fw_pages_add(r, folder, link, false, json))) {
        (void)json_object_set_new(json, "pages", json_null());
        (void)json_object_set_new(json, "warnings", json_array());
    }
    if (json && !fw_fax_place_add(r, f, json)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static void respond_page(struct fw_request *r, const struct fw_fax *f, const char *what)
{
    enum { FOLDER_SIZE = PATH_MAX - NAME_SIZE };
    char folder[FOLDER_SIZE], whole[PATH_MAX], kept[PATH_MAX], call[PATH_MAX] = "";
    const bool is_whole = pages_folder(r, f, folder, sizeof folder);
    const uint32_t number = fw_page_number_of(what);
    snprintf(whole, sizeof whole, "%s/pages.tif", folder);
    snprintf(kept, sizeof kept, "%s/call.tif", folder);
    if (is_whole || number > (uint32_t)f->pages_confirmed) {
        fw_page_respond(r, (const char *const[]){ whole, NULL }, is_whole ? number : 0);
        return;
    }
    /* Page by page as they are confirmed: the file goes this way, and is met wherever it is by then. */
    fw_store_spool_path(r->config->store, f->modem, f->call, ".tif", call, sizeof call);
    fw_page_respond(r, (const char *const[]){ call, kept, whole, NULL }, number);
}

void fw_fax_page_get(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (fw_fax_find(r, &fax))
        respond_page(r, &fax, r->arguments[1]);
}

static void respond(struct fw_request *r, const struct fw_fax *f, const char *what)
{
    if (fw_text_starts(what, "page-")) {
        respond_page(r, f, what);
        return;
    }
    char name[FW_UUID_SIZE + NAME_SIZE];
    uint8_t head[FW_SNIFF_BYTES];
    const int fd = open_file(r->config->store, f, what);
    if (fd < 0 && errno == ENOENT) {
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The file is no longer there.");
        return;
    }
    const ssize_t size = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    snprintf(name, sizeof name, "%s-%s", f->id, what);
    if (fd >= 0)
        fw_respond_file(r, fd, fw_media_sniff((struct fw_span){ head, size > 0 ? (size_t)size : 0 }),
                        name);
    else
        fw_api_error_store(&r->errors, FW_IO);
}

bool fw_link_allowed(struct fw_request *r)
{
    char path[FW_LINK_PATH_MAX + 1];
    const char *id = r->arguments[0], *what = r->arguments[1];
    const int prefix = (int)strcspn(r->route->pattern, "{");
    enum fw_link_state state = FW_LINK_FORGED;
    const int size = snprintf(path, sizeof path, "%.*s%s/%s", prefix, r->route->pattern, id, what);
    if (fw_uuid_valid(id) && !strchr(what, '/') && size > 0 && (size_t)size < sizeof path)
        state = fw_link_check(r->links, path, fw_query_get(&r->target, "expires"),
                              fw_query_get(&r->target, "signature"), fw_wall_now());
    if (state != FW_LINK_GOOD)
        fw_api_error_at(&r->errors, FW_API_FORBIDDEN, NULL,
                        state == FW_LINK_EXPIRED
                            ? "This link has expired; read the fax again for a new one."
                            : "This is not a link of ours: it must be used exactly as it was given.");
    return state == FW_LINK_GOOD;
}

void fw_stored_get(struct fw_request *r)
{
    const char *id = r->arguments[0], *what = r->arguments[1];
    if (!fw_link_allowed(r))
        return;
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    const enum fw_err err = fw_store_fax_get(r->config->store, 0, id, &fax);
    if (err == FW_NOT_FOUND || fax.deleted)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The fax is no longer there.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        respond(r, &fax, what);
}
