/* rtp_test.c - RTP packets, both G.711 laws over all codes, and the laws of the jitter buffer. */
#include "test.h"
#include "proto/rtp.h"
#include <stdlib.h>
#include <string.h>

static void packets_read_back(void **state)
{
    (void)state;
    static const uint8_t octets[] = { 1, 2, 3, 4, 5 };
    const struct fw_rtp sent = { .marker = true,
                                 .payload_type = 8,
                                 .seq = 65535,
                                 .timestamp = 0xfffffff0,
                                 .ssrc = 0x12345678,
                                 .payload = { octets, sizeof octets } };
    uint8_t packet[17];
    size_t size = 0;
    CHECK_INT(fw_rtp_format(&sent, packet, 16, &size), FW_LIMIT);
    CHECK_INT(fw_rtp_format(&sent, packet, 11, &size), FW_LIMIT);
    CHECK_INT(fw_rtp_format(&sent, packet, sizeof packet, &size), FW_OK);
    CHECK_INT(size, 17);
    struct fw_rtp got;
    CHECK_INT(fw_rtp_parse((struct fw_span){ packet, size }, &got), FW_OK);
    CHECK(got.marker);
    CHECK_INT(got.payload_type, 8);
    CHECK_INT(got.seq, 65535);
    CHECK_INT(got.timestamp, 0xfffffff0);
    CHECK_INT(got.ssrc, 0x12345678);
    CHECK_INT(got.payload.size, 5);
    CHECK(memcmp(got.payload.data, octets, 5) == 0);
}

static void headers_are_checked(void **state)
{
    (void)state;
    static const struct {
        enum fw_err err;
        size_t payload;
        size_t size;
        uint8_t data[24];
    } cases[] = {
        { FW_PROTOCOL, 0, 0, { 0 } },
        { FW_PROTOCOL, 0, 11, { 0x80 } },
        { FW_OK, 0, 12, { 0x80 } },
        { FW_PROTOCOL, 0, 12, { 0x40 } }, /* version 1 */
        { FW_PROTOCOL, 0, 12, { 0xc0 } }, /* version 3 */
        { FW_PROTOCOL, 0, 15, { 0x81 } }, /* CSRC cut */
        { FW_OK, 1, 17, { 0x81 } },
        { FW_PROTOCOL, 0, 15, { 0x90 } },           /* extension head cut */
        { FW_OK, 1, 17, { 0x90 } },                 /* extension of 0 words */
        { FW_PROTOCOL, 0, 19, { 0x90, [15] = 1 } }, /* extension cut */
        { FW_OK, 0, 20, { 0x90, [15] = 1 } },
        { FW_PROTOCOL, 0, 20, { 0x90, [14] = 0xff, [15] = 0xff } },
        { FW_PROTOCOL, 0, 12, { 0xa0 } },           /* padding without an octet */
        { FW_PROTOCOL, 0, 16, { 0xa0, [15] = 0 } }, /* padding of none */
        { FW_OK, 1, 16, { 0xa0, [15] = 3 } },
        { FW_OK, 0, 16, { 0xa0, [15] = 4 } },
        { FW_PROTOCOL, 0, 16, { 0xa0, [15] = 5 } },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_rtp rtp;
        const enum fw_err err =
            fw_rtp_parse((struct fw_span){ cases[i].data, cases[i].size }, &rtp);
        if (err != cases[i].err)
            fail_msg("case %zu: %s", i, fw_err_text(err));
        if (!err)
            CHECK_INT(rtp.payload.size, cases[i].payload);
    }
}

/* Every code comes back; only negative zero of PCMU has a twin. Values are those of G.711. */
static void g711_is_its_own_inverse(void **state)
{
    (void)state;
    for (int law = 0; law < 2; law++) {
        const enum fw_codec codec = law ? FW_CODEC_PCMA : FW_CODEC_PCMU;
        for (unsigned code = 0; code < 256; code++) {
            const uint8_t in = (uint8_t)code;
            int16_t linear = 0;
            uint8_t again = 0;
            fw_g711_decode(codec, &in, 1, &linear);
            fw_g711_encode(codec, &linear, 1, &again);
            CHECK_INT(again, codec == FW_CODEC_PCMU && code == 0x7f ? 0xff : code);
        }
    }
    static const struct {
        enum fw_codec codec;
        uint8_t code;
        int16_t linear;
    } known[] = {
        { FW_CODEC_PCMU, 0xff, 0 },      { FW_CODEC_PCMU, 0x80, 32124 },
        { FW_CODEC_PCMU, 0x00, -32124 }, { FW_CODEC_PCMU, 0xfe, 8 },
        { FW_CODEC_PCMA, 0xd5, 8 },      { FW_CODEC_PCMA, 0x55, -8 },
        { FW_CODEC_PCMA, 0xaa, 32256 },  { FW_CODEC_PCMA, 0x2a, -32256 },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        int16_t linear = 0;
        fw_g711_decode(known[i].codec, &known[i].code, 1, &linear);
        CHECK_INT(linear, known[i].linear);
    }
    CHECK_INT(fw_g711_silence(FW_CODEC_PCMU), 0xff);
    CHECK_INT(fw_g711_silence(FW_CODEC_PCMA), 0xd5);
}

/* All 65,536 values: monotone, and never further off than half a step of their segment. */
static void g711_is_near_everywhere(void **state)
{
    (void)state;
    for (int law = 0; law < 2; law++) {
        const enum fw_codec codec = law ? FW_CODEC_PCMA : FW_CODEC_PCMU;
        int last = -40000;
        for (int value = -32768; value <= 32767; value++) {
            const int16_t in = (int16_t)value;
            uint8_t code = 0;
            int16_t out = 0;
            fw_g711_encode(codec, &in, 1, &code);
            fw_g711_decode(codec, &code, 1, &out);
            CHECK(out >= last);
            last = out;
            const int magnitude = abs(value);
            const int slack = magnitude > 32000 ? 700 : magnitude / 16 + 8;
            if (abs(out - value) > slack)
                fail_msg("law %d: %d became %d", law, value, out);
        }
    }
}

static struct fw_jitter jitter;
static struct fw_rtp_sender sender;

/* Packet `index` of a stream: PCMA, so that no sample but silence reads as 0. */
static int16_t sample_at(size_t index)
{
    const uint8_t code = (uint8_t)(index * 7 + index / 251);
    int16_t linear = 0;
    fw_g711_decode(FW_CODEC_PCMA, &code, 1, &linear);
    return linear;
}

struct packet {
    size_t size;
    uint8_t data[FW_RTP_HEADER_SIZE + FW_RTP_PAYLOAD_MAX];
};

/* The samples [at, at + count) of the stream that began at `base`. */
static void put(uint32_t base, size_t at, size_t count)
{
    int16_t samples[FW_RTP_PAYLOAD_MAX];
    struct packet p;
    for (size_t i = 0; i < count; i++)
        samples[i] = sample_at(at + i);
    sender.timestamp = base + (uint32_t)at;
    CHECK_INT(fw_rtp_send(&sender, samples, count, p.data, sizeof p.data, &p.size), FW_OK);
    struct fw_rtp rtp;
    CHECK_INT(fw_rtp_parse((struct fw_span){ p.data, p.size }, &rtp), FW_OK);
    fw_jitter_put(&jitter, &rtp);
}

static void begin(unsigned depth_ms)
{
    fw_jitter_init(&jitter, depth_ms);
    fw_rtp_sender_init(&sender, FW_CODEC_PCMA, 99, 0, 0);
}

/* Frames of any size in, blocks of any size out: after the depth, the same samples. */
static void samples_come_out_after_the_depth(void **state)
{
    (void)state;
    static const size_t frames[] = { 80, 160, 240, 1, 960 };
    static const uint32_t bases[] = { 0, 0xffffff00u, 0x7fffff80u };
    for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
        for (size_t b = 0; b < ARRAY_LEN(bases); b++) {
            begin(60);
            size_t in = 0, out = 0;
            int16_t got[160];
            put(bases[b], 0, frames[f]);
            in = frames[f];
            while (out < 8000) {
                while (in < out + 160)
                    put(bases[b], in, frames[f]), in += frames[f];
                const size_t real = fw_jitter_get(&jitter, got, 160);
                CHECK_INT(real, out < 480 ? 0 : 160);
                for (size_t i = 0; i < 160; i++)
                    CHECK_INT(got[i], out + i < 480 ? 0 : sample_at(out + i - 480));
                out += 160;
            }
            CHECK_INT(jitter.stats.recentred, 0);
            CHECK_INT(jitter.stats.missing, 480);
        }
    }
}

static void nothing_before_the_first_packet(void **state)
{
    (void)state;
    begin(0);
    int16_t got[160];
    memset(got, 1, sizeof got);
    CHECK_INT(fw_jitter_get(&jitter, got, 160), 0);
    CHECK_INT(got[0], 0);
    CHECK_INT(got[159], 0);
    CHECK_INT(jitter.stats.missing, 0);
}

static uint64_t seed_state;
static uint32_t draw(uint32_t below)
{
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return (uint32_t)(seed_state >> 32) % below;
}

/* Each packet delayed by up to 50 ms on its own (so reordered), some lost, some twice: every
 * sample that was not lost comes out in its place, every other place is silence. */
static void delays_within_the_depth_do_not_show(void **state)
{
    (void)state;
    enum { PACKETS = 300, TICK = 20 };
    static bool lost[PACKETS];
    static unsigned due[PACKETS];
    for (uint64_t seed = 1; seed <= 50; seed++) {
        seed_state = seed * 0x9e3779b97f4a7c15u;
        const uint32_t base = draw(UINT32_MAX);
        const uint32_t loss = draw(20);
        begin(60);
        for (size_t i = 0; i < PACKETS; i++) {
            lost[i] = i > 0 && draw(100) < loss;
            due[i] = (unsigned)(i * TICK + (i > 0 ? draw(50) : 0));
        }
        size_t missing = 480;
        for (unsigned now = 0; now < PACKETS * TICK; now++) {
            for (size_t i = now / TICK > 4 ? now / TICK - 4 : 0; i < PACKETS && i <= now / TICK;
                 i++) {
                if (due[i] == now && !lost[i]) {
                    put(base, i * 160, 160);
                    if (draw(10) == 0)
                        put(base, i * 160, 160);
                }
            }
            if (now % TICK != TICK - 1)
                continue;
            int16_t got[160];
            const size_t real = fw_jitter_get(&jitter, got, 160);
            const size_t tick = now / TICK;
            if (tick < 3)
                continue;
            CHECK_INT(real, lost[tick - 3] ? 0 : 160);
            missing += lost[tick - 3] ? 160 : 0;
            for (size_t k = 0; k < 160; k++)
                CHECK_INT(got[k], lost[tick - 3] ? 0 : sample_at((tick - 3) * 160 + k));
        }
        CHECK_INT(jitter.stats.recentred, 0);
        CHECK_INT(jitter.stats.missing, missing);
    }
}

/* A sender whose clock runs off: the buffer never leaves its bounds, moves seldom, and works
 * on. 2,000 ppm over 10 minutes is 1.2 s of slip. */
static void drift_is_followed_by_rare_jumps(void **state)
{
    (void)state;
    for (int ppm = -2000; ppm <= 2000; ppm += 4000) {
        begin(60);
        size_t sent = 0;
        size_t real = 0;
        const size_t ticks = 30000;
        for (size_t tick = 0; tick < ticks; tick++) {
            const double at = (double)tick * (1.0 + ppm / 1e6);
            while ((double)sent <= at)
                put(12345, sent++ * 160, 160);
            int16_t got[160];
            real += fw_jitter_get(&jitter, got, 160);
            const int32_t held = (int32_t)(jitter.newest - jitter.read_at);
            CHECK(held <= 480 + 800 + 320);
        }
        CHECK(jitter.stats.recentred >= 5);
        CHECK(jitter.stats.recentred <= 30);
        CHECK(real > ticks * 160 * 98 / 100);
    }
}

static void a_new_source_is_followed_one_stray_packet_is_not(void **state)
{
    (void)state;
    begin(60);
    int16_t got[160];
    for (size_t i = 0; i < 20; i++) {
        put(1000, i * 160, 160);
        sender.ssrc = 5; /* a stray packet each time, of another source and far away */
        put(900000, i * 160, 160);
        sender.ssrc = 99;
        (void)fw_jitter_get(&jitter, got, 160);
    }
    CHECK_INT(jitter.stats.ignored, 20);
    CHECK_INT(jitter.stats.recentred, 0);
    sender.ssrc = 5;
    size_t real = 0;
    for (size_t i = 0; i < 20; i++) {
        put(900000, i * 160, 160);
        real += fw_jitter_get(&jitter, got, 160);
    }
    CHECK_INT(jitter.stats.recentred, 1);
    CHECK(real >= 14 * 160);
}

static void after_a_pause_it_goes_on(void **state)
{
    (void)state;
    begin(60);
    int16_t got[160];
    for (size_t i = 0; i < 10; i++) {
        put(0, i * 160, 160);
        (void)fw_jitter_get(&jitter, got, 160);
    }
    for (size_t i = 0; i < 1000; i++) /* 20 s of nothing */
        CHECK(fw_jitter_get(&jitter, got, 160) == (i < 3 ? 160 : 0));
    size_t real = 0;
    for (size_t i = 10; i < 30; i++) { /* the timestamps did not go on meanwhile */
        put(0, i * 160, 160);
        real += fw_jitter_get(&jitter, got, 160);
    }
    CHECK(real >= 14 * 160);
    CHECK_INT(jitter.stats.recentred, 1);
}

static void other_payloads_are_ignored(void **state)
{
    (void)state;
    static const uint8_t octets[1200];
    static const struct {
        uint8_t type;
        size_t size;
    } odd[] = {
        { 101, 4 }, { 13, 1 }, { 18, 20 }, { 0, 0 }, { 8, FW_RTP_PAYLOAD_MAX + 1 },
    };
    begin(60);
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        const struct fw_rtp rtp = { .payload_type = odd[i].type,
                                    .payload = { octets, odd[i].size } };
        fw_jitter_put(&jitter, &rtp);
    }
    CHECK(!jitter.started);
    CHECK_INT(jitter.stats.ignored, ARRAY_LEN(odd));
}

static void a_sender_counts_samples(void **state)
{
    (void)state;
    int16_t silence[FW_RTP_PAYLOAD_MAX + 1] = { 0 };
    uint8_t packet[1500];
    size_t size = 0;
    fw_rtp_sender_init(&sender, FW_CODEC_PCMU, 7, 65535, 0xffffffff);
    CHECK_INT(fw_rtp_send(&sender, silence, 160, packet, sizeof packet, &size), FW_OK);
    CHECK_INT(size, 172);
    CHECK_INT(packet[1], 0x80); /* marker, PCMU */
    CHECK_INT(packet[12], 0xff);
    CHECK_INT(sender.seq, 0);
    CHECK_INT(sender.timestamp, 159);
    CHECK_INT(fw_rtp_send(&sender, silence, 160, packet, sizeof packet, &size), FW_OK);
    CHECK_INT(packet[1], 0);
    CHECK_INT(fw_rtp_send(&sender, silence, 161, packet, 172, &size), FW_LIMIT);
    CHECK_INT(fw_rtp_send(&sender, silence, 961, packet, sizeof packet, &size), FW_LIMIT);
    CHECK_INT(sender.seq, 1);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(packets_read_back),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(g711_is_its_own_inverse),
        cmocka_unit_test(g711_is_near_everywhere),
        cmocka_unit_test(samples_come_out_after_the_depth),
        cmocka_unit_test(nothing_before_the_first_packet),
        cmocka_unit_test(delays_within_the_depth_do_not_show),
        cmocka_unit_test(drift_is_followed_by_rare_jumps),
        cmocka_unit_test(a_new_source_is_followed_one_stray_packet_is_not),
        cmocka_unit_test(after_a_pause_it_goes_on),
        cmocka_unit_test(other_payloads_are_ignored),
        cmocka_unit_test(a_sender_counts_samples),
    };
    return cmocka_run_group_tests_name("rtp", cases, NULL, NULL);
}
