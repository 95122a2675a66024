/* Requests of the command line, through libcurl. */
#include "cli/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { ANSWER_BYTES_MAX = 16 * 1024 * 1024, TIMEOUT_S = 60, KEY_FILE_MAX = 4096 };

/* Its first line. */
static bool read_key(const char *path, char *dst, size_t dst_size)
{
    struct fw_buf text CLEANUP(fw_buf_done) = { 0 };
    if (fw_file_read(path, KEY_FILE_MAX, &text)) {
        fprintf(stderr, "faxwire: %s: the key cannot be read\n", path);
        return false;
    }
    struct fw_span line = fw_buf_span(&text);
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '\n' || line.data[i] == '\r')
            line.size = i;
    }
    return line.size > 0 && fw_text_copy(dst, dst_size, line);
}

bool fw_cli_api_open_by(const char *url, const char *key_file, struct fw_cli_api *ret)
{
    const char *key = getenv("FAXWIRE_API_KEY");
    url = url ? url : getenv("FAXWIRE_URL");
    const bool has_key = key_file ? read_key(key_file, ret->key, sizeof ret->key)
                                  : key && fw_text_copy(ret->key, sizeof ret->key, fw_span_of(key));
    if (!url || !has_key || !fw_text_copy(ret->url, sizeof ret->url, fw_span_of(url))) {
        fputs("faxwire: set FAXWIRE_URL (e.g. http://127.0.0.1:8080) and FAXWIRE_API_KEY\n", stderr);
        return false;
    }
    size_t size = strlen(ret->url);
    if (size >= 1 && ret->url[size - 1] == '/')
        ret->url[--size] = 0;
    if (size >= 3 && strcmp(ret->url + size - 3, "/v2") == 0)
        ret->url[size - 3] = 0;
    return true;
}

bool fw_cli_api_open(struct fw_cli_api *ret) { return fw_cli_api_open_by(NULL, NULL, ret); }

static size_t on_answer(char *data, size_t one, size_t size, void *arg)
{
    return fw_buf_put(arg, (struct fw_span){ (const uint8_t *)data, size * one }) ? 0 : size * one;
}

static void print_errors(const json_t *answer, long status)
{
    size_t i;
    json_t *error;
    json_array_foreach(json_object_get(answer, "errors"), i, error) {
        const char *title = json_string_value(json_object_get(error, "title"));
        const char *detail = json_string_value(json_object_get(error, "detail"));
        const char *where = json_string_value(
            json_object_get(json_object_get(error, "source"), "pointer"));
        fprintf(stderr, "faxwire: %s: %s%s%s\n", title ? title : "error", where ? where : "",
                where ? " " : "", detail ? detail : "");
    }
    if (!json_object_get(answer, "errors"))
        fprintf(stderr, "faxwire: the service answered %ld\n", status);
}

static json_t *understand(CURL *curl, CURLcode code, const struct fw_buf *answer, const char *url, long *ret_status)
{
    long status = 0;
    *ret_status = 0;
    if (code != CURLE_OK) {
        fprintf(stderr, "faxwire: %s: %s\n", url, curl_easy_strerror(code));
        return NULL;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *json = json_loadb((const char *)answer->data, answer->size, 0, NULL);
    if (status < 200 || status >= 300 || !json)
        print_errors(json, status);
    *ret_status = json ? status : 0;
    return json;
}

bool fw_cli_no_fields(curl_mime *mime, void *arg)
{
    (void)mime, (void)arg;
    return true;
}

bool fw_cli_field(curl_mime *mime, const char *name, const char *value)
{
    if (!value)
        return true;
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && curl_mime_name(part, name) == CURLE_OK &&
           curl_mime_data(part, value, CURL_ZERO_TERMINATED) == CURLE_OK;
}

int fw_cli_print(json_t *answer)
{
    json_t *owned CLEANUP(fw_json_free) = answer;
    if (!owned)
        return 1;
    json_dumpf(json_object_get(owned, "data"), stdout, JSON_INDENT(2));
    putchar('\n');
    return 0;
}

json_t *fw_cli_request(const struct fw_cli_api *api, const char *path,
                       bool (*form)(curl_mime *mime, void *arg), void *arg)
{
    return fw_cli_request_by(api, NULL, path, form, arg);
}

json_t *fw_cli_request_by(const struct fw_cli_api *api, const char *method, const char *path,
                          bool (*form)(curl_mime *mime, void *arg), void *arg)
{
    const struct fw_cli_ask ask = { .method = method, .path = path, .form = form, .arg = arg };
    long status = 0;
    json_t *json = fw_cli_ask(api, &ask, &status);
    if (status >= 200 && status < 300)
        return json;
    json_decref(json);
    return NULL;
}

static void set_up(CURL *curl, const struct fw_cli_ask *ask, curl_mime *mime, struct fw_buf *answer)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ask->timeout_s ? ask->timeout_s : (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (ask->form == fw_cli_no_fields)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    else if (mime)
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
    if (ask->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
}

json_t *fw_cli_ask(const struct fw_cli_api *api, const struct fw_cli_ask *ask, long *ret_status)
{
    char url[4096], authorization[300], once[300];
    struct fw_buf answer CLEANUP(fw_buf_done);
    fw_buf_init(&answer, ANSWER_BYTES_MAX);
    CURL *curl = curl_easy_init();
    *ret_status = 0;
    if (!curl)
        return NULL;
    snprintf(url, sizeof url, "%s%s", api->url, ask->path);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", api->key);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    if (ask->once_key) {
        snprintf(once, sizeof once, "Idempotency-Key: %s", ask->once_key);
        headers = curl_slist_append(headers, once);
    }
    curl_mime *mime = ask->form ? curl_mime_init(curl) : NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    json_t *json = NULL;
    if (headers && (!ask->form || (mime && ask->form(mime, ask->arg)))) {
        set_up(curl, ask, mime, &answer);
        json = understand(curl, curl_easy_perform(curl), &answer, url, ret_status);
    }
    curl_mime_free(mime);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return json;
}
