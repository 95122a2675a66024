/* http.h - one request to the API and its JSON answer. */
#ifndef FW_CLI_HTTP_H
#define FW_CLI_HTTP_H
#include <curl/curl.h>
#include <jansson.h>

#include "base/buf.h"

struct fw_cli_api {
    char url[2048]; /* without /v2 */
    char key[256];
};

/* From FAXWIRE_URL and FAXWIRE_API_KEY; tells on stderr what is missing. */
MUST_USE bool fw_cli_api_open(struct fw_cli_api *ret);
/* `form` NULL: GET; fw_cli_no_fields: an empty POST. The answer (new reference), or NULL with the
 * reason on stderr. */
json_t *fw_cli_request(const struct fw_cli_api *api, const char *path,
                       bool (*form)(curl_mime *mime, void *arg), void *arg);
/* The same by another method: "PATCH", "DELETE". */
json_t *fw_cli_request_by(const struct fw_cli_api *api, const char *method, const char *path,
                          bool (*form)(curl_mime *mime, void *arg), void *arg);
bool fw_cli_no_fields(curl_mime *mime, void *arg);
/* One field of a form; NULL is none. False: out of memory. */
MUST_USE bool fw_cli_field(curl_mime *mime, const char *name, const char *value);
/* Prints the `data` of an answer (taken over); the exit code. */
int fw_cli_print(json_t *answer);
#endif
