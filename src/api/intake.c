/* What is refused before anything of it is taken: while the service is being stopped, and when the disk
 * is nearly full. Nothing was changed, so clients may send it again by themselves; see
 * doc/decisions/0022-drain-and-guards.md.
 */
#include "api/request.h"
#include "base/file.h"

enum {
    RETRY_MAX_S = 60, /* client libraries do not heed more */
    DISK_RETRY_S = 30,
};

static void not_now(struct fw_request *r, unsigned retry_s, const char *why)
{
    fw_request_header(r, "x-should-retry", "true");
    fw_request_header_number(r, "retry-after", retry_s < RETRY_MAX_S ? retry_s : RETRY_MAX_S);
    fw_api_error_at(&r->errors, FW_API_UNAVAILABLE, NULL, "%s Nothing was accepted.", why);
}

bool fw_intake_open(struct fw_request *r, uint64_t size)
{
    const struct fw_api_config *c = r->config;
    const bool is_fax = r->route->limited || r->route->makes_pages;
    if (!is_fax && !r->route->document)
        return true;
    const uint32_t left_s = c->draining ? c->draining(c->arg) : 0;
    if (is_fax && left_s > 0)
        not_now(r, left_s + 1, "The service is being stopped and takes no new faxes.");
    else if (c->disk_free_min > 0 && !fw_store_has_room(c->store, c->disk_free_min + size))
        not_now(r, DISK_RETRY_S, "The disk of this service is nearly full (disk_free_min_mb).");
    return r->errors.status == 0;
}
