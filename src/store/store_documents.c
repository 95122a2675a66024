/* The folder of the documents, when it is not that of the database; and what is left when it forgot them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/store_internal.h"

enum { PATH_SIZE = 4400 };

const char *fw_store_documents_dir(const struct fw_store *s)
{
    return s->documents_dir ? s->documents_dir : s->data_dir;
}

bool fw_store_has_room(const struct fw_store *s, uint64_t bytes)
{
    return fw_disk_has(s->data_dir, bytes) && (!s->documents_dir || fw_disk_has(s->documents_dir, bytes));
}

static enum fw_err read_mark(struct fw_store *s, char ret[FW_UUID_SIZE])
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(use.db, "SELECT mark FROM documents_at");
    const enum fw_err err = fw_stmt_row(&q);
    ret[0] = '\0';
    if (err)
        return err == FW_NOT_FOUND ? FW_OK : err;
    fw_stmt_text(&q, ret, FW_UUID_SIZE);
    return fw_stmt_ok(&q);
}

/* What stands in the folder. False: nothing does. */
static bool find_mark(const char *path, char ret[FW_UUID_SIZE])
{
    ret[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(ret, FW_UUID_SIZE, file))
        ret[0] = '\0';
    fclose(file);
    return true;
}

static enum fw_err run_at(struct fw_db *db, const char *sql, int64_t at_us)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(db, sql);
    fw_stmt_bind_int(&q, at_us);
    return fw_stmt_run(&q);
}

/* By the way that rules of retention go: so it is shown, and has its record. */
static enum fw_err write_lost(struct fw_db *db, void *ret_count)
{
    const int64_t now_us = fw_wall_now().us;
    enum fw_err err = run_at(db, "INSERT OR IGNORE INTO fax_removal(fax, account, why)"
                                 " SELECT id, account, 'documents_lost' FROM fax WHERE purged_us = 0 AND ?1 > 0"
                                 " AND status IN ('delivered', 'failed', 'received') AND deleted_us = 0", now_us);
    if (!err)
        err = run_at(db, "INSERT OR IGNORE INTO fax_removal(fax, account, why)"
                         " SELECT id, account, 'documents_lost' FROM fax_batch WHERE completed_us != 0 AND ?1 > 0",
                     now_us);
    if (!err) /* what was read off the pages goes with them */
        err = run_at(db, "UPDATE event SET payload = json_remove(payload, '$.barcodes')"
                         " WHERE fax IN (SELECT id FROM fax WHERE barcodes IS NOT NULL AND purged_us = 0"
                         " AND deleted_us = 0 AND ?1 > 0)", now_us);
    if (!err)
        err = run_at(db, "UPDATE fax SET purged_us = ?1, barcodes = NULL WHERE purged_us = 0 AND deleted_us = 0"
                         " AND status IN ('delivered', 'failed', 'received')", now_us);
    *(int64_t *)ret_count = err ? 0 : sqlite3_changes(db->handle);
    return err ? err : run_at(db, "UPDATE media SET expires_us = ?1 WHERE expires_us > ?1", now_us);
}

static enum fw_err write_mark(struct fw_db *db, void *mark)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(db, "INSERT INTO documents_at(one, mark) VALUES (1, ?)");
    fw_stmt_bind_text(&q, mark);
    return fw_stmt_run(&q);
}

static bool same_folder(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* There are documents beside the database, and they are not to be there any more. */
static enum fw_err refuse_left(const struct fw_store *s, const char *dir, struct fw_fault *fault)
{
    static const char *const folders[] = { "faxes", "media", "previews" };
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", s->data_dir, folders[i]);
        if (rmdir(path) == 0 || errno == ENOENT || same_folder(s->data_dir, dir))
            continue;
        fw_fault_set(fault, "documents", "There are documents in %s; move the folder to %s, or remove it.", path, dir);
        return FW_CONFLICT;
    }
    return FW_OK;
}

/* Only memory forgets. A disk that is not the one is not mounted, or misspelt: an empty mark says that it is meant. */
static enum fw_err refuse_other(const char *dir, bool meant, struct fw_fault *fault)
{
    if (meant || fw_dir_in_memory(dir))
        return FW_OK;
    fw_fault_set(fault, "documents", "%s is not the folder that the documents were in. Name or mount that one; or, to"
                                     " give them up, make an empty file documents.mark in this one.", dir);
    return FW_CONFLICT;
}

/* The mark first: without its row it is another one, and nothing is lost for that. */
static enum fw_err mark_folder(struct fw_store *s, const char *path)
{
    char mark[FW_UUID_SIZE];
    fw_uuid_new(fw_wall_now(), mark);
    const enum fw_err err = fw_file_write(path, fw_span_of(mark), 0600);
    return err ? err : fw_writer_do(s->writer, write_mark, mark);
}

/* The mark last: until then it is all done again. */
static enum fw_err forget(struct fw_store *s, const char *path, const char *mark, int64_t *ret_lost)
{
    const enum fw_err err = fw_writer_do(s->writer, write_lost, ret_lost);
    return err ? err : fw_file_write(path, fw_span_of(mark), 0600);
}

static enum fw_err settle(struct fw_store *s, const char *dir, const char *mark, struct fw_fault *fault,
                          int64_t *ret_lost)
{
    char path[PATH_SIZE], found[FW_UUID_SIZE];
    snprintf(path, sizeof path, "%s/documents.mark", dir);
    const bool is_marked = find_mark(path, found);
    if (mark[0] && strcmp(found, mark) == 0)
        return FW_OK;
    if (found[0]) {
        fw_fault_set(fault, "documents", "%s is the documents' folder of another Faxwire. Name another one; or, if"
                                         " there is no such service any more, remove %s.", dir, path);
        return FW_CONFLICT;
    }
    const enum fw_err err = mark[0] ? refuse_other(dir, is_marked, fault) : refuse_left(s, dir, fault);
    if (err)
        return err;
    return mark[0] ? forget(s, path, mark, ret_lost) : mark_folder(s, path);
}

enum fw_err fw_store_keep_documents(struct fw_store *s, const char *dir, struct fw_fault *fault, int64_t *ret_lost)
{
    char mark[FW_UUID_SIZE];
    enum fw_err err = read_mark(s, mark);
    *ret_lost = 0;
    if (!err && !dir && mark[0]) {
        fw_fault_set(fault, "documents", "The documents are in a folder of their own, apart from %s; say which.",
                     s->data_dir);
        return FW_CONFLICT;
    }
    if (err || !dir)
        return err;
    if (fw_dir_make(dir)) {
        fw_fault_set(fault, "documents", "The folder %s cannot be made: %s.", dir, strerror(errno));
        return FW_IO;
    }
    s->documents_dir = strdup(dir);
    if (!s->documents_dir)
        return FW_NO_MEMORY;
    return settle(s, dir, mark, fault, ret_lost);
}
