/* call_record.h - what a modem tells of a call beyond its result, into the attempt's record.
 *
 * Fields of the record: `pages` (each page each time it went over the line), `far_end` (vendor,
 * model, country, if it says), `phases_ms` (a to e), `packets` (of T.38), `samples_missing` (of
 * G.711), `resolution`, `remote_ident`, `dialogue` (frames both ways with seconds since the answer, in words),
 * `transports` (each that the call went over, and why).
 */
#ifndef FW_QUEUE_CALL_RECORD_H
#define FW_QUEUE_CALL_RECORD_H
#include "fax/attempt.h"
#include "ipc/msg.h"

/* FAX_PAGE, FAX_FACTS, FAX_DIALOGUE; others are no matter. What does not fit is left out, logged. */
void fw_call_record_take(struct fw_fax_attempt *a, const struct fw_msg *msg);
/* What the far machine calls itself (CSI); null when it did not say, or not in UTF-8. */
void fw_call_record_ident(struct fw_fax_attempt *a, const char *ident);
/* What carries the call now. */
void fw_call_record_transport(struct fw_fax_attempt *a, const struct fw_msg_call_transport *m);
#endif
