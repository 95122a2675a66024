/* call.h - the life of one fax call, placed or taken, as a table.
 *
 * Pure: no I/O, no clock, no memory. fw_line_call_step says what to do, sip_calls.c does it. What
 * a peer, a modem or the parent may do at a wrong time is filtered there before it comes here, so
 * an illegal cell is a mistake of ours.
 *
 *   NEW (WAITING) - INVITING - RINGING --.
 *    '----- ASKING - ALERTING - ANSWERING - AUDIO (OFFERING, BACKOFF) - T38 - FINISHING - LEAVING - ENDED
 *                                                                        '- RETURNING (RETURN_LATER) - RETURNED
 *
 * CLOSING: hung up before the modem gave its account; waits for it, so that what is known of the
 * pages comes before the end of the call. LEAVING: reported; the last SIP transaction runs out.
 *
 * Sources: RFC 3261 clauses 9 (CANCEL), 13 (INVITE), 14.1 (re-INVITE, glare), 15 (BYE).
 */
#ifndef FW_LINE_CALL_H
#define FW_LINE_CALL_H
#include "base/base.h"
#include "fax/call.h"

#define FW_LINE_STATES(X)                                                                          \
    X(NEW)                                                                                         \
    X(WAITING)  /* every trunk is at its limit */                                                  \
    X(INVITING) /* INVITE sent, nothing heard */                                                   \
    X(RINGING)  /* 1xx heard */                                                                    \
    X(ASKING)   /* INVITE came; the parent is asked whether to take the call */                    \
    X(ALERTING) /* it is; 180 sent until it is time to answer */                                   \
    X(ANSWERING) /* 200 sent, its ACK is to come */                                                \
    X(AUDIO)    /* answered: G.711 */                                                              \
    X(OFFERING) /* our re-INVITE to T.38 is out; media is still G.711 */                           \
    X(BACKOFF)  /* it met one of the peer's (491), or a 5xx asked us to try later */               \
    X(T38)                                                                                         \
    X(RETURNING) /* it stayed silent: our re-INVITE back to G.711 is out */                        \
    X(RETURN_LATER) /* which met one of the peer's, or was asked to come later */                  \
    X(RETURNED) /* G.711 again, and there is no more T.38 in this call */                          \
    X(FINISHING) /* the modem is done; a moment for its last frames to arrive */                   \
    X(CLOSING)                                                                                     \
    X(LEAVING)                                                                                     \
    X(ENDED)
#define FW_LINE_EVENTS(X)                                                                          \
    X(PLACE)                                                                                       \
    X(WAIT)         /* no trunk has room now */                                                    \
    X(BROKEN)       /* we could not even send the INVITE, or our answer */                         \
    X(NEXT)         /* left this INVITE behind; another is ready to be sent */                     \
    X(INCOMING)                                                                                    \
    X(ACCEPTED)     /* by the parent */                                                            \
    X(REFUSED)                                                                                     \
    X(CONFIRMED)    /* ACK to our answer with G.711 */                                             \
    X(CONFIRMED_T38) /* ACK to our answer with T.38 */                                             \
    X(GIVEN_UP)     /* CANCEL, or the caller is gone before the answer */                          \
    X(PROGRESS)     /* 1xx */                                                                      \
    X(ANSWERED)     /* 2xx with G.711 that we can use */                                           \
    X(ANSWERED_T38) /* 2xx with T.38, which our INVITE had offered */                              \
    X(UNUSABLE)     /* 2xx without */                                                              \
    X(REJECTED)     /* final answer of the peer other than 2xx */                                  \
    X(UNREACHABLE)  /* the stack gave up: no answer, no address, no connection */                  \
    X(REMOTE_T38)   /* an acceptable T.38 re-INVITE of the peer */                                 \
    X(T38_ACCEPTED) /* 2xx with an image stream to our re-INVITE */                                \
    X(T38_REFUSED)  /* any other final answer: G.711 goes on */                                    \
    X(T38_LATER)    /* 491, or 5xx with Retry-After */                                             \
    X(SILENT)       /* of the modem: T.38 is what was agreed, and nothing came of it */            \
    X(REMOTE_AUDIO) /* an acceptable re-INVITE of the peer from T.38 to G.711 */                   \
    X(AUDIO_ACCEPTED) /* 2xx with G.711 to our re-INVITE back */                                   \
    X(AUDIO_REFUSED)                                                                               \
    X(AUDIO_LATER)  /* 491, or 5xx with Retry-After */                                             \
    X(UNDERWAY)     /* past DCS: the fax runs where it is */                                       \
    X(FAX_DONE)     /* the modem's account, good or bad */                                         \
    X(REMOTE_BYE)                                                                                  \
    X(DIALOG_LOST) /* 408 or 481 to our re-INVITE, session timer: nothing left to hang up */       \
    X(CANCEL)      /* of the parent, or our own stop */                                            \
    X(MODEM_LOST)                                                                                  \
    X(TIMEOUT)    /* of the state */                                                               \
    X(EXPIRED)    /* the session: nobody has refreshed it */                                       \
    X(LIMIT)      /* of the whole call */                                                          \
    X(TERMINATED) /* the stack has nothing open for this call any more */

enum fw_line_state {
#define X(name) FW_LINE_##name,
    FW_LINE_STATES(X)
#undef X
        FW_LINE_STATE_COUNT
};
enum fw_line_event {
#define X(name) FW_LINE_EV_##name,
    FW_LINE_EVENTS(X)
#undef X
        FW_LINE_EVENT_COUNT
};
enum fw_line_action {
    FW_LINE_DO_INVITE = 1 << 0,
    FW_LINE_DO_CANCEL = 1 << 1, /* an INVITE is out and has no final answer */
    FW_LINE_DO_BYE = 1 << 2,    /* a dialog is there that nobody has ended */
    FW_LINE_DO_OPEN = 1 << 3,   /* tell the parent and the modem: answered */
    FW_LINE_DO_OFFER = 1 << 4,  /* re-INVITE to T.38 */
    FW_LINE_DO_SWITCH = 1 << 5, /* the modem to T.38, or back */
    FW_LINE_DO_CLOSE = 1 << 6,  /* the modem is to give its account */
    FW_LINE_DO_REPORT = 1 << 7, /* CALL_ENDED; exactly once a call, but for one the parent refused */
    FW_LINE_DO_RETURN = 1 << 8, /* re-INVITE to G.711 */
    FW_LINE_DO_ASK = 1 << 9,    /* CALL_INCOMING */
    FW_LINE_DO_RING = 1 << 10,  /* 180 */
    FW_LINE_DO_ANSWER = 1 << 11, /* 200 */
    FW_LINE_DO_REFUSE = 1 << 12, /* a final answer other than 2xx */
};

enum { FW_LINE_NO_CAUSE = FW_CAUSE_COUNT };
struct fw_line_step {
    bool legal;       /* false: the table has no such cell */
    uint8_t next;     /* enum fw_line_state */
    uint8_t cause;    /* enum fw_call_cause or FW_LINE_NO_CAUSE; the first of a call counts */
    uint16_t actions; /* of enum fw_line_action, in their order */
};

struct fw_line_step fw_line_call_step(enum fw_line_state state, enum fw_line_event event);
const char *fw_line_state_text(enum fw_line_state state);
const char *fw_line_event_text(enum fw_line_event event);
#endif
