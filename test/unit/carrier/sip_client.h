/* sip_client.h - a scripted SIP caller over UDP on loopback, just enough to test a callee.
 *
 * It writes requests as text, so that it can also write wrong ones. Source: RFC 3261.
 */
#ifndef FW_TEST_SIP_CLIENT_H
#define FW_TEST_SIP_CLIENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sip_client {
    int fd;
    uint16_t port, peer_port;
    unsigned call; /* number of the present call; makes Call-ID, tags and branches */
    unsigned cseq;
    char number[64];
    char to_tag[128];
    char last[8192]; /* the last message received, NUL-terminated */
};

/* Runs the carrier with `--listen 127.0.0.1:0` and `extra`; reads its ready line. */
pid_t carrier_start(const char *mailbox, const char *extra, uint16_t *ret_port);
/* SIGTERM, then waits; its exit status, or -1. */
int carrier_stop(pid_t pid);

void client_open(struct sip_client *c, uint16_t peer_port);
void client_close(struct sip_client *c);
void client_raw(struct sip_client *c, const void *data, size_t size);
/* A new call to `user` (the user part of the URI); `sdp` may be NULL. */
void client_invite(struct sip_client *c, const char *user, const char *sdp);
void client_reinvite(struct sip_client *c, const char *sdp);
void client_update(struct sip_client *c, const char *sdp); /* may be NULL */
/* ACK, BYE, CANCEL, OPTIONS of the present call. */
void client_request(struct sip_client *c, const char *method);
/* The next message; false when none comes within `wait_ms`. */
bool client_receive(struct sip_client *c, int wait_ms);
/* Status of the next response to `method`, skipping 100 and other messages; 0: none came. */
int client_status(struct sip_client *c, const char *method);
/* Waits for a request of the callee. */
bool client_expect(struct sip_client *c, const char *method);
/* Answers the request in `last`. */
void client_answer(struct sip_client *c, int status, const char *sdp);
bool client_has(const struct sip_client *c, const char *text); /* in `last`, case matters */

extern const char sdp_audio[], sdp_t38[], sdp_video[];
#endif
