/* Retry policies from JSON and back. All faults of one are found, for whoever corrects it does it once. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fax/policy.h"

static const char *const partials[] = {
#define X(name, text) [FW_PARTIAL_##name] = text,
    FW_PARTIALS(X)
#undef X
};

/* Where faults go; those above `max` are only counted. */
struct faults {
    struct fw_fault *list;
    size_t           max, count;
    const char      *rule; /* that is being read: its fields are told as busy/delay_secs */
};

PRINTF(3, 4) static void wrong(struct faults *f, const char *field, const char *format, ...)
{
    char path[sizeof f->list->field], message[sizeof f->list->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    snprintf(path, sizeof path, "%.24s%s", f->rule ? f->rule : "", f->rule ? "/" : "");
    const size_t start = strlen(path);
    snprintf(path + start, sizeof path - start, "%.32s", field);
    for (char *c = path + start; *c; c++) /* somebody's words, and maybe half a character at the end */
        *c = isalnum((unsigned char)*c) || *c == '_' ? *c : '?';
    if (f->count < f->max)
        fw_fault_set(&f->list[f->count], path, "%s", message);
    f->count++;
}

static bool has_rule(int class)
{
    return class != FW_RETRY_NONE && class != FW_RETRY_INTERNAL;
}

static void read_number(const char *name, const json_t *value, int min, int max, int *ret, struct faults *f)
{
    if (json_is_null(value))
        return;
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        wrong(f, name, "must be a number from %d to %d", min, max);
    else
        *ret = (int)json_integer_value(value);
}

static void read_rule(const json_t *json, int class, struct fw_policy_rule *ret, struct faults *f)
{
    const bool human = class == FW_RETRY_NO_FAX;
    const char *name;
    json_t *value;
    f->rule = fw_retry_text((unsigned)class);
    json_object_foreach((json_t *)(uintptr_t)json, name, value) {
        if (strcmp(name, "delay_secs") == 0)
            read_number(name, value, human ? FW_POLICY_HUMAN_DELAY : 1, FW_POLICY_DELAY_MAX, &ret->delay_secs, f);
        else if (strcmp(name, "max") == 0)
            read_number(name, value, 0, human ? FW_POLICY_HUMAN_MAX : FW_POLICY_DIALS_MAX, &ret->max, f);
        else
            wrong(f, name, "is not a field of a rule: it has delay_secs and max");
    }
    f->rule = NULL;
    if (!json_is_object(json))
        wrong(f, fw_retry_text((unsigned)class), "must be an object with delay_secs and max");
}

static void read_partial(const json_t *value, enum fw_partial *ret, struct faults *f)
{
    for (int i = 0; json_is_string(value) && i < FW_PARTIAL_COUNT; i++) {
        if (strcmp(json_string_value(value), partials[i]) != 0)
            continue;
        *ret = (enum fw_partial)i;
        return;
    }
    wrong(f, "partial", "must be fail, resume or resend");
}

static void read_ladder(const json_t *value, bool *ret, struct faults *f)
{
    if (json_is_boolean(value))
        *ret = json_is_true(value);
    else
        wrong(f, "ladder", "must be true or false");
}

static int class_of(const char *name)
{
    for (int class = 0; class < FW_RETRY_COUNT; class++) {
        if (has_rule(class) && strcmp(name, fw_retry_text((unsigned)class)) == 0)
            return class;
    }
    return -1;
}

static void read_field(const char *name, const json_t *value, struct fw_policy *p, struct faults *f)
{
    const struct {
        const char *name;
        int         max, *into;
    } numbers[] = {
        { "max_dials", FW_POLICY_DIALS_MAX, &p->max_dials },
        { "max_tries", FW_POLICY_DIALS_MAX, &p->max_tries },
        { "total_secs", FW_POLICY_TOTAL_MAX, &p->total_secs },
    };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            read_number(name, value, 1, numbers[i].max, numbers[i].into, f);
            return;
        }
    }
    const int class = class_of(name);
    if (class >= 0)
        read_rule(value, class, &p->rules[class], f);
    else if (strcmp(name, "partial") == 0)
        read_partial(value, &p->partial, f);
    else if (strcmp(name, "ladder") == 0)
        read_ladder(value, &p->ladder, f);
    else if (strcmp(name, "policy") != 0) /* the base, read before */
        wrong(f, name, "is not a field of a retry policy");
}

size_t fw_policy_faults(const json_t *json, struct fw_policy *ret, struct fw_fault *list, size_t max)
{
    struct faults f = { list, max, 0, NULL };
    const json_t *base = json_is_object(json) ? json_object_get(json, "policy") : json;
    const char *name = json_is_object(json) && !base ? "standard" : json_string_value(base);
    const char *field;
    json_t *value;
    if (!name || !fw_policy_named(name, ret)) {
        wrong(&f, "policy", "must be none, standard or hylafax");
        (void)!fw_policy_named("standard", ret); /* to read the rest into */
    }
    json_object_foreach((json_t *)(uintptr_t)json, field, value)
        read_field(field, value, ret, &f);
    return f.count;
}

enum fw_err fw_policy_read(const json_t *json, struct fw_policy *ret, struct fw_fault *fault)
{
    return fw_policy_faults(json, ret, fault, 1) ? FW_INVALID : FW_OK;
}

enum fw_err fw_policy_read_text(const char *text, struct fw_policy *ret, struct fw_fault *fault)
{
    json_error_t error;
    json_t *json = text[0] == '{' ? json_loads(text, 0, &error) : json_string(text);
    if (!json) {
        fw_fault_set(fault, "policy", "is not JSON: %s", error.text);
        return FW_INVALID;
    }
    const enum fw_err err = fw_policy_read(json, ret, fault);
    json_decref(json);
    return err;
}

json_t *fw_policy_json(const struct fw_policy *p)
{
    json_t *json = json_pack("{si si si ss sb}", "max_dials", p->max_dials, "max_tries", p->max_tries, "total_secs",
                             p->total_secs, "partial", partials[p->partial], "ladder", p->ladder);
    for (int class = 0; class < FW_RETRY_COUNT; class++) {
        if (has_rule(class))
            (void)json_object_set_new(json, fw_retry_text((unsigned)class),
                                      json_pack("{si si}", "delay_secs", p->rules[class].delay_secs, "max",
                                                p->rules[class].max));
    }
    return json;
}
