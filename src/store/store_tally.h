/* store_tally.h - how many faxes a list has, kept by hour (sql/sqlite/0014): no page counts them all.
 *
 * Hours that a range cuts are counted by the caller's `count`, by an index: at most two of them. Inside
 * of this room only.
 */
#ifndef FW_STORE_TALLY_H
#define FW_STORE_TALLY_H
#include "store/db.h"

#define FW_HOUR_US INT64_C(3600000000)

enum fw_tally_kind { FW_TALLY_ALL, FW_TALLY_FROM, FW_TALLY_TO };

/* Faxes that were created in [from_us, until_us); INT64_MAX: no end. */
struct fw_tally {
    int64_t account;
    enum fw_tally_kind kind;
    const char *number;    /* "" with FW_TALLY_ALL */
    const char *direction; /* "": both */
    int64_t from_us, until_us;
};

/* Counts the faxes of a part of the range, the slow way. */
typedef enum fw_err fw_tally_count(void *arg, struct fw_db *db, int64_t from_us, int64_t until_us,
                                   int64_t *ret);

MUST_USE enum fw_err fw_tally_total(struct fw_db *db, const struct fw_tally *t,
                                    fw_tally_count *count, void *arg, int64_t *ret);
/* At least as many as there are, and little more: to choose an index by. */
MUST_USE enum fw_err fw_tally_about(struct fw_db *db, const struct fw_tally *t, int64_t *ret);
/* `*offset` rows down from `*until_us`, newest first, is the same place as before, but fewer rows. */
MUST_USE enum fw_err fw_tally_seek(struct fw_db *db, const struct fw_tally *t,
                                   fw_tally_count *count, void *arg, int64_t *until_us,
                                   int64_t *offset);
#endif
