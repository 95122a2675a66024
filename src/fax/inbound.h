/* inbound.h - how a call that was taken ended, when no page of it is here: the API's reasons.
 *
 * Pure. What we received is never a failure: a broken call with pages is a received fax with
 * partial_content. Sources: CONTRACT 4 (sender_… reasons), the T.30 engine's completion codes.
 */
#ifndef FW_FAX_INBOUND_H
#define FW_FAX_INBOUND_H
#include "fax/fax.h"

struct fw_inbound_facts {
    unsigned    cause;      /* enum fw_call_cause */
    bool        answered;
    bool        has_result; /* the modem gave an account */
    int         t30_code;
    const char *text;       /* data, may be NULL */
};

/* `detail` is for an operator. */
const char *fw_inbound_reason(const struct fw_inbound_facts *facts, char detail[FW_TEXT_SIZE]);
#endif
