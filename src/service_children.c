/* The supervisor's port: the children of the service, what they are told and what their ends mean. */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "service.h"

enum { PAGE_BYTES_MAX = 8 * 1024 * 1024 }; /* one received page, decoded from the line */

static void configure_line(struct service *s)
{
    const struct fw_config *c = s->config;
    struct fw_msg msg = { .kind = FW_MSG_KIND_LINE_CONFIG };
    struct fw_msg_line_config *l = &msg.line_config;
    fw_text_clip(l->sip_host, sizeof l->sip_host, c->sip_host);
    fw_text_clip(l->media_host, sizeof l->media_host, c->sip_host);
    fw_text_clip(l->domain, sizeof l->domain, c->domain);
    fw_text_clip(l->advertised_host, sizeof l->advertised_host, c->advertised_host);
    fw_text_clip(l->resolv_conf, sizeof l->resolv_conf, c->resolv_conf);
    fw_text_clip(l->tls_ca_file, sizeof l->tls_ca_file, c->tls_ca_file);
    fw_text_clip(l->tls_certificate, sizeof l->tls_certificate, c->tls_certificate);
    l->answer_strangers = c->answer_strangers;
    l->stranger_rate = c->stranger_rate;
    l->trunk_rate = c->trunk_rate;
    l->sip_port = c->sip_port;
    l->media_port_min = c->media_port_min;
    l->media_port_max = c->media_port_max;
    l->calls_max = c->calls_max;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_LINE, 0, &msg);
}

void fw_service_to_line(void *arg, const struct fw_msg *msg)
{
    struct service *s = arg;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_LINE, 0, msg);
}

void fw_service_tell_channels(struct service *s)
{
    const uint32_t channels = fw_trunks_channels(s->trunks);
    if (channels != s->channels)
        fw_queue_channels(s->queue, channels);
    s->channels = channels;
}

/* In development every call goes to the built-in carrier. */
void fw_service_want_trunks(struct service *s)
{
    if (s->options->dev)
        fw_trunks_want_carrier(s->trunks, s->carrier_port, !s->options->paced);
    else
        fw_trunks_want_config(s->trunks, s->config);
    fw_service_tell_channels(s);
}

static void started(void *arg, enum fw_role role, uint8_t index)
{
    struct service *s = arg;
    struct fw_msg msg = { .kind = FW_MSG_KIND_MODEM_START };
    if (role == FW_ROLE_LINE)
        configure_line(s);
    if (role != FW_ROLE_MODEM)
        return;
    msg.modem_start.modem = index;
    msg.modem_start.calls_max = FW_CALLS_PER_MODEM;
    msg.modem_start.page_bytes_max = PAGE_BYTES_MAX;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_MODEM, index, &msg);
}

static void ended(void *arg, enum fw_role role, uint8_t index)
{
    struct service *s = arg;
    struct fw_msg msg = { .kind = FW_MSG_KIND_MODEM_GONE };
    if (role == FW_ROLE_LINE) {
        s->line_ready = false;
        fw_trunks_forget(s->trunks);
        fw_queue_line(s->queue, false);
        fw_receive_line(s->receive, false, 0);
    }
    if (role != FW_ROLE_MODEM)
        return;
    msg.modem_gone.modem = index;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_LINE, 0, &msg);
    fw_queue_modem(s->queue, index, false);
    fw_receive_modem(s->receive, index, false);
}

static void message(void *arg, enum fw_role role, uint8_t index, const struct fw_msg *msg)
{
    struct service *s = arg;
    (void)role;
    switch ((int)msg->kind) {
    case FW_MSG_KIND_LINE_READY:
        fw_log(FW_LOG_INFO, "line.ready", "port=%d", msg->line_ready.sip_port);
        s->line_ready = true;
        fw_receive_line(s->receive, true, msg->line_ready.sip_port);
        fw_trunks_tell(s->trunks, fw_service_to_line, s);
        break;
    case FW_MSG_KIND_MODEM_READY:
        s->modem_ready = true;
        fw_queue_modem(s->queue, index, true);
        fw_receive_modem(s->receive, index, true);
        break;
    case FW_MSG_KIND_CARRIER_READY: s->carrier_ready = true; break;
    case FW_MSG_KIND_TRUNK_STATE:
        fw_trunks_heard(s->trunks, &msg->trunk_state);
        fw_service_tell_channels(s);
        return;
    default: /* each takes what is of its calls */
        fw_receive_message(s->receive, msg);
        fw_queue_message(s->queue, msg);
        return;
    }
    /* A call is worth placing once there is somebody to take it. */
    if (s->line_ready && (s->carrier_ready || !s->options->dev))
        fw_queue_line(s->queue, true);
}

static void on_outbox(void *arg)
{
    struct service *s = arg;
    struct parcel parcel;
    while (fw_mailbox_take(s->outbox, &parcel)) {
        fw_supervisor_send(s->supervisor, &parcel.msg, parcel.fd);
        fw_fd_close(&parcel.fd);
    }
}

static enum fw_err start_modems(struct service *s, struct fw_fault *fault)
{
    for (uint32_t m = 0; m < s->config->modems; m++) {
        char spool[4200];
        enum fw_err err = fw_queue_spool_dir(fw_store_documents_dir(s->store), (int)m, spool, sizeof spool);
        if (err) {
            fw_fault_set(fault, "documents", "the spool folder under %s cannot be made",
                         fw_store_documents_dir(s->store));
            return err;
        }
        const struct fw_child_spec spec = { .role = FW_ROLE_MODEM, .index = (uint8_t)m,
                                            .program = s->programs.modem,
                                            .args = { "--channel", "3", "--spool", spool } };
        err = fw_supervisor_add(s->supervisor, &spec, fault);
        if (err)
            return err;
    }
    return FW_OK;
}

static enum fw_err start_carrier(struct service *s, struct fw_fault *fault)
{
    char listen[64], mailbox[4200];
    /* One port for the life of the service: a carrier that is restarted is found again. */
    if (!fw_free_sip_port(&s->carrier_port)) {
        fw_fault_set(fault, "carrier", "no free port for SIP on 127.0.0.1");
        return FW_IO;
    }
    snprintf(listen, sizeof listen, "127.0.0.1:%u", s->carrier_port);
    snprintf(mailbox, sizeof mailbox, "%s/mailbox", fw_store_documents_dir(s->store));
    const struct fw_child_spec spec = {
        .role = FW_ROLE_CARRIER, .program = s->programs.carrier,
        .args = { "--channel", "3", "--listen", listen, "--mailbox", mailbox,
                  s->options->paced ? "--paced" : NULL },
    };
    return fw_supervisor_add(s->supervisor, &spec, fault);
}

enum fw_err fw_service_start_children(struct service *s, struct fw_fault *fault)
{
    const struct fw_supervisor_port port = { started, ended, message, s };
    const struct fw_child_spec line = { .role = FW_ROLE_LINE, .program = s->programs.line,
                                        .args = { "--channel", "3" } };
    enum fw_err err = fw_supervisor_new(&port, s->children_lock, &s->supervisor);
    if (!err)
        err = fw_supervisor_watch(s->supervisor, fw_mailbox_fd(s->outbox), on_outbox, s);
    if (!err)
        err = start_modems(s, fault);
    if (!err && s->options->dev)
        err = start_carrier(s, fault);
    fw_service_want_trunks(s); /* the carrier has its port */
    if (!err)
        err = fw_supervisor_add(s->supervisor, &line, fault);
    return err;
}
