/* One SQLite connection and its statements: the edge of this room to SQLite. */
#include "store/db.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    BUSY_MS = 10000,    /* another program looks at the file, e.g. a backup */
    SQL_LOGGED_MAX = 60 /* bytes of a failed statement in the log */
};

/* FULL: a commit is on disk when it returns. The cache is in KiB when negative, the rest in bytes.
 * Checkpoints: checkpoint.h. */
static const char pragmas_writer[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
    "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864;"
    "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;";
static const char pragmas_reader[] =
    "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;"
    "PRAGMA trusted_schema=OFF;";

enum fw_err fw_db_open(const char *path, bool writable, struct fw_db *ret, struct fw_fault *fault)
{
    struct fw_db db = { 0 };
    const int flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &db.handle, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db.handle, BUSY_MS);
    db.wait_ms = BUSY_MS;
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db.handle, writable ? pragmas_writer : pragmas_reader, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        fw_fault_set(fault, "data_dir",
                     rc == SQLITE_NOTADB ? "%s is not a database (%s); move it away."
                                         : "%s cannot be opened: %s; check the folder, its owner "
                                           "and the free space.",
                     path, db.handle ? sqlite3_errmsg(db.handle) : sqlite3_errstr(rc));
        fw_db_close(&db);
        return rc == SQLITE_NOMEM ? FW_NO_MEMORY : FW_IO;
    }
    *ret = db;
    return FW_OK;
}

void fw_db_close(struct fw_db *db)
{
    for (int i = 0; i < db->cached_count; i++)
        sqlite3_finalize(db->cached[i].stmt);
    if (db->handle)
        sqlite3_close_v2(db->handle);
    *db = (struct fw_db){ 0 };
}

enum fw_err fw_db_error(struct fw_db *db, const char *sql)
{
    const int rc = sqlite3_extended_errcode(db->handle);
    if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
        return FW_NOT_FOUND;
    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY)
        return FW_CONFLICT;
    const int saved = sqlite3_system_errno(db->handle);
    fw_log(FW_LOG_ERROR, "store.failed", "code=%d errno=%d error=%s sql=%.*s", rc, saved,
           FW_LOG_TEXT(sqlite3_errmsg(db->handle)), SQL_LOGGED_MAX, sql);
    return (rc & 0xff) == SQLITE_NOMEM ? FW_NO_MEMORY : FW_IO;
}

enum fw_err fw_db_exec(struct fw_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? FW_OK
                                                                        : fw_db_error(db, sql);
}

enum fw_err fw_db_run(struct fw_db *db, const char *sql)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, sql);
    return fw_stmt_run(&q);
}

int fw_db_wait_ms(struct fw_db *db, int ms)
{
    const int before = db->wait_ms;
    if (sqlite3_busy_timeout(db->handle, ms) == SQLITE_OK)
        db->wait_ms = ms;
    return before;
}

struct fw_stmt fw_stmt_once(struct fw_db *db, const char *sql)
{
    struct fw_stmt q = { .db = db };
    if (sqlite3_prepare_v3(db->handle, sql, -1, 0, &q.stmt, NULL) != SQLITE_OK)
        q.err = fw_db_error(db, sql);
    return q;
}

struct fw_stmt fw_stmt_of(struct fw_db *db, const char *sql)
{
    for (int i = 0; i < db->cached_count; i++) {
        if (db->cached[i].sql != sql)
            continue;
        fw_assert(!sqlite3_stmt_busy(db->cached[i].stmt));
        return (struct fw_stmt){ .db = db, .stmt = db->cached[i].stmt, .cached = true };
    }
    fw_assert(db->cached_count < FW_DB_CACHED_MAX);
    struct fw_stmt q = { .db = db, .cached = true };
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &q.stmt, NULL) !=
        SQLITE_OK) {
        q.err = fw_db_error(db, sql);
        return q;
    }
    db->cached[db->cached_count].sql = sql;
    db->cached[db->cached_count++].stmt = q.stmt;
    return q;
}

void fw_stmt_done(struct fw_stmt *q)
{
    if (!q->cached) {
        sqlite3_finalize(q->stmt);
    } else if (q->stmt) {
        sqlite3_reset(q->stmt);
        sqlite3_clear_bindings(q->stmt);
    }
    *q = (struct fw_stmt){ 0 };
}

static void fail(struct fw_stmt *q)
{
    if (!q->err)
        q->err = fw_db_error(q->db, q->stmt ? sqlite3_sql(q->stmt) : "");
}

void fw_stmt_bind_text(struct fw_stmt *q, const char *text)
{
    q->bound++;
    if (!q->err && sqlite3_bind_text(q->stmt, q->bound, text, -1, SQLITE_STATIC) != SQLITE_OK)
        fail(q);
}

void fw_stmt_bind_int(struct fw_stmt *q, int64_t value)
{
    q->bound++;
    if (!q->err && sqlite3_bind_int64(q->stmt, q->bound, value) != SQLITE_OK)
        fail(q);
}

enum fw_err fw_stmt_row(struct fw_stmt *q)
{
    if (q->err)
        return q->err;
    q->column = 0;
    const int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return FW_OK;
    if (rc == SQLITE_DONE)
        return FW_NOT_FOUND;
    fail(q);
    return q->err;
}

enum fw_err fw_stmt_run(struct fw_stmt *q)
{
    if (!q->err) {
        const int rc = sqlite3_step(q->stmt);
        fw_assert(rc != SQLITE_ROW);
        if (rc != SQLITE_DONE)
            fail(q);
    }
    return q->err;
}

/* What is read does not fit what was written: not by this program, or the disk lies. */
static void damaged(struct fw_stmt *q, int column)
{
    if (q->err)
        return;
    fw_log(FW_LOG_ERROR, "store.damaged", "column=%s sql=%.*s",
           sqlite3_column_name(q->stmt, column), SQL_LOGGED_MAX, sqlite3_sql(q->stmt));
    q->err = FW_IO;
}

void fw_stmt_text(struct fw_stmt *q, char *dst, size_t dst_size)
{
    const int column = q->column++;
    const char *text = q->err ? NULL : (const char *)sqlite3_column_text(q->stmt, column);
    const size_t size = text ? strlen(text) : dst_size;
    if (size >= dst_size) {
        dst[0] = '\0';
        damaged(q, column);
        return;
    }
    memcpy(dst, text, size + 1);
}

char *fw_stmt_owned_text(struct fw_stmt *q)
{
    const int column = q->column++;
    if (q->err || sqlite3_column_type(q->stmt, column) == SQLITE_NULL)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(q->stmt, column);
    char *owned = text ? strdup(text) : NULL;
    if (!owned)
        q->err = FW_NO_MEMORY;
    return owned;
}

int64_t fw_stmt_int64(struct fw_stmt *q)
{
    const int column = q->column++;
    return q->err ? 0 : sqlite3_column_int64(q->stmt, column);
}

int fw_stmt_int(struct fw_stmt *q, int min, int max)
{
    const int64_t value = fw_stmt_int64(q);
    if (value >= min && value <= max)
        return (int)value;
    damaged(q, q->column - 1);
    return min;
}

void fw_stmt_damaged(struct fw_stmt *q)
{
    damaged(q, q->column - 1);
}

bool fw_stmt_bool(struct fw_stmt *q)
{
    return fw_stmt_int(q, 0, 1) == 1;
}

enum fw_err fw_stmt_ok(struct fw_stmt *q)
{
    return q->err;
}
