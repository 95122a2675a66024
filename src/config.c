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

#include "api/cors.h"
#include "base/bounds.h"
#include "base/log.h"
#include "base/text.h"
#include "config_trunk.h"
#include "fax/guard.h"
#include "fax/policy.h"
#include "http/http.h"
#include "notify/mail.h"

#define TEXT(key, member, max) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config, member, 0, max)
#define NUMBER(key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct fw_config, member)
#define SWITCH(key, member) CYAML_FIELD_BOOL(key, CYAML_FLAG_OPTIONAL, struct fw_config, member)

static const cyaml_schema_field_t fields[] = {
    TEXT("data", data, 4000),
    TEXT("listen", listen, 300),
    TEXT("sip_host", sip_host, 63),
    NUMBER("sip_port", sip_port),
    NUMBER("media_port_min", media_port_min),
    NUMBER("media_port_max", media_port_max),
    TEXT("domain", domain, 127),
    TEXT("advertised_host", advertised_host, 63),
    TEXT("resolv_conf", resolv_conf, 255),
    TEXT("tls_ca_file", tls_ca_file, 255),
    TEXT("tls_certificate", tls_certificate, 255),
    SWITCH("answer_strangers", answer_strangers),
    NUMBER("stranger_rate", stranger_rate),
    TEXT("ident", ident, FW_IDENT_MAX),
    TEXT("log_level", log_level, 10),
    NUMBER("modems", modems),
    NUMBER("media_workers", media_workers),
    NUMBER("calls_max", calls_max),
    TEXT("retry", retry, 2000),
    TEXT("allow_prefixes", allow_prefixes, 4000),
    TEXT("bar_prefixes", bar_prefixes, 4000),
    NUMBER("calls_per_number", calls_per_number),
    NUMBER("number_gap_ms", number_gap_ms),
    NUMBER("ring_timeout_secs", ring_timeout_secs),
    NUMBER("call_limit_secs", call_limit_secs),
    NUMBER("answer_delay_ms", answer_delay_ms),
    NUMBER("disk_free_min_mb", disk_free_min_mb),
    CYAML_FIELD_UINT_PTR("drain_secs", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct fw_config, drain_secs),
    NUMBER("faxes_in_process_max", faxes_in_process_max),
    NUMBER("http_threads", http_threads),
    NUMBER("http_header_timeout_secs", http_header_timeout_secs),
    NUMBER("http_body_timeout_secs", http_body_timeout_secs),
    TEXT("tls_cert", tls_cert, 4000),
    TEXT("tls_key", tls_key, 4000),
    TEXT("cors_origins", cors_origins, 4000),
    TEXT("public_url", public_url, 500),
    NUMBER("link_ttl_secs", link_ttl_secs),
    NUMBER("rate_limit_per_second", rate_limit_per_second),
    SWITCH("fetch_private", fetch_private),
    SWITCH("webhook_private", webhook_private),
    NUMBER("webhook_timeout_ms", webhook_timeout_ms),
    NUMBER("webhook_retry_first_ms", webhook_retry_first_ms),
    NUMBER("webhook_retry_max_secs", webhook_retry_max_secs),
    NUMBER("webhook_retry_rounds", webhook_retry_rounds),
    NUMBER("webhook_log_days", webhook_log_days),
    TEXT("smtp_url", smtp_url, 500),
    TEXT("smtp_username", smtp_username, 255),
    TEXT("smtp_password", smtp_password, 255),
    TEXT("smtp_from", smtp_from, 255),
    TEXT("smtp_tls", smtp_tls, 10),
    TEXT("smtp_ca_file", smtp_ca_file, 255),
    NUMBER("smtp_timeout_secs", smtp_timeout_secs),
    NUMBER("smtp_retry_first_ms", smtp_retry_first_ms),
    NUMBER("smtp_retry_max_secs", smtp_retry_max_secs),
    NUMBER("smtp_give_up_secs", smtp_give_up_secs),
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

static const struct {
    const char *key;
    size_t      at;
    const char *text;
} texts[] = {
    { "data", offsetof(struct fw_config, data), "faxwire-data" },
    { "listen", offsetof(struct fw_config, listen), "127.0.0.1:8080" },
    { "public_url", offsetof(struct fw_config, public_url), "" },
    { "tls_cert", offsetof(struct fw_config, tls_cert), "" },
    { "tls_key", offsetof(struct fw_config, tls_key), "" },
    { "cors_origins", offsetof(struct fw_config, cors_origins), "" },
    { "sip_host", offsetof(struct fw_config, sip_host), "127.0.0.1" },
    { "domain", offsetof(struct fw_config, domain), "" },
    { "advertised_host", offsetof(struct fw_config, advertised_host), "" },
    { "resolv_conf", offsetof(struct fw_config, resolv_conf), "" },
    { "tls_ca_file", offsetof(struct fw_config, tls_ca_file), "" },
    { "tls_certificate", offsetof(struct fw_config, tls_certificate), "" },
    { "ident", offsetof(struct fw_config, ident), "" },
    { "retry", offsetof(struct fw_config, retry), "none" },
    { "allow_prefixes", offsetof(struct fw_config, allow_prefixes), "" },
    { "bar_prefixes", offsetof(struct fw_config, bar_prefixes), "+1900,+1976,+870,+881,+882,+883,+979" },
    { "log_level", offsetof(struct fw_config, log_level), "info" },
    { "smtp_url", offsetof(struct fw_config, smtp_url), "" },
    { "smtp_username", offsetof(struct fw_config, smtp_username), "" },
    { "smtp_password", offsetof(struct fw_config, smtp_password), "" },
    { "smtp_from", offsetof(struct fw_config, smtp_from), "" },
    { "smtp_tls", offsetof(struct fw_config, smtp_tls), "" },
    { "smtp_ca_file", offsetof(struct fw_config, smtp_ca_file), "" },
};

static const struct {
    const char *key;
    size_t      at, size;
    uint32_t    value, min, max; /* value used when the file has 0 and 0 is below min */
} numbers[] = {
#define AT(member) offsetof(struct fw_config, member), sizeof(((struct fw_config *)0)->member)
    { "sip_port", AT(sip_port), 0, 0, 65535 },
    { "media_port_min", AT(media_port_min), 0, 0, 65535 },
    { "media_port_max", AT(media_port_max), 0, 0, 65535 },
    { "answer_strangers", AT(answer_strangers), 0, 0, 1 },
    { "stranger_rate", AT(stranger_rate), 20, 1, 100000 },
    { "modems", AT(modems), 1, 1, FW_MODEMS_MAX },
    { "media_workers", AT(media_workers), 2, 1, 16 },
    { "faxes_in_process_max", AT(faxes_in_process_max), 2000, 1, 1000000 },
    { "calls_max", AT(calls_max), 64, 1, FW_MODEMS_MAX * FW_CALLS_PER_MODEM },
    { "calls_per_number", AT(calls_per_number), 1, 1, 1024 },
    { "number_gap_ms", AT(number_gap_ms), 0, 0, 600000 },
    { "ring_timeout_secs", AT(ring_timeout_secs), 60, 5, 600 },
    { "call_limit_secs", AT(call_limit_secs), 3600, 60, 4 * 3600 },
    { "answer_delay_ms", AT(answer_delay_ms), 0, 0, 60 * 1000 },
    { "disk_free_min_mb", AT(disk_free_min_mb), 256, 1, 1024 * 1024 },
    { "http_threads", AT(http_threads), 16, 1, 64 },
    { "http_header_timeout_secs", AT(http_header_timeout_secs), 20, 1, 600 },
    { "http_body_timeout_secs", AT(http_body_timeout_secs), 30, 1, 600 },
    { "link_ttl_secs", AT(link_ttl_secs), 600, 1, 7 * 24 * 3600 },
    { "rate_limit_per_second", AT(rate_limit_per_second), 0, 0, 100000 },
    { "fetch_private", AT(fetch_private), 0, 0, 1 },
    { "webhook_private", AT(webhook_private), 0, 0, 1 },
    { "webhook_timeout_ms", AT(webhook_timeout_ms), 2000, 100, 30000 },
    { "webhook_retry_first_ms", AT(webhook_retry_first_ms), 1000, 10, 3600 * 1000 },
    { "webhook_retry_max_secs", AT(webhook_retry_max_secs), 3600, 1, 24 * 3600 },
    { "webhook_retry_rounds", AT(webhook_retry_rounds), 36, 1, 1000 },
    { "webhook_log_days", AT(webhook_log_days), 30, 1, 3650 },
    { "smtp_timeout_secs", AT(smtp_timeout_secs), 300, 1, 3600 },
    { "smtp_retry_first_ms", AT(smtp_retry_first_ms), 30 * 1000, 10, 3600 * 1000 },
    { "smtp_retry_max_secs", AT(smtp_retry_max_secs), 3600, 1, 24 * 3600 },
    { "smtp_give_up_secs", AT(smtp_give_up_secs), 24 * 3600, 1, 30 * 24 * 3600 },
#undef AT
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

static enum fw_err check_name_is_new(const struct fw_config *c, unsigned i, struct fw_fault *fault)
{
    for (unsigned k = 0; k < i; k++) {
        if (strcmp(c->trunks[k].name, c->trunks[i].name) == 0) {
            fw_fault_set(fault, "trunks", "there are two of the name \"%s\"", c->trunks[i].name);
            return FW_INVALID;
        }
    }
    return FW_OK;
}

static enum fw_err check_mail(const struct fw_config *c, struct fw_fault *fault)
{
    const char *url_fault = c->smtp_url[0] ? fw_mail_url_fault(c->smtp_url) : NULL;
    const struct {
        bool wrong;
        const char *key, *what;
    } faults[] = {
        { url_fault, "smtp_url", url_fault },
        { c->smtp_url[0] && !fw_text_is_email(c->smtp_from), "smtp_from", "must be an e-mail address" },
        { c->smtp_tls[0] && strcmp(c->smtp_tls, "required") != 0 && strcmp(c->smtp_tls, "none") != 0, "smtp_tls",
          "must be required or none" },
        { c->smtp_password[0] && !c->smtp_username[0], "smtp_username",
          "must be given too: a password needs its user" },
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (faults[i].wrong) {
            fw_fault_set(fault, faults[i].key, "%s", faults[i].what);
            return FW_INVALID;
        }
    }
    return FW_OK;
}

static enum fw_err check_prefixes(const char *key, const char *list, struct fw_fault *fault)
{
    const char *wrong = fw_guard_fault(list);
    if (wrong)
        fw_fault_set(fault, key, "%s", wrong);
    return wrong ? FW_INVALID : FW_OK;
}

static enum fw_err check(struct fw_config *c, struct fw_fault *fault)
{
    char host[256];
    uint16_t port;
    enum fw_log_level level;
    if (!fw_config_listen(c->listen, host, sizeof host, &port)) {
        fw_fault_set(fault, "listen", "must be HOST:PORT, e.g. 127.0.0.1:8080");
        return FW_INVALID;
    }
    const char *url_fault = c->public_url[0] ? fw_http_url_fault(c->public_url) : NULL;
    if (url_fault || strpbrk(c->public_url, "?#")) {
        fw_fault_set(fault, "public_url", "%s, e.g. https://fax.example.com",
                     url_fault ? url_fault : "may not have a query");
        return FW_INVALID;
    }
    if (!c->tls_cert[0] != !c->tls_key[0]) {
        fw_fault_set(fault, c->tls_cert[0] ? "tls_key" : "tls_cert", "must be given too: a certificate needs its key");
        return FW_INVALID;
    }
    const char *cors_fault = fw_cors_fault(c->cors_origins);
    if (cors_fault) {
        fw_fault_set(fault, "cors_origins", "%s", cors_fault);
        return FW_INVALID;
    }
    if (!fw_log_level_parse(c->log_level, &level)) {
        fw_fault_set(fault, "log_level", "must be error, warn, info or debug");
        return FW_INVALID;
    }
    struct fw_policy policy;
    struct fw_fault wrong;
    if (fw_policy_read_text(c->retry, &policy, &wrong)) {
        fw_fault_set(fault, "retry", "%s %s", wrong.field, wrong.message);
        return FW_INVALID;
    }
    if (c->media_port_min > c->media_port_max) {
        fw_fault_set(fault, "media_port_min", "is above media_port_max");
        return FW_INVALID;
    }
    enum fw_err err = check_mail(c, fault);
    if (!err)
        err = check_prefixes("allow_prefixes", c->allow_prefixes, fault);
    if (!err)
        err = check_prefixes("bar_prefixes", c->bar_prefixes, fault);
    for (unsigned i = 0; i < c->trunks_count && !err; i++)
        err = fw_config_trunk_settle(&c->trunks[i], fault);
    for (unsigned i = 0; i < c->trunks_count && !err; i++)
        err = check_name_is_new(c, i, fault);
    return err;
}

void fw_config_free(struct fw_config *c)
{
    const cyaml_config_t engine = { .mem_fn = cyaml_mem };
    if (c)
        cyaml_free(&engine, &schema, c, 0);
}

static void config_free_p(struct fw_config **c) { fw_config_free(*c); }

enum fw_err fw_config_load(const char *path, struct fw_fault *fault, struct fw_config **ret)
{
    struct report report = { 0 };
    const cyaml_config_t engine = { .mem_fn = cyaml_mem, .log_fn = on_report, .log_ctx = &report,
                                    .log_level = CYAML_LOG_WARNING };
    struct fw_config *c CLEANUP(config_free_p) = NULL;
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
        err = check(c, fault);
    if (!err)
        *ret = TAKE(c);
    return err;
}

bool fw_config_listen(const char *text, char *host, size_t host_size, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || !fw_text_to_u64(fw_span_of(colon + 1), 65535, &port))
        return false;
    struct fw_span name = { (const uint8_t *)text, (size_t)(colon - text) };
    if (name.size >= 2 && name.data[0] == '[' && name.data[name.size - 1] == ']')
        name = (struct fw_span){ name.data + 1, name.size - 2 };
    *ret_port = (uint16_t)port;
    return name.size > 0 && fw_text_copy(host, host_size, name);
}
