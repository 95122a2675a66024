/* A preview as a chore of the queue. */
#include "previews.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"

enum { PATH_SIZE = 4400, PATIENCE_S = 600 };

struct job {
    const struct fw_documents *documents;
    struct fw_store   *store;
    struct fw_fax      fax;
    struct fw_preview  preview;
    bool               ended;
};

static void end(struct job *j, enum fw_preview_state state, const char *reason, const char *detail)
{
    j->ended = true;
    j->preview.state = state;
    fw_text_clip(j->preview.failure_reason, sizeof j->preview.failure_reason, reason);
    fw_text_clip(j->preview.failure_detail, sizeof j->preview.failure_detail, detail);
    /* Taken away meanwhile, or the disk is full: then it is not there, and expires. */
    if (fw_store_preview_put(j->store, &j->preview))
        fw_log(FW_LOG_INFO, "preview.gone", "preview=%s", j->preview.id);
    else
        fw_log(FW_LOG_INFO, "preview.ended", "preview=%s state=%s reason=%s", j->preview.id,
               fw_preview_state_text(state), reason);
}

static bool is_late(const struct job *j)
{
    return fw_wall_now().us > j->preview.created_at.us + PATIENCE_S * INT64_C(1000000);
}

static bool run(void *arg, const atomic_bool *stop)
{
    struct job *j = arg;
    char folder[PATH_SIZE];
    struct fw_preview there;
    struct fw_prepared prepared = { 0 };
    if (fw_store_preview_get(j->store, 0, j->preview.id, fw_wall_now(), &there)) {
        j->ended = true; /* deleted while it waited */
        return false;
    }
    fw_store_preview_dir(j->store, j->preview.id, folder, sizeof folder);
    if (is_late(j)) {
        end(j, FW_PREVIEW_FAILED, "service_unavailable", "the service is busy with faxes; ask again later");
        return false;
    }
    fw_documents_prepare(j->documents, &j->fax, folder, stop, &prepared);
    if (prepared.result == FW_PREPARED_INTERRUPTED)
        return true;
    end(j, prepared.result == FW_PREPARED_OK ? FW_PREVIEW_READY : FW_PREVIEW_FAILED, prepared.reason, prepared.detail);
    return false;
}

static void drop(void *arg)
{
    struct job *j = arg;
    if (!j->ended)
        end(j, FW_PREVIEW_FAILED, "service_unavailable", "the service was stopped meanwhile; ask for it again");
    fw_fax_done(&j->fax);
    free(j);
}

enum fw_err fw_previews_make(struct fw_queue *q, const struct fw_documents *d, struct fw_store *s,
                             const struct fw_fax *f, const struct fw_preview *p)
{
    struct job *j = calloc(1, sizeof *j);
    enum fw_err err = j ? fw_fax_copy(f, &j->fax) : FW_NO_MEMORY;
    if (!err) {
        j->documents = d;
        j->store = s;
        j->preview = *p;
        j->fax.store_preview = j->fax.preview_pdf = true; /* a PDF is made as for a fax that asks for one */
        const struct fw_queue_chore chore = { run, drop, j };
        err = fw_queue_chore(q, &chore);
        if (!err)
            return FW_OK;
        fw_fax_done(&j->fax);
    }
    free(j);
    return err;
}
