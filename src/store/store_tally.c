/* What the tally knows of a list of faxes: how many, and where a page far down begins. */
#include "store/store_tally.h"

/* Hours that lie wholly in the range; the rest of it is at most an hour at either end. */
struct hours {
    int64_t first, end;
};

static struct hours whole_hours(const struct fw_tally *t)
{
    const int64_t first = t->from_us <= 0 ? 0 : (t->from_us - 1) / FW_HOUR_US + 1;
    return (struct hours){ first, t->until_us / FW_HOUR_US };
}

static void bind(struct fw_stmt *q, const struct fw_tally *t, const struct hours *h)
{
    fw_stmt_bind_int(q, t->account);
    fw_stmt_bind_int(q, t->kind);
    fw_stmt_bind_text(q, t->number);
    fw_stmt_bind_int(q, h->first);
    fw_stmt_bind_int(q, h->end);
    fw_stmt_bind_text(q, t->direction);
}

#define WHERE                                                                                      \
    " FROM fax_tally WHERE account = ?1 AND kind = ?2 AND number = ?3 AND hour >= ?4"              \
    " AND hour < ?5 AND (?6 = '' OR direction = ?6)"

static enum fw_err sum(struct fw_db *db, const struct fw_tally *t, const struct hours *h,
                       int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT coalesce(sum(count), 0)" WHERE);
    bind(&q, t, h);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err ? err : fw_stmt_ok(&q);
}

enum fw_err fw_tally_about(struct fw_db *db, const struct fw_tally *t, int64_t *ret)
{
    const struct hours h = { t->from_us <= 0 ? 0 : t->from_us / FW_HOUR_US,
                             t->until_us / FW_HOUR_US + 1 };
    return sum(db, t, &h, ret);
}

enum fw_err fw_tally_total(struct fw_db *db, const struct fw_tally *t, fw_tally_count *count,
                           void *arg, int64_t *ret)
{
    const struct hours h = whole_hours(t);
    int64_t total = 0, before = 0, behind = 0;
    if (h.first >= h.end)
        return count(arg, db, t->from_us, t->until_us, ret);
    enum fw_err err = sum(db, t, &h, &total);
    if (!err && t->from_us > 0)
        err = count(arg, db, t->from_us, h.first * FW_HOUR_US, &before);
    if (!err && t->until_us < INT64_MAX)
        err = count(arg, db, h.end * FW_HOUR_US, t->until_us, &behind);
    *ret = total + before + behind;
    return err;
}

/* Newest first: steps back over hours as long as the page lies behind them. */
static enum fw_err step_back(struct fw_db *db, const struct fw_tally *t, const struct hours *h,
                             int64_t *until_us, int64_t *offset)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT hour, sum(count)" WHERE " GROUP BY hour ORDER BY hour DESC");
    bind(&q, t, h);
    enum fw_err err;
    while ((err = fw_stmt_row(&q)) == FW_OK) {
        const int64_t hour = fw_stmt_int64(&q), count = fw_stmt_int64(&q);
        *until_us = (hour + 1) * FW_HOUR_US;
        if (count > *offset)
            return fw_stmt_ok(&q);
        *offset -= count;
        *until_us = hour * FW_HOUR_US;
    }
    return err == FW_NOT_FOUND ? FW_OK : err;
}

enum fw_err fw_tally_seek(struct fw_db *db, const struct fw_tally *t, fw_tally_count *count,
                          void *arg, int64_t *until_us, int64_t *offset)
{
    const struct hours h = whole_hours(t);
    int64_t behind = 0;
    if (*offset == 0 || h.first >= h.end)
        return FW_OK;
    enum fw_err err = FW_OK;
    if (t->until_us < INT64_MAX)
        err = count(arg, db, h.end * FW_HOUR_US, t->until_us, &behind);
    if (err || behind > *offset)
        return err;
    *offset -= behind;
    return step_back(db, t, &h, until_us, offset);
}
