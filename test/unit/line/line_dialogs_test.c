/* faxwire-line itself: dialogs as far ends bend them. Forks, session timers, 1xx to a re-INVITE, BYEs that
 * cross; and the options of a trunk and of the line that show in dialogs.
 *
 * Sources: RFC 3261 clauses 13.2.2.4 (forks), 15 (BYE); RFC 3311 (UPDATE); RFC 4028 (session timers).
 */
#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOTHING_MS = 300 };

/* A final answer, whatever 1xx comes before it. */
static const char *final(struct peer *p, const char *want)
{
    do
        CHECK(peer_hears(p, PEER_WAIT_MS));
    while (fw_text_starts(p->text, "SIP/2.0 1"));
    if (!fw_text_starts(p->text, want))
        print_error("wanted: %s\ngot: %s\n", want, p->text);
    CHECK(fw_text_starts(p->text, want));
    return p->text;
}

static void opened(const char *call)
{
    int fd = -1;
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_ANSWERED, NULL).call_answered.call, call);
    hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    close(fd);
}

static bool is_to(const char *message, const char *tag)
{
    char to[1024], want[64];
    snprintf(want, sizeof want, ";tag=%s", tag);
    return strstr(peer_header(message, "To", to, sizeof to), want) != NULL;
}

/* ---- forks ---- */

static void answer_as(const char *tag, const char *invite, const char *status, const char *sdp)
{
    peer.tag = tag;
    peer_answer(&peer, invite, status, "", sdp);
}

/* The ACK and the BYE that a branch gets which came too late. */
static void ended_as(const char *tag)
{
    CHECK(is_to(peer_expect(&peer, "ACK "), tag));
    CHECK(is_to(peer_expect(&peer, "BYE "), tag));
    peer_answer(&peer, peer.text, "200 OK", "", "");
}

static void a_second_answer_is_acked_and_ended(void **state)
{
    (void)state;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("fork")));
    answer_as("a", invite, "180 Ringing", "");
    CHECK_INT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.sip_status, 180);
    answer_as("b", invite, "180 Ringing", "");
    answer_as("b", invite, "200 OK", audio);
    CHECK(is_to(peer_expect(&peer, "ACK "), "b"));
    opened("fork");
    answer_as("a", invite, "200 OK", image); /* of which nothing may come to the call */
    ended_as("a");
    answer_as("c", invite, "200 OK", audio); /* never heard of before */
    ended_as("c");
    /* The first one is the call, and goes on. */
    peer.tag = "b";
    tone("fork", FW_TONE_V21);
    CHECK(is_to(peer_expect(&peer, "INVITE "), "b"));
    peer_answer(&peer, peer.text, "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("fork", FW_TRANSPORT_T38);
    done_by_us("fork");
    answer_as("d", invite, "200 OK", audio); /* and when all is over */
    ended_as("d");
}

static void every_fork_of_a_canceled_call_is_ended(void **state)
{
    (void)state;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("none")));
    answer_as("a", invite, "180 Ringing", "");
    hear(FW_MSG_KIND_CALL_PROGRESS, NULL);
    cancel("none");
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    ended(FW_CAUSE_CANCELED, 0);
    answer_as("a", invite, "200 OK", audio);
    ended_as("a");
    answer_as("b", invite, "200 OK", audio);
    ended_as("b");
}

/* ---- session timers ---- */

static const char *update(struct peer_dialog *d, const char *extra, const char *sdp, const char *want)
{
    peer_request(&peer, d, "UPDATE", extra, sdp);
    return peer_body(final(&peer, want));
}

static void the_far_end_refreshes_the_session(void **state)
{
    (void)state;
    static const char by_us[] = "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n";
    char first[PEER_BYTES], allow[256];
    struct peer_dialog d = { .seq = 1 };
    snprintf(d.invite, sizeof d.invite, "%s", place(placing("st")));
    CHECK(strstr(peer_header(d.invite, "Allow", allow, sizeof allow), "UPDATE"));
    peer_answer(&peer, d.invite, "200 OK",
                "Supported: timer\r\nRequire: timer\r\nSession-Expires: 90;refresher=uas\r\n", audio);
    peer_expect(&peer, "ACK ");
    opened("st");
    peer_request(&peer, &d, "INVITE", by_us, audio);
    snprintf(first, sizeof first, "%s", peer_body(final(&peer, "SIP/2.0 200")));
    peer_ack(&peer, &d);
    CHECK(strstr(first, "m=audio ") && !strstr(first, "m=audio 0"));
    CHECK_TEXT(update(&d, by_us, "", "SIP/2.0 200"), "");
    /* The same in the middle of a fax over T.38, where nothing may begin anew. */
    snprintf(first, sizeof first, "%s", reinvite(&d, image, "SIP/2.0 200"));
    check_switch("st", FW_TRANSPORT_T38);
    for (int i = 0; i < 3; i++) {
        peer_request(&peer, &d, "INVITE", by_us, image);
        CHECK_TEXT(peer_body(final(&peer, "SIP/2.0 200")), first);
        peer_ack(&peer, &d);
        CHECK_TEXT(update(&d, by_us, "", "SIP/2.0 200"), "");
        CHECK_TEXT(update(&d, by_us, image, "SIP/2.0 200"), first);
    }
    done_by_us("st");
}

/* RFC 3311: an UPDATE may offer what a re-INVITE may. */
static void an_update_may_offer_t38(void **state)
{
    (void)state;
    struct peer_dialog d = answered(placing("up"), NULL);
    update(&d, "", "garbage", "SIP/2.0 488");
    update(&d, "", no_media, "SIP/2.0 488");
    CHECK(strstr(update(&d, "", image, "SIP/2.0 200"), "m=image "));
    check_switch("up", FW_TRANSPORT_T38);
    underway("up");
    update(&d, "", audio, "SIP/2.0 488"); /* no way back in mid-fax */
    done_by_us("up");
    /* While our own offer is out it is 491, and ours is what counts. */
    char ours[PEER_BYTES];
    d = answered(placing("up2"), NULL);
    tone("up2", FW_TONE_V21);
    snprintf(ours, sizeof ours, "%s", peer_expect(&peer, "INVITE "));
    update(&d, "", image, "SIP/2.0 491");
    update(&d, "", "", "SIP/2.0 200"); /* a refresh is no offer */
    peer_answer(&peer, ours, "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("up2", FW_TRANSPORT_T38);
    done_by_us("up2");
}

/* ---- our re-INVITE ---- */

static void provisional_answers_to_our_offer_decide_nothing(void **state)
{
    (void)state;
    char offer[PEER_BYTES];
    answered(placing("prov"), NULL);
    tone("prov", FW_TONE_V21);
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    peer_answer(&peer, offer, "100 Trying", "", "");
    peer_answer(&peer, offer, "183 Session Progress", "", audio);
    peer_answer(&peer, offer, "180 Ringing", "", "");
    peer_answer(&peer, offer, "183 Session Progress", "", image);
    peer_answer(&peer, offer, "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("prov", FW_TRANSPORT_T38); /* and no CALL_PROGRESS before it */
    done_by_us("prov");

    answered(placing("prov2"), NULL);
    tone("prov2", FW_TONE_V21);
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    peer_answer(&peer, offer, "183 Session Progress", "", image);
    peer_answer(&peer, offer, "488 Not Acceptable Here", "", "");
    peer_expect(&peer, "ACK ");
    done_by_us("prov2");
}

/* We have hung up, and then our re-INVITE is taken after all: the ACK is owed, and nothing begins. */
static void an_answer_to_an_offer_of_the_past(void **state)
{
    (void)state;
    char offer[PEER_BYTES], bye[PEER_BYTES];
    answered(placing("past"), NULL);
    tone("past", FW_TONE_V21);
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    cancel("past");
    snprintf(bye, sizeof bye, "%s", peer_expect(&peer, "BYE "));
    peer_answer(&peer, offer, "200 OK", "", image);
    peer_answer(&peer, bye, "200 OK", "", "");
    peer_expect(&peer, "ACK ");
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("past", 48);
    ended(FW_CAUSE_CANCELED, 0);
}

/* ---- BYE ---- */

static void byes_that_cross(void **state)
{
    (void)state;
    char ours[PEER_BYTES];
    struct peer_dialog d = answered(placing("x"), NULL);
    result("x", 0);
    snprintf(ours, sizeof ours, "%s", peer_expect(&peer, "BYE "));
    peer_request(&peer, &d, "BYE", "", "");
    CHECK(peer_hears(&peer, PEER_WAIT_MS)); /* 200, or 481 as we have left already */
    CHECK(fw_text_starts(peer.text, "SIP/2.0 200") || fw_text_starts(peer.text, "SIP/2.0 481"));
    ended(FW_CAUSE_DONE, 0);
    peer_answer(&peer, ours, "481 Call/Transaction Does Not Exist", "", "");
    /* Later still it is unknown, and nobody hears of it. */
    peer_request(&peer, &d, "BYE", "", "");
    CHECK(peer_hears(&peer, PEER_WAIT_MS));
    CHECK(fw_text_starts(peer.text, "SIP/2.0 481"));
    peer_request(&peer, &d, "INVITE", "", image);
    final(&peer, "SIP/2.0 481");
    peer_ack(&peer, &d);
}

/* The fax is over for both, and both hang up: whoever is first, it was done. */
static void a_bye_with_the_last_frame(void **state)
{
    (void)state;
    struct peer_dialog d = answered(placing("last"), NULL);
    result("last", 0);
    tell(placing("sync"));
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.call, "sync"); /* the result is in */
    CHECK(peer_hears(&peer, PEER_WAIT_MS));
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", peer.text);
    CHECK(fw_text_starts(invite, "INVITE "));
    peer_request(&peer, &d, "BYE", "", "");
    for (bool heard = false; !heard;) {
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
        if (fw_text_starts(peer.text, "BYE ")) /* ours was the quicker */
            peer_answer(&peer, peer.text, "200 OK", "", "");
        else
            heard = fw_text_starts(peer.text, "SIP/2.0 200") || fw_text_starts(peer.text, "SIP/2.0 481");
    }
    CHECK_TEXT(ended(FW_CAUSE_DONE, 0).call_ended.call, "last");
    peer_answer(&peer, invite, "486 Busy Here", "", "");
    ended(FW_CAUSE_REJECTED, 486);
}

/* The far end has taken our re-INVITE, and hangs up before our ACK can have reached it. */
static void a_bye_behind_its_own_answer(void **state)
{
    (void)state;
    struct peer_dialog d = answered(placing("b"), NULL);
    tone("b", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
    peer_request(&peer, &d, "BYE", "", "");
    for (int wanted = 2; wanted > 0;) {
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
        wanted -= fw_text_starts(peer.text, "ACK ") || fw_text_starts(peer.text, "SIP/2.0 200");
    }
    check_switch("b", FW_TRANSPORT_T38);
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("b", 49);
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
}

/* ---- options ---- */

static void a_trunk_may_ring_shorter_than_the_fax(void **state)
{
    (void)state;
    char invite[PEER_BYTES];
    struct fw_msg t = trunk_to("t", peer.port);
    t.trunk_set.ring_timeout_ms = 400;
    tell(t);
    snprintf(invite, sizeof invite, "%s", place(placing("short"))); /* which would ring for 30 s */
    peer_answer(&peer, invite, "180 Ringing", "", "");
    CHECK_INT(hear(FW_MSG_KIND_CALL_PROGRESS, NULL).call_progress.sip_status, 180);
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    ended(FW_CAUSE_RING_TIMEOUT, 0);
    peer_answer(&peer, invite, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");
}

static void the_trunk_says_when_t38_is_offered(void **state)
{
    (void)state;
    enum { NEVER_MS = 60 * 1000 };
    static const struct {
        uint32_t after_answer_ms, after_ced_ms;
        bool ced;
    } cases[] = {
        { 50, NEVER_MS, false }, /* nothing is heard */
        { 50, NEVER_MS, true },  /* a CED does not put it off */
        { NEVER_MS, 50, true },
        { NEVER_MS, 0, true },
        { 0, NEVER_MS, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char call[8];
        struct fw_msg t = trunk_to("t", peer.port);
        t.trunk_set.t38_after_answer_ms = cases[i].after_answer_ms;
        t.trunk_set.t38_after_ced_ms = cases[i].after_ced_ms;
        tell(t);
        snprintf(call, sizeof call, "d%zu", i);
        answered(placing(call), NULL);
        if (cases[i].ced && cases[i].after_answer_ms == NEVER_MS)
            CHECK(!peer_hears(&peer, NOTHING_MS));
        if (cases[i].ced)
            tone(call, FW_TONE_CED);
        peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
        peer_expect(&peer, "ACK ");
        check_switch(call, FW_TRANSPORT_T38);
        done_by_us(call);
    }
    struct fw_msg t = trunk_to("t", peer.port);
    t.trunk_set.t38_after_answer_ms = t.trunk_set.t38_after_ced_ms = NEVER_MS;
    tell(t);
    answered(placing("wait"), NULL);
    tone("wait", FW_TONE_CED);
    CHECK(!peer_hears(&peer, NOTHING_MS));
    done_by_us("wait");
}

/* As behind a NAT: bound to one address, known by another. */
static int start_advertised(void **state)
{
    advertised_host = "192.0.2.77";
    const int failed = start(state);
    advertised_host = "";
    return failed;
}

static void the_advertised_address_is_what_is_said_of_us(void **state)
{
    (void)state;
    char header[1024], contact[64];
    snprintf(contact, sizeof contact, "<sip:192.0.2.77:%u>", (unsigned)line_port);
    struct peer_dialog d = answered(placing("nat"), NULL);
    CHECK(fw_text_starts(peer_header(d.invite, "Contact", header, sizeof header), contact));
    CHECK(strstr(peer_header(d.invite, "From", header, sizeof header), "@192.0.2.77>"));
    CHECK(strstr(peer_body(d.invite), "IN IP4 192.0.2.77\r\ns=") && strstr(peer_body(d.invite), "c=IN IP4 192.0.2.77\r\n"));
    CHECK(!strstr(peer_body(d.invite), "127.0.0.1"));
    CHECK(fw_text_starts(peer_header(d.invite, "Via", header, sizeof header), "SIP/2.0/UDP 192.0.2.77:"));
    /* What is addressed to it is for us. */
    const char *body = reinvite(&d, image, "SIP/2.0 200");
    CHECK(strstr(body, "c=IN IP4 192.0.2.77\r\n") && !strstr(body, "127.0.0.1"));
    CHECK(fw_text_starts(peer_header(peer.text, "Contact", header, sizeof header), contact));
    check_switch("nat", FW_TRANSPORT_T38);
    done_by_us("nat");
}

/* ---- strangers ---- */

static struct peer stranger;

static int start_with_stranger(void **state)
{
    answer_strangers = true;
    stranger_rate = 5;
    const int failed = start(state);
    answer_strangers = false;
    stranger_rate = 0;
    peer_start_at(&stranger, "127.0.0.2");
    return failed;
}

static int stop_with_stranger(void **state)
{
    peer_stop(&stranger);
    return stop(state);
}

static void ask_as(struct peer *p, const char *method, int n, const char *sdp)
{
    char text[2048];
    const int size =
        snprintf(text, sizeof text,
                 "%s sip:13125550100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:%u;branch=z9hG4bKq%d\r\n"
                 "Max-Forwards: 70\r\nFrom: <sip:s@x>;tag=s\r\nTo: <sip:13125550100@y>\r\nCall-ID: q%d\r\n"
                 "CSeq: 1 %s\r\nContact: <sip:s@127.0.0.2:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
                 method, (unsigned)p->port, n, n, method, (unsigned)p->port,
                 sdp[0] ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
    CHECK(size > 0 && (size_t)size < sizeof text);
    peer_send(p, line_port, text, (size_t)size);
}

static void strangers_may_be_answered_within_bounds(void **state)
{
    (void)state;
    enum { FLOOD = 60 /* no more than a socket holds */, FLOOD_ANSWERS_MAX = FLOOD / 2 };
    ask_as(&stranger, "OPTIONS", 0, "");
    final(&stranger, "SIP/2.0 200");
    ask_as(&stranger, "INVITE", 1, audio); /* an answer, but no call: the parent hears nothing of it */
    final(&stranger, "SIP/2.0 403");
    for (int i = 0; i < FLOOD; i++)
        ask_as(&stranger, "OPTIONS", 10 + i, "");
    place(placing("after")); /* the trunk is served, so all of the flood has been */
    peer_answer(&peer, peer.text, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 486);
    int answers = 0;
    while (peer_hears(&stranger, 50))
        answers++;
    CHECK(answers > 0 && answers < FLOOD_ANSWERS_MAX);
}

static int start_with_rate(void **state)
{
    trunk_rate = 10;
    const int failed = start(state);
    trunk_rate = 0;
    return failed;
}

/* A trunk gone wild: it is served within its bounds, and again when it has come to itself. */
static void a_trunk_is_answered_within_bounds_too(void **state)
{
    (void)state;
    enum { FLOOD = 60, FLOOD_ANSWERS_MAX = FLOOD * 3 / 4 };
    int answers = 0, tries = 0;
    for (int i = 0; i < FLOOD; i++)
        ask_as(&peer, "OPTIONS", 10 + i, "");
    while (peer_hears(&peer, 200))
        answers++;
    CHECK(answers >= 10 && answers < FLOOD_ANSWERS_MAX);
    do { /* its credit comes back with time */
        ask_as(&peer, "OPTIONS", 1000 + tries, "");
    } while (!peer_hears(&peer, 200) && ++tries < 100);
    CHECK(fw_text_starts(peer.text, "SIP/2.0 200"));
    place(placing("after"));
    peer_answer(&peer, peer.text, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 486);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_second_answer_is_acked_and_ended),
        CASE(every_fork_of_a_canceled_call_is_ended),
        CASE(the_far_end_refreshes_the_session),
        CASE(an_update_may_offer_t38),
        CASE(provisional_answers_to_our_offer_decide_nothing),
        CASE(an_answer_to_an_offer_of_the_past),
        CASE(byes_that_cross),
        CASE(a_bye_with_the_last_frame),
        CASE(a_bye_behind_its_own_answer),
        CASE(a_trunk_may_ring_shorter_than_the_fax),
        CASE(the_trunk_says_when_t38_is_offered),
        cmocka_unit_test_setup_teardown(the_advertised_address_is_what_is_said_of_us, start_advertised, stop),
        cmocka_unit_test_setup_teardown(strangers_may_be_answered_within_bounds, start_with_stranger,
                                        stop_with_stranger),
        cmocka_unit_test_setup_teardown(a_trunk_is_answered_within_bounds_too, start_with_rate, stop),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
