/* inbound.h - calls that come in: whose they are, whether we take them, how they are answered.
 *
 * The parent decides before anything is answered (CALL_INCOMING, then CALL_ACCEPT or CALL_REFUSE).
 * From the answer's ACK on a call that we took is a call like any other; what differs is who asks
 * for T.38 when, and that is here as well.
 *
 * Sources: RFC 3261 clauses 13.3 (UAS of an INVITE), 9.2 (CANCEL), 14.1 (glare); RFC 3264.
 */
#ifndef FW_LINE_INBOUND_H
#define FW_LINE_INBOUND_H
#include "line/line.h"

enum {
    FW_LINE_ASK_MS = 8000,        /* for the parent to decide; then 503 */
    FW_LINE_ACK_MS = 34000,       /* timer H (RFC 3261 clause 17.2.1), and two seconds */
    FW_LINE_TAKEN_OFFER_MS = 1000, /* after the answer, unless CNG is heard before: ask for T.38 */
    FW_LINE_NO_MODEM = 0xFF,      /* not chosen yet */
};

/* An INVITE outside of any dialog. It is answered, or there is a call in state ASKING. */
void fw_line_on_invite(struct fw_line *l, const struct fw_sip_event *e);
/* Of the parent. */
void fw_line_on_accept(struct fw_line *l, const struct fw_msg_call_accept *m, int trace);
void fw_line_on_refuse(struct fw_line *l, const struct fw_msg_call_refuse *m);
/* Of the caller, in a call that we took. */
void fw_line_on_ack(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e);
void fw_line_on_cancel(struct fw_line *l, struct fw_line_call *c, const struct fw_sip_event *e);

/* What the call table says. */
void fw_line_act_inbound(struct fw_line *l, struct fw_line_call *c, unsigned actions);
/* From the answer until we ask for T.38. */
uint32_t fw_line_taken_offer_ms(const struct fw_line_call *c);
/* Before we ask again for T.38, when our re-INVITE met one of the peer's. */
uint32_t fw_line_glare_ms(const struct fw_line_call *c);
#endif
