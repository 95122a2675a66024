/* call.h - one call that the network answered: what its far end does, step by step.
 *
 * A call is made by the caller's INVITE and lives until the SIP leg has ended and its fax is in
 * the mailbox. Everything runs in the thread of the loop; time comes in as a value.
 *
 * Source: ITU-T T.38 (09/2010) annex D (the switch to T.38), FAX-ENGINE.md section 1.2.
 */
#ifndef FW_CARRIER_CALL_H
#define FW_CARRIER_CALL_H
#include "base/clock.h"
#include "carrier/callers.h"
#include "carrier/far_end.h"
#include "carrier/keeper.h"
#include "carrier/options.h"
#include "carrier/phone.h"

/* What all calls share. */
struct fw_carrier {
    struct fw_sip *sip;
    const struct fw_carrier_options *options;
    struct fw_carrier_mailbox mailbox;
    struct fw_carrier_keeper *keeper;
    struct fw_mono now; /* of this turn */
    struct fw_carrier_call *calls;
    struct fw_phone *phone;
    struct fw_carrier_forward *forwards;
    uint32_t ask_serial;
    struct fw_carrier_caller callers[FW_CARRIER_CALLERS];
    uint32_t call_count;
};

extern const struct fw_phone_port fw_carrier_call_port; /* its `arg` is the fw_carrier */

/* A far end takes this call, or refuses it (NULL). */
void *fw_carrier_take(struct fw_carrier *carrier, struct fw_phone_leg *leg,
                      const struct fw_phone_invite *invite);

/* 20 ms went by: ring, media, deadlines. Frees calls that are over. */
void fw_carrier_tick(struct fw_carrier *carrier);
void fw_carrier_hangup_all(struct fw_carrier *carrier);
/* Frees every call, told or not; for the end of the program. */
void fw_carrier_drop_all(struct fw_carrier *carrier);
#endif
