/* sip_client.c - the caller's side of a SIP dialog, written out by hand. */
#include "sip_client.h"
#include "test.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CARRIER_PROGRAM
#error "meson.build says where the program is"
#endif

enum { WAIT_MS = 8000 }; /* nothing here takes so long; it only ends a test that hangs */

const char sdp_audio[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                         "t=0 0\r\nm=audio 40000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\n"
                         "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n";
const char sdp_t38[] = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                       "t=0 0\r\nm=image 40000 udptl t38\r\na=T38FaxVersion:0\r\n"
                       "a=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n"
                       "a=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";
const char sdp_video[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                         "t=0 0\r\nm=video 40000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

pid_t carrier_start(const char *mailbox, const char *extra, uint16_t *ret_port)
{
    int out[2];
    CHECK_INT(pipe(out), 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl(CARRIER_PROGRAM, CARRIER_PROGRAM, "--listen", "127.0.0.1:0", "--mailbox", mailbox,
              extra, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    char line[1024] = "";
    size_t size = 0;
    while (size < sizeof line - 1 && !memchr(line, '\n', size)) {
        struct pollfd p = { .fd = out[0], .events = POLLIN };
        CHECK(poll(&p, 1, WAIT_MS) == 1);
        const ssize_t got = read(out[0], line + size, sizeof line - 1 - size);
        CHECK(got > 0);
        size += (size_t)got;
    }
    close(out[0]);
    const char *at = strstr(line, "{\"sip\":\"127.0.0.1:");
    CHECK(at == line);
    *ret_port = (uint16_t)strtoul(line + strlen("{\"sip\":\"127.0.0.1:"), NULL, 10);
    CHECK(*ret_port != 0);
    return pid;
}

int carrier_stop(pid_t pid)
{
    int status = 0;
    kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

void client_open(struct sip_client *c, uint16_t peer_port)
{
    memset(c, 0, sizeof *c);
    c->peer_port = peer_port;
    c->fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    CHECK(c->fd >= 0);
    CHECK_INT(bind(c->fd, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(getsockname(c->fd, (struct sockaddr *)&at, &size), 0);
    c->port = ntohs(at.sin_port);
}

void client_close(struct sip_client *c)
{
    close(c->fd);
}

void client_raw(struct sip_client *c, const void *data, size_t size)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(c->peer_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    (void)!sendto(c->fd, data, size, 0, (struct sockaddr *)&to, sizeof to);
}

/* ACK to a final error and CANCEL belong to the INVITE's transaction: same branch. */
static void request(struct sip_client *c, const char *method, unsigned cseq, unsigned branch,
                    const char *sdp)
{
    char text[4096];
    const bool tagged = c->to_tag[0] && strcmp(method, "CANCEL") != 0;
    const int size = snprintf(
        text, sizeof text,
        "%s sip:%s@127.0.0.1:%u SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=z9hG4bK-%u-%u-%u\r\nMax-Forwards: 70\r\n"
        "From: \"Tester\" <sip:+13125550123@127.0.0.1>;tag=t%u\r\n"
        "To: <sip:%s@127.0.0.1>%s%s\r\nCall-ID: call-%u-%u@test\r\nCSeq: %u %s\r\n"
        "Contact: <sip:tester@127.0.0.1:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
        method, c->number, c->peer_port, c->port, c->port, c->call, branch, c->call, c->number,
        tagged ? ";tag=" : "", tagged ? c->to_tag : "", c->port, c->call, cseq, method, c->port,
        sdp ? "Content-Type: application/sdp\r\n" : "", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
    CHECK(size > 0 && (size_t)size < sizeof text);
    client_raw(c, text, (size_t)size);
}

void client_invite(struct sip_client *c, const char *user, const char *sdp)
{
    c->call++;
    c->cseq = 1;
    c->to_tag[0] = '\0';
    snprintf(c->number, sizeof c->number, "%s", user);
    request(c, "INVITE", c->cseq, c->cseq, sdp);
}

void client_reinvite(struct sip_client *c, const char *sdp)
{
    c->cseq++;
    request(c, "INVITE", c->cseq, c->cseq, sdp);
}

void client_request(struct sip_client *c, const char *method)
{
    const bool same = strcmp(method, "ACK") == 0 || strcmp(method, "CANCEL") == 0;
    if (strcmp(method, "OPTIONS") == 0 && c->number[0] == '\0') {
        c->call++;
        snprintf(c->number, sizeof c->number, "ping");
    }
    if (!same)
        c->cseq++;
    request(c, method, c->cseq, c->cseq, NULL);
}

void client_update(struct sip_client *c, const char *sdp)
{
    c->cseq++;
    request(c, "UPDATE", c->cseq, c->cseq, sdp);
}

/* The tag of the To header becomes the dialog's. */
static void take_tag(struct sip_client *c)
{
    const char *to = strstr(c->last, "\r\nTo:");
    const char *end = to ? strstr(to + 2, "\r\n") : NULL;
    const char *tag = to ? strstr(to, ";tag=") : NULL;
    if (strncmp(c->last, "SIP/2.0 ", 8) != 0 || !tag || tag > end)
        return;
    const size_t size = strcspn(tag + 5, ";\r\n");
    if (size < sizeof c->to_tag)
        snprintf(c->to_tag, sizeof c->to_tag, "%.*s", (int)size, tag + 5);
}

bool client_receive(struct sip_client *c, int wait_ms)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    if (poll(&p, 1, wait_ms) != 1)
        return false;
    const ssize_t size = recv(c->fd, c->last, sizeof c->last - 1, 0);
    if (size <= 0)
        return false;
    c->last[size] = '\0';
    take_tag(c);
    return true;
}

int client_status(struct sip_client *c, const char *method)
{
    char cseq[64];
    snprintf(cseq, sizeof cseq, " %s\r\n", method);
    while (client_receive(c, WAIT_MS)) {
        const char *at = strstr(c->last, "\r\nCSeq:");
        const char *kind = at ? strstr(at + 2, cseq) : NULL;
        const bool ours = kind && kind < strstr(at + 2, "\r\n") + 1;
        const int status =
            strncmp(c->last, "SIP/2.0 ", 8) == 0 ? (int)strtoul(c->last + 8, NULL, 10) : 0;
        if (status > 100 && ours)
            return status;
    }
    return 0;
}

bool client_expect(struct sip_client *c, const char *method)
{
    while (client_receive(c, WAIT_MS)) {
        if (strncmp(c->last, method, strlen(method)) == 0 && c->last[strlen(method)] == ' ')
            return true;
    }
    return false;
}

/* Copies one header line of `last`, as a response needs it. */
static size_t copy_header(const struct sip_client *c, const char *name, char *dst, size_t size)
{
    char start[32];
    snprintf(start, sizeof start, "\r\n%s:", name);
    const char *at = strstr(c->last, start);
    const char *end = at ? strstr(at + 2, "\r\n") : NULL;
    if (!end)
        return 0;
    const int written = snprintf(dst, size, "%.*s\r\n", (int)(end - at - 2), at + 2);
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}

void client_answer(struct sip_client *c, int status, const char *sdp)
{
    char text[4096];
    size_t size = (size_t)snprintf(text, sizeof text, "SIP/2.0 %d Scripted\r\n", status);
    static const char *const names[] = { "Via", "From", "To", "Call-ID", "CSeq" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        size += copy_header(c, names[i], text + size, sizeof text - size);
    const int more = snprintf(text + size, sizeof text - size,
                              "Contact: <sip:tester@127.0.0.1:%u>\r\n%sContent-Length: %zu\r\n"
                              "\r\n%s",
                              c->port, sdp ? "Content-Type: application/sdp\r\n" : "",
                              sdp ? strlen(sdp) : 0, sdp ? sdp : "");
    CHECK(more > 0 && size + (size_t)more < sizeof text);
    client_raw(c, text, size + (size_t)more);
}

bool client_has(const struct sip_client *c, const char *text)
{
    return strstr(c->last, text) != NULL;
}
