/* session.h - session timers: how long a session lasts unless it is refreshed, and by whom.
 *
 * What the SIP stack puts into Session-Expires and Min-SE, and what it answers with 422, is its own
 * business; what follows from it is done here, because the stack would refresh with a description of
 * its own choice. It does so at half of the interval: we come before it, and each of our refreshes
 * puts its own off.
 *
 * Source: RFC 4028 clauses 7.2 to 7.4, 8.1, 9 and 10; RFC 3311 (UPDATE).
 */
#ifndef FW_LINE_SESSION_H
#define FW_LINE_SESSION_H
#include "base/clock.h"
#include "sip/edge.h"

enum { FW_LINE_SESSION_MIN_S = 90 /* RFC 4028 clause 5 */ };

enum fw_line_refresh { FW_LINE_REFRESH_NONE, FW_LINE_REFRESH_UPDATE, FW_LINE_REFRESH_INVITE };

struct fw_line_session {
    uint32_t asked_s;    /* by us; the stack agrees to no more. 0: nothing */
    uint32_t interval_s; /* 0: it lasts as long as the call */
    bool ours;           /* we refresh; else the peer */
    bool ends;           /* unless refreshed; what we only do for proxies on the way does not */
    uint8_t raised;      /* how often the peer wanted it longer, in a row */
    bool takes_update;   /* the peer says so */
    enum fw_line_refresh out; /* ours, that has no answer yet */
    struct fw_mono refresh_due, expire_due; /* us 0: no */
};

/* From the peer's INVITE, re-INVITE or UPDATE, which we have answered with 2xx, or from its 2xx to
 * ours. */
void fw_line_session_of_request(struct fw_line_session *s, const sip_t *sip, struct fw_mono now);
void fw_line_session_of_answer(struct fw_line_session *s, const sip_t *sip, struct fw_mono now);
/* Sets the deadlines anew. */
void fw_line_session_begin(struct fw_line_session *s, struct fw_mono now);

struct fw_line;
struct fw_line_call;
/* What is due of it. True: the call is freed. */
bool fw_line_session_turn(struct fw_line *l, struct fw_line_call *c);
/* An answer to a refresh of ours. */
void fw_line_session_on_response(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e);
#endif
