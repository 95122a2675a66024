/* phone.c - events of the SIP stack become calls of the port, and the port's wishes responses. */
#include "carrier/phone.h"
#include "base/text.h"
#include "sip/edge.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fw_phone_leg {
    nua_handle_t *handle; /* NULL: this place is free */
    struct fw_phone *phone;
    const struct fw_phone_port *port;
    void *call; /* NULL: refused, only the handle is left to free */
    uint32_t generation;
    bool offered; /* a re-INVITE or an UPDATE of the caller waits for its answer */
    bool update;  /* the latter, and `request` is it */
    nua_saved_event_t request[1];
};

struct fw_phone {
    struct fw_sip *sip;
    const struct fw_phone_port *port;
    void *arg;
    uint32_t legs_max;
    struct fw_phone_leg legs[];
};

enum fw_err fw_phone_new(struct fw_sip *sip, uint32_t legs_max, const struct fw_phone_port *port,
                         void *arg, struct fw_phone **ret)
{
    struct fw_phone *phone = calloc(1, sizeof *phone + legs_max * sizeof phone->legs[0]);
    if (!phone)
        return FW_NO_MEMORY;
    *phone = (struct fw_phone){ .sip = sip, .port = port, .arg = arg, .legs_max = legs_max };
    *ret = phone;
    return FW_OK;
}

void fw_phone_free(struct fw_phone *phone)
{
    free(phone);
}

/* A ref is the place and its generation: an event that comes late finds nobody. */
static uint64_t ref_of(const struct fw_phone_leg *leg)
{
    return (uint64_t)leg->generation << 32 | (uint64_t)(leg - leg->phone->legs + 1);
}

static struct fw_phone_leg *leg_of(struct fw_phone *phone, uint64_t ref)
{
    const uint64_t place = ref & UINT32_MAX;
    if (place == 0 || place > phone->legs_max)
        return NULL;
    struct fw_phone_leg *leg = &phone->legs[place - 1];
    return leg->handle && leg->generation == ref >> 32 ? leg : NULL;
}

static struct fw_phone_leg *free_leg(struct fw_phone *phone)
{
    for (uint32_t i = 0; i < phone->legs_max; i++) {
        if (!phone->legs[i].handle)
            return &phone->legs[i];
    }
    return NULL;
}

static const char *user_of(const url_t *url)
{
    if (url->url_user && url->url_user[0])
        return url->url_user;
    return url->url_host ? url->url_host : "";
}

/* The stack leaves the quotes of a quoted display name in place. */
static void display_of(const char *text, char *ret, size_t size)
{
    fw_text_clip(ret, size, text ? text : "");
    const size_t end = strlen(ret);
    if (end >= 2 && ret[0] == '"' && ret[end - 1] == '"') {
        memmove(ret, ret + 1, end - 2);
        ret[end - 2] = '\0';
    }
}

static void refuse_stray(struct fw_phone *phone, nua_handle_t *handle, int status,
                         const char *phrase)
{
    nua_respond(handle, status, phrase, TAG_END());
    if (fw_sip_is_ours(phone->sip, handle))
        nua_handle_destroy(handle);
}

static void on_invite(struct fw_phone *phone, const struct fw_sip_event *event)
{
    const sip_t *sip = event->sip;
    if (!sip || !sip->sip_request || !sip->sip_from || !sip->sip_call_id) {
        refuse_stray(phone, event->handle, SIP_400_BAD_REQUEST);
        return;
    }
    struct fw_phone_leg *leg = free_leg(phone);
    if (!leg) {
        refuse_stray(phone, event->handle, SIP_503_SERVICE_UNAVAILABLE);
        return;
    }
    *leg = (struct fw_phone_leg){ .handle = event->handle,
                                  .phone = phone,
                                  .port = phone->port,
                                  .generation = leg->generation + 1 };
    fw_sip_bind_ref(event->handle, ref_of(leg));
    char display[132];
    display_of(sip->sip_from->a_display, display, sizeof display);
    const char *to = sip->sip_request->rq_url->url_user;
    const struct fw_phone_invite invite = { .to = to ? to : "",
                                            .from = user_of(sip->sip_from->a_url),
                                            .display_name = display,
                                            .call_id = sip->sip_call_id->i_id,
                                            .sdp = fw_sip_sdp(sip) };
    leg->call = phone->port->invite(phone->arg, leg, &invite);
}

/* What is answered next is no UPDATE any more. */
static void forget_update(struct fw_phone_leg *leg)
{
    if (leg->update)
        nua_destroy_event(leg->request);
    leg->update = false;
}

static void on_offer(struct fw_phone_leg *leg, const sip_t *sip)
{
    leg->offered = true;
    if (!leg->call)
        fw_phone_refuse(leg, SIP_481_NO_TRANSACTION, 0);
    else
        leg->port->offered(leg->call, fw_sip_sdp(sip));
}

/* Without a description it refreshes the session (RFC 4028 clause 7.4), with one it is an offer (RFC 3311
 * clause 5.2). */
static void on_update(struct fw_phone *phone, struct fw_phone_leg *leg, const struct fw_sip_event *event)
{
    if (event->sip && event->sip->sip_payload && leg && leg->call && !leg->offered) {
        leg->update = nua_save_event(fw_sip_nua(phone->sip), leg->request) != 0;
        on_offer(leg, event->sip);
    } else
        nua_respond(event->handle, leg && leg->call ? 200 : 481, sip_status_phrase(leg && leg->call ? 200 : 481),
                    NUTAG_WITH_CURRENT(fw_sip_nua(phone->sip)), TAG_END());
}

static void on_terminated(struct fw_phone *phone, struct fw_phone_leg *leg, nua_handle_t *handle)
{
    if (leg) {
        void *call = leg->call;
        leg->call = NULL;
        forget_update(leg);
        if (call)
            leg->port->ended(call);
        leg->handle = NULL;
    }
    if (handle && fw_sip_is_ours(phone->sip, handle))
        nua_handle_destroy(handle);
}

void fw_phone_event(struct fw_phone *phone, const struct fw_sip_event *event)
{
    struct fw_phone_leg *leg = event->ref != 0 ? leg_of(phone, event->ref) : NULL;
    const bool live = leg && leg->call;
    if (event->kind == nua_i_invite && event->ref == 0)
        on_invite(phone, event);
    else if (event->kind == nua_i_invite && leg)
        on_offer(leg, event->sip);
    else if (event->kind == nua_i_update && event->status < 200)
        on_update(phone, leg, event);
    else if (event->kind == nua_i_ack && live)
        leg->port->acked(leg->call);
    else if (event->kind == nua_r_invite && live && event->status >= 200)
        leg->port->reanswered(leg->call, event->status,
                              event->status < 300 ? fw_sip_sdp(event->sip) : (struct fw_span){ 0 });
    else if (event->kind == nua_r_invite && live && event->sip && leg->port->progress)
        leg->port->progress(leg->call, event->status);
    else if (event->kind == nua_i_terminated)
        on_terminated(phone, leg, event->handle);
    else if (event->kind == nua_i_options && event->ref == 0 && event->handle &&
             fw_sip_is_ours(phone->sip, event->handle))
        nua_handle_destroy(event->handle); /* answered by the stack; its handle is left to us */
}

void fw_phone_ring(struct fw_phone_leg *leg)
{
    nua_respond(leg->handle, SIP_180_RINGING, TAG_END());
}

void fw_phone_answer(struct fw_phone_leg *leg, const char *sdp)
{
    leg->offered = false;
    nua_respond(leg->handle, SIP_200_OK, TAG_IF(leg->update, NUTAG_WITH_SAVED(leg->request)),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
    forget_update(leg);
}

void fw_phone_refuse(struct fw_phone_leg *leg, int status, const char *phrase, unsigned q850)
{
    char reason[48];
    snprintf(reason, sizeof reason, "Q.850;cause=%u", q850);
    nua_respond(leg->handle, status, phrase, TAG_IF(leg->update, NUTAG_WITH_SAVED(leg->request)),
                TAG_IF(q850 != 0, SIPTAG_REASON_STR(reason)), TAG_END());
    forget_update(leg);
    /* A refused re-INVITE leaves the call as it was. */
    if (!leg->offered)
        leg->call = NULL;
    leg->offered = false;
}

void fw_phone_reinvite(struct fw_phone_leg *leg, const char *sdp)
{
    nua_invite(leg->handle, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp),
               TAG_END());
}

/* A user part of RFC 3261 clause 25.1 without escapes; nothing of it can end the URI. */
static bool plain_user(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_.!~*";
    return text[0] && text[strspn(text, allowed)] == '\0';
}

static void from_of(const struct fw_phone_place *place, char *ret, size_t size)
{
    char name[132] = "";
    size_t at = 0;
    for (const char *c = place->display_name; *c && at + 1 < sizeof name; c++) {
        if ((unsigned char)*c >= ' ' && *c != '"' && *c != '\\' && *c != 0x7F)
            name[at++] = *c;
    }
    snprintf(ret, size, "%s%s%s<sip:%s@carrier.invalid>", at ? "\"" : "", name, at ? "\" " : "",
             plain_user(place->from) ? place->from : "anonymous");
}

struct fw_phone_leg *fw_phone_place(struct fw_phone *phone, const struct fw_phone_port *port, void *call,
                                    const struct fw_phone_place *place)
{
    char from[320];
    struct fw_phone_leg *leg = free_leg(phone);
    if (!leg)
        return NULL;
    *leg = (struct fw_phone_leg){ .phone = phone, .port = port, .call = call, .generation = leg->generation + 1 };
    from_of(place, from, sizeof from);
    nua_handle_t *handle = nua_handle(fw_sip_nua(phone->sip), fw_sip_ref_magic(ref_of(leg)), NUTAG_URL(place->uri),
                                      SIPTAG_TO_STR(place->uri), SIPTAG_FROM_STR(from), TAG_END());
    if (!handle)
        return NULL;
    leg->handle = handle;
    fw_phone_reinvite(leg, place->sdp);
    return leg;
}

void fw_phone_cancel(struct fw_phone_leg *leg)
{
    nua_cancel(leg->handle, TAG_END());
}

void fw_phone_hand(struct fw_phone_leg *leg, const struct fw_phone_port *port, void *call)
{
    leg->port = port;
    leg->call = call;
}

void fw_phone_take_back(struct fw_phone_leg *leg, void *call)
{
    fw_phone_hand(leg, leg->phone->port, call);
}

const char *fw_phone_phrase(int status)
{
    return sip_status_phrase(status);
}

void fw_phone_hangup(struct fw_phone_leg *leg)
{
    nua_bye(leg->handle, TAG_END());
}

void fw_phone_forget(struct fw_phone_leg *leg)
{
    leg->call = NULL;
}
