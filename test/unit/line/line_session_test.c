/* faxwire-line itself: session timers, refreshed by us and by the far end, and what becomes of those that are
 * not. Intervals are of seconds: less than RFC 4028 allows, so that the test does not take minutes.
 *
 * Source: RFC 4028 clauses 7 to 10.
 */
#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIMER     "Supported: timer\r\nRequire: timer\r\n"
#define WE        TIMER "Session-Expires: 5;refresher=uac\r\n"
#define PEER      TIMER "Session-Expires: 5;refresher=uas\r\n"
#define UPDATES   "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
#define NO_UPDATE "Allow: INVITE, ACK, BYE, CANCEL\r\n"

static struct peer_dialog answered_with(const char *call, const char *extra)
{
    struct peer_dialog d = { .seq = 1 };
    int fd = -1;
    struct fw_msg t = trunk_to("t", peer.port); /* which never asks for T.38 by itself */
    t.trunk_set.t38_after_answer_ms = 60000;
    tell(t);
    snprintf(d.invite, sizeof d.invite, "%s", place(placing(call)));
    peer_answer(&peer, d.invite, "200 OK", extra, audio);
    peer_expect(&peer, "ACK ");
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_ANSWERED, NULL).call_answered.call, call);
    hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    close(fd);
    return d;
}

static const char *value(const char *name)
{
    static char text[512];
    return peer_header(peer.text, name, text, sizeof text);
}

static void expect_update(const char *answer, const char *extra)
{
    peer_expect(&peer, "UPDATE ");
    CHECK_TEXT(peer_body(peer.text), ""); /* so that nothing can begin anew */
    CHECK(fw_text_starts(value("Session-Expires"), "") && value("Session-Expires")[0]);
    peer_answer(&peer, peer.text, answer, extra, "");
}

static void we_refresh_by_update(void **state)
{
    (void)state;
    struct peer_dialog d = answered_with("u", UPDATES WE);
    CHECK(strstr(peer_header(d.invite, "Supported", peer.text, sizeof peer.text), "timer"));
    CHECK_TEXT(peer_header(d.invite, "Session-Expires", peer.text, sizeof peer.text), ""); /* we ask for none */
    expect_update("200 OK", WE);
    expect_update("200 OK", WE);
    reinvite(&d, image, "SIP/2.0 200");
    check_switch("u", FW_TRANSPORT_T38); /* a re-INVITE that says nothing of timers ends them */
    done_by_us("u");
}

static void it_goes_on_over_t38(void **state)
{
    (void)state;
    struct peer_dialog d = answered_with("t", UPDATES WE);
    peer_request(&peer, &d, "INVITE", "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", image);
    do
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
    while (fw_text_starts(peer.text, "SIP/2.0 100"));
    CHECK(fw_text_starts(peer.text, "SIP/2.0 200"));
    CHECK(strstr(value("Session-Expires"), "90;refresher=uac") && strstr(value("Require"), "timer"));
    peer_ack(&peer, &d);
    check_switch("t", FW_TRANSPORT_T38);
    peer_request(&peer, &d, "UPDATE", "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n", "");
    CHECK(fw_text_starts(peer_expect(&peer, "SIP/2.0 200"), "SIP/2.0 200"));
    CHECK(strstr(value("Session-Expires"), "90;refresher=uas")); /* now it is us */
    peer_request(&peer, &d, "UPDATE", "Supported: timer\r\nSession-Expires: 20\r\n", "");
    peer_expect(&peer, "SIP/2.0 422");
    CHECK_TEXT(value("Min-SE"), "90");
    done_by_us("t");
}

/* In place of UPDATE, with the description that stands, to the letter. */
static void we_refresh_by_reinvite(void **state)
{
    (void)state;
    char stands[PEER_BYTES];
    struct peer_dialog d = answered_with("r", NO_UPDATE WE);
    snprintf(stands, sizeof stands, "%s", peer_body(d.invite));
    CHECK_TEXT(peer_body(peer_expect(&peer, "INVITE ")), stands);
    peer_answer(&peer, peer.text, "180 Ringing", "", "");
    peer_answer(&peer, peer.text, "200 OK", WE, audio);
    peer_expect(&peer, "ACK ");
    /* Over T.38 it is that of T.38, and the modem is told of nothing. */
    tone("r", FW_TONE_V21);
    snprintf(stands, sizeof stands, "%s", peer_body(peer_expect(&peer, "INVITE ")));
    CHECK(strstr(stands, "m=image "));
    peer_answer(&peer, peer.text, "200 OK", WE, image);
    peer_expect(&peer, "ACK ");
    check_switch("r", FW_TRANSPORT_T38);
    for (int i = 0; i < 2; i++) {
        CHECK_TEXT(peer_body(peer_expect(&peer, "INVITE ")), stands);
        peer_answer(&peer, peer.text, "200 OK", i ? TIMER "Session-Expires: 600;refresher=uac\r\n" : WE, image);
        peer_expect(&peer, "ACK ");
    }
    done_by_us("r");
}

static void a_refused_refresh_is_no_end(void **state)
{
    (void)state;
    answered_with("no", UPDATES WE);
    expect_update("491 Request Pending", "");
    expect_update("200 OK", WE);
    expect_update("500 Oops", "");
    expect_update("422 Session Interval Too Small", "Min-SE: 120\r\n");
    peer_expect(&peer, "UPDATE "); /* at once */
    CHECK(fw_text_starts(value("Session-Expires"), "120") && fw_text_starts(value("Min-SE"), "120"));
    peer_answer(&peer, peer.text, "200 OK", WE, "");
    expect_update("405 Method Not Allowed", "");
    CHECK(strstr(peer_body(peer_expect(&peer, "INVITE ")), "m=audio ")); /* at once, and from now on */
    peer_answer(&peer, peer.text, "200 OK", WE, audio);
    peer_expect(&peer, "ACK ");
    peer_expect(&peer, "INVITE ");
    peer_answer(&peer, peer.text, "488 Not Acceptable Here", "", "");
    peer_expect(&peer, "ACK ");
    peer_expect(&peer, "INVITE ");
    peer_answer(&peer, peer.text, "200 OK", TIMER "Session-Expires: 600;refresher=uac\r\n", audio);
    peer_expect(&peer, "ACK ");
    done_by_us("no");
}

static void expires(const char *call, const char *why)
{
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    byed();
    result(call, 49);
    CHECK_TEXT(ended(FW_CAUSE_SESSION_EXPIRED, 0).call_ended.text, why);
}

static void a_session_that_the_peer_does_not_refresh_ends(void **state)
{
    (void)state;
    answered_with("x", UPDATES PEER);
    expires("x", "the far end did not refresh the session");
    answered_with("y", UPDATES WE); /* nor can we */
    char update[PEER_BYTES];
    snprintf(update, sizeof update, "%s", peer_expect(&peer, "UPDATE "));
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("y", 49);
    CHECK_TEXT(ended(FW_CAUSE_SESSION_EXPIRED, 0).call_ended.text, "the session could not be refreshed");
    peer_answer(&peer, update, "200 OK", WE, ""); /* too late: our BYE stands behind it */
    byed();
}

static void a_dialog_that_is_gone_is_found_out(void **state)
{
    (void)state;
    answered_with("g", UPDATES WE);
    peer_expect(&peer, "UPDATE ");
    peer_answer(&peer, peer.text, "481 Call/Transaction Does Not Exist", "", "");
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("g", 49);
    ended(FW_CAUSE_DIALOG_LOST, 0);
}

static void the_trunk_may_ask_for_a_timer(void **state)
{
    (void)state;
    struct fw_msg t = trunk_to("t", peer.port);
    t.trunk_set.session_expires_s = 100;
    tell(t);
    place(placing("a"));
    CHECK_TEXT(value("Session-Expires"), "100");
    CHECK_TEXT(value("Min-SE"), "90");
    peer_answer(&peer, peer.text, "422 Session Interval Too Small", "Min-SE: 200\r\n", "");
    peer_expect(&peer, "ACK ");
    peer_expect(&peer, "INVITE ");
    CHECK_TEXT(value("Session-Expires"), "200");
    CHECK_TEXT(value("Min-SE"), "200");
    peer_answer(&peer, peer.text, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 486);
    /* It is not asked for without end. */
    place(placing("b"));
    for (int i = 0; i < 20; i++) {
        char more[64];
        snprintf(more, sizeof more, "Min-SE: %d\r\n", 300 + i);
        peer_answer(&peer, peer.text, "422 Session Interval Too Small", more, "");
        peer_expect(&peer, "ACK ");
        struct fw_msg m = { 0 };
        int fd = -1;
        if (!peer_hears(&peer, 1000)) {
            m = ended(FW_CAUSE_REJECTED, 422);
            break;
        }
        CHECK(i < 10 && fd < 0 && m.kind == 0);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(we_refresh_by_update),
        CASE(it_goes_on_over_t38),
        CASE(we_refresh_by_reinvite),
        CASE(a_refused_refresh_is_no_end),
        CASE(a_session_that_the_peer_does_not_refresh_ends),
        CASE(a_dialog_that_is_gone_is_found_out),
        CASE(the_trunk_may_ask_for_a_timer),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
