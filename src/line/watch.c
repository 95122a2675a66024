/* A trunk between calls: its registration, and the question whether it is there (OPTIONS).
 *
 * The stack refreshes a registration in time and answers 423; here is what happens when it is
 * refused or lost. Events are referred to by number: a late one of a trunk that was changed or
 * taken away finds nothing and ends its handle.
 *
 * Sources: RFC 3261 clauses 10.2 (REGISTER) and 11 (OPTIONS).
 */
#include "line/line.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "line/address.h"
#include "sip/source.h"

enum {
    OPTIONS_ANSWER_MS = 8000,
    OPTIONS_DOWN_MS = 15 * 1000, /* looked at more often */
    OPTIONS_FAILURES = 2,        /* in a row: down */
    REGISTER_ANSWER_MS = 34000,  /* timer F and a moment */
    REGISTER_AGAIN_MS = 4000,    /* doubled each time */
    REGISTER_AGAIN_MS_MAX = 300 * 1000,
    START_SPREAD_MS = 200,
    KIND_BITS = 1,
    SLOT_BITS = 8,
};
static const uint64_t watch_ref = (uint64_t)1 << 62; /* a call has no such number */

enum kind { REGISTRATION, OPTIONS };

static uint64_t ref_of(const struct fw_line *l, const struct fw_line_trunk *t, enum kind kind)
{
    return watch_ref | t->serial << (SLOT_BITS + KIND_BITS) | (uint64_t)(t - l->trunks) << KIND_BITS | kind;
}

bool fw_line_watch_is_ref(uint64_t ref)
{
    return (ref & watch_ref) != 0;
}

static struct fw_line_trunk *trunk_of(struct fw_line *l, uint64_t ref)
{
    const size_t slot = ref >> KIND_BITS & ((1u << SLOT_BITS) - 1);
    const uint64_t serial = (ref & ~watch_ref) >> (SLOT_BITS + KIND_BITS);
    return slot < ARRAY_LEN(l->trunks) && serial != 0 && l->trunks[slot].serial == serial ? &l->trunks[slot]
                                                                                          : NULL;
}

static void due_in(const struct fw_line *l, struct fw_mono *due, int64_t ms)
{
    due->us = l->now.us + ms * 1000;
}

/* Who we are there (RFC 3261 clause 10.2: the To of a REGISTER is the address of record). */
static bool own_address(const struct fw_line *l, const struct fw_line_trunk *t, char ret[FW_LINE_FROM_SIZE])
{
    const char *user = t->set.from_user[0] ? t->set.from_user : t->set.username;
    char uri[FW_LINE_URI_SIZE];
    if (strpbrk(user, " \"<>") || fw_line_user_uri(user, fw_line_own_domain(l, &t->set), uri))
        return false;
    return snprintf(ret, FW_LINE_FROM_SIZE, "<%s>", uri) < FW_LINE_FROM_SIZE;
}

static nua_handle_t *handle_for(struct fw_line *l, const struct fw_line_trunk *t, enum kind kind)
{
    const struct fw_line_hop hop = { .host = t->set.host, .port = t->set.port,
                                     .transport = (enum fw_trunk_transport)t->set.transport };
    char uri[FW_LINE_URI_SIZE], own[FW_LINE_FROM_SIZE], to[FW_LINE_URI_SIZE + 2], route[FW_LINE_ROUTE_SIZE];
    char contact[FW_LINE_ROUTE_SIZE];
    if (fw_line_host_uri(&hop, uri) || !own_address(l, t, own) || !fw_line_trunk_route(&t->set, false, route))
        return NULL;
    snprintf(to, sizeof to, "<%s>", uri);
    fw_line_contact(l, &t->set, contact);
    return nua_handle(fw_sip_nua(l->sip), fw_sip_ref_magic(ref_of(l, t, kind)), NUTAG_URL(uri),
                      SIPTAG_TO_STR(kind == REGISTRATION ? own : to), SIPTAG_FROM_STR(own),
                      SIPTAG_CONTACT_STR(contact),
                      TAG_IF(route[0], NUTAG_INITIAL_ROUTE_STR(route)), TAG_END());
}

static void drop(nua_handle_t **handle)
{
    if (*handle)
        nua_handle_destroy(TAKE(*handle));
}

/* ---- registration ---- */

static void registration_failed(struct fw_line *l, struct fw_line_trunk *t, int status, const char *text)
{
    const unsigned shift = t->watch.refusals < 10 ? t->watch.refusals++ : 10;
    int64_t again_ms = (int64_t)REGISTER_AGAIN_MS << shift;
    again_ms = again_ms > REGISTER_AGAIN_MS_MAX ? REGISTER_AGAIN_MS_MAX : again_ms;
    t->registration = FW_TRUNK_REGISTRATION_FAILED;
    t->registered_until.us = 0;
    fw_line_trunk_error(l, t, status, text);
    drop(&t->watch.registration);
    due_in(l, &t->watch.register_due, again_ms);
}

static void do_register(struct fw_line *l, struct fw_line_trunk *t)
{
    char expires[16];
    drop(&t->watch.registration);
    t->watch.register_auth = (struct fw_sip_auth){ 0 };
    t->watch.registration = handle_for(l, t, REGISTRATION);
    if (!t->watch.registration) {
        registration_failed(l, t, 0, "username, from_user or host make no SIP address");
        return;
    }
    snprintf(expires, sizeof expires, "%u", (unsigned)t->set.register_s);
    t->registration = t->registered_until.us > l->now.us ? FW_TRUNK_REGISTRATION_REGISTERED
                                                         : FW_TRUNK_REGISTRATION_TRYING;
    t->changed = true;
    due_in(l, &t->watch.register_due, REGISTER_ANSWER_MS);
    /* Keep-alives by the stack's own idea of NAT are not wanted: OPTIONS is ours. */
    nua_register(t->watch.registration, SIPTAG_EXPIRES_STR(expires),
                 NUTAG_OUTBOUND("no-outbound no-validate no-options-keepalive no-natify"), TAG_END());
}

/* Of ours and maybe others' contacts; each refresh tells anew, and a failed one ends it. */
static unsigned long granted(const sip_t *sip, unsigned long asked)
{
    unsigned long most = 0;
    int looked_at = 0;
    for (const sip_contact_t *m = sip->sip_contact; m && looked_at < 32; m = m->m_next, looked_at++) {
        const unsigned long s = sip_contact_expires(m, sip->sip_expires, NULL, asked, 0);
        most = s > most ? s : most;
    }
    return most ? most : sip->sip_expires ? sip->sip_expires->ex_delta : asked;
}

static void on_registered(struct fw_line *l, struct fw_line_trunk *t, const struct fw_sip_event *e)
{
    const unsigned long s = granted(e->sip, t->set.register_s);
    if (t->registration != FW_TRUNK_REGISTRATION_REGISTERED)
        fw_log(FW_LOG_INFO, "trunk.registered", "trunk=%s expires_s=%lu", FW_LOG_TEXT(t->set.name), s);
    t->registration = FW_TRUNK_REGISTRATION_REGISTERED;
    t->watch.refusals = 0;
    t->watch.register_auth = (struct fw_sip_auth){ 0 };
    due_in(l, &t->registered_until, (int64_t)s * 1000);
    /* The stack refreshes it before; should it not, we do. */
    t->watch.register_due = t->registered_until;
    t->changed = true;
}

static void on_register(struct fw_line *l, struct fw_line_trunk *t, const struct fw_sip_event *e)
{
    const char *text = NULL;
    if (e->status < 200 || e->handle != t->watch.registration)
        return;
    if (e->status < 300 && e->sip) {
        on_registered(l, t, e);
        return;
    }
    if (e->status == 401 || e->status == 407) {
        struct fw_sip_credentials own = fw_line_credentials(&t->set);
        const bool taken = fw_sip_auth_take(e, &t->watch.register_auth, &own, &text);
        explicit_bzero(&own, sizeof own);
        if (taken)
            return;
    }
    registration_failed(l, t, e->sip ? e->status : 0, text ? text : e->phrase);
}

/* ---- health ---- */

static void is_up(struct fw_line *l, struct fw_line_trunk *t)
{
    t->changed |= t->health != FW_TRUNK_HEALTH_UP;
    if (t->health == FW_TRUNK_HEALTH_DOWN)
        fw_log(FW_LOG_INFO, "trunk.up", "trunk=%s", FW_LOG_TEXT(t->set.name));
    t->health = FW_TRUNK_HEALTH_UP;
    t->watch.failures = 0;
    (void)l;
}

static void is_missing(struct fw_line *l, struct fw_line_trunk *t, int status, const char *text)
{
    if (t->watch.failures < UINT8_MAX)
        t->watch.failures++;
    if (t->watch.failures >= OPTIONS_FAILURES || t->health == FW_TRUNK_HEALTH_UNKNOWN) {
        t->health = FW_TRUNK_HEALTH_DOWN;
        fw_line_trunk_error(l, t, status, text);
    }
}

static void ask(struct fw_line *l, struct fw_line_trunk *t)
{
    drop(&t->watch.options);
    t->watch.options = handle_for(l, t, OPTIONS);
    t->watch.asking = t->watch.options != NULL;
    if (t->watch.asking)
        nua_options(t->watch.options, TAG_END());
    due_in(l, &t->watch.options_due, OPTIONS_ANSWER_MS);
}

static void asked(struct fw_line *l, struct fw_line_trunk *t)
{
    int64_t ms = (int64_t)t->set.options_s * 1000;
    if (t->health == FW_TRUNK_HEALTH_DOWN && ms > OPTIONS_DOWN_MS)
        ms = OPTIONS_DOWN_MS;
    t->watch.asking = false;
    drop(&t->watch.options);
    due_in(l, &t->watch.options_due, ms);
}

/* Whatever it says, it is there; but 503 says that it takes no calls. */
static void on_options(struct fw_line *l, struct fw_line_trunk *t, const struct fw_sip_event *e)
{
    if (e->status < 200 || e->handle != t->watch.options)
        return;
    if (e->sip && e->status != 503)
        is_up(l, t);
    else
        is_missing(l, t, e->sip ? e->status : 0, e->phrase);
    asked(l, t);
}

/* ---- both ---- */

void fw_line_watch_lost(struct fw_line *l, struct fw_line_trunk *t, const char *why)
{
    if (t->set.register_s && t->registration != FW_TRUNK_REGISTRATION_FAILED)
        registration_failed(l, t, 0, why);
    if (t->watch.asking) {
        is_missing(l, t, 0, why);
        asked(l, t);
    }
}

void fw_line_watch_start(struct fw_line *l, struct fw_line_trunk *t)
{
    const int64_t wait_ms = (int64_t)(fw_random_u64() % START_SPREAD_MS);
    if (t->set.register_s) {
        t->registration = FW_TRUNK_REGISTRATION_TRYING;
        due_in(l, &t->watch.register_due, wait_ms);
    }
    if (t->set.options_s)
        due_in(l, &t->watch.options_due, wait_ms);
}

void fw_line_watch_stop(struct fw_line *l, struct fw_line_trunk *t)
{
    (void)l;
    drop(&t->watch.options);
    /* The handle ends when the answer comes, which finds no trunk. */
    if (t->watch.registration && t->registered_until.us)
        nua_unregister(TAKE(t->watch.registration), TAG_END());
    drop(&t->watch.registration);
}

void fw_line_watches_turn(struct fw_line *l, struct fw_mono *first)
{
    for (size_t i = 0; i < ARRAY_LEN(l->trunks) && !l->stopping; i++) {
        struct fw_line_trunk *t = &l->trunks[i];
        struct fw_line_watch *w = &t->watch;
        if (!t->serial)
            continue;
        if (w->register_due.us && w->register_due.us <= l->now.us)
            do_register(l, t);
        if (w->options_due.us && w->options_due.us <= l->now.us) {
            if (w->asking) {
                is_missing(l, t, 0, "no answer to OPTIONS");
                asked(l, t);
            } else {
                ask(l, t);
            }
        }
        if (w->register_due.us && w->register_due.us < first->us)
            *first = w->register_due;
        if (w->options_due.us && w->options_due.us < first->us)
            *first = w->options_due;
    }
    fw_line_trunks_tell(l);
}

void fw_line_watch_event(struct fw_line *l, const struct fw_sip_event *e)
{
    struct fw_line_trunk *t = trunk_of(l, e->ref);
    const bool ours = t && (e->handle == t->watch.registration || e->handle == t->watch.options);
    struct fw_sip_source source;
    if (ours && e->sip && e->sip->sip_status && fw_sip_source(l->sip, &source))
        fw_line_trunk_learn(t, source.host);
    if (ours && e->kind == nua_r_register)
        on_register(l, t, e);
    else if (ours && e->kind == nua_r_options)
        on_options(l, t, e);
    else if (!ours && e->kind == nua_r_unregister && e->status >= 200)
        nua_handle_destroy(e->handle);
}
