/* library.h - what the HTTP library answers by itself, said in our words. Inside of this room only.
 *
 * A request that is no HTTP (a Content-Length that is no number, chunks that are none, more header than the memory of a
 * connection holds) never gets to a handler: libmicrohttpd refuses it with a page of its own. It queues that as anybody
 * would, through the dynamic linker, which finds our MHD_queue_response first: the status stays, the body becomes an
 * error of the API, and the answer has its request-id and a log line like every other (decision 13).
 */
#ifndef FW_API_LIBRARY_H
#define FW_API_LIBRARY_H
#include <microhttpd.h>

#include "base/base.h"

/* For answers of ours: the library's own MHD_queue_response. */
MUST_USE enum MHD_Result fw_library_answer(struct MHD_Connection *connection, unsigned status,
                                           struct MHD_Response *response);
#endif
