/* Attempts: written with their fax, read by it. */
#include "store/attempts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/pcap.h"
#include "store/store_internal.h"

#define COLUMNS                                                                                    \
    "fax, number, call, trunk, started_us, answered_us, ended_us, state, reason, detail,"          \
    " retry_class, advice, sip_status, q850, t30_code, transport, bit_rate, first_page,"           \
    " pages_confirmed, record"

void fw_fax_attempt_page_done(struct fw_fax_attempt_page *p)
{
    for (int i = 0; i < p->count; i++)
        fw_fax_attempt_done(&p->items[i]);
    free(p->items);
    *p = (struct fw_fax_attempt_page){ 0 };
}

enum fw_err fw_fax_attempt_write(struct fw_db *db, const struct fw_fax_attempt *a)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        db, "INSERT OR REPLACE INTO attempt(" COLUMNS ")"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    fw_stmt_bind_text(&q, a->fax);
    fw_stmt_bind_int(&q, a->number);
    fw_stmt_bind_text(&q, a->call);
    fw_stmt_bind_text(&q, a->trunk);
    fw_stmt_bind_int(&q, a->started_at.us);
    fw_stmt_bind_int(&q, a->answered_at.us);
    fw_stmt_bind_int(&q, a->ended_at.us);
    fw_stmt_bind_text(&q, fw_attempt_state_text(a->state));
    fw_stmt_bind_text(&q, a->reason);
    fw_stmt_bind_text(&q, a->detail);
    fw_stmt_bind_text(&q, a->retry_class);
    fw_stmt_bind_text(&q, a->advice);
    fw_stmt_bind_int(&q, a->sip_status);
    fw_stmt_bind_int(&q, a->q850);
    fw_stmt_bind_int(&q, a->t30_code);
    fw_stmt_bind_int(&q, a->transport);
    fw_stmt_bind_int(&q, a->bit_rate);
    fw_stmt_bind_int(&q, a->first_page);
    fw_stmt_bind_int(&q, a->pages_confirmed);
    fw_stmt_bind_text(&q, a->record);
    return fw_stmt_run(&q);
}

static enum fw_err read_attempt(struct fw_stmt *q, void *into)
{
    struct fw_fax_attempt *ret = into;
    struct fw_fax_attempt a = { 0 };
    char state[16];
    fw_stmt_text(q, a.fax, sizeof a.fax);
    a.number = fw_stmt_int(q, 1, INT32_MAX);
    fw_stmt_text(q, a.call, sizeof a.call);
    fw_stmt_text(q, a.trunk, sizeof a.trunk);
    a.started_at.us = fw_stmt_int64(q);
    a.answered_at.us = fw_stmt_int64(q);
    a.ended_at.us = fw_stmt_int64(q);
    fw_stmt_text(q, state, sizeof state);
    if (!q->err && !fw_attempt_state_parse(state, &a.state))
        fw_stmt_damaged(q);
    fw_stmt_text(q, a.reason, sizeof a.reason);
    fw_stmt_text(q, a.detail, sizeof a.detail);
    fw_stmt_text(q, a.retry_class, sizeof a.retry_class);
    fw_stmt_text(q, a.advice, sizeof a.advice);
    a.sip_status = fw_stmt_int(q, 0, INT32_MAX);
    a.q850 = fw_stmt_int(q, 0, INT32_MAX);
    a.t30_code = fw_stmt_int(q, INT32_MIN, INT32_MAX);
    a.transport = fw_stmt_int(q, -1, INT32_MAX);
    a.bit_rate = fw_stmt_int(q, 0, INT32_MAX);
    a.first_page = fw_stmt_int(q, 0, INT32_MAX);
    a.pages_confirmed = fw_stmt_int(q, 0, INT32_MAX);
    a.record = fw_stmt_owned_text(q);
    const enum fw_err err = fw_stmt_ok(q);
    if (err)
        fw_fax_attempt_done(&a);
    else
        *ret = a;
    return err;
}

static enum fw_err read_all(struct fw_stmt *q, struct fw_fax_attempt_page *ret)
{
    return fw_rows_read(q, read_attempt, sizeof *ret->items, &ret->items, &ret->count);
}

static enum fw_err read_total(struct fw_db *db, const char *fax, int64_t *ret)
{
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(db, "SELECT count(*) FROM attempt WHERE fax = ?");
    fw_stmt_bind_text(&q, fax);
    const enum fw_err err = fw_stmt_row(&q);
    if (!err)
        *ret = fw_stmt_int64(&q);
    return err;
}

enum fw_err fw_store_attempt_list(struct fw_store *s, const char *fax, int page_number,
                                  int page_size, struct fw_fax_attempt_page *ret)
{
    if (page_number < 1 || page_size < 1)
        return FW_INVALID;
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    struct fw_fax_attempt_page page CLEANUP(fw_fax_attempt_page_done) = { 0 };
    enum fw_err err = use.err ? use.err : read_total(use.db, fax, &page.total);
    if (err)
        return err;
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_of(
        use.db, "SELECT " COLUMNS " FROM attempt WHERE fax = ? ORDER BY number LIMIT ? OFFSET ?");
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, page_size);
    fw_stmt_bind_int(&q, ((int64_t)page_number - 1) * page_size);
    err = read_all(&q, &page);
    if (err)
        return err;
    *ret = page;
    page = (struct fw_fax_attempt_page){ 0 };
    return FW_OK;
}

enum fw_err fw_store_attempt_get(struct fw_store *s, const char *fax, int number,
                                 struct fw_fax_attempt *ret)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT " COLUMNS " FROM attempt WHERE fax = ? AND number = ?");
    fw_stmt_bind_text(&q, fax);
    fw_stmt_bind_int(&q, number);
    const enum fw_err err = fw_stmt_row(&q);
    return err ? err : read_attempt(&q, ret);
}

static void add_row(struct fw_stmt *q, struct fw_policy_history *h, int *interrupted)
{
    char state[16], class[24];
    fw_stmt_text(q, state, sizeof state);
    fw_stmt_text(q, class, sizeof class);
    const int dials = fw_stmt_int(q, 0, INT32_MAX), tries = fw_stmt_int(q, 0, INT32_MAX);
    const int64_t first_us = fw_stmt_int64(q);
    if (h->first.us == 0 || first_us < h->first.us)
        h->first.us = first_us;
    if (strcmp(state, fw_attempt_state_text(FW_ATTEMPT_INTERRUPTED)) == 0)
        *interrupted += dials;
    if (strcmp(state, fw_attempt_state_text(FW_ATTEMPT_FAILED)) != 0)
        return;
    h->dials += dials;
    h->tries += tries;
    for (unsigned r = 0; r < FW_RETRY_COUNT; r++)
        h->of[r] += strcmp(class, fw_retry_text(r)) == 0 ? dials : 0;
}

enum fw_err fw_store_attempt_history(struct fw_store *s, const char *fax,
                                     struct fw_policy_history *ret, int *ret_interrupted)
{
    struct fw_policy_history h = { 0 };
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(s->readers);
    if (use.err)
        return use.err;
    struct fw_stmt q CLEANUP(fw_stmt_done) =
        fw_stmt_of(use.db, "SELECT state, retry_class, count(*), sum(answered_us != 0), min(started_us)"
                           " FROM attempt WHERE fax = ? GROUP BY state, retry_class");
    fw_stmt_bind_text(&q, fax);
    enum fw_err err;
    *ret_interrupted = 0;
    while ((err = fw_stmt_row(&q)) == FW_OK) {
        add_row(&q, &h, ret_interrupted);
        if (fw_stmt_ok(&q))
            return fw_stmt_ok(&q);
    }
    *ret = h;
    return err == FW_NOT_FOUND ? FW_OK : err;
}

void fw_store_trace_path(const struct fw_store *s, const char *fax, int number, char ret[FW_TRACE_PATH_SIZE])
{
    char folder[FW_TRACE_PATH_SIZE - 64];
    fw_store_fax_dir(s, fax, folder, sizeof folder);
    snprintf(ret, FW_TRACE_PATH_SIZE, "%s/trace-%d.pcap", folder, number);
}

enum fw_err fw_store_trace_create(struct fw_store *s, const char *fax, int number, uint64_t free_min, int *ret_fd)
{
    char path[FW_TRACE_PATH_SIZE], folder[FW_TRACE_PATH_SIZE - 64];
    if (!fw_store_has_room(s, free_min))
        return FW_LIMIT;
    const enum fw_err err = fw_store_fax_dir_make(s, fax, folder, sizeof folder);
    if (err)
        return err;
    fw_store_trace_path(s, fax, number, path);
    return fw_pcap_create(path, ret_fd);
}
