/* The parent's loop over its children: start, restart with back-off, route messages. */
#include "ipc/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/file.h"
#include "base/log.h"
#include "ipc/spawn.h"

enum {
    CHILDREN_MAX = FW_MODEMS_MAX + 2,
    WATCHES_MAX = 8,
    MESSAGES_PER_TURN = 256, /* of one child, so that no child starves the rest */
    BACKOFF_MIN_MS = 50,
    BACKOFF_MAX_MS = 10 * 1000,
    STEADY_MS = 30 * 1000, /* up that long: the next end is a new story */
};

struct slot {
    struct fw_child_spec spec;
    char                *argv[FW_CHILD_ARGS_MAX + 2]; /* owned */
    struct fw_child      child;
    struct fw_mono       started, restart_at;
    int                  backoff_ms;
    bool                 writing; /* epoll waits for room in its channel */
};

struct watch {
    int   fd;
    void (*fn)(void *arg);
    void *arg;
};

struct fw_supervisor {
    struct fw_supervisor_port port;
    int          keep_fd, epoll_fd;
    struct slot  slots[CHILDREN_MAX];
    int          slot_count;
    struct watch watches[WATCHES_MAX];
    int          watch_count;
    bool         stopping;
};

/* What an epoll event is about: kind in the high half, index in the low one. */
enum { ABOUT_CHANNEL = 1, ABOUT_END, ABOUT_WATCH };

const char *fw_role_text(enum fw_role role)
{
    static const char *const text[] = { "line", "modem", "carrier" };
    fw_assert((unsigned)role < ARRAY_LEN(text));
    return text[role];
}

static enum fw_err listen_to(struct fw_supervisor *s, int op, int fd, uint32_t events, int about,
                             int index)
{
    struct epoll_event e = { .events = events,
                             .data.u64 = (uint64_t)about << 32 | (uint64_t)index };
    return epoll_ctl(s->epoll_fd, op, fd, &e) < 0 ? FW_IO : FW_OK;
}

enum fw_err fw_supervisor_new(const struct fw_supervisor_port *port, int keep_fd,
                              struct fw_supervisor **ret)
{
    struct fw_supervisor *s = calloc(1, sizeof *s);
    if (!s)
        return FW_NO_MEMORY;
    s->port = *port;
    s->keep_fd = keep_fd;
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0) {
        free(s);
        return FW_IO;
    }
    *ret = s;
    return FW_OK;
}

void fw_supervisor_free(struct fw_supervisor *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->slot_count; i++) {
        fw_child_end(&s->slots[i].child);
        for (int a = 0; s->slots[i].argv[a]; a++)
            free(s->slots[i].argv[a]);
    }
    fw_fd_close(&s->epoll_fd);
    free(s);
}

static enum fw_err start(struct fw_supervisor *s, int index)
{
    struct slot *slot = &s->slots[index];
    enum fw_err err = fw_spawn(slot->argv, s->keep_fd, &slot->child);
    if (err)
        return err;
    slot->started = fw_mono_now();
    slot->writing = false;
    err = listen_to(s, EPOLL_CTL_ADD, fw_channel_fd(slot->child.channel), EPOLLIN, ABOUT_CHANNEL,
                    index);
    if (!err)
        err = listen_to(s, EPOLL_CTL_ADD, slot->child.pidfd, EPOLLIN, ABOUT_END, index);
    if (err) {
        fw_child_end(&slot->child);
        return err;
    }
    fw_log(FW_LOG_INFO, "program.started", "role=%s index=%d pid=%d", fw_role_text(slot->spec.role),
           slot->spec.index, (int)slot->child.pid);
    s->port.started(s->port.arg, slot->spec.role, slot->spec.index);
    return FW_OK;
}

enum fw_err fw_supervisor_add(struct fw_supervisor *s, const struct fw_child_spec *spec,
                              struct fw_fault *fault)
{
    fw_assert(s->slot_count < CHILDREN_MAX);
    struct slot *slot = &s->slots[s->slot_count];
    *slot = (struct slot){ .spec = *spec, .backoff_ms = BACKOFF_MIN_MS, .child = { .pidfd = -1 } };
    s->slot_count++;
    slot->argv[0] = strdup(spec->program);
    bool ok = slot->argv[0] != NULL;
    for (int a = 0; ok && a < FW_CHILD_ARGS_MAX && spec->args[a]; a++) {
        slot->argv[a + 1] = strdup(spec->args[a]);
        ok = slot->argv[a + 1] != NULL;
    }
    const enum fw_err err = ok ? start(s, s->slot_count - 1) : FW_NO_MEMORY;
    if (err)
        fw_fault_set(fault, fw_role_text(spec->role), "%s cannot be started: %s", spec->program,
                     err == FW_NOT_FOUND ? "there is no such program; run `make`"
                                         : fw_err_text(err));
    return err;
}

static struct slot *find(struct fw_supervisor *s, enum fw_role role, uint8_t index)
{
    for (int i = 0; i < s->slot_count; i++) {
        if (s->slots[i].spec.role == role && s->slots[i].spec.index == index)
            return &s->slots[i];
    }
    return NULL;
}

int fw_supervisor_pid(const struct fw_supervisor *s, enum fw_role role, uint8_t index)
{
    for (int i = 0; i < s->slot_count; i++) {
        if (s->slots[i].spec.role == role && s->slots[i].spec.index == index)
            return (int)s->slots[i].child.pid;
    }
    return 0;
}

static void send_with_fd(struct fw_supervisor *s, struct slot *slot, const struct fw_msg *msg, int fd)
{
    if (!slot || slot->child.pid == 0)
        return;
    const enum fw_err err = fw_channel_send(slot->child.channel, msg, fd);
    if (err) {
        /* It does not take its messages: no use to anyone. Its end is seen on the pidfd. */
        fw_log(FW_LOG_ERROR, "program.stuck", "role=%s index=%d pid=%d error=%s",
               fw_role_text(slot->spec.role), slot->spec.index, (int)slot->child.pid,
               FW_LOG_TEXT(fw_err_text(err)));
        kill(slot->child.pid, SIGKILL);
        return;
    }
    if (fw_channel_wants_write(slot->child.channel) && !slot->writing) {
        slot->writing = true;
        (void)!listen_to(s, EPOLL_CTL_MOD, fw_channel_fd(slot->child.channel), EPOLLIN | EPOLLOUT,
                         ABOUT_CHANNEL, (int)(slot - s->slots));
    }
}

void fw_supervisor_send_to(struct fw_supervisor *s, enum fw_role role, uint8_t index,
                           const struct fw_msg *msg)
{
    send_with_fd(s, find(s, role, index), msg, -1);
}

static void route(struct fw_supervisor *s, const struct slot *from, const struct fw_msg *msg, int fd)
{
    const enum fw_route where = fw_msg_route(msg->kind);
    if (where == FW_ROUTE_LINE || where == FW_ROUTE_HUB_AND_LINE)
        send_with_fd(s, find(s, FW_ROLE_LINE, 0), msg, fd);
    if (where == FW_ROUTE_CARRIER)
        send_with_fd(s, find(s, FW_ROLE_CARRIER, 0), msg, fd);
    if (where == FW_ROUTE_MODEM)
        send_with_fd(s, find(s, FW_ROLE_MODEM, (uint8_t)fw_msg_modem(msg)), msg, fd);
    if (from && (where == FW_ROUTE_HUB || where == FW_ROUTE_HUB_AND_LINE))
        s->port.message(s->port.arg, from->spec.role, from->spec.index, msg);
}

void fw_supervisor_send(struct fw_supervisor *s, const struct fw_msg *msg, int fd)
{
    route(s, NULL, msg, fd);
}

/* Who may say what: a modem speaks for itself only, and nobody but the line opens media. */
static bool may_say(const struct slot *slot, const struct fw_msg *msg)
{
    switch (msg->kind) {
    case FW_MSG_KIND_LINE_READY:
    case FW_MSG_KIND_TRUNK_STATE:
    case FW_MSG_KIND_CALL_PROGRESS:
    case FW_MSG_KIND_CALL_TRUNK:
    case FW_MSG_KIND_CALL_INCOMING:
    case FW_MSG_KIND_CALL_ANSWERED:
    case FW_MSG_KIND_CALL_TRANSPORT:
    case FW_MSG_KIND_CALL_ENDED:
    case FW_MSG_KIND_MEDIA_OPEN:
    case FW_MSG_KIND_MEDIA_TRACE:
    case FW_MSG_KIND_MEDIA_SWITCH:
    case FW_MSG_KIND_MEDIA_PENDING:
    case FW_MSG_KIND_MEDIA_CLOSE: return slot->spec.role == FW_ROLE_LINE;
    case FW_MSG_KIND_MODEM_READY:
    case FW_MSG_KIND_MEDIA_TONE:
    case FW_MSG_KIND_MEDIA_SILENT:
    case FW_MSG_KIND_MEDIA_UNDERWAY:
    case FW_MSG_KIND_FAX_NEGOTIATED:
    case FW_MSG_KIND_PAGE_CONFIRMED:
    case FW_MSG_KIND_FAX_PAGE:
    case FW_MSG_KIND_FAX_FACTS:
    case FW_MSG_KIND_FAX_DIALOGUE:
    case FW_MSG_KIND_FAX_RESULT:
        return slot->spec.role == FW_ROLE_MODEM && fw_msg_modem(msg) == slot->spec.index;
    case FW_MSG_KIND_CARRIER_READY:
    case FW_MSG_KIND_NUMBER_ASK: return slot->spec.role == FW_ROLE_CARRIER;
    case FW_MSG_KIND_STOP:
    case FW_MSG_KIND_LINE_CONFIG:
    case FW_MSG_KIND_TRUNK_SET:
    case FW_MSG_KIND_TRUNK_GONE:
    case FW_MSG_KIND_CALL_PLACE:
    case FW_MSG_KIND_CALL_CANCEL:
    case FW_MSG_KIND_CALL_ACCEPT:
    case FW_MSG_KIND_CALL_REFUSE:
    case FW_MSG_KIND_NUMBER_ROUTE:
    case FW_MSG_KIND_MODEM_START:
    case FW_MSG_KIND_MODEM_GONE:
    case FW_MSG_KIND_COUNT: break;
    }
    return false;
}

/* True: there may be more to read. */
static bool on_channel(struct fw_supervisor *s, struct slot *slot, uint32_t events)
{
    struct fw_channel *channel = slot->child.channel;
    if (!channel)
        return false;
    if (events & EPOLLOUT) {
        (void)!fw_channel_flush(channel);
        if (!fw_channel_wants_write(channel)) {
            slot->writing = false;
            (void)!listen_to(s, EPOLL_CTL_MOD, fw_channel_fd(channel), EPOLLIN, ABOUT_CHANNEL,
                             (int)(slot - s->slots));
        }
    }
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        struct fw_msg msg;
        int fd CLEANUP(fw_fd_close) = -1;
        const enum fw_err err = fw_channel_receive(channel, &msg, &fd);
        if (err == FW_BUSY)
            return false;
        if (err == FW_NOT_FOUND || err == FW_IO) {
            /* It closed its end: it is ending, or broken and of no use. */
            epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fw_channel_fd(channel), NULL);
            if (!s->stopping)
                kill(slot->child.pid, SIGTERM);
            return false;
        }
        if (err || !may_say(slot, &msg))
            fw_log(FW_LOG_WARN, "message.refused", "role=%s index=%d kind=%s",
                   fw_role_text(slot->spec.role), slot->spec.index,
                   err ? "malformed" : fw_msg_text(msg.kind));
        else
            route(s, slot, &msg, fd);
    }
    return true;
}

static void on_end(struct fw_supervisor *s, struct slot *slot)
{
    if (slot->child.pid == 0)
        return;
    const struct fw_mono now = fw_mono_now();
    /* Its last words, all of them: what they tell must be known before its end is. */
    while (on_channel(s, slot, EPOLLIN))
        ;
    /* A program that is being forked may still have these open: closing would not be enough. */
    epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fw_channel_fd(slot->child.channel), NULL);
    epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, slot->child.pidfd, NULL);
    const int status = fw_child_end(&slot->child);
    const bool steady = now.us - slot->started.us > STEADY_MS * 1000LL;
    slot->backoff_ms = steady ? BACKOFF_MIN_MS : slot->backoff_ms * 2;
    if (slot->backoff_ms > BACKOFF_MAX_MS)
        slot->backoff_ms = BACKOFF_MAX_MS;
    slot->restart_at = (struct fw_mono){ now.us + slot->backoff_ms * 1000LL };
    fw_log(s->stopping ? FW_LOG_INFO : FW_LOG_ERROR, "program.ended",
           "role=%s index=%d exit=%d signal=%d restart_in_ms=%d", fw_role_text(slot->spec.role),
           slot->spec.index, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0, s->stopping ? -1 : slot->backoff_ms);
    if (!s->stopping)
        s->port.ended(s->port.arg, slot->spec.role, slot->spec.index);
}

enum fw_err fw_supervisor_watch(struct fw_supervisor *s, int fd, void (*fn)(void *arg), void *arg)
{
    fw_assert(s->watch_count < WATCHES_MAX);
    s->watches[s->watch_count] = (struct watch){ fd, fn, arg };
    return listen_to(s, EPOLL_CTL_ADD, fd, EPOLLIN, ABOUT_WATCH, s->watch_count++);
}

/* Starts again what is due; returns how long the loop may sleep. */
static int restart_due(struct fw_supervisor *s, int timeout_ms)
{
    const struct fw_mono now = fw_mono_now();
    for (int i = 0; i < s->slot_count && !s->stopping; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->child.pid != 0)
            continue;
        const int wait_ms = fw_mono_wait_ms(now, slot->restart_at);
        if (wait_ms == 0 && start(s, i) != FW_OK)
            slot->restart_at = (struct fw_mono){ now.us + BACKOFF_MAX_MS * 1000LL };
        else if (wait_ms > 0 && (timeout_ms < 0 || wait_ms < timeout_ms))
            timeout_ms = wait_ms;
    }
    return timeout_ms;
}

void fw_supervisor_turn(struct fw_supervisor *s, int timeout_ms)
{
    struct epoll_event events[32];
    const int wait_ms = restart_due(s, timeout_ms);
    const int count = epoll_wait(s->epoll_fd, events, ARRAY_LEN(events), wait_ms);
    for (int i = 0; i < count; i++) {
        const uint32_t about = (uint32_t)(events[i].data.u64 >> 32);
        const uint32_t index = (uint32_t)events[i].data.u64;
        if (about == ABOUT_CHANNEL)
            on_channel(s, &s->slots[index], events[i].events);
        else if (about == ABOUT_END)
            on_end(s, &s->slots[index]);
        else
            s->watches[index].fn(s->watches[index].arg);
    }
}

static bool any_up(const struct fw_supervisor *s)
{
    for (int i = 0; i < s->slot_count; i++) {
        if (s->slots[i].child.pid != 0)
            return true;
    }
    return false;
}

void fw_supervisor_stop(struct fw_supervisor *s, int patience_ms)
{
    const struct fw_msg stop = { .kind = FW_MSG_KIND_STOP };
    const struct fw_mono until = { fw_mono_now().us + patience_ms * 1000LL };
    s->stopping = true;
    for (int i = 0; i < s->slot_count; i++)
        send_with_fd(s, &s->slots[i], &stop, -1);
    while (any_up(s) && fw_mono_wait_ms(fw_mono_now(), until) > 0)
        fw_supervisor_turn(s, fw_mono_wait_ms(fw_mono_now(), until));
    for (int i = 0; i < s->slot_count; i++) {
        if (s->slots[i].child.pid != 0)
            fw_log(FW_LOG_WARN, "program.killed", "role=%s index=%d",
                   fw_role_text(s->slots[i].spec.role), s->slots[i].spec.index);
        fw_child_end(&s->slots[i].child);
    }
}
