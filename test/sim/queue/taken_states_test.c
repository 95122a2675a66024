/* A fax that comes in, in every state, and each thing that can die or fall silent then: within the time of the
 * table (fax/status.h) it moves on, and it ends. Virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "env.h"
#include "page/page.h"
#include "queue/queue.h"
#include "receive/inside.h"
#include "store/attempts.h"
#include "store/numbers.h"
#include "t30/journal.h"
#include "test.h"

enum { HOURS_MAX = 12, STEP_MAX_MS = 3000 };

static const struct fw_limits limits = { { [FW_LIMIT_WAIT] = 1200 * 1000, [FW_LIMIT_CALL] = 300 * 1000,
                                           [FW_LIMIT_ANSWER] = 2000 } };

enum stage { TAKEN, ANSWERED, NEGOTIATED, PAGE, RESULT, DISK_FULL, STAGES };
enum blow { SILENCE, LINE_LOST, LINE_FLAPS, MODEM_LOST, MODEM_FLAPS, CHATTER, RESTART, DRAIN, DELETED, BLOWS };
static const char *const stage_names[] = { "taken", "answered", "negotiated", "page", "result", "disk full" };
static const char *const blow_names[] = { "silence", "line lost", "line flaps", "modem lost", "modem flaps", "chatter",
                                          "restart", "drain", "deleted" };

struct world {
    enum stage         stage;
    char               dir[64];
    struct fw_store   *store;
    struct fw_seats    seats;
    struct fw_receive *receive;
    char               id[FW_UUID_SIZE], call[FW_CALL_ID_SIZE];
    enum fw_status     status;
    int64_t            since_us;
    bool               over;
    char               canceled[FW_CALL_ID_SIZE]; /* the last call that was */
};

/* A disk with no room for a document, for good; or a document that is made of nothing. */
static bool disk_full, made_up;
enum fw_err __wrap_fw_page_copy(const char *from, const char *to, uint32_t pages_max, uint32_t *ret_count,
                                struct fw_fault *fault);
enum fw_err __real_fw_page_copy(const char *from, const char *to, uint32_t pages_max, uint32_t *ret_count,
                                struct fw_fault *fault);
enum fw_err __wrap_fw_page_copy(const char *from, const char *to, uint32_t pages_max, uint32_t *ret_count,
                                struct fw_fault *fault)
{
    if (made_up)
        *ret_count = pages_max;
    return disk_full ? FW_IO : made_up ? FW_OK : __real_fw_page_copy(from, to, pages_max, ret_count, fault);
}

/* The table lacks one way, for the next who asks for it. */
static struct { bool now; enum fw_status from, to; } lacks;
bool __wrap_fw_status_may_become(enum fw_status from, enum fw_status to);
bool __real_fw_status_may_become(enum fw_status from, enum fw_status to);
bool __wrap_fw_status_may_become(enum fw_status from, enum fw_status to)
{
    const bool refused = lacks.now && from == lacks.from && to == lacks.to;
    lacks.now = lacks.now && !refused;
    return !refused && __real_fw_status_may_become(from, to);
}

static void take_message(void *arg, const struct fw_msg *msg)
{
    struct world *w = arg;
    if (msg->kind == FW_MSG_KIND_CALL_CANCEL)
        fw_text_clip(w->canceled, sizeof w->canceled, msg->call_cancel.call);
}

static void open_receive(struct world *w)
{
    const struct fw_receive_port port = { .send = take_message, .arg = w };
    const struct fw_receive_config config = { .store = w->store, .ident = "", .modem_count = 1, .seats = &w->seats,
                                              .calls_max = 4, .limits = limits, .disk_free_min = 1 };
    CHECK_INT(fw_receive_new(&config, &port, &w->receive), FW_OK);
    fw_receive_line(w->receive, true, 5060);
    fw_receive_modem(w->receive, 0, true);
    fw_receive_turn(w->receive);
}

static void close_receive(struct world *w)
{
    fw_receive_stop(w->receive);
    fw_receive_free(w->receive);
    w->seats = (struct fw_seats){ 0 };
}

static void open_world(struct world *w)
{
    struct fw_fault fault = { 0 };
    char settings[] = "{\"inbound\":{\"media_format\":\"tiff\"}}";
    struct fw_application app = { .id = "1", .webhook_timeout_secs = -1, .active = true,
                                  .settings = settings };
    struct fw_number number = { .id = "2", .number = "+12025550199", .application = "1" };
    char spool[256];
    snprintf(w->dir, sizeof w->dir, "%s/faxwire-states-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(w->dir) != NULL);
    CHECK_INT(fw_store_open(w->dir, &fault, &w->store), FW_OK);
    CHECK_INT(fw_store_account_ensure(w->store, "a", &app.account), FW_OK);
    number.account = app.account;
    app.created_at = app.updated_at = number.created_at = number.updated_at = fw_wall_now();
    CHECK_INT(fw_store_application_create(w->store, &app), FW_OK);
    CHECK_INT(fw_store_number_create(w->store, &number), FW_OK);
    CHECK_INT(fw_queue_spool_dir(w->dir, 0, spool, sizeof spool), FW_OK);
    open_receive(w);
}

static void tell(struct world *w, enum fw_msg_kind kind)
{
    struct fw_msg m = { .kind = kind };
    switch ((int)kind) {
    case FW_MSG_KIND_CALL_INCOMING:
        fw_uuid_new(fw_wall_now(), w->call);
        fw_text_clip(m.call_incoming.call, FW_CALL_ID_SIZE, w->call);
        fw_text_clip(m.call_incoming.to, sizeof m.call_incoming.to, "+12025550199");
        break;
    case FW_MSG_KIND_CALL_ANSWERED: fw_text_clip(m.call_answered.call, FW_CALL_ID_SIZE, w->call); break;
    case FW_MSG_KIND_FAX_NEGOTIATED: fw_text_clip(m.fax_negotiated.call, FW_CALL_ID_SIZE, w->call); break;
    case FW_MSG_KIND_PAGE_CONFIRMED:
        fw_text_clip(m.page_confirmed.call, FW_CALL_ID_SIZE, w->call);
        m.page_confirmed.page_count = 1;
        break;
    case FW_MSG_KIND_CALL_ENDED: fw_text_clip(m.call_ended.call, FW_CALL_ID_SIZE, w->call); break;
    default:
        fw_text_clip(m.fax_result.call, FW_CALL_ID_SIZE, w->call);
        m.fax_result.t30_code = 49;
        break;
    }
    fw_receive_message(w->receive, &m);
    fw_receive_turn(w->receive);
}

static void write_page(struct world *w)
{
    char path[512];
    struct fw_journal *j;
    snprintf(path, sizeof path, "%s/spool/modem-0/%s.journal", w->dir, w->call);
    CHECK_INT(fw_journal_new(path, &j), FW_OK);
    CHECK_INT(fw_journal_page(j, 1), FW_OK);
    fw_journal_free(j);
}

static void bring(struct world *w)
{
    tell(w, FW_MSG_KIND_CALL_INCOMING);
    CHECK_INT(w->receive->taken_count, 1);
    memcpy(w->id, w->receive->taken[0]->fax.id, sizeof w->id);
    w->since_us = env_now_us();
    if (w->stage >= ANSWERED)
        tell(w, FW_MSG_KIND_CALL_ANSWERED);
    if (w->stage >= NEGOTIATED)
        tell(w, FW_MSG_KIND_FAX_NEGOTIATED);
    if (w->stage == PAGE || w->stage == DISK_FULL) {
        write_page(w);
        tell(w, FW_MSG_KIND_PAGE_CONFIRMED);
    }
    if (w->stage == RESULT)
        tell(w, FW_MSG_KIND_FAX_RESULT);
    if (w->stage == DISK_FULL)
        tell(w, FW_MSG_KIND_CALL_ENDED);
}

static void strike(struct world *w, enum blow blow, int64_t at_ms, bool first)
{
    const bool odd = at_ms / STEP_MAX_MS % 2;
    bool live;
    if (blow == LINE_LOST || blow == LINE_FLAPS)
        fw_receive_line(w->receive, blow == LINE_FLAPS && odd, 5060);
    if (blow == MODEM_LOST || blow == MODEM_FLAPS)
        fw_receive_modem(w->receive, 0, blow == MODEM_FLAPS && odd);
    if (blow == CHATTER) {
        tell(w, FW_MSG_KIND_CALL_ANSWERED);
        tell(w, FW_MSG_KIND_FAX_RESULT);
    }
    if (!first)
        return;
    if (blow == RESTART) {
        close_receive(w);
        open_receive(w);
    }
    if (blow == DRAIN)
        fw_receive_drain(w->receive);
    if (blow == DELETED) {
        CHECK_INT(fw_store_fax_delete(w->store, 1, w->id, fw_wall_now(), &live), FW_OK);
        fw_receive_cancel(w->receive, w->id);
    }
}

static void check_time(struct world *w, enum blow blow)
{
    struct fw_fax f = { 0 };
    const enum fw_err err = fw_store_fax_get(w->store, 0, w->id, &f);
    if (err == FW_NOT_FOUND && blow == DELETED) {
        w->over = true; /* and forgotten */
        return;
    }
    CHECK_INT(err, FW_OK);
    /* `receiving` is counted from the answer, which is no state. */
    if (f.status != w->status && f.status != FW_STATUS_RECEIVING)
        w->since_us = env_now_us();
    w->status = f.status;
    w->over = fw_status_final(f.status);
    const int64_t more_ms = f.status == FW_STATUS_INITIATED && w->stage >= ANSWERED
                                ? fw_status_limit_ms(FW_STATUS_RECEIVING, &limits) : 0;
    if (!w->over && env_now_us() - w->since_us > (fw_status_limit_ms(f.status, &limits) + more_ms + 1000) * 1000)
        fail_msg("%s, then %s: %s for %lld s", stage_names[w->stage], blow_names[blow], fw_status_text(f.status),
                 (long long)((env_now_us() - w->since_us) / 1000000));
    if (f.status == FW_STATUS_FAILED)
        CHECK(f.failure_reason[0] && f.failure_detail[0]);
    if (f.status == FW_STATUS_FAILED && w->stage == DISK_FULL && blow != DELETED)
        CHECK_TEXT(f.failure_reason, "media_processing_exception");
    fw_fax_done(&f);
}

static void walk(enum stage stage, enum blow blow)
{
    struct world *w = calloc(1, sizeof *w);
    w->stage = stage;
    w->status = FW_STATUS_INITIATED;
    disk_full = stage == DISK_FULL;
    env_start(1);
    open_world(w);
    bring(w);
    const int64_t begun_us = env_now_us();
    for (int step = 0; !w->over; step++) {
        const int64_t at_ms = (env_now_us() - begun_us) / 1000;
        if (at_ms > HOURS_MAX * 3600 * 1000)
            fail_msg("%s, then %s: it hangs in %s", stage_names[stage], blow_names[blow], fw_status_text(w->status));
        strike(w, blow, at_ms, step == 0);
        const int wait_ms = fw_receive_turn(w->receive);
        check_time(w, blow);
        env_advance_to(env_now_us() + (wait_ms < STEP_MAX_MS ? wait_ms : STEP_MAX_MS) * 1000LL);
    }
    fw_receive_turn(w->receive);
    CHECK_INT(w->receive->taken_count, 0);
    CHECK_INT(w->receive->calls, 0);
    CHECK_INT(fw_receive_drained(w->receive), blow == DRAIN);
    close_receive(w);
    fw_store_close(w->store);
    fw_dir_remove(w->dir, 4);
    free(w);
}

static void whatever_dies_a_fax_moves_on_in_time(void **state)
{
    (void)state;
    for (int stage = 0; stage < STAGES; stage++) {
        for (int blow = 0; blow < BLOWS; blow++)
            walk((enum stage)stage, (enum blow)blow);
    }
}

static void check_refused(const struct world *w, const char *id)
{
    struct fw_fax_attempt call = { 0 };
    struct fw_fax f = { 0 };
    char way[192];
    CHECK(!lacks.now);
    snprintf(way, sizeof way,
             "an error of this service: it would have gone from %s to %s; call.tif has what came; please report it",
             fw_status_text(lacks.from), fw_status_text(lacks.to));
    CHECK_INT(fw_store_fax_get(w->store, 0, id, &f), FW_OK);
    CHECK_INT(f.status, FW_STATUS_FAILED);
    CHECK_TEXT(f.failure_reason, "service_unavailable");
    CHECK_TEXT(f.failure_detail, way);
    CHECK_INT(fw_store_attempt_get(w->store, id, 1, &call), FW_OK);
    CHECK(call.state != FW_ATTEMPT_UNDERWAY && call.ended_at.us > 0);
    fw_fax_attempt_done(&call);
    fw_fax_done(&f);
    char folder[512], path[600];
    fw_store_fax_dir(w->store, id, folder, sizeof folder);
    snprintf(path, sizeof path, "%s/call.journal", folder);
    CHECK_INT(access(path, F_OK), 0); /* the pages that were confirmed outlive the spool */
}

/* Two are taken. A change of one is refused: it ends and is hung up, the other one comes to its end, and nothing is
 * left of either. */
static void refuse(enum fw_status from, enum fw_status to, bool in_call)
{
    struct world *w = calloc(1, sizeof *w);
    char other[FW_UUID_SIZE], other_call[FW_CALL_ID_SIZE];
    w->stage = RESULT;
    disk_full = false;
    made_up = true;
    env_start(1);
    open_world(w);
    tell(w, FW_MSG_KIND_CALL_INCOMING);
    memcpy(other, w->receive->taken[0]->fax.id, sizeof other);
    memcpy(other_call, w->call, sizeof other_call);
    tell(w, FW_MSG_KIND_CALL_INCOMING);
    CHECK_INT(w->receive->taken_count, 2);
    memcpy(w->id, w->receive->taken[1]->fax.id, sizeof w->id);
    lacks.now = true;
    lacks.from = from;
    lacks.to = to;
    write_page(w);
    tell(w, FW_MSG_KIND_CALL_ANSWERED);
    tell(w, FW_MSG_KIND_FAX_NEGOTIATED);
    if (!in_call)
        tell(w, FW_MSG_KIND_CALL_ENDED);
    fw_receive_turn(w->receive);
    check_refused(w, w->id);
    CHECK_TEXT(w->canceled, in_call ? w->call : "");
    CHECK_INT(w->receive->calls, 1);
    CHECK_INT(fw_seats_of(&w->seats, 0), 1);
    tell(w, FW_MSG_KIND_FAX_RESULT); /* late words */
    memcpy(w->call, other_call, sizeof w->call);
    write_page(w);
    tell(w, FW_MSG_KIND_CALL_ANSWERED);
    tell(w, FW_MSG_KIND_FAX_NEGOTIATED);
    tell(w, FW_MSG_KIND_CALL_ENDED);
    fw_receive_turn(w->receive);
    memcpy(w->id, other, sizeof w->id);
    check_time(w, SILENCE);
    CHECK_INT(w->status, FW_STATUS_RECEIVED);
    CHECK_INT(w->receive->taken_count, 0);
    CHECK_INT(w->receive->calls, 0);
    CHECK_INT(fw_seats_of(&w->seats, 0), 0);
    made_up = false;
    close_receive(w);
    fw_store_close(w->store);
    fw_dir_remove(w->dir, 4);
    free(w);
}

static void a_change_that_is_refused_costs_one_fax(void **state)
{
    (void)state;
    refuse(FW_STATUS_INITIATED, FW_STATUS_RECEIVING, true);
    refuse(FW_STATUS_RECEIVING, FW_STATUS_MEDIA_PROCESSING, false);
    refuse(FW_STATUS_MEDIA_PROCESSING, FW_STATUS_RECEIVED, false);
}

int main(void)
{
    fw_log_init("taken_states_test", (enum fw_log_level)0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_dies_a_fax_moves_on_in_time),
        cmocka_unit_test(a_change_that_is_refused_costs_one_fax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
