/* migrate.h - brings a database to the form this program knows, one numbered step at a time.
 *
 * The steps are sql/sqlite/NNNN-what.sql, embedded at build time. Each is one transaction together
 * with its row in schema_version, so a start that was cut off goes on where it stopped.
 */
#ifndef FW_STORE_MIGRATE_H
#define FW_STORE_MIGRATE_H
#include "store/db.h"

struct fw_migration {
    int version;              /* 1, 2, 3 … without a gap */
    const unsigned char *sql; /* ends with NUL */
};
extern const struct fw_migration fw_store_migrations[];
extern const int fw_store_migration_count;

/* 0: no step was done yet. */
MUST_USE enum fw_err fw_store_version(struct fw_db *db, int64_t *ret);
/* FW_CONFLICT: the database is newer than `steps`. FW_IO: it cannot be read or written, or a step
 * failed; what was done before that step stays. */
MUST_USE enum fw_err fw_store_migrate(struct fw_db *db, const struct fw_migration *steps, int count,
                                      struct fw_fault *fault);
#endif
