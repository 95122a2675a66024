/* Lists against a model: whatever the filter and the page size, each fax that fits comes once, in
 * order. */
#include "store_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAXES = 120, ROUNDS = 400, TIMES = 24 };
/* Several times in each hour, and some on its first and last microsecond. */
#define TICK_US INT64_C(1200000000)

static struct {
    char id[FW_UUID_SIZE], from[8], to[8];
    int64_t at;
    enum fw_status status;
} model[FAXES];

static uint64_t seed_state;

static int chance(int below) /* splitmix64: the same numbers for the same seed */
{
    uint64_t z = (seed_state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (int)((z ^ (z >> 31)) % (uint64_t)below);
}

static int64_t some_time(void)
{
    return chance(TIMES) * TICK_US - (chance(4) == 0 ? 1 : 0) + 3 * TICK_US;
}

static int newest_first(const void *a, const void *b)
{
    const __typeof__(model[0]) *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? 1 : -1;
    return strcmp(y->id, x->id);
}

/* Few times for many faxes, so that the id has to break ties. */
static void fill_store(struct kit *k)
{
    for (int i = 0; i < FAXES; i++) {
        struct fw_fax f = kit_fax(k, some_time());
        snprintf(f.from, sizeof f.from, "+%d", chance(3));
        snprintf(f.to, sizeof f.to, "+%d", chance(4));
        kit_accept(k, &f);
        memcpy(model[i].id, f.id, sizeof f.id);
        memcpy(model[i].from, f.from, sizeof model[i].from);
        memcpy(model[i].to, f.to, sizeof model[i].to);
        model[i].at = f.created_at.us;
        if (chance(3) == 0)
            kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, f.created_at.us);
        model[i].status = f.status;
    }
    qsort(model, FAXES, sizeof model[0], newest_first);
}

static struct fw_fax_filter some_filter(void)
{
    struct fw_fax_filter f = { 0 };
    if (chance(3) == 0)
        snprintf(f.from, sizeof f.from, "+%d", chance(4));
    if (chance(3) == 0)
        snprintf(f.to, sizeof f.to, "+%d", chance(5));
    if (chance(4) == 0)
        snprintf(f.direction, sizeof f.direction, "%s", chance(3) ? "outbound" : "inbound");
    if (chance(2) == 0)
        f.statuses = (uint32_t)(1 + chance((1 << FW_STATUS_COUNT) - 1));
    f.oldest_first = chance(3) == 0;
    f.has_gt = chance(4) == 0;
    f.has_gte = chance(4) == 0;
    f.has_lt = chance(4) == 0;
    f.has_lte = chance(4) == 0;
    f.gt.us = some_time();
    f.gte.us = some_time();
    f.lt.us = some_time();
    f.lte.us = some_time();
    return f;
}

static bool fits(const struct fw_fax_filter *f, int i)
{
    return (!f->from[0] || strcmp(f->from, model[i].from) == 0) &&
           (!f->to[0] || strcmp(f->to, model[i].to) == 0) &&
           (!f->direction[0] || strcmp(f->direction, "outbound") == 0) &&
           (!f->statuses || (f->statuses & 1U << model[i].status)) &&
           (!f->has_gt || model[i].at > f->gt.us) && (!f->has_gte || model[i].at >= f->gte.us) &&
           (!f->has_lt || model[i].at < f->lt.us) && (!f->has_lte || model[i].at <= f->lte.us);
}

/* Where the model has the fax that is `n`th in the order of the list. */
static int place(const struct fw_fax_filter *f, int n)
{
    return f->oldest_first ? FAXES - 1 - n : n;
}

static void each_fax_once_and_in_order(void **state)
{
    struct kit *k = *state;
    seed_state = fw_random_u64();
    print_message("seed=%llu\n", (unsigned long long)seed_state);
    fill_store(k);
    int found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const struct fw_fax_filter f = some_filter();
        const int size = 1 + chance(40);
        int next = 0, total = 0;
        for (int i = 0; i < FAXES; i++)
            total += fits(&f, i);
        for (int number = 1;; number++) {
            struct fw_fax_page page = { 0 };
            CHECK_INT(fw_store_fax_list(k->store, k->account, &f, number, size, &page), FW_OK);
            CHECK_INT(page.total, total);
            for (int i = 0; i < page.count; i++, next++, found++) {
                while (next < FAXES && !fits(&f, place(&f, next)))
                    next++;
                CHECK(next < FAXES);
                CHECK_TEXT(page.items[i].id, model[place(&f, next)].id);
            }
            const bool is_last = page.count < size;
            fw_fax_page_done(&page);
            if (is_last)
                break;
        }
        while (next < FAXES && !fits(&f, place(&f, next)))
            next++;
        CHECK_INT(next, FAXES);
    }
    CHECK(found > 0);
}

static void accounts_are_apart(void **state)
{
    struct kit *k = *state;
    struct fw_fax_page page = { 0 };
    struct fw_fax f = kit_fax(k, 1);
    kit_accept(k, &f);
    CHECK_INT(fw_store_fax_list(k->store, k->account + 1, NULL, 1, 10, &page), FW_OK);
    CHECK_INT(page.count, 0);
    CHECK_INT(page.total, 0);
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, 1, 10, &page), FW_OK);
    CHECK_INT(page.count, 1);
    fw_fax_page_done(&page);
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, INT32_MAX, 250, &page), FW_OK);
    CHECK_INT(page.count, 0);
    CHECK_INT(page.total, 1);
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, 0, 10, &page), FW_INVALID);
    CHECK_INT(fw_store_fax_list(k->store, k->account, NULL, 1, 0, &page), FW_INVALID);
}

static int64_t number_of(struct kit *k, const char *sql)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(k->store->readers);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(use.db, sql);
    CHECK_INT(fw_stmt_row(&q), FW_OK);
    return fw_stmt_int64(&q);
}

#define COUNTED(kind, number)                                                                      \
    "SELECT account, " kind " kind, " number " number, created_us / 3600000000 hour, direction,"   \
    " count(*) n FROM fax WHERE deleted_us = 0 GROUP BY 1, 2, 3, 4, 5"
#define COUNTED_ALL                                                                                \
    COUNTED("0", "''") " UNION ALL " COUNTED("1", "from_number") " UNION ALL " COUNTED("2", "to_number")
#define TALLIED "SELECT * FROM fax_tally WHERE count > 0"

/* Whatever happens to faxes, what is kept about their number is what counting them finds. */
static void the_tally_is_what_a_count_finds(void **state)
{
    struct kit *k = *state;
    seed_state = fw_random_u64();
    print_message("seed=%llu\n", (unsigned long long)seed_state);
    for (int i = 0; i < FAXES; i++) {
        struct fw_fax f = kit_fax(k, some_time());
        bool is_live = false;
        snprintf(f.from, sizeof f.from, "+%d", chance(3));
        snprintf(f.to, sizeof f.to, "+%d", chance(4));
        kit_accept(k, &f);
        if (chance(3) == 0)
            kit_save(k, &f, FW_STATUS_FAILED, FW_EVENT_FAILED, f.created_at.us);
        if (chance(3) == 0)
            CHECK_INT(fw_store_fax_delete(k->store, k->account, f.id, f.created_at, &is_live), FW_OK);
    }
    CHECK_INT(fw_store_fax_sweep(k->store), FW_OK);
    CHECK(number_of(k, "SELECT count(*) FROM fax_tally") > 10);
    CHECK_INT(number_of(k, "SELECT count(*) FROM (" COUNTED_ALL " EXCEPT " TALLIED ")"), 0);
    CHECK_INT(number_of(k, "SELECT count(*) FROM (" TALLIED " EXCEPT SELECT * FROM (" COUNTED_ALL "))"), 0);
}

/* The steps of SQLite's plan for `sql`, joined. */
static void plan_of(struct kit *k, const char *sql, char *dst, size_t dst_size)
{
    struct fw_reader_use use CLEANUP(fw_reader_give) = fw_reader_take(k->store->readers);
    struct fw_stmt q CLEANUP(fw_stmt_done) = fw_stmt_once(use.db, sql);
    size_t size = 0;
    while (fw_stmt_row(&q) == FW_OK && size < dst_size)
        size += (size_t)snprintf(dst + size, dst_size - size, "%s;",
                                 (const char *)sqlite3_column_text(q.stmt, 3));
    CHECK_INT(fw_stmt_ok(&q), FW_OK);
}

static void the_indexes_are_used_without_sorting(void **state)
{
    static const struct {
        const char *sql, *index;
    } wanted[] = {
        { "FROM fax WHERE account=1 AND deleted_us=0 ORDER BY created_us DESC, id DESC", "fax_newest " },
        { "FROM fax WHERE account=1 AND deleted_us=0 AND created_us>1 AND created_us<9"
          " ORDER BY created_us DESC, id DESC",
          "fax_newest " },
        { "FROM fax WHERE account=1 AND deleted_us=0 AND from_number='1' AND created_us>=1"
          " ORDER BY created_us DESC, id DESC",
          "fax_newest_from" },
        { "FROM fax WHERE account=1 AND deleted_us=0 AND to_number='1'"
          " ORDER BY created_us DESC, id DESC",
          "fax_newest_to" },
        { "FROM fax WHERE account=1 AND deleted_us=0 AND direction='inbound'"
          " ORDER BY created_us DESC, id DESC",
          "fax_newest_direction" },
        { "FROM fax WHERE id IN (SELECT id FROM fax INDEXED BY fax_newest_status WHERE account=1 AND deleted_us=0"
          " AND status='failed' AND from_number='1' AND created_us>=1 ORDER BY created_us DESC, id DESC)",
          "COVERING INDEX fax_newest_status" },
        { "FROM fax WHERE +account=1 AND deleted_us=0 AND created_us>=1 AND created_us<9 AND status IN ('failed')"
          " AND id IN (SELECT fax FROM fax_metadata WHERE account=1 AND key='a' AND value='b')",
          "sqlite_autoindex_fax_1 (id=?);LIST SUBQUERY 1;SEARCH fax_metadata USING PRIMARY KEY" },
        { "FROM delivery WHERE event_seq=1", "delivery_of_event" },
        { "FROM delivery WHERE fax='1'", "delivery_of_fax" },
        { "FROM fax WHERE direction='inbound' AND status NOT IN ('delivered', 'failed', 'received')"
          " ORDER BY created_us, id",
          "fax_unfinished" },
        { "FROM delivery WHERE state='pending' AND due_us IS NOT NULL ORDER BY due_us, id",
          "delivery_due" },
        { "FROM event WHERE fax='1' AND seq>1 ORDER BY seq", "event_of_fax" },
        { "FROM application WHERE account=1 ORDER BY created_us DESC, id DESC",
          "application_newest" },
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        char sql[512], plan[1024] = "";
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN SELECT * %s", wanted[i].sql);
        plan_of(*state, sql, plan, sizeof plan);
        if (!strstr(plan, wanted[i].index) || strstr(plan, "TEMP B-TREE"))
            fail_msg("%s: %s", wanted[i].sql, plan);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(each_fax_once_and_in_order),
        CASE(the_tally_is_what_a_count_finds), CASE(accounts_are_apart),
        CASE(the_indexes_are_used_without_sorting),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
