/* What the options must be to each other, once each is within its bounds. */
#include <stdio.h>
#include <string.h>

#include "api/cors.h"
#include "base/bounds.h"
#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "config_trunk.h"
#include "fax/fax.h"
#include "fax/guard.h"
#include "fax/policy.h"
#include "http/http.h"
#include "notify/mail.h"

enum { COMMAND_SECS = 60 };

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

static enum fw_err check_commands(struct fw_config *c, struct fw_fault *fault)
{
    for (unsigned i = 0; i < c->forward_commands_count; i++) {
        struct fw_config_command *command = &c->forward_commands[i];
        bool twice = false;
        for (unsigned k = 0; k < i; k++)
            twice |= strcmp(c->forward_commands[k].name, command->name) == 0;
        const char *what = twice                             ? "there are two of this name"
                           : command->command[0][0] != '/'   ? "the program must be a whole path"
                           : command->timeout_secs > 3600    ? "timeout_secs must be from 1 to 3600"
                                                             : NULL;
        if (what) {
            fw_fault_set(fault, "forward_commands", "%s: %s", command->name, what);
            return FW_INVALID;
        }
        if (command->timeout_secs == 0)
            command->timeout_secs = COMMAND_SECS;
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

enum fw_err fw_config_check(struct fw_config *c, struct fw_fault *fault)
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
    if (c->ident[0] && !fw_ident_ok(c->ident)) {
        fw_fault_set(fault, "ident", "must be 1 to 20 digits, letters, spaces and '+'");
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
        err = check_commands(c, fault);
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
