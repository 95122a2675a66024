/* Who may say anything to us at all: trunks and the calls that we made, within wide bounds, strangers within narrow
 * ones. */
#include "line/line.h"
#include "line/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

enum { LOG_EVERY_US = 60 * 1000000 };

/* Our Call-IDs end in the reference of their call, and begin with 128 random bits. */
static struct fw_line_call *call_of(struct fw_line *l, const char *call_id)
{
    const char *dash = strrchr(call_id, '-');
    char *end = NULL;
    if (!dash || strlen(dash) > 17)
        return NULL;
    const uint64_t ref = strtoull(dash + 1, &end, 16);
    struct fw_line_call *c = *end == '\0' ? fw_line_call_by_ref(l, ref) : NULL;
    return c && strcmp(c->sip_id, call_id) == 0 ? c : NULL;
}

static void heard(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_arrival *a)
{
    struct fw_line_trunk *t = fw_line_trunk_of(l, c);
    if (a->status < 100)
        return;
    c->heard = true;
    /* Only who got our INVITE knows this Call-ID: it is the trunk, by whatever address. */
    if (t && t->serial == c->trunk_serial)
        fw_line_trunk_learn(t, a->source);
}

static void note_drop(struct fw_line *l, const char *source)
{
    l->turned_away++;
    if (l->now.us - l->turned_away_told.us < LOG_EVERY_US && l->turned_away_told.us)
        return;
    l->turned_away_told = l->now;
    fw_log(FW_LOG_WARN, "sip.turned_away", "messages=%llu last_source=%s", (unsigned long long)l->turned_away,
           FW_LOG_TEXT(source));
}

static bool within(struct fw_line *l, const char *source, uint32_t rate)
{
    struct fw_line_source from;
    return fw_line_source_parse(fw_span_of(source), &from) && fw_line_guard_allows(l->guard, &from, rate, l->now);
}

static bool passes(struct fw_line *l, const struct fw_sip_arrival *a)
{
    struct fw_line_call *c = a->call_id[0] ? call_of(l, a->call_id) : NULL;
    if (c)
        heard(l, c, a);
    if (c || fw_line_trunk_by_source(l, a->source))
        return within(l, a->source, l->config.trunk_rate);
    /* A response finds its request or nothing; a request of a stranger costs an answer. */
    if (a->broken || (a->status == 0 && !l->config.answer_strangers))
        return false;
    return within(l, a->source, l->config.stranger_rate);
}

static bool on_arrival(void *line, const struct fw_sip_arrival *a)
{
    struct fw_line *l = line;
    l->now = fw_mono_now();
    const bool ok = passes(l, a);
    if (!ok)
        note_drop(l, a->source);
    return ok;
}

static bool on_connection(void *line, const char *source)
{
    struct fw_line *l = line;
    l->now = fw_mono_now();
    const bool trunk = fw_line_trunk_by_source(l, source) != NULL;
    const bool ok = (trunk || l->config.answer_strangers) &&
                    within(l, source, trunk ? l->config.trunk_rate : l->config.stranger_rate);
    if (!ok)
        note_drop(l, source);
    return ok;
}

enum fw_err fw_line_door_open(struct fw_line *l)
{
    l->guard = calloc(1, sizeof *l->guard);
    if (!l->guard)
        return FW_NO_MEMORY;
    l->guard->secret = fw_random_u64();
    fw_sip_gate(on_arrival, on_connection, l);
    fw_sip_tap(fw_line_trace_packet, l);
    return FW_OK;
}

void fw_line_door_close(struct fw_line *l)
{
    fw_sip_gate(NULL, NULL, NULL);
    fw_sip_tap(NULL, NULL);
    free(TAKE(l->guard));
}
