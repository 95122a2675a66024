/* exchange.h - a request as the HTTP library brings it: in pieces, over time. Inside of this room only.
 *
 * The edge to libmicrohttpd. It calls from one thread of its pool at a time for one connection.
 */
#ifndef FW_API_EXCHANGE_H
#define FW_API_EXCHANGE_H
#include <microhttpd.h>
#include <stdatomic.h>

#include "api/acceptor.h"
#include "api/media_files.h"
#include "api/patience.h"
#include "api/request.h"

enum { CONNECTION_BYTES = 64 * 1024 /* of memory: headers and one piece of a body */ };

struct fw_api {
    struct fw_api_config config;
    struct fw_worker    *workers; /* owned: the library's threads */
    int                  worker_count;
    struct fw_acceptor  *acceptor; /* owned */
    uint16_t             port;
    struct fw_limits    *limits; /* owned; NULL: none */
    struct fw_claims     claims;
    atomic_bool          stopping;
    atomic_int           fetches; /* threads that download for a request */
    struct fw_sweeper   *sweeper;
    struct fw_waiters   *waiters; /* owned */
    struct fw_patience  *patience; /* owned */
    bool                 tls; /* else plain HTTP */
    struct fw_links      links;
    atomic_int           running; /* requests whose headers have come and whose answer is not out yet */
};

/* FW_IO, FW_INVALID: `fault` says why. */
MUST_USE enum fw_err fw_daemon_start(struct fw_api *api, struct fw_fault *fault);
void fw_daemon_stop(struct fw_api *api); /* also after a start that failed */
/* False: as many connections are open as there may be. */
bool fw_daemon_has_room(const struct fw_api *api);
/* Gives `fd`, which is the library's from now on, to the thread that has the fewest; from one thread only. */
void fw_daemon_add(struct fw_api *api, int fd, const struct sockaddr *from, socklen_t size);

/* Callbacks of the library; `cls` is the fw_api. */
void           *fw_exchange_new(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result fw_exchange_go(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *data_size, void **state);
void fw_exchange_end(void *cls, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code);
#endif
