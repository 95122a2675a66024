/* Stored media: documents under a name, to be sent by it until they expire. CONTRACT 6. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/media_files.h"
#include "api/request.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { TTL_DEFAULT_S = 2 * 24 * 3600, TTL_MAX_S = 630720000, TYPES_TEXT_MAX = 1024 };

static const struct fw_field table[] = {
    { "media_url", .max = FW_URL_MAX, .check = fw_check_url, .code = FW_API_BAD_URL,
      .length_code = FW_API_BAD_URL },
    { "media_name", .max = FW_MEDIA_NAME_MAX, .check = fw_check_media_name,
      .code = FW_API_UNPROCESSABLE },
    { "ttl_secs", FW_FIELD_INT, .min = 1, .max = TTL_MAX_S },
};

static void no_media(struct fw_request *r)
{
    fw_api_error_at(&r->errors, FW_API_NO_RESOURCE, NULL,
                    "There is no media of that name, or it has expired.");
}

static json_t *media_json(const struct fw_media *m)
{
    char created[FW_TIME_TEXT_SIZE], updated[FW_TIME_TEXT_SIZE], expires[FW_TIME_TEXT_SIZE];
    fw_wall_text(m->created_at, created);
    fw_wall_text(m->updated_at, updated);
    fw_wall_text(m->expires_at, expires);
    return json_pack("{ss ss ss ss ss}", "media_name", m->name, "content_type", m->content_type,
                     "created_at", created, "updated_at", updated, "expires_at", expires);
}

/* The fields, or NULL and errors. `needed`: there must be a document. */
static json_t *read_fields(struct fw_request *r, bool needed)
{
    const struct fw_body *b = &r->body;
    const int documents = r->fetched ? 0 : r->uploads.count;
    json_t *values CLEANUP(fw_json_free) =
        fw_fields_read(table, ARRAY_LEN(table), b->fields, b->is_form, "", &r->errors);
    if (!values)
        return NULL;
    const json_t *text = json_object_get(b->fields, "media");
    const bool has_url = fw_field_given(values, "media_url");
    if (text && !json_is_null(text))
        fw_api_error_at(
            &r->errors, FW_API_UNPROCESSABLE, "/media",
            "'media' is invalid: send the document as a file part of multipart/form-data.");
    else if (documents > 1)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/media", "'media' must be one file.");
    else if (documents > 0 && has_url)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/media_url",
                        "'media_url' excludes 'media'.");
    else if (needed && documents == 0 && !has_url && !json_object_get(b->fields, "media_url"))
        fw_api_error_at(&r->errors, FW_API_MISSING, "/media_url",
                        "One of 'media_url' and 'media' is required.");
    return r->errors.status ? NULL : TAKE(values);
}

/* True: the handler returns now, and is called again once the document is here. */
static bool fetch_first(struct fw_request *r, const json_t *values)
{
    if (r->fetched || !fw_field_given(values, "media_url"))
        return false;
    r->fetch_url = strdup(fw_field_text(values, "media_url"));
    if (!r->fetch_url)
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    return true;
}

/* What the upload is and where it will lie. */
static void describe(const struct fw_request *r, struct fw_media *m)
{
    uint8_t head[FW_SNIFF_BYTES];
    const size_t size = fw_uploads_head(&r->uploads, head, sizeof head);
    fw_text_clip(m->content_type, sizeof m->content_type,
                 fw_media_sniff((struct fw_span){ head, size }));
    m->size = (int64_t)r->uploads.items[0].size;
    memcpy(m->file, r->uploads.items[0].name, sizeof m->file);
}

typedef enum fw_err write_media(struct fw_store *s, const struct fw_media *m, struct fw_wall now,
                                char ret_old_file[FW_UUID_SIZE]);

/* The file first, then its row. After FW_IO the row may have reached the disk: then the file
 * stays, and is removed at the next start when it did not. */
static enum fw_err put(struct fw_request *r, const struct fw_media *m, struct fw_wall now,
                       write_media *write)
{
    struct fw_store *store = r->config->store;
    char folder[PATH_MAX], file[FW_UUID_SIZE] = "", old_file[FW_UUID_SIZE] = "";
    enum fw_err err = FW_OK;
    fw_store_media_dir(store, folder, sizeof folder);
    if (r->uploads.count > 0)
        err = fw_uploads_move_one(&r->uploads, folder, file);
    if (!err)
        err = write(store, m, now, old_file);
    if (err && err != FW_IO)
        fw_media_remove(store, file);
    if (!err)
        fw_media_remove(store, old_file);
    return err;
}

static void taken(struct fw_request *r, const char *name)
{
    fw_api_error_at(&r->errors, FW_API_DUPLICATE, "/media_name",
                    "There is media named '%s' already; PUT replaces it.", name);
}

static void create(struct fw_request *r, struct fw_media *m, int64_t ttl_s)
{
    const struct fw_wall now = fw_wall_now();
    m->created_at = m->updated_at = now;
    m->expires_at.us = now.us + ttl_s * 1000000;
    describe(r, m);
    if (!m->name[0])
        memcpy(m->name, m->file, sizeof m->file);
    fw_respond(r, 201, json_pack("{so}", "data", media_json(m)));
    if (r->errors.status)
        return;
    const enum fw_err err = put(r, m, now, fw_store_media_create);
    if (err == FW_CONFLICT)
        taken(r, m->name);
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        fw_log(FW_LOG_INFO, "media.created", "file=%s bytes=%lld type=%s", m->file,
               (long long)m->size, m->content_type);
}

void fw_media_create(struct fw_request *r)
{
    struct fw_media m = { .account = r->account }, other;
    json_t *values CLEANUP(fw_json_free) = read_fields(r, true);
    if (!values) {
        if (!r->errors.status)
            fw_api_error_store(&r->errors, FW_NO_MEMORY);
        return;
    }
    fw_assert(fw_text_copy(m.name, sizeof m.name, fw_span_of(fw_field_text(values, "media_name"))));
    /* Before a long download. */
    if (m.name[0] && fw_store_media_get(r->config->store, r->account, m.name, fw_wall_now(),
                                        &other) == FW_OK)
        taken(r, m.name);
    if (!r->errors.status && !fetch_first(r, values))
        create(r, &m, fw_field_int(values, "ttl_secs", TTL_DEFAULT_S));
}

/* Finds the media of the path, or answers 404. */
static bool find(struct fw_request *r, struct fw_wall now, struct fw_media *ret)
{
    const enum fw_err err =
        fw_store_media_get(r->config->store, r->account, r->arguments[0], now, ret);
    if (err == FW_NOT_FOUND)
        no_media(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    return err == FW_OK;
}

static void update(struct fw_request *r, struct fw_media *m, const json_t *values)
{
    const struct fw_wall now = fw_wall_now();
    const bool has_document = r->uploads.count > 0;
    m->updated_at = now;
    if (has_document)
        describe(r, m);
    if (has_document || fw_field_given(values, "ttl_secs"))
        m->expires_at.us = now.us + fw_field_int(values, "ttl_secs", TTL_DEFAULT_S) * 1000000;
    fw_respond(r, 200, json_pack("{so}", "data", media_json(m)));
    if (!has_document)
        m->file[0] = '\0';
    if (r->errors.status)
        return;
    const enum fw_err err = put(r, m, now, fw_store_media_update);
    if (err == FW_NOT_FOUND)
        no_media(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
}

void fw_media_update(struct fw_request *r)
{
    struct fw_media m;
    if (!find(r, fw_wall_now(), &m))
        return;
    json_t *values CLEANUP(fw_json_free) = read_fields(r, false);
    if (!values) {
        if (!r->errors.status)
            fw_api_error_store(&r->errors, FW_NO_MEMORY);
        return;
    }
    if (!fetch_first(r, values))
        update(r, &m, values);
}

void fw_media_get(struct fw_request *r)
{
    struct fw_media m;
    if (find(r, fw_wall_now(), &m))
        fw_respond(r, 200, json_pack("{so}", "data", media_json(&m)));
}

void fw_media_delete(struct fw_request *r)
{
    char old_file[FW_UUID_SIZE] = "";
    const enum fw_err err = fw_store_media_delete(r->config->store, r->account, r->arguments[0],
                                                  fw_wall_now(), old_file);
    if (err == FW_NOT_FOUND)
        no_media(r);
    else if (err)
        fw_api_error_store(&r->errors, err);
    if (err)
        return;
    fw_media_remove(r->config->store, old_file);
    fw_respond_empty(r);
}

void fw_media_download(struct fw_request *r)
{
    struct fw_media m;
    char path[PATH_MAX];
    if (!find(r, fw_wall_now(), &m))
        return;
    fw_media_path(r->config->store, m.file, path, sizeof path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        fw_respond_file(r, fd, "application/octet-stream", m.name);
    } else if (errno == ENOENT) {
        no_media(r); /* deleted or replaced this moment */
    } else {
        fw_log(FW_LOG_ERROR, "media.unreadable", "file=%s error=%s", m.file, strerror(errno));
        fw_api_error_store(&r->errors, FW_IO);
    }
}

/* filter[content_type], …[], …[0]: each one type or several joined by commas. */
static void read_types(struct fw_request *r, const char *name, const char *value,
                       char text[TYPES_TEXT_MAX], size_t *used, struct fw_media_filter *f)
{
    while (*value) {
        const size_t size = strcspn(value, ",");
        if (f->count == FW_MEDIA_TYPES_MAX || *used + size + 1 > TYPES_TEXT_MAX) {
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "These are too many types.");
            return;
        }
        if (size > 0) {
            memcpy(text + *used, value, size);
            text[*used + size] = '\0';
            f->types[f->count++] = text + *used;
            *used += size + 1;
        }
        value += size + (value[size] == ',');
    }
}

void fw_media_list(struct fw_request *r)
{
    char text[TYPES_TEXT_MAX];
    size_t used = 0;
    struct fw_media_filter filter = { 0 };
    struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    /* Clients do not page through this list: as much as one page can hold, unless asked. */
    if (!fw_query_get(&r->target, "page[size]") && !fw_query_get(&r->target, "page_size"))
        paging.size = FW_LIST_PAGE_MAX;
    for (int i = 0; i < r->target.query_count; i++) {
        const char *name = r->target.query[i].name;
        if (fw_text_starts(name, "filter[content_type]"))
            read_types(r, name, r->target.query[i].value, text, &used, &filter);
        else if (fw_text_starts(name, "filter"))
            fw_api_error_in(&r->errors, FW_API_BAD_FILTER, name, "There is no such filter.");
    }
    if (r->errors.status)
        return;
    struct fw_media_page page CLEANUP(fw_media_page_done) = { 0 };
    const enum fw_err err = fw_store_media_list(r->config->store, r->account, fw_wall_now(),
                                                &filter, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, media_json(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}
