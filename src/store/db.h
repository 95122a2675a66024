/* db.h - one SQLite connection and its statements: the only file of the room that steps them.
 *
 * A statement's failure is kept in it: bind everything, then look at what run or row returns;
 * read all columns, then ask fw_stmt_ok once. A connection belongs to one thread at a time.
 */
#ifndef FW_STORE_DB_H
#define FW_STORE_DB_H
#include <sqlite3.h>

#include "base/clock.h"

enum { FW_DB_CACHED_MAX = 256 }; /* every literal statement of the room fits; see fw_stmt_of */

struct fw_db {
    sqlite3 *handle;
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } cached[FW_DB_CACHED_MAX];
    int cached_count;
    int wait_ms;
    bool has_deliveries; /* set by a write that made one due; the writer reads and clears it */
    bool has_events;     /* likewise, by one that wrote an event */
};

/* `path` must exist. `fault` may say why not (FW_IO). */
MUST_USE enum fw_err fw_db_open(const char *path, bool writable, struct fw_db *ret,
                                struct fw_fault *fault);
void fw_db_close(struct fw_db *db);                                 /* zeroed is fine */
MUST_USE enum fw_err fw_db_exec(struct fw_db *db, const char *sql); /* logs its failure */
/* The same for a literal, which is kept prepared. */
MUST_USE enum fw_err fw_db_run(struct fw_db *db, const char *sql);
/* How long it waits for others that hold the file; returns how long it did. */
int fw_db_wait_ms(struct fw_db *db, int ms);
/* From the last failure of `db`. Logs it unless it is a constraint, which the callers expect. */
enum fw_err fw_db_error(struct fw_db *db, const char *sql);

struct fw_stmt {
    struct fw_db *db;
    sqlite3_stmt *stmt;
    enum fw_err err;   /* the first failure */
    bool cached;       /* kept prepared for the next use */
    int bound, column; /* how many so far */
};

/* `sql` must be a literal: the cache knows it by its address. */
struct fw_stmt fw_stmt_of(struct fw_db *db, const char *sql);
struct fw_stmt fw_stmt_once(struct fw_db *db, const char *sql); /* composed; not cached */
void fw_stmt_done(struct fw_stmt *q);                           /* for CLEANUP */

/* The next parameter. The text must live until fw_stmt_done; NULL is SQL NULL. */
void fw_stmt_bind_text(struct fw_stmt *q, const char *text);
void fw_stmt_bind_int(struct fw_stmt *q, int64_t value);

/* FW_OK: there is a row. FW_NOT_FOUND: no more. */
MUST_USE enum fw_err fw_stmt_row(struct fw_stmt *q);
/* For those without rows. FW_CONFLICT: a key is taken. FW_NOT_FOUND: a reference is not there. */
MUST_USE enum fw_err fw_stmt_run(struct fw_stmt *q);

/* The next column of the row. What does not fit is a damaged database: FW_IO. */
void fw_stmt_text(struct fw_stmt *q, char *dst, size_t dst_size);
char *fw_stmt_owned_text(struct fw_stmt *q); /* NULL for SQL NULL; the caller frees it */
int64_t fw_stmt_int64(struct fw_stmt *q);
int fw_stmt_int(struct fw_stmt *q, int min, int max);
bool fw_stmt_bool(struct fw_stmt *q);
void fw_stmt_damaged(struct fw_stmt *q); /* the column just read is not one of its values */
MUST_USE enum fw_err fw_stmt_ok(struct fw_stmt *q);
#endif
