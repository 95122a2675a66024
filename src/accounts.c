/* Accounts and their limits by the command line, while the service runs or not. */
#include "accounts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/options.h"
#include "config.h"
#include "store/accounts.h"

static const char usage[] =
    "usage: faxwire account list [--data DIR]\n"
    "       faxwire account limit [--data DIR] [--pages-per-day N] [--calls-per-day N] [--calls-max N] NAME\n"
    "N is a number, 0 for any number, or `default` for what the configuration says.\n";

enum { LIMIT_MAX = 1000000000 };

static json_t *account_json(const struct fw_account *a)
{
    char created[FW_TIME_TEXT_SIZE];
    fw_wall_text(a->created_at, created);
    json_t *json = json_pack("{ss ss ss sI sI}", "account", a->name, "user_id", a->user_id, "created_at", created,
                             "calls_today", (json_int_t)a->day.calls, "pages_today", (json_int_t)a->day.pages);
    for (int q = 0; q < FW_QUOTA_COUNT; q++) {
        const int64_t limit = a->day.limits[q];
        (void)!json_object_set_new(json, fw_quota_text((enum fw_quota)q),
                                   limit < 0 ? json_string("default") : json_integer(limit));
    }
    return json;
}

static int list(struct fw_admin *a)
{
    struct fw_account_list accounts CLEANUP(fw_account_list_done) = { 0 };
    const enum fw_err err = fw_admin_account_list(a, fw_wall_now(), &accounts);
    if (err) {
        fprintf(stderr, "faxwire: the accounts cannot be read: %s\n", fw_err_text(err));
        return 1;
    }
    json_t *all = json_array();
    for (int i = 0; i < accounts.count; i++)
        (void)json_array_append_new(all, account_json(&accounts.items[i]));
    json_dumpf(all, stdout, JSON_INDENT(2));
    json_decref(all);
    fputc('\n', stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* -1 for "default". */
static bool limit_of(const char *text, int64_t *ret)
{
    uint64_t value = 0;
    if (strcmp(text, "default") == 0) {
        *ret = -1;
        return true;
    }
    if (!text[0] || !fw_text_to_u64(fw_span_of(text), LIMIT_MAX, &value))
        return false;
    *ret = (int64_t)value;
    return true;
}

static int set_limits(struct fw_admin *a, const char *name, const char *const texts[FW_QUOTA_COUNT])
{
    struct fw_account_limits l = { 0 };
    for (int q = 0; q < FW_QUOTA_COUNT; q++) {
        l.given[q] = texts[q] != NULL;
        if (texts[q] && !limit_of(texts[q], &l.limits[q])) {
            fprintf(stderr, "faxwire: %s: must be a number up to %d, or default\n", fw_quota_text((enum fw_quota)q),
                    LIMIT_MAX);
            return 2;
        }
    }
    const enum fw_err err = fw_admin_account_limit(a, name, &l);
    if (err == FW_NOT_FOUND)
        fprintf(stderr, "faxwire: there is no account '%s'; see `faxwire account list`\n", name);
    else if (err)
        fprintf(stderr, "faxwire: the limits could not be written, and stay as they were: %s\n", fw_err_text(err));
    return err ? 1 : 0;
}

int fw_accounts(int argc, char **argv)
{
    const char *command = argc > 0 ? argv[0] : "", *data = NULL, *name = NULL;
    const char *limits[FW_QUOTA_COUNT] = { NULL };
    const bool is_limit = strcmp(command, "limit") == 0;
    const struct fw_option options[] = {
        { "data", &data, false },
        { "pages-per-day", &limits[FW_QUOTA_PAGES], false },
        { "calls-per-day", &limits[FW_QUOTA_CALLS], false },
        { "calls-max", &limits[FW_QUOTA_CALLS_MAX], false },
    };
    struct fw_fault fault = { 0 };
    struct fw_config *config CLEANUP(fw_config_free_p) = NULL;
    struct fw_admin *admin CLEANUP(fw_admin_close_p) = NULL;
    int rest = 0;
    if (!is_limit && strcmp(command, "list") != 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (fw_options_read(argc - 1, argv + 1, options, is_limit ? (int)ARRAY_LEN(options) : 1, &name, is_limit, &rest,
                        &fault) ||
        fw_config_load(NULL, &fault, &config))
        return fw_options_refuse(&fault, 2);
    if (is_limit && (!name || (!limits[0] && !limits[1] && !limits[2]))) {
        fputs(usage, stderr);
        return 2;
    }
    if (fw_admin_open(data ? data : config->data, &fault, &admin))
        return fw_options_refuse(&fault, 1);
    return is_limit ? set_limits(admin, name, limits) : list(admin);
}
