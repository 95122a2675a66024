/* call_record.h - what the line and a modem tell of a call, into the attempt's record.
 *
 * Fields of the record: `sip_progress` (the 1xx of the far end, in order), `transports` (each that the call
 * went over, and why), `negotiated` (rate, error correction), `pages` (each page each time it went over the line),
 * `remote_ident`, `far_end` (vendor, model, country, if it says), `phases_ms` (a to e), `packets` (of T.38),
 * `samples_missing` (of G.711), `resolution`, `dialogue` (frames both ways with seconds since the
 * answer, in words).
 */
#ifndef FW_IPC_CALL_RECORD_H
#define FW_IPC_CALL_RECORD_H
#include "fax/attempt.h"
#include "ipc/msg.h"

/* Any message about the call; those that have nothing for the record are no matter. What does not fit is left
 * out, logged. */
void fw_call_record_take(struct fw_fax_attempt *a, const struct fw_msg *msg);
#endif
