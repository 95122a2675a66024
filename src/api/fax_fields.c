/* The fields of a fax to be sent. */
#include "api/fax_fields.h"

#include <string.h>

#include "api/fields.h"
#include "base/text.h"
#include "page/range.h"
#include "http/http.h"

enum { BLACK_THRESHOLD_DEFAULT = 95, E164_DIGITS_MIN = 2, E164_DIGITS_MAX = 15 };

/* ITU-T E.164 clause 6: country code and number, at most 15 digits, no leading 0. */
const char *fw_check_e164(const char *text)
{
    const size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    if (digits < E164_DIGITS_MIN || digits > E164_DIGITS_MAX || text[1 + digits] != '\0' ||
        text[1] == '0')
        return "must be in +E.164 format, e.g. +13125550100";
    return NULL;
}

/* RFC 3261 clause 25.1, only as far as nothing in it can end the URI where it will stand. */
static bool sip_uri_ok(const char *text)
{
    if (!fw_text_starts(text, "sip:") && !fw_text_starts(text, "sips:"))
        return false;
    const char *user = strchr(text, ':') + 1;
    const char *at = strchr(user, '@');
    const char *host = at ? at + 1 : user;
    for (const char *p = text; *p; p++) {
        if (*p <= ' ' || *p >= 0x7F || strchr("<>\"\\^`{|},?", *p))
            return false;
    }
    return at != user && host[0] != '\0' && !strchr(host, '@') && !strchr(":;", host[0]);
}

const char *fw_check_destination(const char *text)
{
    if (!fw_check_e164(text) || sip_uri_ok(text))
        return NULL;
    return "must be in +E.164 format, e.g. +13125550100, or a SIP URI";
}

const char *fw_check_url(const char *text)
{
    return fw_http_url_fault(text);
}

static const char *check_display_name(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_~!.+";
    return text[strspn(text, allowed)] ? "may have letters, digits, spaces and -_~!.+ only" : NULL;
}

const char *fw_check_base64(const char *text)
{
    return fw_text_is_base64(fw_span_of(text)) ? NULL : "must be valid base64";
}

const char *fw_check_application(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < FW_NUMERIC_ID_SIZE && text[digits] == '\0'
               ? NULL
               : "must be the id of a fax application";
}

const char *fw_check_subaddress(const char *text)
{
    return fw_text_is_subaddress(text) ? NULL : "must be 1 to 20 digits, '*', '#' and spaces";
}

static const char *const qualities[] = {
#define X(name, text) text,
    FW_QUALITIES(X)
#undef X
        NULL
};
static const char *const priorities[] = {
#define X(name, text) text,
    FW_PRIORITIES(X)
#undef X
        NULL
};
static const char *check_pages(const char *text)
{
    struct fw_page_ranges ranges;
    return fw_page_ranges_parse(text, &ranges) ? NULL : "must be pages of a document, such as 1-5 or 2,4,7-";
}

static const char *check_email(const char *text)
{
    return fw_text_is_email(text) ? NULL : "must be an e-mail address";
}

/* RFC 5322 clause 3.6.4, only as far as it can stand in a header of ours. */
static const char *check_message_id(const char *text)
{
    const size_t size = strlen(text);
    bool good = size > 2 && text[0] == '<' && text[size - 1] == '>';
    for (size_t i = 1; good && i + 1 < size; i++)
        good = text[i] > ' ' && text[i] < 0x7f && text[i] != '<' && text[i] != '>';
    return good ? NULL : "must be a Message-ID in angle brackets";
}

static const char *const formats[] = { "pdf", "tiff", NULL };

static const struct fw_field table[] = {
    { "connection_id", .required = true, .check = fw_check_application, .code = FW_API_CONNECTION_ID },
    { "to", .required = true, .max = FW_NUMBER_MAX, .check = fw_check_destination,
      .code = FW_API_NOT_E164, .number = true },
    { "from", .required = true, .max = FW_NUMBER_MAX, .check = fw_check_e164,
      .code = FW_API_NOT_E164, .number = true },
    { "from_display_name", .max = FW_DISPLAY_NAME_MAX, .check = check_display_name,
      .code = FW_API_UNPROCESSABLE },
    { "media_url", FW_FIELD_TEXTS, .max = FW_MEDIA_URLS_MAX, .check = fw_check_url,
      .code = FW_API_BAD_URL, .length_code = FW_API_BAD_URL, .urls = true },
    { "media_name", .max = FW_MEDIA_NAME_MAX },
    { "pages", FW_FIELD_TEXTS, .max = FW_MEDIA_URLS_MAX, .check = check_pages,
      .code = FW_API_UNPROCESSABLE },
    { "command_id", .max = FW_COMMAND_ID_MAX },
    { "quality", .choices = qualities },
    { "t38_enabled", FW_FIELD_BOOL },
    { "monochrome", FW_FIELD_BOOL },
    { "black_threshold", FW_FIELD_INT, .min = 1, .max = 100 },
    { "store_media", FW_FIELD_BOOL },
    { "store_preview", FW_FIELD_BOOL },
    { "preview_format", .choices = formats },
    { "webhook_url", .max = FW_URL_MAX, .check = fw_check_url, .code = FW_API_BAD_URL,
      .length_code = FW_API_BAD_URL },
    { "priority", .choices = priorities },
    FW_SCHEDULE_FIELDS,
    { "retry", FW_FIELD_RETRY },
    { "trace", FW_FIELD_BOOL },
    { "header_line", FW_FIELD_BOOL },
    { "subaddress", .check = fw_check_subaddress, .code = FW_API_UNPROCESSABLE },
    { "metadata", FW_FIELD_METADATA },
    { "result_email", .check = check_email, .code = FW_API_BAD_EMAIL },
    { "result_email_in_reply_to", .max = FW_MESSAGE_ID_MAX, .check = check_message_id,
      .code = FW_API_UNPROCESSABLE },
    { "cover_page", FW_FIELD_OBJECT, .fields = fw_cover_fields, .field_count = FW_COVER_FIELDS,
      .off = true },
    { "client_state", .max = FW_CLIENT_STATE_MAX, .check = fw_check_base64,
      .code = FW_API_CLIENT_STATE },
};

/* Rules that more than one field has a part in. `fields` is as it came: a document that was given
 * wrongly is not missing as well. */
static void check_together(const json_t *fields, const json_t *values, int documents,
                           struct fw_api_errors *errors)
{
    const json_t *urls = json_object_get(values, "media_url");
    const bool has_url = urls != NULL, has_name = fw_field_given(values, "media_name");
    const bool asks_name = has_name || (json_object_get(fields, "media_name") &&
                                        !fw_field_cleared(fields, "media_name"));
    const json_t *text = json_object_get(fields, "contents");
    const bool has_text = text && !json_is_null(text) && documents == 0;
    if (has_text)
        fw_api_error_at(
            errors, FW_API_UNPROCESSABLE, "/contents",
            "'contents' is invalid: send the document as a file part of multipart/form-data.");
    else if (!has_url && !asks_name && documents == 0)
        fw_api_error_at(errors, FW_API_MISSING, "/media_url",
                        "One of 'media_url', 'media_name' and 'contents' is required.");
    if (has_url && json_array_size(urls) == 0 && errors->status == 0)
        fw_api_error_at(errors, FW_API_MISSING, "/media_url", "'media_url' is an empty list.");
    if (has_name && (has_url || documents > 0))
        fw_api_error_at(errors, FW_API_UNPROCESSABLE, "/media_name",
                        "'media_name' excludes 'media_url' and 'contents'.");
    if (has_name && fw_field_bool(values, "store_media", false))
        fw_api_error_at(errors, FW_API_UNPROCESSABLE, "/store_media",
                        "'store_media' excludes 'media_name': that document is stored already.");
    if (json_array_size(json_object_get(values, "pages")) >
        (has_url ? json_array_size(urls) : has_name ? 1 : (size_t)documents))
        fw_api_error_at(errors, FW_API_UNPROCESSABLE, "/pages",
                        "'pages' has more entries than there are documents.");
    if (has_url && documents > 0)
        fw_api_error_at(errors, FW_API_UNPROCESSABLE, "/media_url",
                        "'media_url' excludes 'contents'.");
    /* The default is harmless, and clients that send all their defaults send it. */
    if (fw_field_int(values, "black_threshold", BLACK_THRESHOLD_DEFAULT) !=
            BLACK_THRESHOLD_DEFAULT &&
        !fw_field_bool(values, "monochrome", false))
        fw_api_error_at(errors, FW_API_UNPROCESSABLE, "/black_threshold",
                        "'black_threshold' needs 'monochrome' to be true.");
}

static void copy(char *dst, size_t dst_size, const json_t *values, const char *name)
{
    fw_assert(fw_text_copy(dst, dst_size, fw_span_of(fw_field_text(values, name))));
}

/* A text of its own, or NULL when it is not given. */
static enum fw_err own(const json_t *values, const char *name, char **ret)
{
    *ret = fw_field_given(values, name) ? strdup(fw_field_text(values, name)) : NULL;
    return fw_field_given(values, name) && !*ret ? FW_NO_MEMORY : FW_OK;
}

static enum fw_err fill(const json_t *values, int documents, struct fw_fax *f)
{
    copy(f->application, sizeof f->application, values, "connection_id");
    copy(f->to, sizeof f->to, values, "to");
    copy(f->from, sizeof f->from, values, "from");
    copy(f->from_display_name, sizeof f->from_display_name, values, "from_display_name");
    copy(f->webhook_url, sizeof f->webhook_url, values, "webhook_url");
    f->quality = FW_QUALITY_HIGH;
    if (fw_field_given(values, "quality") &&
        !fw_quality_parse(fw_field_text(values, "quality"), &f->quality))
        return FW_INVALID;
    f->t38_enabled = fw_field_bool(values, "t38_enabled", true);
    f->monochrome = fw_field_bool(values, "monochrome", false);
    f->black_threshold = (int)fw_field_int(values, "black_threshold", BLACK_THRESHOLD_DEFAULT);
    f->store_media = fw_field_bool(values, "store_media", false);
    f->store_preview = fw_field_bool(values, "store_preview", false);
    f->trace = fw_field_bool(values, "trace", false);
    copy(f->subaddress, sizeof f->subaddress, values, "subaddress");
    if (fw_field_given(values, "header_line"))
        f->header_asked = fw_field_bool(values, "header_line", false) ? FW_ASKED_ON : FW_ASKED_OFF;
    f->priority = FW_PRIORITY_NORMAL;
    if (fw_field_given(values, "priority") && !fw_priority_parse(fw_field_text(values, "priority"), &f->priority))
        return FW_INVALID;
    if (fw_field_given(values, "retry") && !(f->retry = json_dumps(json_object_get(values, "retry"), JSON_COMPACT)))
        return FW_NO_MEMORY;
    const json_t *metadata = json_object_get(values, "metadata");
    if (json_object_size(metadata) > 0 && !(f->metadata = json_dumps(metadata, JSON_COMPACT)))
        return FW_NO_MEMORY;
    const enum fw_err err = fw_fax_schedule_fill(values, f);
    if (err)
        return err;
    f->preview_pdf = strcmp(fw_field_text(values, "preview_format"), "pdf") == 0;
    copy(f->media_name, sizeof f->media_name, values, "media_name");
    f->document_count = f->media_name[0] ? 1 : documents;
    const json_t *urls = json_object_get(values, "media_url");
    if (urls && !(f->media_urls = json_dumps(urls, JSON_COMPACT)))
        return FW_NO_MEMORY;
    const json_t *pages = json_object_get(values, "pages");
    if (json_array_size(pages) > 0 && !(f->page_ranges = json_dumps(pages, JSON_COMPACT)))
        return FW_NO_MEMORY;
    if (own(values, "client_state", &f->client_state) || own(values, "result_email", &f->result_email) ||
        own(values, "result_email_in_reply_to", &f->result_reference))
        return FW_NO_MEMORY;
    return fw_cover_fill(json_object_get(values, "cover_page"), f);
}

enum fw_err fw_fax_fields_read(const json_t *fields, bool is_form, int documents, bool sent,
                               struct fw_api_errors *errors, struct fw_fax *ret)
{
    *ret = (struct fw_fax){ .modem = -1, .transport = -1, .status = FW_STATUS_QUEUED };
    struct fw_field wanted[ARRAY_LEN(table)];
    memcpy(wanted, table, sizeof table);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        wanted[i].required = wanted[i].required && sent;
    json_t *values = fw_fields_read(wanted, ARRAY_LEN(wanted), fields, is_form, "", errors);
    if (!values)
        return FW_NO_MEMORY;
    check_together(fields, values, documents, errors);
    const enum fw_err err = errors->status == 0 ? fill(values, documents, ret) : FW_OK;
    /* What is right is looked up even when something else is wrong: all faults in one answer. */
    if (errors->status != 0)
        copy(ret->application, sizeof ret->application, values, "connection_id");
    json_decref(values);
    return err;
}
