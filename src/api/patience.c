/* The thread that ends connections which take too long. */
#include "api/patience.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/text.h"

enum { TICK_MS = 250, GOODBYE_S = 10 /* to read a refusal before the connection is cut */ };

struct fw_turn {
    int fd;
    char id[FW_UUID_SIZE]; /* of the request */
    gnutls_session_t tls;  /* the library's; NULL: plain */
    bool refused, cut;
    enum fw_phase phase;
    bool answered; /* one request at least */
    struct fw_mono since;
    uint64_t body_size;
    struct fw_turn *next, **back;
};

struct fw_patience {
    int64_t header_us, body_us, idle_us;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct fw_turn *first;
    bool stop;
};

static const char too_slow[] =
    "{\"errors\":[{\"code\":\"10008\",\"title\":\"Timeout\",\"detail\":\"The body of the request came too slowly.\"}]}";

/* To a socket that is written at once or not at all. GnuTLS lets one thread send while another receives. */
static bool tell(const struct fw_turn *t, const char *text, size_t size)
{
    if (!t->tls)
        return send(t->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
    if (gnutls_record_send(t->tls, text, size) != (ssize_t)size)
        return false;
    (void)gnutls_bye(t->tls, GNUTLS_SHUT_WR); /* does not wait for the other side's */
    return true;
}

/* With the lock. */
static bool refuse(struct fw_turn *t, int status, const char *body)
{
    char text[FW_REFUSAL_MAX];
    const int size = snprintf(text, sizeof text,
                              "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n"
                              "Content-Length: %zu\r\nrequest-id: %s\r\nx-request-id: %s\r\n\r\n%s",
                              status, status == 408 ? "Request Timeout" : "Content Too Large", strlen(body), t->id,
                              t->id, body);
    if (t->refused || size <= 0 || (size_t)size >= sizeof text || !tell(t, text, (size_t)size))
        return false;
    t->refused = true;
    t->since = fw_mono_now();
    shutdown(t->fd, SHUT_WR);
    return true;
}

static int64_t limit_us(const struct fw_patience *p, const struct fw_turn *t)
{
    if (t->refused)
        return GOODBYE_S * 1000000LL;
    switch (t->phase) {
    case FW_PHASE_HEADER:
        return p->header_us + (t->answered ? p->idle_us : 0);
    case FW_PHASE_BODY:
        return p->body_us + (int64_t)(t->body_size / FW_BODY_RATE) * 1000000;
    case FW_PHASE_ANSWER:
        break;
    }
    return FW_ANSWER_S_MAX * 1000000LL;
}

/* With the lock. The library then sees the end of the connection and cleans up. */
static void judge(const struct fw_patience *p, struct fw_turn *t, struct fw_mono now)
{
    if (t->cut || now.us - t->since.us < limit_us(p, t))
        return;
    const bool refused = t->refused;
    if (!refused)
        fw_log(FW_LOG_INFO, "http.too_slow", "phase=%s", t->phase == FW_PHASE_HEADER ? "header"
               : t->phase == FW_PHASE_BODY ? "body" : "answer");
    if (t->phase == FW_PHASE_BODY && refuse(t, 408, too_slow))
        return;
    t->cut = true;
    shutdown(t->fd, SHUT_RDWR);
}

static void *run(void *arg)
{
    struct fw_patience *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        const struct fw_mono now = fw_mono_now();
        for (struct fw_turn *t = p->first; t; t = t->next)
            judge(p, t, now);
        if (!p->first)
            pthread_cond_wait(&p->changed, &p->lock);
        else
            fw_cond_wait_ms(&p->changed, &p->lock, TICK_MS);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum fw_err fw_patience_start(unsigned header_s, unsigned body_s, unsigned idle_s,
                              struct fw_patience **ret)
{
    struct fw_patience *p = calloc(1, sizeof *p);
    if (!p)
        return FW_NO_MEMORY;
    p->header_us = header_s * 1000000LL;
    p->body_us = body_s * 1000000LL;
    p->idle_us = idle_s * 1000000LL;
    fw_cond_init(&p->changed);
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        free(p);
        return FW_NO_MEMORY;
    }
    *ret = p;
    return FW_OK;
}

void fw_patience_stop(struct fw_patience *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    fw_assert(!p->first);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct fw_turn *fw_patience_open(struct fw_patience *p, int fd, gnutls_session_t tls)
{
    struct fw_turn *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    *t = (struct fw_turn){ .fd = fd, .tls = tls, .since = fw_mono_now() };
    pthread_mutex_lock(&p->lock);
    t->next = p->first;
    t->back = &p->first;
    if (t->next)
        t->next->back = &t->next;
    else
        pthread_cond_signal(&p->changed);
    p->first = t;
    pthread_mutex_unlock(&p->lock);
    return t;
}

void fw_patience_close(struct fw_patience *p, struct fw_turn *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&p->lock);
    *t->back = t->next;
    if (t->next)
        t->next->back = t->back;
    pthread_mutex_unlock(&p->lock);
    free(t);
}

void fw_patience_phase(struct fw_patience *p, struct fw_turn *t, enum fw_phase phase,
                       const char *request_id)
{
    if (!t)
        return;
    pthread_mutex_lock(&p->lock);
    if (!t->refused) {
        t->answered = t->answered || t->phase == FW_PHASE_ANSWER;
        t->phase = phase;
        t->since = fw_mono_now();
        t->body_size = 0;
        fw_text_clip(t->id, sizeof t->id, request_id);
    }
    pthread_mutex_unlock(&p->lock);
}

void fw_patience_name(struct fw_patience *p, struct fw_turn *t, const char *request_id)
{
    if (!t)
        return;
    pthread_mutex_lock(&p->lock);
    fw_text_clip(t->id, sizeof t->id, request_id);
    pthread_mutex_unlock(&p->lock);
}

bool fw_patience_id(const struct fw_turn *t, char ret[FW_UUID_SIZE])
{
    if (!t || !t->id[0])
        return false;
    fw_text_clip(ret, FW_UUID_SIZE, t->id);
    return true;
}

void fw_patience_body(struct fw_patience *p, struct fw_turn *t, uint64_t size)
{
    if (!t)
        return;
    pthread_mutex_lock(&p->lock);
    t->body_size = size;
    pthread_mutex_unlock(&p->lock);
}

bool fw_patience_refuse(struct fw_patience *p, struct fw_turn *t, int status, const char *body)
{
    if (!t)
        return false;
    pthread_mutex_lock(&p->lock);
    const bool sent = refuse(t, status, body);
    pthread_mutex_unlock(&p->lock);
    return sent;
}
