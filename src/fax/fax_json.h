/* fax_json.h - faxes, applications and events as the API and the webhooks show them.
 *
 * The edge of this room to jansson. Fields: CONTRACT 1.3 (Fax), 5 (application), 3.1-3.2 (events).
 */
#ifndef FW_FAX_JSON_H
#define FW_FAX_JSON_H
#include <jansson.h>

#include "fax/fax.h"

void fw_json_free(json_t **j); /* for CLEANUP */

/* New references, NULL when out of memory. */
json_t *fw_fax_json(const struct fw_fax *f);
json_t *fw_application_json(const struct fw_application *a);
json_t *fw_event_json(const struct fw_event *e); /* the `data` of a webhook */

/* Makes the event that tells of `f` as it is now. `details` (stolen, may be NULL) is an object
 * whose fields join the payload. */
MUST_USE enum fw_err fw_event_make(const struct fw_fax *f, enum fw_event_kind kind,
                                   struct fw_wall now, json_t *details, struct fw_event *ret);
#endif
