/* The thread that receives: notes in, decisions out. */
#include "receive/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "receive/inside.h"

enum { IDLE_MS = 1000, READERS = 2 };

enum fw_err fw_receive_new(const struct fw_receive_config *config, const struct fw_receive_port *port,
                           struct fw_receive **ret)
{
    fw_assert(config->modem_count > 0 && config->modem_count <= FW_MODEMS_MAX);
    struct fw_receive *r = calloc(1, sizeof *r);
    if (!r)
        return FW_NO_MEMORY;
    r->config = *config;
    r->port = *port;
    fw_text_clip(r->ident, sizeof r->ident, config->ident ? config->ident : "");
    r->now = fw_mono_now();
    enum fw_err err = fw_mailbox_new(sizeof(struct fw_receive_note), &r->mailbox);
    if (!err)
        err = fw_receive_recover(r);
    if (err) {
        fw_receive_free(r);
        return err;
    }
    *ret = r;
    return FW_OK;
}

void fw_receive_free(struct fw_receive *r)
{
    if (!r)
        return;
    fw_assert(!r->running);
    for (struct fw_receive_note note; r->mailbox && fw_mailbox_take(r->mailbox, &note);)
        free(note.kind == FW_NOTE_READ ? note.read.codes : NULL);
    while (r->taken_count > 0)
        fw_taken_remove(r, r->taken[r->taken_count - 1]);
    free(r->taken);
    fw_mailbox_free(r->mailbox);
    free(r);
}

static void on_message(struct fw_receive *r, const struct fw_msg *msg)
{
    if (msg->kind == FW_MSG_KIND_CALL_INCOMING)
        fw_decide_incoming(r, &msg->call_incoming);
    else if (msg->kind == FW_MSG_KIND_NUMBER_ASK)
        fw_decide_route(r, &msg->number_ask);
    else
        fw_call_message(r, msg);
}

static void on_note(struct fw_receive *r, const struct fw_receive_note *note)
{
    switch (note->kind) {
    case FW_NOTE_MESSAGE: on_message(r, &note->msg); break;
    case FW_NOTE_LINE:
        r->line_up = note->up;
        r->sip_port = note->port;
        if (!note->up)
            fw_call_line_lost(r);
        break;
    case FW_NOTE_MODEM:
        r->modems[note->modem].up = note->up;
        if (!note->up)
            fw_call_modem_lost(r, note->modem);
        break;
    case FW_NOTE_CANCEL: fw_call_cancel(r, note->fax); break;
    case FW_NOTE_KEPT: fw_keep_done(r, &note->kept); break;
    case FW_NOTE_READ: fw_read_done(r, &note->read); break;
    case FW_NOTE_DRAIN: r->draining = true; break;
    case FW_NOTE_STOP: break; /* r->stop is set */
    }
}

/* Milliseconds until something falls due. */
static int wait_ms(const struct fw_receive *r)
{
    int least = IDLE_MS;
    for (int i = 0; i < r->taken_count; i++) {
        const int ms = r->taken[i]->phase == FW_TAKEN_KEEP ? least : fw_mono_wait_ms(r->now, r->taken[i]->due);
        least = ms < least ? ms : least;
    }
    return least;
}

int fw_receive_turn(struct fw_receive *r)
{
    struct fw_receive_note note;
    r->now = fw_mono_now();
    while (!atomic_load(&r->stop) && fw_mailbox_take(r->mailbox, &note))
        on_note(r, &note);
    if (!atomic_load(&r->stop))
        fw_call_due(r);
    atomic_store(&r->drained, r->draining && r->taken_count == 0);
    return wait_ms(r);
}

static void *run(void *arg)
{
    struct fw_receive *r = arg;
    while (!atomic_load(&r->stop)) {
        struct pollfd p = { .fd = fw_mailbox_fd(r->mailbox), .events = POLLIN };
        const int due_ms = fw_receive_turn(r);
        if (poll(&p, 1, due_ms) < 0 && errno != EINTR)
            fw_assert(false && "poll of a mailbox");
    }
    return NULL;
}

enum fw_err fw_receive_start(struct fw_receive *r)
{
    enum fw_err err = fw_hands_start(r, 1, fw_keep_work, &r->keeper);
    if (!err && r->port.read_codes)
        err = fw_hands_start(r, READERS, fw_read_work, &r->reader);
    if (err)
        return err;
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        return FW_NO_MEMORY;
    r->running = true;
    return FW_OK;
}

void fw_receive_drain(struct fw_receive *r)
{
    const struct fw_receive_note note = { .kind = FW_NOTE_DRAIN };
    fw_receive_put(r, &note);
}

bool fw_receive_drained(const struct fw_receive *r) { return atomic_load(&r->drained); }

/* A note that is lost for want of memory is one of a call: its deadline acts. */
void fw_receive_put(struct fw_receive *r, const struct fw_receive_note *note)
{
    if (fw_mailbox_put(r->mailbox, note))
        fw_log(FW_LOG_ERROR, "receive.note_lost", "kind=%d", (int)note->kind);
}

void fw_receive_stop(struct fw_receive *r)
{
    const struct fw_receive_note note = { .kind = FW_NOTE_STOP };
    if (!r)
        return;
    atomic_store(&r->stop, true);
    fw_receive_put(r, &note);
    if (r->running)
        pthread_join(r->thread, NULL);
    r->running = false;
    fw_hands_stop(TAKE(r->keeper));
    fw_hands_stop(TAKE(r->reader));
}

void fw_receive_message(struct fw_receive *r, const struct fw_msg *msg)
{
    struct fw_receive_note note = { .kind = FW_NOTE_MESSAGE, .msg = *msg };
    fw_receive_put(r, &note);
}

void fw_receive_line(struct fw_receive *r, bool up, uint16_t sip_port)
{
    const struct fw_receive_note note = { .kind = FW_NOTE_LINE, .up = up, .port = sip_port };
    fw_receive_put(r, &note);
}

void fw_receive_modem(struct fw_receive *r, uint8_t modem, bool up)
{
    const struct fw_receive_note note = { .kind = FW_NOTE_MODEM, .up = up, .modem = modem };
    fw_receive_put(r, &note);
}

void fw_receive_cancel(struct fw_receive *r, const char *fax)
{
    struct fw_receive_note note = { .kind = FW_NOTE_CANCEL };
    fw_text_clip(note.fax, sizeof note.fax, fax);
    fw_receive_put(r, &note);
}
