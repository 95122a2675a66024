/* The service: every room, wired. The main thread runs the supervisor's loop. */
#include "serve.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/api.h"
#include "api/links.h"
#include "base/signer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "documents.h"
#include "drain.h"
#include "http/http.h"
#include "ipc/supervisor.h"
#include "mailing.h"
#include "media/join.h"
#include "notify/notify.h"
#include "programs.h"
#include "queue/queue.h"
#include "receive/receive.h"
#include "secrets.h"
#include "trunks.h"

enum {
    READY_MS = 20 * 1000, /* all programs up, or the start has failed */
    STOP_MS = 4 * 1000,   /* for the children to end their calls */
    PAGE_BYTES_MAX = 8 * 1024 * 1024, /* one received page, decoded from the line */
};

struct service {
    const struct fw_config         *config;
    const struct fw_serve_options  *options;
    struct fw_programs              programs;
    struct fw_documents             documents;
    int                             children_lock, signal_fd;
    struct fw_store                *store;
    struct fw_secrets               secrets;
    struct fw_signer               *signer;
    struct fw_queue                *queue;
    struct fw_seats                 seats; /* of the modems; queue and receive share them */
    struct fw_receive              *receive;
    struct fw_notify               *notify;
    struct fw_mailer               *mailer;
    struct fw_links                 links; /* the notifier's */
    struct fw_supervisor           *supervisor;
    struct fw_trunks               *trunks;
    struct fw_mailbox              *outbox; /* of struct fw_msg, from the queue to the children */
    struct fw_api                  *api;
    char                            http_host[256], upload_dir[4200], public_key[64]; /* as long as the API lives */
    uint16_t                        carrier_port;
    struct fw_drain                 drain;
    bool                            line_ready, carrier_ready, modem_ready, ready, stop;
};

static void from_queue(void *arg, const struct fw_msg *msg)
{
    struct service *s = arg;
    if (fw_mailbox_put(s->outbox, msg))
        fw_log(FW_LOG_ERROR, "message.lost", "kind=%s", fw_msg_text(msg->kind)); /* its deadline acts */
}

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    const struct service *s = arg;
    fw_documents_prepare(&s->documents, fax, dir, stop, ret);
}

static void fax_accepted(void *arg, const char *fax)
{
    struct service *s = arg;
    fw_queue_accepted(s->queue, fax);
}

static void fax_canceled(void *arg, const char *fax)
{
    struct service *s = arg;
    fw_queue_cancel(s->queue, fax); /* whichever of the two has it */
    fw_receive_cancel(s->receive, fax);
}

static json_t *trunks(void *arg)
{
    const struct service *s = arg;
    return fw_trunks_json(s->trunks);
}

static uint32_t draining(void *arg)
{
    const struct service *s = arg;
    return fw_drain_left_s(&s->drain);
}

static enum fw_err fetch_media(void *arg, const char *url, int fd, uint64_t size_max,
                               const atomic_bool *stop, struct fw_fault *fault)
{
    const struct service *s = arg;
    return fw_documents_fetch(&s->documents, url, fd, size_max, stop, fault);
}

/* The supervisor's port. */

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
    l->sip_port = c->sip_port;
    l->media_port_min = c->media_port_min;
    l->media_port_max = c->media_port_max;
    l->calls_max = c->calls_max;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_LINE, 0, &msg);
}

static void to_line(void *arg, const struct fw_msg *msg)
{
    struct service *s = arg;
    fw_supervisor_send_to(s->supervisor, FW_ROLE_LINE, 0, msg);
}

/* In development every call goes to the built-in carrier. */
static void want_trunks(struct service *s)
{
    if (s->options->dev)
        fw_trunks_want_carrier(s->trunks, s->carrier_port, !s->options->paced);
    else
        fw_trunks_want_config(s->trunks, s->config);
}

static void reload(struct service *s)
{
    if (!fw_trunks_reload(s->trunks, s->options->config_path) && s->line_ready)
        fw_trunks_tell(s->trunks, to_line, s);
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
        fw_trunks_tell(s->trunks, to_line, s);
        break;
    case FW_MSG_KIND_MODEM_READY:
        s->modem_ready = true;
        fw_queue_modem(s->queue, index, true);
        fw_receive_modem(s->receive, index, true);
        break;
    case FW_MSG_KIND_CARRIER_READY: s->carrier_ready = true; break;
    case FW_MSG_KIND_TRUNK_STATE: fw_trunks_heard(s->trunks, &msg->trunk_state); return;
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
    struct fw_msg msg;
    while (fw_mailbox_take(s->outbox, &msg))
        fw_supervisor_send(s->supervisor, &msg);
}

static void on_signal(void *arg)
{
    struct service *s = arg;
    struct signalfd_siginfo info;
    if (read(s->signal_fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        reload(s);
        return;
    }
    fw_log(FW_LOG_INFO, "service.stopping", "signal=%u", info.ssi_signo);
    const uint32_t *secs = s->config->drain_secs;
    s->stop = !s->ready || info.ssi_signo != SIGTERM ||
              !fw_drain_begin(&s->drain, s->queue, s->receive, secs ? *secs : s->options->dev ? 0 : FW_DRAIN_S);
}

/* Starting. */

static enum fw_err start_modems(struct service *s, struct fw_fault *fault)
{
    for (uint32_t m = 0; m < s->config->modems; m++) {
        char spool[4200];
        enum fw_err err = fw_queue_spool_dir(s->config->data, (int)m, spool, sizeof spool);
        if (err) {
            fw_fault_set(fault, "data", "the spool folder under %s cannot be made", s->config->data);
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
    snprintf(mailbox, sizeof mailbox, "%s/mailbox", s->config->data);
    const struct fw_child_spec spec = {
        .role = FW_ROLE_CARRIER, .program = s->programs.carrier,
        .args = { "--channel", "3", "--listen", listen, "--mailbox", mailbox,
                  s->options->paced ? "--paced" : NULL },
    };
    return fw_supervisor_add(s->supervisor, &spec, fault);
}

static enum fw_err start_children(struct service *s, struct fw_fault *fault)
{
    const struct fw_supervisor_port port = { started, ended, message, s };
    const struct fw_child_spec line = { .role = FW_ROLE_LINE, .program = s->programs.line,
                                        .args = { "--channel", "3" } };
    enum fw_err err = fw_supervisor_new(&port, s->children_lock, &s->supervisor);
    if (!err)
        err = fw_supervisor_watch(s->supervisor, s->signal_fd, on_signal, s);
    if (!err)
        err = fw_supervisor_watch(s->supervisor, fw_mailbox_fd(s->outbox), on_outbox, s);
    if (!err)
        err = start_modems(s, fault);
    if (!err && s->options->dev)
        err = start_carrier(s, fault);
    want_trunks(s); /* the carrier has its port */
    if (!err)
        err = fw_supervisor_add(s->supervisor, &line, fault);
    return err;
}

static enum fw_err wait_ready(struct service *s, struct fw_fault *fault)
{
    const struct fw_mono until = { fw_mono_now().us + READY_MS * 1000LL };
    while (!s->stop) {
        if (s->line_ready && s->modem_ready && (s->carrier_ready || !s->options->dev))
            return FW_OK;
        const int left_ms = fw_mono_wait_ms(fw_mono_now(), until);
        if (left_ms == 0)
            break;
        fw_supervisor_turn(s->supervisor, left_ms);
    }
    fw_fault_set(fault, s->line_ready ? (s->modem_ready ? "carrier" : "modem") : "line",
                 s->stop ? "stopped during the start" : "is not ready after %d s; the log above says why",
                 READY_MS / 1000);
    return FW_BUSY;
}

static enum fw_err start_queue(struct service *s)
{
    const struct fw_queue_port port = { .prepare = prepare, .send = from_queue, .slice = fw_join_rest_file, .arg = s };
    const struct fw_config *c = s->config;
    const struct fw_queue_config config = {
        .store = s->store, .ident = c->ident, .modem_count = (int)c->modems, .seats = &s->seats,
        .trunk = "" /* the line chooses */, .guard = { c->allow_prefixes, c->bar_prefixes },
        .media_workers = (int)c->media_workers, .calls_max = (int)c->calls_max,
        .calls_per_number = (int)c->calls_per_number, .number_gap_ms = (int)c->number_gap_ms,
        .ring_timeout_ms = c->ring_timeout_secs * 1000, .call_limit_ms = c->call_limit_secs * 1000,
    };
    const enum fw_err err = fw_queue_new(&config, &port, &s->queue);
    return err ? err : fw_queue_start(s->queue);
}

/* Before the queue: its start clears the spool. */
static enum fw_err start_receive(struct service *s)
{
    const struct fw_receive_port port = { from_queue, s };
    const struct fw_config *c = s->config;
    const struct fw_receive_config config = {
        .store = s->store, .ident = c->ident, .modem_count = (int)c->modems, .seats = &s->seats,
        .calls_max = (int)c->calls_max,
        .answer_delay_ms = c->answer_delay_ms, .call_limit_ms = c->call_limit_secs * 1000,
        .disk_free_min = (uint64_t)c->disk_free_min_mb * 1024 * 1024,
    };
    const enum fw_err err = fw_receive_new(&config, &port, &s->receive);
    return err ? err : fw_receive_start(s->receive);
}

static enum fw_err start_notify(struct service *s)
{
    fw_api_links(s->api, &s->links);
    const struct fw_notify_config config = {
        .store = s->store, .signer = s->signer,
        .allow_private = s->options->dev || s->config->webhook_private,
        .log_days = (int)s->config->webhook_log_days,
        .timeout_ms = (int)s->config->webhook_timeout_ms,
        .schedule = { .first_ms = s->config->webhook_retry_first_ms,
                      .max_ms = s->config->webhook_retry_max_secs * 1000,
                      .round_max = (int)s->config->webhook_retry_rounds },
        .links = fw_link_port_of(&s->links),
    };
    return fw_notify_start(&config, &s->notify);
}

static enum fw_err start_api(struct service *s, struct fw_fault *fault)
{
    uint16_t port = 0;
    fw_assert(fw_config_listen(s->config->listen, s->http_host, sizeof s->http_host, &port));
    snprintf(s->upload_dir, sizeof s->upload_dir, "%s/uploads", s->config->data);
    fw_signer_public_key(s->signer, s->public_key, sizeof s->public_key);
    const struct fw_api_config config = {
        .listen_host = s->http_host, .port = port, .store = s->store, .upload_dir = s->upload_dir,
        .fax_accepted = fax_accepted, .fax_canceled = fax_canceled, .fetch = fetch_media, .trunks = trunks,
        .draining = draining, .arg = s, .disk_free_min = (uint64_t)s->config->disk_free_min_mb * 1024 * 1024,
        .threads = s->config->http_threads,
        .tls_cert = s->config->tls_cert, .tls_key = s->config->tls_key,
        .cors_origins = s->config->cors_origins,
        .header_s = s->config->http_header_timeout_secs, .body_s = s->config->http_body_timeout_secs,
        .public_url = s->config->public_url, .link_ttl_s = s->config->link_ttl_secs,
        .rate_limit_per_second = s->config->rate_limit_per_second,
        .faxes_in_process_max = s->config->faxes_in_process_max,
        .retry = s->config->retry, .signer = s->signer,
    };
    return fw_api_start(&config, fault, &s->api);
}

static enum fw_err open_data(struct service *s, struct fw_fault *fault)
{
    char path[4200];
    enum fw_err err = fw_store_open(s->config->data, fault, &s->store);
    if (err)
        return err;
    /* The children of an earlier run that was killed hold this while they end their calls. */
    err = fw_children_lock(s->config->data, fault, &s->children_lock);
    if (!err)
        err = fw_secrets_open(s->store, fault, &s->secrets);
    snprintf(path, sizeof path, "%s/webhook-key", s->config->data);
    if (!err)
        err = fw_signer_open(path, &s->signer);
    if (!err)
        err = fw_mailbox_new(sizeof(struct fw_msg), &s->outbox);
    return err;
}

static enum fw_err start(struct service *s, struct fw_fault *fault)
{
    enum fw_err err = fw_http_init();
    if (!err)
        err = fw_programs_find(&s->programs, fault);
    s->documents = (struct fw_documents){ s->programs.render, s->programs.office,
                                          s->options->dev || s->config->fetch_private };
    if (!err)
        err = open_data(s, fault);
    if (!err)
        err = start_receive(s);
    if (!err)
        err = start_queue(s);
    if (!err)
        err = fw_trunks_new(&s->trunks);
    if (!err)
        err = start_children(s, fault);
    if (!err)
        err = wait_ready(s, fault);
    if (!err)
        err = start_api(s, fault);
    if (!err)
        err = start_notify(s); /* it makes links to files of the API */
    if (!err)
        err = fw_mailing_start(s->config, s->store, &s->mailer);
    return err;
}

static void print_ready(const struct service *s)
{
    char url[320], data[4096];
    snprintf(url, sizeof url, strchr(s->http_host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
             s->config->tls_cert[0] ? "https" : "http", s->http_host, fw_api_port(s->api));
    if (!realpath(s->config->data, data))
        fw_text_clip(data, sizeof data, s->config->data);
    /* There is no console yet; the field is where clients will look for it. */
    json_t *line = json_pack("{ss ss ss sn ss ss}", "url", url, "api_key", s->secrets.api_key,
                             "public_key", s->public_key, "console_url", "application_id",
                             s->secrets.application, "data", data);
    fw_assert(line);
    json_dumpf(line, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(line);
}

/* Backwards: nothing is accepted, then nothing is decided, then the calls end. */
static void stop(struct service *s)
{
    fw_api_stop(s->api);
    if (s->queue)
        fw_queue_stop(s->queue);
    fw_receive_stop(s->receive);
    if (s->supervisor)
        fw_supervisor_stop(s->supervisor, STOP_MS);
    fw_supervisor_free(s->supervisor);
    fw_mailer_stop(s->mailer);
    fw_notify_stop(s->notify);
    fw_queue_free(s->queue);
    fw_trunks_free(s->trunks);
    fw_receive_free(s->receive);
    fw_mailbox_free(s->outbox);
    fw_signer_free(s->signer);
    fw_store_close(s->store);
    fw_fd_close(&s->children_lock);
    fw_fd_close(&s->signal_fd);
}

static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    /* Before any thread exists: all of them inherit the mask. */
    return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -1 : signalfd(-1, &set, SFD_CLOEXEC);
}

int fw_serve(const struct fw_config *config, const struct fw_serve_options *options)
{
    struct service s = { .config = config, .options = options, .children_lock = -1 };
    struct fw_fault fault = { 0 };
    s.signal_fd = catch_signals();
    const enum fw_err err = s.signal_fd < 0 ? FW_IO : start(&s, &fault);
    if (err && !s.stop)
        fprintf(stderr, "faxwire: cannot start: %s%s%s\n", fault.field, fault.field[0] ? ": " : "",
                fault.message[0] ? fault.message : fw_err_text(err));
    if (!err) {
        print_ready(&s);
        fw_log(FW_LOG_INFO, "service.ready", "data=%s", FW_LOG_TEXT(config->data));
        s.ready = true;
        while (!s.stop && !fw_drain_over(&s.drain, s.queue, s.receive))
            fw_supervisor_turn(s.supervisor, fw_drain_look_ms(&s.drain));
    }
    stop(&s);
    fw_log(FW_LOG_INFO, "service.stopped", "failed=%d", err && !s.stop);
    return err && !s.stop ? 1 : 0;
}
