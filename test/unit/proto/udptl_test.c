/* udptl_test.c - UDPTL under loss, reordering, duplicates, wrap, restarts and malformed packets. */
#include "test.h"
#include "proto/udptl.h"
#include <stdio.h>
#include <string.h>

enum { STREAM = 400, FEC_ENTRIES = 3, FEC_SPAN = 3 };

static uint64_t seed_state;

static uint32_t draw(uint32_t below)
{
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return (uint32_t)(seed_state >> 32) % below;
}

static void draw_from(uint64_t seed)
{
    seed_state = seed * 0x9e3779b97f4a7c15u + 1;
}

struct bytes {
    size_t size;
    uint8_t data[FW_UDPTL_PACKET_MAX];
};

static struct bytes ifps[STREAM];
static struct bytes packets[STREAM];

/* Well-formed V.21 data of a size of its own; the index stands in it. */
static void make_ifps(void)
{
    for (size_t i = 0; i < STREAM; i++) {
        const size_t octets = 3 + draw(200);
        uint8_t *d = ifps[i].data;
        d[0] = 0xc0;
        d[1] = 1;
        d[2] = 0x80;
        d[3] = (uint8_t)((octets - 1) >> 8);
        d[4] = (uint8_t)((octets - 1) & 0xff);
        d[5] = (uint8_t)(i >> 8);
        d[6] = (uint8_t)(i & 0xff);
        for (size_t k = 7; k < octets + 5; k++)
            d[k] = (uint8_t)draw(256);
        ifps[i].size = octets + 5;
    }
}

static void make_redundant(unsigned redundancy, uint16_t first)
{
    static struct fw_udptl_sender s;
    fw_udptl_sender_init(&s, redundancy, 0);
    s.seq = first;
    for (size_t i = 0; i < STREAM; i++)
        CHECK_INT(fw_udptl_send(&s, (struct fw_span){ ifps[i].data, ifps[i].size }, packets[i].data,
                                &packets[i].size),
                  FW_OK);
}

static size_t put_length(uint8_t *dst, size_t size)
{
    if (size < 0x80) {
        dst[0] = (uint8_t)size;
        return 1;
    }
    dst[0] = (uint8_t)(0x80 | size >> 8);
    dst[1] = (uint8_t)(size & 0xff);
    return 2;
}

/* As senders with FEC do: entry m sums the packets m - entries, m - 2 entries, … behind. */
static void make_fec_packet(size_t i, uint16_t seq)
{
    uint8_t *d = packets[i].data;
    size_t at = 0;
    d[at++] = (uint8_t)(seq >> 8);
    d[at++] = (uint8_t)(seq & 0xff);
    at += put_length(d + at, ifps[i].size);
    memcpy(d + at, ifps[i].data, ifps[i].size);
    at += ifps[i].size;
    const bool enough = i >= FEC_ENTRIES * FEC_SPAN;
    d[at++] = 0x80;
    d[at++] = 1;
    d[at++] = enough ? FEC_SPAN : 0;
    d[at++] = enough ? FEC_ENTRIES : 0;
    for (size_t m = 0; enough && m < FEC_ENTRIES; m++) {
        uint8_t sum[FW_UDPTL_PACKET_MAX] = { 0 };
        size_t longest = 0;
        for (size_t k = 1; k <= FEC_SPAN; k++) {
            const struct bytes *other = &ifps[i + m - k * FEC_ENTRIES];
            longest = other->size > longest ? other->size : longest;
            for (size_t b = 0; b < other->size; b++)
                sum[b] ^= other->data[b];
        }
        at += put_length(d + at, longest);
        memcpy(d + at, sum, longest);
        at += longest;
    }
    packets[i].size = at;
}

static void make_fec(uint16_t first)
{
    for (size_t i = 0; i < STREAM; i++)
        make_fec_packet(i, (uint16_t)(first + i));
}

struct seen {
    uint16_t first; /* number of ifps[0] */
    size_t next;    /* index that may come next */
    size_t count;
    size_t holes;
};

/* In order, each once, as sent. */
static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct seen *seen = arg;
    const size_t index = (uint16_t)(seq - seen->first);
    CHECK(index < STREAM);
    CHECK(index >= seen->next);
    CHECK_INT(ifp.size, ifps[index].size);
    CHECK(memcmp(ifp.data, ifps[index].data, ifp.size) == 0);
    seen->holes += index - seen->next;
    seen->next = index + 1;
    seen->count++;
}

static struct fw_udptl_receiver receiver;

static void give(struct seen *seen, size_t index)
{
    CHECK_INT(fw_udptl_receive(&receiver,
                               (struct fw_span){ packets[index].data, packets[index].size }, on_ifp,
                               seen),
              FW_OK);
}

static void drain(struct seen *seen)
{
    for (int i = 0; i < 2000; i++)
        fw_udptl_tick(&receiver, on_ifp, seen);
}

/* What comes in order comes out at once; redundancy then changes nothing. */
static void in_order_nothing_waits(void **state)
{
    (void)state;
    draw_from(1);
    make_ifps();
    for (unsigned redundancy = 0; redundancy <= 3; redundancy++) {
        make_redundant(redundancy, 0);
        struct seen seen = { 0 };
        fw_udptl_receiver_init(&receiver);
        for (size_t i = 0; i < STREAM; i++) {
            give(&seen, i);
            CHECK_INT(seen.count, i + 1);
        }
        CHECK_INT(receiver.stats.lost, 0);
        CHECK_INT(receiver.stats.duplicates, 0);
        CHECK_INT(receiver.stats.recovered, 0);
    }
}

/* Bursts as long as the redundancy are no loss at all, also across the wrap; longer ones are
 * counted to the packet. */
static void redundancy_covers_bursts_of_its_length(void **state)
{
    (void)state;
    for (unsigned redundancy = 1; redundancy <= 3; redundancy++) {
        for (size_t burst = 1; burst <= 5; burst++) {
            draw_from(redundancy);
            make_ifps();
            make_redundant(redundancy, 65400);
            struct seen seen = { .first = 65400 };
            fw_udptl_receiver_init(&receiver);
            size_t cut = 0;
            for (size_t i = 0; i < STREAM; i++) {
                if (i % 20 >= 10 && i % 20 < 10 + burst)
                    cut++;
                else
                    give(&seen, i);
            }
            drain(&seen);
            const size_t lost_a_burst = burst > redundancy ? burst - redundancy : 0;
            CHECK_INT(seen.count, STREAM - lost_a_burst * (STREAM / 20));
            CHECK_INT(receiver.stats.lost, lost_a_burst * (STREAM / 20));
            CHECK_INT(receiver.stats.recovered, cut - receiver.stats.lost);
        }
    }
}

static void fec_restores_bursts_of_its_entries(void **state)
{
    (void)state;
    for (size_t burst = 1; burst <= FEC_ENTRIES; burst++) {
        draw_from(burst);
        make_ifps();
        make_fec(65300);
        struct seen seen = { .first = 65300 };
        fw_udptl_receiver_init(&receiver);
        size_t cut = 0;
        for (size_t i = 0; i < STREAM; i++) {
            if (i > 20 && i < STREAM - 20 && i % 16 < burst)
                cut++;
            else
                give(&seen, i);
        }
        drain(&seen);
        CHECK_INT(seen.count, STREAM);
        CHECK_INT(receiver.stats.recovered, cut);
    }
}

/* A sender that says nothing about errors at first: what was lost just before its first sums is in later ones. */
static void sums_restore_what_was_lost_before_the_first_of_them(void **state)
{
    (void)state;
    enum { FIRST = FEC_ENTRIES * FEC_SPAN };
    for (size_t burst = 1; burst <= FEC_ENTRIES; burst++) {
        draw_from(burst);
        make_ifps();
        make_fec(65530);
        for (size_t i = 0; i < FIRST; i++) { /* the list of earlier packets, empty */
            const size_t head = (ifps[i].size < 0x80 ? 3u : 4u) + ifps[i].size;
            packets[i].data[head] = packets[i].data[head + 1] = 0;
            packets[i].size = head + 2;
        }
        struct seen seen = { .first = 65530 };
        fw_udptl_receiver_init(&receiver);
        for (size_t i = 0; i < STREAM; i++) {
            if (i < FIRST - burst || i >= FIRST)
                give(&seen, i);
        }
        drain(&seen);
        CHECK_INT(seen.count, STREAM);
        CHECK_INT(receiver.stats.recovered, burst);
    }
}

/* Any mix: still in order, once, unchanged (on_ifp), every number accounted for, and with a
 * little loss nothing missing but what really could not be had. */
static void any_mix_stays_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        draw_from(seed);
        const unsigned redundancy = draw(4);
        const bool fec = draw(4) == 0;
        const uint16_t first = (uint16_t)draw(65536);
        const uint32_t loss = draw(30);
        const uint32_t repeat = draw(30);
        const uint32_t swap = draw(30);
        make_ifps();
        if (fec)
            make_fec(first);
        else
            make_redundant(redundancy, first);

        static size_t order[3 * STREAM];
        size_t count = 0;
        order[count++] = 0; /* numbers before the first packet seen are not counted */
        for (size_t i = 1; i < STREAM; i++) {
            if (i < STREAM - 1 && draw(100) < loss)
                continue;
            order[count++] = i;
            if (draw(100) < repeat)
                order[count++] = i - draw((uint32_t)(i < 6 ? i : 6));
        }
        for (size_t i = 1; i + 1 < count; i++) {
            if (draw(100) < swap && order[i + 1] != STREAM - 1 && order[i] != STREAM - 1) {
                const size_t kept = order[i];
                order[i] = order[i + 1];
                order[i + 1] = kept;
            }
        }
        struct seen seen = { .first = first };
        fw_udptl_receiver_init(&receiver);
        for (size_t i = 0; i < count; i++) {
            give(&seen, order[i]);
            if (draw(100) < 10)
                fw_udptl_tick(&receiver, on_ifp, &seen);
        }
        drain(&seen);
        if (seen.next != STREAM || seen.count + receiver.stats.lost != STREAM ||
            receiver.stats.resyncs != 0)
            fail_msg("seed %u: next %zu count %zu lost %u resyncs %u", (unsigned)seed, seen.next,
                     seen.count, (unsigned)receiver.stats.lost, (unsigned)receiver.stats.resyncs);
        CHECK_INT(seen.holes, receiver.stats.lost);
        CHECK_INT(seen.count, receiver.stats.delivered);
        if (loss == 0)
            CHECK_INT(receiver.stats.lost, 0);
    }
}

static void a_late_packet_does_not_rewind(void **state)
{
    (void)state;
    draw_from(5);
    make_ifps();
    make_redundant(3, 0);
    struct seen seen = { 0 };
    fw_udptl_receiver_init(&receiver);
    for (size_t i = 0; i < 20; i++)
        give(&seen, i);
    give(&seen, 12);
    give(&seen, 5);
    CHECK_INT(seen.count, 20);
    CHECK_INT(receiver.stats.duplicates, 2);
    give(&seen, 20);
    CHECK_INT(seen.count, 21);
}

struct order {
    size_t count;
    uint16_t last;
    uint8_t octets[8];
};

static void on_short(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct order *o = arg;
    CHECK(o->count == 0 || (int16_t)(uint16_t)(seq - o->last) > 0);
    o->last = seq;
    o->octets[o->count++ % 8] = ifp.data[0];
}

static void give_number(struct order *o, unsigned number, uint8_t octet)
{
    const uint8_t packet[] = { (uint8_t)(number >> 8), (uint8_t)(number & 0xff), 1, octet, 0, 0 };
    CHECK_INT(fw_udptl_receive(&receiver, (struct fw_span){ packet, sizeof packet }, on_short, o),
              FW_OK);
}

/* The peer counts anew, ahead, behind or just behind: a bounded number of packets later all is
 * delivered again, and the numbers handed on never go back. */
static void restarts_are_followed(void **state)
{
    (void)state;
    static const struct {
        unsigned from, to;
        size_t within;
    } jumps[] = {
        { 100, 30000, 2 }, { 30000, 0, 2 },   { 100, 50000, 2 }, { 20, 0, 15 },
        { 100, 60, 2 },    { 65530, 200, 2 }, { 100, 133, 2 },
    };
    for (size_t j = 0; j < ARRAY_LEN(jumps); j++) {
        struct order o = { 0 };
        fw_udptl_receiver_init(&receiver);
        for (unsigned i = 0; i < 10; i++)
            give_number(&o, jumps[j].from - 9 + i, 1);
        CHECK_INT(o.count, 10);
        for (unsigned i = 0; i < 40; i++)
            give_number(&o, jumps[j].to + i, 2);
        CHECK(o.count >= 50 - jumps[j].within);
        CHECK_INT(receiver.stats.resyncs, 1);
        CHECK(o.last > 0);
    }
}

static void one_stranger_changes_nothing(void **state)
{
    (void)state;
    struct order o = { 0 };
    fw_udptl_receiver_init(&receiver);
    for (unsigned i = 0; i < 50; i++) {
        give_number(&o, 1000 + i, 1);
        for (unsigned k = 0; k < 4; k++) /* the same again and again, or all over the place */
            give_number(&o, i % 2 ? 40000 : 20000 + 1000 * k, 9);
        CHECK_INT(o.count, i + 1);
        CHECK_INT(o.octets[i % 8], 1);
    }
    CHECK_INT(receiver.stats.resyncs, 0);
}

static void a_hole_lasts_a_bounded_time(void **state)
{
    (void)state;
    struct order o = { 0 };
    fw_udptl_receiver_init(&receiver);
    give_number(&o, 1, 1);
    give_number(&o, 3, 3);
    CHECK_INT(o.count, 1);
    for (int i = 0; i < 3; i++)
        fw_udptl_tick(&receiver, on_short, &o);
    CHECK_INT(o.count, 2);
    CHECK_INT(o.last, 3);
    CHECK_INT(receiver.stats.lost, 1);
    give_number(&o, 2, 2); /* too late now */
    CHECK_INT(o.count, 2);

    give_number(&o, 5, 5);
    give_number(&o, 6, 6);
    give_number(&o, 7, 7); /* packets count as well, without a tick */
    CHECK_INT(o.count, 5);
    CHECK_INT(receiver.stats.lost, 2);
}

/* The start is the first packet, or what it repeats from before. */
static void first_packets_lost_at_the_start_are_had(void **state)
{
    (void)state;
    draw_from(9);
    make_ifps();
    make_redundant(3, 0);
    struct seen seen = { 0 };
    fw_udptl_receiver_init(&receiver);
    give(&seen, 2);
    CHECK_INT(seen.count, 3);
    CHECK_INT(seen.holes, 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(in_order_nothing_waits),
        cmocka_unit_test(redundancy_covers_bursts_of_its_length),
        cmocka_unit_test(fec_restores_bursts_of_its_entries),
        cmocka_unit_test(sums_restore_what_was_lost_before_the_first_of_them),
        cmocka_unit_test(any_mix_stays_in_order),
        cmocka_unit_test(a_late_packet_does_not_rewind),
        cmocka_unit_test(restarts_are_followed),
        cmocka_unit_test(one_stranger_changes_nothing),
        cmocka_unit_test(a_hole_lasts_a_bounded_time),
        cmocka_unit_test(first_packets_lost_at_the_start_are_had),
    };
    return cmocka_run_group_tests_name("udptl", cases, NULL, NULL);
}
