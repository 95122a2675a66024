/* The HTTP library's own refusals, found at the dynamic linker. */
#include "api/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/errors.h"
#include "api/patience.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "fax/fax_json.h"

static enum MHD_Result (*real)(struct MHD_Connection *, unsigned, struct MHD_Response *);

static void find_real(void)
{
    void *found = dlsym(RTLD_NEXT, "MHD_queue_response");
    fw_assert(found);
    memcpy(&real, &found, sizeof real);
}

enum MHD_Result fw_library_answer(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_real);
    return real(connection, status, response);
}

static enum fw_api_code code_of(unsigned status)
{
    if (status == MHD_HTTP_CONTENT_TOO_LARGE)
        return FW_API_TOO_LARGE;
    return status == MHD_HTTP_INTERNAL_SERVER_ERROR ? FW_API_UNEXPECTED : FW_API_BAD_REQUEST;
}

static const char *reason(unsigned status)
{
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE: return "The request is longer than any that is taken here.";
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE: return "The headers are longer than 64 KB can hold.";
    case MHD_HTTP_URI_TOO_LONG: return "The path and query are too long.";
    case MHD_HTTP_INTERNAL_SERVER_ERROR: return "The server has no memory left for this request.";
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED: return "HTTP/1.0 and HTTP/1.1 are spoken here.";
    default: return "This is not a request of HTTP/1.1: its first line, a header or a chunk is malformed.";
    }
}

/* NULL when out of memory. */
static struct MHD_Response *refusal(unsigned status, const char *id)
{
    struct fw_api_errors errors = { 0 };
    fw_api_error_at(&errors, code_of(status), NULL, "%s", reason(status));
    json_t *json CLEANUP(fw_json_free) = fw_api_errors_json(&errors);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    fw_api_errors_done(&errors);
    if (!text)
        return NULL;
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return NULL;
    }
    (void)MHD_add_response_header(response, "content-type", "application/json; charset=utf-8");
    (void)MHD_add_response_header(response, "request-id", id);
    (void)MHD_add_response_header(response, "x-request-id", id);
    (void)MHD_add_response_header(response, "connection", "close");
    return response;
}

/* Only the library gets here: what is ours goes by fw_library_answer. */
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    char id[FW_UUID_SIZE];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!info || !fw_patience_id(info->socket_context, id))
        fw_uuid_new(fw_wall_now(), id);
    fw_log(FW_LOG_INFO, "http.refused", "status=%u request=%s", status, id);
    struct MHD_Response *ours = refusal(status, id);
    const enum MHD_Result result = fw_library_answer(connection, status, ours ? ours : response);
    if (ours)
        MHD_destroy_response(ours);
    return result;
}
