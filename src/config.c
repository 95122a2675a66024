/* The configuration: libcyaml reads the file by a schema, the environment has the last word. */
#include "config.h"

#include <cyaml/cyaml.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/text.h"
#include "config_trunk.h"

enum { COMMANDS_MAX = 32, COMMAND_WORDS_MAX = 32 };

#define TEXT_FIELD(name, longest, standard) \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config, name, 0, longest),
#define NUMBER_FIELD(name, standard, min, max) CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, struct fw_config, name),
#define SWITCH_FIELD(name) CYAML_FIELD_BOOL(#name, CYAML_FLAG_OPTIONAL, struct fw_config, name),

static const cyaml_schema_value_t word = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 4000) };
static const cyaml_schema_field_t command_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct fw_config_command, name, 1, FW_FORWARD_NAME_MAX),
    CYAML_FIELD_SEQUENCE("command", CYAML_FLAG_POINTER, struct fw_config_command, command, &word, 1, COMMAND_WORDS_MAX),
    CYAML_FIELD_UINT("timeout_secs", CYAML_FLAG_OPTIONAL, struct fw_config_command, timeout_secs),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t command_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct fw_config_command, command_fields),
};

static const cyaml_schema_field_t fields[] = {
    FW_CONFIG_OPTIONS(TEXT_FIELD, NUMBER_FIELD, NUMBER_FIELD, SWITCH_FIELD)
    CYAML_FIELD_UINT_PTR("drain_secs", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config, drain_secs),
    CYAML_FIELD_SEQUENCE("forward_commands", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config,
                         forward_commands, &command_schema, 0, COMMANDS_MAX),
    CYAML_FIELD_SEQUENCE("trunks", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config, trunks,
                         &fw_config_trunk_schema, 0, FW_CONFIG_TRUNKS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct fw_config, fields),
};

/* libcyaml tells what is wrong line by line; the line with the place in the file is kept. */
struct report {
    char text[400];
};

static void on_report(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    struct report *r = ctx;
    char line[300];
    if (level < CYAML_LOG_ERROR)
        return;
    vsnprintf(line, sizeof line, fmt, args);
    line[strcspn(line, "\n")] = 0;
    const size_t used = strlen(r->text);
    snprintf(r->text + used, sizeof r->text - used, "%s%s", used ? "; " : "", line);
}

#define SKIP(...)
#define AT(name) #name, offsetof(struct fw_config, name)
static const struct {
    const char *key;
    size_t      at;
    const char *text;
} texts[] = {
#define TEXT_ROW(name, longest, standard) { AT(name), standard },
    FW_CONFIG_OPTIONS(TEXT_ROW, SKIP, SKIP, SKIP)
};

static const struct {
    const char *key;
    size_t      at, size;
    uint32_t    value, min, max; /* value used when the file has 0 and 0 is below min */
} numbers[] = {
#define SIZE(name) sizeof(((struct fw_config *)0)->name)
#define NUMBER_ROW(name, standard, min, max) { AT(name), SIZE(name), standard, min, max },
#define SWITCH_ROW(name) { AT(name), SIZE(name), 0, 0, 1 },
    FW_CONFIG_OPTIONS(SKIP, NUMBER_ROW, NUMBER_ROW, SWITCH_ROW)
};

static uint32_t number_get(const struct fw_config *c, size_t i)
{
    const uint8_t *at = (const uint8_t *)c + numbers[i].at;
    uint32_t value32 = 0;
    uint16_t value16 = 0;
    if (numbers[i].size == sizeof value16) {
        memcpy(&value16, at, sizeof value16);
        return value16;
    }
    if (numbers[i].size == 1)
        return *at;
    memcpy(&value32, at, sizeof value32);
    return value32;
}

static void number_put(struct fw_config *c, size_t i, uint32_t value)
{
    uint8_t *at = (uint8_t *)c + numbers[i].at;
    const uint16_t value16 = (uint16_t)value;
    if (numbers[i].size == sizeof value16)
        memcpy(at, &value16, sizeof value16);
    else if (numbers[i].size == 1)
        *at = value != 0;
    else
        memcpy(at, &value, sizeof value);
}

static const char *environment(const char *key, char name[64])
{
    snprintf(name, 64, "FAXWIRE_%s", key);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return getenv(name);
}

static enum fw_err settle_texts(struct fw_config *c)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char name[64];
        char **at = (char **)(void *)((uint8_t *)c + texts[i].at);
        const char *set = environment(texts[i].key, name);
        if (set || !*at) {
            free(*at);
            *at = strdup(set ? set : texts[i].text);
            if (!*at)
                return FW_NO_MEMORY;
        }
    }
    return FW_OK;
}

static enum fw_err settle_numbers(struct fw_config *c, struct fw_fault *fault)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        char name[64];
        const char *set = environment(numbers[i].key, name);
        uint64_t value = number_get(c, i);
        if (value == 0 && numbers[i].min > 0)
            value = numbers[i].value;
        if (set && !fw_text_to_u64(fw_span_of(set), UINT32_MAX, &value)) {
            fw_fault_set(fault, name, "must be a number from %u to %u", numbers[i].min, numbers[i].max);
            return FW_INVALID;
        }
        if (value < numbers[i].min || value > numbers[i].max) {
            fw_fault_set(fault, set ? name : numbers[i].key, "must be from %u to %u", numbers[i].min,
                         numbers[i].max);
            return FW_INVALID;
        }
        number_put(c, i, (uint32_t)value);
    }
    return FW_OK;
}

enum { DRAIN_SECS_MAX = 3600 };

/* Unlike the other numbers it may be left out: then it depends on what is started. */
static enum fw_err settle_drain(struct fw_config *c, struct fw_fault *fault)
{
    char name[64];
    const char *set = environment("drain_secs", name);
    uint64_t value = c->drain_secs ? *c->drain_secs : 0;
    if ((set && !fw_text_to_u64(fw_span_of(set), DRAIN_SECS_MAX, &value)) || value > DRAIN_SECS_MAX) {
        fw_fault_set(fault, set ? name : "drain_secs", "must be from 0 to %d", DRAIN_SECS_MAX);
        return FW_INVALID;
    }
    if (set && !c->drain_secs)
        c->drain_secs = calloc(1, sizeof *c->drain_secs);
    if (set && !c->drain_secs)
        return FW_NO_MEMORY;
    if (set)
        *c->drain_secs = (uint32_t)value;
    return FW_OK;
}

void fw_config_free(struct fw_config *c)
{
    const cyaml_config_t engine = { .mem_fn = cyaml_mem };
    if (c)
        cyaml_free(&engine, &schema, c, 0);
}

void fw_config_free_p(struct fw_config **c)
{
    fw_config_free(*c);
}

enum fw_err fw_config_load(const char *path, struct fw_fault *fault, struct fw_config **ret)
{
    struct report report = { 0 };
    const cyaml_config_t engine = { .mem_fn = cyaml_mem, .log_fn = on_report, .log_ctx = &report,
                                    .log_level = CYAML_LOG_WARNING };
    struct fw_config *c CLEANUP(fw_config_free_p) = NULL;
    if (path && access(path, R_OK) < 0) {
        fw_fault_set(fault, path, "cannot be read: %s", strerror(errno));
        return FW_NOT_FOUND;
    }
    static const uint8_t nothing[] = "{}";
    cyaml_data_t **into = (cyaml_data_t **)(void *)&c;
    const cyaml_err_t bad = path ? cyaml_load_file(path, &engine, &schema, into, NULL)
                                 : cyaml_load_data(nothing, 2, &engine, &schema, into, NULL);
    if (bad) {
        fw_fault_set(fault, path ? path : "", "%s%s%s", cyaml_strerror(bad), report.text[0] ? ": " : "",
                     report.text);
        return FW_INVALID;
    }
    enum fw_err err = settle_texts(c);
    if (!err)
        err = settle_numbers(c, fault);
    if (!err)
        err = settle_drain(c, fault);
    if (!err)
        err = fw_config_check(c, fault);
    if (!err)
        *ret = TAKE(c);
    return err;
}
