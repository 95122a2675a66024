/* forwarding.h - the forwarder as the configuration says. */
#ifndef FW_FORWARDING_H
#define FW_FORWARDING_H
#include "config.h"
#include "notify/forward.h"

/* What the forwarder is given, in the form that it takes; lives as long as it. */
struct fw_forwarding {
    struct fw_forward_command *commands; /* owned */
    int command_count;
    struct fw_forwarder *forwarder; /* owned */
};

/* All of it outlives what is started. */
MUST_USE enum fw_err fw_forwarding_start(const struct fw_config *c, bool allow_private, struct fw_store *store,
                                         struct fw_signer *signer, struct fw_forwarding *f);
void fw_forwarding_stop(struct fw_forwarding *f); /* one that was not started is fine */
bool fw_forwarding_has(const struct fw_config *c, const char *name);
#endif
