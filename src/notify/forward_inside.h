/* forward_inside.h - one try, by either way. Private to the room. */
#ifndef FW_FORWARD_INSIDE_H
#define FW_FORWARD_INSIDE_H
#include <stdatomic.h>

#include "notify/forward.h"

enum { FW_FORWARD_PATH_SIZE = 4400 };

struct fw_forward_try {
    const struct fw_forwarder_config *config;
    const struct fw_forward *forward;
    const struct fw_fax     *fax;
    char        document[FW_FORWARD_PATH_SIZE]; /* its path */
    const char *json; /* what is known of the fax, an object */
    const atomic_bool *stop;
    char        why[FW_TEXT_SIZE]; /* of a failure */
};

/* Blocks until it has ended, its time is over or `stop` is set. False: `why` says it. */
MUST_USE bool fw_forward_run(struct fw_forward_try *t, const struct fw_forward_command *command);
MUST_USE bool fw_forward_post(struct fw_forward_try *t);
#endif
