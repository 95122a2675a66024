/* Following a fax by its events. */
#include "cli/watch.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { POLL_MIN_MS = 50, POLL_MAX_MS = 1000, FAILURES_MAX = 10 };

struct watched {
    struct fw_wall start;    /* of the first event: seconds are counted from it */
    int64_t        seq;      /* of the last event seen */
    char           transport[32];
    int            bit_rate;
    int            end;      /* -1: not yet, else the exit code */
};

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static int number_of(const json_t *o, const char *key)
{
    return (int)json_integer_value(json_object_get(o, key));
}

static void describe(struct watched *w, const char *type, const json_t *p, char *dst, size_t size)
{
    dst[0] = 0;
    if (strcmp(type, "page.confirmed") == 0)
        snprintf(dst, size, "page %d/%d", number_of(p, "page"), number_of(p, "page_count"));
    else if (strcmp(type, "call.transport") == 0) {
        fw_text_clip(w->transport, sizeof w->transport, text_of(p, "transport"));
        snprintf(dst, size, "%s", w->transport);
    } else if (strcmp(type, "call.negotiated") == 0) {
        w->bit_rate = number_of(p, "bit_rate");
        snprintf(dst, size, "%d bit/s%s%s%s", w->bit_rate,
                 json_is_true(json_object_get(p, "ecm")) ? ", error correction" : "",
                 text_of(p, "remote_ident")[0] ? ", far end " : "", text_of(p, "remote_ident"));
    } else if (strcmp(type, "fax.delivered") == 0)
        snprintf(dst, size, "%d pages, call of %d s, %s at %d bit/s", number_of(p, "page_count"),
                 number_of(p, "call_duration_secs"), w->transport[0] ? w->transport : "audio", w->bit_rate);
    else if (strcmp(type, "fax.failed") == 0)
        snprintf(dst, size, "%s (%s)", text_of(p, "failure_reason"), text_of(p, "internal_failure_reason"));
    else if (strcmp(type, "attempt.interrupted") == 0)
        snprintf(dst, size, "%s", text_of(p, "detail"));
    else if (strcmp(type, "call.dialling") == 0)
        snprintf(dst, size, "%s", text_of(p, "to"));
}

static void on_event(struct watched *w, const json_t *event)
{
    const char *type = text_of(event, "event_type");
    struct fw_wall at = { 0 };
    char text[400];
    (void)!fw_wall_parse(fw_span_of(text_of(event, "occurred_at")), &at);
    if (w->seq == 0)
        w->start = at;
    w->seq = json_integer_value(json_object_get(event, "seq"));
    describe(w, type, json_object_get(event, "payload"), text, sizeof text);
    printf("%8.3f s  %-20s %s\n", (double)(at.us - w->start.us) / 1e6, type, text);
    fflush(stdout);
    if (strcmp(type, "fax.delivered") == 0)
        w->end = 0;
    else if (strcmp(type, "fax.failed") == 0)
        w->end = 1;
}

int fw_cli_watch(const struct fw_cli_api *api, const char *fax)
{
    struct watched w = { .end = -1 };
    int wait_ms = POLL_MIN_MS, failures = 0;
    printf("fax %s\n", fax);
    while (w.end < 0) {
        char path[160];
        size_t i;
        json_t *event;
        snprintf(path, sizeof path, "/v2/faxes/%s/events?after=%lld", fax, (long long)w.seq);
        json_t *answer CLEANUP(fw_json_free) = fw_cli_request(api, path, NULL, NULL);
        if (!answer && ++failures == FAILURES_MAX)
            return 1;
        const json_t *events = json_object_get(answer, "data");
        json_array_foreach(events, i, event)
            on_event(&w, event);
        wait_ms = json_array_size(events) > 0 ? POLL_MIN_MS : wait_ms * 3 / 2;
        if (wait_ms > POLL_MAX_MS)
            wait_ms = POLL_MAX_MS;
        if (w.end < 0)
            poll(NULL, 0, wait_ms);
    }
    return w.end;
}
