/* fax_caller.c - one loop: SIP, media and a 20 ms clock. */
#include "fax_caller.h"
#include "test.h"
#include "base/clock.h"
#include "proto/ifp.h"
#include "proto/rtp.h"
#include "proto/sdp_fax.h"
#include "proto/udptl.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 160 };

struct caller {
    const struct fax_caller_options *options;
    struct fax_caller_seen seen;
    struct fw_sdp last_offer;
    struct fw_buf last_answer;
    struct fw_ifp_watch watch;
    struct sip_client *sip;
    struct fw_terminal *terminal;
    struct fw_sdp_local local;
    struct sockaddr_in peer;
    int fd;
    int burst;
    bool t38, unpaced, over, sent, asked;
    struct fw_rtp_sender rtp;
    struct fw_jitter jitter;
    struct fw_udptl_sender out;
    struct fw_udptl_receiver in;
};

static void send_ifp(void *arg, struct fw_span ifp, int copies)
{
    struct caller *c = arg;
    uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    if (fw_udptl_send(&c->out, ifp, packet, &size))
        return;
    for (int i = 0; i < copies; i++) {
        (void)sendto(c->fd, packet, size, 0, (struct sockaddr *)&c->peer, sizeof c->peer);
        c->seen.sent++;
        if (++c->burst % 64 == 0)
            usleep(1000); /* the other side reads as fast as it can; let it */
    }
    c->sent = true;
}

static void on_event(void *arg, enum fw_terminal_event_kind kind,
                     const struct fw_terminal_result *now)
{
    (void)arg;
    (void)kind;
    (void)now;
}

static void on_frame(void *arg, const struct fw_ifp_frame *frame)
{
    struct caller *c = arg;
    c->seen.frames[frame->control & 0x7f]++;
}

static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct caller *c = arg;
    struct fw_ifp parsed;
    if (fw_ifp_parse(ifp, &parsed) == FW_OK &&
        fw_ifp_watch_packet(&c->watch, &parsed, on_frame, c) == FW_IFP_DEADLY)
        c->seen.deadly++;
    fw_terminal_ifp(c->terminal, seq, ifp);
}

static void open_socket(struct caller *c)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(c->fd >= 0);
    CHECK_INT(bind(c->fd, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(getsockname(c->fd, (struct sockaddr *)&at, &size), 0);
    c->local = (struct fw_sdp_local){ .session_id = 1,
                                      .version = 1,
                                      .host = "127.0.0.1",
                                      .port = ntohs(at.sin_port),
                                      .unpaced = c->options->unpaced };
}

static struct fw_span body(const struct sip_client *c)
{
    const char *at = strstr(c->last, "\r\n\r\n");
    return fw_span_of(at ? at + 4 : "");
}

static void set_peer(struct caller *c, const struct fw_sdp_settled *s)
{
    c->peer = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(s->peer_port) };
    CHECK_INT(inet_pton(AF_INET, s->peer_host, &c->peer.sin_addr), 1);
}

static void switch_t38(struct caller *c, const struct fw_sdp_settled *s)
{
    const struct fw_terminal_t38 t38 = { .version = s->t38.version,
                                         .bit_rate_max = s->t38.bit_rate_max,
                                         .datagram_max = s->t38.datagram_max - 8u,
                                         .unpaced = s->t38.unpaced };
    set_peer(c, s);
    CHECK_INT(fw_terminal_switch(c->terminal, &t38), FW_OK);
    fw_udptl_sender_init(&c->out, s->t38.redundancy, s->t38.datagram_max);
    fw_udptl_receiver_init(&c->in);
    c->t38 = true;
    c->unpaced = s->t38.unpaced;
}

/* The callee's re-INVITE. */
static void reinvited(struct caller *c)
{
    struct fw_sdp offer;
    struct fw_sdp_settled settled;
    struct fw_buf answer;
    CHECK_INT(fw_sdp_parse(body(c->sip), &offer), FW_OK);
    c->seen.reinvites++;
    if (c->last_answer.size > 0 && fw_sdp_is_refresh(&c->last_offer, &offer)) {
        c->seen.refreshes++;
        client_answer(c->sip, 200, (const char *)c->last_answer.data);
        return;
    }
    if (!c->options->t38) {
        client_answer(c->sip, 488, NULL);
        return;
    }
    fw_buf_init(&answer, 4096);
    c->local.version++;
    CHECK_INT(fw_sdp_answer(&offer, &c->local, FW_SDP_T38_PREFERRED, &answer, &settled), FW_OK);
    CHECK_INT(fw_buf_put_u8(&answer, 0), FW_OK);
    client_answer(c->sip, 200, (const char *)answer.data);
    c->last_offer = offer;
    fw_buf_done(&c->last_answer);
    c->last_answer = answer;
    switch_t38(c, &settled);
}

static void ask(struct caller *c)
{
    struct fw_buf offer;
    fw_buf_init(&offer, 4096);
    c->local.version++;
    c->asked = true;
    CHECK_INT(fw_sdp_offer_t38(&c->local, FW_SDP_REPLACE, &offer), FW_OK);
    CHECK_INT(fw_buf_put_u8(&offer, 0), FW_OK);
    client_reinvite(c->sip, (const char *)offer.data);
    fw_buf_done(&offer);
}

static void asked(struct caller *c)
{
    struct fw_sdp answer;
    struct fw_sdp_settled settled;
    if (strncmp(c->sip->last, "SIP/2.0 1", 9) == 0)
        return;
    client_request(c->sip, "ACK");
    c->asked = false;
    c->seen.refused += strncmp(c->sip->last, "SIP/2.0 491", 11) == 0;
    if (strncmp(c->sip->last, "SIP/2.0 200", 11) == 0 &&
        fw_sdp_parse(body(c->sip), &answer) == FW_OK &&
        fw_sdp_settle(&answer, &c->local, FW_SDP_T38_ONLY, &settled) == FW_OK)
        switch_t38(c, &settled);
}

static void read_sip(struct caller *c)
{
    while (client_receive(c->sip, 0)) {
        if (strncmp(c->sip->last, "INVITE ", 7) == 0)
            reinvited(c);
        else if (strncmp(c->sip->last, "SIP/2.0 ", 8) == 0 && c->asked)
            asked(c);
        else if (strncmp(c->sip->last, "BYE ", 4) == 0) {
            client_answer(c->sip, 200, NULL);
            c->over = true;
        }
    }
}

static void step(struct caller *c)
{
    for (int i = 0; i < 16 && c->sent && !fw_terminal_done(c->terminal); i++) {
        c->sent = false;
        fw_terminal_tick(c->terminal, 0);
    }
}

static void read_media(struct caller *c)
{
    uint8_t data[2048];
    ssize_t size;
    while ((size = recv(c->fd, data, sizeof data, 0)) > 0) {
        const struct fw_span packet = { data, (size_t)size };
        struct fw_rtp rtp;
        c->seen.got++;
        if (c->t38)
            (void)!fw_udptl_receive(&c->in, packet, on_ifp, c);
        else if (fw_rtp_parse(packet, &rtp) == FW_OK)
            fw_jitter_put(&c->jitter, &rtp);
    }
    if (c->unpaced) {
        c->sent = true;
        step(c);
    }
}

static void tick(struct caller *c)
{
    int16_t in[FRAME], out[FRAME];
    uint8_t packet[FW_RTP_HEADER_SIZE + FRAME];
    size_t size = 0;
    if (c->t38) {
        fw_udptl_tick(&c->in, on_ifp, c);
        fw_terminal_tick(c->terminal, FRAME);
        if (c->unpaced)
            step(c);
        return;
    }
    const size_t real = fw_jitter_get(&c->jitter, in, FRAME);
    fw_terminal_audio(c->terminal, real > 0 ? in : NULL, out, FRAME);
    CHECK_INT(fw_rtp_send(&c->rtp, out, FRAME, packet, sizeof packet, &size), FW_OK);
    (void)sendto(c->fd, packet, size, 0, (struct sockaddr *)&c->peer, sizeof c->peer);
}

static int place(struct caller *c)
{
    struct fw_buf offer;
    fw_buf_init(&offer, 4096);
    CHECK_INT(fw_sdp_offer_audio(&c->local, &offer), FW_OK);
    CHECK_INT(fw_buf_put_u8(&offer, 0), FW_OK);
    client_invite(c->sip, c->options->number, (const char *)offer.data);
    fw_buf_done(&offer);
    int status = client_status(c->sip, "INVITE");
    while (status > 100 && status < 200)
        status = client_status(c->sip, "INVITE");
    struct fw_sdp answer;
    struct fw_sdp_settled settled;
    if (status == 200) {
        CHECK_INT(fw_sdp_parse(body(c->sip), &answer), FW_OK);
        c->seen.media_lines = (int)answer.media_count;
        CHECK_INT(fw_sdp_settle(&answer, &c->local, FW_SDP_AUDIO_ONLY, &settled), FW_OK);
        set_peer(c, &settled);
        fw_rtp_sender_init(&c->rtp, settled.codec, 1, 2, 3);
        fw_jitter_init(&c->jitter, 0);
    }
    client_request(c->sip, "ACK");
    return status;
}

void fax_caller_run(struct sip_client *sip, const struct fax_caller_options *options,
                    struct fax_caller_seen *ret_seen, struct fw_terminal_result *ret)
{
    struct caller *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->options = options;
    c->sip = sip;
    open_socket(c);
    const struct fw_terminal_config config = {
        .calling = true, .tx_path = options->tif, .ident = "+13125550123", .ecm = true
    };
    const struct fw_terminal_callbacks callbacks = { send_ifp, on_event, c };
    CHECK_INT(fw_terminal_new(&config, &callbacks, &c->terminal), FW_OK);
    fw_ifp_watch_init(&c->watch);
    c->seen.status = place(c);
    if (c->seen.status == 200 && options->asks)
        ask(c);
    const struct fw_mono start = fw_mono_now();
    struct fw_mono due = start;
    while (c->seen.status == 200 && !c->over && !fw_terminal_done(c->terminal) &&
           due.us - start.us < options->limit_s * 1000000LL) {
        struct pollfd p[2] = { { .fd = sip->fd, .events = POLLIN },
                               { .fd = c->fd, .events = POLLIN } };
        poll(p, 2, fw_mono_wait_ms(fw_mono_now(), due));
        read_sip(c);
        read_media(c);
        for (; due.us <= fw_mono_now().us; due.us += 20000)
            tick(c);
    }
    if (!c->over && c->seen.status == 200) {
        client_request(sip, "BYE");
        CHECK_INT(client_status(sip, "BYE"), 200);
    }
    fw_terminal_hangup(c->terminal);
    *ret = *fw_terminal_result(c->terminal);
    *ret_seen = c->seen;
    fw_buf_done(&c->last_answer);
    fw_terminal_free(c->terminal);
    close(c->fd);
    free(c);
}
