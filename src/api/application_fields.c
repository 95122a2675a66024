/* The fields of an application as a table, and what becomes of them. What the service itself uses has columns; the
 * rest is kept as one JSON object and echoed. */
#include "api/application_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "base/text.h"
#include "base/zone.h"
#include "fax/fax_json.h"
#include "fax/header_line.h"
#include "fax/hours.h"

enum {
    CHANNELS_MAX = 100000,
    TAGS_MAX = 20,
    TIMEOUT_MAX_S = 30,
    RULES_MAX = 200, HOURS_MAX = 20, PATTERN_MAX = 24, EMAIL_SIZE = 300, DAYS_MAX = 36500,
};

static const char *check_id(const char *text)
{
    return fw_check_application(text) ? "must be a numeric id" : NULL;
}

/* RFC 1035 clause 2.3.1: one label. */
static const char *check_label(const char *text)
{
    const size_t size =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return text[size] == '\0' && text[0] != '-' && text[size - 1] != '-'
               ? NULL
               : "must be one label of a domain name";
}

static const char *check_email(const char *text)
{
    return fw_text_is_email(text) ? NULL : "must be an e-mail address";
}

static const char *check_ident(const char *text)
{
    return fw_ident_ok(text) ? NULL : "must be 1 to 20 digits, letters, spaces and '+'";
}

static const char *check_zone(const char *text)
{
    struct fw_zone zone;
    return fw_zone_read(text, &zone) == FW_OK ? NULL : "must be the name of a time zone, such as Europe/Berlin";
}

static const char *const sites[] = {
    "Latency",
    "Chicago, IL",
    "Ashburn, VA",
    "San Jose, CA",
    "Sydney, Australia",
    "Amsterdam, Netherlands",
    "London, UK",
    "Toronto, Canada",
    "Vancouver, Canada",
    "Frankfurt, Germany",
    NULL,
};
static const char *const receive_settings[] = { "only_my_connections", "from_anyone", NULL };

static const char *const media_formats[] = { "pdf", "tiff", NULL };
static const char *const refusals[] = { "unavailable", "busy", "declined", "unallocated", NULL };

/* A number or the beginning of one, with a '*' at its end. */
static const char *check_pattern(const char *text)
{
    const size_t size = strlen(text), digits = strspn(text, "+0123456789 -.()");
    const bool whole = digits == size || (digits == size - 1 && text[digits] == '*');
    return size > 0 && size <= PATTERN_MAX && whole ? NULL : "must be a number, or the beginning of one and '*'";
}

static const char *check_hours(const char *text)
{
    struct fw_hours hours;
    if (!fw_hours_parse(text, &hours))
        return "must be like 'mon-fri 08:00-18:00' or 'fri-sat 22:00-06:00 Europe/Berlin'";
    if (hours.zone[0] && check_zone(hours.zone))
        return "must end in the name of a time zone, such as Europe/Berlin, or in none";
    return NULL;
}

#define URL_FIELD                                                                                  \
    .max = FW_URL_MAX, .check = fw_check_url, .code = FW_API_BAD_URL, .length_code = FW_API_BAD_URL

static const struct fw_field inbound[] = {
    { "channel_limit", FW_FIELD_INT, .min = 0, .max = CHANNELS_MAX },
    { "sip_subdomain", .max = 63, .check = check_label, .code = FW_API_UNPROCESSABLE },
    { "sip_subdomain_receive_settings", .choices = receive_settings },
    { "media_format", .choices = media_formats },
    { "catch_all", FW_FIELD_BOOL },
    { "forward_command", .max = FW_FORWARD_NAME_MAX },
    { "forward_url", URL_FIELD },
    { "answer_callers", FW_FIELD_TEXTS, .max = RULES_MAX, .check = check_pattern, .code = FW_API_UNPROCESSABLE },
    { "refuse_callers", FW_FIELD_TEXTS, .max = RULES_MAX, .check = check_pattern, .code = FW_API_UNPROCESSABLE },
    { "answer_idents", FW_FIELD_TEXTS, .max = RULES_MAX, .check = check_pattern, .code = FW_API_UNPROCESSABLE },
    { "refuse_idents", FW_FIELD_TEXTS, .max = RULES_MAX, .check = check_pattern, .code = FW_API_UNPROCESSABLE },
    { "hours", FW_FIELD_TEXTS, .max = HOURS_MAX, .check = check_hours, .code = FW_API_UNPROCESSABLE },
    { "hours_utc_offset_minutes", FW_FIELD_INT, .min = -12 * 60, .max = 14 * 60 },
    { "refuse_with", .choices = refusals },
    { "trace", FW_FIELD_BOOL },
    { "page_events", FW_FIELD_BOOL },
    { "subaddress_tags", FW_FIELD_MAP, .max = FW_TAG_MAX, .check = fw_check_subaddress },
    { "barcodes", FW_FIELD_BOOL },
};
/* An address, or '@' and a domain, whose addresses all may. */
static const char *check_sender(const char *text)
{
    char whole[EMAIL_SIZE];
    const int size = snprintf(whole, sizeof whole, "%s%s", text[0] == '@' ? "any" : "", text);
    return size > 0 && (size_t)size < sizeof whole && fw_text_is_email(whole)
               ? NULL : "must be an e-mail address, or '@' and a domain";
}

static const struct fw_field email_to_fax[] = {
    { "senders", FW_FIELD_TEXTS, .max = RULES_MAX, .check = check_sender, .code = FW_API_UNPROCESSABLE },
};
static const struct fw_field retention[] = {
    { "inbound_days", FW_FIELD_INT, .min = 0, .max = DAYS_MAX },
    { "outbound_days", FW_FIELD_INT, .min = 0, .max = DAYS_MAX },
    { "delete_records", FW_FIELD_BOOL },
};
static const struct fw_field outbound[] = {
    { "channel_limit", FW_FIELD_INT, .min = 0, .max = CHANNELS_MAX },
    { "outbound_voice_profile_id", .check = check_id, .code = FW_API_UNPROCESSABLE },
};
static const struct fw_field table[] = {
    { "application_name", .required = true, .max = FW_TEXT_SIZE - 1 },
    { "webhook_event_url", .required = true, URL_FIELD },
    { "webhook_event_failover_url", URL_FIELD },
    { "webhook_timeout_secs", FW_FIELD_INT, .min = 0, .max = TIMEOUT_MAX_S },
    { "active", FW_FIELD_BOOL },
    { "anchorsite_override", .choices = sites },
    { "inbound", FW_FIELD_OBJECT, .fields = inbound, .field_count = ARRAY_LEN(inbound) },
    { "outbound", FW_FIELD_OBJECT, .fields = outbound, .field_count = ARRAY_LEN(outbound) },
    { "email_to_fax", FW_FIELD_OBJECT, .fields = email_to_fax, .field_count = ARRAY_LEN(email_to_fax) },
    { "retention", FW_FIELD_OBJECT, .fields = retention, .field_count = ARRAY_LEN(retention) },
    { "tags", FW_FIELD_TEXTS, .max = TAGS_MAX },
    { "retry", FW_FIELD_RETRY },
    { "cover_page", FW_FIELD_OBJECT, .fields = fw_cover_fields, .field_count = FW_COVER_FIELDS },
    { "fax_ident", .check = check_ident, .code = FW_API_UNPROCESSABLE },
    { "header_line", FW_FIELD_BOOL },
    { "header_text", .check = fw_header_text_fault, .code = FW_API_UNPROCESSABLE },
    { "header_time_zone", .check = check_zone, .code = FW_API_UNPROCESSABLE },
};

/* Only a change has these. */
static const struct fw_field change_only[] = {
    { "fax_email_recipient", .check = check_email, .code = FW_API_BAD_EMAIL },
};

/* What a setting becomes when it is taken away. */
static const struct {
    const char *section, *name, *otherwise;
} settings_table[] = {
    { NULL, "anchorsite_override", "Latency" },
    { NULL, "fax_email_recipient", NULL },
    { NULL, "retry", NULL },
    { NULL, "fax_ident", NULL },
    { NULL, "cover_page", NULL },
    { NULL, "header_line", NULL },
    { NULL, "header_text", NULL },
    { NULL, "header_time_zone", NULL },
    { "inbound", "channel_limit", NULL },
    { "inbound", "sip_subdomain", NULL },
    { "inbound", "sip_subdomain_receive_settings", "from_anyone" },
    { "inbound", "media_format", NULL },
    { "inbound", "catch_all", NULL },
    { "inbound", "forward_command", NULL },
    { "inbound", "forward_url", NULL },
    { "inbound", "answer_callers", NULL },
    { "inbound", "refuse_callers", NULL },
    { "inbound", "answer_idents", NULL },
    { "inbound", "refuse_idents", NULL },
    { "inbound", "hours", NULL },
    { "inbound", "hours_utc_offset_minutes", NULL },
    { "inbound", "refuse_with", NULL },
    { "email_to_fax", "senders", NULL },
    { "inbound", "trace", NULL },
    { "inbound", "page_events", NULL },
    { "inbound", "subaddress_tags", NULL },
    { "inbound", "barcodes", NULL },
    { "retention", "inbound_days", NULL },
    { "retention", "outbound_days", NULL },
    { "retention", "delete_records", NULL },
    { "outbound", "channel_limit", NULL },
    { "outbound", "outbound_voice_profile_id", NULL },
};

json_t *fw_application_settings_new(void)
{
    return json_pack("{ss sn sn sn sn sn sn s{sn sn ss} s{sn sn} s{sn} s{sn sn sn} s[]}", "anchorsite_override",
                     "Latency", "retry", "cover_page", "fax_ident", "header_line", "header_text", "header_time_zone",
                     "inbound", "channel_limit", "sip_subdomain", "sip_subdomain_receive_settings", "from_anyone",
                     "outbound", "channel_limit", "outbound_voice_profile_id", "email_to_fax", "senders", "retention",
                     "inbound_days", "outbound_days", "delete_records", "tags");
}

/* `given` as it came, `values` what of it is good. */
static enum fw_err merge_settings(char **settings, const json_t *given, const json_t *values)
{
    json_t *all CLEANUP(fw_json_free) =
        *settings ? json_loads(*settings, 0, NULL) : fw_application_settings_new();
    json_t *fresh CLEANUP(fw_json_free) = fw_application_settings_new();
    int bad = !all || !fresh || json_object_update_missing(all, fresh) < 0;
    for (size_t i = 0; !bad && i < ARRAY_LEN(settings_table); i++) {
        const char *section = settings_table[i].section, *name = settings_table[i].name;
        const char *otherwise = settings_table[i].otherwise;
        json_t *to = section ? json_object_get(all, section) : all;
        json_t *value = json_object_get(section ? json_object_get(values, section) : values, name);
        if (value)
            bad = json_object_set(to, name, value);
        else if (fw_field_cleared(section ? json_object_get(given, section) : given, name))
            bad = json_object_set_new(to, name, otherwise ? json_string(otherwise) : json_null());
    }
    json_t *tags = json_object_get(values, "tags");
    if (!bad && (tags || fw_field_cleared(given, "tags")))
        bad = json_object_set_new(all, "tags", tags ? json_incref(tags) : json_array());
    char *text = bad ? NULL : json_dumps(all, JSON_COMPACT);
    if (!text)
        return FW_NO_MEMORY;
    free(*settings);
    *settings = text;
    return FW_OK;
}

/* Lengths were checked by the table. */
static void put_text(char *dst, size_t dst_size, const json_t *given, const json_t *values,
                     const char *name)
{
    if (fw_field_given(values, name) || fw_field_cleared(given, name))
        fw_text_clip(dst, dst_size, fw_field_text(values, name));
}

enum fw_err fw_application_fill(const json_t *given, const json_t *values, struct fw_application *a)
{
    put_text(a->name, sizeof a->name, given, values, "application_name");
    put_text(a->webhook_url, sizeof a->webhook_url, given, values, "webhook_event_url");
    put_text(a->webhook_failover_url, sizeof a->webhook_failover_url, given, values,
             "webhook_event_failover_url");
    a->active = fw_field_bool(values, "active", a->active);
    a->webhook_timeout_secs = (int)fw_field_int(values, "webhook_timeout_secs",
                                                fw_field_cleared(given, "webhook_timeout_secs")
                                                    ? -1 : a->webhook_timeout_secs);
    return merge_settings(&a->settings, given, values);
}

/* The fields of a change: none is required, but two cannot be taken away. */
static json_t *read_change(const json_t *given, bool is_form, struct fw_api_errors *errors)
{
    struct fw_field fields[ARRAY_LEN(table)];
    memcpy(fields, table, sizeof table);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/%s", fields[i].name);
        if (fields[i].required && fw_field_cleared(given, fields[i].name))
            fw_api_error_at(errors, FW_API_MISSING, pointer, "'%s' must not be empty.", fields[i].name);
        fields[i].required = false;
    }
    json_t *values = fw_fields_read(fields, ARRAY_LEN(fields), given, is_form, "", errors);
    json_t *more CLEANUP(fw_json_free) =
        fw_fields_read(change_only, ARRAY_LEN(change_only), given, is_form, "", errors);
    if (values && more && json_object_update(values, more) == 0)
        return values;
    json_decref(values);
    return NULL;
}

json_t *fw_application_fields_read(const json_t *given, bool is_form, bool change, struct fw_api_errors *errors)
{
    return change ? read_change(given, is_form, errors)
                  : fw_fields_read(table, ARRAY_LEN(table), given, is_form, "", errors);
}
