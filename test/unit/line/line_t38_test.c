/* faxwire-line itself: offers and refusals of T.38, from either side, at good and bad times. */
#include "world.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_tone_makes_us_offer_t38(void **state)
{
    (void)state;
    static const enum fw_tone tones[] = { FW_TONE_V21, FW_TONE_CED };
    for (size_t i = 0; i < ARRAY_LEN(tones); i++) {
        char call[8];
        int media = -1;
        snprintf(call, sizeof call, "t%zu", i);
        answered(placing(call), &media);
        tone(call, FW_TONE_CNG);
        tone(call, tones[i]);
        const char *again = peer_expect(&peer, "INVITE ");
        struct sockaddr_in at = { 0 };
        socklen_t size = sizeof at;
        char want[64];
        CHECK_INT(getsockname(media, (struct sockaddr *)&at, &size), 0);
        snprintf(want, sizeof want, "m=image %u udptl t38\r\n", (unsigned)ntohs(at.sin_port));
        CHECK(strstr(peer_body(again), want)); /* the same socket */
        CHECK(strstr(peer_body(again), "a=T38FaxVersion:0"));
        CHECK(!strstr(peer_body(again), "X-faxwire-unpaced"));
        peer_answer(&peer, again, "200 OK", "", image);
        peer_expect(&peer, "ACK ");
        check_switch(call, FW_TRANSPORT_T38);
        close(media);
        done_by_us(call);
    }
}

static void glare_is_tried_again(void **state)
{
    (void)state;
    answered(placing("g"), NULL);
    tone("g", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "491 Request Pending", "", "");
    peer_expect(&peer, "ACK ");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("g", FW_TRANSPORT_T38);
    done_by_us("g");
}

static void both_sides_offer_at_once(void **state)
{
    (void)state;
    struct peer_dialog d = answered(placing("gg"), NULL);
    char ours[PEER_BYTES];
    tone("gg", FW_TONE_V21);
    snprintf(ours, sizeof ours, "%s", peer_expect(&peer, "INVITE "));
    peer_request(&peer, &d, "INVITE", "", image);
    for (bool refused = false; !refused;) { /* maybe after a 100 */
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
        refused = fw_text_starts(peer.text, "SIP/2.0 491");
        CHECK(refused || fw_text_starts(peer.text, "SIP/2.0 100"));
    }
    peer_ack(&peer, &d);
    peer_answer(&peer, ours, "491 Request Pending", "", "");
    peer_expect(&peer, "ACK ");
    /* The peer is first to try again. */
    peer_request(&peer, &d, "INVITE", "", image);
    for (bool accepted = false; !accepted;) {
        CHECK(peer_hears(&peer, PEER_WAIT_MS));
        accepted = fw_text_starts(peer.text, "SIP/2.0 200");
    }
    peer_ack(&peer, &d);
    check_switch("gg", FW_TRANSPORT_T38);
    done_by_us("gg"); /* and ours is not repeated */
}

static void refused_t38_stays_on_audio(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "488 Not Acceptable Here",
        "415 Unsupported",
        "606 Not Acceptable",
        "403 Forbidden",
        "404 Not Found",
        "405 Not Allowed",
        "480 Unavailable",
        "500 Oops",
        "501 Not Implemented",
        "502 Bad Gateway",
        "503 Unavailable",
        "600 Busy",
        "603 Decline",
        "401 Unauthorized",
    };
    for (size_t i = 0; i < ARRAY_LEN(refusals) + 1; i++) {
        char call[8];
        snprintf(call, sizeof call, "r%zu", i);
        struct peer_dialog d = answered(placing(call), NULL);
        tone(call, FW_TONE_V21);
        const char *again = peer_expect(&peer, "INVITE ");
        if (i < ARRAY_LEN(refusals))
            peer_answer(&peer, again, refusals[i], "", "");
        else
            peer_answer(&peer, again, "200 OK", "", audio); /* answered, but with audio */
        peer_expect(&peer, "ACK ");
        tone(call, FW_TONE_V21);            /* asked once is asked */
        reinvite(&d, audio, "SIP/2.0 200"); /* the call goes on: no BYE, no second offer */
        done_by_us(call);
    }
}

static void the_peers_t38_offer_is_accepted(void **state)
{
    (void)state;
    struct peer_dialog d = answered(placing("p"), NULL);
    char first[PEER_BYTES];
    snprintf(first, sizeof first, "%s", reinvite(&d, image, "SIP/2.0 200"));
    CHECK(strstr(first, "m=image ") && !strstr(first, "m=image 0 "));
    check_switch("p", FW_TRANSPORT_T38);
    tone("p", FW_TONE_V21); /* we are there already */
    /* A session refresh gets the same answer, and nothing starts anew. */
    CHECK_TEXT(reinvite(&d, image, "SIP/2.0 200"), first);
    CHECK_TEXT(reinvite(&d, "", "SIP/2.0 200"), first);
    reinvite(&d, audio, "SIP/2.0 488"); /* no way back in mid-fax */
    reinvite(&d, "garbage", "SIP/2.0 488");
    done_by_us("p");
}

static void t38_is_refused_when_disabled_or_too_late(void **state)
{
    (void)state;
    struct fw_msg m = placing("off");
    m.call_place.t38_enabled = 0;
    struct peer_dialog d = answered(m, NULL);
    tone("off", FW_TONE_V21);
    reinvite(&d, image, "SIP/2.0 488");
    done_by_us("off");

    d = answered(placing("late"), NULL);
    underway("late");
    tone("late", FW_TONE_V21);
    reinvite(&d, image, "SIP/2.0 488");
    done_by_us("late");
}

static void audio_may_move(void **state)
{
    (void)state;
    static const char elsewhere[] = "v=0\r\no=- 11 5 IN IP4 127.0.0.1\r\ns=-\r\n"
                                    "c=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 30010 RTP/AVP 0\r\n";
    struct peer_dialog d = answered(placing("mv"), NULL);
    reinvite(&d, audio, "SIP/2.0 200"); /* a refresh: no message */
    reinvite(&d, elsewhere, "SIP/2.0 200");
    const struct fw_msg m = hear(FW_MSG_KIND_MEDIA_SWITCH, NULL);
    CHECK_INT(m.media_switch.transport, FW_TRANSPORT_AUDIO);
    CHECK_TEXT(m.media_switch.peer_host, "127.0.0.2");
    CHECK_INT(m.media_switch.peer_port, 30010);
    CHECK_INT(m.media_switch.codec, FW_CODEC_PCMU);
    done_by_us("mv");
}

static void unpaced_needs_both(void **state)
{
    (void)state;
    char image_unpaced[1024];
    snprintf(image_unpaced, sizeof image_unpaced, "%sa=X-faxwire-unpaced\r\n", image);
    set_trunk("t", peer.port, true); /* the same name: changed */
    answered(placing("u1"), NULL);
    tone("u1", FW_TONE_V21);
    const char *again = peer_expect(&peer, "INVITE ");
    CHECK(strstr(peer_body(again), "a=X-faxwire-unpaced"));
    peer_answer(&peer, again, "200 OK", "", image_unpaced);
    peer_expect(&peer, "ACK ");
    check_switch("u1", FW_TRANSPORT_T38_UNPACED);
    done_by_us("u1");

    answered(placing("u2"), NULL);
    tone("u2", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("u2", FW_TRANSPORT_T38);
    done_by_us("u2");

    set_trunk("t", peer.port, false);
    struct peer_dialog d = answered(placing("u3"), NULL);
    CHECK(!strstr(reinvite(&d, image_unpaced, "SIP/2.0 200"), "unpaced"));
    check_switch("u3", FW_TRANSPORT_T38);
    done_by_us("u3");
}

static void without_any_tone_t38_is_offered_in_the_end(void **state)
{
    (void)state;
    answered(placing("quiet"), NULL);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("quiet", FW_TRANSPORT_T38);
    done_by_us("quiet");
}

static void a_server_that_asks_for_time_gets_it(void **state)
{
    (void)state;
    answered(placing("ra"), NULL);
    tone("ra", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "500 Later", "Retry-After: 0\r\n", "");
    peer_expect(&peer, "ACK ");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "503 Later", "Retry-After: 0\r\n", "");
    peer_expect(&peer, "ACK ");
    done_by_us("ra"); /* once, and then it stays on audio */
}

/* Hanging up while our re-INVITE is out, from either side. */
static void an_end_in_the_middle_of_an_offer(void **state)
{
    (void)state;
    char offer[PEER_BYTES];
    answered(placing("o1"), NULL);
    tone("o1", FW_TONE_V21);
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    cancel("o1");
    byed();
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("o1", 48);
    ended(FW_CAUSE_CANCELED, 0);
    peer_answer(&peer, offer, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");

    struct peer_dialog d = answered(placing("o2"), NULL);
    tone("o2", FW_TONE_V21);
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    peer_request(&peer, &d, "BYE", "", "");
    peer_expect(&peer, "SIP/2.0 200");
    peer_answer(&peer, offer, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("o2", 48);
    ended(FW_CAUSE_REMOTE_HANGUP, 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_tone_makes_us_offer_t38),
        CASE(glare_is_tried_again),
        CASE(both_sides_offer_at_once),
        CASE(refused_t38_stays_on_audio),
        CASE(the_peers_t38_offer_is_accepted),
        CASE(t38_is_refused_when_disabled_or_too_late),
        CASE(audio_may_move),
        CASE(unpaced_needs_both),
        CASE(without_any_tone_t38_is_offered_in_the_end),
        CASE(a_server_that_asks_for_time_gets_it),
        CASE(an_end_in_the_middle_of_an_offer),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
