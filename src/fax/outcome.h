/* outcome.h - how an attempt ended, as data: from SIP, Q.850 and T.30 to the API's failure_reason.
 *
 * Pure tables. `reason` is a value of the API (CONTRACT 4); `detail` is what an operator reads in
 * internal_failure_reason: the raw codes and what to do. Sources: RFC 3261 clause 21, RFC 3326
 * (Reason header), ITU-T Q.850 (causes), the T.30 engine's completion codes.
 */
#ifndef FW_OUTCOME_H
#define FW_OUTCOME_H
#include "fax/fax.h"

enum fw_ending {
    FW_ENDING_DELIVERED,
    FW_ENDING_FAILED,
    FW_ENDING_INTERRUPTED, /* by a failure of ours before any page was confirmed: dial again */
};

/* What is known when an attempt is over. */
struct fw_attempt_facts {
    unsigned    cause;          /* enum fw_call_cause */
    int         sip_status;     /* final, 0 none */
    int         q850;           /* 0 none */
    bool        has_result;     /* the modem gave an account */
    int         t30_code;       /* then: 0 OK */
    int         pages_confirmed;
    int         page_count;     /* to be sent */
    const char *text;           /* of the peer or of ours; data, may be NULL */
};

struct fw_outcome {
    enum fw_ending ending;
    const char    *reason; /* of the API; NULL unless FAILED */
    char           detail[FW_TEXT_SIZE];
};

/* Delivered means status 0 and every page confirmed by the far end, nothing less. */
void fw_outcome_of(const struct fw_attempt_facts *facts, struct fw_outcome *ret);

const char *fw_reason_of_sip(int sip_status);
const char *fw_reason_of_q850(int q850); /* NULL: says nothing */
const char *fw_reason_of_t30(int t30_code, int pages_confirmed);
const char *fw_t30_text(int t30_code);
#endif
