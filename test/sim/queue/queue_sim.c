/* One run: what happens when, in virtual time, and who is told. */
#include "queue_sim.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "world.h"

enum { STEPS_MAX = 200000, TURNS_MAX = 1000 };

void world_fault(struct world *w, const char *format, ...)
{
    va_list args;
    if (w->report->fault[0])
        return; /* the first one is the cause */
    const int used = snprintf(w->report->fault, sizeof w->report->fault, "at %.3f s: ", (double)env_now_us() / 1e6);
    va_start(args, format);
    vsnprintf(w->report->fault + used, sizeof w->report->fault - (size_t)used, format, args);
    va_end(args);
}

void world_note(struct world *w, const char *format, ...)
{
    va_list args;
    if (!w->trace)
        return;
    fprintf(stderr, "%12.3f  ", (double)env_now_us() / 1e6);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void world_later(struct world *w, int64_t delay_us, int kind, int what, const struct fw_msg *msg)
{
    struct sim_event *e = calloc(1, sizeof *e);
    if (!e || w->event_count == EVENTS_MAX) {
        world_fault(w, "the simulation has no room for an event");
        free(e);
        return;
    }
    e->at = env_now_us() + delay_us;
    e->seq = ++w->seq;
    e->kind = kind;
    e->what = what;
    if (msg)
        e->msg = *msg;
    w->events[w->event_count++] = e;
}

/* A moment at which a crash is worst: something has happened, and nobody was told. */
void world_crash_point(struct world *w)
{
    if (!w->calm && !w->down && w->queue && env_chance(w->crash_points))
        world_later(w, 0, EV_CRASH, 0, NULL);
}

void world_cancel_point(struct world *w, int fax, int64_t within_us)
{
    if (!w->calm && env_chance(w->cancel_points))
        world_later(w, (int64_t)env_draw((uint64_t)within_us + 1), EV_CANCEL, fax, NULL);
}

static struct sim_event *take_first(struct world *w, int64_t until)
{
    int first = -1;
    for (int i = 0; i < w->event_count; i++) {
        if (first < 0 || before(w->events[i], w->events[first]))
            first = i;
    }
    if (first < 0 || w->events[first]->at > until)
        return NULL;
    struct sim_event *e = w->events[first];
    w->events[first] = w->events[--w->event_count];
    return e;
}

void far_tell(struct world *w, const struct fw_msg *msg)
{
    world_note(w, "is told %s", fw_msg_text(msg->kind));
    check_told(w, msg);
    fw_queue_message(w->queue, msg);
}

/* The port of the queue. */

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    struct world *w = arg;
    char path[512];
    (void)stop;
    *ret = (struct fw_prepared){ .result = FW_PREPARED_OK };
    for (int i = 0; i < w->fax_count; i++) {
        if (strcmp(w->faxes[i].id, fax->id) == 0)
            ret->page_count = w->faxes[i].pages;
    }
    for (int b = 0; b < w->batch_count; b++) {
        if (strcmp(w->batches[b].id, fax->id) == 0)
            ret->page_count = w->batches[b].pages;
    }
    if (env_chance(20)) {
        *ret = (struct fw_prepared){ .result = FW_PREPARED_FAILED, .reason = "file_format_invalid", .detail = "drawn" };
        return;
    }
    snprintf(path, sizeof path, "%s/pages.tif", dir);
    if (fw_file_write(path, fw_span_of("pages"), 0600))
        world_fault(w, "the simulation cannot write pages");
}

static void take_message(void *arg, const struct fw_msg *msg)
{
    far_message(arg, msg);
}

static void open_queue(struct world *w)
{
    const struct fw_queue_port port = { .prepare = prepare, .send = take_message, .put_pages = env_put_pages,
                                        .arg = w };
    const struct fw_queue_config config = {
        .store = w->store, .trunk = "t", .ident = "", .modem_count = 2, .media_workers = 1, .calls_max = CALLS_AT_ONCE,
        .calls_per_number = 1, .number_gap_ms = GAP_MS, .rules.quotas = { [FW_QUOTA_CALLS_MAX] = w->calls_max },
        .limits = { { [FW_LIMIT_RING] = RING_TIMEOUT_MS, [FW_LIMIT_CALL] = CALL_LIMIT_MS } },
    };
    char spool[256];
    /* A disk that fails at the start ends the start; somebody starts it again. */
    enum fw_err err = FW_IO;
    for (int tries = 0; err && tries < 100; tries++)
        err = fw_queue_new(&config, &port, &w->queue);
    if (err)
        world_fault(w, "the queue does not start: %s", fw_err_text(err));
    for (int m = 0; m < 2; m++)
        (void)!fw_queue_spool_dir(w->dir, m, spool, sizeof spool);
    if (w->tells)
        told_start(w);
    world_later(w, SECOND, EV_LINE_UP, 0, NULL);
    world_later(w, SECOND, EV_MODEM_UP, 0, NULL);
    world_later(w, SECOND, EV_MODEM_UP, 1, NULL);
}

/* Between two slices of a batch, when none of its faxes can be on its way yet, it may be cancelled. True: there is one. */
static bool between_slices(struct world *w)
{
    bool between = false;
    w->in_turn = false; /* what is written here is not the queue's */
    for (int i = 0; i < w->batch_count; i++) {
        struct sim_batch *b = &w->batches[i];
        if (b->unwritten > 0)
            look_at_batch(w, b);
        if (b->unwritten > 0 && env_chance(50))
            cancel_batch(w, i);
        between |= b->unwritten > 0;
    }
    w->in_turn = true;
    return between;
}

/* Also in mid-turn, between two writes that belong together, and whatever is then said is not heard. Rather while a
 * batch is written, which takes a few writes of thousands. */
static bool power_goes(void *arg)
{
    struct world *w = arg;
    if (!w->in_turn || w->calm || !env_chance(between_slices(w) ? 20 * w->cuts : w->cuts))
        return false;
    world_note(w, "the power goes");
    w->cut = true;
    atomic_store(&w->queue->stop, true);
    return true;
}

static bool is_due(const struct sim_fax *f)
{
    return f->accepted && !f->canceled_us && f->status == FW_STATUS_MEDIA_PROCESSED && !f->window && !f->send_in_us &&
           env_now_us() >= f->waits_us + f->pause_us;
}

/* While one fax is about to be dialled, a client cancels another that is due: the queue is told of it afterwards. */
static void crossing(void *arg, const struct fw_fax *to)
{
    struct world *w = arg;
    if (to->status != FW_STATUS_ORIGINATED || !w->in_turn || w->cut || w->calm || !env_chance(w->crossings))
        return;
    const int first = (int)env_draw((uint64_t)w->fax_count);
    for (int i = 0; i < w->fax_count; i++) {
        const int other = (first + i) % w->fax_count;
        if (!is_due(&w->faxes[other]) || strcmp(w->faxes[other].id, to->id) == 0)
            continue;
        cancel_fax(w, other);
        return;
    }
}

static void changed(void *arg, const struct fw_fax *to, enum fw_status from, enum fw_err err)
{
    if (err == FW_INVALID || (to->status != from && !check_may_become(from, to->status)))
        world_fault(arg, "fax %s would have gone from %s to %s", to->id, fw_status_text(from),
                    fw_status_text(to->status));
}

static void open_world(struct world *w, uint64_t seed)
{
    static const char *const ids[APPLICATIONS] = { "101", "102", "103" };
    struct fw_fault fault = { 0 };
    snprintf(w->dir, sizeof w->dir, "%s/faxwire-sim-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(w->dir) || fw_store_open(w->dir, &fault, &w->store)) {
        world_fault(w, "the simulation has no store: %s", fault.message);
        return;
    }
    (void)seed;
    for (int a = 0; a < 2; a++)
        (void)!fw_store_account_ensure(w->store, a ? "b" : "a", &w->accounts[a]);
    for (int i = 0; i < APPLICATIONS; i++) {
        struct fw_application app = { .account = w->accounts[i == 2], .webhook_timeout_secs = -1, .active = true };
        fw_text_clip(app.id, sizeof app.id, ids[i]);
        if (i == LIMITED_APPLICATION)
            app.settings = strdup("{\"outbound\":{\"channel_limit\":1}}");
        if (w->tells)
            snprintf(app.webhook_url, sizeof app.webhook_url, "http://receiver-%d.example/", i);
        if (w->tells && w->failover[i] > 0)
            snprintf(app.webhook_failover_url, sizeof app.webhook_failover_url, "http://receiver-%d.example/",
                     w->failover[i]);
        app.created_at = app.updated_at = fw_wall_now();
        if (fw_store_application_create(w->store, &app))
            world_fault(w, "the simulation has no application");
        fw_application_done(&app);
    }
    env_on_write(power_goes, w);
    env_on_change(crossing, changed, w);
    open_queue(w);
}

/* What happens. */

static void crash(struct world *w)
{
    w->report->crashes++;
    told_stop();
    fw_queue_free(w->queue);
    w->queue = NULL;
    w->cut = false;
    env_power_back();
    if (env_chance(500))
        far_outlive(w);
    far_all_gone(w);
    if (env_chance(300))
        env_advance_to(env_now_us() + (int64_t)env_draw(30 * SECOND));
    for (int i = w->event_count - 1; i >= 0; i--) {
        const int kind = w->events[i]->kind;
        if (kind != EV_TELL && kind != EV_LINE_UP && kind != EV_MODEM_UP && kind != EV_STEP)
            continue;
        free(w->events[i]);
        w->events[i] = w->events[--w->event_count];
    }
    open_queue(w);
}

static void act(struct world *w, const struct sim_event *e)
{
    static const char *const names[] = { "accept", "cancel", "step", "tell", "crash", "modem down", "modem up",
                                         "line down", "line up", "wall clock", "calm", "ask again", "mistake",
                                         "batch", "cancel batch", "replay" };
    if (e->kind != EV_TELL && e->kind != EV_STEP)
        world_note(w, "%s %d", names[e->kind], e->what);
    switch (e->kind) {
    case EV_ASK_AGAIN:
    case EV_ACCEPT: accept_fax(w, e->what); break;
    case EV_CANCEL: cancel_fax(w, e->what); break;
    case EV_BATCH: accept_batch(w, e->what); break;
    case EV_BATCH_CANCEL: cancel_batch(w, e->what); break;
    case EV_STEP: far_step(w, e->what); break;
    case EV_TELL: far_tell(w, &e->msg); break;
    case EV_CRASH: crash(w); break;
    case EV_MODEM_DOWN:
        far_modem_gone(w, e->what);
        fw_queue_modem(w->queue, (uint8_t)e->what, false);
        world_later(w, 2 * SECOND, EV_MODEM_UP, e->what, NULL);
        break;
    case EV_MODEM_UP: fw_queue_modem(w->queue, (uint8_t)e->what, true); break;
    case EV_LINE_DOWN:
        far_line_gone(w);
        fw_queue_line(w->queue, false);
        world_later(w, 2 * SECOND, EV_LINE_UP, 0, NULL);
        break;
    case EV_LINE_UP:
        w->line_up = true;
        fw_queue_line(w->queue, true);
        break;
    case EV_REPLAY: told_replay(w, e->what); break;
    case EV_MISTAKE: check_mistake(w, &w->faxes[e->what]); break;
    case EV_WALL:
        w->wall_moved = true;
        told_wake();
        env_shift_wall(((int64_t)env_draw(7200) - 3600) * SECOND);
        break;
    case EV_CALM:
        w->calm = true;
        w->unread = false;
        env_disk_fails(0);
        env_calls_unread(0);
        break;
    }
}

/* Turns until the mailbox is empty; then how long it will wait. */
static int64_t turn(struct world *w)
{
    int64_t wait_ms = 0;
    for (int i = 0; i < TURNS_MAX; i++) {
        struct pollfd p = { .fd = fw_mailbox_fd(w->queue->mailbox), .events = POLLIN };
        w->in_turn = true;
        wait_ms = fw_queue_turn(w->queue);
        w->in_turn = false;
        if (w->cut)
            crash(w);
        if (poll(&p, 1, 0) == 0 && wait_ms > 0)
            return wait_ms;
        if (wait_ms == 0)
            env_advance_to(env_now_us() + 1000);
    }
    world_fault(w, "the queue turns and turns");
    return wait_ms;
}

/* What is drawn for a run: swarm, that is some kinds of faults are off altogether. */
static void draw(struct world *w)
{
    const int64_t faults_until = 6 * HOUR;
    w->fax_count = 8 + (int)env_draw(FAXES_ALONE_MAX - 8);
    for (int n = 0; n < NUMBERS; n++) {
        w->numbers[n] = env_chance(300) ? GOOD : (int)env_draw(MANNERS);
        w->number_busy_left[n] = (int)env_draw(4);
    }
    for (int i = 0; i < w->fax_count; i++) {
        draw_fax(w, &w->faxes[i]);
        world_later(w, (int64_t)env_draw(2 * HOUR), EV_ACCEPT, i, NULL);
        if (env_chance(150))
            world_later(w, (int64_t)env_draw(3 * HOUR), EV_CANCEL, i, NULL);
        if (env_chance(300))
            world_later(w, (int64_t)env_draw(4 * HOUR), EV_MISTAKE, i, NULL);
        if (w->tells && env_chance(300))
            world_later(w, (int64_t)env_draw(8 * HOUR), EV_REPLAY, i, NULL);
    }
    draw_batches(w);
    const int kinds[] = { EV_CRASH, EV_MODEM_DOWN, EV_LINE_DOWN, EV_WALL };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const int times = env_chance(500) ? (int)env_draw(12) : 0;
        for (int i = 0; i < times; i++)
            world_later(w, (int64_t)env_draw((uint64_t)faults_until), kinds[k], (int)env_draw(2), NULL);
    }
    w->lost = env_chance(300) ? (unsigned)env_draw(30) : 0;
    w->late = env_chance(300) ? (unsigned)env_draw(200) : 0;
    w->twice = env_chance(300) ? (unsigned)env_draw(300) : 0;
    w->false_words = env_chance(300) ? (unsigned)env_draw(300) : 0;
    w->crash_points = env_chance(300) ? (unsigned)env_draw(100) : 0;
    w->cancel_points = env_chance(300) ? (unsigned)env_draw(200) : 0;
    w->crossings = env_chance(500) ? (unsigned)env_draw(1000) : 0;
    w->cuts = env_chance(300) ? (unsigned)env_draw(15) : 0;
    env_disk_fails(env_chance(300) ? (unsigned)env_draw(60) : 0);
    w->unread = env_chance(500);
    env_calls_unread(w->unread ? (unsigned)env_draw(600) : 0);
    world_later(w, faults_until, EV_CALM, 0, NULL);
}

/* As the queue's thread does when a second has passed without news. It is done where it can matter: what a fault of
 * the disk has stopped, nobody else may look for. */
static void look_again(struct world *w)
{
    w->looked = env_disk_failures();
    w->queue->look = w->queue->look_media = w->queue->look_batch = true;
}

static void live(struct world *w)
{
    const int64_t end = env_now_us() + 30 * 24 * HOUR;
    for (int step = 0; step < STEPS_MAX && !w->report->fault[0]; step++) {
        const int64_t wait_ms = turn(w);
        while (told_run(w))
            ;
        check_step(w);
        int64_t until = wait_ms >= INT32_MAX ? end : env_now_us() + wait_ms * 1000;
        if (until > told_due(w))
            until = told_due(w);
        if (until > end)
            until = end;
        const bool looks = w->looked != env_disk_failures() && until > env_now_us() + SECOND;
        if (looks)
            until = env_now_us() + SECOND;
        struct sim_event *e = take_first(w, until);
        if (!e && until >= end)
            return;
        env_advance_to(e ? e->at : until);
        if (!e && looks)
            look_again(w);
        hash_bytes(w, &until, 0);
        if (e)
            act(w, e);
        const int64_t now = env_now_us();
        hash_bytes(w, &now, sizeof now);
        free(e);
    }
    if (!w->report->fault[0])
        world_fault(w, "the run does not end");
}

static void close_world(struct world *w)
{
    w->report->faxes = w->fax_count;
    w->report->calls = w->call_count;
    w->report->disk_failures = (int)env_disk_failures();
    w->report->virtual_us = env_now_us();
    env_on_write(NULL, NULL);
    told_close();
    far_all_gone(w);
    fw_queue_free(w->queue);
    fw_store_close(w->store);
    for (int i = 0; i < w->event_count; i++)
        free(w->events[i]);
    fw_dir_remove(w->dir, 4);
    free(w);
}

void queue_sim_run(uint64_t seed, bool trace, struct sim_report *ret)
{
    struct world *w = calloc(1, sizeof *w);
    *ret = (struct sim_report){ .hash = 0xcbf29ce484222325u };
    if (!w) {
        snprintf(ret->fault, sizeof ret->fault, "out of memory");
        return;
    }
    w->trace = trace;
    w->report = ret;
    env_start(seed);
    w->tells = env_chance(250);
    for (int i = 0; i < RECEIVERS; i++) {
        const int manner = env_chance(300) ? RECEIVER_GOOD : (int)env_draw(RECEIVER_MANNERS);
        w->receivers[i] = (struct sim_receiver){ .manner = (enum receiver_manner)manner,
                                                 .mended_us = (int64_t)env_draw(8 * HOUR),
                                                 .period_us = SECOND + (int64_t)env_draw(300 * SECOND) };
    }
    for (int i = 0; i < APPLICATIONS; i++)
        w->failover[i] = env_chance(500) ? APPLICATIONS + (int)env_draw(RECEIVERS - APPLICATIONS) : 0;
    w->calls_max = env_chance(300) ? 1 + (int64_t)env_draw(3) : 0;
    open_world(w, seed);
    if (!ret->fault[0]) {
        draw(w);
        live(w);
    }
    if (!ret->fault[0])
        check_end(w);
    close_world(w);
}
