/* From forward_commands and the keys forward_… to a forwarder that runs. */
#include "forwarding.h"

#include <stdlib.h>
#include <string.h>

bool fw_forwarding_has(const struct fw_config *c, const char *name)
{
    for (unsigned i = 0; i < c->forward_commands_count; i++) {
        if (strcmp(c->forward_commands[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The same words, and the NULL that execve wants. */
static bool convert(const struct fw_config_command *from, struct fw_forward_command *to)
{
    char **argv = calloc(from->command_count + 1, sizeof *argv);
    if (!argv)
        return false;
    for (unsigned i = 0; i < from->command_count; i++)
        argv[i] = from->command[i];
    *to = (struct fw_forward_command){ from->name, argv, (int)from->timeout_secs };
    return true;
}

static void free_commands(struct fw_forwarding *f)
{
    for (int i = 0; i < f->command_count; i++) {
        union { char *const *in; void *out; } argv = { .in = f->commands[i].argv }; /* ours, const to its users */
        free(argv.out);
    }
    free(f->commands);
    *f = (struct fw_forwarding){ 0 };
}

enum fw_err fw_forwarding_start(const struct fw_config *c, bool allow_private, struct fw_store *store,
                                struct fw_signer *signer, struct fw_forwarding *f)
{
    bool good = true;
    f->commands = calloc(c->forward_commands_count + 1, sizeof *f->commands);
    for (unsigned i = 0; i < c->forward_commands_count && f->commands && good; i++) {
        good = convert(&c->forward_commands[i], &f->commands[i]);
        f->command_count += good;
    }
    const struct fw_forwarder_config config = {
        .store = store, .signer = signer, .commands = f->commands, .command_count = f->command_count,
        .workers = (int)c->forward_workers, .allow_private = allow_private,
        .schedule = { .first_ms = c->forward_retry_first_ms, .max_ms = c->forward_retry_max_secs * 1000 },
        .give_up_s = c->forward_give_up_secs,
    };
    const enum fw_err err = f->commands && good ? fw_forwarder_start(&config, &f->forwarder) : FW_NO_MEMORY;
    if (err)
        free_commands(f);
    return err;
}

void fw_forwarding_stop(struct fw_forwarding *f)
{
    fw_forwarder_stop(f->forwarder);
    free_commands(f);
}
