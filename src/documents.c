/* Documents fetched and rendered. */
#include "documents.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "media/fetch.h"
#include "media/media.h"
#include "page/facts.h"

enum {
    FETCH_CONNECT_MS = 5 * 1000,
    FETCH_MS = 30 * 1000, /* below the minute that clients wait for an answer */
    PREVIEW_BYTES_MAX = 128 * 1024 * 1024,
};

/* Then what is in memory may get to a disk all the same. */
static bool swaps(void)
{
    char line[256];
    int lines = 0;
    FILE *file = fopen("/proc/swaps", "re");
    while (file && lines < 2 && fgets(line, sizeof line, file))
        lines++; /* the first is the head of the table */
    if (file)
        fclose(file);
    return lines > 1;
}

enum fw_err fw_documents_settle(struct fw_store *s, const struct fw_config *config, struct fw_fault *fault)
{
    int64_t lost = 0;
    const char *dir = config->documents[0] ? config->documents : NULL;
    const char *place = dir ? dir : config->data;
    /* First: a start that is refused leaves all as it was. */
    if (config->documents_in_memory && (fw_dir_make(place) || !fw_dir_in_memory(place))) {
        fw_fault_set(fault, "documents", "%s is not in memory, and documents_in_memory is set; choose a folder of a"
                                         " tmpfs, such as /dev/shm/faxwire.", place);
        return FW_INVALID;
    }
    const enum fw_err err = fw_store_keep_documents(s, dir, fault, &lost);
    if (err)
        return err;
    if (lost > 0)
        fw_log(FW_LOG_WARN, "documents.lost", "faxes=%lld folder=%s", (long long)lost, FW_LOG_TEXT(dir));
    if (config->documents_in_memory && swaps())
        fw_log(FW_LOG_WARN, "documents.swap", "text=memory of this machine may be swapped to a disk; turn swap off");
    return FW_OK;
}

/* Of the exact pages. A fax goes on without one: it is for looking at only. */
static void make_preview(const struct fw_fax *fax, const char *dir)
{
    char pages[4200], pdf[4200];
    struct fw_fault fault = { 0 };
    snprintf(pages, sizeof pages, "%s/pages.tif", dir);
    snprintf(pdf, sizeof pdf, "%s/preview.pdf", dir);
    const enum fw_err err = fw_page_to_pdf(pages, pdf, PREVIEW_BYTES_MAX, &fault);
    if (err)
        fw_log(FW_LOG_WARN, "preview.failed", "fax=%s error=%s text=%s", fax->id, fw_err_text(err),
               FW_LOG_TEXT(fault.message));
}

/* For whoever looks at the fax. It goes on without. */
static void measure_pages(const struct fw_fax *fax, const char *dir)
{
    char pages[4200], facts[4200];
    struct fw_fault fault = { 0 };
    snprintf(pages, sizeof pages, "%s/pages.tif", dir);
    snprintf(facts, sizeof facts, "%s/pages.facts", dir);
    const enum fw_err err = fw_page_facts_write(pages, facts, &fault);
    if (err)
        fw_log(FW_LOG_WARN, "pages.not_measured", "fax=%s error=%s text=%s", fax->id, fw_err_text(err),
               FW_LOG_TEXT(fault.message));
}

void fw_documents_prepare(const struct fw_documents *d, const struct fw_fax *fax, const char *dir,
                          const atomic_bool *stop, struct fw_prepared *ret)
{
    const struct fw_media_config config = {
        .render_program = d->render,
        .office_program = d->office,
        .covers_dir = d->covers_dir,
        .allow_private = d->allow_private,
    };
    const struct fw_media_job job = { .config = &config, .fax = fax, .dir = dir, .stop = stop };
    struct fw_media_result result = { 0 };
    fw_media_prepare(&job, &result);
    if (result.end == FW_MEDIA_OK)
        measure_pages(fax, dir);
    if (result.end == FW_MEDIA_OK && fax->store_preview && fax->preview_pdf)
        make_preview(fax, dir);
    *ret = (struct fw_prepared){ .page_count = result.page_count };
    fw_text_clip(ret->reason, sizeof ret->reason, result.reason);
    fw_text_clip(ret->detail, sizeof ret->detail, result.detail);
    switch (result.end) {
    case FW_MEDIA_OK: ret->result = FW_PREPARED_OK; break;
    case FW_MEDIA_FAILED: ret->result = FW_PREPARED_FAILED; break;
    case FW_MEDIA_INTERRUPTED: ret->result = FW_PREPARED_INTERRUPTED; break;
    }
}

/* /v2/media: inside of a request, so with less patience than the documents of a fax get. */
enum fw_err fw_documents_fetch(const struct fw_documents *d, const char *url, int fd, uint64_t size_max,
                               const atomic_bool *stop, struct fw_fault *fault)
{
    const struct fw_fetch_limits limits = {
        .user_agent = "faxwire", .allow_private = d->allow_private,
        .size_max = size_max, .connect_timeout_ms = FETCH_CONNECT_MS, .total_timeout_ms = FETCH_MS,
        .stop = stop,
    };
    struct fw_fetch_result got;
    fw_fetch(url, fd, &limits, &got);
    fw_fault_set(fault, "media_url", "%s", got.text);
    switch (got.end) {
    case FW_FETCH_OK: return FW_OK;
    case FW_FETCH_FAILED: return FW_INVALID;
    case FW_FETCH_TOO_LARGE: return FW_LIMIT;
    case FW_FETCH_INTERRUPTED: return FW_BUSY;
    case FW_FETCH_LOCAL: break;
    }
    return FW_IO;
}
