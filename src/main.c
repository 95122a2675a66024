/* faxwire - arguments in, exit code out: the service and the command line over its API. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "keys.h"
#include "serve.h"

static const char usage[] =
    "usage: faxwire COMMAND [OPTIONS]\n"
    "\n"
    "  dev    [--data DIR] [--listen HOST:PORT] [--paced] [--log-level LEVEL]\n"
    "         the service with a built-in telephone network, for development; one JSON line\n"
    "         on stdout when ready\n"
    "  serve  --config FILE [--check]\n"
    "         the service; --check only validates the file\n"
    "  key    create [--data DIR] [--account NAME] [--expires 90d] [--label TEXT]\n"
    "         list [--data DIR] | revoke [--data DIR] ID\n"
    "         rotate-webhook [--data DIR] [--overlap 24h]: a new key to sign webhooks with, after that time\n"
    "         API keys, in the data folder of a service that may be running\n"
    "  account list [--data DIR] | limit [--data DIR] [--pages-per-day N] [--calls-per-day N] [--calls-max N] NAME\n"
    "         what accounts may send, and have sent today\n"
    "  send   --to NUMBER [--from NUMBER] [--quality Q] [--wait] FILE|URL\n"
    "  show   FAX_ID\n"
    "  list\n"
    "  events FAX_ID\n"
    "  cancel FAX_ID\n"
    "  number add NUMBER [--application ID] | list | assign NUMBER --application ID | remove NUMBER\n"
    "         the phone numbers that faxes come in for, and which application takes them\n"
    "  mail   --application ID [--sender ADDRESS] RECIPIENT < MESSAGE\n"
    "         a mail becomes a fax: for the pipe of a mail server, see doc/email.md\n"
    "         over the API at FAXWIRE_URL with FAXWIRE_API_KEY\n"
    "  help, version\n";

static int run(struct fw_config *config, const struct fw_serve_options *options)
{
    enum fw_log_level level = FW_LOG_INFO;
    (void)!fw_log_level_parse(config->log_level, &level);
    fw_log_init("faxwire", level);
    return fw_serve(config, options);
}

static int set_text(char **member, const char *value)
{
    if (!value)
        return 0;
    free(*member);
    *member = strdup(value);
    return *member ? 0 : 1;
}

static int dev(int argc, char **argv)
{
    const char *data = "faxwire-data", *listen = NULL, *paced = NULL, *level = NULL, *none = NULL;
    const struct fw_option options[] = {
        { "data", &data, false }, { "listen", &listen, false },
        { "paced", &paced, true }, { "log-level", &level, false },
    };
    struct fw_fault fault = { 0 };
    struct fw_config *config CLEANUP(fw_config_free_p) = NULL;
    int rest = 0;
    char host[256];
    uint16_t port;
    enum fw_log_level parsed;
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), &none, 0, &rest, &fault) ||
        fw_config_load(NULL, &fault, &config))
        return fw_options_refuse(&fault, 2);
    if (listen && !fw_config_listen(listen, host, sizeof host, &port)) {
        fw_fault_set(&fault, "--listen", "must be HOST:PORT, e.g. 127.0.0.1:8080");
        return fw_options_refuse(&fault, 2);
    }
    if (level && !fw_log_level_parse(level, &parsed)) {
        fw_fault_set(&fault, "--log-level", "must be error, warn, info or debug");
        return fw_options_refuse(&fault, 2);
    }
    if (set_text(&config->data, data) || set_text(&config->listen, listen) ||
        set_text(&config->log_level, level))
        return 1;
    const struct fw_serve_options how = { .dev = true, .paced = paced != NULL };
    return run(config, &how);
}

static int serve(int argc, char **argv)
{
    const char *path = NULL, *check = NULL, *none = NULL;
    const struct fw_option options[] = { { "config", &path, false }, { "check", &check, true } };
    struct fw_fault fault = { 0 };
    struct fw_config *config CLEANUP(fw_config_free_p) = NULL;
    int rest = 0;
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), &none, 0, &rest, &fault))
        return fw_options_refuse(&fault, 2);
    if (!path) {
        fw_fault_set(&fault, "--config", "is missing; config/faxwire.yaml is an example");
        return fw_options_refuse(&fault, 2);
    }
    if (fw_config_load(path, &fault, &config))
        return fw_options_refuse(&fault, 2);
    int code = 0;
    if (check)
        printf("%s: ok\n", path);
    else if (config->trunks_count == 0) {
        fw_fault_set(&fault, "trunks", "none is configured, so no fax could be sent");
        code = fw_options_refuse(&fault, 2);
    } else
        code = run(config, &(struct fw_serve_options){ .config_path = path });
    return code;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return argc > 1 && strcmp(argv[1], "help") == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || asks_for_help(argc, argv)) {
        fputs(usage, stdout);
        return argc > 1 ? 0 : 2;
    }
    const char *command = argv[1];
    if (strcmp(command, "dev") == 0)
        return dev(argc - 2, argv + 2);
    if (strcmp(command, "serve") == 0)
        return serve(argc - 2, argv + 2);
    if (strcmp(command, "key") == 0)
        return fw_keys(argc - 2, argv + 2);
    if (strcmp(command, "account") == 0)
        return fw_accounts(argc - 2, argv + 2);
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        puts("faxwire " FW_VERSION);
        return 0;
    }
    const int code = fw_cli(argc - 1, argv + 1);
    if (code >= 0)
        return code;
    fprintf(stderr, "faxwire: unknown command '%s'\n\n%s", command, usage);
    return 2;
}
