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
/* Makes links to stored files: `path` is that of the API, `ret` the URL, which is good for a while. */
struct fw_link_port {
    void (*make)(void *arg, const char *path, char *ret, size_t ret_size);
    void *arg;
};
enum { FW_EVENT_LINK_SIZE = 1024, FW_RECEIVED_PATH_SIZE = 80 };
/* The `data` of a webhook. `links` NULL: a received document is named by its path only. */
json_t *fw_event_json(const struct fw_event *e, const struct fw_link_port *links);
/* The paths in the API of what was received, and of the picture of a page of it. */
void fw_received_path(const struct fw_fax *f, char ret[FW_RECEIVED_PATH_SIZE]);
void fw_received_page_path(const struct fw_fax *f, int page, char ret[FW_RECEIVED_PATH_SIZE]);

/* Makes the event that tells of `f` as it is now. `details` (stolen, may be NULL) is an object
 * whose fields join the payload. */
MUST_USE enum fw_err fw_event_make(const struct fw_fax *f, enum fw_event_kind kind,
                                   struct fw_wall now, json_t *details, struct fw_event *ret);
#endif
