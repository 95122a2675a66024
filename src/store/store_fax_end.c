/* Faxes that shall end or go: cancelled, deleted, forgotten, and their files removed.
 *
 * A wish is one durable column, so that it outlives whoever was told of it. A deleted fax is out of
 * sight at once; its rows are needed until it has ended and the last webhook of it is settled.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "store/store_internal.h"

enum { SWEEP_MAX = 256, FAX_DIR_DEPTH = 2, FOLDER_SIZE = 4200 };

struct end_write {
    int64_t account;
    const char *id;
    int64_t now_us;
    bool *is_live;
};

static enum fw_err read_status(struct fw_db *db, const struct end_write *w, enum fw_status *ret)
{
    char status[32];
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT status FROM fax WHERE id = ? AND account = ? AND deleted_us = 0");
    fw_stmt_bind_text(&q, w->id);
    fw_stmt_bind_int(&q, w->account);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, status, sizeof status);
    if (!q.err && !fw_status_parse(status, ret))
        fw_stmt_damaged(&q);
    return fw_stmt_ok(&q);
}

static enum fw_err ask_to_cancel(struct fw_db *db, const struct end_write *w)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE fax SET cancel_us = ? WHERE id = ? AND cancel_us = 0");
    fw_stmt_bind_int(&q, w->now_us);
    fw_stmt_bind_text(&q, w->id);
    return fw_stmt_run(&q);
}

static enum fw_err cancel(struct fw_db *db, void *arg)
{
    const struct end_write *w = arg;
    enum fw_status status;
    const enum fw_err err = read_status(db, w, &status);
    if (err)
        return err;
    return fw_status_final(status) ? FW_CONFLICT : ask_to_cancel(db, w);
}

enum fw_err fw_store_fax_cancel(struct fw_store *s, int64_t account, const char *id,
                                struct fw_wall now)
{
    struct end_write w = { .account = account, .id = id, .now_us = now.us };
    return fw_writer_do(s->writer, cancel, &w);
}

static enum fw_err run_for(struct fw_db *db, const char *sql, const char *fax)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(db, sql);
    fw_stmt_bind_text(&q, fax);
    return fw_stmt_run(&q);
}

static enum fw_err is_told(struct fw_db *db, const char *fax)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT 1 FROM delivery WHERE fax = ? AND state = 'pending'");
    fw_stmt_bind_text(&q, fax);
    const enum fw_err err = fw_stmt_row(&q);
    return err == FW_NOT_FOUND ? FW_OK : err ? err : FW_BUSY;
}

enum fw_err fw_fax_forget(struct fw_db *db, const char *fax)
{
    enum fw_err err = run_for(
        db, "INSERT OR IGNORE INTO fax_removal(fax, account) SELECT id, account FROM fax WHERE id = ?", fax);
    if (!err) /* the files of its batch go with the last of its faxes */
        err = run_for(db,
                      "INSERT OR IGNORE INTO fax_removal(fax, account) SELECT f.batch, f.account FROM fax f"
                      " WHERE f.id = ? AND f.batch != ''"
                      " AND NOT EXISTS (SELECT 1 FROM fax o INDEXED BY fax_of_batch WHERE o.batch = f.batch"
                      " AND o.batch != '' AND ((o.deleted_us = 0 AND o.purged_us = 0)"
                      " OR o.status NOT IN ('delivered', 'failed')))"
                      " AND NOT EXISTS (SELECT 1 FROM fax_slice WHERE batch = f.batch)",
                      fax);
    if (!err) /* not even sent, if it was not yet */
        err = run_for(db, "DELETE FROM mail WHERE fax = ?", fax);
    if (!err)
        err = run_for(db, "DELETE FROM forward WHERE fax = ?", fax);
    if (!err)
        err = is_told(db, fax);
    if (err)
        return err == FW_BUSY ? FW_OK : err;
    err = run_for(db,
                  "DELETE FROM webhook_attempt WHERE delivery IN"
                  " (SELECT id FROM delivery WHERE fax = ?)",
                  fax);
    if (!err)
        err = run_for(
            db, "DELETE FROM delivery WHERE event_seq IN (SELECT seq FROM event WHERE fax = ?)",
            fax);
    if (!err)
        err = run_for(db, "DELETE FROM event WHERE fax = ?", fax);
    if (!err)
        err = run_for(db, "DELETE FROM attempt WHERE fax = ?", fax);
    return err ? err : run_for(db, "DELETE FROM fax WHERE id = ?", fax);
}

static enum fw_err hide(struct fw_db *db, const struct end_write *w)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE fax SET deleted_us = ? WHERE id = ?");
    fw_stmt_bind_int(&q, w->now_us);
    fw_stmt_bind_text(&q, w->id);
    return fw_stmt_run(&q);
}

static enum fw_err delete_fax(struct fw_db *db, void *arg)
{
    const struct end_write *w = arg;
    enum fw_status status = FW_STATUS_QUEUED;
    enum fw_err err = read_status(db, w, &status);
    if (!err)
        err = hide(db, w);
    if (err)
        return err;
    *w->is_live = !fw_status_final(status);
    return *w->is_live ? ask_to_cancel(db, w) : fw_fax_forget(db, w->id);
}

enum fw_err fw_store_fax_delete(struct fw_store *s, int64_t account, const char *id,
                                struct fw_wall now, bool *ret_live)
{
    struct end_write w = { account, id, now.us, ret_live };
    return fw_writer_do(s->writer, delete_fax, &w);
}

/* Files. */

struct removals {
    char ids[SWEEP_MAX][FW_UUID_SIZE];
    int count;
};

static enum fw_err read_removals(struct fw_store *s, struct removals *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT fax FROM fax_removal ORDER BY fax LIMIT ?");
    fw_stmt_bind_int(&q, SWEEP_MAX);
    enum fw_err err = FW_NOT_FOUND;
    while (ret->count < SWEEP_MAX && (err = fw_stmt_row(&q)) == FW_OK) {
        fw_stmt_text(&q, ret->ids[ret->count], FW_UUID_SIZE);
        if (fw_stmt_ok(&q))
            return fw_stmt_ok(&q);
        ret->count++;
    }
    return err == FW_NOT_FOUND ? FW_OK : err; /* the rest is for the next time */
}

struct removed {
    const char *fax;
    int64_t files, bytes;
};

/* Folders of a fax are flat. */
static void count_files(const char *folder, struct removed *r)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct stat st;
        if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        r->files++;
        r->bytes += st.st_size;
    }
    if (dir)
        closedir(dir);
}

/* True once nothing is left of it, durably. */
static bool remove_folder(struct fw_store *s, struct removed *r)
{
    char folder[FOLDER_SIZE];
    struct stat st;
    fw_store_fax_dir(s, r->fax, folder, sizeof folder);
    if (lstat(folder, &st) < 0)
        return true;
    count_files(folder, r);
    fw_dir_remove(folder, FAX_DIR_DEPTH);
    if (lstat(folder, &st) == 0) {
        fw_log(FW_LOG_ERROR, "store.files_left", "fax=%s next=at the next start", r->fax);
        return false;
    }
    *strrchr(folder, '/') = '\0';
    return fw_dir_sync(folder) == FW_OK;
}

static enum fw_err strike_off(struct fw_db *db, void *arg)
{
    const struct removed *r = arg;
    const enum fw_err err = fw_audit_write(db, r->fax, r->files, r->bytes);
    return err ? err : run_for(db, "DELETE FROM fax_removal WHERE fax = ?", r->fax);
}

static void removals_free_p(struct removals **r)
{
    free(*r);
}

enum fw_err fw_store_fax_sweep(struct fw_store *s)
{
    /* One at a time: what two removed at once would be counted by neither. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct removals *r CLEANUP(removals_free_p) = calloc(1, sizeof *r);
    pthread_mutex_lock(&lock);
    enum fw_err err = r ? read_removals(s, r) : FW_NO_MEMORY;
    for (int i = 0; !err && i < r->count; i++) {
        struct removed removed = { .fax = r->ids[i] };
        if (remove_folder(s, &removed))
            err = fw_writer_do(s->writer, strike_off, &removed);
    }
    pthread_mutex_unlock(&lock);
    return err;
}

/* Of the fax itself, of a batch that has its documents, or of one that is being removed. */
static enum fw_err is_known(struct fw_store *s, const char *id)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT 1 FROM fax WHERE id = ?1 UNION ALL SELECT 1 FROM fax_batch WHERE id = ?1"
                           " UNION ALL SELECT 1 FROM fax_removal WHERE fax = ?1");
    fw_stmt_bind_text(&q, id);
    return fw_stmt_row(&q);
}

/* The time in a UUID of version 7 is its first 48 bits, in milliseconds. */
static bool is_older(const char *id, struct fw_wall before)
{
    char hex[13];
    if (!fw_uuid_valid(id))
        return false;
    snprintf(hex, sizeof hex, "%.8s%.4s", id, id + 9);
    return strtoll(hex, NULL, 16) < before.us / 1000;
}

/* As a request leaves them before its row is written. Pages, or what was received, are nobody's to remove but of
 * whoever knows the fax: an older database may have been put beside newer folders. */
static bool has_documents_only(const char *path)
{
    bool only = true;
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && only && (e = readdir(dir));)
        only = e->d_name[0] == '.' || strncmp(e->d_name, "document-", 9) == 0;
    if (!dir)
        return false;
    closedir(dir);
    return only;
}

void fw_store_fax_strays(struct fw_store *s, int part, struct fw_wall before)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE];
    snprintf(folder, sizeof folder, "%s/faxes/%02x", fw_store_documents_dir(s), (unsigned)part);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!is_older(e->d_name, before) || is_known(s, e->d_name) != FW_NOT_FOUND)
            continue;
        fw_store_fax_dir(s, e->d_name, path, sizeof path);
        if (!has_documents_only(path))
            continue;
        fw_dir_remove(path, FAX_DIR_DEPTH);
        fw_log(FW_LOG_INFO, "store.stray_removed", "fax=%s", e->d_name);
    }
    if (dir)
        closedir(dir);
}
