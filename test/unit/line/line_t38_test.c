/* faxwire-line itself: offers and refusals of T.38, from either side, at good and bad times. */
#include "world.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
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
    underway("p");
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

/* ---- T.38 that was agreed, and stays silent ---- */

static void silent(const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_SILENT };
    m.media_silent.modem = 2;
    fw_text_clip(m.media_silent.call, FW_CALL_ID_SIZE, call);
    tell(m);
}

/* A call that has gone to T.38, by our offer. */
static struct peer_dialog on_t38(const char *call)
{
    struct peer_dialog d = answered(placing(call), NULL);
    tone(call, FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch(call, FW_TRANSPORT_T38);
    return d;
}

static void check_return(const char *call)
{
    const struct fw_msg m = hear(FW_MSG_KIND_MEDIA_SWITCH, NULL);
    CHECK_TEXT(m.media_switch.call, call);
    CHECK_INT(m.media_switch.transport, FW_TRANSPORT_AUDIO);
    CHECK_TEXT(m.media_switch.peer_host, "127.0.0.1");
    CHECK_INT(m.media_switch.peer_port, 30000);
    CHECK_INT(m.media_switch.codec, FW_CODEC_PCMA);
}

static void ends_as_silent(const char *call, int status)
{
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    byed();
    result(call, 49);
    const struct fw_msg m = ended(FW_CAUSE_T38_SILENT, status);
    CHECK(strstr(m.call_ended.text, "G.711"));
}

static void silent_t38_goes_back_to_audio(void **state)
{
    (void)state;
    struct peer_dialog d = on_t38("si");
    silent("si");
    const char *back = peer_expect(&peer, "INVITE ");
    CHECK(strstr(peer_body(back), "m=audio ") && !strstr(peer_body(back), "m=audio 0 "));
    CHECK(!strstr(peer_body(back), "m=image"));
    CHECK(strstr(peer_body(back), " PCMU/8000") || strstr(peer_body(back), " PCMA/8000"));
    peer_answer(&peer, back, "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    check_return("si");
    const struct fw_msg told = hear(FW_MSG_KIND_CALL_TRANSPORT, NULL);
    CHECK_INT(told.call_transport.transport, FW_TRANSPORT_AUDIO);
    CHECK_TEXT(told.call_transport.why, "T.38 was agreed and stayed silent");
    silent("si");            /* once is enough */
    tone("si", FW_TONE_V21); /* and T.38 is not asked for again, by either */
    reinvite(&d, image, "SIP/2.0 488");
    reinvite(&d, audio, "SIP/2.0 200");
    done_by_us("si");
}

/* With both lines kept, as the session has them. */
static void the_lines_of_the_session_stay(void **state)
{
    (void)state;
    struct fw_msg t = trunk_to("t", peer.port);
    t.trunk_set.shape = FW_TRUNK_SHAPE_RFC3264;
    tell(t);
    on_t38("ln");
    silent("ln");
    const char *back = peer_body(peer_expect(&peer, "INVITE "));
    const char *first = strstr(back, "m=audio "), *second = strstr(back, "m=image 0 udptl t38\r\n");
    CHECK(first && second && first < second && !strstr(back, "m=audio 0 "));
    peer_answer(&peer, peer.text, "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    check_return("ln");
    done_by_us("ln");
}

static void no_way_back_ends_the_call(void **state)
{
    (void)state;
    static const char *const refusals[] = { "488 Not Acceptable Here", "500 Oops", "603 Decline", "200 OK" };
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        char call[8];
        const bool answers = refusals[i][0] == '2'; /* but with T.38 */
        snprintf(call, sizeof call, "n%zu", i);
        on_t38(call);
        silent(call);
        peer_answer(&peer, peer_expect(&peer, "INVITE "), refusals[i], "", answers ? image : "");
        peer_expect(&peer, "ACK ");
        ends_as_silent(call, answers ? 0 : (int)strtol(refusals[i], NULL, 10));
    }
}

static void the_way_back_is_asked_for_again_after_glare(void **state)
{
    (void)state;
    on_t38("gb");
    silent("gb");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "491 Request Pending", "", "");
    peer_expect(&peer, "ACK ");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", audio);
    peer_expect(&peer, "ACK ");
    check_return("gb");
    done_by_us("gb");

    /* While we wait the peer comes first; ours is not repeated. */
    struct peer_dialog d = on_t38("gp");
    silent("gp");
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "491 Request Pending", "", "");
    peer_expect(&peer, "ACK ");
    reinvite(&d, audio, "SIP/2.0 200");
    check_return("gp");
    done_by_us("gp");
}

static void the_peer_may_go_back_before_the_fax_begins(void **state)
{
    (void)state;
    struct peer_dialog d = on_t38("pb");
    reinvite(&d, audio, "SIP/2.0 200");
    check_return("pb");
    CHECK_TEXT(hear(FW_MSG_KIND_CALL_TRANSPORT, NULL).call_transport.why, "the far end asked for G.711");
    silent("pb"); /* a late word of the modem */
    reinvite(&d, image, "SIP/2.0 488");
    done_by_us("pb");
}

/* Whatever ends a call ends it here too. */
static void an_end_in_the_middle_of_the_way_back(void **state)
{
    (void)state;
    char offer[PEER_BYTES];
    on_t38("e1");
    silent("e1");
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    cancel("e1");
    byed();
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result("e1", 48);
    ended(FW_CAUSE_CANCELED, 0);
    peer_answer(&peer, offer, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");

    on_t38("e2");
    silent("e2");
    snprintf(offer, sizeof offer, "%s", peer_expect(&peer, "INVITE "));
    result("e2", 0); /* it was not as silent as that */
    byed();
    ended(FW_CAUSE_DONE, 0);
    peer_answer(&peer, offer, "487 Request Terminated", "", "");
    peer_expect(&peer, "ACK ");
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
        CASE(silent_t38_goes_back_to_audio),
        CASE(the_lines_of_the_session_stay),
        CASE(no_way_back_ends_the_call),
        CASE(the_way_back_is_asked_for_again_after_glare),
        CASE(the_peer_may_go_back_before_the_fax_begins),
        CASE(an_end_in_the_middle_of_the_way_back),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
