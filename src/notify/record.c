/* A send as JSON texts for the log. */
#include "notify/record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fax/fax_json.h"

/* The size of the valid UTF-8 character at the begin of `data`, 0 when there is none. */
static size_t character(const char *data, size_t size)
{
    for (size_t n = 1; n <= 4 && n <= size; n++) {
        if (fw_text_is_utf8((struct fw_span){ (const uint8_t *)data, n }))
            return n;
    }
    return 0;
}

/* A copy in which what is no UTF-8 is U+FFFD. NULL when out of memory. */
static char *readable(const char *data, size_t size)
{
    char *text = malloc(size * 3 + 1), *at = text;
    if (!text)
        return NULL;
    for (size_t i = 0; i < size;) {
        const size_t n = character(data + i, size - i);
        memcpy(at, n ? data + i : "\xEF\xBF\xBD", n ? n : 3);
        at += n ? n : 3;
        i += n ? n : 1;
    }
    *at = '\0';
    return text;
}

/* False when the bound is reached. */
static bool add(json_t *list, size_t *used, const char *name, const char *value)
{
    *used += strlen(name) + strlen(value);
    if (*used > FW_RECORD_HEADERS_MAX)
        return false;
    char *name_text = readable(name, strlen(name)), *value_text = readable(value, strlen(value));
    if (name_text && value_text)
        (void)json_array_append_new(list, json_pack("[ss]", name_text, value_text));
    free(name_text);
    free(value_text);
    return true;
}

static char *response_headers(const struct fw_send *s)
{
    json_t *list CLEANUP(fw_json_free) = json_array();
    struct curl_header *h = NULL;
    size_t used = 0;
    while ((h = curl_easy_nextheader(s->easy, CURLH_HEADER, -1, h))) {
        if (!add(list, &used, h->name, h->value))
            break;
    }
    return list ? json_dumps(list, JSON_COMPACT) : NULL;
}

/* Ours as we set them, and those that the HTTP library adds by itself. */
static char *request_headers(const struct fw_send *s)
{
    json_t *list CLEANUP(fw_json_free) = json_array();
    char text[FW_URL_MAX + 8];
    size_t used = 0;
    fw_http_url_host(s->url, text, sizeof text);
    (void)add(list, &used, "Host", text);
    (void)add(list, &used, "User-Agent", s->user_agent);
    (void)add(list, &used, "Accept", "*/*");
    for (const struct curl_slist *l = s->headers; l; l = l->next) {
        const char *colon = strchr(l->data, ':');
        char name[64];
        if (!colon || !colon[1] ||
            !fw_text_copy(name, sizeof name,
                          (struct fw_span){ (const uint8_t *)l->data, (size_t)(colon - l->data) }))
            continue;
        (void)add(list, &used, name, colon + 1 + strspn(colon + 1, " "));
    }
    snprintf(text, sizeof text, "%zu", strlen(s->envelope.body));
    (void)add(list, &used, "Content-Length", text);
    return list ? json_dumps(list, JSON_COMPACT) : NULL;
}

void fw_record_send(const struct fw_send *s, int status, const char *error, struct fw_wall now,
                    struct fw_attempt *ret)
{
    const size_t kept = s->answer_bytes < sizeof s->answer ? s->answer_bytes : sizeof s->answer;
    *ret = (struct fw_attempt){
        .started_at = s->started_at,
        .finished_at = now,
        .http_status = status,
        .url = strdup(s->url),
        .error = readable(error, strlen(error)),
        .request_headers = request_headers(s),
        .response_headers = response_headers(s),
        .response_body = readable(s->answer, kept),
    };
}

void fw_record_unsent(const char *url, const char *error, struct fw_wall now,
                      struct fw_attempt *ret)
{
    *ret = (struct fw_attempt){ .started_at = now, .finished_at = now, .url = strdup(url),
                                .error = readable(error, strlen(error)) };
}
