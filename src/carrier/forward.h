/* forward.h - a dialled number that an application of the service has: the network brings the call
 * back to the service, as it would any call for that number.
 *
 * The carrier stands between two legs and passes descriptions and answers on as they are, so the
 * media goes between the two ends by itself. Whether a number is such a one the service is asked
 * over the channel; a test number is never asked about.
 */
#ifndef FW_CARRIER_FORWARD_H
#define FW_CARRIER_FORWARD_H
#include "carrier/call.h"
#include "ipc/msg.h"

/* The port of every new leg: asks, or lets the far ends take the call. */
void *fw_forward_invite(void *carrier, struct fw_phone_leg *leg, const struct fw_phone_invite *invite);
void fw_forward_route(struct fw_carrier *carrier, const struct fw_msg_number_route *route);
/* What is overdue; call every second or more often. */
void fw_forward_due(struct fw_carrier *carrier);
void fw_forward_hangup_all(struct fw_carrier *carrier);
void fw_forward_drop_all(struct fw_carrier *carrier);
#endif
