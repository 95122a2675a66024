/* What a modem left becomes the document of its fax.
 *
 * The file is taken out of the spool by a rename, so that from then on nobody but us has it; the
 * pages that were confirmed, and only they, are written anew beside it; then it goes. Each step can
 * be cut off and done again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "page/facts.h"
#include "receive/inside.h"
#include "t30/journal.h"

enum { PATH_SIZE = 4400, RETRY_MS = 5 * 1000, PDF_BYTES_MAX = 512 * 1024 * 1024 };

/* ---- files ---- */

static void in_folder(const struct fw_store *s, const char *fax, const char *name, char dst[PATH_SIZE])
{
    char folder[PATH_SIZE - 64];
    fw_store_fax_dir(s, fax, folder, sizeof folder);
    snprintf(dst, PATH_SIZE, "%s/%s", folder, name);
}

/* FW_OK also when there is nothing to move. */
static enum fw_err move(const char *from, const char *to)
{
    return rename(from, to) == 0 || errno == ENOENT ? FW_OK : FW_IO;
}

enum fw_err fw_keep_secure(struct fw_store *s, const struct fw_keep_job *job)
{
    char folder[PATH_SIZE - 64], from[PATH_SIZE], to[PATH_SIZE];
    if (!job->call[0] || job->modem < 0)
        return FW_OK;
    fw_store_spool_path(s, job->modem, job->call, ".journal", from, sizeof from);
    if (access(from, F_OK) < 0)
        return FW_OK; /* it never began, or is secured already: the journal goes last */
    enum fw_err err = fw_store_fax_dir_make(s, job->fax, folder, sizeof folder);
    if (err)
        return err;
    fw_store_spool_path(s, job->modem, job->call, ".tif", from, sizeof from);
    in_folder(s, job->fax, "call.tif", to);
    err = move(from, to);
    if (!err)
        err = fw_dir_sync(folder);
    fw_store_spool_path(s, job->modem, job->call, ".journal", from, sizeof from);
    in_folder(s, job->fax, "call.journal", to);
    if (!err)
        err = move(from, to);
    return err ? err : fw_dir_sync(folder);
}

enum fw_err fw_keep_journal(struct fw_store *s, const struct fw_fax *fax, struct fw_journal_facts *ret)
{
    char path[PATH_SIZE];
    in_folder(s, fax->id, "call.journal", path);
    const enum fw_err err = fw_journal_read(path, ret);
    if (err != FW_NOT_FOUND || fax->modem < 0)
        return err == FW_PROTOCOL ? FW_OK : err; /* what stands before a damaged line is true */
    fw_store_spool_path(s, fax->modem, fax->call, ".journal", path, sizeof path);
    return fw_journal_read(path, ret);
}

void fw_keep_clear(struct fw_store *s, const struct fw_fax *fax)
{
    static const char *const suffixes[] = { ".tif", ".coarse.tif", ".journal" };
    static const char *const names[] = { "call.tif", "call.journal" };
    char path[PATH_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(suffixes) && fax->modem >= 0; i++) {
        fw_store_spool_path(s, fax->modem, fax->call, suffixes[i], path, sizeof path);
        unlink(path);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        in_folder(s, fax->id, names[i], path);
        unlink(path);
    }
}

/* ---- the document ---- */

static enum fw_err write_document(struct fw_store *s, const struct fw_keep_job *job, int *ret_pages)
{
    char from[PATH_SIZE], tif[PATH_SIZE], pdf[PATH_SIZE], facts[PATH_SIZE];
    struct fw_fault fault = { 0 };
    uint32_t pages = 0;
    in_folder(s, job->fax, "call.tif", from);
    in_folder(s, job->fax, "pages.tif", tif);
    in_folder(s, job->fax, "received.pdf", pdf);
    in_folder(s, job->fax, "pages.facts", facts);
    enum fw_err err = fw_page_copy(from, tif, (uint32_t)job->pages, &pages, &fault);
    if (err == FW_NOT_FOUND) {
        /* Cut off after this was done and the call's file removed, or there never was one. */
        err = fw_page_file_info(tif, 0, &pages, NULL, &fault);
        err = err == FW_NOT_FOUND ? FW_OK : err;
    }
    if (!err && pages > 0 && job->format == FW_FORMAT_PDF)
        err = fw_page_to_pdf(tif, pdf, PDF_BYTES_MAX, &fault);
    if (err)
        fw_log(FW_LOG_ERROR, "fax.not_kept", "fax=%s error=%s text=%s", job->fax, fw_err_text(err),
               FW_LOG_TEXT(fault.message));
    else if (pages > 0 && fw_page_facts_write(tif, facts, &fault)) /* it is a fax without them too */
        fw_log(FW_LOG_WARN, "pages.not_measured", "fax=%s text=%s", job->fax, FW_LOG_TEXT(fault.message));
    if (!err && (int)pages < job->pages)
        fw_log(FW_LOG_ERROR, "fax.pages_damaged", "fax=%s confirmed=%d whole=%u kept=call.tif", job->fax, job->pages,
               pages);
    *ret_pages = (int)pages;
    return err;
}

void fw_keep_work(struct fw_receive *r, const struct fw_keep_job *job)
{
    struct fw_receive_note note = { .kind = FW_NOTE_KEPT };
    fw_text_clip(note.kept.fax, sizeof note.kept.fax, job->fax);
    note.kept.err = fw_keep_secure(r->config.store, job);
    if (!note.kept.err)
        note.kept.err = write_document(r->config.store, job, &note.kept.pages);
    fw_hands_report(r, &note, job->fax);
}

/* ---- for the room's thread ---- */

static void wait_a_little(const struct fw_receive *r, struct fw_taken *t)
{
    t->phase = FW_TAKEN_WAIT;
    t->due.us = r->now.us + RETRY_MS * 1000LL;
}

void fw_keeper_give(struct fw_receive *r, struct fw_taken *t)
{
    t->phase = FW_TAKEN_KEEP;
    if (!fw_hands_give(r, r->keeper, fw_keep_work, t))
        wait_a_little(r, t);
}

void fw_keep_finish(struct fw_receive *r, struct fw_taken *t)
{
    struct fw_fax of = t->fax;
    const bool whole = t->kept_pages == t->fax.pages_confirmed;
    t->fax.page_count = t->kept_pages;
    t->fax.partial_content |= !whole;
    t->reading = false;
    t->phase = FW_TAKEN_WAIT; /* should the store not take it */
    if (!fw_taken_save(r, t, FW_STATUS_RECEIVED, FW_EVENT_RECEIVED, NULL))
        return;
    fw_log(FW_LOG_INFO, "fax.received", "fax=%s call=%s pages=%d partial=%d", of.id, of.call, t->kept_pages,
           t->fax.partial_content);
    fw_taken_remove(r, t);
    if (whole)
        fw_keep_clear(r->config.store, &of);
}

void fw_keep_done(struct fw_receive *r, const struct fw_keep_done *done)
{
    struct fw_taken *t = fw_taken_by_fax(r, done->fax);
    if (!t || t->phase != FW_TAKEN_KEEP)
        return;
    if (done->err) { /* a full disk, most likely: what was confirmed stays where it is */
        wait_a_little(r, t);
        return;
    }
    if (done->pages == 0) {
        fw_taken_fail(r, t, "media_processing_exception", "what was received cannot be read; call.tif has it");
        return;
    }
    t->kept_pages = done->pages;
    if (!fw_read_give(r, t))
        fw_keep_finish(r, t);
}

/* A disk that is full, or a folder that cannot be written, for days. What the modem left is kept for whoever looks. */
bool fw_keep_overdue(struct fw_receive *r, struct fw_taken *t)
{
    const int64_t limit_ms = r->config.limits.ms[FW_LIMIT_WAIT];
    char detail[FW_TEXT_SIZE], id[FW_UUID_SIZE];
    if (t->fax.status != FW_STATUS_MEDIA_PROCESSING || t->reading ||
        fw_wall_now().us - t->fax.updated_at.us < limit_ms * 1000)
        return false;
    fw_text_clip(id, sizeof id, t->fax.id);
    snprintf(detail, sizeof detail,
             "what was received could not be made into a document for %lld s (wait_limit_secs); call.tif has it",
             (long long)(limit_ms / 1000));
    fw_taken_fail(r, t, "media_processing_exception", detail);
    return fw_taken_by_fax(r, id) == NULL;
}
