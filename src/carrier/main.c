/* main.c - faxwire-carrier: options, the loop with its 20 ms clock, and an orderly end. */
#include "base/log.h"
#include "carrier/call.h"
#include "carrier/forward.h"
#include "sip/tls.h"
#include "page/page.h"
#include "sip/edge.h"
#include "t30/terminal.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    TICK_US = 20000,
    SLIP_US = 100000, /* later than this the time base slips: FAX-ENGINE.md, gotcha of ticks */
    IDLE_MS = 1000,   /* a turn without calls */
    BYE_MS = 800,     /* for our BYEs and their answers; the parent waits two seconds in all */
    STOP_MS = 700,    /* for the stack to close */
    PDF_BYTES_MAX = 256 * 1024 * 1024,
};

struct carrier_run {
    struct fw_carrier carrier;
    int signal_fd;
    bool stop;
};

static enum fw_err to_pdf(const char *tif_path, const char *pdf_path)
{
    struct fw_fault fault = { 0 };
    const enum fw_err err = fw_page_to_pdf(tif_path, pdf_path, PDF_BYTES_MAX, &fault);
    if (err)
        fw_log(FW_LOG_WARN, "carrier.pdf", "err=%s text=%s", fw_err_text(err),
               FW_LOG_TEXT(fault.message));
    return err;
}

static void on_sip(void *arg, const struct fw_sip_event *event)
{
    struct carrier_run *run = arg;
    run->carrier.now = fw_mono_now();
    if (run->carrier.phone)
        fw_phone_event(run->carrier.phone, event);
}

static void on_message(void *arg, const struct fw_msg *msg, int fd)
{
    struct carrier_run *run = arg;
    (void)fd;
    run->carrier.now = fw_mono_now();
    if (msg->kind == FW_MSG_KIND_STOP)
        run->stop = true;
    else if (msg->kind == FW_MSG_KIND_NUMBER_ROUTE)
        fw_forward_route(&run->carrier, &msg->number_route);
    else
        fw_log(FW_LOG_WARN, "carrier.message", "kind=%s", fw_msg_text(msg->kind));
}

static void on_channel_lost(void *arg)
{
    struct carrier_run *run = arg;
    run->stop = true;
}

static void on_signal(void *arg, int fd)
{
    struct carrier_run *run = arg;
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) == sizeof info)
        run->stop = true;
}

/* A channel without calls costs nothing: ticks run only while somebody is on the line. */
static void run_until_stopped(struct carrier_run *run)
{
    struct fw_mono due = fw_mono_now();
    while (!run->stop) {
        run->carrier.now = fw_mono_now();
        const bool busy = run->carrier.calls != NULL;
        fw_sip_turn(run->carrier.sip, busy ? fw_mono_wait_ms(run->carrier.now, due) : IDLE_MS);
        run->carrier.now = fw_mono_now();
        fw_forward_due(&run->carrier);
        if (!busy || run->carrier.now.us - due.us > SLIP_US)
            due = run->carrier.now;
        for (; due.us <= run->carrier.now.us; due.us += TICK_US)
            fw_carrier_tick(&run->carrier);
    }
}

/* Calls end by the answers to our BYEs, or are forgotten. */
static void hang_up(struct carrier_run *run)
{
    const struct fw_mono until = { fw_mono_now().us + BYE_MS * 1000LL };
    run->carrier.now = fw_mono_now();
    fw_carrier_hangup_all(&run->carrier);
    fw_forward_hangup_all(&run->carrier);
    while ((run->carrier.calls || run->carrier.forwards) && run->carrier.now.us < until.us) {
        fw_sip_turn(run->carrier.sip, 20);
        run->carrier.now = fw_mono_now();
        fw_carrier_tick(&run->carrier);
        fw_forward_due(&run->carrier);
    }
}

static void tell_ready(struct carrier_run *run, uint16_t port)
{
    const struct fw_carrier_options *o = run->carrier.options;
    const bool v6 = strchr(o->host, ':') != NULL;
    if (o->channel >= 0) {
        const struct fw_msg msg = { .kind = FW_MSG_KIND_CARRIER_READY,
                                    .carrier_ready = { .sip_port = port } };
        fw_sip_send(run->carrier.sip, &msg, -1);
    } else {
        char folder[4096];
        const char *whole = realpath(run->carrier.mailbox.dir, folder);
        fputs("{\"sip\":\"", stdout);
        printf("%s%s%s:%u\",\"mailbox\":\"", v6 ? "[" : "", o->host, v6 ? "]" : "", port);
        for (const char *c = whole ? whole : run->carrier.mailbox.dir; *c; c++) {
            if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
                printf("\\u%04x", (unsigned)(unsigned char)*c);
            else
                putchar(*c);
        }
        puts("\"}");
        fflush(stdout);
    }
    fw_log(FW_LOG_INFO, "carrier.ready", "host=%s port=%u pace=%s", o->host, port,
           o->paced ? "line" : "offered");
}

static int serve(struct carrier_run *run, struct fw_fault *fault)
{
    const struct fw_carrier_options *o = run->carrier.options;
    const struct fw_sip_port port = {
        .event = on_sip, .message = on_message, .channel_lost = on_channel_lost, .arg = run
    };
    const struct fw_sip_config config = { .host = o->host,
                                          .port = o->port,
                                          .updates = true,
                                          .tls = o->tls_certificate != NULL,
                                          .tls_fixed_port = o->tls_certificate != NULL,
                                          .user_agent = "faxwire-carrier" };
    const struct fw_sip_tls tls = { .ca_file = o->tls_ca ? o->tls_ca : "",
                                    .certificate = o->tls_certificate ? o->tls_certificate : "" };
    fw_sip_tls_install(&tls);
    uint16_t bound = 0;
    if (fw_carrier_keeper_new(&run->carrier.mailbox, &run->carrier.keeper) ||
        fw_sip_new(&port, o->channel, &run->carrier.sip) ||
        fw_sip_bind(run->carrier.sip, &config, &bound, fault) ||
        fw_phone_new(run->carrier.sip, o->calls_max, &fw_carrier_call_port, &run->carrier,
                     &run->carrier.phone) ||
        fw_sip_watch(run->carrier.sip, run->signal_fd, on_signal, run))
        return 1;
    tell_ready(run, bound);
    run_until_stopped(run);
    hang_up(run);
    fw_sip_unwatch(run->carrier.sip, run->signal_fd);
    fw_sip_stop(run->carrier.sip, STOP_MS);
    fw_carrier_drop_all(&run->carrier);
    fw_forward_drop_all(&run->carrier);
    fw_log(FW_LOG_INFO, "carrier.stopped", "calls=%u", run->carrier.call_count);
    return 0;
}

static int signals_fd(void)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
    struct fw_carrier_options options;
    struct fw_fault fault = { 0 };
    fw_log_init("faxwire-carrier", FW_LOG_INFO);
    if (fw_carrier_options_read(argc, argv, &options, &fault)) {
        fprintf(stderr, "faxwire-carrier: %s: %s\n", fault.field, fault.message);
        return 2;
    }
    if (options.help) {
        fputs(fw_carrier_usage, stdout);
        return 0;
    }
    if (!fw_terminal_guarded()) {
        fputs("faxwire-carrier: the fax engine runs without its guards; not started\n", stderr);
        return 1;
    }
    struct carrier_run run = { .carrier.options = &options, .signal_fd = signals_fd() };
    if (fw_carrier_mailbox_open(&run.carrier.mailbox, options.mailbox, options.faxes_max, to_pdf)) {
        fprintf(stderr, "faxwire-carrier: --mailbox: cannot make or write %s\n", options.mailbox);
        return 1;
    }
    const int status = serve(&run, &fault);
    if (status != 0)
        fprintf(stderr, "faxwire-carrier: cannot listen at %s:%u: %s\n", options.host, options.port,
                fault.message[0] ? fault.message : "the system refused");
    fw_phone_free(TAKE(run.carrier.phone)); /* the edge may still tell something: nobody listens */
    fw_sip_free(run.carrier.sip);
    fw_carrier_keeper_free(run.carrier.keeper);
    return status;
}
