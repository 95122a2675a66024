/* The trunks: where they are kept, which one takes a call, what is told of them. */
#include "line/line.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

struct fw_line_trunk *fw_line_trunk_find(struct fw_line *l, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (l->trunks[i].serial && strcmp(l->trunks[i].set.name, name) == 0)
            return &l->trunks[i];
    }
    return NULL;
}

struct fw_line_trunk *fw_line_trunk_of(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_line_trunk *t = fw_line_trunk_find(l, c->trunk.name);
    return t && c->trunk.name[0] ? t : NULL;
}

/* Over TLS, and connected to by this name. */
static bool connects_to(const struct fw_line_trunk *t, const char *host)
{
    const char *at = t->set.outbound_proxy[0] ? t->set.outbound_proxy : t->set.host;
    const char *bare = at[0] == '[' ? at + 1 : at;
    const size_t size = strlen(host);
    return t->serial && t->set.transport == FW_TRUNK_TRANSPORT_TLS && strncasecmp(bare, host, size) == 0 &&
           strchr(":]", bare[size]);
}

bool fw_line_tls_insecure(void *line, const char *host)
{
    const struct fw_line *l = line;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (connects_to(&l->trunks[i], host) && l->trunks[i].set.tls_insecure)
            return true;
    }
    return false;
}

/* What waits for that connection is over; the next turn acts upon it. */
void fw_line_tls_refused(void *line, const char *host, const char *why)
{
    struct fw_line *l = line;
    l->now = fw_mono_now();
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (!connects_to(&l->trunks[i], host))
            continue;
        fw_line_trunk_error(l, &l->trunks[i], 0, why);
        fw_line_watch_lost(l, &l->trunks[i], why);
    }
    for (size_t i = 0; i < l->slot_count; i++) {
        struct fw_line_call *c = l->calls[i];
        const struct fw_line_trunk *t = c && c->state == FW_LINE_INVITING && !c->heard ? fw_line_trunk_of(l, c) : NULL;
        if (!t || !connects_to(t, host))
            continue;
        fw_text_clip(c->text, sizeof c->text, why);
        fw_line_call_due_within(l, c, 0);
    }
}

struct fw_sip_credentials fw_line_credentials(const struct fw_msg_trunk_set *set)
{
    struct fw_sip_credentials c = { 0 };
    fw_text_clip(c.username, sizeof c.username, set->username);
    fw_text_clip(c.password, sizeof c.password, set->password);
    fw_text_clip(c.realm, sizeof c.realm, set->auth_realm);
    return c;
}

static void read_sources(struct fw_line_trunk *t);

static struct fw_line_trunk *free_slot(struct fw_line *l)
{
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (!l->trunks[i].serial)
            return &l->trunks[i];
    }
    return NULL;
}

/* Calls in progress go on with what they began with. */
void fw_line_trunk_set(struct fw_line *l, const struct fw_msg_trunk_set *set)
{
    struct fw_line_trunk *t = fw_line_trunk_find(l, set->name);
    if (!t)
        t = free_slot(l);
    if (!t || set->name[0] == '\0') {
        fw_log(FW_LOG_ERROR, "trunk.set", "trunk=%s error=more than %d trunks, or no name",
               FW_LOG_TEXT(set->name), FW_LINE_TRUNKS_MAX);
        return;
    }
    if (t->serial)
        fw_line_watch_stop(l, t);
    *t = (struct fw_line_trunk){ .set = *set, .serial = ++l->trunk_serial, .changed = true };
    if (t->set.weight == 0)
        t->set.weight = 1;
    read_sources(t);
    fw_line_watch_start(l, t);
    fw_log(FW_LOG_INFO, "trunk.set", "trunk=%s host=%s transport=%s register_s=%u",
           FW_LOG_TEXT(set->name), FW_LOG_TEXT(set->host), fw_trunk_transport_text(set->transport),
           (unsigned)set->register_s);
}

void fw_line_trunk_gone(struct fw_line *l, const char *name)
{
    struct fw_line_trunk *t = fw_line_trunk_find(l, name);
    if (!t)
        return;
    fw_log(FW_LOG_INFO, "trunk.gone", "trunk=%s", FW_LOG_TEXT(name));
    fw_line_watch_stop(l, t);
    explicit_bzero(t, sizeof *t);
}

/* ---- choosing ---- */

static unsigned calls_on(const struct fw_line *l, const struct fw_line_trunk *t)
{
    unsigned count = 0;
    for (size_t i = 0; i < l->slot_count; i++) {
        const struct fw_line_call *c = l->calls[i];
        count += c && c->handle && c->state > FW_LINE_WAITING && c->state < FW_LINE_LEAVING &&
                 strcmp(c->trunk.name, t->set.name) == 0;
    }
    return count;
}

static bool has_room(const struct fw_line *l, const struct fw_line_trunk *t)
{
    return t->cps_due.us <= l->now.us && (t->set.channels == 0 || calls_on(l, t) < t->set.channels);
}

/* One that is not well is used only when there is no other. */
static bool is_well(const struct fw_line *l, const struct fw_line_trunk *t)
{
    return t->health != FW_TRUNK_HEALTH_DOWN && t->avoid_until.us <= l->now.us &&
           (t->set.register_s == 0 || t->registered_until.us > l->now.us);
}

static bool is_candidate(const struct fw_line *l, const struct fw_line_call *c, size_t i)
{
    const struct fw_line_trunk *t = &l->trunks[i];
    return t->serial && !(c->tried & (uint64_t)1 << i) &&
           (c->place.trunk[0] == '\0' || strcmp(c->place.trunk, t->set.name) == 0);
}

/* Of equal rank, each in proportion to its weight. */
static struct fw_line_trunk *draw(struct fw_line *l, uint64_t among)
{
    uint64_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++)
        total += among & (uint64_t)1 << i ? l->trunks[i].set.weight : 0;
    uint64_t at = total ? fw_random_u64() % total : 0;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (!(among & (uint64_t)1 << i))
            continue;
        if (at < l->trunks[i].set.weight)
            return &l->trunks[i];
        at -= l->trunks[i].set.weight;
    }
    return NULL;
}

enum fw_err fw_line_trunk_choose(struct fw_line *l, const struct fw_line_call *c,
                                 struct fw_line_trunk **ret)
{
    _Static_assert(FW_LINE_TRUNKS_MAX <= 64, "the tried ones are bits of a word");
    uint64_t well = 0, all = 0, best = 0;
    unsigned priority = UINT16_MAX + 1u;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        if (!is_candidate(l, c, i))
            continue;
        all |= (uint64_t)1 << i;
        well |= is_well(l, &l->trunks[i]) ? (uint64_t)1 << i : 0;
    }
    const uint64_t among = well ? well : all;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        const struct fw_line_trunk *t = &l->trunks[i];
        if (!(among & (uint64_t)1 << i) || t->set.priority > priority || !has_room(l, t))
            continue;
        best = t->set.priority < priority ? 0 : best;
        best |= (uint64_t)1 << i;
        priority = t->set.priority;
    }
    *ret = draw(l, best);
    return *ret ? FW_OK : among ? FW_BUSY : FW_NOT_FOUND;
}

/* ---- what is known of one ---- */

void fw_line_trunk_error(struct fw_line *l, struct fw_line_trunk *t, int sip_status, const char *text)
{
    t->error_status = sip_status > 0 && sip_status < 700 ? (uint16_t)sip_status : 0;
    t->error_at = l->now;
    t->changed = true;
    fw_text_clip(t->error, sizeof t->error, text);
    fw_log(FW_LOG_WARN, "trunk.error", "trunk=%s sip=%d text=%s", FW_LOG_TEXT(t->set.name), sip_status,
           FW_LOG_TEXT(t->error));
}

static void tell(struct fw_line *l, struct fw_line_trunk *t, unsigned calls)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_TRUNK_STATE };
    struct fw_msg_trunk_state *s = &m.trunk_state;
    const int64_t left_us = t->registered_until.us - l->now.us;
    fw_text_clip(s->name, sizeof s->name, t->set.name);
    s->health = t->health;
    s->registration = t->registration;
    s->registered_s = left_us > 0 ? (uint32_t)(left_us / 1000000) : 0;
    s->calls = calls > UINT16_MAX ? UINT16_MAX : (uint16_t)calls;
    s->error_status = t->error_status;
    fw_text_clip(s->error, sizeof s->error, t->error);
    s->error_age_s = t->error[0] ? (uint32_t)((l->now.us - t->error_at.us) / 1000000) : 0;
    fw_sip_send(l->sip, &m, -1);
    t->calls_told = s->calls;
    t->changed = false;
    t->told_at = l->now;
}

void fw_line_trunks_tell(struct fw_line *l)
{
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        struct fw_line_trunk *t = &l->trunks[i];
        if (!t->serial)
            continue;
        /* The count of calls changes all the time; a second late is early enough. */
        const bool counted = l->now.us - t->told_at.us >= 1000000;
        const unsigned calls = t->changed || counted ? calls_on(l, t) : t->calls_told;
        if (t->changed || calls != t->calls_told)
            tell(l, t, calls);
    }
}

/* ---- whose a message is ---- */

void fw_line_trunk_learn(struct fw_line_trunk *t, const char *address)
{
    struct fw_line_source seen;
    if (!fw_line_source_parse(fw_span_of(address), &seen))
        return;
    for (size_t i = 0; i < t->source_count; i++) {
        if (fw_line_source_has(&t->sources[i], &seen))
            return;
    }
    /* A peer with more addresses than there is room for keeps the latest ones. */
    const size_t room = ARRAY_LEN(t->sources) / 2;
    const size_t at = t->source_count < ARRAY_LEN(t->sources) ? t->source_count++
                                                              : room + fw_random_u64() % room;
    t->sources[at] = seen;
}

static void add_configured(struct fw_line_trunk *t, const char *text, size_t size)
{
    struct fw_line_source s;
    if (t->source_count < ARRAY_LEN(t->sources) / 2 &&
        fw_line_source_parse((struct fw_span){ (const uint8_t *)text, size }, &s))
        t->sources[t->source_count++] = s;
}

/* A host that is a name has its addresses learned from its answers. */
static void read_sources(struct fw_line_trunk *t)
{
    add_configured(t, t->set.host, strlen(t->set.host));
    add_configured(t, t->set.outbound_proxy, strlen(t->set.outbound_proxy));
    for (const char *p = t->set.sources; *p;) {
        p += strspn(p, " ");
        const size_t size = strcspn(p, " ");
        add_configured(t, p, size);
        p += size;
    }
}

struct fw_line_trunk *fw_line_trunk_by_source(struct fw_line *l, const char *address)
{
    struct fw_line_source from;
    if (!fw_line_source_parse(fw_span_of(address), &from))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(l->trunks); i++) {
        struct fw_line_trunk *t = &l->trunks[i];
        for (size_t k = 0; t->serial && k < t->source_count; k++) {
            if (fw_line_source_has(&t->sources[k], &from))
                return t;
        }
    }
    return NULL;
}
