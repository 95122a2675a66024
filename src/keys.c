/* API keys by the command line, while the service runs or not. */
#include "keys.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/signer.h"
#include "cli/options.h"
#include "config.h"
#include "fax/fax_json.h"
#include "store/keys.h"

static const char usage[] = "usage: faxwire key create [--data DIR] [--account NAME] [--expires 90d] [--label TEXT]\n"
                            "       faxwire key list [--data DIR]\n"
                            "       faxwire key revoke [--data DIR] ID\n"
                            "       faxwire key rotate-webhook [--data DIR] [--overlap 24h]\n";

enum { EXPIRY_DAYS_MAX = 36500 };

static int failed(enum fw_err err)
{
    fprintf(stderr, "faxwire: the key could not be written or read: %s\n", fw_err_text(err));
    return 1;
}

/* What stands in lists and logs: no control characters, not empty unless it may be. */
static bool name_ok(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            return false;
    }
    return strlen(text) < FW_KEY_TEXT_SIZE && fw_text_is_utf8(fw_span_of(text));
}

/* "90d", "12h", "30m", "45s" from now. */
static bool expiry(const char *text, struct fw_wall now, struct fw_wall *ret)
{
    static const struct {
        char unit;
        int64_t secs;
    } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
    const size_t digits = strspn(text, "0123456789");
    uint64_t count = 0;
    if (text[digits] == '\0' || text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        const int64_t most = EXPIRY_DAYS_MAX * 86400LL / units[i].secs;
        if (units[i].unit != text[digits] ||
            !fw_text_to_u64((struct fw_span){ (const uint8_t *)text, digits }, (uint64_t)most, &count))
            continue;
        ret->us = now.us + (int64_t)count * units[i].secs * 1000000;
        return count > 0;
    }
    return false;
}

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

/* `key` NULL: it is not known any more. */
static json_t *key_json(const struct fw_key *k, const char *key)
{
    return json_pack("{ss ss* ss ss ss so so so}", "id", k->id, "api_key", key, "account", k->account,
                     "user_id", k->user_id, "label", k->label, "created_at", time_or_null(k->created_at),
                     "expires_at", time_or_null(k->expires_at), "revoked_at", time_or_null(k->revoked_at));
}

static int print(json_t *json)
{
    if (!json)
        return failed(FW_NO_MEMORY);
    json_dumpf(json, stdout, JSON_INDENT(2));
    json_decref(json);
    fputc('\n', stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int create(struct fw_admin *a, const char *account, const char *expires, const char *label)
{
    char key[FW_SECRET_SIZE];
    struct fw_wall expires_at = { 0 };
    struct fw_key made = { 0 };
    struct fw_fault fault = { 0 };
    if (!account[0] || !name_ok(account) || !name_ok(label)) {
        fw_fault_set(&fault, name_ok(label) ? "--account" : "--label", "must have 1 to %d bytes of UTF-8",
                     FW_KEY_TEXT_SIZE - 1);
        return fw_options_refuse(&fault, 2);
    }
    if (expires && !expiry(expires, fw_wall_now(), &expires_at)) {
        fw_fault_set(&fault, "--expires", "must be a time from now such as 90d, 12h, 30m or 45s");
        return fw_options_refuse(&fault, 2);
    }
    const enum fw_err err = fw_admin_key_create(a, account, label, expires_at, key, &made);
    return err ? failed(err) : print(key_json(&made, key));
}

static int list(struct fw_admin *a)
{
    struct fw_key_list keys CLEANUP(fw_key_list_done) = { 0 };
    const enum fw_err err = fw_admin_key_list(a, &keys);
    if (err)
        return failed(err);
    json_t *all = json_array();
    for (int i = 0; i < keys.count; i++)
        (void)json_array_append_new(all, key_json(&keys.items[i], NULL));
    return print(all);
}

static int revoke(struct fw_admin *a, const char *id)
{
    const enum fw_err err = fw_admin_key_revoke(a, id);
    if (err != FW_NOT_FOUND)
        return err ? failed(err) : 0;
    fprintf(stderr, "faxwire: there is no key with the id '%s'; see `faxwire key list`\n", id);
    return 1;
}

/* A service that runs notices within a second. */
static int rotate(int argc, char **argv)
{
    const char *data = NULL, *overlap = "24h", *none = NULL;
    const struct fw_option options[] = { { "data", &data, false }, { "overlap", &overlap, false } };
    struct fw_fault fault = { 0 };
    struct fw_config *config CLEANUP(fw_config_free_p) = NULL;
    const struct fw_wall now = fw_wall_now();
    struct fw_wall at = now;
    struct fw_signer_key made;
    char path[4200];
    int rest = 0;
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), &none, 0, &rest, &fault) ||
        fw_config_load(NULL, &fault, &config))
        return fw_options_refuse(&fault, 2);
    if (strcmp(overlap, "0s") != 0 && !expiry(overlap, now, &at)) {
        fw_fault_set(&fault, "--overlap", "must be a time from now such as 7d, 24h, 30m or 45s; 0s is at once");
        return fw_options_refuse(&fault, 2);
    }
    const int size = snprintf(path, sizeof path, "%s/webhook-key", data ? data : config->data);
    const enum fw_err err =
        size > 0 && (size_t)size < sizeof path ? fw_signer_rotate(path, now, at, &made) : FW_INVALID;
    if (!err)
        return print(json_pack("{ss so}", "public_key", made.public_key, "active_from", time_or_null(made.active_at)));
    fprintf(stderr, "faxwire: %s: %s\n", path,
            err == FW_NOT_FOUND  ? "there is no key; start the service there first"
            : err == FW_CONFLICT ? "a new key is to come already; wait, or make one at once with --overlap 0s"
                                 : fw_err_text(err));
    return 1;
}

int fw_keys(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "rotate-webhook") == 0)
        return rotate(argc - 1, argv + 1);
    const char *command = argc > 0 ? argv[0] : "";
    const bool is_create = strcmp(command, "create") == 0, is_revoke = strcmp(command, "revoke") == 0;
    const char *data = NULL, *account = "default", *expires = NULL, *label = "", *id = NULL;
    const struct fw_option options[] = {
        { "data", &data, false }, { "account", &account, false },
        { "expires", &expires, false }, { "label", &label, false },
    };
    struct fw_fault fault = { 0 };
    struct fw_config *config CLEANUP(fw_config_free_p) = NULL;
    struct fw_admin *admin CLEANUP(fw_admin_close_p) = NULL;
    int rest = 0;
    if (!is_create && !is_revoke && strcmp(command, "list") != 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (fw_options_read(argc - 1, argv + 1, options, is_create ? (int)ARRAY_LEN(options) : 1, &id,
                        is_revoke ? 1 : 0, &rest, &fault) ||
        fw_config_load(NULL, &fault, &config))
        return fw_options_refuse(&fault, 2);
    if (is_revoke && !id) {
        fputs(usage, stderr);
        return 2;
    }
    if (fw_admin_open(data ? data : config->data, &fault, &admin))
        return fw_options_refuse(&fault, 1);
    if (is_create)
        return create(admin, account, expires, label);
    return is_revoke ? revoke(admin, id) : list(admin);
}
