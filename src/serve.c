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

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "http/http.h"
#include "service.h"

enum {
    READY_MS = 20 * 1000, /* all programs up, or the start has failed */
    STOP_MS = 4 * 1000,   /* for the children to end their calls */
};

/* SIGHUP: what can change while calls go on. */
static void reload(struct service *s)
{
    struct fw_fault fault = { 0 };
    if (fw_api_reload(s->api, &fault))
        fw_log(FW_LOG_ERROR, "certificate.kept", "field=%s fault=%s", fault.field, FW_LOG_TEXT(fault.message));
    fw_service_reload_rules(s);
    if (!fw_trunks_reload(s->trunks, s->options->config_path) && s->line_ready)
        fw_trunks_tell(s->trunks, fw_service_to_line, s);
    fw_service_tell_channels(s);
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

static enum fw_err open_data(struct service *s, struct fw_fault *fault)
{
    char path[4200];
    enum fw_err err = fw_store_open(s->config->data, fault, &s->store);
    if (!err)
        err = fw_documents_settle(s->store, s->config, fault);
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
        err = fw_mailbox_new(sizeof(struct parcel), &s->outbox);
    return err;
}

static enum fw_err start(struct service *s, struct fw_fault *fault)
{
    enum fw_err err = fw_http_init();
    if (!err)
        err = fw_programs_find(&s->programs, fault);
    s->documents = (struct fw_documents){ s->programs.render, s->programs.office, s->config->covers_dir,
                                          s->options->dev || s->config->fetch_private };
    if (!err)
        err = open_data(s, fault);
    if (!err)
        err = fw_service_start_receive(s);
    if (!err)
        err = fw_service_start_queue(s);
    if (!err)
        err = fw_trunks_new(&s->trunks);
    if (!err)
        err = fw_service_start_children(s, fault);
    if (!err)
        err = fw_supervisor_watch(s->supervisor, s->signal_fd, on_signal, s);
    if (!err)
        err = wait_ready(s, fault);
    if (!err)
        err = fw_service_start_api(s, fault);
    if (!err)
        err = fw_service_start_notify(s); /* it makes links to files of the API */
    if (!err)
        err = fw_mailing_start(s->config, s->store, &s->mailer);
    if (!err)
        err = fw_forwarding_start(s->config, s->options->dev || s->config->webhook_private, s->store, s->signer,
                                  &s->forwarding);
    if (!err)
        err = fw_service_start_retention(s);
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
    fw_forwarding_stop(&s->forwarding);
    fw_retention_stop(s->retention);
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
