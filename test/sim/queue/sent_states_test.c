/* A sent fax in every state, and each thing that can die or fall silent then: within the time of the table
 * (fax/status.h) it moves on, and it ends with a reason. Virtual time; the workers are real threads. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "env.h"
#include "fax/fax_json.h"
#include "queue/live.h"
#include "t30/journal.h"
#include "test.h"

enum { PAGES = 3, HOURS_MAX = 12, STEP_MS = 3000, STEP_CALM_MS = 30000, DECIDE_LIMIT_MS = 3600 * 1000 };

static const struct fw_limits limits = { { [FW_LIMIT_WAIT] = 1200 * 1000, [FW_LIMIT_DOCUMENTS] = 600 * 1000,
                                           [FW_LIMIT_RING] = 60 * 1000, [FW_LIMIT_CALL] = 300 * 1000 } };

enum stage { UNTOUCHED, PREPARING, PREPARING_DEAF, NO_LINE, NO_MODEM, DIALLED, RINGING, ANSWERED, SENDING, PAGE, RESULT,
             STAGES };
enum blow { SILENCE, LINE_LOST, LINE_FLAPS, MODEM_LOST, MODEM_FLAPS, CHATTER, RESTART, DRAIN, CANCEL, UNREAD, BLOWS };
static const char *const stage_names[] = { "untouched", "preparing", "preparing, deaf", "no line", "no modem", "dialled",
                                           "ringing", "answered", "sending", "page", "result" };
static const char *const blow_names[] = { "silence", "line lost", "line flaps", "modem lost", "modem flaps", "chatter",
                                          "restart", "drain", "cancel", "unread" };

struct world {
    enum stage       stage;
    char             dir[64];
    struct fw_store *store;
    struct fw_queue *queue;
    char             id[FW_UUID_SIZE];
    struct fw_msg    placed;
    int              calls;
    int64_t          call_us;
    atomic_bool      hold; /* the worker does not finish */
    enum fw_status   status;
    int64_t          since_us;
};

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    struct world *w = arg;
    char path[512];
    (void)fax;
    while (atomic_load(&w->hold) && (w->stage == PREPARING_DEAF || !atomic_load(stop)))
        poll(NULL, 0, 1);
    *ret = (struct fw_prepared){ .result = atomic_load(&w->hold) ? FW_PREPARED_INTERRUPTED : FW_PREPARED_OK,
                                 .page_count = PAGES };
    snprintf(path, sizeof path, "%s/pages.tif", dir);
    if (fw_file_write(path, fw_span_of("pages"), 0600))
        ret->result = FW_PREPARED_INTERRUPTED;
}

static void take_message(void *arg, const struct fw_msg *msg)
{
    struct world *w = arg;
    if (msg->kind != FW_MSG_KIND_CALL_PLACE)
        return;
    w->placed = *msg;
    w->calls++;
    w->call_us = env_now_us();
}

static void open_queue(struct world *w)
{
    const struct fw_queue_port port = { .prepare = prepare, .send = take_message, .put_pages = env_put_pages, .arg = w };
    const struct fw_queue_config config = { .store = w->store, .trunk = "t", .ident = "", .modem_count = 1,
        .media_workers = 1, .calls_max = 4, .calls_per_number = 1, .limits = limits };
    char spool[256];
    CHECK_INT(fw_queue_new(&config, &port, &w->queue), FW_OK);
    CHECK_INT(fw_queue_spool_dir(w->dir, 0, spool, sizeof spool), FW_OK);
    CHECK_INT(fw_media_workers_start(w->queue, 1, &w->queue->workers), FW_OK);
    fw_queue_line(w->queue, w->stage != NO_LINE);
    fw_queue_modem(w->queue, 0, w->stage != NO_MODEM);
}

static void close_queue(struct world *w)
{
    if (w->stage == PREPARING_DEAF)
        atomic_store(&w->hold, false); /* a stop waits for it; whoever kills does not */
    fw_queue_stop(w->queue);
    fw_queue_free(w->queue);
    w->queue = NULL;
}

static void accept_fax(struct world *w, int64_t account)
{
    struct fw_fax f = { .account = account, .application = "1", .from = "+12025550123", .to = "+12005550100",
                        .black_threshold = 95, .modem = -1, .transport = -1, .t38_enabled = true };
    struct fw_event e = { 0 };
    f.retry = strdup("{\"policy\":\"standard\"}");
    f.created_at = f.updated_at = fw_wall_now();
    fw_uuid_new(f.created_at, f.id);
    memcpy(w->id, f.id, sizeof w->id);
    CHECK_INT(fw_event_make(&f, FW_EVENT_QUEUED, f.created_at, NULL, &e), FW_OK);
    CHECK_INT(fw_store_fax_accept(w->store, &f, &e), FW_OK);
    fw_event_done(&e);
    fw_fax_done(&f);
    fw_queue_accepted(w->queue, w->id);
    w->since_us = env_now_us();
}

static void open_world(struct world *w)
{
    struct fw_fault fault = { 0 };
    struct fw_application app = { .id = "1", .webhook_timeout_secs = -1, .active = true };
    snprintf(w->dir, sizeof w->dir, "%s/faxwire-states-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(w->dir) != NULL);
    CHECK_INT(fw_store_open(w->dir, &fault, &w->store), FW_OK);
    CHECK_INT(fw_store_account_ensure(w->store, "a", &app.account), FW_OK);
    app.created_at = app.updated_at = fw_wall_now();
    CHECK_INT(fw_store_application_create(w->store, &app), FW_OK);
    atomic_store(&w->hold, w->stage == PREPARING || w->stage == PREPARING_DEAF);
    open_queue(w);
    if (w->stage == UNTOUCHED)
        fw_queue_drain(w->queue); /* nobody takes it up */
    accept_fax(w, app.account);
}

/* Until nothing is left to be done now; then the milliseconds until something is. */
static int turn(struct world *w)
{
    for (;;) {
        struct pollfd p = { .fd = fw_mailbox_fd(w->queue->mailbox), .events = POLLIN };
        const int wait_ms = fw_queue_turn(w->queue);
        /* A worker that may finish is waited for in real time. */
        const bool working = w->queue->in_media > 0 && !atomic_load(&w->hold);
        if (poll(&p, 1, working ? -1 : 0) == 0 && wait_ms > 0)
            return wait_ms;
    }
}

static void tell(struct world *w, enum fw_msg_kind kind)
{
    struct fw_msg m = { .kind = kind };
    const char *call = w->placed.call_place.call;
    switch ((int)kind) {
    case FW_MSG_KIND_CALL_PROGRESS:
        fw_text_clip(m.call_progress.call, FW_CALL_ID_SIZE, call);
        m.call_progress.sip_status = 180;
        break;
    case FW_MSG_KIND_CALL_ANSWERED: fw_text_clip(m.call_answered.call, FW_CALL_ID_SIZE, call); break;
    case FW_MSG_KIND_FAX_NEGOTIATED: fw_text_clip(m.fax_negotiated.call, FW_CALL_ID_SIZE, call); break;
    case FW_MSG_KIND_PAGE_CONFIRMED:
        fw_text_clip(m.page_confirmed.call, FW_CALL_ID_SIZE, call);
        m.page_confirmed.page_count = 1;
        break;
    default:
        fw_text_clip(m.fax_result.call, FW_CALL_ID_SIZE, call);
        m.fax_result.t30_code = 49;
        break;
    }
    fw_queue_message(w->queue, &m);
    turn(w);
}

static void write_page(struct world *w)
{
    char path[512];
    struct fw_journal *j;
    snprintf(path, sizeof path, "%s/spool/modem-0/%s.journal", w->dir, w->placed.call_place.call);
    CHECK_INT(fw_journal_new(path, &j), FW_OK);
    CHECK_INT(fw_journal_page(j, 1), FW_OK);
    fw_journal_free(j);
}

static void bring(struct world *w)
{
    turn(w);
    if (w->stage >= RINGING)
        tell(w, FW_MSG_KIND_CALL_PROGRESS);
    if (w->stage >= ANSWERED)
        tell(w, FW_MSG_KIND_CALL_ANSWERED);
    if (w->stage >= SENDING)
        tell(w, FW_MSG_KIND_FAX_NEGOTIATED);
    if (w->stage == PAGE) {
        write_page(w);
        tell(w, FW_MSG_KIND_PAGE_CONFIRMED);
    }
    if (w->stage == RESULT)
        tell(w, FW_MSG_KIND_FAX_RESULT);
}

static void strike(struct world *w, enum blow blow, int64_t at_ms, bool first)
{
    const bool odd = at_ms / STEP_MS % 2;
    if (blow == LINE_LOST || blow == LINE_FLAPS)
        fw_queue_line(w->queue, blow == LINE_FLAPS && odd);
    if (blow == MODEM_LOST || blow == MODEM_FLAPS)
        fw_queue_modem(w->queue, 0, blow == MODEM_FLAPS && odd);
    if (blow == CHATTER && w->calls > 0) {
        tell(w, FW_MSG_KIND_CALL_PROGRESS);
        tell(w, FW_MSG_KIND_CALL_ANSWERED);
        tell(w, FW_MSG_KIND_FAX_RESULT);
    }
    if (blow == UNREAD)
        env_calls_unread(at_ms < 1800 * 1000 || w->stage == RESULT ? 1000 : 0);
    if (!first)
        return;
    if (blow == RESTART) {
        close_queue(w);
        open_queue(w);
    }
    if (blow == DRAIN)
        fw_queue_drain(w->queue);
    if (blow == CANCEL) {
        CHECK_INT(fw_store_fax_cancel(w->store, 1, w->id, fw_wall_now()), FW_OK);
        fw_queue_cancel(w->queue, w->id);
    }
}

/* How long it is in its state by now, and how long it may be. */
static void check_time(struct world *w, enum blow blow)
{
    struct fw_fax f = { 0 };
    CHECK_INT(fw_store_fax_get(w->store, 0, w->id, &f), FW_OK);
    const bool in_call = f.status == FW_STATUS_ORIGINATED || f.status == FW_STATUS_SENDING;
    if (f.status != w->status)
        w->since_us = env_now_us();
    w->status = f.status;
    const int64_t due_us = f.due.us - (fw_wall_now().us - env_now_us());
    const int64_t since_us = in_call ? w->call_us : due_us > w->since_us ? due_us : w->since_us;
    const int64_t more_ms = in_call && blow == UNREAD ? DECIDE_LIMIT_MS + 1000 : 0;
    if (!fw_status_final(f.status) &&
        env_now_us() - since_us > (fw_status_limit_ms(f.status, &limits) + more_ms + 1000) * 1000)
        fail_msg("%s, then %s: %s for %lld s", stage_names[w->stage], blow_names[blow], fw_status_text(f.status),
                 (long long)((env_now_us() - since_us) / 1000000));
    if (f.status == FW_STATUS_FAILED)
        CHECK(f.failure_reason[0] && f.failure_detail[0]);
    if (f.status == FW_STATUS_FAILED && blow == CANCEL)
        CHECK_TEXT(f.failure_reason, "sender_canceled");
    fw_fax_done(&f);
}

static void walk(enum stage stage, enum blow blow)
{
    struct world *w = calloc(1, sizeof *w);
    w->stage = stage;
    env_start(1);
    open_world(w);
    bring(w);
    const int64_t begun_us = env_now_us();
    bool drained = stage == UNTOUCHED || blow == DRAIN;
    for (int step = 0; !fw_status_final(w->status); step++) {
        const int64_t at_ms = (env_now_us() - begun_us) / 1000;
        if (at_ms > HOURS_MAX * 3600 * 1000)
            fail_msg("%s, then %s: it hangs in %s", stage_names[stage], blow_names[blow], fw_status_text(w->status));
        strike(w, blow, at_ms, step == 0);
        const int wait_ms = turn(w);
        check_time(w, blow);
        if (drained && fw_queue_drained(w->queue)) { /* the service ends, and the next one starts */
            drained = false;
            close_queue(w);
            open_queue(w);
            continue;
        }
        const int step_ms = blow == LINE_FLAPS || blow == MODEM_FLAPS || blow == CHATTER ? STEP_MS : STEP_CALM_MS;
        env_advance_to(env_now_us() + (wait_ms < step_ms ? wait_ms : step_ms) * 1000LL);
    }
    CHECK_INT(w->queue->live_count, 0);
    CHECK_INT(w->queue->calls, 0);
    atomic_store(&w->hold, false);
    close_queue(w);
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

int main(void)
{
    fw_log_init("sent_states_test", (enum fw_log_level)0);
    const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_dies_a_fax_moves_on_in_time) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
