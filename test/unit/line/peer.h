/* peer.h - the far end of a SIP call in a test: one UDP socket and requests read as text. */
#ifndef FW_TEST_PEER_H
#define FW_TEST_PEER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_WAIT_MS = 20 * 1000, PEER_BYTES = 8192 };

struct peer {
    int fd;
    uint16_t port;
    const char *tag; /* of To in its answers */
    char seen[32][96]; /* branches with methods, so that a retransmission is told from news */
    int seen_count;
    char text[PEER_BYTES]; /* the last new message */
};

/* A dialog as the far end of an INVITE knows it. */
struct peer_dialog {
    char invite[PEER_BYTES]; /* the request */
    int seq;                 /* of our own requests */
};

void peer_start(struct peer *p);
void peer_start_at(struct peer *p, const char *host); /* another address of the loopback */
void peer_stop(struct peer *p);
/* The next new message whose first line begins with `start` ("INVITE ", "SIP/2.0 200"); anything
 * else that is new fails the test, but for retransmissions. */
const char *peer_expect(struct peer *p, const char *start);
/* True when a new message comes within `wait_ms`; for "nothing must come". */
bool peer_hears(struct peer *p, int wait_ms);
/* Value of a header of `message`; "" when absent. */
const char *peer_header(const char *message, const char *name, char *ret, size_t size);
const char *peer_body(const char *message);
/* Answers `request`; `extra` are whole header lines or "". */
void peer_answer(struct peer *p, const char *request, const char *status, const char *extra,
                 const char *sdp);
/* A request of ours within the dialog of `d->invite`, answered with our tag. */
void peer_request(struct peer *p, struct peer_dialog *d, const char *method, const char *extra,
                  const char *sdp);
/* ACK of a final answer to our last re-INVITE. */
void peer_ack(struct peer *p, struct peer_dialog *d);
void peer_send(struct peer *p, uint16_t port, const void *bytes, size_t size);
#endif
