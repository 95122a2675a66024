/* rules.h - what an application says of calls that come in, beyond its numbers. Pure, but for the zones of
 * `hours`, which are read from the system's database.
 *
 * Of the `inbound` object of its settings: answer_callers and refuse_callers (numbers, or beginnings of them with a
 * '*' at the end), answer_idents and refuse_idents (the same of the far machine's identifier), hours with
 * hours_utc_offset_minutes, refuse_with, page_events, subaddress_tags, barcodes.
 */
#ifndef FW_RECEIVE_RULES_H
#define FW_RECEIVE_RULES_H
#include <jansson.h>

#include "fax/fax.h"

/* That object: a new reference, NULL when there is none. */
json_t *fw_rules_of_application(const struct fw_application *a);

struct fw_rules_refusal {
    int         status, q850;
    const char *text; /* a literal */
};
/* Status 0: nothing speaks against it. `inbound` may be NULL. */
struct fw_rules_refusal fw_rules_of_call(const json_t *inbound, const char *caller, struct fw_wall now);
/* Known only once the machines speak: then the call is ended. */
bool fw_rules_ident_refused(const json_t *inbound, const char *ident);
/* What it calls that subaddress, borrowed from `inbound`; empty: nothing. */
const char *fw_rules_tag(const json_t *inbound, const char *subaddress);
/* Each page is told of by webhook, not only the whole. */
bool fw_rules_page_events(const json_t *inbound);
/* Its pages are read for barcodes. */
bool fw_rules_barcodes(const json_t *inbound);
#endif
