/* Fields by the table. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "fax/policy.h"
#include "fax/window.h"

enum { POINTER_SIZE = 128, TEXT_MAX = 255, RETRY_FAULTS_MAX = 40 };

struct reading {
    const struct fw_field *field;
    const char *pointer;
    bool is_form;
    struct fw_api_errors *errors;
};

static bool is_given(const json_t *value)
{
    return value && !json_is_null(value) &&
           !(json_is_string(value) && json_string_length(value) == 0);
}

static json_t *text_value(const struct reading *r, const char *text, size_t size)
{
    const struct fw_field *f = r->field;
    const size_t max = f->max > 0 ? (size_t)f->max : TEXT_MAX;
    if (size > max || (int64_t)size < f->min) {
        fw_api_error_at(r->errors, f->length_code ? f->length_code : FW_API_TEXT_LENGTH, r->pointer,
                        "'%s' must have %lld to %zu characters.", f->name,
                        (long long)(f->min > 0 ? f->min : 1), max);
        return NULL;
    }
    char number[FW_NUMBER_MAX + 1];
    if (f->number && r->is_form && text[0] == ' ' && text[1] >= '0' && text[1] <= '9' &&
        size <= FW_NUMBER_MAX) {
        snprintf(number, sizeof number, "+%s", text + 1);
        text = number;
    }
    for (size_t i = 0; f->choices && f->choices[i]; i++) {
        if (strcmp(f->choices[i], text) == 0)
            return json_string(text);
    }
    if (f->choices) {
        char list[256] = "";
        size_t used = 0;
        for (size_t i = 0; f->choices[i] && used < sizeof list; i++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     f->choices[i]);
        fw_api_error_at(r->errors, FW_API_NOT_IN_LIST, r->pointer, "'%s' must be one of: %s.",
                        f->name, list);
        return NULL;
    }
    const char *wrong = f->check ? f->check(text) : NULL;
    if (wrong)
        fw_api_error_at(r->errors, f->code, r->pointer, "'%s' %s.", f->name, wrong);
    return wrong ? NULL : json_string(text);
}

static json_t *read_text(const struct reading *r, const json_t *value)
{
    if (json_is_string(value))
        return text_value(r, json_string_value(value), json_string_length(value));
    fw_api_error_at(r->errors, FW_API_NOT_TEXT, r->pointer, "'%s' must be a string.",
                    r->field->name);
    return NULL;
}

static json_t *read_bool(const struct reading *r, const json_t *value)
{
    const char *text = r->is_form ? json_string_value(value) : NULL;
    const struct fw_span s = fw_span_of(text ? text : "");
    if (json_is_true(value) || fw_text_is_nocase(s, "true") || fw_text_is(s, "1"))
        return json_true();
    if (json_is_false(value) || fw_text_is_nocase(s, "false") || fw_text_is(s, "0"))
        return json_false();
    fw_api_error_at(r->errors, FW_API_WRONG_TYPE, r->pointer, "'%s' must be true or false.",
                    r->field->name);
    return NULL;
}

static json_t *read_int(const struct reading *r, const json_t *value)
{
    const char *text = r->is_form ? json_string_value(value) : NULL;
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) &&
        !(text && fw_text_to_i64(fw_span_of(text), INT64_MIN, INT64_MAX, &number))) {
        fw_api_error_at(r->errors, FW_API_WRONG_TYPE, r->pointer, "'%s' must be an integer.",
                        r->field->name);
        return NULL;
    }
    if (number >= r->field->min && number <= r->field->max)
        return json_integer(number);
    fw_api_error_at(r->errors, FW_API_OUT_OF_RANGE, r->pointer,
                    "'%s' must be between %lld and %lld.", r->field->name, (long long)r->field->min,
                    (long long)r->field->max);
    return NULL;
}

/* URLs joined by commas, as Java's client sends a list: a comma inside of a URL is not followed by
 * the scheme of another. */
static void split_urls(json_t *list, const char *text)
{
    for (const char *start = text; start;) {
        const char *next = start;
        do
            next = strchr(next + 1, ',');
        while (next && !fw_text_starts(next + 1, "http://") &&
               !fw_text_starts(next + 1, "https://"));
        (void)json_array_append_new(list, next ? json_stringn(start, (size_t)(next - start))
                                               : json_string(start));
        start = next ? next + 1 : NULL;
    }
}

static json_t *read_texts(const struct reading *r, const json_t *value)
{
    size_t i;
    json_t *item;
    json_t *given = json_array(), *list = json_array();
    if (json_is_array(value))
        json_array_foreach ((json_t *)(uintptr_t)value, i, item)
            (void)json_array_append(given, item);
    else if (r->is_form && r->field->urls && json_is_string(value))
        split_urls(given, json_string_value(value));
    else
        (void)json_array_append(given, (json_t *)(uintptr_t)value);
    if (json_array_size(given) > (size_t)r->field->max)
        fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, r->pointer,
                        "'%s' may have at most %lld values.", r->field->name,
                        (long long)r->field->max);
    const struct fw_field one = { .name = r->field->name,
                                  .min = 1,
                                  .check = r->field->check,
                                  .code = r->field->code,
                                  .max = r->field->urls ? FW_URL_MAX : TEXT_MAX,
                                  .length_code = r->field->length_code };
    json_array_foreach (given, i, item) {
        char pointer[POINTER_SIZE];
        snprintf(pointer, sizeof pointer, "%s/%zu", r->pointer, i);
        const struct reading of_one = { &one, json_is_array(value) ? pointer : r->pointer,
                                        r->is_form, r->errors };
        json_t *text = i < (size_t)r->field->max ? read_text(&of_one, item) : NULL;
        if (text)
            (void)json_array_append_new(list, text);
    }
    json_decref(given);
    return list;
}

/* A form has no objects: a text that begins like one is read as one. */
static json_t *read_object(const struct reading *r, const json_t *value)
{
    const char *text = r->is_form ? json_string_value(value) : NULL;
    json_t *parsed CLEANUP(fw_json_free) = text && text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    if (r->field->off && (json_is_false(value) || (text && strcmp(text, "false") == 0)))
        return json_false();
    if (json_is_object(parsed ? parsed : value))
        return fw_fields_read(r->field->fields, r->field->field_count, parsed ? parsed : value, r->is_form && !parsed,
                              r->pointer, r->errors);
    fw_api_error_at(r->errors, FW_API_WRONG_TYPE, r->pointer, "'%s' must be an object.",
                    r->field->name);
    return NULL;
}

static json_t *read_retry(const struct reading *r, const json_t *value)
{
    struct fw_policy policy;
    struct fw_fault faults[RETRY_FAULTS_MAX] = { 0 };
    const char *text = r->is_form ? json_string_value(value) : NULL;
    json_t *parsed CLEANUP(fw_json_free) = text && text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    const json_t *given = parsed ? parsed : value;
    const size_t count = fw_policy_faults(given, &policy, faults, ARRAY_LEN(faults));
    if (count == 0)
        return fw_policy_json(&policy);
    for (size_t i = 0; i < count && i < ARRAY_LEN(faults); i++) {
        char pointer[POINTER_SIZE];
        snprintf(pointer, sizeof pointer, "%.60s/%.60s", r->pointer, faults[i].field);
        fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, json_is_object(given) ? pointer : r->pointer,
                        "'%s' of '%s' %s.", faults[i].field, r->field->name, faults[i].message);
    }
    return NULL;
}

static json_t *read_window(const struct reading *r, const json_t *value)
{
    struct fw_window window;
    struct fw_fault fault = { 0 };
    const char *text = r->is_form ? json_string_value(value) : NULL;
    json_t *parsed CLEANUP(fw_json_free) = text && text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    if (fw_window_read(parsed ? parsed : value, &window, &fault) == FW_OK)
        return fw_window_json(&window);
    char pointer[POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "%.60s%s%s", r->pointer, fault.field[0] ? "/" : "", fault.field);
    fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, pointer, "'%s%s%s' %s.", r->field->name,
                    fault.field[0] ? "." : "", fault.field, fault.message);
    return NULL;
}

bool fw_metadata_key_ok(const char *key, size_t size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    return size > 0 && size <= FW_METADATA_KEY_MAX && strspn(key, allowed) >= size;
}

static json_t *read_metadata(const struct reading *r, const json_t *value)
{
    const char *text = r->is_form ? json_string_value(value) : NULL, *key;
    json_t *object CLEANUP(fw_json_free) = text && text[0] == '{' ? json_loads(text, 0, NULL) : json_deep_copy(value);
    json_t *one;
    bool good = json_is_object(object) && json_object_size(object) <= FW_METADATA_MAX;
    json_object_foreach(object, key, one)
        good = good && fw_metadata_key_ok(key, strlen(key)) && json_is_string(one) &&
               json_string_length(one) <= FW_METADATA_VALUE_MAX;
    if (good)
        return TAKE(object);
    fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, r->pointer,
                    "'%s' must be an object of at most %d texts of at most %d bytes; its keys have 1 to %d "
                    "letters, digits, '_', '-' and '.'.",
                    r->field->name, FW_METADATA_MAX, FW_METADATA_VALUE_MAX, FW_METADATA_KEY_MAX);
    return NULL;
}

/* The first fault is told: what else is wrong is likely wrong in the same way. */
static json_t *read_map(const struct reading *r, const json_t *value)
{
    char texts[64];
    const char *key, *fault = json_is_object(value) ? NULL : "must be an object";
    json_t *one;
    snprintf(texts, sizeof texts, "must have texts of 1 to %d bytes", (int)r->field->max);
    if (json_object_size(value) > FW_FIELD_MAP_MAX)
        fault = "has too many entries";
    json_object_foreach((json_t *)(uintptr_t)value, key, one) {
        const char *of_key = fault ? NULL : r->field->check(key);
        if (of_key) {
            fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, r->pointer, "Each key of '%s' %s.", r->field->name,
                            of_key);
            return NULL;
        }
        const size_t size = json_string_length(one); /* 0: no text */
        if (!fault && (size == 0 || size > (size_t)r->field->max))
            fault = texts;
    }
    if (!fault)
        return json_deep_copy(value);
    fw_api_error_at(r->errors, FW_API_UNPROCESSABLE, r->pointer, "'%s' %s.", r->field->name, fault);
    return NULL;
}

static json_t *read_value(const struct reading *r, const json_t *value)
{
    switch (r->field->type) {
    case FW_FIELD_TEXT:
        return read_text(r, value);
    case FW_FIELD_BOOL:
        return read_bool(r, value);
    case FW_FIELD_INT:
        return read_int(r, value);
    case FW_FIELD_TEXTS:
        return read_texts(r, value);
    case FW_FIELD_OBJECT:
        return read_object(r, value);
    case FW_FIELD_METADATA:
        return read_metadata(r, value);
    case FW_FIELD_MAP:
        return read_map(r, value);
    case FW_FIELD_RETRY:
        return read_retry(r, value);
    case FW_FIELD_WINDOW:
        return read_window(r, value);
    }
    return NULL;
}

json_t *fw_fields_read(const struct fw_field *fields, size_t field_count, const json_t *in,
                       bool is_form, const char *prefix, struct fw_api_errors *errors)
{
    json_t *values = json_object();
    for (size_t i = 0; values && i < field_count; i++) {
        char pointer[POINTER_SIZE];
        snprintf(pointer, sizeof pointer, "%s/%s", prefix, fields[i].name);
        const struct reading r = { &fields[i], pointer, is_form, errors };
        const json_t *value = json_object_get(in, fields[i].name);
        if (!is_given(value) && fields[i].required)
            fw_api_error_at(errors, FW_API_MISSING, pointer, "'%s' is required.", fields[i].name);
        json_t *good = is_given(value) ? read_value(&r, value) : NULL;
        if (good && json_object_set_new(values, fields[i].name, good) < 0) {
            json_decref(values);
            return NULL;
        }
    }
    return values;
}

const char *fw_field_text(const json_t *values, const char *name)
{
    const char *text = json_string_value(json_object_get(values, name));
    return text ? text : "";
}

bool fw_field_bool(const json_t *values, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(values, name);
    return value ? json_is_true(value) : otherwise;
}

int64_t fw_field_int(const json_t *values, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(values, name);
    return value ? (int64_t)json_integer_value(value) : otherwise;
}

bool fw_field_given(const json_t *values, const char *name)
{
    return json_object_get(values, name) != NULL;
}

bool fw_field_cleared(const json_t *given, const char *name)
{
    const json_t *value = json_object_get(given, name);
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}
