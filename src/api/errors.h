/* errors.h - what was wrong with a request, in the contract's words, all faults in one answer.
 *
 * Source: CONTRACT 1.6 (shape and catalogue of codes). Faxes answer 404 with the code "404",
 * applications with one of the catalogue: FW_API_NO_FAX and FW_API_NO_RESOURCE.
 */
#ifndef FW_API_ERRORS_H
#define FW_API_ERRORS_H
#include <jansson.h>

#include "base/base.h"

/* X(name, HTTP status, code, title). */
#define FW_API_CODES(X)                                                                            \
    X(MISSING, 422, "10004", "Missing required parameter")                                         \
    X(NO_RESOURCE, 404, "10005", "Resource not found")                                             \
    X(UNEXPECTED, 500, "10007", "Unexpected error")                                                \
    X(AUTHENTICATION, 401, "10009", "Authentication failed")                                       \
    X(TOO_MANY, 429, "10011", "Too many requests")                                                 \
    X(BAD_EMAIL, 422, "10019", "Invalid email")                                                    \
    X(BAD_REQUEST, 400, "10015", "Bad Request")                                                    \
    X(TOO_LARGE, 413, "10015", "Payload Too Large")                                                \
    X(BAD_URL, 422, "10003", "Invalid URL")                                                        \
    X(NOT_E164, 422, "10016", "Phone number must be in +E.164 format")                             \
    X(NO_ASSOCIATED, 422, "10017", "Associated resource does not exist")                           \
    X(NOT_TEXT, 422, "10020", "Value must be a string")                                            \
    X(IN_USE, 422, "10021", "Resource in use")                                                     \
    X(BAD_JSON, 400, "10023", "Invalid JSON")                                                      \
    X(CONTENT_TYPE, 415, "10024", "Unsupported content-type")                                      \
    X(TEXT_LENGTH, 422, "10025", "Invalid string length")                                          \
    X(WRONG_TYPE, 422, "10026", "Wrong type")                                                      \
    X(UNPROCESSABLE, 422, "10027", "Unprocessable entity")                                         \
    X(ENCODING, 422, "10028", "Invalid encoding")                                                  \
    X(METHOD, 405, "10030", "Method not allowed")                                                  \
    X(BAD_FILTER, 400, "10031", "Invalid filter")                                                  \
    X(NOT_IN_LIST, 422, "10032", "Invalid enumerated value")                                       \
    X(OUT_OF_RANGE, 422, "10033", "Value outside of range")                                        \
    X(BAD_PAGE, 400, "10033", "Value outside of range")                                            \
    X(IN_PROGRESS, 409, "10036", "Request is being processed")                                     \
    X(UNAVAILABLE, 503, "10037", "Service unavailable")                                            \
    X(CONNECTION_ID, 422, "85004", "Invalid connection id")                                        \
    X(CLIENT_STATE, 422, "90017", "Invalid client state")                                          \
    X(KEY_REVOKED, 401, "20002", "API Key revoked")                                                \
    X(KEY_EXPIRED, 401, "20006", "Expired access token")                                           \
    X(FORBIDDEN, 403, "10010", "Authorization failed")                                             \
    X(DUPLICATE, 422, "10012", "Duplicate resource")                                               \
    X(FAX_STATE, 422, "90080", "Cannot issue a command on a fax in the current state")             \
    X(FAX_INBOUND, 422, "90081", "Cannot issue this command on an inbound fax")                    \
    X(NO_FAX, 404, "404", "Not Found")
enum fw_api_code {
#define X(name, status, code, title) FW_API_##name,
    FW_API_CODES(X)
#undef X
        FW_API_CODE_COUNT
};

enum { FW_API_ERRORS_MAX = 50 }; /* of one answer; more are counted, not listed */

struct fw_api_errors {
    json_t *list;   /* owned; NULL while there is none */
    int     status; /* HTTP, of the first; 0 while there is none */
};

void fw_api_errors_done(struct fw_api_errors *e);

/* `pointer` (RFC 6901) or `parameter` names the place; either or both may be NULL. */
void fw_api_error_at(struct fw_api_errors *e, enum fw_api_code code, const char *pointer,
                     const char *fmt, ...) PRINTF(4, 5);
void fw_api_error_in(struct fw_api_errors *e, enum fw_api_code code, const char *parameter,
                     const char *fmt, ...) PRINTF(4, 5);
/* For what the store answered. */
void fw_api_error_store(struct fw_api_errors *e, enum fw_err err);

/* {"errors": […]}: a new reference, NULL when out of memory. */
json_t *fw_api_errors_json(const struct fw_api_errors *e);
#endif
