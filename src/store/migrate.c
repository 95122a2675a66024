/* Brings a database to the form this program knows, one numbered step at a time. */
#include "store/migrate.h"

enum fw_err fw_store_version(struct fw_db *db, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_once(db, "SELECT coalesce(max(version), 0) FROM schema_version");
    const enum fw_err err = fw_stmt_row(&q);
    *ret = err ? 0 : fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

static enum fw_err apply(struct fw_db *db, const struct fw_migration *step)
{
    enum fw_err err = fw_db_exec(db, (const char *)step->sql);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_once(db, "INSERT INTO schema_version(version, applied_us) VALUES (?, ?)");
    fw_stmt_bind_int(&q, step->version);
    fw_stmt_bind_int(&q, fw_wall_now().us);
    return fw_stmt_run(&q);
}

static void set_fault(struct fw_db *db, int version, struct fw_fault *fault)
{
    fw_fault_set(fault, "data_dir",
                 "The database %s cannot be brought to version %d: %s; check the free space, the "
                 "folder's owner and the log.",
                 sqlite3_db_filename(db->handle, "main"), version, sqlite3_errmsg(db->handle));
}

static enum fw_err apply_in_transaction(struct fw_db *db, const struct fw_migration *step,
                                        struct fw_fault *fault)
{
    enum fw_err err = fw_db_exec(db, "BEGIN IMMEDIATE");
    if (!err)
        err = apply(db, step);
    if (!err)
        err = fw_db_exec(db, "COMMIT");
    if (err)
        set_fault(db, step->version, fault);
    if (err && !sqlite3_get_autocommit(db->handle) && fw_db_exec(db, "ROLLBACK"))
        return FW_IO;
    return err == FW_NO_MEMORY ? err : err ? FW_IO : FW_OK;
}

enum fw_err fw_store_migrate(struct fw_db *db, const struct fw_migration *steps, int count,
                             struct fw_fault *fault)
{
    int64_t version = 0;
    enum fw_err err =
        fw_db_exec(db, "CREATE TABLE IF NOT EXISTS schema_version("
                       "version INTEGER PRIMARY KEY, applied_us INTEGER NOT NULL) STRICT");
    if (!err)
        err = fw_store_version(db, &version);
    if (err) {
        set_fault(db, count, fault);
        return err == FW_NO_MEMORY ? err : FW_IO;
    }
    if (version < 0 || version > count) {
        fw_fault_set(fault, "data_dir",
                     "The database is of version %lld, made by a newer Faxwire; this one knows up "
                     "to %d. Start the newer program, or restore an older copy of the folder.",
                     (long long)version, count);
        return FW_CONFLICT;
    }
    for (int i = (int)version; !err && i < count; i++) {
        fw_assert(steps[i].version == i + 1);
        err = apply_in_transaction(db, &steps[i], fault);
    }
    return err;
}
