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
/* The same; `url` and the file with the key, where they are given, go before. */
MUST_USE bool fw_cli_api_open_by(const char *url, const char *key_file, struct fw_cli_api *ret);
/* A request whose status is told. `ret_status` 0: the service cannot be reached, or not understood. Then,
 * and when it is not 2xx, the reason is on stderr. The answer (new reference, with its errors too), or NULL. */
struct fw_cli_ask {
    const char *method; /* NULL: GET, or POST with a form */
    const char *path;
    bool (*form)(curl_mime *mime, void *arg);
    void *arg;
    const char *once_key; /* Idempotency-Key, or NULL */
    long timeout_s;       /* 0: a minute */
};
json_t *fw_cli_ask(const struct fw_cli_api *api, const struct fw_cli_ask *ask, long *ret_status);
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
