/* Bodies: which form it is, and the fields it carries. */
#include "api/body.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool failed(const struct fw_body *b)
{
    return b->errors->status != 0;
}

/* The media type, without its parameters. */
static struct fw_span type_of(const char *content_type)
{
    struct fw_span s = { (const uint8_t *)content_type, strcspn(content_type, ";") };
    while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
        s.size--;
    return s;
}

static bool is_json(struct fw_span type)
{
    static const char suffix[] = "+json";
    const size_t size = sizeof suffix - 1;
    return fw_text_is_nocase(type, "application/json") ||
           (type.size > size &&
            fw_text_is_nocase((struct fw_span){ type.data + type.size - size, size }, suffix));
}

static enum fw_err part_begin(void *arg, const char *name, bool has_filename);
static enum fw_err part_data(void *arg, struct fw_span data);
static enum fw_err part_end(void *arg);
static const struct fw_multipart_port parts = { part_begin, part_data, part_end };

static void begin_multipart(struct fw_body *b, const char *content_type)
{
    char boundary[FW_MULTIPART_BOUNDARY_MAX + 1];
    b->kind = FW_BODY_MULTIPART;
    b->is_form = true;
    b->size_max = FW_BODY_BYTES_MAX;
    fw_buf_init(&b->text, FW_FORM_VALUE_MAX);
    if (!fw_header_parameter(fw_span_of(content_type), "boundary", boundary, sizeof boundary) ||
        fw_multipart_init(&b->multipart, fw_span_of(boundary), &parts, b))
        fw_api_error_at(b->errors, FW_API_BAD_REQUEST, NULL,
                        "The Content-Type multipart/form-data has no usable boundary.");
}

void fw_body_begin(struct fw_body *b, const char *content_type, struct fw_uploads *uploads,
                   struct fw_api_errors *errors)
{
    memset(b, 0, sizeof *b);
    b->errors = errors;
    b->uploads = uploads;
    b->size_max = FW_JSON_BYTES_MAX;
    b->document = "contents";
    fw_buf_init(&b->text, FW_JSON_BYTES_MAX);
    b->fields = json_object();
    if (!b->fields)
        fw_api_error_store(errors, FW_NO_MEMORY);
    const struct fw_span type = type_of(content_type ? content_type : "");
    if (type.size == 0)
        b->kind = FW_BODY_UNLABELLED;
    else if (is_json(type))
        b->kind = FW_BODY_JSON;
    else if (fw_text_is_nocase(type, "application/x-www-form-urlencoded"))
        b->kind = FW_BODY_URLENCODED;
    else if (fw_text_is_nocase(type, "multipart/form-data"))
        begin_multipart(b, content_type);
    else
        fw_api_error_at(errors, FW_API_CONTENT_TYPE, NULL,
                        "The content-type must be application/json, multipart/form-data or "
                        "application/x-www-form-urlencoded.");
}

void fw_body_expect(struct fw_body *b, const char *document, uint64_t max)
{
    b->document = document;
    b->document_max = max;
    if (b->kind == FW_BODY_MULTIPART)
        b->size_max = max + FW_JSON_BYTES_MAX; /* and the other fields */
}

void fw_body_allow(struct fw_body *b, uint64_t max)
{
    if (b->kind == FW_BODY_MULTIPART)
        return;
    b->size_max = max;
    fw_buf_init(&b->text, max); /* nothing was read */
}

static void document_error(struct fw_body *b, const char *text)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s", b->document);
    fw_api_error_at(b->errors, FW_API_UNPROCESSABLE, pointer, "'%s' %s", b->document, text);
}

static void document_too_large(struct fw_body *b)
{
    char text[64];
    snprintf(text, sizeof text, "may have at most %llu bytes.", (unsigned long long)b->document_max);
    document_error(b, text);
}

static void too_large(struct fw_body *b)
{
    if (b->kind == FW_BODY_MULTIPART && b->document_max > 0) {
        document_too_large(b);
        return;
    }
    fw_api_error_at(b->errors, FW_API_TOO_LARGE, NULL,
                    "The body of this request may have at most %llu bytes.",
                    (unsigned long long)b->size_max);
}

bool fw_body_announced(struct fw_body *b, uint64_t size)
{
    if (size > b->size_max)
        too_large(b);
    return size <= b->size_max;
}

static enum fw_err part_begin(void *arg, const char *name, bool has_filename)
{
    struct fw_body *b = arg;
    fw_text_clip(b->name, sizeof b->name, name); /* of the parser: it fits */
    b->text.size = 0;
    b->part_size = 0;
    b->part_named = has_filename;
    b->part = has_filename ? FW_PART_OTHER : FW_PART_TEXT;
    const size_t size = strlen(b->document);
    if (strncmp(name, b->document, size) == 0 && (!name[size] || strcmp(name + size, "[]") == 0))
        b->part = FW_PART_DOCUMENT;
    if (b->part == FW_PART_TEXT && ++b->field_count > FW_FORM_FIELDS_MAX)
        return FW_LIMIT;
    return b->part == FW_PART_DOCUMENT ? fw_uploads_begin(b->uploads) : FW_OK;
}

static enum fw_err part_data(void *arg, struct fw_span data)
{
    struct fw_body *b = arg;
    b->part_size += data.size;
    if (b->part == FW_PART_DOCUMENT && b->document_max > 0 && b->part_size > b->document_max) {
        document_too_large(b);
        return FW_LIMIT;
    }
    if (b->part == FW_PART_DOCUMENT)
        return fw_uploads_data(b->uploads, data);
    if (b->part == FW_PART_OTHER)
        return FW_OK;
    b->text_size += data.size;
    return b->text_size > FW_JSON_BYTES_MAX ? FW_LIMIT : fw_buf_put(&b->text, data);
}

static enum fw_err part_end(void *arg)
{
    struct fw_body *b = arg;
    if (b->part == FW_PART_DOCUMENT) {
        /* Without a name and without content it is an empty form field. */
        const bool empty = b->part_size == 0;
        if (empty && b->part_named)
            document_error(b, "is empty.");
        return fw_uploads_end(b->uploads, !empty);
    }
    return b->part == FW_PART_TEXT
               ? fw_form_put(b->fields, fw_span_of(b->name), fw_buf_span(&b->text))
               : FW_OK;
}

static void form_error(struct fw_body *b, enum fw_err err, const char *fault)
{
    if (failed(b))
        return; /* said already, and better */
    if (err == FW_PROTOCOL || (err == FW_LIMIT && fault))
        fw_api_error_at(b->errors, FW_API_BAD_REQUEST, "/", "The request is not well-formed: %s.",
                        fault);
    else if (err == FW_LIMIT)
        fw_api_error_at(
            b->errors, FW_API_TOO_LARGE, NULL,
            "Too many fields or documents, or one too large: at most %d fields of %d bytes and %d documents.",
            FW_FORM_FIELDS_MAX, FW_FORM_VALUE_MAX, FW_MEDIA_URLS_MAX);
    else if (err == FW_INVALID)
        fw_api_error_at(
            b->errors, FW_API_BAD_REQUEST, "/",
            "The request is not well-formed: a field's name or escape is malformed, a name is "
            "both a value and a list, or a text is not UTF-8.");
    else
        fw_api_error_store(b->errors, err);
}

void fw_body_read(struct fw_body *b, struct fw_span data)
{
    if (failed(b))
        return;
    b->size += data.size;
    if (b->size > b->size_max) {
        too_large(b);
        return;
    }
    const enum fw_err err = b->kind == FW_BODY_MULTIPART ? fw_multipart_read(&b->multipart, data)
                                                         : fw_buf_put(&b->text, data);
    if (err)
        form_error(b, err, b->multipart.fault);
}

static bool looks_like_json(struct fw_span body)
{
    for (size_t i = 0; i < body.size; i++) {
        if (!strchr(" \t\r\n", body.data[i]) || body.data[i] == 0)
            return body.data[i] == '{';
    }
    return false;
}

static void finish_json(struct fw_body *b)
{
    json_error_t error;
    json_t *json =
        json_loadb((const char *)b->text.data, b->text.size, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        fw_api_error_at(b->errors, FW_API_BAD_JSON, "/",
                        "The body is not valid JSON: %s (line %d, column %d).",
                        fw_text_is_utf8(fw_span_of(error.text)) ? error.text : "malformed",
                        error.line, error.column);
        return;
    }
    if (!json_is_object(json))
        fw_api_error_at(b->errors, FW_API_BAD_REQUEST, "/", "The body must be a JSON object.");
    json_decref(b->fields);
    b->fields = json;
}

void fw_body_finish(struct fw_body *b)
{
    enum fw_err err = FW_OK;
    if (failed(b))
        return;
    if (b->kind == FW_BODY_MULTIPART) {
        err = fw_multipart_finish(&b->multipart);
    } else if (b->size == 0) {
        return; /* no body at all: the required fields will be missed */
    } else if (b->kind == FW_BODY_JSON || looks_like_json(fw_buf_span(&b->text))) {
        finish_json(b);
    } else if (b->kind == FW_BODY_URLENCODED) {
        b->is_form = true;
        err = fw_urlencoded_read(fw_buf_span(&b->text), b->fields);
    } else {
        fw_api_error_at(b->errors, FW_API_CONTENT_TYPE, NULL, "The request has no content-type.");
    }
    if (err)
        form_error(b, err, b->multipart.fault);
}

void fw_body_done(struct fw_body *b)
{
    fw_buf_done(&b->text);
    json_decref(b->fields);
    b->fields = NULL;
}
