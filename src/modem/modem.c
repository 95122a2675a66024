/* One loop for all calls of a modem process; what takes long is done by a few workers. */
#include "modem/modem.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "modem/lateness.h"
#include "modem/slot.h"
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum {
    MESSAGES_A_TURN = 64,
    READY_MAX = FW_CALLS_PER_MODEM + 2,
    CATCH_UP_TICKS = 20, /* of a stall; what is longer is left out. A jitter buffer holds as much */
    CHANNEL_INDEX = FW_CALLS_PER_MODEM,
    MAILBOX_INDEX,
    ACCOUNT_US = 60 * 1000 * 1000, /* how often the log tells how late the ticks are */
};

struct fw_modem {
    struct fw_channel *channel;
    struct fw_pool *pool;
    struct fw_mailbox *mailbox; /* of struct fw_letter */
    int epoll; /* what cannot wait: the channel, the mailbox, calls that are not paced */
    int paced; /* sockets that are looked at once a tick */
    bool ended;
    const char *why; /* it has: for the log */
    bool wants_write;
    uint8_t index;
    uint32_t calls_max;
    struct fw_mono next_tick;
    struct fw_mono account_due;
    uint32_t call_count, eager_count;
    uint64_t call_total;
    struct fw_lateness lateness;
    struct fw_slot slots[FW_CALLS_PER_MODEM];
};

static void end(struct fw_modem *m, const char *why)
{
    m->why = m->ended ? m->why : why;
    m->ended = true;
}

static void report(void *arg, const struct fw_msg *msg)
{
    struct fw_modem *m = arg;
    const enum fw_err err = fw_channel_send(m->channel, msg, -1);
    if (err && !m->ended) {
        fw_log(FW_LOG_ERROR, "modem.channel", "error=\"%s\"", fw_err_text(err));
        end(m, "a report could not be sent");
    }
}

static bool watch(int epoll, int fd, uint32_t index, uint32_t events, int operation)
{
    struct epoll_event e = { .events = events, .data = { .u32 = index } };
    return epoll_ctl(epoll, operation, fd, &e) == 0;
}

static enum fw_err prepare(struct fw_modem *m, int channel_fd)
{
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    m->paced = epoll_create1(EPOLL_CLOEXEC);
    if (m->epoll < 0 || m->paced < 0) {
        fw_fd_close(&channel_fd);
        return FW_IO;
    }
    enum fw_err err = fw_channel_new(channel_fd, &m->channel);
    if (!err)
        err = fw_mailbox_new(sizeof(struct fw_letter), &m->mailbox);
    if (err)
        return err;
    const bool watched =
        watch(m->epoll, fw_channel_fd(m->channel), CHANNEL_INDEX, EPOLLIN, EPOLL_CTL_ADD) &&
        watch(m->epoll, fw_mailbox_fd(m->mailbox), MAILBOX_INDEX, EPOLLIN, EPOLL_CTL_ADD);
    return watched ? FW_OK : FW_IO;
}

enum fw_err fw_modem_new(int channel_fd, struct fw_pool *pool, struct fw_modem **ret)
{
    struct fw_modem *m = calloc(1, sizeof *m);
    if (!m) {
        fw_pool_free(pool);
        return FW_NO_MEMORY;
    }
    m->pool = pool;
    m->calls_max = FW_CALLS_PER_MODEM;
    m->epoll = m->paced = -1;
    m->account_due.us = fw_mono_now().us + ACCOUNT_US;
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++)
        m->slots[i] = (struct fw_slot){ .index = i, .report = report, .report_arg = m, .watched = -1,
                                        .trace.fd = -1 };
    const enum fw_err err = prepare(m, channel_fd);
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++)
        m->slots[i].mailbox = m->mailbox;
    if (err) {
        fw_modem_free(m);
        return err;
    }
    *ret = m;
    return FW_OK;
}

static void set_eager(struct fw_modem *m, struct fw_slot *s, bool eager)
{
    if (s->eager != eager)
        m->eager_count += eager ? 1u : -1u;
    s->eager = eager;
}

/* The parent or the line may hold a socket too: closing ours would not end the watch. */
static void watch_slot(struct fw_modem *m, struct fw_slot *s)
{
    const int wanted = s->busy || !s->call                ? -1
                       : fw_modem_call_eager(s->call) ? m->epoll
                                                          : m->paced;
    set_eager(m, s, wanted == m->epoll);
    if (wanted == s->watched)
        return;
    const int fd = fw_modem_call_fd(s->call);
    if (s->watched >= 0)
        (void)watch(s->watched, fd, s->index, 0, EPOLL_CTL_DEL);
    s->watched = -1;
    if (wanted >= 0 && watch(wanted, fd, s->index, EPOLLIN, EPOLL_CTL_ADD))
        s->watched = wanted;
}

static void give_to_worker(struct fw_modem *m, struct fw_slot *s, enum fw_task task)
{
    if (s->watched >= 0)
        (void)watch(s->watched, fw_modem_call_fd(s->call), s->index, 0, EPOLL_CTL_DEL);
    s->watched = -1;
    set_eager(m, s, false);
    fw_slot_start(s, m->pool, task);
}

/* After each use of a call by the loop. The line closes what it wants to end; what has ended by
 * itself gives its place to the next. */
static void look_after(struct fw_modem *m, struct fw_slot *s)
{
    if (s->closing)
        give_to_worker(m, s, FW_TASK_CLOSE);
    else if (fw_modem_call_has_work(s->call))
        give_to_worker(m, s, FW_TASK_WORK);
    else if (fw_modem_call_over(s->call))
        give_to_worker(m, s, FW_TASK_CLOSE);
    else
        watch_slot(m, s);
}

static bool ready(const struct fw_slot *s)
{
    return s->taken && !s->busy;
}

static void release(struct fw_modem *m, struct fw_slot *s)
{
    s->taken = s->closing = s->pending_told = false;
    s->switch_count = 0;
    s->id[0] = '\0';
    m->call_count--;
}

/* What came while the call was with a worker: messages, then datagrams, which the missed ticks need. */
static void catch_up(struct fw_modem *m, struct fw_slot *s, struct fw_mono now)
{
    for (uint32_t i = 0; i < s->switch_count; i++)
        fw_modem_call_switch(s->call, &s->switches[i]);
    s->switch_count = 0;
    if (s->pending_told)
        fw_modem_call_pending(s->call, s->pending);
    s->pending_told = false;
    const uint32_t missed = s->missed;
    if (missed > 0)
        fw_modem_call_readable(s->call, now);
    for (uint32_t i = 0; i < missed; i++) {
        fw_lateness_add(&m->lateness, now.us - s->missed_at.us - (int64_t)i * FW_MODEM_TICK_US);
        if (missed - i <= CATCH_UP_TICKS)
            fw_modem_call_tick(s->call, now);
    }
}

static void take_letters(struct fw_modem *m)
{
    struct fw_letter letter;
    while (fw_mailbox_take(m->mailbox, &letter)) {
        struct fw_slot *s = &m->slots[letter.slot];
        if (!letter.done) {
            report(m, &letter.msg);
            continue;
        }
        if (!fw_slot_finish(s)) {
            release(m, s);
            continue;
        }
        if (!s->closing)
            catch_up(m, s, fw_mono_now());
        look_after(m, s);
    }
}

static void account(struct fw_modem *m)
{
    struct rusage usage = { 0 };
    (void)getrusage(RUSAGE_SELF, &usage);
    fw_log(FW_LOG_INFO, "modem.ticks",
           "modem=%u calls=%llu ticks=%llu late_us_p50=%llu late_us_p99=%llu late_us_max=%llu "
           "cpu_ms=%lld max_rss_kb=%ld",
           m->index, (unsigned long long)m->call_total, (unsigned long long)m->lateness.count,
           (unsigned long long)fw_lateness_us(&m->lateness, 500),
           (unsigned long long)fw_lateness_us(&m->lateness, 990),
           (unsigned long long)m->lateness.max_us,
           (long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
           usage.ru_maxrss);
}

void fw_modem_free(struct fw_modem *m)
{
    if (!m)
        return;
    fw_pool_free(m->pool); /* when their last job is done */
    m->pool = NULL;
    struct fw_letter letter;
    while (m->mailbox && fw_mailbox_take(m->mailbox, &letter)) {
        if (letter.done)
            (void)fw_slot_finish(&m->slots[letter.slot]);
        else
            report(m, &letter.msg);
    }
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
        if (m->slots[i].call)
            fw_modem_call_close(TAKE(m->slots[i].call));
    }
    if (m->call_total > 0)
        account(m);
    if (m->channel && fw_channel_flush(m->channel))
        fw_log(FW_LOG_WARN, "modem.channel", "last_messages=lost");
    fw_channel_free(m->channel);
    fw_mailbox_free(m->mailbox);
    fw_fd_close(&m->epoll);
    fw_fd_close(&m->paced);
    free(m);
}

/* The place of a call, or a free place when `id` is NULL; NULL: none. */
static struct fw_slot *find(struct fw_modem *m, const char *id)
{
    for (int i = 0; i < FW_CALLS_PER_MODEM; i++) {
        struct fw_slot *s = &m->slots[i];
        if (id ? s->taken && strcmp(s->id, id) == 0 : !s->taken)
            return s;
    }
    return NULL;
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
    struct fw_slot *s = find(m, NULL);
    if (find(m, open->call)) {
        fw_log(FW_LOG_ERROR, "modem.call_twice", "call=%s", open->call);
        fw_fd_close(&fd);
        return;
    }
    if (!s || m->call_count >= m->calls_max) {
        fw_fd_close(&fd);
        refuse(m, open, "the modem carries as many calls as it may");
        return;
    }
    if (m->call_count == 0)
        m->next_tick = fw_mono_now();
    m->call_count++;
    m->call_total++;
    s->taken = true;
    s->open = *open;
    s->fd = fd;
    memcpy(s->id, open->call, sizeof s->id);
    fw_slot_start(s, m->pool, FW_TASK_OPEN);
}

static void start(struct fw_modem *m, const struct fw_msg_modem_start *begin)
{
    struct fw_msg told = { .kind = FW_MSG_KIND_MODEM_READY };
    m->index = begin->modem;
    if (begin->calls_max > 0 && begin->calls_max < FW_CALLS_PER_MODEM)
        m->calls_max = begin->calls_max;
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++)
        m->slots[i].page_bytes_max = begin->page_bytes_max;
    told.modem_ready.modem = begin->modem;
    report(m, &told);
}

static void switch_call(struct fw_modem *m, const struct fw_msg_media_switch *to)
{
    struct fw_slot *s = find(m, to->call);
    if (!s)
        return;
    if (ready(s)) {
        fw_modem_call_switch(s->call, to);
        look_after(m, s);
    } else if (s->switch_count < FW_SLOT_SWITCHES_MAX) {
        s->switches[s->switch_count++] = *to;
    } else {
        fw_log(FW_LOG_WARN, "modem.switch", "call=%s too_many=1", to->call);
    }
}

static void pend_call(struct fw_modem *m, const struct fw_msg_media_pending *p)
{
    struct fw_slot *s = find(m, p->call);
    if (!s)
        return;
    s->pending = p->pending != 0;
    s->pending_told = !ready(s);
    if (ready(s))
        fw_modem_call_pending(s->call, s->pending);
}

static void close_call(struct fw_modem *m, const char *id)
{
    struct fw_slot *s = find(m, id);
    if (!s)
        return;
    s->closing = true;
    if (ready(s))
        look_after(m, s);
}

static void take_message(struct fw_modem *m, const struct fw_msg *msg, int fd)
{
    if (msg->kind == FW_MSG_KIND_MEDIA_OPEN) {
        open_call(m, &msg->media_open, fd);
        return;
    }
    if (msg->kind == FW_MSG_KIND_MEDIA_TRACE) {
        fw_slot_trace(find(m, msg->media_trace.call), (struct fw_pcap){ fd, msg->media_trace.bytes_max });
        return;
    }
    fw_fd_close(&fd);
    if (msg->kind == FW_MSG_KIND_STOP)
        end(m, "told to");
    else if (msg->kind == FW_MSG_KIND_MODEM_START)
        start(m, &msg->modem_start);
    else if (msg->kind == FW_MSG_KIND_MEDIA_SWITCH)
        switch_call(m, &msg->media_switch);
    else if (msg->kind == FW_MSG_KIND_MEDIA_PENDING)
        pend_call(m, &msg->media_pending);
    else if (msg->kind == FW_MSG_KIND_MEDIA_CLOSE)
        close_call(m, msg->media_close.call);
    else
        fw_log(FW_LOG_WARN, "modem.message", "kind=%s unexpected=1", fw_msg_text(msg->kind));
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
            end(m, err == FW_NOT_FOUND ? "the parent is gone" : fw_err_text(err));
        } else {
            fw_log(FW_LOG_ERROR, "modem.message", "malformed=1");
        }
    }
}

static void read_slot(struct fw_modem *m, uint32_t index, struct fw_mono now)
{
    struct fw_slot *s = &m->slots[index];
    if (!ready(s))
        return;
    fw_modem_call_readable(s->call, now);
    look_after(m, s);
}

static void read_paced(struct fw_modem *m, struct fw_mono now)
{
    struct epoll_event list[FW_CALLS_PER_MODEM];
    const int count = epoll_wait(m->paced, list, FW_CALLS_PER_MODEM, 0);
    for (int i = 0; i < count; i++)
        read_slot(m, list[i].data.u32, now);
}

static void tick_all(struct fw_modem *m)
{
    for (uint32_t i = 0; i < FW_CALLS_PER_MODEM; i++) {
        struct fw_slot *s = &m->slots[i];
        if (s->busy && s->task != FW_TASK_CLOSE && s->missed++ == 0)
            s->missed_at = m->next_tick;
        if (!ready(s))
            continue;
        const struct fw_mono now = fw_mono_now();
        fw_lateness_add(&m->lateness, now.us - m->next_tick.us);
        fw_modem_call_tick(s->call, now);
        look_after(m, s);
    }
}

static void tick(struct fw_modem *m, struct fw_mono now)
{
    if (m->call_count == 0 || m->next_tick.us > now.us)
        return;
    const int64_t late = now.us - m->next_tick.us;
    if (late > (int64_t)CATCH_UP_TICKS * FW_MODEM_TICK_US) {
        fw_log(FW_LOG_WARN, "modem.stall", "late_ms=%lld", (long long)late / 1000);
        for (; m->next_tick.us < now.us - CATCH_UP_TICKS * FW_MODEM_TICK_US;
             m->next_tick.us += FW_MODEM_TICK_US)
            fw_lateness_add(&m->lateness, now.us - m->next_tick.us);
    }
    /* Read before each: after a stall, what one call says in a tick may be for another one here. */
    for (; m->call_count > 0 && m->next_tick.us <= now.us; m->next_tick.us += FW_MODEM_TICK_US) {
        read_paced(m, now);
        tick_all(m);
    }
    if (now.us >= m->account_due.us) {
        m->account_due.us = now.us + ACCOUNT_US;
        account(m);
    }
}

static bool flush(struct fw_modem *m)
{
    bool waiting = false;
    const struct fw_mono now = fw_mono_now();
    for (uint32_t i = 0; m->eager_count > 0 && i < FW_CALLS_PER_MODEM; i++) {
        struct fw_slot *s = &m->slots[i];
        if (!s->eager)
            continue;
        waiting = fw_modem_call_flush(s->call, now) || waiting;
        look_after(m, s);
    }
    const bool wants_write = fw_channel_wants_write(m->channel);
    if (wants_write != m->wants_write) {
        m->wants_write = wants_write;
        (void)watch(m->epoll, fw_channel_fd(m->channel), CHANNEL_INDEX,
                    wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return waiting;
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
        struct epoll_event list[READY_MAX];
        const int count = epoll_wait(m->epoll, list, READY_MAX, wait_ms(m, waiting));
        const struct fw_mono now = fw_mono_now();
        bool messages = false;
        for (int i = 0; i < count; i++) {
            const uint32_t index = list[i].data.u32;
            if (index == CHANNEL_INDEX)
                messages = true;
            else if (index == MAILBOX_INDEX)
                take_letters(m);
            else
                read_slot(m, index, now);
        }
        if (messages) {
            take_messages(m);
            if (fw_channel_flush(m->channel))
                end(m, "the channel takes nothing");
        }
        tick(m, now);
        waiting = flush(m);
    }
    fw_log(FW_LOG_INFO, "modem.ended", "modem=%u why=\"%s\"", m->index, m->ended ? m->why : "a signal");
}
