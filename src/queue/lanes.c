/* Who is dialled next: fair between accounts and their applications, one call a number at a time.
 *
 * What waits is rows of the store; here is only what is in a call, or was a moment ago.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/live.h"
#include "store/waiting.h"

struct number {
    char           text[FW_NUMBER_MAX + 1];
    int            calls;
    struct fw_mono free_at; /* the minimum gap after the last call */
};

struct application {
    char id[FW_NUMERIC_ID_SIZE];
    int  calls;
};

/* Whose turn it was, so that the next one has it. */
struct turn {
    int64_t account;
    char    application[FW_PRIORITY_COUNT][FW_NUMERIC_ID_SIZE];
    int     calls; /* of the account */
    bool    waits; /* for one of them to end */
};

struct fw_lanes {
    struct fw_map       *by_number, *by_application;
    struct number      **numbers;      /* with a call or a gap */
    struct application **applications; /* with a call */
    struct turn         *turns;
    int                  number_count, application_count, turn_count;
    int64_t              account[FW_PRIORITY_COUNT]; /* that had the last turn */
};

enum fw_err fw_lanes_new(struct fw_lanes **ret)
{
    struct fw_lanes *lanes = calloc(1, sizeof *lanes);
    if (!lanes)
        return FW_NO_MEMORY;
    if (fw_map_new(&lanes->by_number) || fw_map_new(&lanes->by_application)) {
        fw_lanes_free(lanes);
        return FW_NO_MEMORY;
    }
    *ret = lanes;
    return FW_OK;
}

void fw_lanes_free(struct fw_lanes *lanes)
{
    if (!lanes)
        return;
    for (int i = 0; i < lanes->number_count; i++)
        free(lanes->numbers[i]);
    for (int i = 0; i < lanes->application_count; i++)
        free(lanes->applications[i]);
    free(lanes->numbers);
    free(lanes->applications);
    free(lanes->turns);
    fw_map_free(lanes->by_number);
    fw_map_free(lanes->by_application);
    free(lanes);
}

static bool blocked(void *arg, const char *text)
{
    const struct fw_queue *q = arg;
    const struct number *n = fw_map_get(q->lanes->by_number, text);
    const int most = q->config.calls_per_number;
    return n && ((most > 0 && n->calls >= most) || (n->calls == 0 && n->free_at.us > q->now.us));
}

static struct number *number_of(struct fw_lanes *lanes, const char *text)
{
    struct number *n = fw_map_get(lanes->by_number, text);
    if (n)
        return n;
    struct number **all =
        reallocarray(lanes->numbers, (size_t)lanes->number_count + 1, sizeof(struct number *));
    if (!all)
        return NULL;
    lanes->numbers = all;
    n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    fw_text_clip(n->text, sizeof n->text, text);
    if (fw_map_put(lanes->by_number, n->text, n)) {
        free(n);
        return NULL;
    }
    lanes->numbers[lanes->number_count++] = n;
    return n;
}

static struct application *application_of(struct fw_lanes *lanes, const char *id)
{
    struct application *a = fw_map_get(lanes->by_application, id);
    if (a)
        return a;
    struct application **all = reallocarray(lanes->applications, (size_t)lanes->application_count + 1,
                                            sizeof(struct application *));
    if (!all)
        return NULL;
    lanes->applications = all;
    a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    fw_text_clip(a->id, sizeof a->id, id);
    if (fw_map_put(lanes->by_application, a->id, a)) {
        free(a);
        return NULL;
    }
    lanes->applications[lanes->application_count++] = a;
    return a;
}

static struct turn *turn_of(struct fw_lanes *lanes, int64_t account);

/* All or none. One that got no call is forgotten with the others that have none. */
enum fw_err fw_lanes_take(struct fw_queue *q, const struct fw_fax *fax)
{
    struct number *n = number_of(q->lanes, fax->to);
    struct application *a = n ? application_of(q->lanes, fax->application) : NULL;
    struct turn *t = a ? turn_of(q->lanes, fax->account) : NULL;
    if (!t)
        return FW_NO_MEMORY;
    t->calls++;
    n->calls++;
    a->calls++;
    return FW_OK;
}

static void forget_number(struct fw_lanes *lanes, int i)
{
    fw_map_remove(lanes->by_number, lanes->numbers[i]->text);
    free(lanes->numbers[i]);
    lanes->numbers[i] = lanes->numbers[--lanes->number_count];
}

void fw_lanes_give(struct fw_queue *q, const struct fw_fax *fax)
{
    struct fw_lanes *lanes = q->lanes;
    struct number *n = fw_map_get(lanes->by_number, fax->to);
    struct application *a = fw_map_get(lanes->by_application, fax->application);
    struct turn *t = turn_of(lanes, fax->account);
    fw_assert(n && a && t && n->calls > 0 && a->calls > 0 && t->calls > 0);
    t->calls--;
    t->waits = false;
    a->calls--;
    n->calls--;
    n->free_at = fw_mono_after(q->now, q->config.number_gap_ms);
    for (int i = lanes->application_count - 1; i >= 0 && a->calls == 0; i--) {
        if (lanes->applications[i] != a)
            continue;
        fw_map_remove(lanes->by_application, a->id);
        free(a);
        lanes->applications[i] = lanes->applications[--lanes->application_count];
        break;
    }
    for (int i = lanes->number_count - 1; i >= 0; i--) {
        if (lanes->numbers[i]->calls == 0 && lanes->numbers[i]->free_at.us <= q->now.us)
            forget_number(lanes, i);
    }
    q->look = true;
}

static struct turn *turn_of(struct fw_lanes *lanes, int64_t account)
{
    for (int i = 0; i < lanes->turn_count; i++) {
        if (lanes->turns[i].account == account)
            return &lanes->turns[i];
    }
    struct turn *turns = reallocarray(lanes->turns, (size_t)lanes->turn_count + 1, sizeof *turns);
    if (!turns)
        return NULL;
    lanes->turns = turns;
    turns[lanes->turn_count] = (struct turn){ .account = account };
    return &turns[lanes->turn_count++];
}

static bool has_channel(struct fw_queue *q, const char *id)
{
    struct fw_application app = { 0 };
    const struct application *a = fw_map_get(q->lanes->by_application, id);
    if (!a || fw_store_application_get(q->config.store, 0, id, &app))
        return true;
    const int limit = fw_application_channels(&app);
    fw_application_done(&app);
    return limit == 0 || a->calls < limit;
}

static bool has_room(struct fw_queue *q, const struct turn *turn)
{
    const int64_t most = turn->calls > 0 ? fw_quota_calls_max(q, turn->account) : 0;
    return most == 0 || turn->calls < most;
}

void fw_lanes_wait(struct fw_queue *q, int64_t account)
{
    struct turn *turn = turn_of(q->lanes, account);
    fw_assert(turn && turn->calls > 0);
    turn->waits = true;
}

const char *fw_lanes_full(struct fw_queue *q, const struct fw_fax *fax)
{
    const struct turn *turn = turn_of(q->lanes, fax->account);
    if (turn && !has_room(q, turn))
        return "user_channel_limit_exceeded";
    return has_channel(q, fax->application) ? NULL : "connection_channel_limit_exceeded";
}

/* The applications of an account in turn, each once. */
static enum fw_err of_account(struct fw_queue *q, int priority, int64_t account, struct fw_fax *ret)
{
    struct turn *turn = turn_of(q->lanes, account);
    char at[FW_NUMERIC_ID_SIZE], first[FW_NUMERIC_ID_SIZE];
    bool again = false;
    if (!turn)
        return FW_NO_MEMORY;
    if (turn->waits || !has_room(q, turn))
        return FW_NOT_FOUND;
    fw_text_clip(first, sizeof first, turn->application[priority]);
    fw_text_clip(at, sizeof at, first);
    for (;;) {
        enum fw_err err = fw_store_lane_application(q->config.store, priority, account, at, at);
        if (err == FW_NOT_FOUND && !again && first[0]) {
            again = true;
            at[0] = '\0';
            continue;
        }
        if (err || (again && strcmp(at, first) > 0))
            return err ? err : FW_NOT_FOUND;
        const struct fw_lane_query query = { priority, account, at, q->wall, blocked, q };
        err = has_channel(q, at) ? fw_store_lane_next(q->config.store, &query, ret) : FW_NOT_FOUND;
        if (!err)
            fw_text_clip(turn->application[priority], FW_NUMERIC_ID_SIZE, at);
        if (err != FW_NOT_FOUND)
            return err;
    }
}

enum fw_err fw_turns_take(struct fw_queue *q, int priority, int64_t *last, fw_turn_account *next,
                          fw_turn_try *try_one, struct fw_fax *ret)
{
    const int64_t first = *last;
    int64_t at = first;
    bool again = false;
    for (;;) {
        enum fw_err err = next(q->config.store, priority, at, &at);
        if (err == FW_NOT_FOUND && !again && first > 0) {
            again = true;
            at = 0;
            continue;
        }
        if (err || (again && at > first))
            return err ? err : FW_NOT_FOUND;
        err = try_one(q, priority, at, ret);
        if (!err)
            *last = at;
        if (err != FW_NOT_FOUND)
            return err;
    }
}

enum fw_err fw_lanes_next(struct fw_queue *q, struct fw_fax *ret)
{
    for (int p = 0; p < FW_PRIORITY_COUNT; p++) {
        const enum fw_err err =
            fw_turns_take(q, p, &q->lanes->account[p], fw_store_lane_account, of_account, ret);
        if (err != FW_NOT_FOUND)
            return err;
    }
    return FW_NOT_FOUND;
}

enum fw_err fw_lanes_when(struct fw_queue *q, struct fw_mono *ret)
{
    struct fw_wall due;
    const enum fw_err err = fw_store_lane_when(q->config.store, q->wall, &due);
    if (err)
        return err;
    const int64_t ahead = due.us - q->wall.us;
    ret->us = ahead > INT64_MAX - q->now.us ? INT64_MAX : q->now.us + ahead;
    for (int i = 0; i < q->lanes->number_count; i++) {
        const struct number *n = q->lanes->numbers[i];
        if (n->calls == 0 && n->free_at.us > q->now.us && n->free_at.us < ret->us)
            *ret = n->free_at;
    }
    return FW_OK;
}
