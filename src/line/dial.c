/* An INVITE on its way: by which trunk, with which addresses, and by which trunk next.
 *
 * All INVITEs of a call are one attempt. Each has a Call-ID of its own; of one that was left behind
 * the old place in the table takes care (RFC 3261 clauses 9.1 and 13.2.2.4).
 */
#include "line/line.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "line/address.h"
#include "sip/media_socket.h"

enum { HEADERS_SIZE = 1024 };

static const char sdp_type[] = "application/sdp";

/* ---- our description ---- */

static bool open_socket(struct fw_line *l, struct fw_line_call *c, uint16_t *ret_port)
{
    if (c->media_fd >= 0)
        return true; /* of the trunk before: the port stays */
    const enum fw_err err = fw_media_socket(l->config.media_host, l->config.media_port_min,
                                            l->config.media_port_max, &c->media_fd, ret_port);
    if (err)
        snprintf(c->text, sizeof c->text, "%s",
                 err == FW_LIMIT ? "every media port of the configured range is taken"
                                 : "no media socket: check media_host and the media port range");
    return !err;
}

bool fw_line_describe(struct fw_line *l, struct fw_line_call *c)
{
    const enum fw_trunk_codecs codecs = (enum fw_trunk_codecs)c->trunk.codecs;
    uint16_t port = c->local.port;
    if (!open_socket(l, c, &port))
        return false;
    fw_text_clip(c->host, sizeof c->host,
                 l->config.advertised_host[0] ? l->config.advertised_host : l->config.media_host);
    c->local = (struct fw_sdp_local){
        .session_id = fw_random_u64() >> 2,
        .version = 1,
        .host = c->host,
        .port = port,
        .pcma_first = codecs == FW_TRUNK_CODECS_PCMA_PCMU || codecs == FW_TRUNK_CODECS_PCMA,
        .one_codec = codecs == FW_TRUNK_CODECS_PCMU || codecs == FW_TRUNK_CODECS_PCMA,
        .unpaced = c->trunk.unpaced != 0,
    };
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, sizeof c->sdp - 1);
    const enum fw_err err = c->t38_first ? fw_sdp_offer_t38(&c->local, FW_SDP_WITH_AUDIO, &buf)
                                         : fw_sdp_offer_audio(&c->local, &buf);
    return !err && fw_text_copy(c->sdp, sizeof c->sdp, fw_buf_span(&buf));
}

/* ---- our addresses ---- */

const char *fw_line_own_domain(const struct fw_line *l, const struct fw_msg_trunk_set *set)
{
    if (set->from_domain[0])
        return set->from_domain;
    if (set->register_s)
        return set->host; /* who registers there is known by a name of there */
    if (l->config.domain[0])
        return l->config.domain;
    return l->config.advertised_host[0] ? l->config.advertised_host : l->config.sip_host;
}

bool fw_line_trunk_route(const struct fw_msg_trunk_set *set, bool own_host, char ret[FW_LINE_ROUTE_SIZE])
{
    char uri[FW_LINE_URI_SIZE];
    const bool proxy = set->outbound_proxy[0] != '\0';
    const struct fw_line_hop hop = { .host = proxy ? set->outbound_proxy : set->host,
                                     .port = proxy ? 0 : set->port,
                                     .transport = (enum fw_trunk_transport)set->transport };
    ret[0] = '\0';
    if (!proxy && !own_host)
        return true;
    if (fw_line_host_uri(&hop, uri))
        return false;
    return snprintf(ret, FW_LINE_ROUTE_SIZE, "<%s;lr>", uri) < FW_LINE_ROUTE_SIZE;
}

/* A number in the form of the trunk, a SIP URI, or a user of our domain as one. */
static void identity_of(const struct fw_line *l, const struct fw_msg_trunk_set *t, const char *text,
                        char *ret, size_t size)
{
    const struct fw_line_number_rule rule = { .prefix = "", .plus = (enum fw_trunk_plus)t->from_plus };
    char uri[FW_LINE_URI_SIZE];
    if (fw_line_number(text, &rule, ret, size))
        fw_text_clip(ret, size, fw_line_user_uri(text, fw_line_own_domain(l, t), uri) ? "" : uri);
}

static bool from_of(const struct fw_line *l, const struct fw_line_call *c, char ret[FW_LINE_FROM_SIZE])
{
    const struct fw_msg_trunk_set *t = &c->trunk;
    const char *from = t->from_user[0] ? t->from_user : c->place.from;
    const char *name = t->no_display_name ? "" : t->display_name[0] ? t->display_name : c->place.display_name;
    char identity[512];
    if (t->privacy || from[0] == '\0')
        return fw_line_from("", "", "", ret) == FW_OK;
    identity_of(l, t, from, identity, sizeof identity);
    return fw_line_from(name, identity, fw_line_own_domain(l, t), ret) == FW_OK;
}

/* P-Asserted-Identity (RFC 3325 clause 9.1) and Privacy (RFC 3323 clause 4.2). */
static bool headers_of(const struct fw_line *l, const struct fw_line_call *c, char ret[HEADERS_SIZE])
{
    const struct fw_msg_trunk_set *t = &c->trunk;
    const bool own = strcmp(t->asserted_identity, "from") == 0;
    const char *text = own ? c->place.from : t->asserted_identity;
    char who[FW_LINE_FROM_SIZE] = "", identity[512] = "";
    if (text[0])
        identity_of(l, t, text, identity, sizeof identity);
    if (identity[0] && fw_line_from("", identity, fw_line_own_domain(l, t), who))
        return false;
    const int size = snprintf(ret, HEADERS_SIZE, "%s%s%s%s", who[0] ? "P-Asserted-Identity: " : "", who,
                              who[0] ? "\r\n" : "", t->privacy ? "Privacy: id\r\n" : "");
    return size >= 0 && size < HEADERS_SIZE;
}

/* The stack would say "sips:" to everybody, which promises TLS on all hops (RFC 3261 clause 26.2.2). */
void fw_line_contact(const struct fw_line *l, const struct fw_msg_trunk_set *set, char ret[FW_LINE_ROUTE_SIZE])
{
    char uri[FW_LINE_URI_SIZE];
    const bool tls = set->transport == FW_TRUNK_TRANSPORT_TLS;
    const struct fw_line_hop hop = {
        .host = l->config.advertised_host[0] ? l->config.advertised_host : l->config.sip_host,
        .port = tls ? fw_sip_tls_port(l->sip) : l->sip_port,
        .transport = (enum fw_trunk_transport)set->transport,
    };
    const enum fw_err err = fw_line_host_uri(&hop, uri);
    fw_assert(!err); /* a numeric address is short */
    snprintf(ret, FW_LINE_ROUTE_SIZE, "<%s>", uri);
}

/* ---- one INVITE ---- */

static bool prepare(struct fw_line *l, struct fw_line_call *c)
{
    const struct fw_msg_trunk_set *t = &c->trunk;
    const struct fw_line_hop hop = { .host = t->host, .port = t->port,
                                     .transport = (enum fw_trunk_transport)t->transport };
    const struct fw_line_number_rule rule = { .strip = t->strip, .prefix = t->prefix,
                                              .plus = (enum fw_trunk_plus)t->plus };
    char uri[FW_LINE_URI_SIZE], from[FW_LINE_FROM_SIZE], to[FW_LINE_URI_SIZE + 2];
    char route[FW_LINE_ROUTE_SIZE], number[256];
    bool own_host = false;
    if (fw_line_number(c->place.to, &rule, number, sizeof number) ||
        fw_line_request_uri(number, &hop, uri, &own_host) || !from_of(l, c, from) ||
        !fw_line_trunk_route(t, own_host, route)) {
        snprintf(c->text, sizeof c->text, "the number to call or to call from is not usable");
        return false;
    }
    if (!fw_line_describe(l, c))
        return false;
    snprintf(to, sizeof to, "<%s>", uri);
    snprintf(c->sip_id, sizeof c->sip_id, "%016llx%016llx-%llx", (unsigned long long)fw_random_u64(),
             (unsigned long long)fw_random_u64(), (unsigned long long)c->ref);
    /* A URI of the user's is a name to the trunk, not a place that we connect to. */
    fw_line_contact(l, t, c->contact);
    c->handle = nua_handle(fw_sip_nua(l->sip), fw_sip_ref_magic(c->ref), NUTAG_URL(uri),
                           SIPTAG_TO_STR(to), SIPTAG_FROM_STR(from), SIPTAG_CONTACT_STR(c->contact),
                           TAG_IF(route[0], NUTAG_INITIAL_ROUTE_STR(route)),
                           TAG_IF(t->session_expires_s, NUTAG_SESSION_TIMER(t->session_expires_s)), TAG_END());
    if (!c->handle)
        snprintf(c->text, sizeof c->text, "the SIP stack took no new call");
    return c->handle != NULL;
}

void fw_line_invite(struct fw_line *l, struct fw_line_call *c)
{
    char headers[HEADERS_SIZE];
    if (!headers_of(l, c, headers))
        headers[0] = '\0';
    nua_invite(c->handle, SIPTAG_CALL_ID_STR(c->sip_id), TAG_IF(headers[0], SIPTAG_HEADER_STR(headers)),
               SIPTAG_CONTENT_TYPE_STR(sdp_type), SIPTAG_PAYLOAD_STR(c->sdp), TAG_END());
    fw_line_act_progress(l, c, 0);
}

/* Nothing that the trunk before said counts for this one. */
static void begin(struct fw_line *l, struct fw_line_call *c)
{
    c->invited = l->now;
    c->heard = c->remote_known = c->handle_over = false;
    c->session = (struct fw_line_session){ .asked_s = c->trunk.session_expires_s };
    c->auth = (struct fw_sip_auth){ 0 };
    c->auth_text = NULL;
    c->progress_last = 0;
    c->text[0] = '\0';
}

static void take(struct fw_line *l, struct fw_line_call *c, struct fw_line_trunk *t)
{
    c->trunk = t->set;
    c->trunk_serial = t->serial;
    c->tried |= (uint64_t)1 << (t - l->trunks);
    c->t38_enabled = c->place.t38_enabled && t->set.t38 != FW_TRUNK_T38_NEVER;
    c->t38_first = c->t38_enabled && t->set.t38 == FW_TRUNK_T38_FIRST;
    if (t->set.calls_per_second)
        t->cps_due.us = l->now.us + 1000000 / t->set.calls_per_second;
    begin(l, c);
}

void fw_line_dial(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_line_trunk *t = NULL;
    enum fw_err err;
    while ((err = fw_line_trunk_choose(l, c, &t)) == FW_OK) {
        take(l, c, t);
        if (prepare(l, c)) {
            fw_line_call_feed(l, c, FW_LINE_EV_PLACE);
            return;
        }
    }
    if (err == FW_BUSY && c->text[0] == '\0') {
        if (c->state == FW_LINE_NEW)
            fw_line_call_feed(l, c, FW_LINE_EV_WAIT);
        return;
    }
    if (c->text[0] == '\0')
        snprintf(c->text, sizeof c->text, "there is no trunk%s",
                 c->place.trunk[0] ? " of that name" : "");
    fw_line_call_feed(l, c, FW_LINE_EV_BROKEN);
}

static void tell_left(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_TRUNK };
    fw_text_clip(m.call_trunk.call, sizeof m.call_trunk.call, c->place.call);
    fw_text_clip(m.call_trunk.trunk, sizeof m.call_trunk.trunk, c->trunk.name);
    m.call_trunk.sip_status = c->sip_status;
    m.call_trunk.q850 = c->q850;
    fw_text_clip(m.call_trunk.text, sizeof m.call_trunk.text, c->text);
    fw_sip_send(l->sip, &m, -1);
    fw_log(FW_LOG_INFO, "call.trunk_left", "call=%s trunk=%s sip=%u text=%s", FW_LOG_TEXT(c->place.call),
           FW_LOG_TEXT(c->trunk.name), (unsigned)c->sip_status, FW_LOG_TEXT(c->text));
}

bool fw_line_dial_next(struct fw_line *l, struct fw_line_call *c)
{
    struct fw_line_trunk *t = NULL;
    if (fw_line_trunk_choose(l, c, &t) || !fw_line_call_part(l, c, !c->handle_over))
        return false;
    tell_left(l, c);
    c->sip_status = c->q850 = 0;
    do {
        take(l, c, t);
        if (prepare(l, c)) {
            fw_line_call_feed(l, c, FW_LINE_EV_NEXT);
            return true;
        }
    } while (fw_line_trunk_choose(l, c, &t) == FW_OK);
    fw_line_call_feed(l, c, FW_LINE_EV_BROKEN);
    return true;
}

bool fw_line_dial_audio_only(struct fw_line *l, struct fw_line_call *c)
{
    if (!c->t38_first || !fw_line_call_part(l, c, !c->handle_over))
        return false;
    c->t38_first = false;
    begin(l, c);
    c->sip_status = c->q850 = 0;
    fw_line_call_feed(l, c, prepare(l, c) ? FW_LINE_EV_NEXT : FW_LINE_EV_BROKEN);
    return true;
}
