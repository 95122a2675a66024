/* The parent's messages: configuration, calls to place, and what the modems tell of them. */
#include "line/inbound.h"
#include "line/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/tls.h"

/* Peers send their media to what our SDP says, so a wildcard will not do. */
static enum fw_err check_media_host(const char *host, struct fw_fault *fault)
{
    if (host[0] != '\0' && strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0)
        return FW_OK;
    fw_fault_set(fault, "media_host",
                 "\"%s\" is not an address that peers can send media to; give one of this machine",
                 host);
    return FW_INVALID;
}

static void on_config(struct fw_line *l, const struct fw_msg_line_config *config)
{
    if (l->configured) {
        fw_log(FW_LOG_WARN, "line.config", "ignored=a second one");
        return;
    }
    struct fw_fault fault = { 0 };
    const struct fw_sip_config sip = { .host = config->sip_host,
                                       .port = config->sip_port,
                                       .user_agent = "Faxwire",
                                       .advertised_host = config->advertised_host,
                                       .resolv_conf = config->resolv_conf,
                                       .updates = true,
                                       .session_timers = true,
                                       .tls = true,
                                       .tls_fixed_port = config->tls_certificate[0] != '\0',
                                       .trace = l->trace };
    struct fw_msg ready = { .kind = FW_MSG_KIND_LINE_READY };
    l->config = *config;
    enum fw_err err = check_media_host(config->media_host, &fault);
    if (!err)
        err = fw_line_calls_init(l, config->calls_max);
    if (!err)
        err = fw_line_door_open(l);
    const struct fw_sip_tls tls = { .ca_file = l->config.tls_ca_file, .certificate = l->config.tls_certificate,
                                    .insecure = fw_line_tls_insecure, .refused = fw_line_tls_refused,
                                    .arg = l };
    fw_sip_tls_install(&tls);
    if (!err)
        err = fw_sip_bind(l->sip, &sip, &ready.line_ready.sip_port, &fault);
    if (err) {
        fw_log(FW_LOG_ERROR, "line.start", "error=%s field=%s what=%s", fw_err_text(err),
               fault.field, FW_LOG_TEXT(fault.message));
        l->failed = true;
        return;
    }
    l->configured = true;
    l->sip_port = ready.line_ready.sip_port;
    fw_log(FW_LOG_INFO, "line.ready", "host=%s port=%u", FW_LOG_TEXT(config->sip_host),
           (unsigned)ready.line_ready.sip_port);
    fw_sip_send(l->sip, &ready, -1);
}

static void on_place(struct fw_line *l, const struct fw_msg_call_place *place, int fd)
{
    struct fw_line_call *c = NULL;
    if (!l->configured || l->stopping) {
        fw_line_act_refuse(l, place->call,
                           l->stopping ? "the line is stopping" : "the line is not configured yet");
        return;
    }
    if (fw_line_call_by_id(l, place->call)) {
        fw_log(FW_LOG_WARN, "call.place", "call=%s error=already placed", FW_LOG_TEXT(place->call));
        return;
    }
    const enum fw_err err = fw_line_call_new(l, place, &c);
    if (err) {
        fw_line_act_refuse(l, place->call,
                           err == FW_LIMIT ? "every call slot is in use" : "out of memory");
        return;
    }
    fw_line_trace_begin(l, c, fd, place->trace_bytes_max);
    fw_line_dial(l, c);
}

/* A call that this modem carries; a modem has no say about others. */
static struct fw_line_call *carried(struct fw_line *l, const char *call_id, uint8_t modem)
{
    struct fw_line_call *c = fw_line_call_by_id(l, call_id);
    return c && c->place.modem == modem && c->answered.us ? c : NULL;
}

/* FAX-ENGINE 1.2: DIS is on its way, so ask now; CED only, so give the far side a second to ask
 * first, as gateways do. */
static void on_tone(struct fw_line *l, const struct fw_msg_media_tone *tone)
{
    struct fw_line_call *c = carried(l, tone->call, tone->modem);
    if (!c || c->state != FW_LINE_AUDIO || !c->t38_enabled || c->underway || c->t38_refused)
        return;
    if (c->inbound) { /* CNG: a fax machine is calling, no need to wait any longer */
        if (tone->tone == FW_TONE_CNG)
            fw_line_call_due_within(l, c, 0);
    } else if (tone->tone == FW_TONE_V21)
        fw_line_call_due_within(l, c, 0);
    else if (tone->tone == FW_TONE_CED)
        fw_line_call_due_within(l, c, c->trunk.t38_after_ced_ms);
}

static void on_silent(struct fw_line *l, const struct fw_msg_media_silent *m)
{
    struct fw_line_call *c = carried(l, m->call, m->modem);
    if (c)
        fw_line_call_offer(l, c, FW_LINE_EV_SILENT);
}

static void on_underway(struct fw_line *l, const struct fw_msg_media_underway *m)
{
    struct fw_line_call *c = carried(l, m->call, m->modem);
    if (!c)
        return;
    c->underway = true;
    fw_line_call_offer(l, c, FW_LINE_EV_UNDERWAY);
}

static void on_result(struct fw_line *l, const struct fw_msg_fax_result *r)
{
    struct fw_line_call *c = carried(l, r->call, r->modem);
    if (!c)
        return;
    c->media_open = false;
    /* The far end hung up first, but the fax was over: that is not a hang-up in the middle. */
    if (r->t30_code == 0 && (c->cause == FW_CAUSE_REMOTE_HANGUP || c->cause == FW_CAUSE_DIALOG_LOST))
        c->cause = FW_CAUSE_DONE;
    fw_line_call_offer(l, c, FW_LINE_EV_FAX_DONE);
}

static void on_modem_gone(struct fw_line *l, uint8_t modem)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        struct fw_line_call *c = l->calls[i];
        if (!c || c->place.modem != modem)
            continue;
        c->media_open = false;
        fw_line_call_offer(l, c, FW_LINE_EV_MODEM_LOST);
    }
}

void fw_line_stop(struct fw_line *l)
{
    if (l->stopping)
        return;
    l->now = fw_mono_now();
    l->stopping = true;
    l->stop_due.us = l->now.us + (int64_t)FW_LINE_STOP_MS * 1000;
    fw_line_calls_offer_all(l, FW_LINE_EV_CANCEL);
    for (size_t i = 0; i < l->slot_count; i++) {
        struct fw_line_call *c = l->calls[i];
        if (c && c->state == FW_LINE_CLOSING)
            fw_line_call_due_within(l, c, FW_LINE_STOP_CLOSE_MS);
    }
}

void fw_line_on_channel_lost(void *line)
{
    struct fw_line *l = line;
    fw_log(FW_LOG_WARN, "channel.lost", "action=hanging up and stopping");
    fw_line_stop(l);
    fw_line_calls_offer_all(l, FW_LINE_EV_MODEM_LOST); /* no account will come */
}

void fw_line_on_message(void *line, const struct fw_msg *msg, int fd)
{
    struct fw_line *l = line;
    l->now = fw_mono_now();
    fw_log(FW_LOG_DEBUG, "message", "kind=%s", fw_msg_text(msg->kind));
    if (msg->kind == FW_MSG_KIND_STOP) {
        fw_line_stop(l);
    } else if (msg->kind == FW_MSG_KIND_LINE_CONFIG) {
        on_config(l, &msg->line_config);
    } else if (msg->kind == FW_MSG_KIND_TRUNK_SET) {
        fw_line_trunk_set(l, &msg->trunk_set);
    } else if (msg->kind == FW_MSG_KIND_TRUNK_GONE) {
        fw_line_trunk_gone(l, msg->trunk_gone.name);
    } else if (msg->kind == FW_MSG_KIND_CALL_PLACE) {
        on_place(l, &msg->call_place, fd);
    } else if (msg->kind == FW_MSG_KIND_CALL_ACCEPT) {
        fw_line_on_accept(l, &msg->call_accept, fd);
    } else if (msg->kind == FW_MSG_KIND_CALL_REFUSE) {
        fw_line_on_refuse(l, &msg->call_refuse);
    } else if (msg->kind == FW_MSG_KIND_CALL_CANCEL) {
        struct fw_line_call *c = fw_line_call_by_id(l, msg->call_cancel.call);
        if (c)
            fw_line_call_offer(l, c, FW_LINE_EV_CANCEL);
    } else if (msg->kind == FW_MSG_KIND_MODEM_GONE) {
        on_modem_gone(l, msg->modem_gone.modem);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_TONE) {
        on_tone(l, &msg->media_tone);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_SILENT) {
        on_silent(l, &msg->media_silent);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_UNDERWAY) {
        on_underway(l, &msg->media_underway);
    } else if (msg->kind == FW_MSG_KIND_FAX_RESULT) {
        on_result(l, &msg->fax_result);
    } else {
        fw_log(FW_LOG_WARN, "message.unexpected", "kind=%s", fw_msg_text(msg->kind));
    }
}
