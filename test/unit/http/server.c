#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 2048 };

struct connection {
    struct test_server *server;
    pthread_t           thread;
    int                 fd;
    bool                used;
};

struct test_server {
    test_handler     *handler;
    void             *arg;
    int               fd, port;
    bool              stop;
    pthread_t         thread;
    pthread_mutex_t   lock;
    struct connection connections[CONNECTIONS_MAX];
    int               count;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

/* The head, then as much body as it says. */
static bool read_request(int fd, struct test_request *r)
{
    size_t size = 0;
    char *end = NULL;
    while (!end && size + 1 < sizeof r->head) {
        const ssize_t got = read(fd, r->head + size, sizeof r->head - size - 1);
        if (got <= 0)
            return false;
        size += (size_t)got;
        r->head[size] = '\0';
        end = strstr(r->head, "\r\n\r\n");
    }
    if (!end || sscanf(r->head, "%*s %511s", r->path) != 1)
        return false;
    const size_t head_size = (size_t)(end - r->head) + 4;
    const char *length = strcasestr(r->head, "content-length:");
    r->body_size = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
    r->body = calloc(1, r->body_size + 1);
    must(r->body, "calloc");
    size_t have = size - head_size < r->body_size ? size - head_size : r->body_size;
    memcpy(r->body, r->head + head_size, have);
    r->head[head_size] = '\0';
    while (have < r->body_size) {
        const ssize_t got = read(fd, r->body + have, r->body_size - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static void *serve_one(void *arg)
{
    struct connection *c = arg;
    struct test_request *r = calloc(1, sizeof *r);
    must(r, "calloc");
    if (read_request(c->fd, r))
        c->server->handler(c->server->arg, c->fd, r);
    free(r->body);
    free(r);
    shutdown(c->fd, SHUT_RDWR);
    return NULL;
}

static void *serve(void *arg)
{
    struct test_server *s = arg;
    for (;;) {
        const int fd = accept(s->fd, NULL, NULL);
        pthread_mutex_lock(&s->lock);
        if (s->stop || fd < 0 || s->count == CONNECTIONS_MAX) {
            if (fd >= 0)
                close(fd);
            const bool stop = s->stop || fd < 0;
            pthread_mutex_unlock(&s->lock);
            if (stop)
                return NULL;
            continue;
        }
        struct connection *c = &s->connections[s->count++];
        *c = (struct connection){ .server = s, .fd = fd, .used = true };
        must(pthread_create(&c->thread, NULL, serve_one, c) == 0, "pthread_create");
        pthread_mutex_unlock(&s->lock);
    }
}

struct test_server *test_server_start(test_handler *handler, void *arg)
{
    struct test_server *s = calloc(1, sizeof *s);
    must(s, "calloc");
    s->handler = handler;
    s->arg = arg;
    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof in;
    must(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&in, size) == 0 && listen(s->fd, 256) == 0 &&
             getsockname(s->fd, (struct sockaddr *)&in, &size) == 0,
         "listen");
    s->port = ntohs(in.sin_port);
    must(pthread_create(&s->thread, NULL, serve, s) == 0, "pthread_create");
    return s;
}

int test_server_port(const struct test_server *s) { return s->port; }

void test_server_stop(struct test_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    shutdown(s->fd, SHUT_RDWR); /* ends the accept */
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->count; i++)
        shutdown(s->connections[i].fd, SHUT_RDWR);
    for (int i = 0; i < s->count; i++) {
        pthread_join(s->connections[i].thread, NULL);
        close(s->connections[i].fd);
    }
    close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool test_put(int fd, const char *fmt, ...)
{
    char text[8192];
    va_list va;
    va_start(va, fmt);
    const int size = vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    must(size >= 0 && (size_t)size < sizeof text, "test_put");
    return send(fd, text, (size_t)size, MSG_NOSIGNAL) == size;
}

void test_sleep_ms(int ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };
    while (nanosleep(&left, &left) != 0)
        ;
}

const char *test_header(const struct test_request *request, const char *name)
{
    static _Thread_local char value[1024];
    const size_t size = strlen(name);
    value[0] = '\0';
    for (const char *line = strchr(request->head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            sscanf(line + size + 1, " %1023[^\r\n]", value);
            break;
        }
    }
    return value;
}
