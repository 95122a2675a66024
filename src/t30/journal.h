/* journal.h - what is known of a call, kept on disk line by line, so that a crash loses nothing.
 *
 * The modem writes a line before it tells anybody; the parent reads it when the modem died before
 * its report. Lines: `page N` when page N is confirmed, `end CODE PAGES` when the call is over. A
 * line that is cut off (no newline) does not count. Each line is synced to disk.
 */
#ifndef FW_T30_JOURNAL_H
#define FW_T30_JOURNAL_H
#include "base/base.h"

struct fw_journal;

/* Makes the file anew (a call id is used once). Its folder is synced with the first line: 64 calls
 * that begin at once must not wait for the disk. FW_IO, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_journal_new(const char *path, struct fw_journal **ret);
void fw_journal_free(struct fw_journal *j); /* NULL is fine */
MUST_USE enum fw_err fw_journal_page(struct fw_journal *j, uint32_t pages);
MUST_USE enum fw_err fw_journal_end(struct fw_journal *j, int t30_code, uint32_t pages);

struct fw_journal_facts {
    uint32_t pages_confirmed;
    bool ended; /* an end line is there; t30_code is meant */
    int t30_code;
};

/* FW_NOT_FOUND: no such file, the call never began; FW_IO; FW_PROTOCOL: a line that is none, the
 * facts before it stand in `ret`. */
MUST_USE enum fw_err fw_journal_read(const char *path, struct fw_journal_facts *ret);
#endif
