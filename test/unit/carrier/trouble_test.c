/* What goes wrong on a line goes wrong where its row says, and nowhere else. */
#include "test.h"
#include "base/bounds.h"
#include "carrier/network.h"
#include "carrier/trouble.h"
#include <string.h>

static uint8_t copy[FW_UDPTL_IFP_MAX];

static struct fw_trouble line_of(const char *digits, uint64_t seed)
{
    struct fw_trouble t;
    fw_trouble_init(&t, fw_far_end_find(digits), seed);
    return t;
}

static struct fw_span span(const uint8_t *data, size_t size)
{
    return (struct fw_span){ data, size };
}

static void check_same(struct fw_span a, struct fw_span b)
{
    CHECK_INT(a.size, b.size);
    CHECK(memcmp(a.data, b.data, a.size) == 0);
}

/* FF C8 31 with good FCS: MCF. */
static const uint8_t mcf[] = { 0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0x31, 0x20 };
static const uint8_t dis[] = { 0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0x01, 0x20 };

static void mcf_becomes_rtn(void **state)
{
    (void)state;
    struct fw_trouble t = line_of("12005550110", 1);
    struct fw_span said = fw_trouble_say(&t, span(mcf, sizeof mcf), copy);
    CHECK_INT(said.size, sizeof mcf);
    CHECK_INT(said.data[7], 0x32);
    CHECK_INT(said.data[8], 0x20);
    check_same(fw_trouble_say(&t, span(dis, sizeof dis), copy), span(dis, sizeof dis));

    /* An octet a packet, as a paced machine sends, with the X bit. */
    static const uint8_t parts[][7] = { { 0xc0, 1, 0x80, 0, 0, 0xff },
                                        { 0xc0, 1, 0x80, 0, 0, 0xc8 },
                                        { 0xc0, 1, 0x80, 0, 0, 0xb1 } };
    for (size_t i = 0; i < 3; i++) {
        said = fw_trouble_say(&t, span(parts[i], 6), copy);
        CHECK_INT(said.data[5], i == 2 ? 0xb2 : parts[i][5]);
    }
    /* Other rows say what their machine says. */
    t = line_of("12005550100", 1);
    check_same(fw_trouble_say(&t, span(mcf, sizeof mcf), copy), span(mcf, sizeof mcf));
}

static void eop_silences_one_row(void **state)
{
    (void)state;
    static const uint8_t eop[] = { 0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0xf4, 0x20 };
    static const uint8_t mps[] = { 0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0xf2, 0x20 };
    struct fw_trouble t = line_of("12005550113", 1);
    check_same(fw_trouble_hear(&t, span(mps, sizeof mps), copy), span(mps, sizeof mps));
    CHECK(fw_trouble_say(&t, span(mcf, sizeof mcf), copy).size > 0);
    check_same(fw_trouble_hear(&t, span(eop, sizeof eop), copy), span(eop, sizeof eop));
    CHECK_INT(fw_trouble_say(&t, span(mcf, sizeof mcf), copy).size, 0);
    t = line_of("12005550100", 1);
    check_same(fw_trouble_hear(&t, span(eop, sizeof eop), copy), span(eop, sizeof eop));
    CHECK(fw_trouble_say(&t, span(mcf, sizeof mcf), copy).size > 0);
}

static void training_is_spoiled_and_commands_are_not(void **state)
{
    (void)state;
    static const uint8_t tcf[] = { 0xd0, 1, 0xe0, 0, 3, 0, 0, 0, 0 };
    struct fw_trouble t = line_of("12005550108", 1);
    const struct fw_span heard = fw_trouble_hear(&t, span(tcf, sizeof tcf), copy);
    CHECK_INT(heard.size, sizeof tcf);
    CHECK(memcmp(heard.data, tcf, 5) == 0);
    CHECK(heard.data[5] != 0 && heard.data[8] != 0);
    check_same(fw_trouble_hear(&t, span(dis, sizeof dis), copy), span(dis, sizeof dis));
}

static void the_killer_is_one(void **state)
{
    (void)state;
    struct fw_ifp ifp;
    struct fw_ifp_watch watch;
    fw_ifp_watch_init(&watch);
    CHECK_INT(fw_ifp_parse(fw_trouble_killer(), &ifp), FW_OK);
    CHECK_INT(fw_ifp_watch_packet(&watch, &ifp, NULL, NULL), FW_IFP_DEADLY);
}

static struct fw_network *network_of(struct fw_network_terms terms, uint64_t seed)
{
    struct fw_network *n = NULL;
    CHECK_INT(fw_network_new(&terms, seed, &n), FW_OK);
    return n;
}

static void loss_is_about_what_the_row_says(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct fw_network *lossy = network_of(fw_far_end_find("12005550115")->network, seed);
        struct fw_network *clean = network_of(fw_far_end_find("1")->network, seed);
        int lost = 0;
        for (int i = 0; i < 10000; i++) {
            lost += fw_network_copies(lossy) == 0;
            CHECK_INT(fw_network_copies(clean), 1);
        }
        CHECK(!fw_network_delays(clean));
        if (lost < 300 || lost > 700)
            print_message("seed %u: %d of 10000\n", (unsigned)seed, lost);
        CHECK(lost >= 300 && lost <= 700);
        fw_network_free(lossy);
        fw_network_free(clean);
    }
}

/* Nothing arrives early or later than delay and jitter; packets do overtake each other; all arrive. */
static void a_held_datagram_arrives_in_its_time(void **state)
{
    (void)state;
    struct fw_network *n = network_of((struct fw_network_terms){ .delay_ms = 60, .jitter_ms = 80 }, 5);
    uint8_t data[FW_UDP_BYTES_MAX];
    int arrived = 0, overtaken = 0, newest = -1;
    for (int ms = 0; ms < 2000; ms++) {
        const struct fw_mono now = { (int64_t)ms * 1000 };
        const uint16_t mark = (uint16_t)ms;
        size_t size = 0;
        bool inwards = false;
        if (ms < 1000 && ms % 10 == 0)
            fw_network_put(n, now, ms % 20 == 0, (struct fw_span){ (const uint8_t *)&mark, sizeof mark });
        while (fw_network_take(n, now, &inwards, data, &size)) {
            uint16_t sent;
            CHECK_INT(size, sizeof sent);
            memcpy(&sent, data, sizeof sent);
            CHECK_INT(inwards, sent % 20 == 0);
            CHECK(ms - sent >= 60 && ms - sent <= 140);
            overtaken += sent < newest;
            newest = sent > newest ? sent : newest;
            arrived++;
        }
    }
    CHECK_INT(arrived, 100);
    CHECK(overtaken > 10);
    fw_network_free(n);
}

static void what_a_network_holds_is_bounded(void **state)
{
    (void)state;
    struct fw_network *n = network_of((struct fw_network_terms){ .delay_ms = 1000 }, 1);
    const uint8_t one = 1;
    uint8_t data[FW_UDP_BYTES_MAX];
    size_t size = 0;
    bool inwards = false;
    int held = 0;
    for (int i = 0; i < 5000; i++)
        fw_network_put(n, (struct fw_mono){ 0 }, true, (struct fw_span){ &one, 1 });
    CHECK(!fw_network_take(n, (struct fw_mono){ 999999 }, &inwards, data, &size));
    while (fw_network_take(n, (struct fw_mono){ 1000000 }, &inwards, data, &size))
        held++;
    CHECK_INT(held, FW_NETWORK_HELD_MAX);
    fw_network_free(n);
}

static void the_middle_of_a_page_comes_once_it_has_content(void **state)
{
    (void)state;
    static const uint8_t data[150] = { 0xd0, 0 };
    struct fw_trouble t = line_of("12005550107", 1);
    for (int i = 0; i < 4; i++)
        fw_trouble_hear(&t, span(data, sizeof data), copy);
    CHECK(!fw_trouble_in_middle(&t, 2)); /* training is no page */
    fw_trouble_page(&t, 1);
    CHECK(!fw_trouble_in_middle(&t, 0));
    CHECK(!fw_trouble_in_middle(&t, 1));
    fw_trouble_hear(&t, span(data, sizeof data), copy);
    fw_trouble_hear(&t, span(data, sizeof data), copy);
    CHECK(fw_trouble_in_middle(&t, 1));
    CHECK(!fw_trouble_in_middle(&t, 2));
    fw_trouble_page(&t, 3);
    CHECK(!fw_trouble_in_middle(&t, 1)); /* it is over */
}

/* Whatever comes: what goes on is as long as it was, or nothing. */
static void any_bytes_are_borne(void **state)
{
    (void)state;
    static const char *const rows[] = { "12005550108", "12005550109", "12005550110",
                                        "12005550113" };
    uint32_t seed = 7;
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct fw_trouble t = line_of(rows[row], 1);
        fw_trouble_page(&t, 1);
        for (int i = 0; i < 20000; i++) {
            uint8_t bytes[40];
            for (size_t k = 0; k < sizeof bytes; k++) {
                seed = seed * 1664525 + 1013904223;
                bytes[k] = (uint8_t)(seed >> 24);
            }
            if (i % 2 == 1) { /* nearly right: data with a few fields */
                bytes[0] = (uint8_t)(0xc0 | (bytes[0] & 0x1e));
                bytes[1] &= 3;
            }
            const size_t size = seed % sizeof bytes;
            const struct fw_span heard = fw_trouble_hear(&t, span(bytes, size), copy);
            CHECK(heard.size == size || heard.size == 0);
            const struct fw_span said = fw_trouble_say(&t, span(bytes, size), copy);
            CHECK(said.size == size || said.size == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mcf_becomes_rtn),
        cmocka_unit_test(eop_silences_one_row),
        cmocka_unit_test(training_is_spoiled_and_commands_are_not),
        cmocka_unit_test(the_killer_is_one),
        cmocka_unit_test(loss_is_about_what_the_row_says),
        cmocka_unit_test(a_held_datagram_arrives_in_its_time),
        cmocka_unit_test(what_a_network_holds_is_bounded),
        cmocka_unit_test(the_middle_of_a_page_comes_once_it_has_content),
        cmocka_unit_test(any_bytes_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
