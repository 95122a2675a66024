/* One loop for all calls of a modem process. */
#include "modem/modem.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "modem/call.h"
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    MESSAGES_A_TURN = 64,
    READY_MAX = FW_CALLS_PER_MODEM + 1,
    CATCH_UP_TICKS = 5, /* of a stall; what is longer is left out */
    CHANNEL_INDEX = FW_CALLS_PER_MODEM,
};

struct fw_modem {
    struct fw_channel *channel;
    int epoll;
    bool ended;
    bool wants_write;
    uint8_t index;
    uint32_t calls_max;
    uint32_t page_bytes_max;
    struct fw_mono next_tick;
    uint32_t call_count;
    struct fw_modem_call *calls[FW_CALLS_PER_MODEM];
};

static void report(void *arg, const struct fw_msg *msg)
{
    struct fw_modem *m = arg;
    const enum fw_err err = fw_channel_send(m->channel, msg, -1);
    if (err && !m->ended) {
        fw_log(FW_LOG_ERROR, "modem.channel", "error=\"%s\"", fw_err_text(err));
        m->ended = true;
    }
}

static bool watch(struct fw_modem *m, int fd, uint32_t index, uint32_t events, int operation)
{
    struct epoll_event e = { .events = events, .data = { .u32 = index } };
    return epoll_ctl(m->epoll, operation, fd, &e) == 0;
}

enum fw_err fw_modem_new(int channel_fd, struct fw_modem **ret)
{
    struct fw_modem *m = calloc(1, sizeof *m);
    if (!m)
        return FW_NO_MEMORY;
    m->calls_max = FW_CALLS_PER_MODEM;
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    enum fw_err err = m->epoll < 0 ? FW_IO : fw_channel_new(channel_fd, &m->channel);
    if (!err && !watch(m, fw_channel_fd(m->channel), CHANNEL_INDEX, EPOLLIN, EPOLL_CTL_ADD))
        err = FW_IO;
    if (err) {
        fw_modem_free(m);
        return err;
    }
    *ret = m;
    return FW_OK;
}

static void close_at(struct fw_modem *m, uint32_t index)
{
    struct fw_modem_call *c = TAKE(m->calls[index]);
    m->call_count--;
    /* The parent or the line may hold the socket too: closing ours would not end the watch. */
    (void)watch(m, fw_modem_call_fd(c), index, 0, EPOLL_CTL_DEL);
    fw_modem_call_close(c);
}

void fw_modem_free(struct fw_modem *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
        if (m->calls[i])
            close_at(m, i);
    }
    if (m->channel && fw_channel_flush(m->channel))
        fw_log(FW_LOG_WARN, "modem.channel", "last_messages=lost");
    fw_channel_free(m->channel);
    fw_fd_close(&m->epoll);
    free(m);
}

/* Index of the call, or of a free place when `id` is NULL; -1: none. */
static int find(const struct fw_modem *m, const char *id)
{
    for (int i = 0; i < FW_CALLS_PER_MODEM; i++) {
        const struct fw_modem_call *c = m->calls[i];
        if (id ? c && strcmp(fw_modem_call_id(c), id) == 0 : !c)
            return i;
    }
    return -1;
}

static void refuse(struct fw_modem *m, const struct fw_msg_media_open *open, const char *why)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_FAX_RESULT };
    struct fw_msg_fax_result *r = &msg.fax_result;
    r->modem = open->modem;
    memcpy(r->call, open->call, sizeof r->call);
    r->t30_code = 47; /* T30_ERR_NOMEM */
    strncpy(r->text, why, sizeof r->text - 1);
    report(m, &msg);
}

static void open_call(struct fw_modem *m, const struct fw_msg_media_open *open, int fd)
{
    const int index = find(m, NULL);
    if (find(m, open->call) >= 0) {
        fw_log(FW_LOG_ERROR, "modem.call_twice", "call=%s", open->call);
        fw_fd_close(&fd);
        return;
    }
    if (index < 0 || m->call_count >= m->calls_max) {
        fw_fd_close(&fd);
        refuse(m, open, "the modem carries as many calls as it may");
        return;
    }
    struct fw_modem_call *c = NULL;
    const enum fw_err err = fw_modem_call_new(open, fd, m->page_bytes_max, report, m, &c);
    if (err) {
        fw_log(FW_LOG_ERROR, "modem.call_open", "call=%s error=\"%s\"", open->call,
               fw_err_text(err));
        return;
    }
    if (m->call_count == 0)
        m->next_tick = fw_mono_now();
    m->calls[index] = c;
    m->call_count++;
    if (!watch(m, fw_modem_call_fd(c), (uint32_t)index, EPOLLIN, EPOLL_CTL_ADD))
        close_at(m, (uint32_t)index);
}

static void start(struct fw_modem *m, const struct fw_msg_modem_start *s)
{
    struct fw_msg ready = { .kind = FW_MSG_KIND_MODEM_READY };
    m->index = s->modem;
    if (s->calls_max > 0 && s->calls_max < FW_CALLS_PER_MODEM)
        m->calls_max = s->calls_max;
    m->page_bytes_max = s->page_bytes_max;
    ready.modem_ready.modem = s->modem;
    report(m, &ready);
}

static void take_message(struct fw_modem *m, const struct fw_msg *msg, int fd)
{
    int index;
    if (msg->kind == FW_MSG_KIND_MEDIA_OPEN) {
        open_call(m, &msg->media_open, fd);
        return;
    }
    fw_fd_close(&fd);
    if (msg->kind == FW_MSG_KIND_STOP) {
        m->ended = true;
    } else if (msg->kind == FW_MSG_KIND_MODEM_START) {
        start(m, &msg->modem_start);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_SWITCH) {
        index = find(m, msg->media_switch.call);
        if (index >= 0)
            fw_modem_call_switch(m->calls[index], &msg->media_switch);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_CLOSE) {
        index = find(m, msg->media_close.call);
        if (index >= 0)
            close_at(m, (uint32_t)index);
    } else {
        fw_log(FW_LOG_WARN, "modem.message", "kind=%s unexpected=1", fw_msg_text(msg->kind));
    }
}

static void take_messages(struct fw_modem *m)
{
    for (int i = 0; i < MESSAGES_A_TURN && !m->ended; i++) {
        struct fw_msg msg;
        int fd = -1;
        const enum fw_err err = fw_channel_receive(m->channel, &msg, &fd);
        if (err == FW_BUSY)
            return;
        if (err == FW_OK) {
            take_message(m, &msg, fd);
        } else if (err != FW_PROTOCOL) {
            m->ended = true; /* the parent is gone */
        } else {
            fw_log(FW_LOG_ERROR, "modem.message", "malformed=1");
        }
    }
}

static void tick(struct fw_modem *m, struct fw_mono now)
{
    if (m->call_count == 0)
        return;
    if (now.us - m->next_tick.us > (int64_t)CATCH_UP_TICKS * FW_MODEM_TICK_US) {
        fw_log(FW_LOG_WARN, "modem.stall", "late_ms=%lld",
               (long long)(now.us - m->next_tick.us) / 1000);
        m->next_tick.us = now.us - CATCH_UP_TICKS * FW_MODEM_TICK_US;
    }
    for (; m->call_count > 0 && m->next_tick.us <= now.us; m->next_tick.us += FW_MODEM_TICK_US) {
        for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
            if (m->calls[i])
                fw_modem_call_tick(m->calls[i], now);
        }
    }
}

static bool flush(struct fw_modem *m)
{
    bool waiting = false;
    const struct fw_mono now = fw_mono_now();
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
        if (m->calls[i] && fw_modem_call_flush(m->calls[i], now))
            waiting = true;
    }
    const bool wants_write = fw_channel_wants_write(m->channel);
    if (wants_write != m->wants_write) {
        m->wants_write = wants_write;
        (void)watch(m, fw_channel_fd(m->channel), CHANNEL_INDEX,
                    wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return waiting;
}

/* The line closes what it wants to end; what has ended by itself gives its place to the next. */
static void close_over(struct fw_modem *m)
{
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
        if (m->calls[i] && fw_modem_call_over(m->calls[i]))
            close_at(m, i);
    }
}

static int wait_ms(const struct fw_modem *m, bool waiting)
{
    if (m->call_count == 0)
        return -1;
    const int ms = fw_mono_wait_ms(fw_mono_now(), m->next_tick);
    return waiting && ms > 1 ? 1 : ms;
}

void fw_modem_run(struct fw_modem *m, const volatile int *stop)
{
    bool waiting = false;
    while (!m->ended && !*stop) {
        struct epoll_event ready[READY_MAX];
        const int count = epoll_wait(m->epoll, ready, READY_MAX, wait_ms(m, waiting));
        const struct fw_mono now = fw_mono_now();
        bool messages = false;
        for (int i = 0; i < count; i++) {
            const uint32_t index = ready[i].data.u32;
            if (index == CHANNEL_INDEX)
                messages = true;
            else if (m->calls[index])
                fw_modem_call_readable(m->calls[index], now);
        }
        /* After the sockets: a message may close a call that is still in the list above. */
        if (messages) {
            take_messages(m);
            if (fw_channel_flush(m->channel))
                m->ended = true;
        }
        tick(m, now);
        waiting = flush(m);
        close_over(m);
    }
}
