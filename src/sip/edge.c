/* The edge to sofia-sip: its root object is the loop, everything else hangs in it.
 *
 * The stack runs in this thread (su_root_threading off), with its media engine off: SDP text is
 * ours. It would retry, redirect or register by itself in places; what would let a peer choose
 * where we send is switched off here, once, for both programs.
 *
 * Sources: RFC 3261; RFC 3326 (Reason); RFC 4028 (session timers).
 */
#include "sip/edge.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "sip/digest.h"

enum {
    TURN_MS_MAX = 60 * 1000,
    MESSAGES_A_TURN = 64, /* then the stack gets its share */
    WATCHES_A_TURN = 8,   /* likewise, and no more of them after */
    WATCHES_US = 5000,
    LAST_TURNS = 4,
    RETRIES_MAX = 3,       /* of a request that was challenged, by the stack itself */
    BIND_TRIES = 8,        /* of free ports, when any will do */
    SIP_BYTES_MAX = 65536, /* one SIP message */
    MIN_SE = 90,           /* seconds; RFC 4028 clause 5 */
    PROCEEDING_MAX = 2048, /* server transactions; above it the stack answers 503 itself */
};

/* Of the root: su_wakeup_arg_t. */
struct fw_sip_watch {
    struct fw_sip *sip;
    int fd;
    int index; /* in the root; 0: none */
};

struct watched {
    int fd; /* -1: slot is free */
    fw_sip_watch_fn *fn;
    void *arg;
};

struct fw_sip {
    struct fw_sip_port port;
    su_root_t *root;
    nua_t *nua;
    struct fw_channel *channel;
    struct fw_sip_watch channel_watch;
    bool channel_broken; /* found while sending; told in the next turn */
    uint16_t tls_port;   /* 0: no TLS */
    bool shut_down;      /* nua_r_shutdown has come */
    bool stopping;
    /* The root takes its descriptors in turns, and the stack reads one message when its socket's turn comes; so all
     * that is watched is one descriptor to the root, and has the share of one. */
    struct fw_sip_watch inner; /* an epoll of `watches` */
    struct watched watches[FW_SIP_WATCHES_MAX];
};

static int stack_users;

/* The stack asks this function of its own, through the dynamic linker, whether a refused request
 * ends the call, and hangs up after most refusals of a re-INVITE (RFC 5057). A refused T.38 offer or a
 * refused refresh must leave the call as it was (RFC 3261 clause 14.1, RFC 3311 clause 5.3): only 408
 * and 481 end it. */
int sip_response_terminates_dialog(int status, sip_method_t method, int *ret_graceful)
{
    typedef int decide(int, sip_method_t, int *);
    const bool offers = method == sip_method_invite || method == sip_method_update;
    if (offers && status >= 300 && status != 408 && status != 481) {
        if (ret_graceful)
            *ret_graceful = 0;
        return 0;
    }
    static decide *theirs;
    if (!theirs) {
        void *found = dlsym(RTLD_NEXT, "sip_response_terminates_dialog");
        fw_assert(found && sizeof found == sizeof theirs);
        memcpy(&theirs, &found, sizeof theirs);
    }
    return theirs(status, method, ret_graceful);
}

/* The stack logs piecemeal; a line of it becomes one line of ours. */
static void on_stack_log(void *stream, const char *fmt, va_list va)
{
    static char line[1024];
    static size_t size;
    (void)stream;
    char part[4096];
    const int length = vsnprintf(part, sizeof part, fmt, va);
    for (int i = 0; i < length && i < (int)sizeof part - 1; i++) {
        if (part[i] != '\n' && size < sizeof line - 1) {
            line[size++] = part[i];
            continue;
        }
        line[size] = '\0';
        if (size > 0)
            fw_log(FW_LOG_DEBUG, "sip.stack", "text=%s", FW_LOG_TEXT(line));
        size = 0;
    }
}

static void lose_channel(struct fw_sip *s)
{
    if (!s->channel)
        return;
    su_root_deregister(s->root, s->channel_watch.index);
    s->channel_watch.index = 0;
    fw_channel_free(TAKE(s->channel));
    s->port.channel_lost(s->port.arg);
}

static void channel_mask(struct fw_sip *s)
{
    const int out = fw_channel_wants_write(s->channel) ? SU_WAIT_OUT : 0;
    su_root_eventmask(s->root, s->channel_watch.index, s->channel_watch.fd, SU_WAIT_IN | out);
}

static int on_channel(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *watch)
{
    (void)magic;
    struct fw_sip *s = watch->sip;
    const int events = su_wait_events(wait, watch->fd);
    if (events & SU_WAIT_OUT && fw_channel_flush(s->channel) != FW_OK) {
        lose_channel(s);
        return 0;
    }
    for (int i = 0; i < MESSAGES_A_TURN && s->channel; i++) {
        struct fw_msg msg;
        int fd = -1;
        const enum fw_err err = fw_channel_receive(s->channel, &msg, &fd);
        if (err == FW_BUSY)
            break;
        if (err == FW_OK)
            s->port.message(s->port.arg, &msg, fd);
        else if (err == FW_PROTOCOL)
            fw_log(FW_LOG_WARN, "channel.malformed", "action=dropped");
        else
            lose_channel(s);
        fw_fd_close(&fd);
    }
    if (s->channel)
        channel_mask(s);
    return 0;
}

static int on_watches(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *inner)
{
    (void)magic;
    (void)wait;
    struct fw_sip *s = inner->sip;
    struct epoll_event ready;
    const struct fw_mono begun = fw_mono_now();
    for (int i = 0; i < WATCHES_A_TURN && fw_mono_now().us - begun.us < WATCHES_US; i++) {
        if (epoll_wait(inner->fd, &ready, 1, 0) != 1) /* one by one: what is called may unwatch others */
            break;
        const struct watched *w = &s->watches[ready.data.u32];
        w->fn(w->arg, w->fd);
    }
    return 0;
}

static enum fw_err root_add(struct fw_sip *s, struct fw_sip_watch *w, int fd, su_wakeup_f fn)
{
    su_wait_t wait[1] = { SU_WAIT_INIT };
    if (su_wait_create(wait, fd, SU_WAIT_IN) < 0)
        return FW_IO;
    const int index = su_root_register(s->root, wait, fn, w, 0);
    if (index <= 0) {
        su_wait_destroy(wait);
        return FW_IO;
    }
    w->sip = s;
    w->fd = fd;
    w->index = index;
    return FW_OK;
}

static enum fw_err watches_open(struct fw_sip *s)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    const enum fw_err err = fd >= 0 ? root_add(s, &s->inner, fd, on_watches) : FW_IO;
    s->inner.fd = fd;
    return err;
}

enum fw_err fw_sip_watch(struct fw_sip *s, int fd, fw_sip_watch_fn *fn, void *arg)
{
    fw_assert(fd >= 0 && fn);
    for (uint32_t i = 0; i < ARRAY_LEN(s->watches); i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
        if (s->watches[i].fd >= 0)
            continue;
        if (epoll_ctl(s->inner.fd, EPOLL_CTL_ADD, fd, &event))
            return FW_IO;
        s->watches[i] = (struct watched){ fd, fn, arg };
        return FW_OK;
    }
    return FW_LIMIT;
}

void fw_sip_unwatch(struct fw_sip *s, int fd)
{
    for (size_t i = 0; i < ARRAY_LEN(s->watches); i++) {
        if (s->watches[i].fd != fd)
            continue;
        (void)epoll_ctl(s->inner.fd, EPOLL_CTL_DEL, fd, NULL);
        s->watches[i] = (struct watched){ .fd = -1 };
        return;
    }
}

static void on_event(nua_event_t kind, int status, const char *phrase, nua_t *nua,
                     nua_magic_t *magic, nua_handle_t *nh, nua_hmagic_t *hmagic, const sip_t *sip,
                     tagi_t tags[])
{
    (void)nua;
    (void)tags;
    struct fw_sip *s = magic;
    if (kind == nua_r_shutdown && status >= 200)
        s->shut_down = true;
    const struct fw_sip_event event = {
        .kind = kind,
        .status = status,
        .phrase = phrase ? phrase : "",
        .handle = nh,
        .ref = (uint64_t)(uintptr_t)hmagic,
        .sip = sip && !nta_sip_is_internal(sip) ? sip : NULL,
    };
    s->port.event(s->port.arg, &event);
}

enum fw_err fw_sip_new(const struct fw_sip_port *port, int channel_fd, struct fw_sip **ret)
{
    int fd CLEANUP(fw_fd_close) = channel_fd;
    if (stack_users++ == 0 && su_init() < 0) {
        stack_users = 0;
        return FW_NO_MEMORY;
    }
    fw_digest_install();
    su_log_redirect(NULL, on_stack_log, NULL);
    struct fw_sip *s = calloc(1, sizeof *s);
    if (!s) {
        stack_users--;
        return FW_NO_MEMORY;
    }
    s->port = *port;
    s->inner.fd = -1;
    for (size_t i = 0; i < ARRAY_LEN(s->watches); i++)
        s->watches[i].fd = -1;
    s->root = su_root_create(s);
    enum fw_err err = s->root ? FW_OK : FW_NO_MEMORY;
    if (!err)
        su_root_threading(s->root, 0);
    if (!err)
        err = watches_open(s);
    if (!err && fd >= 0)
        err = fw_channel_new(fd, &s->channel);
    if (!err && fd >= 0) {
        err = root_add(s, &s->channel_watch, fd, on_channel);
        fd = -1; /* the channel's */
    }
    if (err) {
        fw_sip_free(s);
        return err;
    }
    *ret = s;
    return FW_OK;
}

/* A port that UDP and TCP both have free just now. 0: none found, or the address is not ours. */
static uint16_t free_port(const char *host, struct fw_fault *fault)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                    .ai_socktype = SOCK_DGRAM };
    struct addrinfo *at = NULL;
    if (getaddrinfo(host, NULL, &hints, &at) != 0) {
        fw_fault_set(fault, "sip_host", "\"%s\" is not a numeric IP address", host);
        return 0;
    }
    uint16_t port = 0;
    const int fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    union {
        struct sockaddr_storage all;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { 0 };
    socklen_t size = sizeof bound;
    if (fd < 0 || bind(fd, at->ai_addr, at->ai_addrlen) < 0)
        fw_fault_set(fault, "sip_host", "cannot bind %s: %s; use an address of this machine", host,
                     strerror(errno));
    else if (getsockname(fd, (struct sockaddr *)&bound.all, &size) == 0)
        port = ntohs(bound.all.ss_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    if (fd >= 0)
        close(fd);
    freeaddrinfo(at);
    return port;
}

static void put_address(const char *host, char *ret, size_t size)
{
    snprintf(ret, size, strchr(host, ':') ? "[%.64s]" : "%.64s", host);
}

/* What is said of us in front, what is bound to behind it. */
static void url_of(const char *scheme, const struct fw_sip_config *config, uint16_t port, char *ret, size_t size)
{
    char bound[72], said[72];
    const bool differs = config->advertised_host && config->advertised_host[0] &&
                         strcmp(config->advertised_host, config->host) != 0;
    put_address(config->host, bound, sizeof bound);
    put_address(differs ? config->advertised_host : config->host, said, sizeof said);
    snprintf(ret, size, "%s:%s:%u%s%s", scheme, said, (unsigned)port, differs ? ";maddr=" : "", differs ? bound : "");
}

/* Session timers are agreed to by the stack, which asks for none by itself. It would refresh at half of
 * the interval, with the description of the last INVITE that it sent: the owner comes first, and should
 * that fail the stack's is an UPDATE without any. Without them (no "timer" in Supported) the peer
 * refreshes if it wants that (RFC 4028 clause 9). UPDATE is not left to the stack (NUTAG_APPL_METHOD),
 * which would answer an offer in it without a description. 100 is not passed on (NTATAG_PASS_100): the stack
 * loses the memory of each one that it passes. The bytes of a message that came are kept with it
 * (EXTRACT_COPY), for who wants to see them (gate.h). */
static nua_t *nua_on(struct fw_sip *s, const struct fw_sip_config *config, uint16_t port)
{
    char url[256], tls_url[256];
    url_of("sip", config, port, url, sizeof url);
    url_of("sips", config, s->tls_port, tls_url, sizeof tls_url);
    const bool resolv = config->resolv_conf && config->resolv_conf[0];
    return nua_create(
        s->root, on_event, s, NUTAG_URL(url), TAG_IF(config->tls, NUTAG_SIPS_URL(tls_url)),
        TAG_IF(config->tls, NUTAG_CERTIFICATE_DIR("/nonexistent")), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOACK(1),
        NUTAG_AUTOANSWER(0), NUTAG_AUTOALERT(0), NUTAG_SESSION_TIMER(0), NUTAG_MIN_SE(MIN_SE),
        NUTAG_UPDATE_REFRESH(1), NUTAG_RETRY_COUNT(RETRIES_MAX), NUTAG_ENABLEMESSAGE(0),
        NUTAG_MAX_SUBSCRIPTIONS(0), NTATAG_MAXSIZE(SIP_BYTES_MAX), NTATAG_MAX_PROCEEDING(PROCEEDING_MAX),
        NTATAG_SIPFLAGS(MSG_DO_CANONIC | MSG_DO_EXTRACT_COPY),
        SIPTAG_SUPPORTED_STR(config->session_timers ? "100rel, timer" : "100rel"),
        SIPTAG_ALLOW_STR(config->updates ? "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE"
                                         : "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK"),
        NUTAG_APPL_METHOD("INVITE, REGISTER, PUBLISH, SUBSCRIBE, UPDATE"),
        TAG_IF(resolv, SRESTAG_RESOLV_CONF(config->resolv_conf)),
        SIPTAG_USER_AGENT_STR(config->user_agent), TAG_IF(config->trace, TPTAG_LOG(1)), TAG_END());
}

enum fw_err fw_sip_bind(struct fw_sip *s, const struct fw_sip_config *config, uint16_t *ret_port,
                        struct fw_fault *fault)
{
    fw_assert(!s->nua);
    su_log_set_level(NULL, config->trace ? 3 : 0);
    for (int i = 0; i < (config->port ? 1 : BIND_TRIES) && !s->nua; i++) {
        const uint16_t port = config->port ? config->port : free_port(config->host, fault);
        if (port == 0)
            return FW_CONFLICT;
        s->tls_port = config->tls_fixed_port ? (uint16_t)(port + 1) : config->tls ? free_port(config->host, fault) : 0;
        s->nua = nua_on(s, config, port);
        *ret_port = port;
    }
    if (s->nua)
        return FW_OK;
    fw_fault_set(fault, "sip_port",
                 "cannot bind %s port %u (UDP and TCP): the port is in use or the address is not "
                 "of this machine; stop the other program or configure another port",
                 config->host, (unsigned)*ret_port);
    return FW_CONFLICT;
}

void fw_sip_turn(struct fw_sip *s, int timeout_ms)
{
    if (s->channel_broken)
        lose_channel(s);
    su_root_step(s->root, timeout_ms > TURN_MS_MAX ? TURN_MS_MAX : timeout_ms);
}

void fw_sip_send(struct fw_sip *s, const struct fw_msg *msg, int fd)
{
    if (!s->channel || s->channel_broken)
        return;
    const enum fw_err err = fw_channel_send(s->channel, msg, fd);
    if (err) {
        fw_log(FW_LOG_ERROR, "channel.send", "message=%s error=%s", fw_msg_text(msg->kind),
               fw_err_text(err));
        s->channel_broken = true;
    } else {
        channel_mask(s);
    }
}

void fw_sip_stop(struct fw_sip *s, int patience_ms)
{
    if (!s->nua || s->stopping)
        return;
    s->stopping = true;
    struct fw_mono due = fw_mono_now();
    due.us += (int64_t)patience_ms * 1000;
    nua_shutdown(s->nua);
    for (int wait_ms = patience_ms; !s->shut_down && wait_ms > 0;) {
        fw_sip_turn(s, wait_ms);
        wait_ms = fw_mono_wait_ms(fw_mono_now(), due);
    }
    for (int i = 0; i < LAST_TURNS; i++)
        fw_sip_turn(s, 0); /* events that were posted meanwhile own memory */
}

void fw_sip_free(struct fw_sip *s)
{
    if (!s)
        return;
    /* The stack aborts when destroyed with transactions open; then the process is ending anyway
     * and its memory goes with it. */
    const bool clean = !s->nua || s->shut_down;
    if (clean && s->nua)
        nua_destroy(s->nua);
    if (s->channel && s->channel_watch.index)
        su_root_deregister(s->root, s->channel_watch.index);
    fw_channel_free(s->channel);
    if (s->inner.index)
        su_root_deregister(s->root, s->inner.index);
    fw_fd_close(&s->inner.fd);
    if (!clean)
        return;
    if (s->root)
        su_root_destroy(s->root);
    free(s);
    if (--stack_users == 0)
        su_deinit();
}

uint16_t fw_sip_tls_port(const struct fw_sip *s)
{
    return s->tls_port;
}

nua_t *fw_sip_nua(const struct fw_sip *s)
{
    return s->nua;
}

struct fw_sip_ref *fw_sip_ref_magic(uint64_t ref)
{
    _Static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a ref travels as a pointer");
    return (struct fw_sip_ref *)(uintptr_t)ref;
}

void fw_sip_bind_ref(nua_handle_t *handle, uint64_t ref)
{
    nua_handle_bind(handle, fw_sip_ref_magic(ref));
}

bool fw_sip_is_ours(const struct fw_sip *s, const nua_handle_t *handle)
{
    return handle && handle != nua_default(s->nua);
}

uint16_t fw_sip_q850(const sip_t *sip)
{
    int looked_at = 0;
    for (const sip_reason_t *r = sip ? sip->sip_reason : NULL; r && looked_at < 8; r = r->re_next) {
        looked_at++;
        uint64_t cause = 0;
        if (r->re_protocol && r->re_cause && strcasecmp(r->re_protocol, "Q.850") == 0 &&
            fw_text_to_u64(fw_span_of(r->re_cause), 127, &cause))
            return (uint16_t)cause;
    }
    return 0;
}

struct fw_span fw_sip_sdp(const sip_t *sip)
{
    if (!sip || !sip->sip_payload || !sip->sip_payload->pl_data || !sip->sip_content_type ||
        !sip->sip_content_type->c_type ||
        strcasecmp(sip->sip_content_type->c_type, "application/sdp") != 0)
        return (struct fw_span){ 0 };
    return (struct fw_span){ (const uint8_t *)sip->sip_payload->pl_data,
                             (size_t)sip->sip_payload->pl_len };
}
