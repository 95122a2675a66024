/* sdp_test.c - session descriptions in the shapes that real peers send, offers, answers. */
#include "test.h"
#include "base/text.h"
#include "proto/sdp_fax.h"
#include <stdio.h>
#include <string.h>

static struct fw_sdp_local here = {
    .session_id = 77, .version = 1, .host = "192.0.2.10", .port = 40000
};

static struct fw_sdp parse(const char *text)
{
    struct fw_sdp sdp;
    const enum fw_err err = fw_sdp_parse(fw_span_of(text), &sdp);
    if (err)
        fail_msg("%s: %s", fw_err_text(err), text);
    return sdp;
}

/* The answer as text, or "" when there is none. */
static const char *answer(const char *offer, enum fw_sdp_policy policy,
                          struct fw_sdp_settled *settled)
{
    static char text[4096];
    const struct fw_sdp sdp = parse(offer);
    struct fw_buf b;
    fw_buf_init(&b, sizeof text - 1);
    const enum fw_err err = fw_sdp_answer(&sdp, &here, policy, &b, settled);
    text[0] = '\0';
    if (err)
        CHECK_INT(err, FW_NOT_FOUND);
    else
        CHECK(fw_text_copy(text, sizeof text, fw_buf_span(&b)));
    CHECK(err == FW_OK || b.size == 0);
    fw_buf_done(&b);
    return text;
}

/* The m-lines of a description, joined by '|'. */
static const char *media_lines(const char *text)
{
    static char lines[1024];
    size_t size = 0;
    for (const char *at = text; (at = strstr(at, "\r\nm=")); at += 4) {
        const size_t length = strcspn(at + 4, "\r");
        CHECK(size + length + 2 < sizeof lines);
        if (size > 0)
            lines[size++] = '|';
        memcpy(lines + size, at + 4, length);
        size += length;
    }
    lines[size] = '\0';
    return lines;
}

#define HEAD "v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"

/* An Asterisk re-INVITE: image alone, every attribute. */
static const char asterisk_t38[] =
    "v=0\r\no=- 1862183453 1862183455 IN IP4 198.51.100.7\r\ns=Asterisk\r\n"
    "c=IN IP4 198.51.100.7\r\nt=0 0\r\nm=image 4385 udptl t38\r\na=T38FaxVersion:0\r\n"
    "a=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n"
    "a=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";
/* A Cisco gateway: colon booleans, datagram of 180, audio put to rest in the same offer. */
static const char cisco_t38[] =
    "v=0\r\no=CiscoSystemsSIP-GW-UserAgent 1234 8077 IN IP4 203.0.113.5\r\ns=SIP Call\r\n"
    "c=IN IP4 203.0.113.5\r\nt=0 0\r\nm=image 17382 udptl t38\r\nc=IN IP4 203.0.113.6\r\n"
    "a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxFillBitRemoval:0\r\n"
    "a=T38FaxTranscodingMMR:0\r\na=T38FaxTranscodingJBIG:0\r\n"
    "a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:200\r\n"
    "a=T38FaxMaxDatagram:320\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";
/* An AudioCodes gateway: dead audio first, bare booleans, odd case, both EC lines, version 3. */
static const char audiocodes_t38[] =
    "v=0\r\no=AudiocodesGW 1350456 1350457 IN IP4 203.0.113.9\r\ns=Phone-Call\r\n"
    "c=IN IP4 203.0.113.9\r\nt=0 0\r\nm=audio 0 RTP/AVP 8 96\r\n"
    "a=rtpmap:96 telephone-event/8000\r\n"
    "m=image 6042 UDPTL T38\r\na=t38faxversion:3\r\na=T38MaxBitRate:33600\r\n"
    "a=T38FaxFillBitRemoval\r\na=T38FaxRateManagement:TRANSFERREDTCF\r\n"
    "a=T38FaxMaxBuffer:1024\r\na=T38FaxMaxDatagram:122\r\na=T38FaxUdpEC:t38UDPFEC\r\n"
    "a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38VendorInfo:0 0 37\r\na=sendrecv\r\n";
/* FreeSWITCH's first offer of a gateway that puts both in one, audio first. */
static const char both[] =
    "v=0\r\no=FreeSWITCH 1600000000 1600000001 IN IP4 203.0.113.20\r\ns=FreeSWITCH\r\n"
    "c=IN IP4 203.0.113.20\r\nt=0 0\r\nm=audio 20000 RTP/AVP 18 8 0 101\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\nm=image 20002 udptl t38\r\n"
    "a=T38FaxVersion:0\r\na=T38FaxMaxRate:9600\r\na=T38MaxDatagram:72\r\n"
    "a=T38FaxUdpEC:t38UDPRedundancy\r\n";

static void asterisk_is_read(void **state)
{
    (void)state;
    const struct fw_sdp s = parse(asterisk_t38);
    CHECK_TEXT(s.session_id, "1862183453");
    CHECK_TEXT(s.session_version, "1862183455");
    CHECK_INT(s.media_count, 1);
    CHECK_INT(s.audio_index, -1);
    CHECK_INT(s.t38_index, 0);
    CHECK_INT(s.t38.port, 4385);
    CHECK_TEXT(s.t38.host, "198.51.100.7");
    CHECK_INT(s.t38.datagram_max, 400);
    CHECK_INT(s.t38.ec, FW_UDPTL_EC_REDUNDANCY);
    CHECK_INT(s.t38.bit_rate_max, 14400);
    CHECK(!s.t38.fill_bit_removal);
}

static void cisco_zero_booleans_are_off(void **state)
{
    (void)state;
    const struct fw_sdp s = parse(cisco_t38);
    CHECK_TEXT(s.t38.host, "203.0.113.6"); /* media level wins */
    CHECK(!s.t38.fill_bit_removal && !s.t38.mmr && !s.t38.jbig);
    CHECK_INT(s.t38.buffer_max, 200);
    struct fw_sdp_settled got;
    CHECK_TEXT(media_lines(answer(cisco_t38, FW_SDP_T38_PREFERRED, &got)), "image 40000 udptl t38");
    CHECK_INT(got.transport, FW_TRANSPORT_T38);
    CHECK_INT(got.t38.datagram_max, 320);
    CHECK_TEXT(got.peer_host, "203.0.113.6");
    CHECK_INT(got.peer_port, 17382);
}

static void audiocodes_oddities_are_taken(void **state)
{
    (void)state;
    const struct fw_sdp s = parse(audiocodes_t38);
    CHECK_INT(s.audio_index, -1);
    CHECK_INT(s.t38_index, 1);
    CHECK_INT(s.t38.version, 3);
    CHECK_INT(s.t38.ec, FW_UDPTL_EC_REDUNDANCY);
    CHECK(s.t38.fill_bit_removal);
    struct fw_sdp_settled got;
    const char *text = answer(audiocodes_t38, FW_SDP_T38_PREFERRED, &got);
    CHECK_TEXT(media_lines(text), "audio 0 RTP/AVP 8|image 40000 UDPTL T38");
    CHECK(strstr(text, "a=T38FaxVersion:0\r\n"));
    CHECK(!strstr(text, "FillBitRemoval")); /* theirs, but not ours */
    CHECK(!strstr(text, "MMR") && !strstr(text, "JBIG"));
    CHECK_INT(got.t38.version, 0);
    CHECK_INT(got.t38.bit_rate_max, 14400);
    CHECK_INT(got.t38.datagram_max, 122);
    here.fill_bit_removal = true;
    text = answer(audiocodes_t38, FW_SDP_T38_PREFERRED, &got);
    here.fill_bit_removal = false;
    CHECK(strstr(text, "a=T38FaxFillBitRemoval\r\n"));
    CHECK(got.t38.fill_bit_removal);
}

static void the_policy_chooses(void **state)
{
    (void)state;
    static const struct {
        const char *offer;
        enum fw_sdp_policy policy;
        const char *lines; /* "" for a refusal */
    } cases[] = {
        { both, FW_SDP_AUDIO_ONLY, "audio 40000 RTP/AVP 8|image 0 udptl t38" },
        { both, FW_SDP_AUDIO_PREFERRED, "audio 40000 RTP/AVP 8|image 0 udptl t38" },
        { both, FW_SDP_T38_PREFERRED, "audio 0 RTP/AVP 18|image 40000 udptl t38" },
        { both, FW_SDP_T38_ONLY, "audio 0 RTP/AVP 18|image 40000 udptl t38" },
        { asterisk_t38, FW_SDP_AUDIO_ONLY, "" },
        { asterisk_t38, FW_SDP_AUDIO_PREFERRED, "image 40000 udptl t38" },
        { HEAD "m=audio 5000 RTP/AVP 0 8\r\n", FW_SDP_T38_ONLY, "" },
        { HEAD "m=audio 5000 RTP/AVP 0 8\r\n", FW_SDP_T38_PREFERRED, "audio 40000 RTP/AVP 0" },
        { HEAD "m=audio 5000 RTP/AVP 18 101\r\n", FW_SDP_AUDIO_PREFERRED, "" },
        { HEAD "m=audio 5000 RTP/SAVP 0\r\n", FW_SDP_AUDIO_PREFERRED, "" },
        { HEAD "m=audio 0 RTP/AVP 0\r\n", FW_SDP_AUDIO_PREFERRED, "" },
        { HEAD "m=image 0 udptl t38\r\n", FW_SDP_T38_PREFERRED, "" },
        { HEAD "m=image 6000 tcp t38\r\n", FW_SDP_T38_PREFERRED, "" },
        { HEAD "m=image 6000 UDP/TLS/UDPTL t38\r\n", FW_SDP_T38_PREFERRED, "" },
        { HEAD, FW_SDP_T38_PREFERRED, "" },
        { HEAD "m=image 6000 udptl t38\r\nm=audio 0 RTP/AVP 8\r\n", FW_SDP_T38_PREFERRED,
          "image 40000 udptl t38|audio 0 RTP/AVP 8" },
        { HEAD "m=video 7000 RTP/AVP 96 97\r\nm=audio 5000/2 RTP/AVPF 8\r\nm=text 0 RTP/AVP 98\r\n"
               "m=audio 5002 RTP/AVP 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
          FW_SDP_T38_PREFERRED,
          "video 0 RTP/AVP 96|audio 40000 RTP/AVPF 8|text 0 RTP/AVP 98|audio 0 RTP/AVP 0|"
          "application 0 UDP/DTLS/SCTP webrtc-datachannel" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_sdp_settled got;
        const char *text = answer(cases[i].offer, cases[i].policy, &got);
        CHECK_TEXT(media_lines(text), cases[i].lines);
        if (*text)
            CHECK_INT(parse(text).media_count, parse(cases[i].offer).media_count);
    }
}

/* 1.4 of the engine notes: small values mean the IFP packet; 0 and absent mean the usual 400. */
static void datagram_limits_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned limit;
    } cases[] = {
        { "", 400 },
        { "a=T38FaxMaxDatagram:0\r\n", 400 },
        { "a=T38FaxMaxDatagram:72\r\n", 304 },
        { "a=T38FaxMaxDatagram:120\r\n", 496 },
        { "a=T38FaxMaxDatagram:121\r\n", 121 },
        { "a=T38MaxDatagram:176\r\n", 176 },
        { "a=T38FaxMaxDatagram: 612\r\n", 612 },
        { "a=T38FaxMaxDatagram:1440\r\n", 1440 },
        { "a=T38FaxMaxDatagram:99999\r\n", 1500 },
        { "a=T38FaxMaxDatagram:4294967295\r\n", 1500 },
        { "a=T38FaxMaxDatagram:99999999999999999999\r\n", 400 },
        { "a=T38FaxMaxDatagram:-1\r\n", 400 },
        { "a=T38FaxMaxDatagram:1\r\n", 72 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=image 6000 udptl t38\r\n%s", cases[i].line);
        struct fw_sdp_settled got;
        CHECK(*answer(offer, FW_SDP_T38_ONLY, &got));
        CHECK_INT(got.t38.datagram_max, cases[i].limit);
    }
}

static void error_correction_and_rates_settle(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        enum fw_udptl_ec ec;
        unsigned redundancy;
        unsigned bit_rate;
        enum fw_sdp_rate rate;
    } cases[] = {
        { "", FW_UDPTL_EC_NONE, 0, 14400, FW_SDP_RATE_TRANSFERRED_TCF },
        { "a=T38FaxUdpEC:t38UDPNoEC\r\n", FW_UDPTL_EC_NONE, 0, 14400, 0 },
        { "a=t38faxudpec:T38udpREDUNDANCY\r\na=T38MaxBitRate:9600\r\n", FW_UDPTL_EC_REDUNDANCY, 3,
          9600, 0 },
        { "a=T38FaxUdpEC:t38UDPFEC\r\na=T38MaxBitRate:0\r\n", FW_UDPTL_EC_REDUNDANCY, 3, 14400, 0 },
        { "a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38FaxUdpEC:t38UDPNoEC\r\na=T38MaxBitRate:33600\r\n",
          FW_UDPTL_EC_REDUNDANCY, 3, 14400, 0 },
        { "a=T38FaxRateManagement:localTCF\r\n", FW_UDPTL_EC_NONE, 0, 14400,
          FW_SDP_RATE_LOCAL_TCF },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=image 6000 udptl t38\r\n%s", cases[i].lines);
        struct fw_sdp_settled got;
        const char *text = answer(offer, FW_SDP_T38_ONLY, &got);
        CHECK_INT(got.t38.ec, cases[i].ec);
        CHECK_INT(got.t38.redundancy, cases[i].redundancy);
        CHECK_INT(got.t38.bit_rate_max, cases[i].bit_rate);
        CHECK_INT(got.t38.rate, cases[i].rate);
        CHECK_INT(parse(text).t38.rate, cases[i].rate); /* theirs, repeated */
        CHECK_INT(strstr(text, "T38FaxUdpEC") != NULL, cases[i].ec != FW_UDPTL_EC_NONE);
        CHECK(strstr(text, "T38MaxBitRate:14400")); /* ours, declared */
    }
}

static void unpaced_needs_both(void **state)
{
    (void)state;
    static const char *const offers[] = {
        HEAD "m=image 6000 udptl t38\r\n",
        HEAD "m=image 6000 udptl t38\r\na=x-faxwire-unpaced\r\n",
        HEAD "a=X-faxwire-unpaced\r\nm=image 6000 udptl t38\r\n",
        HEAD "m=image 6000 udptl t38\r\na=X-faxwire-unpaced:0\r\n",
    };
    static const bool theirs[] = { false, true, true, false };
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        for (int ours = 0; ours < 2; ours++) {
            here.unpaced = ours;
            struct fw_sdp_settled got;
            const char *text = answer(offers[i], FW_SDP_T38_ONLY, &got);
            const bool agreed = ours && theirs[i];
            CHECK_INT(got.transport, agreed ? FW_TRANSPORT_T38_UNPACED : FW_TRANSPORT_T38);
            CHECK_INT(got.t38.unpaced, agreed);
            CHECK_INT(strstr(text, "unpaced") != NULL, agreed);
        }
    }
    here.unpaced = false;
}

static void addresses_and_holds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        bool held;
    } cases[] = {
        { "v=0\no=a 1 1 IN IP6 ::1\ns=-\nt=0 0\nm=audio 5 RTP/AVP 0\nc=IN IP6 2001:db8::5\n",
          "2001:db8::5", false },
        { HEAD "m=audio 5 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", "0.0.0.0", true },
        { HEAD "m=audio 5 RTP/AVP 0\r\na=inactive\r\n", "198.51.100.7", true },
        { HEAD "m=audio 5 RTP/AVP 0\r\na=sendonly\r\n", "198.51.100.7", true },
        { HEAD "m=audio 5 RTP/AVP 0\r\na=recvonly\r\n", "198.51.100.7", false },
        { HEAD "a=inactive\r\nm=audio 5 RTP/AVP 0\r\na=sendrecv\r\n", "198.51.100.7", false },
        { HEAD "m=audio 5 RTP/AVP 0\r\nc=IN IP4 gw.example.com\r\n", "", false },
        { HEAD "m=audio 5 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n", "", false },
        { HEAD "m=audio 5 RTP/AVP 0\r\nc=IN IP4 239.2.1.1\r\n", "", false },
        { HEAD "m=audio 5 RTP/AVP 0\r\nc=\r\n", "", false },
        { "v=0\r\no=Two Words 1 1 IN IP4 h\r\ns=-\r\nm=audio 5 RTP/AVP 0\r\n", "", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_sdp s = parse(cases[i].text);
        CHECK_TEXT(s.audio.host, cases[i].host);
        CHECK_INT(s.audio.port, *cases[i].host ? 5 : 0);
        CHECK_INT(s.audio_index, *cases[i].host ? 0 : -1);
        struct fw_sdp_settled got;
        const char *text = answer(cases[i].text, FW_SDP_AUDIO_ONLY, &got);
        CHECK_INT(*text != '\0', *cases[i].host != '\0');
        if (*text)
            CHECK_INT(got.held, cases[i].held);
    }
    struct fw_sdp_settled got;
    CHECK(strstr(answer(cases[3].text, FW_SDP_AUDIO_ONLY, &got), "a=recvonly\r\n"));
    CHECK(strstr(answer(cases[2].text, FW_SDP_AUDIO_ONLY, &got), "a=inactive\r\n"));
}

static void our_offers_read_back(void **state)
{
    (void)state;
    static const char *const hosts[] = { "192.0.2.1", "2001:db8::1" };
    for (unsigned i = 0; i < 64; i++) {
        const struct fw_sdp_local local = { .session_id = 0xffffffffffffffffu - i,
                                            .version = i,
                                            .host = hosts[i & 1],
                                            .port = (uint16_t)(1024 + i),
                                            .pcma_first = i & 2,
                                            .bit_rate_max = i & 4 ? 9600 : 0,
                                            .datagram_max = i & 8 ? 1400 : 0,
                                            .unpaced = i & 16 };
        struct fw_buf b;
        fw_buf_init(&b, 2048);
        struct fw_sdp s;
        CHECK_INT(fw_sdp_offer_audio(&local, &b), FW_OK);
        CHECK_INT(fw_sdp_parse(fw_buf_span(&b), &s), FW_OK);
        CHECK_INT(s.media_count, 1);
        CHECK(s.audio.pcmu && s.audio.pcma);
        CHECK_INT(s.audio.pcma_first, local.pcma_first);
        CHECK_INT(s.audio.port, local.port);
        CHECK_INT(s.audio.ptime_ms, 20);
        CHECK_INT(s.audio.direction, FW_SDP_SENDRECV);
        CHECK_TEXT(s.audio.host, local.host);
        CHECK_INT(s.t38.port, 0);
        for (enum fw_sdp_shape shape = FW_SDP_REPLACE; shape <= FW_SDP_WITH_AUDIO; shape++) {
            b.size = 0;
            CHECK_INT(fw_sdp_offer_t38(&local, shape, &b), FW_OK);
            CHECK_INT(fw_sdp_parse(fw_buf_span(&b), &s), FW_OK);
            CHECK_INT(s.media_count, shape == FW_SDP_REPLACE ? 1 : 2);
            CHECK_INT(s.audio.port, shape == FW_SDP_WITH_AUDIO ? local.port : 0);
            CHECK_INT(s.t38.port, local.port);
            CHECK_TEXT(s.t38.host, local.host);
            CHECK_INT(s.t38.version, 0);
            CHECK_INT(s.t38.bit_rate_max, local.bit_rate_max ? 9600 : 14400);
            CHECK_INT(s.t38.datagram_max, i & 8 ? 1400 : local.unpaced ? 1400 : 400);
            CHECK_INT(s.t38.ec, FW_UDPTL_EC_REDUNDANCY);
            CHECK_INT(s.t38.unpaced, local.unpaced);
            CHECK(!s.t38.mmr && !s.t38.jbig && !s.t38.fill_bit_removal);
        }
        fw_buf_done(&b);
    }
}

/* Two of ours agree, and both see the same agreement. */
static void both_sides_settle_alike(void **state)
{
    (void)state;
    const struct fw_sdp_local there = {
        .session_id = 5, .version = 9, .host = "192.0.2.99", .port = 50000, .unpaced = true
    };
    here.unpaced = true;
    struct fw_buf b;
    fw_buf_init(&b, 2048);
    CHECK_INT(fw_sdp_offer_t38(&there, FW_SDP_KEEP_LINES, &b), FW_OK);
    CHECK_INT(fw_buf_put_u8(&b, 0), FW_OK);
    struct fw_sdp_settled ours, theirs;
    const struct fw_sdp answered = parse(answer((const char *)b.data, FW_SDP_T38_PREFERRED, &ours));
    CHECK_INT(fw_sdp_settle(&answered, &there, FW_SDP_T38_ONLY, &theirs), FW_OK);
    fw_buf_done(&b);
    here.unpaced = false;
    CHECK_INT(ours.transport, FW_TRANSPORT_T38_UNPACED);
    CHECK_INT(theirs.transport, FW_TRANSPORT_T38_UNPACED);
    CHECK_INT(ours.t38.datagram_max, 1400);
    CHECK_INT(theirs.t38.datagram_max, 1400);
    CHECK_TEXT(ours.peer_host, "192.0.2.99");
    CHECK_TEXT(theirs.peer_host, "192.0.2.10");
    CHECK_INT(theirs.peer_port, 40000);
}

/* A 200 to our T.38 offer that still says audio, or image with port 0, is a refusal. */
static void refusals_in_answers(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        HEAD "m=audio 5000 RTP/AVP 0\r\n",
        HEAD "m=image 0 udptl t38\r\n",
        HEAD "m=audio 0 RTP/AVP 0\r\nm=image 0 udptl t38\r\n",
        HEAD,
    };
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct fw_sdp s = parse(refusals[i]);
        struct fw_sdp_settled got;
        CHECK_INT(fw_sdp_settle(&s, &here, FW_SDP_T38_ONLY, &got), FW_NOT_FOUND);
    }
}

static void refreshes_are_known(void **state)
{
    (void)state;
    const struct fw_sdp a = parse(HEAD "m=audio 5000 RTP/AVP 0\r\n");
    const struct fw_sdp b = parse("v=0\r\no=x 1 3 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n");
    CHECK(fw_sdp_is_refresh(&a, &a));
    CHECK(!fw_sdp_is_refresh(&a, &b));
    static const char *const forgotten[] = { /* the version is as before, the offer is not */
        "m=image 5000 udptl t38\r\n", "m=audio 5002 RTP/AVP 0\r\n", "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 5000 RTP/AVP 0\r\nc=IN IP4 198.51.100.8\r\n", "m=audio 5000 RTP/AVP 0\r\na=inactive\r\n",
        "m=audio 5000 RTP/AVP 0\r\nm=image 5002 udptl t38\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(forgotten); i++) {
        char text[256];
        snprintf(text, sizeof text, HEAD "%s", forgotten[i]);
        const struct fw_sdp now = parse(text);
        CHECK(!fw_sdp_is_refresh(&a, &now) && fw_sdp_is_refresh(&now, &now));
    }
}

static void what_is_no_sdp_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "\r\n\r\n", "hello",
        "v=1\r\no=- 1 1 IN IP4 h\r\n",
        "o=- 1 1 IN IP4 h\r\nv=0\r\n",
        "v=0\r\ns=-\r\n",
        "v=0\r\no=- 1\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\no=- 1 1 IN IP4 h\r\n",
        "v=0\r\no=- 12345678901234567890123456789012 1 IN IP4 h\r\n",
        HEAD "junk\r\n", HEAD "m=\r\n", HEAD "m=audio\r\n",
        HEAD "m=audio 5000\r\n",
        HEAD "m=audio 5000 RTP/AVP\r\n",
        HEAD "m=audio x RTP/AVP 0\r\n", HEAD "m=audio -1 RTP/AVP 0\r\n", HEAD "m=audio 65536 RTP/AVP 0\r\n",
        HEAD "m=audio /2 RTP/AVP 0\r\n", HEAD "m=au\001dio 5000 RTP/AVP 0\r\n",
        HEAD "m=video 5000 RTP/AVP \377\r\n",
        HEAD "m=video 5000 RTP/AVP 123456789012345678901234567890123456789012345678\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_sdp s = { .media_count = 99 };
        if (fw_sdp_parse(fw_span_of(bad[i]), &s) != FW_PROTOCOL)
            fail_msg("taken: %s", bad[i]);
        CHECK_INT(s.media_count, 99);
    }
    static const uint8_t nul[] = "v=0\r\no=- 1 1 IN IP4 h\r\ns=\0\r\n";
    struct fw_sdp s;
    CHECK_INT(fw_sdp_parse((struct fw_span){ nul, sizeof nul - 1 }, &s), FW_PROTOCOL);
}

/* A description of `count` times `line` behind a good head. */
static enum fw_err parse_many(const char *line, size_t count, struct fw_sdp *ret)
{
    static char text[65536];
    size_t size = (size_t)snprintf(text, sizeof text, "%s", HEAD);
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", line);
    return fw_sdp_parse((struct fw_span){ (const uint8_t *)text, size }, ret);
}

static void ceilings_hold(void **state)
{
    (void)state;
    struct fw_sdp s;
    CHECK_INT(parse_many("m=video 1 RTP/AVP 9\r\n", FW_SDP_MEDIA_MAX, &s), FW_OK);
    CHECK_INT(s.media_count, FW_SDP_MEDIA_MAX);
    CHECK_INT(parse_many("m=video 1 RTP/AVP 9\r\n", FW_SDP_MEDIA_MAX + 1, &s), FW_LIMIT);
    CHECK_INT(parse_many("a=x\r\n", FW_SDP_LINES_MAX - 5, &s), FW_OK);
    CHECK_INT(parse_many("a=x\r\n", FW_SDP_LINES_MAX - 4, &s), FW_LIMIT);
    CHECK_INT(parse_many("a=0123456789012345678901234567890123456789\r\n", 240, &s), FW_LIMIT);

    struct fw_buf tight;
    for (size_t max = 0; max < 300; max += 50) {
        fw_buf_init(&tight, max);
        CHECK_INT(fw_sdp_offer_t38(&here, FW_SDP_KEEP_LINES, &tight), FW_LIMIT);
        fw_buf_done(&tight);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(asterisk_is_read),
        cmocka_unit_test(cisco_zero_booleans_are_off),
        cmocka_unit_test(audiocodes_oddities_are_taken),
        cmocka_unit_test(the_policy_chooses),
        cmocka_unit_test(datagram_limits_are_understood),
        cmocka_unit_test(error_correction_and_rates_settle),
        cmocka_unit_test(unpaced_needs_both),
        cmocka_unit_test(addresses_and_holds),
        cmocka_unit_test(our_offers_read_back),
        cmocka_unit_test(both_sides_settle_alike),
        cmocka_unit_test(refusals_in_answers),
        cmocka_unit_test(refreshes_are_known),
        cmocka_unit_test(what_is_no_sdp_is_refused),
        cmocka_unit_test(ceilings_hold),
    };
    return cmocka_run_group_tests_name("sdp", cases, NULL, NULL);
}
