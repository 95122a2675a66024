/* One POST: set up, and judged when it has ended. */
#include "notify/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { ANSWER_MAX = 64 * 1024, TIMEOUT_MAX_S = 30 };

static void free_p(struct fw_send **s) { fw_send_free(*s); }

/* The begin of what a receiver says is kept for the log; it may not keep us listening. */
static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
    struct fw_send *s = arg;
    const size_t all = size * count;
    const size_t room = s->answer_bytes < sizeof s->answer ? sizeof s->answer - s->answer_bytes : 0;
    if (room > 0)
        memcpy(s->answer + s->answer_bytes, data, all < room ? all : room);
    s->answer_bytes += all;
    return s->answer_bytes > ANSWER_MAX ? 0 : all;
}

static bool add_header(struct fw_send *s, const char *name, const char *value)
{
    char line[256];
    const int size = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer =
        size > 0 && (size_t)size < sizeof line ? curl_slist_append(s->headers, line) : NULL;
    if (longer)
        s->headers = longer;
    return longer;
}

static bool add_headers(struct fw_send *s)
{
    return add_header(s, "Content-Type", "application/json") &&
           add_header(s, "telnyx-timestamp", s->envelope.timestamp) &&
           add_header(s, "telnyx-signature-ed25519", s->envelope.signature) &&
           (!s->envelope.standard_signature[0] ||
            (add_header(s, "webhook-id", s->delivery.event.id) &&
             add_header(s, "webhook-timestamp", s->envelope.timestamp) &&
             add_header(s, "webhook-signature", s->envelope.standard_signature))) &&
           add_header(s, "Expect", ""); /* no waiting for "100 Continue" */
}

static long timeout_ms(const struct fw_notify_config *config, const struct fw_delivery *d)
{
    if (d->timeout_secs <= 0)
        return config->timeout_ms;
    return (d->timeout_secs < TIMEOUT_MAX_S ? d->timeout_secs : TIMEOUT_MAX_S) * 1000L;
}

static CURLcode set_up(struct fw_send *s, const struct fw_notify_config *config)
{
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(s->easy, option, value)
    SET(CURLOPT_USERAGENT, config->user_agent);
    SET(CURLOPT_HTTPHEADER, s->headers);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, s->envelope.body);
    SET(CURLOPT_TIMEOUT_MS, timeout_ms(config, &s->delivery));
    SET(CURLOPT_WRITEFUNCTION, take_answer);
    SET(CURLOPT_WRITEDATA, s);
    SET(CURLOPT_PRIVATE, s);
#undef SET
    return code;
}

enum fw_err fw_send_new(const struct fw_notify_config *config, struct fw_delivery *d,
                        const char *url, struct fw_wall now, struct fw_send **ret)
{
    struct fw_send *s CLEANUP(free_p) = calloc(1, sizeof *s);
    if (!s) {
        fw_event_done(&d->event);
        return FW_NO_MEMORY;
    }
    const bool failover = url == d->failover_url;
    s->delivery = *d;
    s->url = failover ? s->delivery.failover_url : s->delivery.url;
    s->has_failover = d->url[0] && d->failover_url[0];
    s->user_agent = config->user_agent;
    s->started_at = now;
    s->guard.allow_private = config->allow_private;
    *d = (struct fw_delivery){ 0 };

    enum fw_err err = fw_http_new(s->url, &s->guard, &s->easy);
    if (!err)
        err = fw_envelope_make(&s->delivery, s->url, now, config->signer, &config->links, &s->envelope);
    if (err)
        return err;
    if (!add_headers(s) || set_up(s, config) != CURLE_OK)
        return FW_NO_MEMORY;
    *ret = TAKE(s);
    return FW_OK;
}

void fw_send_free(struct fw_send *s)
{
    if (!s)
        return;
    curl_easy_cleanup(s->easy);
    curl_slist_free_all(s->headers);
    fw_envelope_done(&s->envelope);
    fw_event_done(&s->delivery.event);
    free(s);
}

bool fw_send_result(const struct fw_send *s, CURLcode code, int *ret_status, char *note,
                    size_t note_size)
{
    long status = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
    const bool cut_by_us = code == CURLE_WRITE_ERROR && s->answer_bytes > ANSWER_MAX;
    if ((code == CURLE_OK || cut_by_us) && status >= 200 && status <= 299)
        return true;
    fw_http_failure_text(cut_by_us ? CURLE_OK : code, (int)status, &s->guard, note, note_size);
    return false;
}
