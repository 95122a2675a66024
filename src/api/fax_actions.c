/* Commands on a fax: cancel, refresh, delete. CONTRACT 1.5 and 2.
 *
 * What is answered stands in the store: a service that is killed right after the answer carries it
 * out at its next start.
 */
#include "api/request.h"
#include "base/log.h"

static void respond_ok(struct fw_request *r, int status)
{
    fw_respond(r, status, json_pack("{s{ss}}", "data", "result", "ok"));
}

static void tell_queue(const struct fw_request *r, const struct fw_fax *f)
{
    if (r->config->fax_canceled)
        r->config->fax_canceled(r->config->arg, f->id);
}

/* NOT_FOUND: somebody deleted it since it was looked up. */
static void refuse(struct fw_request *r, enum fw_err err)
{
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "The requested resource does not exist");
    else if (err == FW_CONFLICT)
        fw_api_error_at(&r->errors, FW_API_FAX_STATE, NULL,
                        "The fax has ended; there is nothing to cancel.");
    else
        fw_api_error_store(&r->errors, err);
}

void fw_fax_cancel(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (!fw_fax_find(r, &fax))
        return;
    if (fax.direction == FW_INBOUND) {
        fw_api_error_at(&r->errors, FW_API_FAX_INBOUND, NULL,
                        "A fax that is being received cannot be cancelled; it can be deleted.");
        return;
    }
    const enum fw_err err =
        fw_store_fax_cancel(r->config->store, r->account, fax.id, fw_wall_now());
    if (err) {
        refuse(r, err);
        return;
    }
    tell_queue(r, &fax);
    respond_ok(r, 202);
}

void fw_fax_delete(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    bool is_live = false;
    if (!fw_fax_find(r, &fax))
        return;
    enum fw_err err =
        fw_store_fax_delete(r->config->store, r->account, fax.id, fw_wall_now(), &is_live);
    if (err) {
        refuse(r, err);
        return;
    }
    fw_log(FW_LOG_INFO, "fax.deleted", "fax=%s live=%d", fax.id, is_live);
    if (is_live)
        tell_queue(r, &fax);
    else
        err = fw_store_fax_sweep(r->config->store);
    /* It is deleted all the same; the next start removes what is left. */
    if (err)
        fw_log(FW_LOG_ERROR, "fax.files_left", "fax=%s error=%s", fax.id,
               FW_LOG_TEXT(fw_err_text(err)));
    fw_respond_empty(r);
}

/* Gives the link to a received document new time: each GET shows a fresh one, so there is nothing to
 * keep. What is sent has no such link. */
void fw_fax_refresh(struct fw_request *r)
{
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    if (!fw_fax_find(r, &fax))
        return;
    if (fax.direction == FW_INBOUND && fax.status == FW_STATUS_RECEIVED)
        respond_ok(r, 200);
    else
        fw_api_error_at(&r->errors, FW_API_FAX_STATE, NULL,
                        "Only a received fax has a media_url that expires.");
}
