/* What a start does with the faxes that an earlier run left unfinished. */
#include "base/log.h"
#include "base/text.h"
#include "receive/inside.h"
#include "receive/rules.h"
#include "store/attempts.h"

/* Of its application as it is now: whether its pages are told of. */
static void recall_rules(struct fw_receive *r, struct fw_taken *t)
{
    struct fw_application a = { 0 };
    if (fw_store_application_get(r->config.store, t->fax.account, t->fax.application, &a) == FW_OK)
        t->rules = fw_rules_of_application(&a);
    fw_application_done(&a);
}

/* A call cannot outlive its parent. What the modem left is taken out of its spool, which is about to
 * be cleared; then the journal says what the sender saw confirmed. */
static enum fw_err take_up(struct fw_receive *r, struct fw_fax *fax)
{
    struct fw_taken *t = NULL;
    struct fw_keep_job job = { .modem = fax->modem };
    char id[FW_UUID_SIZE];
    fw_text_clip(id, sizeof id, fax->id);
    fw_text_clip(job.fax, sizeof job.fax, fax->id);
    fw_text_clip(job.call, sizeof job.call, fax->call);
    enum fw_err err = fw_keep_secure(r->config.store, &job);
    if (!err)
        err = fw_taken_add(r, fax, &t);
    if (!err)
        err = fw_store_attempt_get(r->config.store, id, 1, &t->attempt);
    err = err == FW_NOT_FOUND ? FW_OK : err;
    if (err)
        return err;
    fw_log(FW_LOG_INFO, "fax.taken_up", "fax=%s status=%s", id, fw_status_text(t->fax.status));
    t->phase = FW_TAKEN_WAIT;
    recall_rules(r, t);
    if (t->fax.status == FW_STATUS_MEDIA_PROCESSING)
        return FW_OK;
    fw_call_conclude(r, t);
    /* Written down is now that it is over, one way or the other; if not, the next start decides. */
    t = fw_taken_by_fax(r, id);
    return !t || t->fax.status == FW_STATUS_MEDIA_PROCESSING ? FW_OK : FW_IO;
}

enum fw_err fw_receive_recover(struct fw_receive *r)
{
    struct fw_fax_page page = { 0 };
    enum fw_err err = fw_store_fax_unfinished(r->config.store, FW_INBOUND, &page);
    r->recovering = true;
    for (int i = 0; i < page.count && !err; i++)
        err = take_up(r, &page.items[i]);
    r->recovering = false;
    fw_fax_page_done(&page);
    return err;
}
