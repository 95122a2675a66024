/* faxwire-line started by a test, and what its parent, its modems and its far end say. */
#include "world.h"

#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct fw_child line;
uint16_t line_port;
struct peer peer;
const char *media_host = "127.0.0.1";
const char *advertised_host = "";
bool answer_strangers;
uint32_t stranger_rate, trunk_rate;

const char audio[] = "v=0\r\no=- 11 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                     "t=0 0\r\nm=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
const char image[] = "v=0\r\no=- 11 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                     "t=0 0\r\nm=image 30002 udptl t38\r\na=T38FaxVersion:0\r\n"
                     "a=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n"
                     "a=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";
const char no_media[] = "v=0\r\no=- 11 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                        "t=0 0\r\nm=audio 0 RTP/AVP 18\r\n";

void tell(struct fw_msg m)
{
    CHECK_INT(fw_channel_send(line.channel, &m, -1), FW_OK);
}

/* What comes beside the course of a call: only who waits for one hears them. */
static bool beside(enum fw_msg_kind kind)
{
    return kind == FW_MSG_KIND_TRUNK_STATE || kind == FW_MSG_KIND_CALL_TRANSPORT ||
           kind == FW_MSG_KIND_MEDIA_PENDING;
}

/* The next message, which must be of this kind. */
struct fw_msg hear(enum fw_msg_kind kind, int *ret_fd)
{
    struct fw_msg m = { 0 };
    int fd = -1;
    struct pollfd p = { .fd = fw_channel_fd(line.channel), .events = POLLIN };
    do {
        CHECK(poll(&p, 1, PEER_WAIT_MS) > 0);
        CHECK_INT(fw_channel_receive(line.channel, &m, &fd), FW_OK);
    } while (beside(m.kind) && m.kind != kind);
    CHECK_TEXT(fw_msg_text(m.kind), fw_msg_text(kind));
    if (ret_fd)
        *ret_fd = fd;
    else
        CHECK_INT(fd, -1);
    return m;
}

void spawn_line(uint16_t port)
{
    char program[] = FW_LINE_PROGRAM, c[] = "--channel", three[] = "3", l[] = "--log";
    const char *level = getenv("FW_TEST_LOG");
    char level_text[16];
    fw_text_clip(level_text, sizeof level_text, level ? level : "error");
    char *argv[] = { program, c, three, l, level_text, NULL };
    CHECK_INT(fw_spawn(argv, -1, &line), FW_OK);
    struct fw_msg m = { .kind = FW_MSG_KIND_LINE_CONFIG };
    fw_text_clip(m.line_config.sip_host, 64, "127.0.0.1");
    fw_text_clip(m.line_config.media_host, 64, media_host);
    fw_text_clip(m.line_config.advertised_host, 64, advertised_host);
    m.line_config.answer_strangers = answer_strangers;
    m.line_config.stranger_rate = stranger_rate;
    m.line_config.trunk_rate = trunk_rate;
    m.line_config.sip_port = port;
    m.line_config.calls_max = 8;
    tell(m);
}

struct fw_msg trunk_to(const char *name, uint16_t port)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_TRUNK_SET };
    fw_text_clip(m.trunk_set.name, 64, name);
    fw_text_clip(m.trunk_set.host, 256, "127.0.0.1");
    m.trunk_set.port = port;
    m.trunk_set.weight = 1;
    m.trunk_set.t38_after_answer_ms = 4000;
    m.trunk_set.t38_after_ced_ms = 1000;
    return m;
}

void set_trunk(const char *name, uint16_t port, bool unpaced)
{
    struct fw_msg m = trunk_to(name, port);
    m.trunk_set.unpaced = unpaced;
    tell(m);
}

int start(void **state)
{
    (void)state;
    peer_start(&peer);
    spawn_line(0);
    line_port = hear(FW_MSG_KIND_LINE_READY, NULL).line_ready.sip_port;
    CHECK(line_port > 0);
    set_trunk("t", peer.port, false);
    return 0;
}

/* Ends within its bound, whatever the case left behind. */
int exit_of_line(void)
{
    struct pollfd p = { .fd = line.pidfd, .events = POLLIN };
    CHECK(poll(&p, 1, PEER_WAIT_MS) > 0);
    return fw_child_end(&line);
}

int stop(void **state)
{
    (void)state;
    if (line.channel) {
        tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
        const int status = exit_of_line();
        CHECK(WIFEXITED(status));
        CHECK_INT(WEXITSTATUS(status), 0);
    }
    peer_stop(&peer);
    return 0;
}

struct fw_msg placing(const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_PLACE };
    struct fw_msg_call_place *p = &m.call_place;
    fw_text_clip(p->call, sizeof p->call, call);
    fw_text_clip(p->trunk, sizeof p->trunk, "t");
    fw_text_clip(p->to, sizeof p->to, "+12005550100");
    fw_text_clip(p->from, sizeof p->from, "+15551234567");
    fw_text_clip(p->display_name, sizeof p->display_name, "Faxes \"R\" Us");
    fw_text_clip(p->tx_file, sizeof p->tx_file, "a.tif");
    fw_text_clip(p->ident, sizeof p->ident, "+1 555");
    p->t38_enabled = 1;
    p->modem = 2;
    p->ring_timeout_ms = 30000;
    p->call_limit_ms = 600000;
    p->page_count = 3;
    p->ecm = 1;
    return m;
}

/* Places `m` and returns the INVITE that comes of it. */
const char *place(struct fw_msg m)
{
    tell(m);
    const struct fw_msg progress = hear(FW_MSG_KIND_CALL_PROGRESS, NULL);
    CHECK_TEXT(progress.call_progress.call, m.call_place.call);
    CHECK_INT(progress.call_progress.sip_status, 0);
    return peer_expect(&peer, "INVITE ");
}

struct fw_msg ended(enum fw_call_cause cause, int sip_status)
{
    const struct fw_msg m = hear(FW_MSG_KIND_CALL_ENDED, NULL);
    CHECK_TEXT(fw_call_cause_text(m.call_ended.cause), fw_call_cause_text(cause));
    CHECK_INT(m.call_ended.sip_status, sip_status);
    return m;
}

/* A call that is answered with G.711; the modem (this test) has got its socket. */
struct peer_dialog answered(struct fw_msg m, int *ret_media)
{
    struct peer_dialog d = { .seq = 1 };
    snprintf(d.invite, sizeof d.invite, "%s", place(m));
    peer_answer(&peer, d.invite, "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_ANSWERED, NULL).call_answered.call, m.call_place.call);
    int fd = -1;
    const struct fw_msg open = hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    const struct fw_msg_media_open *o = &open.media_open;
    CHECK(fd >= 0);
    CHECK_INT(o->modem, 2);
    CHECK_INT(o->calling, 1);
    CHECK_TEXT(o->tx_file, "a.tif");
    CHECK_INT(o->page_count, 3);
    CHECK_TEXT(o->peer_host, "127.0.0.1");
    CHECK_INT(o->peer_port, 30000);
    CHECK_INT(o->codec, FW_CODEC_PCMA);
    CHECK_INT(o->call_limit_ms, 600000);
    if (ret_media)
        *ret_media = fd;
    else
        close(fd);
    return d;
}

void tone(const char *call, enum fw_tone which)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_TONE };
    m.media_tone.modem = 2;
    fw_text_clip(m.media_tone.call, FW_CALL_ID_SIZE, call);
    m.media_tone.tone = (uint8_t)which;
    tell(m);
}

void underway(const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_UNDERWAY };
    m.media_underway.modem = 2;
    fw_text_clip(m.media_underway.call, FW_CALL_ID_SIZE, call);
    tell(m);
}

void result(const char *call, int code)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    m.fax_result.modem = 2;
    fw_text_clip(m.fax_result.call, FW_CALL_ID_SIZE, call);
    m.fax_result.t30_code = code;
    tell(m);
}

void cancel(const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_CANCEL };
    fw_text_clip(m.call_cancel.call, FW_CALL_ID_SIZE, call);
    tell(m);
}

/* The far end answers our BYE. */
void byed(void)
{
    peer_answer(&peer, peer_expect(&peer, "BYE "), "200 OK", "", "");
}

void done_by_us(const char *call)
{
    result(call, 0);
    byed();
    ended(FW_CAUSE_DONE, 0);
}

void check_switch(const char *call, enum fw_call_transport transport)
{
    const struct fw_msg m = hear(FW_MSG_KIND_MEDIA_SWITCH, NULL);
    CHECK_TEXT(m.media_switch.call, call);
    CHECK_INT(m.media_switch.modem, 2);
    CHECK_INT(m.media_switch.transport, transport);
    CHECK_INT(m.media_switch.peer_port, 30002);
    CHECK_INT(m.media_switch.ec, FW_UDPTL_EC_REDUNDANCY);
    CHECK_INT(m.media_switch.bit_rate_max, 14400);
    CHECK_INT(hear(FW_MSG_KIND_CALL_TRANSPORT, NULL).call_transport.transport, transport);
}

const char *reinvite(struct peer_dialog *d, const char *sdp, const char *want)
{
    peer_request(&peer, d, "INVITE", "", sdp);
    do
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
    while (fw_text_starts(peer.text, "SIP/2.0 100"));
    if (!fw_text_starts(peer.text, want))
        print_error("wanted %s, got %s\n", want, peer.text);
    CHECK(fw_text_starts(peer.text, want));
    peer_ack(&peer, d);
    return peer_body(peer.text);
}
