/* faxwire-line itself: calls that come in from a trunk, by every kind of INVITE, to every kind of end. */
#include "world.h"

#include "base/text.h"
#include "fax/trunk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char both[] = "v=0\r\no=- 11 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                           "m=audio 30000 RTP/AVP 8 0\r\nm=image 30002 udptl t38\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";

static char call[FW_CALL_ID_SIZE]; /* of the last CALL_INCOMING */
static const char *id = "";       /* Call-ID of the INVITE under way */

static void send_request(const char *method, const char *extra, const char *type, const char *body)
{
    char text[4096];
    const int size = snprintf(
        text, sizeof text,
        "%s sip:13125550100@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKin%s\r\n"
        "Max-Forwards: 70\r\nFrom: \"A \\\"B\\\"\" <sip:+12025550100@caller>;tag=peer\r\nTo: <sip:+19995550000@trunk>\r\n"
        "Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:peer@127.0.0.1:%u>\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
        method, (unsigned)line_port, (unsigned)peer.port, id, id, method, (unsigned)peer.port, extra,
        body[0] ? "Content-Type: " : "", body[0] ? type : "", body[0] ? "\r\n" : "", strlen(body), body);
    CHECK(size > 0 && (size_t)size < sizeof text);
    peer_send(&peer, line_port, text, (size_t)size);
}

static void invite(const char *call_id, const char *extra, const char *sdp)
{
    id = call_id;
    send_request("INVITE", extra, "application/sdp", sdp);
}

/* A final answer; its ACK is sent when it is a refusal (the same branch). */
static const char *final(const char *want)
{
    do
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
    while (fw_text_starts(peer.text, "SIP/2.0 100"));
    if (!fw_text_starts(peer.text, want))
        print_error("wanted: %s\ngot: %s\n", want, peer.text);
    CHECK(fw_text_starts(peer.text, want));
    return peer.text;
}

static void refused_with(const char *want)
{
    char answer[PEER_BYTES];
    snprintf(answer, sizeof answer, "%s", final(want));
    send_request("ACK", "", "", "");
    snprintf(peer.text, sizeof peer.text, "%s", answer);
}

static struct fw_msg_call_incoming incoming(void)
{
    const struct fw_msg m = hear(FW_MSG_KIND_CALL_INCOMING, NULL);
    fw_text_clip(call, sizeof call, m.call_incoming.call);
    return m.call_incoming;
}

static void accept_after(uint32_t delay_ms)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_ACCEPT };
    fw_text_clip(m.call_accept.call, sizeof m.call_accept.call, call);
    fw_text_clip(m.call_accept.ident, sizeof m.call_accept.ident, "+13125550100");
    m.call_accept.modem = 2;
    m.call_accept.ecm = m.call_accept.t38_enabled = 1;
    m.call_accept.answer_delay_ms = delay_ms;
    m.call_accept.call_limit_ms = 60 * 1000;
    tell(m);
}

static void refuse(uint16_t status, uint16_t q850)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_REFUSE };
    fw_text_clip(m.call_refuse.call, sizeof m.call_refuse.call, call);
    m.call_refuse.sip_status = status;
    m.call_refuse.q850 = q850;
    tell(m);
}

/* As if the line had sent us an INVITE: what in-dialog requests are made from. */
static struct peer_dialog dialog_of(const char *ok)
{
    struct peer_dialog d = { .seq = 1 };
    char to[1024], contact[512];
    peer_header(ok, "To", to, sizeof to);
    peer_header(ok, "Contact", contact, sizeof contact);
    snprintf(d.invite, sizeof d.invite,
             "\r\nFrom: %s\r\nTo: \"A \\\"B\\\"\" <sip:+12025550100@caller>\r\nCall-ID: %s\r\nContact: %s\r\n\r\n", to, id,
             contact);
    return d;
}

static void ack_with(struct peer_dialog *d, const char *sdp)
{
    char text[4096], from[1024], contact[512];
    peer_header(d->invite, "From", from, sizeof from);
    peer_header(d->invite, "Contact", contact, sizeof contact);
    char *uri = strchr(contact, '<') + 1;
    uri[strcspn(uri, ">")] = '\0';
    const int size = snprintf(text, sizeof text,
                              "ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKack%s\r\nMax-Forwards: 70\r\n"
                              "From: \"A \\\"B\\\"\" <sip:+12025550100@caller>;tag=peer\r\nTo: %s\r\nCall-ID: %s\r\n"
                              "CSeq: 1 ACK\r\n%sContent-Length: %zu\r\n\r\n%s",
                              uri, (unsigned)peer.port, id, from, id, sdp[0] ? "Content-Type: application/sdp\r\n" : "",
                              strlen(sdp), sdp);
    CHECK(size > 0 && (size_t)size < sizeof text);
    peer_send(&peer, line_port, text, (size_t)size);
}

static struct fw_msg_media_open opened(void)
{
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_ANSWERED, NULL).call_answered.call, call);
    int fd = -1;
    const struct fw_msg m = hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    CHECK(fd >= 0);
    close(fd);
    CHECK_INT(m.media_open.calling, 0);
    CHECK_INT(m.media_open.modem, 2);
    CHECK_TEXT(m.media_open.call, call);
    CHECK_TEXT(m.media_open.tx_file, "");
    return m.media_open;
}

/* INVITE to ACK; the answer's body is then in `ret_body`. */
static struct peer_dialog taken(const char *call_id, const char *sdp, char ret_body[PEER_BYTES])
{
    invite(call_id, "", sdp);
    incoming();
    accept_after(0);
    const char *ok = final("SIP/2.0 200");
    snprintf(ret_body, PEER_BYTES, "%s", peer_body(ok));
    struct peer_dialog d = dialog_of(ok);
    ack_with(&d, "");
    return d;
}

static void ended_by_caller(struct peer_dialog *d)
{
    peer_request(&peer, d, "BYE", "", "");
    peer_expect(&peer, "SIP/2.0 200");
    CHECK_TEXT(hear(FW_MSG_KIND_MEDIA_CLOSE, NULL).media_close.call, call);
    result(call, 0);
    ended(FW_CAUSE_DONE, 0);
}

static void a_call_is_taken_and_moved_to_t38(void **state)
{
    (void)state;
    char body[PEER_BYTES];
    invite("take", "", both);
    const struct fw_msg_call_incoming in = incoming();
    CHECK_TEXT(in.trunk, "t");
    CHECK_TEXT(in.to, "13125550100");
    CHECK_TEXT(in.from, "+12025550100");
    CHECK_TEXT(in.source, "127.0.0.1");
    accept_after(0);
    const char *ok = final("SIP/2.0 200");
    snprintf(body, sizeof body, "%s", peer_body(ok));
    CHECK(strstr(body, "m=audio ") && !strstr(body, "m=audio 0"));
    CHECK(strstr(body, "m=image 0 ")); /* G.711 first, as the line decides when to change */
    struct peer_dialog d = dialog_of(ok);
    ack_with(&d, "");
    const struct fw_msg_media_open open = opened();
    CHECK_INT(open.peer_port, 30000);
    CHECK_INT(open.codec, FW_CODEC_PCMA);
    const char *again = peer_expect(&peer, "INVITE "); /* a second later */
    CHECK(strstr(peer_body(again), "m=image "));
    peer_answer(&peer, again, "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch(call, FW_TRANSPORT_T38);
    /* The caller refreshes its session: the same again, and nothing else happens. */
    CHECK(strstr(reinvite(&d, image, "SIP/2.0 200"), "m=image "));
    ended_by_caller(&d);
}

static void cng_hastens_and_a_refusal_leaves_g711(void **state)
{
    (void)state;
    char body[PEER_BYTES];
    struct peer_dialog d = taken("cng", audio, body);
    opened();
    tone(call, FW_TONE_CNG);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "488 Not Acceptable Here", "", "");
    peer_expect(&peer, "ACK ");
    underway(call);
    ended_by_caller(&d);
}

static void both_ask_at_once(void **state)
{
    (void)state;
    char body[PEER_BYTES], ours[PEER_BYTES];
    struct peer_dialog d = taken("glare", audio, body);
    opened();
    tone(call, FW_TONE_CNG);
    snprintf(ours, sizeof ours, "%s", peer_expect(&peer, "INVITE "));
    reinvite(&d, image, "SIP/2.0 491");
    peer_answer(&peer, ours, "491 Request Pending", "", "");
    peer_expect(&peer, "ACK ");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image); /* 0 to 2 s later */
    peer_expect(&peer, "ACK ");
    check_switch(call, FW_TRANSPORT_T38);
    ended_by_caller(&d);
}

static void the_caller_may_ask_for_t38(void **state)
{
    (void)state;
    char body[PEER_BYTES];
    struct peer_dialog d = taken("theirs", audio, body);
    opened();
    CHECK(strstr(reinvite(&d, image, "SIP/2.0 200"), "m=image "));
    check_switch(call, FW_TRANSPORT_T38);
    ended_by_caller(&d);
}

static void an_offer_of_image_alone_is_t38_at_once(void **state)
{
    (void)state;
    char body[PEER_BYTES];
    struct peer_dialog d = taken("image", image, body);
    CHECK(strstr(body, "m=image ") && !strstr(body, "m=image 0"));
    opened();
    check_switch(call, FW_TRANSPORT_T38);
    ended_by_caller(&d);
}

static void no_offer_asks_for_ours(void **state)
{
    (void)state;
    invite("none", "", "");
    incoming();
    accept_after(0);
    const char *ok = final("SIP/2.0 200");
    CHECK(strstr(peer_body(ok), "m=audio "));
    struct peer_dialog d = dialog_of(ok);
    ack_with(&d, audio);
    CHECK_INT(opened().peer_port, 30000);
    ended_by_caller(&d);
    /* And an answer without anything for us is the end. */
    invite("none2", "", "");
    incoming();
    accept_after(0);
    d = dialog_of(final("SIP/2.0 200"));
    ack_with(&d, no_media);
    byed();
    ended(FW_CAUSE_MEDIA_REFUSED, 0);
}

static void the_parent_refuses(void **state)
{
    (void)state;
    char reason[128];
    invite("refuse", "", audio);
    incoming();
    refuse(404, 1);
    refused_with("SIP/2.0 404");
    CHECK_TEXT(peer_header(peer.text, "Reason", reason, sizeof reason), "Q.850;cause=1");
    invite("refuse2", "", audio);
    incoming();
    refuse(7, 0); /* no status of a refusal */
    refused_with("SIP/2.0 503");
}

static void offers_that_nobody_can_take_are_not_asked_about(void **state)
{
    (void)state;
    static const struct {
        const char *id, *type, *body, *want;
    } cases[] = {
        { "n1", "application/sdp", no_media, "SIP/2.0 488" },
        { "n2", "application/sdp", "garbage", "SIP/2.0 400" },
        { "n3", "text/plain", "hello", "SIP/2.0 415" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        id = cases[i].id;
        send_request("INVITE", "", cases[i].type, cases[i].body);
        refused_with(cases[i].want);
    }
    invite("n4", "", audio); /* the next thing that the parent hears */
    CHECK_TEXT(incoming().to, "13125550100");
    refuse(486, 17);
    refused_with("SIP/2.0 486");
}

static void the_caller_gives_up(void **state)
{
    (void)state;
    invite("cancel", "", audio);
    incoming();
    send_request("CANCEL", "", "", "");
    bool canceled = false, terminated = false;
    while (!canceled || !terminated) {
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
        canceled |= fw_text_starts(peer.text, "SIP/2.0 200");
        terminated |= fw_text_starts(peer.text, "SIP/2.0 487");
    }
    send_request("ACK", "", "", "");
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
    accept_after(0); /* too late, and harmless */
    /* While it rings, too. */
    invite("cancel2", "", audio);
    incoming();
    accept_after(20 * 1000);
    final("SIP/2.0 180");
    send_request("CANCEL", "", "", "");
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
}

static void the_same_invite_again_is_one_call(void **state)
{
    (void)state;
    invite("twice", "", audio);
    invite("twice", "", audio);
    incoming();
    invite("twice", "", audio);
    accept_after(0);
    struct peer_dialog d = dialog_of(final("SIP/2.0 200"));
    ack_with(&d, "");
    opened();
    ended_by_caller(&d);
}

static void ringing_may_have_to_be_reliable(void **state)
{
    (void)state;
    char seq[32], rack[96];
    invite("prack", "Require: 100rel\r\nSupported: 100rel\r\n", audio);
    incoming();
    accept_after(300);
    const char *ringing = final("SIP/2.0 180");
    struct peer_dialog d = dialog_of(ringing);
    if (peer_header(ringing, "RSeq", seq, sizeof seq)[0]) {
        snprintf(rack, sizeof rack, "RAck: %s 1 INVITE\r\n", seq);
        peer_request(&peer, &d, "PRACK", rack, "");
    }
    int oks = 0;
    for (const int wanted = seq[0] ? 2 : 1; oks < wanted; oks++)
        final("SIP/2.0 200");
    d = dialog_of(peer.text);
    ack_with(&d, "");
    opened();
    d.seq = 10;
    ended_by_caller(&d);
}

/* RFC 4028: we leave the refreshing to the caller, so no interval of its is too short for us. */
static void a_caller_may_keep_a_session_timer(void **state)
{
    (void)state;
    char header[64];
    invite("short", "Supported: timer, 100rel\r\nSession-Expires: 60;refresher=uac\r\nMin-SE: 60\r\n", audio);
    refused_with("SIP/2.0 422");
    CHECK_TEXT(peer_header(peer.text, "Min-SE", header, sizeof header), "90");
    invite("timer", "Supported: timer, 100rel\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n", audio);
    incoming();
    accept_after(0);
    const char *ok = final("SIP/2.0 200");
    CHECK_TEXT(peer_header(ok, "Session-Expires", header, sizeof header), "1800;refresher=uac");
    CHECK_TEXT(peer_header(ok, "Require", header, sizeof header), "timer");
    struct peer_dialog d = dialog_of(ok);
    ack_with(&d, "");
    opened();
    peer_request(&peer, &d, "UPDATE", "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n", "");
    final("SIP/2.0 200");
    ended_by_caller(&d);
    invite("timer2", "Supported: timer\r\nRequire: timer\r\nSession-Expires: 90;refresher=uas\r\n", audio);
    incoming();
    accept_after(0);
    ok = final("SIP/2.0 200");
    CHECK_TEXT(peer_header(ok, "Session-Expires", header, sizeof header), "90;refresher=uas");
    d = dialog_of(ok);
    ack_with(&d, "");
    opened();
    ended_by_caller(&d);
    /* A proxy on the way wants one, the caller does not know of it: we refresh, and nothing is required. */
    invite("timer3", "Session-Expires: 90\r\n", audio);
    incoming();
    accept_after(0);
    ok = final("SIP/2.0 200");
    CHECK_TEXT(peer_header(ok, "Session-Expires", header, sizeof header), "90;refresher=uas");
    CHECK_TEXT(peer_header(ok, "Require", header, sizeof header), "");
    d = dialog_of(ok);
    ack_with(&d, "");
    opened();
    ended_by_caller(&d);
}

/* An UPDATE before the answer: a refresh may be, an offer while the first one has no answer may not. */
static void an_update_does_not_answer_the_call(void **state)
{
    (void)state;
    invite("early", "", audio);
    incoming();
    accept_after(20 * 1000);
    struct peer_dialog d = dialog_of(final("SIP/2.0 180"));
    peer_request(&peer, &d, "UPDATE", "", "");
    final("SIP/2.0 200");
    peer_request(&peer, &d, "UPDATE", "", image);
    final("SIP/2.0 488");
    send_request("CANCEL", "", "", "");
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
}

static void a_caller_hangs_up_instead_of_its_ack(void **state)
{
    (void)state;
    invite("noack", "", audio);
    incoming();
    accept_after(0);
    struct peer_dialog d = dialog_of(final("SIP/2.0 200"));
    peer_request(&peer, &d, "BYE", "", "");
    final("SIP/2.0 200");
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
    ack_with(&d, ""); /* overtaken on its way: nothing opens */
    invite("noack2", "", audio);
    incoming();
    refuse(486, 17);
    refused_with("SIP/2.0 486");
}

static void a_stop_refuses_what_is_not_answered(void **state)
{
    (void)state;
    invite("stop", "", audio);
    incoming();
    tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
    final("SIP/2.0 503");
    ended(FW_CAUSE_CANCELED, 0);
    exit_of_line();
    line.channel = NULL;
}

static void the_trunk_says_where_the_number_stands(void **state)
{
    (void)state;
    static const struct {
        enum fw_trunk_called where;
        const char *header, *want;
    } cases[] = {
        { FW_TRUNK_CALLED_TO, "", "+19995550000" },
        { FW_TRUNK_CALLED_PARTY, "P-Called-Party-ID: <sip:+18885550001@ims>\r\n", "+18885550001" },
        { FW_TRUNK_CALLED_DIVERSION, "Diversion: \"x\" <sip:+18885550002@pbx>;reason=no-answer\r\n", "+18885550002" },
        { FW_TRUNK_CALLED_HISTORY, "History-Info: <sip:+18885550003@a>;index=1,<sip:1@b>;index=1.1\r\n", "+18885550003" },
        { FW_TRUNK_CALLED_HISTORY, "History-Info: <sip:+1@a>;index=1\r\nHistory-Info: <sip:+18885550004@a>;index=1.1\r\n"
                                   "History-Info: <sip:1@b>;index=1.2\r\n", "+18885550004" },
        { FW_TRUNK_CALLED_PARTY, "", "13125550100" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[16];
        struct fw_msg m = trunk_to("t", peer.port);
        m.trunk_set.called = (uint8_t)cases[i].where;
        tell(m);
        snprintf(name, sizeof name, "where%zu", i);
        invite(name, cases[i].header, audio);
        CHECK_TEXT(incoming().to, cases[i].want);
        refuse(404, 1);
        refused_with("SIP/2.0 404");
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_call_is_taken_and_moved_to_t38),
        CASE(cng_hastens_and_a_refusal_leaves_g711),
        CASE(both_ask_at_once),
        CASE(the_caller_may_ask_for_t38),
        CASE(an_offer_of_image_alone_is_t38_at_once),
        CASE(no_offer_asks_for_ours),
        CASE(the_parent_refuses),
        CASE(offers_that_nobody_can_take_are_not_asked_about),
        CASE(the_caller_gives_up),
        CASE(the_same_invite_again_is_one_call),
        CASE(ringing_may_have_to_be_reliable),
        CASE(a_caller_may_keep_a_session_timer),
        CASE(an_update_does_not_answer_the_call),
        CASE(a_caller_hangs_up_instead_of_its_ack),
        CASE(a_stop_refuses_what_is_not_answered),
        CASE(the_trunk_says_where_the_number_stands),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
