/* Asks one HTTP server the same thing over many kept connections, and tells how fast it answered.
 *
 * Use: load [-c CONNECTIONS] [-n REQUESTS] [-H 'Name: value']… [-b BODY] METHOD HOST PORT PATH|@FILE
 * @FILE has one path a line, asked in turn. Prints one line of JSON: rate, latencies in milliseconds
 * from writing a request to having its whole answer, and how many answers had which status. Answers
 * must have a Content-Length, as ours have; anything else ends it badly.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
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

enum { CONNECTIONS_MAX = 1024, HEAD_MAX = 4096, READ_MAX = 256 * 1024, PATHS_MAX = 200000 };

struct connection {
    int fd;
    bool waiting;
    int64_t began_us;
    char *in;
    size_t in_size, out_size, out_done;
    char *out;
};

static struct {
    const char *method, *host, *body;
    char headers[HEAD_MAX];
    char **paths;
    int path_count, connections;
    long total, asked, answered;
    long status[600];
    float *latency_ms;
} run = { .connections = 64, .total = 10000, .body = "" };

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void flush_out(struct connection *c)
{
    while (c->out_done < c->out_size) {
        const ssize_t n = write(c->fd, c->out + c->out_done, c->out_size - c->out_done);
        if (n < 0 && errno == EAGAIN)
            return; /* epoll tells when there is room */
        if (n <= 0)
            die("write");
        c->out_done += (size_t)n;
    }
}

static void ask(struct connection *c)
{
    if (run.asked >= run.total)
        return;
    const char *path = run.paths[run.asked++ % run.path_count];
    const size_t body = strlen(run.body), room = HEAD_MAX + strlen(path) + body;
    free(c->out);
    c->out = malloc(room);
    if (!c->out)
        die("memory");
    c->out_size = (size_t)snprintf(c->out, room, "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                                   run.method, path, run.host, run.headers, body, run.body);
    c->out_done = c->in_size = 0;
    c->waiting = true;
    c->began_us = now_us();
    flush_out(c);
}

/* The size of a whole answer in `c->in`, 0 while it is not whole. */
static size_t whole(const struct connection *c)
{
    const char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    for (const char *line = c->in; line < end; line = (const char *)memchr(line, '\n', (size_t)(end + 2 - line)) + 1) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            const size_t size = (size_t)(end - c->in) + 4 + strtoul(line + 15, NULL, 10);
            return size <= c->in_size ? size : 0;
        }
    }
    errno = EPROTO;
    die("an answer without Content-Length");
    return 0;
}

static void take(struct connection *c)
{
    const ssize_t n = read(c->fd, c->in + c->in_size, READ_MAX - c->in_size);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        die("the server closed the connection");
    c->in_size += (size_t)n;
    if (!c->waiting || whole(c) == 0)
        return;
    const long status = strtol(c->in + 9, NULL, 10);
    if (status < 100 || status > 599)
        die("status");
    run.status[status]++;
    run.latency_ms[run.answered++] = (float)(now_us() - c->began_us) / 1000.0f;
    c->waiting = false;
    ask(c);
}

static void connect_all(struct connection *all, int epoll, const char *host, const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
        die("address");
    for (int i = 0; i < run.connections; i++) {
        const int one = 1;
        struct connection *c = &all[i];
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        c->in = malloc(READ_MAX);
        if (c->fd < 0 || !c->in || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
            die("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
            die("epoll");
    }
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(double q)
{
    const long at = (long)(q * (double)(run.answered - 1));
    return (double)run.latency_ms[at];
}

static void print(int64_t took_us)
{
    qsort(run.latency_ms, (size_t)run.answered, sizeof *run.latency_ms, by_value);
    printf("{\"rate\":%.1f,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"status\":{", (double)run.answered * 1e6 / (double)took_us,
           quantile(0.5), quantile(0.99), quantile(1));
    const char *between = "";
    for (int i = 0; i < 600; i++) {
        if (run.status[i] > 0) {
            printf("%s\"%d\":%ld", between, i, run.status[i]);
            between = ",";
        }
    }
    puts("}}");
}

static void read_paths(const char *given)
{
    static char *one;
    char line[4096];
    if (given[0] != '@') {
        one = strdup(given);
        run.paths = &one;
        run.path_count = 1;
        return;
    }
    FILE *file = fopen(given + 1, "r");
    run.paths = calloc(PATHS_MAX, sizeof *run.paths);
    if (!file || !run.paths)
        die(given + 1);
    while (run.path_count < PATHS_MAX && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        run.paths[run.path_count++] = strdup(line);
    }
    fclose(file);
    if (run.path_count == 0)
        die("no paths");
}

int main(int argc, char **argv)
{
    static struct connection all[CONNECTIONS_MAX];
    size_t used = 0;
    for (int option; (option = getopt(argc, argv, "c:n:H:b:")) != -1;) {
        if (option == 'c')
            run.connections = (int)strtol(optarg, NULL, 10);
        else if (option == 'n')
            run.total = strtol(optarg, NULL, 10);
        else if (option == 'H')
            used += (size_t)snprintf(run.headers + used, sizeof run.headers - used, "%s\r\n", optarg);
        else if (option == 'b')
            run.body = optarg;
        else
            return 2;
    }
    if (argc - optind != 4 || run.connections < 1 || run.connections > CONNECTIONS_MAX || run.total < 1 || used >= HEAD_MAX / 2)
        return 2;
    run.method = argv[optind];
    run.host = argv[optind + 1];
    read_paths(argv[optind + 3]);
    run.latency_ms = malloc((size_t)run.total * sizeof *run.latency_ms);
    const int epoll = epoll_create1(0);
    if (!run.latency_ms || epoll < 0)
        die("start");
    connect_all(all, epoll, run.host, argv[optind + 2]);
    const int64_t began = now_us();
    for (int i = 0; i < run.connections; i++)
        ask(&all[i]);
    while (run.answered < run.total) {
        struct epoll_event events[256];
        const int count = epoll_wait(epoll, events, 256, 60000);
        if (count <= 0)
            die("no answer for a minute");
        for (int i = 0; i < count; i++) {
            flush_out(events[i].data.ptr);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                take(events[i].data.ptr);
        }
    }
    print(now_us() - began);
    return 0;
}
