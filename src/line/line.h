/* line.h - what the files of faxwire-line share: the trunks, the calls, and who may touch them.
 *
 * One loop, one thread. A call is referred to by its id (messages) or its ref (SIP events); both
 * find NULL when it is gone. sip_calls.c turns SIP events into events of the table, actions.c does
 * what the table says, calls.c keeps the calls and their deadlines, hub.c answers the parent.
 */
#ifndef FW_LINE_LINE_H
#define FW_LINE_LINE_H
#include "base/pcap.h"
#include "line/call.h"
#include "line/guard.h"
#include "line/session.h"
#include "line/source.h"
#include "proto/sdp_fax.h"
#include "sip/auth.h"
#include "sip/edge.h"
#include "sip/gate.h"

enum {
    FW_LINE_TRUNKS_MAX = 64,
    FW_LINE_SOURCES_MAX = 48, /* addresses of one trunk: up to half configured, the rest seen */
    FW_LINE_CALLS_MAX = 4096,
    FW_LINE_LEAVING_SPARE = 2048, /* calls already reported whose last transaction still runs */
    FW_LINE_SDP_BYTES_MAX = 4096,
    FW_LINE_CALL_ID_SIZE = 80,
    FW_LINE_ROUTE_SIZE = 700,

    FW_LINE_RESPONSE_MS = 33500, /* timer B, 64*T1 (RFC 3261 clause 17.1.1.2), and a moment */
    FW_LINE_NEXT_TRUNK_MS = 8000, /* nothing heard from one, when there is another: 4 repetitions */
    FW_LINE_WAIT_MS = 120 * 1000, /* for a trunk with a free channel */
    FW_LINE_WAIT_STEP_MS = 50,
    FW_LINE_AVOID_MS = 5000,      /* after 503 without Retry-After, or a transport failure */
    FW_LINE_AVOID_MS_MAX = 300 * 1000,
    FW_LINE_RING_MS_DEFAULT = 90 * 1000,
    FW_LINE_RING_MS_MAX = 15 * 60 * 1000,
    FW_LINE_LIMIT_MS_DEFAULT = 4 * 3600 * 1000,
    FW_LINE_LIMIT_GRACE_MS = 3000, /* the modem ends the call at its limit; this is the net */
    FW_LINE_OFFERS_MAX = 3, /* of T.38, and of the way back */
    FW_LINE_OFFER_ANSWER_MS = 34000, /* timer B, and two seconds */
    FW_LINE_LOST_MS = 500,           /* 408 or 481 in a dialog: the stack says the rest, or we do */
    FW_LINE_RETRY_AFTER_MAX_S = 10,
    FW_LINE_FINISH_MS = 250,     /* DCN is on its way to the far end */
    FW_LINE_CLOSE_MS = 2000,     /* for the modem's account */
    FW_LINE_LEAVE_MS = 33000,    /* timers B and F */
    FW_LINE_STOP_MS = 1200,      /* live calls, when we are told to stop */
    FW_LINE_STOP_CLOSE_MS = 600, /* then the modem's account has this long */
    FW_LINE_STOP_STACK_MS = 500,
};

/* What looks after a trunk between calls: its registration, and the question whether it is there. */
struct fw_line_watch {
    nua_handle_t *registration, *options;
    struct fw_sip_auth register_auth, options_auth;
    struct fw_mono register_due, options_due; /* us 0: no */
    bool asking;      /* OPTIONS is out */
    uint8_t failures; /* of OPTIONS in a row */
    uint8_t refusals; /* of REGISTER in a row */
};

/* A slot of the table. Calls keep a copy of the settings that they began with. */
struct fw_line_trunk {
    struct fw_msg_trunk_set set; /* name empty: the slot is free */
    uint64_t serial;             /* of its filling, never 0 in use */
    struct fw_mono cps_due;      /* no call before: calls_per_second */
    struct fw_mono avoid_until;  /* it said 503, or could not be reached */
    uint8_t health, registration; /* enums of fax/trunk.h */
    struct fw_mono registered_until;
    struct fw_line_watch watch;
    size_t source_count; /* as configured, and as learned */
    struct fw_line_source sources[FW_LINE_SOURCES_MAX];
    uint16_t error_status;
    char error[160];
    struct fw_mono error_at;
    uint16_t calls_told;
    struct fw_mono told_at;
    bool changed; /* TRUNK_STATE is to be sent */
};

struct fw_line_call {
    uint64_t ref;
    struct fw_msg_call_place place;
    enum fw_line_state state;
    struct fw_mono placed, looked, invited, answered, due, limit_due; /* due.us 0: no deadline */
    /* The trunk of this INVITE, as it was then, and those that were tried: bits of the table. */
    struct fw_msg_trunk_set trunk;
    uint64_t trunk_serial, tried;
    char sip_id[FW_LINE_CALL_ID_SIZE]; /* Call-ID; of one that came in as much as fits */
    char contact[FW_LINE_ROUTE_SIZE];
    bool heard;        /* 100 or more */
    bool t38_first;    /* this INVITE offers T.38 too */
    bool t38_enabled;  /* by the fax and the trunk */
    nua_handle_t *handle;
    bool handle_over; /* the stack has ended the session */
    struct fw_sip_auth auth;
    const char *auth_text; /* why the last challenge was not taken up, or NULL */
    /* A call that came in (inbound.c). */
    bool inbound;
    char source[64]; /* where from */
    uint32_t answer_delay_ms;
    uint16_t refuse_status, refuse_q850; /* 0: 503, none */
    /* How it ended, as far as known. */
    uint8_t cause; /* or FW_LINE_NO_CAUSE */
    uint16_t sip_status, q850;
    char text[160];
    /* Media. */
    int media_fd; /* until the modem has it; -1 */
    bool media_open;
    bool underway, t38_refused;
    uint8_t offers;      /* of T.38, by us */
    uint8_t returns;     /* of G.711 after it, by us */
    uint32_t backoff_ms; /* of the state BACKOFF or RETURN_LATER that comes next */
    char transport_why[96]; /* what the media runs by, in words */
    struct fw_line_session session;
    uint8_t progress_count;
    uint16_t progress_last;
    struct fw_sdp_local local;
    struct fw_sdp remote;              /* the last description we accepted */
    bool remote_known;                 /* also by a provisional answer */
    struct fw_sdp_settled settled;     /* what the media runs by, or shall after this event */
    char sdp[FW_LINE_SDP_BYTES_MAX];   /* our description in force, text */
    char offer[FW_LINE_SDP_BYTES_MAX]; /* our T.38 offer, until answered */
    char host[64];                     /* `local.host` points here */
    /* trace.c */
    bool traced;
    struct fw_pcap trace;         /* once traced; its descriptor is -1 when the file ended early */
    struct fw_line_packet *first; /* of a call that came in; owned, or NULL */
};

struct fw_line {
    struct fw_sip *sip;
    struct fw_msg_line_config config;
    bool configured;
    uint16_t sip_port; /* that we got */
    bool failed;   /* cannot work: exit with 1 */
    bool stopping; /* no new calls */
    struct fw_mono stop_due;
    bool trace; /* SIP messages to the debug log */
    struct fw_line_trunk trunks[FW_LINE_TRUNKS_MAX];
    uint64_t trunk_serial;
    size_t traced_count;  /* calls whose packets are kept */
    size_t waiting_count; /* calls for a trunk with room */
    struct fw_line_guard *guard; /* of strangers */
    uint64_t turned_away;
    struct fw_mono turned_away_told;
    uint32_t call_serial;
    size_t call_count, slot_count;
    size_t live_max; /* calls that are not reported yet; the other slots are for LEAVING */
    struct fw_line_call **calls; /* slot_count of them, NULL where free */
    struct fw_mono now;          /* of this turn */
};

/* calls.c */
MUST_USE enum fw_err fw_line_calls_init(struct fw_line *l, uint32_t calls_max);
void fw_line_calls_done(struct fw_line *l);
/* FW_LIMIT, FW_NO_MEMORY. State NEW. */
MUST_USE enum fw_err fw_line_call_new(struct fw_line *l, const struct fw_msg_call_place *place,
                                      struct fw_line_call **ret);
struct fw_line_call *fw_line_call_by_id(struct fw_line *l, const char *id); /* not if reported */
struct fw_line_call *fw_line_call_by_ref(struct fw_line *l, uint64_t ref);
/* One step of the table and its actions; frees the call when that ends it, true then. The event
 * must be legal here. */
bool fw_line_call_feed(struct fw_line *l, struct fw_line_call *c, enum fw_line_event event);
/* The same for what comes from outside: dropped where the table has no cell for it. */
bool fw_line_call_offer(struct fw_line *l, struct fw_line_call *c, enum fw_line_event event);
/* To each call that has not been reported. */
void fw_line_calls_offer_all(struct fw_line *l, enum fw_line_event event);
/* Does what is due and returns the milliseconds to the next deadline. */
int fw_line_calls_turn(struct fw_line *l);
void fw_line_call_due_in(const struct fw_line *l, struct fw_line_call *c, uint32_t delay_ms);
/* Keeps the earlier one. */
void fw_line_call_due_within(const struct fw_line *l, struct fw_line_call *c, uint32_t delay_ms);

/* The call goes on with a new reference; its old handle runs out by itself in the old place, and is
 * canceled if `pending`. False: no place. */
MUST_USE bool fw_line_call_part(struct fw_line *l, struct fw_line_call *c, bool pending);

/* dial.c: our media socket and c->local; our first offer is then in c->sdp. False: c->text says why. */
MUST_USE bool fw_line_describe(struct fw_line *l, struct fw_line_call *c);

/* actions.c */
void fw_line_act(struct fw_line *l, struct fw_line_call *c, unsigned actions);
void fw_line_act_progress(struct fw_line *l, struct fw_line_call *c, uint16_t status);
void fw_line_act_switch(struct fw_line *l, struct fw_line_call *c);
/* To the modem; a switch of the media says by itself that it is over. */
void fw_line_act_pending(struct fw_line *l, const struct fw_line_call *c, bool pending);
void fw_line_act_transport(struct fw_line *l, const struct fw_line_call *c); /* tells what it is, and why */
void fw_line_act_refuse(struct fw_line *l, const char *call_id, const char *text);

/* offers.c: our re-INVITEs in a call, and what is answered to them. */
void fw_line_offer_t38(struct fw_line_call *c);
void fw_line_offer_return(struct fw_line_call *c);
void fw_line_on_offer_response(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e);

/* sip_calls.c */
void fw_line_on_sip(void *line, const struct fw_sip_event *event);

/* hub.c */
void fw_line_on_message(void *line, const struct fw_msg *msg, int fd);
void fw_line_on_channel_lost(void *line);
void fw_line_stop(struct fw_line *l);

/* trunks.c */
struct fw_line_trunk *fw_line_trunk_find(struct fw_line *l, const char *name); /* NULL: none */
struct fw_line_trunk *fw_line_trunk_of(struct fw_line *l, const struct fw_line_call *c); /* NULL: gone */
void fw_line_trunk_set(struct fw_line *l, const struct fw_msg_trunk_set *set);
void fw_line_trunk_gone(struct fw_line *l, const char *name);
/* The best one with room for this call that it has not tried. FW_BUSY: there are some, all at
 * their limit. FW_NOT_FOUND: no other. */
MUST_USE enum fw_err fw_line_trunk_choose(struct fw_line *l, const struct fw_line_call *c,
                                          struct fw_line_trunk **ret);
void fw_line_trunk_error(struct fw_line *l, struct fw_line_trunk *t, int sip_status, const char *text);
/* Sends what has changed. */
void fw_line_trunks_tell(struct fw_line *l);
/* An address that a message for this trunk came from: later requests from there are its own. */
void fw_line_trunk_learn(struct fw_line_trunk *t, const char *address);
/* Whose requests come from this numeric address; NULL: a stranger's. */
struct fw_line_trunk *fw_line_trunk_by_source(struct fw_line *l, const char *address);
bool fw_line_tls_insecure(void *line, const char *host); /* a trunk of that host is not verified */
void fw_line_tls_refused(void *line, const char *host, const char *why);
struct fw_sip_credentials fw_line_credentials(const struct fw_msg_trunk_set *set);

/* watch.c */
void fw_line_watch_start(struct fw_line *l, struct fw_line_trunk *t);
void fw_line_watch_stop(struct fw_line *l, struct fw_line_trunk *t);
/* Does what is due; the first deadline to come is put into `first` if earlier. */
void fw_line_watches_turn(struct fw_line *l, struct fw_mono *first);
void fw_line_watch_lost(struct fw_line *l, struct fw_line_trunk *t, const char *why); /* no connection */
bool fw_line_watch_is_ref(uint64_t ref);
void fw_line_watch_event(struct fw_line *l, const struct fw_sip_event *e);
/* Where its requests go, and the Route that takes those for other hosts there (empty: none). */
MUST_USE bool fw_line_trunk_route(const struct fw_msg_trunk_set *set, bool own_host,
                                  char ret[FW_LINE_ROUTE_SIZE]);
/* The Contact that a trunk is told, whoever began. */
void fw_line_contact(const struct fw_line *l, const struct fw_msg_trunk_set *set, char ret[FW_LINE_ROUTE_SIZE]);
const char *fw_line_own_domain(const struct fw_line *l, const struct fw_msg_trunk_set *set);

/* door.c */
MUST_USE enum fw_err fw_line_door_open(struct fw_line *l);
void fw_line_door_close(struct fw_line *l);

/* dial.c */
void fw_line_invite(struct fw_line *l, struct fw_line_call *c);
/* Chooses a trunk and sends the INVITE, or waits for one, or ends the call. */
void fw_line_dial(struct fw_line *l, struct fw_line_call *c);
/* False: there is no other trunk for this call, it stays as it is. True: it is on its way by the
 * next one (or has ended, could it not be sent). */
bool fw_line_dial_next(struct fw_line *l, struct fw_line_call *c);
/* Once more to the same trunk, with audio alone. */
bool fw_line_dial_audio_only(struct fw_line *l, struct fw_line_call *c);
#endif
