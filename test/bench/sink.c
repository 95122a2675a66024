/* A webhook receiver that costs next to nothing, so that what is measured is the sender.
 *
 * Use: sink. Prints its port. Any path is answered 200 at once; /slow after one second; /hold never;
 * GET /count with the number of bodies taken on other paths so far. One thread; ends with its parent's pipe.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 4096, READ_MAX = 64 * 1024, SLOW_MS = 1000 };

struct client {
    int fd;
    size_t size;
    int64_t due_ms; /* of a slow answer; 0: none */
    char *in;
};

static struct client *clients[CLIENTS_MAX]; /* by file descriptor */
static long counted;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void drop(struct client *c)
{
    clients[c->fd] = NULL;
    close(c->fd);
    free(c->in);
    free(c);
}

static void answer(struct client *c, const char *body)
{
    char text[256];
    const int size = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    if (write(c->fd, text, (size_t)size) != size)
        drop(c);
}

/* The size of the whole request at the begin of `c->in`, 0 while it is not whole. */
static size_t whole(const struct client *c)
{
    const char *end = memmem(c->in, c->size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t size = (size_t)(end - c->in) + 4;
    for (const char *line = c->in; line < end; line = (const char *)memchr(line, '\n', (size_t)(end + 2 - line)) + 1) {
        if (strncasecmp(line, "content-length:", 15) == 0)
            size += strtoul(line + 15, NULL, 10);
    }
    return size <= c->size ? size : 0;
}

static bool asks(const struct client *c, const char *path)
{
    const char *space = memchr(c->in, ' ', c->size);
    return space && strncmp(space + 1, path, strlen(path)) == 0;
}

static void serve(struct client *c)
{
    char text[32];
    const ssize_t n = read(c->fd, c->in + c->size, READ_MAX - 1 - c->size);
    if (n <= 0) {
        drop(c);
        return;
    }
    c->size += (size_t)n;
    c->in[c->size] = '\0';
    const size_t used = whole(c);
    if (used == 0)
        return;
    const bool hold = asks(c, "/hold"), slow = asks(c, "/slow"), count = asks(c, "/count");
    memmove(c->in, c->in + used, c->size - used);
    c->size -= used;
    if (hold)
        return;
    if (slow) {
        c->due_ms = now_ms() + SLOW_MS;
        return;
    }
    counted += !count;
    snprintf(text, sizeof text, "%ld", counted);
    answer(c, count ? text : "");
}

static void answer_slow(void)
{
    const int64_t now = now_ms();
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i] && clients[i]->due_ms > 0 && clients[i]->due_ms <= now) {
            clients[i]->due_ms = 0;
            answer(clients[i], "");
        }
    }
}

static void take_in(int listener, int epoll)
{
    const int fd = accept(listener, NULL, NULL);
    struct client *c = fd >= 0 && fd < CLIENTS_MAX ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    c->fd = fd;
    c->in = malloc(READ_MAX);
    clients[fd] = c;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
}

int main(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    if (listener < 0 || epoll < 0 || bind(listener, (struct sockaddr *)&at, size) < 0 || listen(listener, 512) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) < 0)
        return 1;
    printf("%u\n", ntohs(at.sin_port));
    fflush(stdout);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event){ .events = EPOLLIN | EPOLLHUP, .data.fd = STDIN_FILENO });
    for (;;) {
        struct epoll_event events[128];
        const int count = epoll_wait(epoll, events, 128, 50);
        for (int i = 0; i < count; i++) {
            const int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                return 0;
            if (fd == listener)
                take_in(listener, epoll);
            else if (clients[fd])
                serve(clients[fd]);
        }
        answer_slow();
    }
}
