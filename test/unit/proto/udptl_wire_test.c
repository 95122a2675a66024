/* udptl_wire_test.c - UDPTL datagrams as such: the peer's limit kept, the malformed refused. */
#include "test.h"
#include "proto/udptl.h"
#include <string.h>

static struct fw_udptl_receiver receiver;

static void count_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    size_t *count = arg;
    CHECK(ifp.size > 0);
    CHECK_INT(seq, *count + 1);
    ++*count;
}

static void the_peers_limit_is_kept(void **state)
{
    (void)state;
    uint8_t ifp[1400];
    memset(ifp, 0x55, sizeof ifp);
    static struct fw_udptl_sender s;
    static uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    for (size_t limit = 0; limit <= 1600; limit += 7) {
        fw_udptl_sender_init(&s, 3, limit);
        const size_t most = limit == 0 || limit > 1500 ? 1500 : limit;
        for (size_t i = 0; i < 40; i++) {
            const size_t octets = 1 + (i * 37) % 300;
            const uint16_t seq = s.seq;
            const enum fw_err err =
                fw_udptl_send(&s, (struct fw_span){ ifp, octets }, packet, &size);
            if (err) {
                CHECK_INT(err, FW_LIMIT);
                CHECK(octets + 6 > most || (octets < 128 && octets + 5 > most));
                CHECK_INT(s.seq, seq);
            } else {
                CHECK(size <= most);
                CHECK(fw_udptl_plausible((struct fw_span){ packet, size }));
            }
        }
    }
    fw_udptl_sender_init(&s, 3, 0);
    CHECK_INT(fw_udptl_send(&s, (struct fw_span){ ifp, 0 }, packet, &size), FW_INVALID);
    CHECK_INT(fw_udptl_send(&s, (struct fw_span){ ifp, 1400 }, packet, &size), FW_OK);
}

/* The largest paced IFP packet has 59 octets: 244 hold it with three entries. In less, the
 * oldest entries go first. */
static void oldest_redundancy_is_dropped_first(void **state)
{
    (void)state;
    static const struct {
        size_t limit;
        uint8_t count;
    } cases[] = {
        { 400, 3 }, { 244, 3 }, { 243, 2 }, { 184, 2 },
        { 183, 1 }, { 124, 1 }, { 123, 0 }, { 64, 0 },
    };
    uint8_t ifp[59];
    static struct fw_udptl_sender s;
    static uint8_t packet[FW_UDPTL_PACKET_MAX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fw_udptl_sender_init(&s, 3, cases[i].limit);
        size_t size = 0;
        for (uint8_t k = 0; k < 5; k++) {
            memset(ifp, k, sizeof ifp);
            CHECK_INT(fw_udptl_send(&s, (struct fw_span){ ifp, sizeof ifp }, packet, &size), FW_OK);
        }
        CHECK_INT(packet[3 + 59 + 1], cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++)
            CHECK_INT(packet[3 + 59 + 2 + k * 60 + 1], 3 - k);
    }
}

static void malformed_packets_deliver_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t size;
        uint8_t data[24];
    } bad[] = {
        { "empty", 0, { 0 } },
        { "number cut", 1, { 0 } },
        { "no primary", 2, { 0, 1 } },
        { "primary empty", 5, { 0, 1, 0, 0, 0 } },
        { "primary cut", 4, { 0, 1, 2, 6 } },
        { "no recovery", 4, { 0, 1, 1, 6 } },
        { "no count", 5, { 0, 1, 1, 6, 0 } },
        { "secondary missing", 6, { 0, 1, 1, 6, 0, 1 } },
        { "secondary cut", 8, { 0, 1, 1, 6, 0, 1, 2, 6 } },
        { "octets behind", 7, { 0, 1, 1, 6, 0, 0, 0 } },
        { "long length cut", 3, { 0, 1, 0x80 } },
        { "fragments", 8, { 0, 1, 0xc1, 6, 0, 0, 0, 0 } },
        { "16 secondaries", 22, { 0, 1, 1, 6, 0, 16 } },
        { "long count", 7, { 0, 1, 1, 6, 0, 0xbf, 0xff } },
        { "fec cut", 5, { 0, 1, 1, 6, 0x80 } },
        { "fec integer of 2", 9, { 0, 1, 1, 6, 0x80, 2, 0, 3, 0 } },
        { "fec span negative", 8, { 0, 1, 1, 6, 0x80, 1, 0x83, 0 } },
        { "fec 255 entries", 8, { 0, 1, 1, 6, 0x80, 1, 3, 0xff } },
        { "fec 9 entries", 17, { 0, 1, 1, 6, 0x80, 1, 3, 9 } },
        { "fec entry cut", 10, { 0, 1, 1, 6, 0x80, 1, 3, 1, 2, 1 } },
    };
    size_t count = 0;
    fw_udptl_receiver_init(&receiver);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct fw_span packet = { bad[i].data, bad[i].size };
        if (fw_udptl_receive(&receiver, packet, count_ifp, &count) != FW_PROTOCOL)
            fail_msg("%s was taken", bad[i].what);
        CHECK(!fw_udptl_plausible(packet));
    }
    static uint8_t large[FW_UDPTL_PACKET_MAX + 1];
    CHECK_INT(
        fw_udptl_receive(&receiver, (struct fw_span){ large, sizeof large }, count_ifp, &count),
        FW_PROTOCOL);
    CHECK_INT(count, 0);
    CHECK_INT(receiver.stats.malformed, ARRAY_LEN(bad) + 1);
    CHECK(!receiver.started);
}

static void odd_but_right_packets_are_taken(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t data[24];
    } good[] = {
        { 6, { 0, 1, 1, 6, 0, 0 } },
        { 8, { 0, 2, 0x80, 1, 6, 0, 0x80, 0 } },        /* long forms of small numbers */
        { 7, { 0, 3, 1, 6, 0, 1, 0 } },                 /* an empty secondary */
        { 8, { 0, 4, 1, 6, 0x80, 1, 0, 0 } },           /* FEC not wound up yet */
        { 10, { 0, 5, 1, 6, 0x80, 1, 3, 2, 0, 0 } },    /* empty sums */
        { 10, { 0, 6, 1, 6, 0x80, 1, 0x7f, 1, 1, 6 } }, /* a span beyond our window */
    };
    size_t count = 0;
    fw_udptl_receiver_init(&receiver);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CHECK_INT(fw_udptl_receive(&receiver, (struct fw_span){ good[i].data, good[i].size },
                                   count_ifp, &count),
                  FW_OK);
        CHECK_INT(count, i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_peers_limit_is_kept),
        cmocka_unit_test(oldest_redundancy_is_dropped_first),
        cmocka_unit_test(malformed_packets_deliver_nothing),
        cmocka_unit_test(odd_but_right_packets_are_taken),
    };
    return cmocka_run_group_tests_name("udptl_wire", cases, NULL, NULL);
}
