/* faxwire-line itself: how calls begin and end, and what strangers get. */
#include "world.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- before the answer ---- */

static void refusals_are_reported_with_their_codes(void **state)
{
    (void)state;
    static const struct {
        const char *status, *extra;
        int sip, q850;
    } cases[] = {
        { "486 Busy Here", "Reason: Q.850;cause=17;text=\"busy\"\r\n", 486, 17 },
        { "404 Not Found", "Reason: SIP;cause=404, Q.850;cause=1\r\n", 404, 1 },
        { "603 Decline", "", 603, 0 },
        { "503 Service Unavailable", "Retry-After: 5\r\nReason: Q.850;cause=999999\r\n", 503, 0 },
        { "302 Moved", "Contact: <sip:evil@127.0.0.1:9>\r\n", 302, 0 },
        { "401 Unauthorized", "WWW-Authenticate: Digest realm=\"x\",nonce=\"y\"\r\n", 401, 0 },
        { "407 Proxy", "Proxy-Authenticate: Digest realm=\"x\",nonce=\"y\"\r\n", 407, 0 },
        { "422 Small", "", 422, 0 },
        { "699 Odd", "", 699, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char call[16];
        snprintf(call, sizeof call, "c%zu", i);
        char invite[PEER_BYTES];
        snprintf(invite, sizeof invite, "%s", place(placing(call)));
        peer_answer(&peer, invite, cases[i].status, cases[i].extra, "");
        peer_expect(&peer, "ACK ");
        const struct fw_msg m = ended(FW_CAUSE_REJECTED, cases[i].sip);
        CHECK_INT(m.call_ended.q850, cases[i].q850);
        CHECK_TEXT(m.call_ended.text, cases[i].status + 4);
        CHECK_TEXT(m.call_ended.call, call);
    }
    CHECK(!peer_hears(&peer, 0));
}

static void the_invite_says_who_calls_whom(void **state)
{
    (void)state;
    char header[1024];
    const char *invite = place(placing("who"));
    char first[64];
    snprintf(first, sizeof first, "INVITE sip:+12005550100@127.0.0.1:%u SIP/2.0\r\n",
             (unsigned)peer.port);
    CHECK(fw_text_starts(invite, first));
    CHECK(fw_text_starts(peer_header(invite, "From", header, sizeof header),
                         "\"Faxes \\\"R\\\" Us\" <sip:+15551234567@127.0.0.1>;tag="));
    const char *body = peer_body(invite);
    CHECK(strstr(body, "m=audio ") && !strstr(body, "m=image") && !strstr(body, "X-faxwire"));
    peer_answer(&peer, invite, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 486);

    /* A URI is a name to the trunk: the request goes there, not to its host. */
    struct fw_msg m = placing("uri");
    fw_text_clip(m.call_place.to, sizeof m.call_place.to, "sip:fax@unknown.invalid");
    invite = place(m);
    CHECK(fw_text_starts(invite, "INVITE sip:fax@unknown.invalid SIP/2.0\r\n"));
    peer_answer(&peer, invite, "404 Not Found", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 404);
}

static void no_answer_is_canceled(void **state)
{
    (void)state;
    struct fw_msg m = placing("ring");
    m.call_place.ring_timeout_ms = 400;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(m));
    peer_answer(&peer, invite, "100 Trying", "", "");
    peer_answer(&peer, invite, "180 Ringing", "", "");
    CHECK_INT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.sip_status, 180);
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    ended(FW_CAUSE_RING_TIMEOUT, 0);
    peer_answer(&peer, invite, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");
}

static void silence_is_no_response(void **state)
{
    (void)state;
    struct fw_msg m = placing("silent");
    m.call_place.ring_timeout_ms = 300;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(m));
    ended(FW_CAUSE_NO_RESPONSE, 0);
    /* RFC 3261 clause 9.1: the CANCEL waits for a sign of life. Then the peer answers after all,
     * in the same moment: a dialog, which has to be ended. */
    peer_answer(&peer, invite, "180 Ringing", "", "");
    peer_expect(&peer, "CANCEL ");
    peer_answer(&peer, invite, "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    byed();
}

static void a_cancel_before_the_answer(void **state)
{
    (void)state;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("c")));
    peer_answer(&peer, invite, "183 Progress", "", "");
    CHECK_INT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.sip_status, 183);
    cancel("nobody");
    cancel("c");
    cancel("c");
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    ended(FW_CAUSE_CANCELED, 0);
    peer_answer(&peer, invite, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");
}

static void an_unreachable_trunk_is_no_response(void **state)
{
    (void)state;
    struct fw_msg m = { .kind = FW_MSG_KIND_TRUNK_SET };
    fw_text_clip(m.trunk_set.name, 64, "nowhere");
    fw_text_clip(m.trunk_set.host, 256, "no such host");
    tell(m);
    m = placing("x");
    fw_text_clip(m.call_place.trunk, 64, "nowhere");
    tell(m);
    hear(FW_MSG_KIND_CALL_PROGRESS, NULL);
    const struct fw_msg end = hear(FW_MSG_KIND_CALL_ENDED, NULL);
    CHECK(end.call_ended.cause == FW_CAUSE_NO_RESPONSE);
    CHECK(end.call_ended.text[0] != '\0');
}

static void what_cannot_be_placed_ends_at_once(void **state)
{
    (void)state;
    struct fw_msg m = placing("a");
    fw_text_clip(m.call_place.trunk, 64, "other");
    tell(m);
    CHECK(strstr(ended(FW_CAUSE_INTERNAL, 0).call_ended.text, "trunk"));
    m = placing("b");
    fw_text_clip(m.call_place.to, 256, "call me\r\nX: y");
    tell(m);
    CHECK(strstr(ended(FW_CAUSE_INTERNAL, 0).call_ended.text, "number"));
}

static void calls_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    enum { CALLS_MAX = 8 }; /* of world.c */
    char call[8];
    for (int i = 0; i < CALLS_MAX; i++) {
        snprintf(call, sizeof call, "l%d", i);
        place(placing(call));
    }
    tell(placing("more"));
    CHECK(strstr(ended(FW_CAUSE_INTERNAL, 0).call_ended.text, "call slot"));
    peer_answer(&peer, peer.text, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    CHECK_TEXT(ended(FW_CAUSE_REJECTED, 486).call_ended.call, call);
    place(placing("more"));
}

/* ---- answered ---- */

static void an_answered_fax_ends_with_our_bye(void **state)
{
    (void)state;
    int media = -1;
    answered(placing("ok"), &media);
    struct sockaddr_in at = { 0 };
    socklen_t size = sizeof at;
    CHECK_INT(getsockname(media, (struct sockaddr *)&at, &size), 0);
    char line_of_media[32];
    snprintf(line_of_media, sizeof line_of_media, "m=audio %u ", (unsigned)ntohs(at.sin_port));
    underway("ok");
    result("ok", 0);
    result("ok", 0); /* twice is once */
    byed();
    ended(FW_CAUSE_DONE, 0);
    close(media);
}

static void an_answer_without_g711_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { no_media, image, "", "garbage" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char call[8], invite[PEER_BYTES];
        snprintf(call, sizeof call, "m%zu", i);
        snprintf(invite, sizeof invite, "%s", place(placing(call)));
        peer_answer(&peer, invite, "200 OK", "", bad[i]);
        peer_expect(&peer, "ACK ");
        byed();
        ended(FW_CAUSE_MEDIA_REFUSED, 200);
    }
}

static void the_answer_may_come_in_a_reliable_183(void **state)
{
    (void)state;
    char invite[PEER_BYTES], rack[64];
    snprintf(invite, sizeof invite, "%s", place(placing("rel")));
    peer_answer(&peer, invite, "183 Progress", "Require: 100rel\r\nRSeq: 7\r\n", audio);
    CHECK_INT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.sip_status, 183);
    const char *prack = peer_expect(&peer, "PRACK ");
    CHECK(fw_text_starts(peer_header(prack, "RAck", rack, sizeof rack), "7 "));
    peer_answer(&peer, prack, "200 OK", "", "");
    peer_answer(&peer, invite, "200 OK", "", "");
    peer_expect(&peer, "ACK ");
    hear(FW_MSG_KIND_CALL_ANSWERED, NULL);
    int fd = -1;
    CHECK_INT(hear(FW_MSG_KIND_MEDIA_OPEN, &fd).media_open.peer_port, 30000);
    close(fd);
    done_by_us("rel");
}

/* ---- ends ---- */

static void the_far_end_hangs_up(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char call[8];
        snprintf(call, sizeof call, "h%d", i);
        struct peer_dialog d = answered(placing(call), NULL);
        peer_request(&peer, &d, "BYE", "Reason: Q.850;cause=16\r\n", "");
        peer_expect(&peer, "SIP/2.0 200");
        CHECK_TEXT(hear(FW_MSG_KIND_MEDIA_CLOSE, NULL).media_close.call, call);
        if (i == 0)
            result(call, 49);
        else if (i == 1)
            result(call, 0); /* it was over for the modem too */
        const struct fw_msg m = ended(i == 1 ? FW_CAUSE_DONE : FW_CAUSE_REMOTE_HANGUP, 0);
        CHECK_INT(m.call_ended.q850, 16);
    }
}

static void a_cancel_in_the_fax(void **state)
{
    (void)state;
    answered(placing("cf"), NULL);
    cancel("cf");
    byed();
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("cf", 48);
    ended(FW_CAUSE_CANCELED, 0);
}

static void a_lost_modem_ends_its_calls(void **state)
{
    (void)state;
    answered(placing("lost"), NULL);
    struct fw_msg other = placing("other");
    other.call_place.modem = 3;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(other));
    struct fw_msg m = { .kind = FW_MSG_KIND_MODEM_GONE };
    m.modem_gone.modem = 2;
    tell(m);
    byed();
    CHECK_TEXT(ended(FW_CAUSE_MODEM_LOST, 0).call_ended.call, "lost");
    peer_answer(&peer, invite, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    CHECK_TEXT(ended(FW_CAUSE_REJECTED, 486).call_ended.call, "other");
}

static void one_modem_has_no_say_about_another(void **state)
{
    (void)state;
    answered(placing("mine"), NULL);
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    m.fax_result.modem = 9;
    fw_text_clip(m.fax_result.call, FW_CALL_ID_SIZE, "mine");
    tell(m);
    tone("mine", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "488 No", "", ""); /* so it is alive */
    peer_expect(&peer, "ACK ");
    done_by_us("mine");
}

static void a_dead_dialog_is_not_waited_for(void **state)
{
    (void)state;
    answered(placing("dead"), NULL);
    tone("dead", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "481 No Such Call", "", "");
    peer_expect(&peer, "ACK ");
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("dead", 49);
    ended(FW_CAUSE_DIALOG_LOST, 0);
}

static void a_stop_hangs_up(void **state)
{
    (void)state;
    answered(placing("live"), NULL);
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("ringing")));
    peer_answer(&peer, invite, "180 Ringing", "", "");
    hear(FW_MSG_KIND_CALL_PROGRESS, NULL);
    tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
    byed();
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    peer_answer(&peer, invite, "487 Request Terminated", "", "");
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    ended(FW_CAUSE_CANCELED, 0);
    result("live", 48);
    ended(FW_CAUSE_CANCELED, 0);
    const int status = exit_of_line();
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static void a_gone_parent_hangs_up(void **state)
{
    (void)state;
    answered(placing("orphan"), NULL);
    fw_channel_free(line.channel);
    line.channel = NULL;
    byed();
    const int status = exit_of_line();
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static void a_taken_port_is_an_error(void **state)
{
    (void)state;
    tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
    exit_of_line();
    spawn_line(peer.port);
    const int status = exit_of_line();
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 1);
}

static void a_wildcard_for_media_is_an_error(void **state)
{
    (void)state;
    tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
    exit_of_line();
    media_host = "0.0.0.0";
    spawn_line(0);
    media_host = "127.0.0.1";
    CHECK_INT(WEXITSTATUS(exit_of_line()), 1);
}

static void the_call_limit_is_kept(void **state)
{
    (void)state;
    struct fw_msg m = placing("long");
    m.call_place.call_limit_ms = 1;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(m));
    peer_answer(&peer, invite, "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    hear(FW_MSG_KIND_CALL_ANSWERED, NULL);
    int fd = -1;
    hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    close(fd);
    byed();
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    ended(FW_CAUSE_LIMIT, 0); /* the modem is silent: bounded */
}

/* A peer that answers nothing does not keep us: the parent waits 2 s. */
static void a_stop_does_not_wait_for_a_silent_peer(void **state)
{
    (void)state;
    answered(placing("deaf"), NULL);
    place(placing("mute"));
    tell((struct fw_msg){ .kind = FW_MSG_KIND_STOP });
    peer_expect(&peer, "BYE ");
    const int status = exit_of_line();
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

/* ---- strangers ---- */

static void strangers_get_an_answer_or_nothing(void **state)
{
    (void)state;
    char text[1024];
    for (int i = 0; i < 50; i++) { /* noise first */
        uint8_t noise[200];
        for (size_t n = 0; n < sizeof noise; n++)
            noise[n] = (uint8_t)(n * 31 + (size_t)i * 17);
        peer_send(&peer, line_port, noise, (size_t)(4 * i) % sizeof noise + 1);
    }
    static const char *const broken[] = {
        "INVITE sip:x@y SIP/2.0\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        "\r\n\r\n",
        "ACK\r\n",
        "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4;branch=\r\nContent-Length: -5\r\n\r\nxx",
        "BYE sip:x SIP/2.0\r\nCSeq: 99999999999 BYE\r\nCall-ID: \r\nFrom: <\r\nTo: >\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        peer_send(&peer, line_port, broken[i], strlen(broken[i]));
    static const struct {
        const char *method, *want;
    } cases[] = {
        { "OPTIONS", "SIP/2.0 200" }, { "BYE", "SIP/2.0 481" },
        { "REFER", "SIP/2.0 405" },   { "MESSAGE", "SIP/2.0 405" }, { "UPDATE", "SIP/2.0 481" },
        { "SUBSCRIBE", "SIP/2.0 4" }, { "NOTIFY", "SIP/2.0 4" },    { "XYZZY", "SIP/2.0 501" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const int size = snprintf(
            text, sizeof text,
            "%s sip:fax@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKs%zu\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:s@x>;tag=s\r\nTo: <sip:fax@y>\r\nCall-ID: s%zu\r\n"
            "CSeq: 1 %s\r\nContact: <sip:s@127.0.0.1:%u>\r\nContent-Length: 0\r\n\r\n",
            cases[i].method, (unsigned)peer.port, i, i, cases[i].method, (unsigned)peer.port);
        char seq[64], want[64];
        snprintf(want, sizeof want, "1 %s", cases[i].method);
        peer_send(&peer, line_port, text, (size_t)size);
        do /* what the noise got is nobody's matter */
            CHECK(peer_hears(&peer, PEER_WAIT_MS));
        while (strcmp(peer_header(peer.text, "CSeq", seq, sizeof seq), want) != 0 ||
               fw_text_starts(peer.text, "SIP/2.0 100"));
        if (!fw_text_starts(peer.text, cases[i].want))
            print_error("%s: %s\n", cases[i].method, peer.text);
        CHECK(fw_text_starts(peer.text, cases[i].want));
    }
    place(placing("after")); /* still there */
    peer_answer(&peer, peer.text, "486 Busy Here", "", "");
    ended(FW_CAUSE_REJECTED, 486);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(refusals_are_reported_with_their_codes),
        CASE(the_invite_says_who_calls_whom),
        CASE(no_answer_is_canceled),
        CASE(silence_is_no_response),
        CASE(a_cancel_before_the_answer),
        CASE(an_unreachable_trunk_is_no_response),
        CASE(what_cannot_be_placed_ends_at_once),
        CASE(calls_beyond_the_limit_are_refused),
        CASE(an_answered_fax_ends_with_our_bye),
        CASE(an_answer_without_g711_is_refused),
        CASE(the_answer_may_come_in_a_reliable_183),
        CASE(the_far_end_hangs_up),
        CASE(a_cancel_in_the_fax),
        CASE(a_lost_modem_ends_its_calls),
        CASE(one_modem_has_no_say_about_another),
        CASE(a_dead_dialog_is_not_waited_for),
        CASE(a_stop_hangs_up),
        CASE(a_gone_parent_hangs_up),
        CASE(a_taken_port_is_an_error),
        CASE(a_wildcard_for_media_is_an_error),
        CASE(the_call_limit_is_kept),
        CASE(a_stop_does_not_wait_for_a_silent_peer),
        CASE(strangers_get_an_answer_or_nothing),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
