/* server.h - a small HTTP server for tests, on a free port of loopback; each connection a thread. */
#ifndef FW_TEST_SERVER_H
#define FW_TEST_SERVER_H
#include <stdbool.h>
#include <stddef.h>

struct test_request {
    char   path[512]; /* with its query */
    char   head[16384];
    char  *body; /* NUL-terminated */
    size_t body_size;
};
/* Answers one request on `fd`; the connection is closed afterwards. May be called by several
 * threads at once. */
typedef void test_handler(void *arg, int fd, const struct test_request *request);

struct test_server;
struct test_server *test_server_start(test_handler *handler, void *arg);
int                 test_server_port(const struct test_server *s);
/* Cuts all connections and waits for the handlers. */
void test_server_stop(struct test_server *s);

/* False when the peer has gone. */
bool test_put(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void test_sleep_ms(int ms);
/* The value of a header, or "" ; `ret` is overwritten by the next call of the thread. */
const char *test_header(const struct test_request *request, const char *name);
#endif
