/* acceptor.h - takes connections and spreads them over the HTTP library's threads. Inside of this room only.
 *
 * Left to itself the thread that wakes first takes what is there, ten connections and more, and serves
 * them one after another while its neighbours sleep; a handler waits for the disk, so those clients wait
 * ten times as long as others. Each is handed to the thread that has the fewest.
 */
#ifndef FW_API_ACCEPTOR_H
#define FW_API_ACCEPTOR_H
#include "base/base.h"

struct fw_acceptor;
struct fw_api;

/* Takes over `fd`, a listening socket that does not block, also when it fails. `api` has its threads. */
MUST_USE enum fw_err fw_acceptor_start(int fd, struct fw_api *api, struct fw_acceptor **ret);
/* No connection is taken any more, and the port is free; NULL is fine. */
void fw_acceptor_stop(struct fw_acceptor *a);
#endif
