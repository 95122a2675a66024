/* keeper.h - the thread that brings received faxes into the mailbox, so that the disk never stops
 * the 20 ms clock of the calls.
 *
 * The loop puts, the thread keeps; the queue is bounded, beyond it the loop waits for the disk.
 */
#ifndef FW_CARRIER_KEEPER_H
#define FW_CARRIER_KEEPER_H
#include "carrier/mailbox.h"

struct fw_carrier_keeper;

/* `box` must outlive the keeper and is not changed any more. */
MUST_USE enum fw_err fw_carrier_keeper_new(const struct fw_carrier_mailbox *box,
                                           struct fw_carrier_keeper **ret);
/* Keeps what still waits, then ends the thread. NULL is fine. */
void fw_carrier_keeper_free(struct fw_carrier_keeper *k);
/* The incoming file of `mail` must be closed. Never fails: without memory it is kept at once. */
void fw_carrier_keeper_put(struct fw_carrier_keeper *k, const struct fw_carrier_mail *mail);
#endif
