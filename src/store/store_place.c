/* How far a fax is from its turn, counted by index as far as FW_PLACE_MAX. */
#include <string.h>

#include "base/text.h"
#include "store/store_internal.h"
#include "store/waiting.h"

enum { FAR_BACK_MS = 250 };

static enum fw_err read_count(struct fw_stmt *q, int *ret)
{
    const enum fw_err err = fw_stmt_row(q);
    if (err)
        return err;
    *ret = fw_stmt_int(q, 0, INT32_MAX);
    return fw_stmt_ok(q);
}

/* Who asks for a fax that waits, asks again and again; and in a long queue most are far back. A count to the end is
 * remembered for a moment, and holds for all that are further back. `since_us`: that they are ordered by. */
static bool is_far_back(struct fw_store *s, struct fw_far_mark *mark, const struct fw_fax *f, int64_t since_us,
                        struct fw_place *ret)
{
    pthread_mutex_lock(&s->far_back.lock);
    const struct fw_far_mark m = *mark;
    pthread_mutex_unlock(&s->far_back.lock);
    if (m.account != f->account || fw_mono_now().us >= m.until.us || (int)f->priority != m.priority ||
        since_us < m.since_us || (since_us == m.since_us && strcmp(f->id, m.id) < 0))
        return false;
    ret->ahead = FW_PLACE_MAX;
    ret->lanes = m.lanes;
    ret->other_lanes = m.other_lanes;
    return true;
}

static void note_far_back(struct fw_store *s, struct fw_far_mark *mark, const struct fw_fax *f, int64_t since_us,
                          const struct fw_place *p)
{
    struct fw_far_mark m = { .account = f->account, .since_us = since_us, .priority = (int)f->priority,
                             .lanes = p->lanes, .other_lanes = p->other_lanes,
                             .until = fw_mono_after(fw_mono_now(), FAR_BACK_MS) };
    fw_text_clip(m.id, sizeof m.id, f->id);
    pthread_mutex_lock(&s->far_back.lock);
    *mark = m;
    pthread_mutex_unlock(&s->far_back.lock);
}

/* Those of higher priority first, then the older ones. */
static enum fw_err documents_ahead(struct fw_store *s, struct fw_db *db, const struct fw_fax *f, struct fw_place *ret)
{
    if (is_far_back(s, &s->far_back.documents, f, f->created_at.us, ret))
        return FW_OK;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT count(*) FROM (SELECT 1 FROM (VALUES (0), (1), (2)) p CROSS JOIN fax f"
            " WHERE p.column1 <= ?1 AND f.status = 'queued' AND f.batch = '' AND f.priority = p.column1"
            " AND f.account = ?2 AND (p.column1 < ?1 OR (f.created_us, f.id) < (?3, ?4)) LIMIT ?5)");
    fw_stmt_bind_int(&q, f->priority);
    fw_stmt_bind_int(&q, f->account);
    fw_stmt_bind_int(&q, f->created_at.us);
    fw_stmt_bind_text(&q, f->id);
    fw_stmt_bind_int(&q, FW_PLACE_MAX);
    const enum fw_err err = read_count(&q, &ret->ahead);
    if (!err && ret->ahead >= FW_PLACE_MAX)
        note_far_back(s, &s->far_back.documents, f, f->created_at.us, ret);
    return err;
}

/* The lanes of the account from which somebody is taken before `f`; ?1 its priority, ?2 its account, ?3 when it is
 * due, or now if that has passed. */
#define LANES_AHEAD                                                                                                \
    "(VALUES (0), (1), (2)) p CROSS JOIN lane l INDEXED BY lane_first"                                             \
    " WHERE p.column1 <= ?1 AND l.priority = p.column1 AND l.account = ?2"                                         \
    " AND l.next_us <= CASE WHEN p.column1 < ?1 THEN ?3 ELSE ?4 END"

static void bind_lanes(struct fw_stmt *q, const struct fw_fax *f, struct fw_wall now)
{
    fw_stmt_bind_int(q, f->priority);
    fw_stmt_bind_int(q, f->account);
    fw_stmt_bind_int(q, f->due.us > now.us ? f->due.us : now.us);
    fw_stmt_bind_int(q, f->due.us);
    fw_stmt_bind_int(q, FW_PLACE_MAX);
}

static enum fw_err lanes_ahead(struct fw_db *db, const struct fw_fax *f, struct fw_wall now, struct fw_place *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT count(*) FROM (SELECT 1 FROM " LANES_AHEAD
                       " AND NOT (l.application = ?6 AND l.to_number = ?7) LIMIT ?5)");
    bind_lanes(&q, f, now);
    fw_stmt_bind_text(&q, f->application);
    fw_stmt_bind_text(&q, f->to);
    return read_count(&q, &ret->lanes);
}

static enum fw_err faxes_ahead(struct fw_db *db, const struct fw_fax *f, struct fw_wall now, struct fw_place *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT count(*), coalesce(sum(same), 0) FROM (SELECT l.application = ?7 AND l.to_number = ?8 AS same FROM "
            "(SELECT l.* FROM " LANES_AHEAD " LIMIT ?5) l CROSS JOIN fax f"
            " WHERE f.status = 'media.processed' AND f.application = l.application AND f.priority = l.priority"
            " AND f.to_number = l.to_number"
            " AND (f.due_us, f.id) < (CASE WHEN l.priority < ?1 THEN ?3 ELSE ?4 END, ?6) LIMIT ?5)");
    bind_lanes(&q, f, now);
    fw_stmt_bind_text(&q, f->id);
    fw_stmt_bind_text(&q, f->application);
    fw_stmt_bind_text(&q, f->to);
    enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    ret->ahead = fw_stmt_int(&q, 0, INT32_MAX);
    ret->same_number = fw_stmt_int(&q, 0, INT32_MAX);
    return fw_stmt_ok(&q);
}

/* Accounts take turns, so others go before it as often as its own does; all of them if they are more urgent. */
static enum fw_err others(struct fw_db *db, const struct fw_fax *f, struct fw_wall now, struct fw_place *ret)
{
    enum { ACCOUNTS_MAX = 64 };
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "WITH RECURSIVE a(priority, account) AS ("
            "SELECT column1, (SELECT min(account) FROM lane WHERE priority = column1) FROM (VALUES (0), (1), (2))"
            " WHERE column1 <= ?1"
            " UNION ALL SELECT priority, (SELECT min(l.account) FROM lane l WHERE l.priority = a.priority"
            " AND l.account > a.account) FROM a WHERE account IS NOT NULL LIMIT ?6)"
            " SELECT min(?3, coalesce(sum(min((SELECT count(*) FROM (SELECT 1 FROM lane l INDEXED BY lane_first"
            " WHERE l.priority = a.priority AND l.account = a.account AND l.next_us <= ?4 LIMIT ?3)),"
            " CASE WHEN a.priority < ?1 THEN ?3 ELSE ?5 END)), 0))"
            " FROM a WHERE account IS NOT NULL AND account != ?2");
    fw_stmt_bind_int(&q, f->priority);
    fw_stmt_bind_int(&q, f->account);
    fw_stmt_bind_int(&q, FW_PLACE_MAX);
    fw_stmt_bind_int(&q, f->due.us > now.us ? f->due.us : now.us);
    fw_stmt_bind_int(&q, ret->ahead + 1);
    fw_stmt_bind_int(&q, ACCOUNTS_MAX);
    return read_count(&q, &ret->other_lanes);
}

static enum fw_err calls_now(struct fw_db *db, const struct fw_fax *f, struct fw_place *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT count(*), coalesce(sum(to_number = ?1), 0) FROM fax INDEXED BY fax_in_call"
            " WHERE status IN ('originated', 'sending')");
    fw_stmt_bind_text(&q, f->to);
    const enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    ret->busy = fw_stmt_int(&q, 0, INT32_MAX);
    ret->busy_number = fw_stmt_int(&q, 0, INT32_MAX);
    return fw_stmt_ok(&q);
}

/* Of those that go before it, which is due, to its own number. */
static enum fw_err same_number(struct fw_db *db, const struct fw_fax *f, struct fw_wall now, struct fw_place *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "SELECT count(*) FROM (SELECT 1 FROM (VALUES (0), (1), (2)) p CROSS JOIN fax f"
            " WHERE p.column1 <= ?2 AND f.status = 'media.processed' AND f.application = ?1 AND f.priority = p.column1"
            " AND f.to_number = ?3 AND (f.due_us, f.id) < (CASE WHEN p.column1 < ?2 THEN ?7 ELSE ?4 END, ?5)"
            " LIMIT ?6)");
    fw_stmt_bind_text(&q, f->application);
    fw_stmt_bind_int(&q, f->priority);
    fw_stmt_bind_text(&q, f->to);
    fw_stmt_bind_int(&q, f->due.us);
    fw_stmt_bind_text(&q, f->id);
    fw_stmt_bind_int(&q, FW_PLACE_MAX);
    fw_stmt_bind_int(&q, now.us);
    return read_count(&q, &ret->same_number);
}

/* What is remembered is the same for all that are due and have both counts at their end. */
static enum fw_err call_ahead(struct fw_store *s, struct fw_db *db, const struct fw_fax *f, struct fw_wall now,
                              struct fw_place *ret)
{
    struct fw_far_mark *mark = &s->far_back.call;
    const bool is_due = f->due.us <= now.us;
    if (is_due && is_far_back(s, mark, f, f->due.us, ret))
        return same_number(db, f, now, ret);
    enum fw_err err = lanes_ahead(db, f, now, ret);
    if (!err)
        err = faxes_ahead(db, f, now, ret);
    if (!err)
        err = others(db, f, now, ret);
    if (!err && is_due && ret->ahead >= FW_PLACE_MAX && ret->lanes >= FW_PLACE_MAX)
        note_far_back(s, mark, f, f->due.us, ret);
    return err;
}

enum fw_err fw_store_fax_place(struct fw_store *s, const struct fw_fax *f, struct fw_wall now, struct fw_place *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_place place = { 0 };
    enum fw_err err = use.err;
    if (!err && f->status == FW_STATUS_QUEUED)
        err = f->batch[0] ? FW_OK : documents_ahead(s, use.db, f, &place);
    else if (!err && f->status == FW_STATUS_MEDIA_PROCESSED)
        err = call_ahead(s, use.db, f, now, &place);
    if (!err && f->status == FW_STATUS_MEDIA_PROCESSED)
        err = calls_now(use.db, f, &place);
    if (!err)
        *ret = place;
    return err;
}
