/* forward.h - received faxes go on to a command or a URL of their application.
 *
 * What is to be done lies in the store, so a stop or a crash loses nothing: a try that was cut off is made
 * again, and whoever gets the document may get it twice (by the fax's id). Nothing here changes a fax: a
 * command works on a copy. Several at a time, of one target at most half of them, so that a command that
 * hangs holds up no other.
 *
 * Commands are the operator's, named in the configuration; an application only says which.
 */
#ifndef FW_FORWARD_H
#define FW_FORWARD_H
#include "base/signer.h"
#include "notify/schedule.h"
#include "store/forward.h"

struct fw_forward_command {
    const char  *name;
    char *const *argv; /* ends with NULL; argv[0] is a whole path */
    int          timeout_s;
};

enum { FW_FORWARD_WORKERS_MAX = 16 };
struct fw_forwarder_config { /* all of it outlives the forwarder */
    struct fw_store  *store;
    struct fw_signer *signer;
    const struct fw_forward_command *commands;
    int      command_count;
    int      workers;       /* 1 to FW_FORWARD_WORKERS_MAX */
    bool     allow_private; /* URLs may lead to private addresses */
    struct fw_notify_schedule schedule; /* of its waits only */
    int64_t  give_up_s;
};

struct fw_forwarder;

MUST_USE enum fw_err fw_forwarder_start(const struct fw_forwarder_config *config, struct fw_forwarder **ret);
/* Breaks off what is being done (it stays in the store), ends the threads and frees. NULL is fine. */
void fw_forwarder_stop(struct fw_forwarder *f);
#endif
