/* The reader of barcodes as a child process, which is the renderer's way of being run. */
#include "media/barcodes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/barcode.h"
#include "fax/fax_json.h"
#include "media/render_run.h"

/* Of computing a page of noise takes 0.5 s; the program begins none after its own, shorter time. */
enum { CPU_S = 30, CHECK_MS = 5000 };

static char *give_up(const char *fax, const char *why)
{
    fw_log(FW_LOG_WARN, "barcodes.not_read", "fax=%s why=%s", fax, FW_LOG_TEXT(why));
    return NULL;
}

/* Its words, read and made anew. */
static char *take(const char *fax, int fd, int pages)
{
    struct fw_buf text CLEANUP(fw_buf_done);
    uint8_t part[16 * 1024];
    off_t at = 0;
    fw_buf_init(&text, FW_BARCODES_TEXT_MAX);
    for (ssize_t got; (got = pread(fd, part, sizeof part, at)) > 0; at += got) {
        if (fw_buf_put(&text, (struct fw_span){ part, (size_t)got }))
            return give_up(fax, "it says more than is allowed");
    }
    json_t *list CLEANUP(fw_json_free) = fw_barcodes_read(fw_buf_span(&text), pages);
    return list ? json_dumps(list, JSON_COMPACT) : give_up(fax, "what it says makes no sense");
}

char *fw_media_barcodes(const char *program, const char *fax, const char *tif, int pages, uint32_t wall_ms,
                        const atomic_bool *stop)
{
    struct fw_fax named = { 0 }; /* for the log of the run */
    struct fw_render_report report;
    int in CLEANUP(fw_fd_close) = open(tif, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int out CLEANUP(fw_fd_close) = memfd_create("barcodes", MFD_CLOEXEC);
    if (in < 0 || out < 0)
        return give_up(fax, strerror(errno));
    fw_text_clip(named.id, sizeof named.id, fax);
    const struct fw_render_run run = { .program = program, .fax = &named, .document_fd = in, .pages_fd = out,
                                       .wall_ms = wall_ms, .cpu_s = CPU_S, .barcodes = FW_BARCODES_READ,
                                       .stop = stop };
    fw_render_run(&run, &report);
    if (report.end == FW_RUN_INTERRUPTED)
        return NULL;
    return report.end == FW_RUN_OK ? take(fax, out, pages) : give_up(fax, report.text);
}

bool fw_media_barcodes_can(const char *program)
{
    const struct fw_fax nobody = { 0 };
    struct fw_render_report report;
    int nothing CLEANUP(fw_fd_close) = memfd_create("barcodes", MFD_CLOEXEC);
    const struct fw_render_run run = { .program = program, .fax = &nobody, .document_fd = nothing,
                                       .pages_fd = nothing, .wall_ms = CHECK_MS, .cpu_s = CPU_S,
                                       .barcodes = FW_BARCODES_CHECK };
    if (nothing < 0)
        return false;
    fw_render_run(&run, &report);
    if (report.end != FW_RUN_OK)
        fw_log(FW_LOG_WARN, "barcodes.none_here", "why=%s", FW_LOG_TEXT(report.text));
    return report.end == FW_RUN_OK;
}
