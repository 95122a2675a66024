/* outcome.h - how an attempt ended, as data: from SIP, Q.850 and T.30 to the API's failure_reason.
 *
 * Pure tables. `reason` is a value of the API (CONTRACT 4); `detail` is what an operator reads in
 * internal_failure_reason: the raw codes; `advice` is one sentence for people; `retry` and
 * `change` tell the queue whether dialling again can help, and what should then be different.
 * Sources: RFC 3261 clause 21, RFC 3326 (Reason header), ITU-T Q.850 (causes), the T.30 engine's
 * completion codes.
 */
#ifndef FW_OUTCOME_H
#define FW_OUTCOME_H
#include "fax/fax.h"

enum fw_ending {
    FW_ENDING_DELIVERED,
    FW_ENDING_FAILED,
    FW_ENDING_INTERRUPTED, /* by a failure of ours before any page was confirmed: dial again */
};

/* X(name, text): what kind of second attempt can help. How long to wait is the queue's decision. */
#define FW_RETRIES(X)                                                                              \
    X(NONE, "none")             /* delivered, or it would end the same way */                      \
    X(BUSY, "busy")             /* a short gap */                                                  \
    X(NO_ANSWER, "no_answer")   /* nobody took the call */                                         \
    X(NO_FAX, "no_fax")         /* answered, but not by a fax machine: rarely, a long gap */       \
    X(PROTOCOL, "protocol")     /* the machines did not get on: soon, with `change` */             \
    X(DROPPED, "dropped")       /* cut off in the middle: soon, from the next page on */           \
    X(NOT_READY, "not_ready")   /* the machine cannot print now (no paper): in 10 to 30 minutes */ \
    X(CONGESTION, "congestion") /* no way through the network now: another trunk, or later */      \
    X(TRUNK, "trunk")           /* the trunk is at fault: the next one at once */                  \
    X(INTERNAL, "internal")     /* a failure of ours: at once */
enum fw_retry {
#define X(name, text) FW_RETRY_##name,
    FW_RETRIES(X)
#undef X
        FW_RETRY_COUNT
};
const char *fw_retry_text(unsigned retry);

/* What the next attempt should change; flags. */
enum fw_change {
    FW_CHANGE_TRANSPORT = 1, /* T.38 if it was audio, audio if it was T.38 */
    FW_CHANGE_NO_ECM = 2,
    FW_CHANGE_SLOWER = 4, /* no V.17: 9600 bit/s at most */
};

/* What is known when an attempt is over. */
struct fw_attempt_facts {
    bool        inbound;        /* we were called: the API's sender_ and carrier_ reasons */
    unsigned    cause;          /* enum fw_call_cause */
    int         sip_status;     /* final, 0 none */
    int         q850;           /* 0 none */
    bool        has_result;     /* the modem gave an account */
    int         t30_code;       /* then: 0 OK */
    int         pages_confirmed;
    int         pages_before;   /* of them, by calls before this one */
    int         page_count;     /* to be sent; inbound: not looked at */
    const char *text;           /* of the peer or of ours; data, may be NULL */
};

struct fw_outcome {
    enum fw_ending ending;
    const char    *reason; /* of the API; NULL unless FAILED */
    enum fw_retry  retry;
    unsigned       change; /* of enum fw_change */
    const char    *advice; /* one sentence, a constant; NULL when delivered */
    char           detail[FW_TEXT_SIZE];
};

/* Delivered means status 0 and every page confirmed by the far end, nothing less; inbound, status
 * 0 and pages. */
void fw_outcome_of(const struct fw_attempt_facts *facts, struct fw_outcome *ret);

/* One line of the tables in outcome_tables.c. */
struct fw_verdict {
    const char   *reason;  /* of the API, outbound; NULL: no failure by itself */
    const char   *inbound; /* of the API, inbound; NULL: as outbound */
    enum fw_retry retry;
    unsigned      change;
    const char   *text; /* what the code means */
    const char   *advice;
};

/* Each knows an answer for every number. */
const struct fw_verdict *fw_verdict_of_sip(int sip_status);
const struct fw_verdict *fw_verdict_of_q850(int q850); /* NULL: says nothing, look at the status */
const struct fw_verdict *fw_verdict_of_t30(int t30_code);
const struct fw_verdict *fw_verdict_of_cause(unsigned cause); /* enum fw_call_cause; NULL: none */
#endif
