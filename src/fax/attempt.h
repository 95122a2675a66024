/* attempt.h - one call of a fax, out or in, as it is kept: when, by what way, how far, how it ended and why.
 *
 * Written in the transaction of the state change that it belongs to. `record` is what no column has:
 * a JSON object that grows by what the rooms know (T.30 dialogue, rates, pages, trunks tried).
 */
#ifndef FW_FAX_ATTEMPT_H
#define FW_FAX_ATTEMPT_H
#include <jansson.h>

#include "fax/fax.h"

#define FW_ATTEMPT_STATES(X)                                                                       \
    X(UNDERWAY, "underway")                                                                        \
    X(DELIVERED, "delivered")                                                                      \
    X(RECEIVED, "received")       /* a call that came in, with pages */                            \
    X(FAILED, "failed")                                                                            \
    X(INTERRUPTED, "interrupted") /* by a failure of ours */
enum fw_attempt_state {
#define X(name, text) FW_ATTEMPT_##name,
    FW_ATTEMPT_STATES(X)
#undef X
        FW_ATTEMPT_STATE_COUNT
};
const char   *fw_attempt_state_text(enum fw_attempt_state s);
MUST_USE bool fw_attempt_state_parse(const char *text, enum fw_attempt_state *ret);

enum { FW_ATTEMPT_RECORD_MAX = 256 * 1024 }; /* bytes of JSON text */

struct fw_fax_attempt {
    char fax[FW_UUID_SIZE];
    int  number;              /* of the fax, from 1 */
    char call[FW_UUID_SIZE];
    char trunk[64];
    struct fw_wall started_at, answered_at, ended_at; /* {0}: not yet, or never */
    enum fw_attempt_state state;
    char reason[FW_REASON_SIZE]; /* of the API; set when failed */
    char detail[FW_TEXT_SIZE];
    char retry_class[24];        /* fw_retry_text; empty while under way and when delivered */
    char advice[FW_TEXT_SIZE];
    int  sip_status, q850;       /* 0: none */
    int  t30_code;               /* -1: the modem gave no account */
    int  transport;              /* enum fw_call_transport, -1 unknown */
    int  bit_rate;               /* bit/s, 0 unknown */
    int  first_page;             /* pages before it were confirmed in earlier attempts; from 0 */
    int  pages_confirmed;        /* in this attempt */
    char *record;                /* owned JSON object, or NULL */
};
void fw_fax_attempt_done(struct fw_fax_attempt *a);
/* New reference, NULL when out of memory. `record` joins as an object of that name. */
json_t *fw_fax_attempt_json(const struct fw_fax_attempt *a);
/* Sets the fields of `more` (stolen, may be NULL) in the record. FW_LIMIT: it would be too large;
 * what was there stays. */
MUST_USE enum fw_err fw_fax_attempt_record(struct fw_fax_attempt *a, json_t *more);
#endif
