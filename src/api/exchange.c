/* One request from its first header to the end of its answer. */
#include "api/exchange.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/cors.h"
#include "api/framing.h"
#include "api/library.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum {
    /* What is read and thrown away after a refusal, so that a client that writes first and reads
     * then sees the answer and not a reset. More than this is cut off. */
    DISCARD_BYTES_MAX = 16 * 1024 * 1024,
    FETCHES_MAX = 16,        /* at the same time; each has a thread and waits for a stranger */
    REQUEST_S_MAX = 15 * 60, /* the idle limit does not end a body that drips */
};

struct exchange {
    struct fw_api *api;
    struct MHD_Connection *connection;
    struct fw_request request;
    enum fw_err target_err;
    struct fw_mono start;
    uint64_t body_size, announced; /* bytes that came; of Content-Length, 0: not told */
    char method[16];
    struct fw_turn *turn; /* of the connection; NULL: not watched */
    bool began, counted, close;
    bool reading, refused; /* a body comes; it was refused while it did */
    bool server_wide; /* the target "*" */
    int status; /* answered; 0 before */
};

/* libmicrohttpd up to 0.9.76 ends the target at a NUL as well, see ends_well. The version of HTTP
 * follows it where it stands. */
static bool target_ends_well(const char *target)
{
    return MHD_VERSION >= 0x00097700 || fw_text_starts(target + strlen(target) + 1, "HTTP/1.");
}

void *fw_exchange_new(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->api = cls;
    x->connection = connection;
    x->request.file.fd = -1;
    x->start = fw_mono_now();
    x->request.config = &x->api->config;
    x->request.links = &x->api->links;
    x->request.limits = x->api->limits;
    x->request.claims = &x->api->claims;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->turn = info ? info->socket_context : NULL;
    x->server_wide = strcmp(target, "*") == 0;
    fw_uploads_init(&x->request.uploads, x->api->config.upload_dir);
    fw_uuid_new(fw_wall_now(), x->request.id);
    fw_patience_name(x->api->patience, x->turn, x->request.id);
    x->target_err = target_ends_well(target) ? fw_target_parse(fw_span_of(target), &x->request.target)
                                             : FW_INVALID;
    return x;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Everything but what the log line needs. Before the answer goes out: who has read it finds no
 * temporary file left. */
static void release(struct exchange *x)
{
    fw_body_done(&x->request.body);
    fw_uploads_done(&x->request.uploads);
    fw_api_errors_done(&x->request.errors);
    fw_fd_close(&x->request.file.fd);
    free(x->request.fetch_url);
    free(x->request.text);
    x->request.text = x->request.fetch_url = NULL;
}

/* What a page of another origin may do and see. */
static void add_cors(const struct exchange *x, struct MHD_Response *response)
{
    const char *list = x->api->config.cors_origins;
    if (!list || !list[0])
        return;
    (void)MHD_add_response_header(response, "vary", "Origin");
    const char *allowed = fw_cors_allow(list, header(x->connection, "Origin"));
    if (!allowed)
        return;
    (void)MHD_add_response_header(response, "access-control-allow-origin", allowed);
    (void)MHD_add_response_header(response, "access-control-expose-headers", FW_CORS_EXPOSED);
    if (x->request.route != &fw_options_route || !x->request.allow[0])
        return;
    (void)MHD_add_response_header(response, "access-control-allow-methods", x->request.allow);
    (void)MHD_add_response_header(response, "access-control-allow-headers", FW_CORS_HEADERS);
    (void)MHD_add_response_header(response, "access-control-max-age", "600");
}

static void add_headers(const struct exchange *x, struct MHD_Response *response)
{
    const struct fw_request *r = &x->request;
    if (r->file.type && x->status == 200) {
        (void)MHD_add_response_header(response, "content-type", r->file.type);
        (void)MHD_add_response_header(response, "content-disposition", r->file.disposition);
        (void)MHD_add_response_header(response, "x-content-type-options", "nosniff");
        (void)MHD_add_response_header(response, "cache-control", "private, no-store");
    } else if (x->status != 204) {
        (void)MHD_add_response_header(response, "content-type", "application/json; charset=utf-8");
    }
    (void)MHD_add_response_header(response, "request-id", r->id);
    (void)MHD_add_response_header(response, "x-request-id", r->id);
    for (int i = 0; i < r->header_count; i++)
        (void)MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
    if (x->status == 401)
        (void)MHD_add_response_header(response, "www-authenticate", "Bearer realm=\"faxwire\"");
    if ((x->status == 405 || r->route == &fw_options_route) && r->allow[0])
        (void)MHD_add_response_header(response, "allow", r->allow);
    if (x->status == 503 && !MHD_get_response_header(response, "retry-after"))
        (void)MHD_add_response_header(response, "retry-after", "1");
    /* A 500 in the middle of a change may have changed something; a 503 has not. A request with
     * a name finds out. */
    if (x->status == 500 && strcmp(x->method, "GET") != 0 && r->once.count == 0)
        (void)MHD_add_response_header(response, "x-should-retry", "false");
    add_cors(x, response);
    if (x->close || atomic_load(&x->api->stopping))
        (void)MHD_add_response_header(response, "connection", "close");
}

/* What the handler left, as a response; NULL when out of memory. */
static struct MHD_Response *response_of(struct exchange *x, char *text)
{
    static char nothing[] = "";
    static char no_memory[] =
        "{\"errors\":[{\"code\":\"10037\",\"title\":\"Service unavailable\"}]}";
    struct fw_request *r = &x->request;
    struct MHD_Response *response = NULL;
    if (text) {
        response =
            MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
        if (!response)
            free(text);
    } else if (x->status == 200 && r->file.fd >= 0) {
        response = MHD_create_response_from_fd64(r->file.size, r->file.fd); /* takes it over */
        if (response)
            r->file.fd = -1;
    } else if (x->status == 204) {
        response = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    } else {
        x->status = x->status < 300 ? 503 : x->status;
        response = MHD_create_response_from_buffer(strlen(no_memory), no_memory,
                                                   MHD_RESPMEM_PERSISTENT);
    }
    return response;
}

static void stop_reading(struct exchange *x)
{
    if (x->reading)
        fw_patience_phase(x->api->patience, x->turn, FW_PHASE_ANSWER, x->request.id);
    x->reading = false;
}

static enum MHD_Result respond(struct exchange *x, struct MHD_Connection *connection)
{
    struct fw_request *r = &x->request;
    stop_reading(x);
    x->status = r->errors.status ? r->errors.status : r->status;
    char *text = TAKE(r->text);
    if (r->errors.status) {
        json_t *json = fw_api_errors_json(&r->errors);
        free(text);
        text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        json_decref(json);
    }
    struct MHD_Response *response = response_of(x, text);
    release(x);
    if (!response)
        return MHD_NO;
    add_headers(x, response);
    const enum MHD_Result result = fw_library_answer(connection, (unsigned)x->status, response);
    MHD_destroy_response(response);
    return result;
}

/* libmicrohttpd up to 0.9.76 joins a line that begins with a blank to the name of the one before, where RFC 9112, 5.2
 * wants a refusal. It moves the name for that; else the value stands right behind it. */
static bool is_folded(const char *name, size_t name_size, const char *value)
{
    const uintptr_t gap = (uintptr_t)value - (uintptr_t)name;
    if (MHD_VERSION >= 0x00097700)
        return false;
    if (gap <= name_size || gap > CONNECTION_BYTES)
        return true;
    const size_t blanks = strspn(name + name_size + 1, " \t");
    return name + name_size + 1 + blanks < value; /* something stands between them */
}

/* libmicrohttpd up to 0.9.76 ends a value at a NUL and says nothing of what follows. It has put zeros
 * for the CR and LF at the end of each line, where the value stands: anything else is such a rest, or a
 * line that did not end as lines do. Later ones refuse that themselves, and may keep values elsewhere. */
static bool ends_well(const char *value, size_t value_size)
{
    return MHD_VERSION >= 0x00097700 || (value[value_size] == '\0' && value[value_size + 1] == '\0');
}

static enum MHD_Result judge_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                    size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    struct fw_framing *f = cls;
    fw_framing_header(f, (struct fw_span){ (const uint8_t *)name, name_size },
                      (struct fw_span){ (const uint8_t *)value, value ? value_size : 0 });
    if (value && !ends_well(value, value_size))
        f->fault = "a header line with a NUL in it, or without CR and LF at its end";
    if (value && is_folded(name, name_size, value))
        f->fault = "a header that goes on in a second line";
    return MHD_YES;
}

static void check_framing(struct exchange *x, struct MHD_Connection *connection,
                          const char *version)
{
    struct fw_framing framing = { 0 };
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, judge_header, &framing);
    const char *fault = fw_framing_fault(&framing, strcmp(version, "HTTP/1.1") == 0);
    if (!fault)
        return;
    x->close = true;
    fw_api_error_at(&x->request.errors, FW_API_BAD_REQUEST, "/", "The request was refused: %s.",
                    fault);
}

static void find_and_let_in(struct exchange *x, struct MHD_Connection *connection,
                            const char *method)
{
    struct fw_request *r = &x->request;
    if (x->server_wide && strcmp(method, "OPTIONS") == 0)
        r->route = &fw_options_route;
    else if (x->target_err)
        fw_api_error_at(&r->errors, FW_API_BAD_REQUEST, NULL,
                        "The path or query is malformed or too long.");
    else
        fw_route_find(r, method);
    if (!r->errors.status && !r->route->open)
        fw_auth_check(r, header(connection, "Authorization"));
    if (!r->errors.status && !r->route->open)
        fw_limits_check(r);
    if (!r->errors.status)
        fw_once_header(r, header(connection, "Idempotency-Key"));
    if (!r->errors.status)
        fw_in_process_check(r);
    /* One with a name may be a repetition of what was accepted: that is looked at first. */
    if (!r->errors.status && r->once.count == 0)
        (void)!fw_intake_open(r, x->announced);
}

/* How many bytes the client says it will send; 0 also when it does not say. */
static uint64_t announced(struct MHD_Connection *connection)
{
    const char *text = header(connection, "Content-Length");
    uint64_t size = 0;
    return text && fw_text_to_u64(fw_span_of(text), INT64_MAX, &size) ? size : 0;
}

/* All headers are here, nothing of the body. What is refused now costs no upload. */
static enum MHD_Result begin(struct exchange *x, struct MHD_Connection *connection,
                             const char *method, const char *version)
{
    struct fw_request *r = &x->request;
    x->began = x->counted = true;
    atomic_fetch_add(&x->api->running, 1);
    fw_text_clip(x->method, sizeof x->method, method);
    x->announced = announced(connection);
    x->reading = x->announced > 0 || header(connection, "Transfer-Encoding");
    fw_patience_phase(x->api->patience, x->turn, x->reading ? FW_PHASE_BODY : FW_PHASE_ANSWER, r->id);
    check_framing(x, connection, version);
    if (x->close)
        return respond(x, connection);
    find_and_let_in(x, connection, method);
    const uint64_t size = x->announced;
    if (!r->errors.status && r->route->json) {
        fw_body_begin(&r->body, header(connection, "Content-Type"), &r->uploads, &r->errors);
        if (r->route->document)
            fw_body_expect(&r->body, r->route->document, r->route->document_max);
        if (r->route->json_max)
            fw_body_allow(&r->body, r->route->json_max);
        (void)!fw_body_announced(&r->body, size);
    }
    if (!r->errors.status || (size <= DISCARD_BYTES_MAX && !header(connection, "Expect")))
        return MHD_YES;
    x->close = true;
    return respond(x, connection);
}

/* The library waits for a change of the socket, and so for the idle limit when the client's end
 * came together with the last data. Only when more was announced: an end behind it is fair. */
static bool gone(const struct exchange *x, struct MHD_Connection *connection)
{
    if (x->body_size >= x->announced)
        return false;
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Who sends too much is told while he does; the library only takes an answer behind the body. */
static void refuse_early(struct exchange *x)
{
    if (x->request.errors.status != 413 || x->refused)
        return;
    json_t *json CLEANUP(fw_json_free) = fw_api_errors_json(&x->request.errors);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    x->refused = true;
    x->status = 413;
    fw_uploads_done(&x->request.uploads); /* who has read it finds none of them left */
    if (text && fw_patience_refuse(x->api->patience, x->turn, 413, text))
        x->close = true;
    free(text);
}

static enum MHD_Result take(struct exchange *x, struct MHD_Connection *connection,
                            struct fw_span data)
{
    struct fw_request *r = &x->request;
    x->body_size += data.size;
    fw_patience_body(x->api->patience, x->turn, x->body_size);
    if (gone(x, connection))
        return MHD_NO;
    if (fw_mono_now().us - x->start.us > (int64_t)REQUEST_S_MAX * 1000000)
        return MHD_NO;
    if (r->route && r->route->json && !r->errors.status) {
        fw_body_read(&r->body, data);
        refuse_early(x);
        return MHD_YES;
    }
    refuse_early(x);
    const uint64_t max = r->body.size_max + DISCARD_BYTES_MAX;
    return x->body_size > max ? MHD_NO : MHD_YES;
}

static void *fetch(void *arg)
{
    struct exchange *x = arg;
    struct fw_api *api = x->api;
    fw_request_fetch(&x->request, "/media_url", x->request.route->document_max, &api->stopping);
    MHD_resume_connection(x->connection); /* it may be gone from here on */
    atomic_fetch_sub(&api->fetches, 1);
    return NULL;
}

/* The download waits for a stranger: on a thread of its own, while this one serves others. */
static enum MHD_Result start_fetch(struct exchange *x)
{
    pthread_t thread;
    pthread_attr_t detached;
    x->request.fetched = true;
    if (atomic_fetch_add(&x->api->fetches, 1) < FETCHES_MAX) {
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        MHD_suspend_connection(x->connection);
        const int failed = pthread_create(&thread, &detached, fetch, x);
        pthread_attr_destroy(&detached);
        if (!failed)
            return MHD_YES;
        fw_api_error_store(&x->request.errors, FW_NO_MEMORY);
        atomic_fetch_sub(&x->api->fetches, 1);
        MHD_resume_connection(x->connection);
        return MHD_YES; /* finish is called again */
    }
    atomic_fetch_sub(&x->api->fetches, 1);
    fw_api_error_at(&x->request.errors, FW_API_UNAVAILABLE, "/media_url",
                    "Too many downloads at the same time; try again, or upload the document.");
    return respond(x, x->connection);
}

/* Nothing to tell yet: the connection sleeps until there is, and no thread with it. */
static enum MHD_Result start_wait(struct exchange *x)
{
    struct fw_request *r = &x->request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    r->waits = false;
    r->wait.account = r->account;
    r->wait.connection = x->connection;
    r->wait.fd = info ? info->connect_fd : -1;
    MHD_suspend_connection(x->connection);
    fw_log(FW_LOG_DEBUG, "events.waiting", "request=%s", r->id);
    const enum fw_err err = fw_waiters_add(x->api->waiters, &r->wait);
    if (!err)
        return MHD_YES; /* it may have been resumed, and be gone, already */
    r->wait.over = true;
    if (err == FW_LIMIT) {
        fw_request_header(r, "retry-after", "1");
        fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL,
                        "Too many requests wait for events at the same time.");
    }
    MHD_resume_connection(x->connection);
    return MHD_YES; /* finish is called again */
}

static enum MHD_Result finish(struct exchange *x, struct MHD_Connection *connection)
{
    struct fw_request *r = &x->request;
    stop_reading(x);
    if (!r->errors.status && r->route->json && !r->fetched)
        fw_body_finish(&r->body);
    if (!r->errors.status)
        r->route->handler(r);
    if (!r->errors.status && r->fetch_url && !r->fetched)
        return start_fetch(x);
    if (!r->errors.status && r->waits)
        return start_wait(x);
    fw_assert(r->errors.status || r->status);
    return respond(x, connection);
}

enum MHD_Result fw_exchange_go(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *data_size, void **state)
{
    (void)cls, (void)url;
    struct exchange *x = *state;
    if (!x)
        return MHD_NO; /* no memory when it began */
    if (!x->began)
        return begin(x, connection, method, version);
    if (*data_size == 0)
        return finish(x, connection);
    const struct fw_span piece = { (const uint8_t *)data, *data_size };
    *data_size = 0;
    return take(x, connection, piece);
}

void fw_exchange_end(void *cls, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct fw_api *api = cls;
    struct exchange *x = *state;
    if (!x)
        return;
    *state = NULL;
    release(x);
    fw_patience_phase(api->patience, x->turn, FW_PHASE_HEADER, "");
    if (x->counted) {
        fw_log(FW_LOG_INFO, "http.request", "method=%s path=%s status=%d ms=%lld request=%s%s",
               FW_LOG_TEXT(x->method), x->request.route ? x->request.route->pattern : "-",
               x->status, (long long)(fw_mono_now().us - x->start.us) / 1000, x->request.id,
               code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " cut_off=true");
        atomic_fetch_sub(&api->running, 1);
    }
    free(x);
}
