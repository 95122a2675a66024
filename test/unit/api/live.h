/* live.h - a whole API over a real store for tests: requests by libcurl and by raw bytes. */
#ifndef FW_TEST_LIVE_H
#define FW_TEST_LIVE_H
#include <curl/curl.h>
#include <jansson.h>
#include <stdatomic.h>

#include "api/api.h"

struct live {
    char             dir[64], uploads[96], url[64], key[80], application[32];
    struct fw_store *store;
    struct fw_api   *api;
    struct fw_signer *signer;
    uint16_t         port;
    int64_t          account;
    atomic_int       accepted; /* calls of fax_accepted */
    void           (*on_accepted)(struct live *l); /* in them; or NULL */
};

void live_open(struct live *l);
void live_open_with(struct live *l, const struct fw_api_config *limits); /* of it, only the limits */
void live_close(struct live *l);

struct answer {
    long    status;
    json_t *json;       /* owned, NULL when there was none */
    char    text[4096]; /* clipped body */
    char    headers[4096];
};
void answer_done(struct answer *a);

/* One request. `type` NULL: none is sent; `body` NULL: no body; `mime` instead of a body. */
struct ask {
    const char *method, *path, *key, *type;
    const char *body, *header; /* `header`: one more, "Name: value" */
    curl_mime  *(*mime)(CURL *curl, void *arg);
    void       *arg;
};
struct answer ask(const struct live *l, const struct ask *a);
struct answer get(const struct live *l, const char *path);
struct answer post(const struct live *l, const char *path, const char *type, const char *body);

/* The texts of an error, "" when not there. */
const char *error_code(const struct answer *a, size_t i);
const char *error_pointer(const struct answer *a, size_t i);
const char *error_parameter(const struct answer *a, size_t i);

/* Sends the bytes, reads until the peer closes or `wait_ms` of silence; how many bytes came. */
size_t raw(const struct live *l, const char *bytes, size_t size, int wait_ms, char *dst, size_t dst_size);
int    raw_connect(const struct live *l);
int    files_in(const char *dir); /* regular files, folders below counted too */
int    fax_count(const struct live *l);
#endif
