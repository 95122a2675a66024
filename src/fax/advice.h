/* advice.h - what a sender can do about a fax that failed, by the API's reason for it.
 *
 * Pure. For the reasons that no call gave: those of calls have advice of their own (fax/outcome.h).
 */
#ifndef FW_FAX_ADVICE_H
#define FW_FAX_ADVICE_H

/* One sentence, never NULL. */
const char *fw_reason_advice(const char *reason);
#endif
