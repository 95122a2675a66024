/* phone.h - SIP legs: they ring, are answered or refused, re-negotiate, hang up; or are placed.
 *
 * Stands on the shared SIP edge; the rest of the carrier sees no SIP header. Everything runs in
 * the thread of the loop, and a port function may call any fw_phone function. A leg belongs to
 * the phone and is gone after `ended`, which comes exactly once for each leg whose `invite`
 * returned a call.
 *
 * Source: RFC 3261 clauses 13.3, 14.2 and 15; RFC 3326 (Reason).
 */
#ifndef FW_CARRIER_PHONE_H
#define FW_CARRIER_PHONE_H
#include "base/buf.h"

struct fw_sip;
struct fw_sip_event;
struct fw_phone;
struct fw_phone_leg;

/* What an INVITE said; borrowed for the call of `invite`. Texts come from the wire. */
struct fw_phone_invite {
    const char *to;           /* user part of the Request-URI */
    const char *from;         /* user part of From, or its host */
    const char *display_name; /* without quotes; may be empty */
    const char *call_id;
    struct fw_span sdp; /* empty when there is none */
};

struct fw_phone_port {
    /* A new call: answer, ring or refuse. NULL: it was refused, the leg is forgotten. */
    void *(*invite)(void *arg, struct fw_phone_leg *leg, const struct fw_phone_invite *invite);
    void (*acked)(void *call); /* the caller has our answer; also after each re-INVITE */
    void (*progress)(void *call, int status); /* 1xx to what we placed; may be NULL */
    /* The peer's re-INVITE: fw_phone_answer or fw_phone_refuse, now or later. */
    void (*offered)(void *call, struct fw_span sdp);
    /* The final answer to our own INVITE or re-INVITE; `sdp` only with a 2xx. */
    void (*reanswered)(void *call, int status, struct fw_span sdp);
    void (*ended)(void *call); /* BYE, CANCEL, a lost transaction, or our own hang-up */
};

/* At most `legs_max` calls at a time, 503 beyond. `port` must outlive the phone. */
MUST_USE enum fw_err fw_phone_new(struct fw_sip *sip, uint32_t legs_max,
                                  const struct fw_phone_port *port, void *arg,
                                  struct fw_phone **ret);
void fw_phone_free(struct fw_phone *phone); /* NULL is fine; ends no call, tells nothing */
/* For the port of the SIP edge: every event goes here. */
void fw_phone_event(struct fw_phone *phone, const struct fw_sip_event *event);

void fw_phone_ring(struct fw_phone_leg *leg);
void fw_phone_answer(struct fw_phone_leg *leg, const char *sdp);
/* `q850` 0: no Reason header. */
void fw_phone_refuse(struct fw_phone_leg *leg, int status, const char *phrase, unsigned q850);
void fw_phone_reinvite(struct fw_phone_leg *leg, const char *sdp);
/* A new leg of ours. NULL: no room, or no address. */
struct fw_phone_place {
    const char *uri;
    const char *from; /* user part; anything odd becomes "anonymous" */
    const char *display_name;
    const char *sdp;
};
struct fw_phone_leg *fw_phone_place(struct fw_phone *phone, const struct fw_phone_port *port, void *call,
                                    const struct fw_phone_place *place);
void fw_phone_cancel(struct fw_phone_leg *leg); /* what we placed and is not answered */
/* The leg is told to another port from now on; it outlives the phone. */
void fw_phone_hand(struct fw_phone_leg *leg, const struct fw_phone_port *port, void *call);
void fw_phone_take_back(struct fw_phone_leg *leg, void *call); /* to the phone's own; NULL: refused */
const char *fw_phone_phrase(int status);
void fw_phone_hangup(struct fw_phone_leg *leg);
/* The call is gone; nothing more is told of this leg. */
void fw_phone_forget(struct fw_phone_leg *leg);
#endif
