/* The calls of a fax: GET /v2/faxes/{id}/attempts, /attempts/{n} and /attempts/{n}/trace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "api/request.h"
#include "base/text.h"
#include "fax/attempt.h"
#include "store/attempts.h"

static void list(struct fw_request *r, const struct fw_fax *fax)
{
    struct fw_fax_attempt_page page CLEANUP(fw_fax_attempt_page_done) = { 0 };
    const struct fw_paging paging = fw_paging_read(&r->target, &r->errors);
    if (r->errors.status)
        return;
    const enum fw_err err =
        fw_store_attempt_list(r->config->store, fax->id, paging.number, paging.size, &page);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return;
    }
    json_t *data = json_array();
    for (int i = 0; i < page.count; i++)
        (void)json_array_append_new(data, fw_fax_attempt_json(&page.items[i]));
    fw_respond_list(r, &paging, page.total, page.count, data);
}

void fw_fax_attempts(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (fw_fax_find(r, &fax))
        list(r, &fax);
}

/* False: there is no such attempt, or it cannot be read, and that is the answer. */
static bool find_attempt(struct fw_request *r, struct fw_fax *ret_fax, struct fw_fax_attempt *ret)
{
    int64_t number = 0;
    if (!fw_fax_find(r, ret_fax))
        return false;
    enum fw_err err = FW_NOT_FOUND;
    if (fw_text_to_i64(fw_span_of(r->arguments[1]), 1, INT32_MAX, &number))
        err = fw_store_attempt_get(r->config->store, ret_fax->id, (int)number, ret);
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The fax has no such attempt.");
    else if (err)
        fw_api_error_store(&r->errors, err);
    return !err;
}

void fw_fax_attempt(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_fax_attempt attempt CLEANUP(fw_fax_attempt_done) = { 0 };
    if (find_attempt(r, &fax, &attempt))
        fw_respond(r, 200, json_pack("{so}", "data", fw_fax_attempt_json(&attempt)));
}

/* While the call goes on: what is there by now. */
void fw_fax_attempt_trace(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    struct fw_fax_attempt attempt CLEANUP(fw_fax_attempt_done) = { 0 };
    char path[FW_TRACE_PATH_SIZE], name[FW_UUID_SIZE + 32];
    if (!find_attempt(r, &fax, &attempt))
        return;
    fw_store_trace_path(r->config->store, fax.id, attempt.number, path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    snprintf(name, sizeof name, "%s-%d.pcap", fax.id, attempt.number);
    if (fd >= 0)
        fw_respond_file(r, fd, "application/vnd.tcpdump.pcap", name);
    else if (errno == ENOENT)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The packets of this call were not kept; send with 'trace'.");
    else
        fw_api_error_store(&r->errors, FW_IO);
}
