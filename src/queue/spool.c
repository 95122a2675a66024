/* The spool: one folder a modem, the only one it can see; pages go in, as the port makes them of
 * the rendered ones, and its journal comes back. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "queue/live.h"
#include "t30/journal.h"

enum { PATH_SIZE = 4200 };

enum fw_err fw_queue_spool_dir(const char *documents_dir, int modem, char *dst, size_t dst_size)
{
    const int used = snprintf(dst, dst_size, "%s/spool/modem-%d", documents_dir, modem);
    if (used < 0 || (size_t)used >= dst_size)
        return FW_LIMIT;
    return fw_dir_make(dst);
}

enum fw_err fw_spool_put(struct fw_queue *q, const struct fw_fax *fax, int modem, const char *call)
{
    char to[PATH_SIZE];
    char dir[4096];
    struct fw_header_text header;
    fw_store_fax_home(q->config.store, fax, dir, sizeof dir);
    fw_store_spool_path(q->config.store, modem, call, ".tif", to, sizeof to);
    if (fax->header)
        fw_header_text_of(fax, fw_wall_now(), &header);
    return q->port.put_pages(dir, to, fax->first_page, fax->header ? &header : NULL);
}

void fw_spool_remove(struct fw_queue *q, int modem, const char *call)
{
    static const char *const suffixes[] = { ".tif", ".coarse.tif", ".journal" };
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[PATH_SIZE];
        if (modem < 0 || !call[0])
            return;
        fw_store_spool_path(q->config.store, modem, call, suffixes[i], path, sizeof path);
        unlink(path);
    }
}

void fw_spool_journal(struct fw_queue *q, const struct fw_fax *fax, struct fw_attempt_facts *facts)
{
    char path[PATH_SIZE];
    struct fw_journal_facts journal = { 0 };
    if (fax->modem < 0 || !fax->call[0])
        return;
    fw_store_spool_path(q->config.store, fax->modem, fax->call, ".journal", path, sizeof path);
    const enum fw_err err = fw_journal_read(path, &journal);
    if (err && err != FW_NOT_FOUND)
        fw_log(FW_LOG_ERROR, "journal.damaged", "fax=%s call=%s error=%s", fax->id, fax->call,
               FW_LOG_TEXT(fw_err_text(err)));
    if (err && err != FW_PROTOCOL) /* a damaged line ends it; what stands before it is true */
        return;
    facts->pages_confirmed = fw_live_pages(fax, journal.pages_confirmed);
    facts->has_result = journal.ended;
    facts->t30_code = journal.t30_code;
}

void fw_spool_clear(struct fw_queue *q)
{
    char path[PATH_SIZE];
    const int used =
        snprintf(path, sizeof path, "%s/spool", fw_store_documents_dir(q->config.store));
    if (used > 0 && used < PATH_SIZE)
        fw_dir_remove(path, 2);
}
