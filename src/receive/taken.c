/* The faxes that are being received, and the one way their state changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "receive/inside.h"
#include "receive/rules.h"
#include "store/attempts.h"

enum {
    STORE_RETRY_MS = 500,
    RECOVERY_TRIES = 20, /* then the start fails, and says so */
};

enum fw_err fw_taken_add(struct fw_receive *r, struct fw_fax *fax, struct fw_taken **ret)
{
    if (r->taken_count == r->taken_capacity) {
        const int capacity = r->taken_capacity ? r->taken_capacity * 2 : 64;
        struct fw_taken **taken = realloc(r->taken, (size_t)capacity * sizeof *taken);
        if (!taken)
            return FW_NO_MEMORY;
        r->taken = taken;
        r->taken_capacity = capacity;
    }
    struct fw_taken *t = calloc(1, sizeof *t);
    if (!t)
        return FW_NO_MEMORY;
    t->fax = *fax;
    *fax = (struct fw_fax){ 0 };
    r->taken[r->taken_count++] = t;
    *ret = t;
    return FW_OK;
}

struct fw_taken *fw_taken_by_fax(struct fw_receive *r, const char *fax)
{
    for (int i = 0; i < r->taken_count; i++) {
        if (strcmp(r->taken[i]->fax.id, fax) == 0)
            return r->taken[i];
    }
    return NULL;
}

struct fw_taken *fw_taken_by_call(struct fw_receive *r, const char *call)
{
    for (int i = 0; i < r->taken_count; i++) {
        if (r->taken[i]->phase == FW_TAKEN_CALL && strcmp(r->taken[i]->fax.call, call) == 0)
            return r->taken[i];
    }
    return NULL;
}

void fw_taken_remove(struct fw_receive *r, struct fw_taken *t)
{
    for (int i = 0; i < r->taken_count; i++) {
        if (r->taken[i] != t)
            continue;
        r->taken[i] = r->taken[--r->taken_count];
        fw_fax_done(&t->fax);
        fw_fax_attempt_done(&t->attempt);
        json_decref(t->rules);
        free(t);
        return;
    }
    fw_assert(false && "a fax that is not in the table");
}

static bool may_wait(const struct fw_receive *r, int tries)
{
    return !atomic_load(&r->stop) && !(r->recovering && tries >= RECOVERY_TRIES);
}

/* Waits out a store that cannot write. */
static enum fw_err write_down(struct fw_receive *r, const struct fw_taken *t, enum fw_status was,
                              struct fw_event *events, int count)
{
    for (int tries = 1;; tries++) {
        const enum fw_err err = fw_store_fax_advance(r->config.store, &t->fax, was, events, count,
                                                     t->attempt.number > 0 ? &t->attempt : NULL);
        if (!err || fw_store_refused(err) || !may_wait(r, tries))
            return err;
        fw_log(FW_LOG_ERROR, "store.waiting", "fax=%s error=%s", t->fax.id, FW_LOG_TEXT(fw_err_text(err)));
        const struct timespec pause = { .tv_nsec = STORE_RETRY_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
}

/* What stays behind now is removed at the next start. */
static void sweep(struct fw_receive *r)
{
    const enum fw_err err = fw_store_fax_sweep(r->config.store);
    if (err)
        fw_log(FW_LOG_ERROR, "fax.files_left", "error=%s", FW_LOG_TEXT(fw_err_text(err)));
}

/* What the sender saw confirmed is kept for whoever looks, as the spool is cleared at the next start. */
static void secure(struct fw_receive *r, const struct fw_taken *t)
{
    struct fw_keep_job job = { .modem = t->fax.modem };
    fw_text_clip(job.fax, sizeof job.fax, t->fax.id);
    fw_text_clip(job.call, sizeof job.call, t->fax.call);
    const enum fw_err err = fw_keep_secure(r->config.store, &job);
    if (err)
        fw_log(FW_LOG_ERROR, "fax.not_kept", "fax=%s error=%s", t->fax.id, FW_LOG_TEXT(fw_err_text(err)));
}

/* A way that the table of statuses does not have: a mistake of ours, that costs this fax and no other. */
static void fail_confused(struct fw_receive *r, struct fw_taken *t, enum fw_status to)
{
    char detail[FW_TEXT_SIZE];
    secure(r, t);
    snprintf(detail, sizeof detail,
             "an error of this service: it would have gone from %s to %s; call.tif has what came; please report it",
             fw_status_text(t->fax.status), fw_status_text(to));
    fw_taken_fail(r, t, "service_unavailable", detail);
}

/* False: it was not written, and is as it was before or not ours any more. */
static bool settle(struct fw_receive *r, struct fw_taken *t, enum fw_status was, enum fw_err err)
{
    const enum fw_status status = t->fax.status;
    if (!err) {
        if (fw_status_final(status) && t->fax.cancel_asked)
            sweep(r); /* it was deleted meanwhile */
        return true;
    }
    fw_log(FW_LOG_WARN, "fax.left", "fax=%s error=%s", t->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    t->fax.status = was;
    if (fw_store_refused(err))
        fw_call_abandon(r, t);
    if (err == FW_INVALID && status != FW_STATUS_FAILED)
        fail_confused(r, t, status);
    else if (fw_store_refused(err))
        fw_taken_remove(r, t);
    return false;
}

bool fw_taken_save(struct fw_receive *r, struct fw_taken *t, enum fw_status status,
                   enum fw_event_kind kind, json_t *details)
{
    const enum fw_status was = t->fax.status;
    struct fw_event event CLEANUP(fw_event_done) = { 0 };
    t->fax.status = status;
    t->fax.updated_at = fw_wall_now();
    enum fw_err err = fw_event_make(&t->fax, kind, t->fax.updated_at, details, &event);
    if (!err)
        err = write_down(r, t, was, &event, 1);
    return settle(r, t, was, err);
}

/* One change of the store: what the fax counts has been told, also after a crash. */
bool fw_taken_page(struct fw_receive *r, struct fw_taken *t, int page)
{
    struct fw_event noted CLEANUP(fw_event_done) = { 0 }, told CLEANUP(fw_event_done) = { 0 };
    const bool tells = fw_rules_page_events(t->rules);
    char path[FW_RECEIVED_PATH_SIZE];
    const int before = t->fax.pages_confirmed;
    fw_received_page_path(&t->fax, page, path);
    t->fax.pages_confirmed = t->attempt.pages_confirmed = page;
    t->fax.updated_at = fw_wall_now();
    enum fw_err err =
        fw_event_make(&t->fax, FW_EVENT_PAGE_RECEIVED, t->fax.updated_at, json_pack("{si}", "page", page), &noted);
    if (!err && tells)
        err = fw_event_make(&t->fax, FW_EVENT_PAGE_KEPT, t->fax.updated_at,
                            json_pack("{si ss}", "page", page, "page_url", path), &told);
    struct fw_event both[] = { noted, told };
    if (!err)
        err = write_down(r, t, t->fax.status, both, tells ? 2 : 1);
    if (err)
        t->fax.pages_confirmed = t->attempt.pages_confirmed = before;
    return settle(r, t, t->fax.status, err);
}

void fw_taken_fail(struct fw_receive *r, struct fw_taken *t, const char *reason, const char *detail)
{
    fw_text_clip(t->fax.failure_reason, sizeof t->fax.failure_reason, reason);
    fw_text_clip(t->fax.failure_detail, sizeof t->fax.failure_detail, detail);
    if (!fw_taken_save(r, t, FW_STATUS_FAILED, FW_EVENT_FAILED, NULL))
        return;
    fw_log(FW_LOG_INFO, "fax.failed", "fax=%s call=%s reason=%s detail=%s", t->fax.id, t->fax.call,
           reason, FW_LOG_TEXT(detail));
    fw_taken_remove(r, t);
}
