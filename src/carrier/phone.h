/* phone.h - the called side of SIP: legs ring, are answered or refused, re-negotiate, hang up.
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
    /* The caller's re-INVITE: fw_phone_answer or fw_phone_refuse before returning. */
    void (*offered)(void *call, struct fw_span sdp);
    /* The final answer to our own re-INVITE; `sdp` only with a 2xx. */
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
void fw_phone_hangup(struct fw_phone_leg *leg);
/* The call is gone; nothing more is told of this leg. */
void fw_phone_forget(struct fw_phone_leg *leg);
#endif
