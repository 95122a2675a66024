/* request.h - one request between the HTTP edge and the handlers. Inside of this room only. */
#ifndef FW_API_REQUEST_H
#define FW_API_REQUEST_H
#include "api/api.h"
#include "api/body.h"
#include "api/once.h"
#include "api/links.h"
#include "api/rate.h"
#include "api/paging.h"
#include "api/query.h"
#include "api/waiters.h"

struct fw_request;
typedef void fw_handler(struct fw_request *r);

/* A row of the table. */
struct fw_route {
    const char *method;
    const char *pattern; /* "/v2/faxes/{}/events"; each {} is one argument */
    fw_handler *handler;
    bool        open; /* needs no key */
    bool        json; /* has a body with fields */
    const char *document;     /* what its documents are called, NULL: contents */
    uint64_t    document_max; /* bytes of one, when `document` is set */
    bool        once; /* heeds Idempotency-Key */
    bool        limited; /* adds to the faxes in process */
    uint64_t    json_max; /* bytes of a body without documents; 0: FW_JSON_BYTES_MAX */
    bool        makes_pages; /* of documents, but sends none */
};

enum { FW_REQUEST_HEADERS_MAX = 8 };

struct fw_request {
    const struct fw_api_config *config;
    char                   id[FW_UUID_SIZE]; /* request-id */
    struct fw_target       target;
    const struct fw_route *route;            /* NULL: none */
    const char            *arguments[2];     /* of the pattern */
    char                   allow[64];        /* methods of the path, for 405 */
    int64_t                account;
    char                   user_id[FW_UUID_SIZE]; /* of the account */
    struct fw_body         body;
    struct fw_uploads      uploads;

    /* A handler that sets `fetch_url` (owned) and answers nothing is called again once `fetched`:
     * the document is then an upload, or the errors say why not. */
    char                  *fetch_url;
    bool                   fetched;

    /* A handler that sets `wait.until` and `waits` and answers nothing is called again when the
     * account has an event after `wait.after`; or with `wait.over`, to answer whatever there is. */
    bool                   waits;
    struct fw_waiter       wait;

    char                   resend_batch[FW_UUID_SIZE]; /* of the fax that is sent again */

    struct fw_links *links;
    struct fw_limits      *limits; /* borrowed; NULL: none */
    struct fw_claims      *claims; /* borrowed */
    struct fw_request_once once;

    /* What the answer's head gets besides. */
    struct { const char *name; char value[24]; } headers[FW_REQUEST_HEADERS_MAX];
    int                    header_count;

    /* The answer: errors, or status and text. */
    struct fw_api_errors   errors;
    int                    status;
    char                  *text; /* owned JSON; NULL with 204 and with a file */
    struct {
        int      fd; /* owned; -1: none. Sent instead of `text` */
        uint64_t size;
        const char *type; /* literal, or lives as long as the request */
        char     disposition[1200];
    } file;
};

/* Finds the route of `method`; sets route and arguments, or adds 404 or 405 to the errors. */
void fw_route_find(struct fw_request *r, const char *method);
/* What OPTIONS is answered by. */
extern const struct fw_route fw_options_route;
/* Sets the account, or adds 401 (503 when the store cannot say). `authorization` may be NULL. */
void fw_auth_check(struct fw_request *r, const char *authorization);

/* Whether a fax or a media of `size` bytes is taken now; else adds 503. Others always are. */
MUST_USE bool fw_intake_open(struct fw_request *r, uint64_t size);
/* Counts the request for its account; adds 429 when it is one too many. */
void fw_limits_check(struct fw_request *r);
/* A header of the answer; `name` is a literal. */
void fw_request_header(struct fw_request *r, const char *name, const char *value);
void fw_request_header_number(struct fw_request *r, const char *name, unsigned value);

/* The fax of the path, or false and 404 among the errors. */
MUST_USE bool fw_fax_find(struct fw_request *r, struct fw_fax *ret);

/* Adds what stands against sending by the application of `f`, else sets the policy of calls. */
void fw_fax_check_application(struct fw_request *r, struct fw_fax *f);
/* Adds what stands against the times of `f`: it could never be dialled. */
void fw_fax_check_schedule(struct fw_request *r, const struct fw_fax *f);
/* Adds that there is no such template, if `cover`, or the cover page of `f`, names one. */
void fw_cover_check(struct fw_request *r, const json_t *cover);
void fw_fax_check_cover(struct fw_request *r, const struct fw_fax *f);
/* All faults in one answer: is the media there that `f` names? */
void fw_fax_check_media(struct fw_request *r, const struct fw_fax *f);
/* The documents of `f`, uploaded or stored under a name, into `folder`. FW_NOT_FOUND: told already. */
MUST_USE enum fw_err fw_fax_place(struct fw_request *r, const struct fw_fax *f, const char *folder);
/* The arguments of the path are an id and a file, to which the query's signature gives access; or 403. */
MUST_USE bool fw_link_allowed(struct fw_request *r);
/* What a fax to be sent begins with: its id, whose it is, its times. */
void fw_fax_begin(const struct fw_request *r, struct fw_fax *f);
/* Makes `f` durable with its documents and answers 202, or adds why not. */
void fw_fax_accept(struct fw_request *r, const struct fw_fax *f);
/* The documents of `f` in its folder (empty: it has none yet), durably. */
MUST_USE enum fw_err fw_fax_place_documents(struct fw_request *r, const struct fw_fax *f, char *folder,
                                            size_t folder_size);
/* The documents of the fax that `f` repeats, into the folder of `f`. FW_NOT_FOUND: told already. */
MUST_USE enum fw_err fw_fax_resend_place(struct fw_request *r, const struct fw_fax *f, const char *folder);

void fw_respond_empty(struct fw_request *r); /* 204 */
/* Answers with `json` (stolen; NULL means out of memory). */
void fw_respond(struct fw_request *r, int status, json_t *json);
/* Answers 200 with `fd` (taken over), to be saved as `name` whatever is in it. `type` is a literal. */
void fw_respond_file(struct fw_request *r, int fd, const char *type, const char *name);
/* Downloads `r->fetch_url` to be an upload; blocking. `stop` ends it soon. */
void fw_request_fetch(struct fw_request *r, const char *pointer, uint64_t size_max,
                      const atomic_bool *stop);
/* The page `data` (stolen) of a list; fewer than `count` items in it means out of memory. */
void fw_respond_list(struct fw_request *r, const struct fw_paging *p, int64_t total, int count, json_t *data);

/* Handlers. */
fw_handler fw_fax_page_get, fw_preview_create, fw_preview_get, fw_preview_delete, fw_preview_file;
fw_handler fw_fax_create, fw_fax_get, fw_fax_list, fw_fax_events, fw_fax_attempts, fw_fax_attempt,
    fw_fax_attempt_trace;
fw_handler fw_fax_cancel, fw_fax_delete, fw_fax_refresh, fw_fax_resend;
fw_handler fw_batch_create, fw_batch_show, fw_batch_list, fw_batch_cancel;
fw_handler fw_application_create, fw_application_get, fw_application_list;
fw_handler fw_application_update, fw_application_delete;
fw_handler fw_number_create, fw_number_get, fw_number_list, fw_number_update, fw_number_delete;
fw_handler fw_media_create, fw_media_get, fw_media_list, fw_media_update, fw_media_delete, fw_media_download;
fw_handler fw_stored_get, fw_audit_get;
/* A fax with the links to its files. NULL when out of memory. */
json_t *fw_stored_fax_json(const struct fw_request *r, const struct fw_fax *f);
/* The same, with what is known of each page. */
json_t *fw_stored_fax_whole(const struct fw_request *r, const struct fw_fax *f);
/* Adds its place in the queue, and when it is expected to be dialled; null of one that does not wait. False: out of
 * memory. */
bool fw_fax_place_add(const struct fw_request *r, const struct fw_fax *f, json_t *json);
fw_handler fw_feed_get, fw_consumer_ack, fw_consumer_list, fw_consumer_delete;
/* "fax.queued,fax.failed" as bits; `*ret_known`: all of them are events of ours. */
uint32_t fw_event_kinds_read(const char *value, bool *ret_known);
fw_handler fw_webhook_secret_rotate, fw_webhook_secret_delete;
fw_handler fw_destination_list, fw_destination_show, fw_destination_update, fw_destination_delete;
fw_handler fw_webhook_list, fw_webhook_get, fw_webhook_replay, fw_event_replay;
/* The id of the path in lower case, as ids are kept; false when it is none. */
MUST_USE bool fw_request_uuid(const struct fw_request *r, char ret[FW_UUID_SIZE]);
fw_handler fw_public_key_get, fw_health_get, fw_openapi_get, fw_trunks_get;
#endif
