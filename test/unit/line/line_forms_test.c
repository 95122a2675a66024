/* faxwire-line itself: T.38 as real gateways write it, offered to us and answered to us. What we say in
 * return, and what the modem is told. */
#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define HEAD     "v=0\r\no=- 11 3 IN IP4 127.0.0.1\r\ns=-\r\n"
#define SESSION  HEAD "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
#define NO_ADDRESS HEAD "t=0 0\r\n"
#define ADDRESS  "c=IN IP4 127.0.0.1\r\n"
#define IMAGE    "m=image 30002 udptl t38\r\n"
#define EC       "a=T38FaxUdpEC:t38UDPRedundancy\r\n"

/* `lines`: the m-lines of our answer, "%u" for our port; NULL: 488, the call stays with G.711. */
static const struct form {
    const char *what, *sdp, *lines;
    unsigned bit_rate, datagram; /* that the modem is told; 0: 14400, 400 */
    bool without_ec;
} forms[] = {
    { "image alone", SESSION IMAGE EC, "m=image %u udptl t38\r\n", 0, 0, false },
    { "dead audio first", SESSION "m=audio 0 RTP/AVP 8\r\n" IMAGE EC,
      "m=audio 0 RTP/AVP 8\r\nm=image %u udptl t38\r\n", 0, 0, false },
    { "dead audio last", SESSION IMAGE EC "m=audio 0 RTP/AVP 8\r\n",
      "m=image %u udptl t38\r\nm=audio 0 RTP/AVP 8\r\n", 0, 0, false },
    { "live audio first", SESSION "m=audio 30000 RTP/AVP 8\r\n" IMAGE EC,
      "m=audio 0 RTP/AVP 8\r\nm=image %u udptl t38\r\n", 0, 0, false },
    { "address in the section", NO_ADDRESS IMAGE ADDRESS EC, "m=image %u udptl t38\r\n", 0, 0, false },
    { "no address for the dead stream", NO_ADDRESS "m=audio 0 RTP/AVP 8\r\n" IMAGE ADDRESS EC,
      "m=audio 0 RTP/AVP 8\r\nm=image %u udptl t38\r\n", 0, 0, false },
    { "no address at all", NO_ADDRESS IMAGE EC, NULL, 0, 0, false },
    { "image port 0", SESSION "m=image 0 udptl t38\r\n" EC, NULL, 0, 0, false },
    { "bare booleans", SESSION IMAGE EC "a=T38FaxFillBitRemoval\r\na=T38FaxTranscodingMMR\r\na=T38FaxTranscodingJBIG\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
    { "booleans that are 0", SESSION IMAGE EC
      "a=T38FaxFillBitRemoval:0\r\na=T38FaxTranscodingMMR:0\r\na=T38FaxTranscodingJBIG:0\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
    { "booleans that are 1", SESSION IMAGE EC
      "a=T38FaxFillBitRemoval:1\r\na=T38FaxTranscodingMMR:1\r\na=T38FaxTranscodingJBIG:1\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
    { "aliases", SESSION IMAGE EC "a=T38FaxMaxRate:9600\r\na=T38MaxDatagram:176\r\n",
      "m=image %u udptl t38\r\n", 9600, 176, false },
    { "a datagram that is meant as an IFP packet", SESSION IMAGE EC "a=T38FaxMaxDatagram:72\r\n",
      "m=image %u udptl t38\r\n", 0, 304, false },
    { "two lines of error correction", SESSION IMAGE "a=T38FaxUdpEC:t38UDPFEC\r\n" EC "a=T38FaxUdpEC:t38UDPNoEC\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
    { "no error correction", SESSION IMAGE "a=T38FaxUdpEC:t38UDPNoEC\r\n", "m=image %u udptl t38\r\n", 0, 0, true },
    { "version 3", SESSION IMAGE EC "a=T38FaxVersion:3\r\na=T38MaxBitRate:33600\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
    { "upper case", SESSION "m=IMAGE 30002 UDPTL T38\r\na=T38FAXUDPEC:T38UDPREDUNDANCY\r\na=T38FAXVERSION:0\r\n",
      "m=image %u UDPTL T38\r\n", 0, 0, false },
    { "attributes that nobody knows", SESSION "a=group:BUNDLE x\r\na=ice-lite\r\n" IMAGE EC
      "a=T38VendorInfo:0 0 37\r\na=T38ModemType:t38G3FaxModem\r\na=sendrecv\r\na=ptime:20\r\na=x:\r\na=:\r\na=\r\n",
      "m=image %u udptl t38\r\n", 0, 0, false },
};

/* The call is left as quickly as can be. */
static void over(const char *call)
{
    cancel(call);
    byed();
    hear(FW_MSG_KIND_MEDIA_CLOSE, NULL);
    result(call, 48);
    ended(FW_CAUSE_CANCELED, 0);
}

static void modem_is_told(const struct form *f)
{
    const struct fw_msg m = hear(FW_MSG_KIND_MEDIA_SWITCH, NULL);
    CHECK_INT(m.media_switch.transport, FW_TRANSPORT_T38);
    CHECK_TEXT(m.media_switch.peer_host, "127.0.0.1");
    CHECK_INT(m.media_switch.peer_port, 30002);
    CHECK_INT(m.media_switch.t38_version, 0);
    CHECK_INT(m.media_switch.bit_rate_max, f->bit_rate ? f->bit_rate : 14400);
    CHECK_INT(m.media_switch.datagram_max, f->datagram ? f->datagram : 400);
    CHECK_INT(m.media_switch.ec, f->without_ec ? FW_UDPTL_EC_NONE : FW_UDPTL_EC_REDUNDANCY);
    CHECK_INT(hear(FW_MSG_KIND_CALL_TRANSPORT, NULL).call_transport.transport, FW_TRANSPORT_T38);
}

/* Port of the media socket as our INVITE has said it. */
static unsigned our_port(const struct peer_dialog *d)
{
    unsigned port = 0;
    const char *at = strstr(peer_body(d->invite), "m=audio ");
    CHECK(at && sscanf(at, "m=audio %u ", &port) == 1);
    return port;
}

/* Only the m-lines, each with its end. */
static void media_lines(const char *body, char *ret, size_t size)
{
    ret[0] = '\0';
    for (const char *at = body; (at = strstr(at, "\r\nm=")) != NULL; at += 2) {
        const size_t used = strlen(ret);
        snprintf(ret + used, size - used, "%.*s\r\n", (int)strcspn(at + 2, "\r"), at + 2);
    }
}

static void answer_is_right(const struct form *f, const struct peer_dialog *d, const char *body)
{
    static const char *const never[] = { "FillBitRemoval", "MMR", "JBIG", "Vendor", "ModemType", "UDPNoEC", "UDPFEC" };
    char want[256], lines[512];
    snprintf(want, sizeof want, "%.*s%u%s", (int)(strstr(f->lines, "%u") - f->lines), f->lines, our_port(d),
             strstr(f->lines, "%u") + 2);
    media_lines(body, lines, sizeof lines);
    for (char *at = strstr(lines, "IMAGE"); at; at = NULL) /* the name of the medium is theirs to write */
        memcpy(at, "image", 5);
    CHECK_TEXT(lines, want);
    CHECK(strstr(body, "a=T38FaxVersion:0\r\n") && strstr(body, "a=T38MaxBitRate:14400\r\n"));
    CHECK(strstr(body, "a=T38FaxMaxDatagram:400\r\n") && strstr(body, "a=T38FaxRateManagement:transferredTCF\r\n"));
    CHECK_INT(strstr(body, "a=T38FaxUdpEC:t38UDPRedundancy\r\n") != NULL, !f->without_ec);
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        CHECK(!strstr(body, never[i]));
}

static void every_form_of_an_offer_gets_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char call[8];
        snprintf(call, sizeof call, "o%zu", i);
        print_message("# %s\n", forms[i].what);
        struct peer_dialog d = answered(placing(call), NULL);
        const char *body = reinvite(&d, forms[i].sdp, forms[i].lines ? "SIP/2.0 200" : "SIP/2.0 488");
        if (forms[i].lines) {
            answer_is_right(&forms[i], &d, body);
            modem_is_told(&forms[i]);
            tone(call, FW_TONE_V21); /* and we ask for nothing more */
        }
        over(call);
    }
}

static void every_form_of_an_answer_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char call[8];
        snprintf(call, sizeof call, "a%zu", i);
        print_message("# %s\n", forms[i].what);
        answered(placing(call), NULL);
        tone(call, FW_TONE_V21);
        peer_answer(&peer, peer_expect(&peer, "INVITE "), "200 OK", "", forms[i].sdp);
        peer_expect(&peer, "ACK ");
        if (forms[i].lines)
            modem_is_told(&forms[i]);
        over(call); /* a refusal is no end: this BYE is the first */
    }
}

/* An offer of T.38 whose version was not counted up is an offer all the same. */
static void a_forgotten_version_is_forgiven(void **state)
{
    (void)state;
    static const char forgetful[] = "v=0\r\no=- 11 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" IMAGE EC;
    char first[PEER_BYTES];
    struct peer_dialog d = answered(placing("v"), NULL);
    snprintf(first, sizeof first, "%s", reinvite(&d, forgetful, "SIP/2.0 200"));
    CHECK(strstr(first, "m=image ") && !strstr(first, "m=audio"));
    check_switch("v", FW_TRANSPORT_T38);
    CHECK_TEXT(reinvite(&d, forgetful, "SIP/2.0 200"), first); /* now it is a refresh */
    over("v");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(every_form_of_an_offer_gets_its_answer),
        CASE(every_form_of_an_answer_is_understood),
        CASE(a_forgotten_version_is_forgiven),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
