/* The barcodes of a fax, looked for once its document is there: it is received with them, or without if that fails.
 *
 * They are worth a wait, but not the fax: however many wait before it, it is told of within TOTAL_MS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "receive/inside.h"
#include "receive/rules.h"

enum { PATH_SIZE = 4400, TOTAL_MS = 120 * 1000, ONE_MS = 45 * 1000 };

void fw_read_work(struct fw_receive *r, const struct fw_keep_job *job)
{
    struct fw_receive_note note = { .kind = FW_NOTE_READ };
    char folder[PATH_SIZE - 64], tif[PATH_SIZE];
    const int left_ms = fw_mono_wait_ms(fw_mono_now(), fw_mono_after(job->given, TOTAL_MS));
    fw_store_fax_dir(r->config.store, job->fax, folder, sizeof folder);
    snprintf(tif, sizeof tif, "%s/pages.tif", folder);
    fw_text_clip(note.read.fax, sizeof note.read.fax, job->fax);
    if (left_ms > 0)
        note.read.codes = r->port.read_codes(r->port.arg, job->fax, tif, job->pages,
                                             (uint32_t)(left_ms < ONE_MS ? left_ms : ONE_MS), &r->stop);
    else
        fw_log(FW_LOG_WARN, "barcodes.not_read", "fax=%s why=too_many_before_it waited_ms=%d", job->fax, TOTAL_MS);
    if (!fw_hands_report(r, &note, job->fax))
        free(note.read.codes);
}

static void settle(struct fw_receive *r, struct fw_taken *t, char *codes)
{
    free(t->fax.barcodes);
    t->fax.barcodes = codes ? codes : strdup("null");
    fw_keep_finish(r, t);
}

bool fw_read_give(struct fw_receive *r, struct fw_taken *t)
{
    if (!fw_rules_barcodes(t->rules) || !r->port.read_codes)
        return false;
    t->reading = true;
    if (!fw_hands_give(r, r->reader, fw_read_work, t)) {
        fw_log(FW_LOG_WARN, "barcodes.not_read", "fax=%s why=no_memory", t->fax.id);
        settle(r, t, NULL);
    }
    return true;
}

void fw_read_done(struct fw_receive *r, const struct fw_read_done *done)
{
    struct fw_taken *t = fw_taken_by_fax(r, done->fax);
    if (t && t->phase == FW_TAKEN_KEEP && t->reading)
        settle(r, t, done->codes);
    else
        free(done->codes);
}
