/* A far end that says exactly what the test says, and notes what it hears. */
#include "peer.h"

#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint16_t line_port; /* where the last message came from */

void peer_start(struct peer *p)
{
    peer_start_at(p, "127.0.0.1");
}

void peer_start_at(struct peer *p, const char *host)
{
    *p = (struct peer){ .tag = "peer" };
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    CHECK(p->fd >= 0);
    CHECK_INT(inet_pton(AF_INET, host, &at.sin_addr), 1);
    CHECK_INT(bind(p->fd, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(getsockname(p->fd, (struct sockaddr *)&at, &size), 0);
    p->port = ntohs(at.sin_port);
}

void peer_stop(struct peer *p)
{
    close(p->fd);
}

const char *peer_header(const char *message, const char *name, char *ret, size_t size)
{
    char mark[64];
    ret[0] = '\0';
    snprintf(mark, sizeof mark, "\r\n%s: ", name);
    const char *at = strstr(message, mark);
    if (at) {
        at += strlen(mark);
        snprintf(ret, size, "%.*s", (int)strcspn(at, "\r"), at);
    }
    return ret;
}

const char *peer_body(const char *message)
{
    const char *at = strstr(message, "\r\n\r\n");
    return at ? at + 4 : "";
}

/* Method and branch (a response: status, branch and CSeq) name a message. */
static bool is_new(struct peer *p)
{
    char via[256], seq[64], key[96];
    peer_header(p->text, "Via", via, sizeof via);
    peer_header(p->text, "CSeq", seq, sizeof seq);
    const char *branch = strstr(via, "branch=");
    snprintf(key, sizeof key, "%.11s|%.48s|%.30s", p->text, branch ? branch : "", seq);
    for (int i = 0; i < p->seen_count && i < 32; i++) {
        if (strcmp(p->seen[i], key) == 0)
            return false;
    }
    snprintf(p->seen[p->seen_count++ % 32], sizeof p->seen[0], "%s", key);
    return true;
}

bool peer_hears(struct peer *p, int wait_ms)
{
    for (int i = 0; i < 100; i++) {
        struct pollfd poller = { .fd = p->fd, .events = POLLIN };
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        if (poll(&poller, 1, wait_ms) <= 0)
            return false;
        const ssize_t size =
            recvfrom(p->fd, p->text, sizeof p->text - 1, 0, (struct sockaddr *)&from, &from_size);
        CHECK(size > 0);
        p->text[size] = '\0';
        line_port = ntohs(from.sin_port);
        if (is_new(p))
            return true;
    }
    return false;
}

const char *peer_expect(struct peer *p, const char *start)
{
    if (!peer_hears(p, PEER_WAIT_MS)) {
        print_error("nothing came, wanted: %s\n", start);
        fail();
    }
    if (strncmp(p->text, start, strlen(start)) != 0) {
        print_error("wanted: %s\ngot: %s\n", start, p->text);
        fail();
    }
    return p->text;
}

void peer_send(struct peer *p, uint16_t port, const void *bytes, size_t size)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(port ? port : line_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK_INT(sendto(p->fd, bytes, size, 0, (struct sockaddr *)&to, sizeof to), size);
}

static void send_text(struct peer *p, const char *head, const char *extra, const char *sdp)
{
    static char text[PEER_BYTES * 2];
    const int size = snprintf(text, sizeof text, "%s%s%sContent-Length: %zu\r\n\r\n%s", head, extra,
                              sdp[0] ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
    CHECK(size > 0 && (size_t)size < sizeof text);
    peer_send(p, 0, text, (size_t)size);
}

void peer_answer(struct peer *p, const char *request, const char *status, const char *extra,
                 const char *sdp)
{
    static char head[PEER_BYTES];
    char via[512], from[1024], to[1024], id[256], seq[64];
    peer_header(request, "Via", via, sizeof via);
    peer_header(request, "From", from, sizeof from);
    peer_header(request, "To", to, sizeof to);
    peer_header(request, "Call-ID", id, sizeof id);
    peer_header(request, "CSeq", seq, sizeof seq);
    const bool tagged = strncmp(status, "100", 3) == 0 || strstr(to, ";tag=");
    snprintf(head, sizeof head,
             "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
             "Contact: <sip:peer@127.0.0.1:%u>\r\n",
             status, via, from, to, tagged ? "" : ";tag=", tagged ? "" : p->tag, id, seq, (unsigned)p->port);
    send_text(p, head, extra, sdp);
}

static void in_dialog(struct peer *p, struct peer_dialog *d, const char *method, int branch,
                      const char *extra, const char *sdp)
{
    static char head[PEER_BYTES];
    char from[1024], to[1024], id[256], contact[512];
    peer_header(d->invite, "From", from, sizeof from);
    peer_header(d->invite, "To", to, sizeof to);
    peer_header(d->invite, "Call-ID", id, sizeof id);
    peer_header(d->invite, "Contact", contact, sizeof contact);
    char *uri = strchr(contact, '<');
    CHECK(uri != NULL);
    uri++;
    uri[strcspn(uri, ">")] = '\0';
    snprintf(head, sizeof head,
             "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKpeer%d\r\n"
             "Max-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"
             "Contact: <sip:peer@127.0.0.1:%u>\r\n",
             method, uri, (unsigned)p->port, branch, to, p->tag, from, id, d->seq, method,
             (unsigned)p->port);
    send_text(p, head, extra, sdp);
}

void peer_request(struct peer *p, struct peer_dialog *d, const char *method, const char *extra,
                  const char *sdp)
{
    static int branch;
    d->seq++;
    in_dialog(p, d, method, ++branch, extra, sdp);
}

void peer_ack(struct peer *p, struct peer_dialog *d)
{
    static int branch = 100000;
    in_dialog(p, d, "ACK", ++branch, "", "");
}
