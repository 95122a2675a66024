/* trunks.h - the trunks that are configured, those that the line knows of, and what it says of them.
 *
 * The service's thread loads and tells; any thread may ask for the states.
 */
#ifndef FW_TRUNKS_H
#define FW_TRUNKS_H
#include <jansson.h>

#include "config.h"
#include "ipc/msg.h"

struct fw_trunks;
typedef void fw_trunks_send_fn(void *arg, const struct fw_msg *msg); /* to the line */

MUST_USE enum fw_err fw_trunks_new(struct fw_trunks **ret);
void fw_trunks_free(struct fw_trunks *t); /* NULL is fine */
/* What shall be from now on; nothing of the arguments is kept. */
void fw_trunks_want_config(struct fw_trunks *t, const struct fw_config *config);
/* The built-in one of development, alone. */
void fw_trunks_want_carrier(struct fw_trunks *t, uint16_t port, bool unpaced);
/* The same from the file again (SIGHUP). A file that cannot be used changes nothing: FW_INVALID, and
 * the log says why. */
MUST_USE enum fw_err fw_trunks_reload(struct fw_trunks *t, const char *path);
/* Sends what the line does not know yet: TRUNK_SET of new and changed ones, TRUNK_GONE. */
void fw_trunks_tell(struct fw_trunks *t, fw_trunks_send_fn *send, void *arg);
/* The line has ended: its successor knows nothing. */
void fw_trunks_forget(struct fw_trunks *t);
/* Calls that they take at the same time, those that are down left out unless all are; 0: any number. A trunk with a
 * limit of calls a second takes as many as it can begin in a minute. */
uint32_t fw_trunks_channels(struct fw_trunks *t);
void fw_trunks_heard(struct fw_trunks *t, const struct fw_msg_trunk_state *state);
/* An array as GET /v2/trunks shows it; a new reference, NULL when out of memory. */
json_t *fw_trunks_json(struct fw_trunks *t);
#endif
