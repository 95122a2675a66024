/* An event is told once more: by a delivery of its own, or at once by the one that is waiting. */
#include "store/store_internal.h"
#include "store/webhooks.h"

struct replay {
    int64_t account;
    const char *event, *delivery; /* one of them; the other NULL */
    struct fw_wall now;
    char uuid[FW_UUID_SIZE]; /* of the delivery that tells it */
};

struct subject {
    int64_t seq;
    char    fax[FW_UUID_SIZE];
    bool    is_told, has_url;
};

/* Of an account's fax that is not deleted. */
#define FIND                                                                                       \
    "SELECT e.seq, e.fax, e.kind,"                                                                 \
    " f.webhook_url <> '' OR a.webhook_url <> '' OR a.webhook_failover_url <> ''"                  \
    " FROM event e JOIN fax f ON f.id = e.fax JOIN application a ON a.id = f.application"          \
    " WHERE e.account = ?1 AND f.deleted_us = 0 AND "

static enum fw_err find(struct fw_db *db, const struct replay *w, struct subject *ret)
{
    char kind[64];
    enum fw_event_kind known;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        w->event ? fw_stmt_of(db, FIND "e.id = ?2")
                 : fw_stmt_of(db, FIND "e.seq = (SELECT event_seq FROM delivery WHERE uuid = ?2)");
    fw_stmt_bind_int(&q, w->account);
    fw_stmt_bind_text(&q, w->event ? w->event : w->delivery);
    enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    ret->seq = fw_stmt_int64(&q);
    fw_stmt_text(&q, ret->fax, sizeof ret->fax);
    fw_stmt_text(&q, kind, sizeof kind);
    ret->has_url = fw_stmt_bool(&q);
    err = fw_stmt_ok(&q);
    ret->is_told = !err && fw_event_parse(kind, &known) && fw_event_is_webhook(known);
    return err;
}

/* One that is not settled yet is tried now, if none of its fax goes before it. FW_NOT_FOUND: there
 * is none. */
static enum fw_err hurry(struct fw_db *db, int64_t seq, struct replay *w)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "SELECT uuid FROM delivery WHERE event_seq = ? AND state = 'pending'");
    fw_stmt_bind_int(&q, seq);
    enum fw_err err = fw_stmt_row(&q);
    if (err)
        return err;
    fw_stmt_text(&q, w->uuid, sizeof w->uuid);
    err = fw_stmt_ok(&q);
    if (err)
        return err;
    struct fw_stmt now CLEANUP(fw_stmt_done) =
        fw_stmt_of(db, "UPDATE delivery SET due_us = ?, postponed = 0 WHERE uuid = ?"
                       " AND due_us IS NOT NULL");
    fw_stmt_bind_int(&now, w->now.us);
    fw_stmt_bind_text(&now, w->uuid);
    err = fw_stmt_run(&now);
    db->has_deliveries = !err || db->has_deliveries;
    return err;
}

static enum fw_err replay(struct fw_db *db, void *arg)
{
    struct replay *w = arg;
    struct subject s = { 0 };
    enum fw_err err = find(db, w, &s);
    if (err || !s.is_told || !s.has_url)
        return err ? err : s.is_told ? FW_CONFLICT : FW_INVALID;
    err = hurry(db, s.seq, w);
    return err == FW_NOT_FOUND ? fw_delivery_write(db, s.seq, s.fax, w->now, w->uuid) : err;
}

static enum fw_err run(struct fw_store *s, struct replay *w, char ret_delivery[FW_UUID_SIZE])
{
    const enum fw_err err = fw_writer_do(s->writer, replay, w);
    for (int i = 0; !err && i < FW_UUID_SIZE; i++)
        ret_delivery[i] = w->uuid[i];
    return err;
}

enum fw_err fw_store_event_replay(struct fw_store *s, int64_t account, const char *event,
                                  struct fw_wall now, char ret_delivery[FW_UUID_SIZE])
{
    struct replay w = { .account = account, .event = event, .now = now };
    return run(s, &w, ret_delivery);
}

enum fw_err fw_store_webhook_replay(struct fw_store *s, int64_t account, const char *delivery,
                                    struct fw_wall now, char ret_delivery[FW_UUID_SIZE])
{
    struct replay w = { .account = account, .delivery = delivery, .now = now };
    return run(s, &w, ret_delivery);
}
