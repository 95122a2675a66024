/* Far ends that misbehave: what would kill, flood or fill us ends the call and is never delivered.
 */
#include "base/file.h"
#include "page/page.h"
#include "liar.h"
#include "pair.h"
#include "t30/engine.h"
#include "t30/engine.h"
#include "test.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { ROWS = 1100 };

static void to_b(struct liar *l, struct fw_span ifp)
{
    struct pair *p = l->arg;
    fw_terminal_ifp(p->b.t, p->a.seq++, ifp);
}

static void b_ticks(struct pair *p, int count)
{
    for (int i = 0; i < count; i++) {
        fw_terminal_tick(p->b.t, 160);
        p->b.sent_count = 0;
    }
}

/* An honest call up to the point where b waits for the page; then the liar speaks. */
static void liar_start(struct liar *l, struct pair *p, bool ecm)
{
    pair_init(p, 1, ROWS, ecm);
    pair_switch(p, false);
    for (int i = 0; i < 1500 && p->a.told[FW_TERMINAL_NEGOTIATED] == 0; i++)
        pair_tick(p);
    CHECK_INT(p->a.told[FW_TERMINAL_NEGOTIATED], 1);
    p->a.sent_count = 0;
    liar_open(l, to_b, p);
    b_ticks(p, 50);
    t38_core_send_indicator(l->core, T38_IND_V17_14400_SHORT_TRAINING);
}

static void liar_stop(struct liar *l)
{
    liar_close(l);
    pair_done(l->arg);
}

static void killer_frame_on_t38(void **state)
{
    (void)state;
    struct liar l;
    struct pair p;
    const uint8_t killer[] = { 0xFF, 0x03, 0x06 };
    liar_start(&l, &p, true);
    frame_send(&l, T38_DATA_V17_14400, killer, sizeof killer, false);
    b_ticks(&p, 10);
    CHECK(!fw_terminal_done(p.b.t));
    liar_stop(&l);
}

/* The demodulators call the same function through the same table. */
static void killer_frame_on_audio(void **state)
{
    (void)state;
    struct pair p;
    const uint8_t killer[] = { 0xFF, 0x03, 0x06 };
    pair_init(&p, 1, ROWS, true);
    for (int i = 0; i < 60 && p.a.told[FW_TERMINAL_NEGOTIATED] == 0; i++)
        pair_run_audio(&p, 1);
    pair_run_audio(&p, 2);
    CHECK_INT(p.b.told[FW_TERMINAL_NEGOTIATED], 1);
    t30_hdlc_accept(p.b.t->t30, killer, sizeof killer, 1);
    CHECK(!fw_terminal_done(p.b.t));
    CHECK(fw_terminal_guarded());
    pair_done(&p);
}

/* Zeros for 1.5 s train the receiver; then the carrier of the page. */
static void train(struct liar *l)
{
    uint8_t zeros[54] = { 0 };
    t38_core_send_indicator(l->core, T38_IND_V17_14400_LONG_TRAINING);
    for (int i = 0; i < 50; i++) {
        const t38_data_field_t field = { T38_FIELD_T4_NON_ECM_DATA, zeros, sizeof zeros };
        CHECK_INT(t38_core_send_data_multi_field(l->core, T38_DATA_V17_14400, &field, 1, 0), 0);
        b_ticks(l->arg, 2);
    }
    const t38_data_field_t end = { T38_FIELD_T4_NON_ECM_SIG_END, zeros, 0 };
    CHECK_INT(t38_core_send_data_multi_field(l->core, T38_DATA_V17_14400, &end, 1, 0), 0);
    t38_core_send_indicator(l->core, T38_IND_NO_SIGNAL);
    b_ticks(l->arg, 100);
    t38_core_send_indicator(l->core, T38_IND_V17_14400_SHORT_TRAINING);
    b_ticks(l->arg, 10);
}

/* Both bits of the width in DCS: the library makes it -1 and clears a row that it never reserved. */
static void page_without_a_width(void **state)
{
    (void)state;
    const uint8_t dcs[] = { 0xFF, 0x13, 0x82, 0x00, 0x20, 0x03 };
    struct pair p;
    struct liar l;
    pair_init(&p, 1, ROWS, false);
    pair_switch(&p, false);
    liar_open(&l, to_b, &p);
    b_ticks(&p, 400);
    command_send(&l, dcs, sizeof dcs);
    CHECK_INT(p.b.told[FW_TERMINAL_UNDERWAY], 1);
    train(&l);
    CHECK(fw_terminal_done(p.b.t));
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_PACKETS);
    liar_stop(&l);
}

static void page_bomb(void **state)
{
    (void)state;
    struct liar l;
    struct pair p;
    struct rusage before, after;
    uint8_t frame[4 + 256];
    const uint8_t rcp[] = { 0xFF, 0x03, 0x86 }, pps[] = { 0xFF, 0x13, 0xBF, 0x2F, 0, 0, 255 };
    liar_start(&l, &p, true);
    getrusage(RUSAGE_SELF, &before);
    memset(frame, 0xFF, sizeof frame); /* T.6: one row as the one above it, in each bit */
    frame[1] = 0x03;
    frame[2] = 0x06;
    for (int i = 0; i < 256; i++) {
        frame[3] = (uint8_t)i;
        frame_send(&l, T38_DATA_V17_14400, frame, sizeof frame, false);
    }
    for (int i = 0; i < 3; i++)
        frame_send(&l, T38_DATA_V17_14400, rcp, sizeof rcp, i == 2);
    b_ticks(&p, 5);
    command_send(&l, pps, sizeof pps);
    b_ticks(&p, 100);
    getrusage(RUSAGE_SELF, &after);
    const struct fw_terminal_result *r = fw_terminal_result(p.b.t);
    CHECK(fw_terminal_done(p.b.t));
    CHECK_INT(r->guard, FW_GUARD_PAGE_BYTES);
    CHECK_INT(r->t30_code, 25);
    CHECK_INT(r->pages, 0);
    CHECK_INT(p.b.told[FW_TERMINAL_PAGE_RECEIVED], 0);
#ifndef __SANITIZE_ADDRESS__
    CHECK(after.ru_maxrss - before.ru_maxrss < 20 * 1024); /* 108 MB without the guard */
#endif
    liar_stop(&l);
}

/* Blocks without pause: each is honest in itself, together they would fill the disk. */
static void faster_than_a_line(void **state)
{
    (void)state;
    struct liar l;
    struct pair p;
    uint8_t frame[4 + 256] = { 0xFF, 0x03, 0x06 };
    const uint8_t rcp[] = { 0xFF, 0x03, 0x86 };
    liar_start(&l, &p, true);
    for (int block = 0; block < 8 && !fw_terminal_done(p.b.t); block++) {
        const uint8_t pps[] = { 0xFF, 0x13, 0xBF, 0x00, 0, (uint8_t)block, 255 };
        t38_core_send_indicator(l.core, T38_IND_V17_14400_SHORT_TRAINING);
        for (int i = 0; i < 256; i++) {
            frame[3] = (uint8_t)i;
            memset(frame + 4, i % 2 ? 0x35 : 0xAC, 256);
            frame_send(&l, T38_DATA_V17_14400, frame, sizeof frame, false);
        }
        for (int i = 0; i < 3; i++)
            frame_send(&l, T38_DATA_V17_14400, rcp, sizeof rcp, i == 2);
        b_ticks(&p, 5);
        command_send(&l, pps, sizeof pps);
        b_ticks(&p, 150);
    }
    CHECK(fw_terminal_done(p.b.t));
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_RATE);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 0);
    liar_stop(&l);
}

static void page_over_its_bytes(void **state)
{
    (void)state;
    struct pair p;
    struct fw_terminal_config a, b;
    pair_init(&p, 1, ROWS, true);
    fw_terminal_free(p.a.t);
    fw_terminal_free(p.b.t);
    pair_config(&p, true, &a, &b);
    b.page_bytes_max = 2000;
    pair_start(&p, &a, &b);
    pair_switch(&p, false);
    pair_run_t38(&p, 300);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_PAGE_BYTES);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 0);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    CHECK_INT(fw_terminal_result(p.a.t)->pages, 0);
    pair_done(&p);
}

static void more_pages_than_allowed(void **state)
{
    (void)state;
    struct pair p;
    struct fw_terminal_config a, b;
    pair_init(&p, 3, 300, true);
    fw_terminal_free(p.a.t);
    fw_terminal_free(p.b.t);
    pair_config(&p, true, &a, &b);
    b.pages_max = 2;
    pair_start(&p, &a, &b);
    pair_switch(&p, false);
    pair_run_t38(&p, 300);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_PAGES);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 2);
    CHECK_INT(fw_terminal_result(p.a.t)->pages, 2);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    pair_done(&p);
}

/* The library can send without end inside one call; here it is made to. */
static void packets_without_end(void **state)
{
    (void)state;
    struct pair p;
    int sent = 0;
    pair_init(&p, 1, 300, true);
    pair_switch(&p, false);
    pair_tick(&p);
    t38_core_state_t *core = t38_terminal_get_t38_core_state(p.a.t->t38);
    while (sent < 1000 && t38_core_send_indicator(core, 0x100 | T38_IND_CNG) >= 0)
        sent++;
    CHECK(sent > 32 && sent <= 64);
    fw_terminal_tick(p.a.t, 160);
    CHECK(fw_terminal_done(p.a.t));
    CHECK_INT(fw_terminal_result(p.a.t)->guard, FW_GUARD_PACKETS);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    pair_done(&p);
}

static void repeats_without_end(void **state)
{
    (void)state;
    struct liar l;
    struct pair p;
    const uint8_t crp[] = { 0xFF, 0x13, 0x1B };
    liar_start(&l, &p, true);
    for (int i = 0; i < 200 && !fw_terminal_done(p.b.t); i++) {
        command_send(&l, crp, sizeof crp);
        b_ticks(&p, 20);
    }
    CHECK(fw_terminal_done(p.b.t));
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_REPEATS);
    liar_stop(&l);
}

/* The receiver's line dies in page 2 of 3: one page is confirmed, and both say so. */
static void dies_in_page_two(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 3, ROWS, true);
    pair_switch(&p, false);
    for (int i = 0; i < 20000 && p.a.told[FW_TERMINAL_PAGE_SENT] == 0; i++)
        pair_tick(&p);
    for (int i = 0; i < 100; i++)
        pair_tick(&p);
    fw_terminal_hangup(p.b.t);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 1);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_HANGUP);
    CHECK(fw_terminal_result(p.b.t)->t30_code != 0);
    pair_run_t38(&p, 300);
    CHECK(fw_terminal_done(p.a.t));
    CHECK_INT(fw_terminal_result(p.a.t)->pages, 1);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    CHECK_INT(p.a.told[FW_TERMINAL_DONE], 1);
    pair_done(&p);
}

/* A BYE between the last MCF and the end changes nothing: the fax is delivered. */
static void hangup_after_the_last_confirmation(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 1, 300, true);
    pair_switch(&p, false);
    for (int i = 0; i < 20000 && p.a.told[FW_TERMINAL_PAGE_SENT] == 0; i++)
        pair_tick(&p);
    CHECK(!fw_terminal_done(p.a.t));
    fw_terminal_hangup(p.a.t);
    fw_terminal_hangup(p.b.t);
    CHECK_INT(fw_terminal_result(p.a.t)->t30_code, 0);
    CHECK_INT(fw_terminal_result(p.b.t)->t30_code, 0);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_NONE);
    pair_done(&p);
}

static void refuse(void *arg)
{
    struct pair *p = arg;
    fw_terminal_refuse_page(p->b.t);
}

static void refused_page_is_not_confirmed(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 1, 300, true);
    p.b.on_page = refuse;
    p.b.on_page_arg = &p;
    pair_switch(&p, false);
    pair_run_t38(&p, 300);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_DISK);
    CHECK_INT(fw_terminal_result(p.b.t)->t30_code, 41);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 0);
    CHECK_INT(fw_terminal_result(p.a.t)->pages, 0);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    pair_done(&p);
}

/* The library itself would confirm a page that the disk did not take. */
static void full_disk(bool ecm)
{
    struct pair p;
    struct rlimit old, small;
    pair_init(&p, 1, 1, ecm);
    page_file_make(p.tx, 1, ROWS, true);
    fw_terminal_free(p.a.t);
    fw_terminal_free(p.b.t);
    struct fw_terminal_config a, b;
    pair_config(&p, ecm, &a, &b);
    pair_start(&p, &a, &b);
    pair_switch(&p, false);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 32 * 1024;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    pair_run_t38(&p, 600);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    CHECK_INT(fw_terminal_result(p.b.t)->guard, FW_GUARD_DISK);
    CHECK_INT(fw_terminal_result(p.b.t)->t30_code, 41);
    CHECK_INT(fw_terminal_result(p.b.t)->pages, 0);
    CHECK_INT(fw_terminal_result(p.a.t)->pages, 0);
    CHECK(fw_terminal_result(p.a.t)->t30_code != 0);
    pair_done(&p);
}

static void full_disk_with_ecm(void **state)
{
    (void)state;
    full_disk(true);
}
static void full_disk_without_ecm(void **state)
{
    (void)state;
    full_disk(false);
}

static void silence(uint64_t idle, uint64_t call, enum fw_terminal_guard expected)
{
    struct pair p;
    struct fw_terminal_config a, b;
    pair_init(&p, 1, 300, true);
    fw_terminal_free(p.a.t);
    fw_terminal_free(p.b.t);
    pair_config(&p, true, &a, &b);
    b.idle_samples_max = idle;
    b.call_samples_max = call;
    pair_start(&p, &a, &b);
    int16_t out[160];
    for (int i = 0; i < 50 * 20 && !fw_terminal_done(p.b.t); i++)
        fw_terminal_audio(p.b.t, NULL, out, 160);
    CHECK(fw_terminal_done(p.b.t));
    CHECK_INT(fw_terminal_result(p.b.t)->guard, expected);
    CHECK_INT(fw_terminal_result(p.b.t)->t30_code, 49);
    CHECK(fw_terminal_result(p.b.t)->text[0] != '\0');
    pair_done(&p);
}

static void nothing_goes_on(void **state)
{
    (void)state;
    silence(5 * 8000, 0, FW_GUARD_IDLE);
}

/* The pages are confirmed up to EOP, or the call is wherever it is after so many seconds, and no packet comes any more:
 * both ends are through with it long before nothing_goes_on. */
static void leave(bool ecm, bool t38, bool unpaced, uint32_t second)
{
    struct pair p;
    int16_t out[160];
    pair_init(&p, 2, 2200, ecm);
    if (t38)
        pair_switch(&p, unpaced);
    while (!p.b.t->eop_confirmed && p.samples < (uint64_t)second * FW_TERMINAL_SECOND)
        t38 ? pair_tick(&p) : pair_run_audio_for(&p, 160);
    const bool received = p.b.t->eop_confirmed;
    CHECK(received || second <= 40);
    for (int i = 0; i < 50 * 70; i++) {
        t38 ? fw_terminal_tick(p.a.t, 160) : fw_terminal_audio(p.a.t, NULL, out, 160);
        t38 ? fw_terminal_tick(p.b.t, 160) : fw_terminal_audio(p.b.t, NULL, out, 160);
    }
    CHECK(fw_terminal_done(p.a.t) && fw_terminal_done(p.b.t));
    if (received)
        CHECK_INT(fw_terminal_result(p.b.t)->t30_code, 0);
    pair_done(&p);
}

static void the_far_end_is_gone(void **state)
{
    (void)state;
    for (int how = 0; how < 6; how++) {
        for (uint32_t second = 1; second <= 40; second += 3)
            leave(how % 2 == 0, how >= 2, how >= 4, second);
        leave(how % 2 == 0, how >= 2, how >= 4, 300);
    }
}

static void call_too_long(void **state)
{
    (void)state;
    silence(0, 10 * 8000, FW_GUARD_CALL);
}

/* Packets with octets changed at random: whatever happens, it ends, and nobody claims a delivery
 * that was not confirmed by the other. */
static void mutated_calls_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct pair p;
        struct fw_terminal_config a, b;
        pair_init(&p, 1, 60, seed % 4 != 0);
        fw_terminal_free(p.a.t);
        fw_terminal_free(p.b.t);
        pair_config(&p, seed % 4 != 0, &a, &b);
        a.call_samples_max = b.call_samples_max = 120 * 8000;
        pair_start(&p, &a, &b);
        p.seed = seed;
        p.mutate_permille = 20;
        pair_switch(&p, seed % 2 == 0);
        pair_run_t38(&p, 130);
        const struct fw_terminal_result *ra = fw_terminal_result(p.a.t);
        const struct fw_terminal_result *rb = fw_terminal_result(p.b.t);
        CHECK(ra->finished && rb->finished);
        CHECK((ra->t30_code == 0) == (ra->pages == 1));
        CHECK(rb->t30_code != 0 || rb->pages >= 1);
        CHECK_INT(p.a.told[FW_TERMINAL_DONE] + p.b.told[FW_TERMINAL_DONE], 2);
        pair_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_bomb), /* first: it looks at the peak of memory */
        cmocka_unit_test(killer_frame_on_t38),
        cmocka_unit_test(killer_frame_on_audio),
        cmocka_unit_test(page_without_a_width),
        cmocka_unit_test(faster_than_a_line),
        cmocka_unit_test(page_over_its_bytes),
        cmocka_unit_test(more_pages_than_allowed),
        cmocka_unit_test(packets_without_end),
        cmocka_unit_test(repeats_without_end),
        cmocka_unit_test(dies_in_page_two),
        cmocka_unit_test(hangup_after_the_last_confirmation),
        cmocka_unit_test(refused_page_is_not_confirmed),
        cmocka_unit_test(full_disk_with_ecm),
        cmocka_unit_test(full_disk_without_ecm),
        cmocka_unit_test(nothing_goes_on),
        cmocka_unit_test(the_far_end_is_gone),
        cmocka_unit_test(call_too_long),
        cmocka_unit_test(mutated_calls_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
