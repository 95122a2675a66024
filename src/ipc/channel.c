/* A channel between two programs: messages and descriptors over SOCK_SEQPACKET, never blocking. */
#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

enum { WAITING_MAX = 1024 }; /* messages; a child that lags this far behind is not alive */

struct waiting {
    struct waiting *next;
    int             fd; /* owned duplicate, or -1 */
    size_t          size;
    uint8_t         bytes[];
};

struct fw_channel {
    int             fd;
    struct waiting *first, **last;
    int             count;
};

enum fw_err fw_channel_new(int fd, struct fw_channel **ret)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return FW_IO;
    struct fw_channel *c = calloc(1, sizeof *c);
    if (!c)
        return FW_NO_MEMORY;
    c->fd = fd;
    c->last = &c->first;
    *ret = c;
    return FW_OK;
}

static void drop_first(struct fw_channel *c)
{
    struct waiting *w = c->first;
    c->first = w->next;
    if (!c->first)
        c->last = &c->first;
    c->count--;
    fw_fd_close(&w->fd);
    free(w);
}

void fw_channel_free(struct fw_channel *c)
{
    if (!c)
        return;
    while (c->first)
        drop_first(c);
    fw_fd_close(&c->fd);
    free(c);
}

int fw_channel_fd(const struct fw_channel *c) { return c->fd; }
bool fw_channel_wants_write(const struct fw_channel *c) { return c->first != NULL; }

static enum fw_err send_now(int channel_fd, struct fw_span bytes, int fd)
{
    struct iovec io = { .iov_base = (void *)(uintptr_t)bytes.data, .iov_len = bytes.size };
    union {
        struct cmsghdr align;
        char           space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1 };
    if (fd >= 0) {
        h.msg_control = control.space;
        h.msg_controllen = sizeof control.space;
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    for (;;) {
        if (sendmsg(channel_fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return FW_OK;
        if (errno == EINTR)
            continue;
        return errno == EAGAIN || errno == ENOBUFS ? FW_BUSY : FW_IO;
    }
}

static enum fw_err keep(struct fw_channel *c, struct fw_span bytes, int fd)
{
    if (c->count >= WAITING_MAX)
        return FW_LIMIT;
    struct waiting *w = malloc(sizeof *w + bytes.size);
    if (!w)
        return FW_NO_MEMORY;
    *w = (struct waiting){ .fd = -1, .size = bytes.size };
    memcpy(w->bytes, bytes.data, bytes.size);
    if (fd >= 0) {
        w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (w->fd < 0) {
            free(w);
            return FW_IO;
        }
    }
    *c->last = w;
    c->last = &w->next;
    c->count++;
    return FW_OK;
}

enum fw_err fw_channel_send(struct fw_channel *c, const struct fw_msg *msg, int fd)
{
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, FW_MSG_BYTES_MAX);
    enum fw_err err = fw_msg_write(msg, &buf);
    if (err)
        return err;
    err = c->first ? FW_BUSY : send_now(c->fd, fw_buf_span(&buf), fd);
    return err == FW_BUSY ? keep(c, fw_buf_span(&buf), fd) : err;
}

enum fw_err fw_channel_flush(struct fw_channel *c)
{
    while (c->first) {
        const struct fw_span bytes = { c->first->bytes, c->first->size };
        const enum fw_err err = send_now(c->fd, bytes, c->first->fd);
        if (err == FW_BUSY)
            return FW_OK;
        if (err)
            return err;
        drop_first(c);
    }
    return FW_OK;
}

/* At most one descriptor a message is ours; any other is closed unseen. */
static int take_fd(struct msghdr *h)
{
    int kept = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (kept < 0)
                kept = fd;
            else
                fw_fd_close(&fd);
        }
    }
    return kept;
}

enum fw_err fw_channel_receive(struct fw_channel *c, struct fw_msg *ret, int *ret_fd)
{
    uint8_t       bytes[FW_MSG_BYTES_MAX];
    struct iovec  io = { .iov_base = bytes, .iov_len = sizeof bytes };
    union {
        struct cmsghdr align;
        char           space[CMSG_SPACE(4 * sizeof(int))];
    } control = { 0 };
    struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.space,
                        .msg_controllen = sizeof control.space };
    ssize_t size;
    *ret_fd = -1;
    do
        size = recvmsg(c->fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return errno == EAGAIN ? FW_BUSY : FW_IO;
    if (size == 0)
        return FW_NOT_FOUND;
    int fd CLEANUP(fw_fd_close) = take_fd(&h);
    if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return FW_PROTOCOL;
    const enum fw_err err = fw_msg_read((struct fw_span){ bytes, (size_t)size }, ret);
    if (!err) {
        *ret_fd = fd;
        fd = -1;
    }
    return err;
}
