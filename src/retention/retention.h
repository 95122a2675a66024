/* retention.h - the thread that takes away what is not to be kept any longer.
 *
 * It looks every now and then, carries the rules out in parts, removes the files, and has the database leave
 * nothing of what was deleted, by a rule or by the API. Each step is durable before the next, so a stop or a
 * crash only puts it off.
 */
#ifndef FW_RETENTION_H
#define FW_RETENTION_H
#include "store/retention.h"

struct fw_retention;
struct fw_retention_config {
    struct fw_store         *store; /* outlives it */
    struct fw_retention_rule rule;
    int                      look_ms;
};

MUST_USE enum fw_err fw_retention_start(const struct fw_retention_config *config, struct fw_retention **ret);
void fw_retention_stop(struct fw_retention *r); /* NULL is fine */
#endif
