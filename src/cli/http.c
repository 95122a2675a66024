/* Requests of the command line, through libcurl. */
#include "cli/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"

enum { ANSWER_BYTES_MAX = 16 * 1024 * 1024, TIMEOUT_S = 60 };

bool fw_cli_api_open(struct fw_cli_api *ret)
{
    const char *url = getenv("FAXWIRE_URL"), *key = getenv("FAXWIRE_API_KEY");
    if (!url || !key || !fw_text_copy(ret->url, sizeof ret->url, fw_span_of(url)) ||
        !fw_text_copy(ret->key, sizeof ret->key, fw_span_of(key))) {
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

static json_t *understand(CURL *curl, CURLcode code, const struct fw_buf *answer, const char *url)
{
    long status = 0;
    if (code != CURLE_OK) {
        fprintf(stderr, "faxwire: %s: %s\n", url, curl_easy_strerror(code));
        return NULL;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *json = json_loadb((const char *)answer->data, answer->size, 0, NULL);
    if (status >= 200 && status < 300 && json)
        return json;
    print_errors(json, status);
    json_decref(json);
    return NULL;
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
    char url[4096], authorization[300];
    struct fw_buf answer CLEANUP(fw_buf_done);
    fw_buf_init(&answer, ANSWER_BYTES_MAX);
    CURL *curl = curl_easy_init();
    if (!curl)
        return NULL;
    snprintf(url, sizeof url, "%s%s", api->url, path);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", api->key);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    curl_mime *mime = form ? curl_mime_init(curl) : NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    json_t *json = NULL;
    if (!form || (mime && form(mime, arg))) {
        if (form == fw_cli_no_fields)
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
        else if (mime)
            curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
        if (method)
            curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        json = understand(curl, curl_easy_perform(curl), &answer, url);
    }
    curl_mime_free(mime);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return json;
}
