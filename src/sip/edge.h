/* edge.h - the SIP stack, its one loop, and our channel to the parent inside that loop.
 *
 * Shared by faxwire-line and faxwire-carrier. Everything runs in the caller's thread, inside
 * fw_sip_turn: the stack, the channel and the descriptors that were watched. There are no timers
 * here: the owner keeps its deadlines on the monotonic clock (the stack's own follow the wall
 * clock) and passes the time to the next one as the timeout of a turn.
 *
 *   fw_sip_new, fw_sip_bind, then turns until done, fw_sip_stop, fw_sip_free.
 */
#ifndef FW_SIP_EDGE_H
#define FW_SIP_EDGE_H
#include "base/clock.h"
#include "ipc/channel.h"
#include "sip/sofia.h"

struct fw_sip;

/* One event of the stack. All pointers live until the callback returns. */
struct fw_sip_event {
    nua_event_t kind;
    int status; /* of a response (nua_r_…), or what the stack answered itself (nua_i_…) */
    const char *phrase;   /* never NULL */
    nua_handle_t *handle; /* NULL for events of the stack as a whole */
    uint64_t ref;         /* what fw_sip_bind_ref gave the handle; 0: none */
    const sip_t *sip;     /* NULL: nothing came from the peer (time-out, transport, our own end) */
};

struct fw_sip_port {
    void (*event)(void *arg, const struct fw_sip_event *event);
    /* `fd` is -1, or a descriptor that is closed after the return: dup it to keep it. */
    void (*message)(void *arg, const struct fw_msg *msg, int fd);
    void (*channel_lost)(void *arg); /* once: the parent is gone, nothing can be told any more */
    void *arg;
};

struct fw_sip_config {
    const char *host;       /* numeric address to bind, no brackets */
    uint16_t port;          /* 0: any free one; UDP and TCP get the same */
    const char *user_agent; /* User-Agent and Server header */
    const char *advertised_host; /* in Via and Contact; NULL or empty: `host` */
    const char *resolv_conf;     /* name servers; NULL or empty: the system's */
    bool session_timers;    /* RFC 4028: agreed to by the stack, refreshed by the owner, before half time */
    bool updates;           /* nua_i_update events come, and each is answered; otherwise 405 */
    bool tls;               /* also over TLS (tls.h), by any port or, fixed, the one after `port` */
    bool tls_fixed_port;
    bool trace;             /* every SIP message to the debug log */
};

/* `channel_fd` -1: no channel. Otherwise it is taken over. `port` is copied. */
MUST_USE enum fw_err fw_sip_new(const struct fw_sip_port *port, int channel_fd,
                                struct fw_sip **ret);
/* FW_CONFLICT: address or port cannot be bound, `fault` says what to do. */
MUST_USE enum fw_err fw_sip_bind(struct fw_sip *s, const struct fw_sip_config *config,
                                 uint16_t *ret_port, struct fw_fault *fault);
/* Waits at most `timeout_ms` (at most a minute) and does what has come. */
void fw_sip_turn(struct fw_sip *s, int timeout_ms);
/* To the parent; `fd` (or -1) stays the caller's. A failure is told by `channel_lost`. */
void fw_sip_send(struct fw_sip *s, const struct fw_msg *msg, int fd);
/* Ends what the stack still has and its transports; at most `patience_ms`. Events still come. */
void fw_sip_stop(struct fw_sip *s, int patience_ms);
void fw_sip_free(struct fw_sip *s); /* NULL is fine */

/* Calls `fn` as long as `fd` is readable, until unwatched (also from within `fn`). Of all that is watched a turn calls
 * a few only, the others in later turns, so that the stack is not kept waiting. At most FW_SIP_WATCHES_MAX. The
 * descriptor stays the caller's: unwatch it before closing it. */
enum { FW_SIP_WATCHES_MAX = 1024 };
typedef void fw_sip_watch_fn(void *arg, int fd);
MUST_USE enum fw_err fw_sip_watch(struct fw_sip *s, int fd, fw_sip_watch_fn *fn, void *arg);
void fw_sip_unwatch(struct fw_sip *s, int fd);

uint16_t fw_sip_tls_port(const struct fw_sip *s); /* after fw_sip_bind; 0: no TLS */
nua_t *fw_sip_nua(const struct fw_sip *s); /* after fw_sip_bind */

/* A handle's owner is named by a number, so that a late event finds "gone" and not freed memory.
 * A handle that came with an incoming request has ref 0: bind it, or answer and destroy it. */
struct fw_sip_ref *fw_sip_ref_magic(uint64_t ref); /* for nua_handle() */
void fw_sip_bind_ref(nua_handle_t *handle, uint64_t ref);
/* True unless it is the stack's own default handle, which must never be destroyed. */
bool fw_sip_is_ours(const struct fw_sip *s, const nua_handle_t *handle);

/* Q.850 cause of the Reason header (RFC 3326 clause 2), 0 when there is none. */
uint16_t fw_sip_q850(const sip_t *sip);
/* Body of a message when its Content-Type is application/sdp; else empty. Borrowed. */
struct fw_span fw_sip_sdp(const sip_t *sip);
#endif
