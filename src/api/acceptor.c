/* One thread that accepts. */
#include "api/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "api/exchange.h"
#include "base/file.h"
#include "base/log.h"

enum { PAUSE_MS = 100 /* when no descriptor is free, or no more may be open: who comes waits to be taken */ };

struct fw_acceptor {
    int            fd; /* owned */
    int            wake; /* eventfd, owned: stop */
    struct fw_api *api;
    pthread_t      thread;
    bool           is_short; /* of descriptors, and that was told */
};

/* False: nothing is there to take now. */
static bool take_one(struct fw_acceptor *a)
{
    struct sockaddr_storage from = { 0 };
    socklen_t               size = sizeof from;
    const int fd = accept4(a->fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        a->is_short = false;
        fw_daemon_add(a->api, fd, (struct sockaddr *)&from, size);
        return true;
    }
    return errno == EINTR || errno == ECONNABORTED;
}

/* How long to wait: for the next one, or for a descriptor. */
static int patience_ms(struct fw_acceptor *a)
{
    bool has_room = fw_daemon_has_room(a->api);
    while (has_room && take_one(a))
        has_room = fw_daemon_has_room(a->api);
    if (!has_room)
        return PAUSE_MS;
    if (errno == EAGAIN)
        return -1;
    if (!a->is_short)
        fw_log(FW_LOG_ERROR, "api.accept_failed", "error=%s", FW_LOG_TEXT(strerror(errno)));
    a->is_short = true;
    return PAUSE_MS;
}

static void *loop(void *arg)
{
    struct fw_acceptor *a = arg;
    for (;;) {
        const int     ms = patience_ms(a);
        struct pollfd on[] = { { .fd = a->wake, .events = POLLIN }, { .fd = a->fd, .events = POLLIN } };
        /* Short of descriptors the socket stays readable: only the wake is waited for. */
        const int n = poll(on, ms < 0 ? 2 : 1, ms);
        if (n > 0 && on[0].revents)
            return NULL;
    }
}

static void acceptor_free(struct fw_acceptor **a)
{
    if (!*a)
        return;
    fw_fd_close(&(*a)->fd);
    fw_fd_close(&(*a)->wake);
    free(*a);
}

enum fw_err fw_acceptor_start(int fd, struct fw_api *api, struct fw_acceptor **ret)
{
    int listening CLEANUP(fw_fd_close) = fd;
    struct fw_acceptor *a CLEANUP(acceptor_free) = calloc(1, sizeof *a);
    if (!a)
        return FW_NO_MEMORY;
    a->wake = eventfd(0, EFD_CLOEXEC);
    a->fd = listening;
    listening = -1;
    a->api = api;
    if (a->wake < 0 || pthread_create(&a->thread, NULL, loop, a) != 0)
        return FW_NO_MEMORY;
    *ret = TAKE(a);
    return FW_OK;
}

void fw_acceptor_stop(struct fw_acceptor *a)
{
    if (!a)
        return;
    (void)!eventfd_write(a->wake, 1);
    pthread_join(a->thread, NULL);
    acceptor_free(&a);
}
