/* A page that takes long to be stored: the confirmation is late, and the far end has asked again meanwhile. */
#include "page/page.h"
#include "pair.h"
#include "t30/engine.h"
#include "test.h"

enum { BLOCK = 160, BLOCKS_A_SECOND = FW_TERMINAL_SECOND / BLOCK, ROWS = 300, PAGES = 3, CATCH_UP = 20 };

static void start(struct pair *p, bool ecm)
{
    struct fw_terminal_config a, b;
    pair_init(p, PAGES, ROWS, ecm);
    fw_terminal_free(p->a.t);
    fw_terminal_free(p->b.t);
    p->a.seq = 0;
    pair_config(p, ecm, &a, &b);
    b.deferring = true; /* as in a modem: a worker stores the page while the clock goes on */
    pair_start(p, &a, &b);
    pair_switch(p, false);
}

/* What waits is the command after a page, so that the worker stores one. */
static bool stores_a_page(const struct fw_terminal *t)
{
    const uint8_t fcf = t->guards.deferred_count > 0 ? t->guards.deferred[0].msg[2] & 0xFE : 0;
    return fcf == (T30_PPS & 0xFE) || fcf == (T30_MPS & 0xFE) || fcf == (T30_EOP & 0xFE);
}

/* Until both are done; every page takes `late` blocks to be stored. */
static void run(struct pair *p, unsigned late)
{
    unsigned waits = 0;
    for (int i = 0; i < 300 * BLOCKS_A_SECOND && !(fw_terminal_done(p->a.t) && fw_terminal_done(p->b.t)); i++) {
        pair_tick(p);
        if (!fw_terminal_has_work(p->b.t) || (stores_a_page(p->b.t) && ++waits < late))
            continue;
        fw_terminal_work(p->b.t);
        side_deliver(p, &p->b, &p->a, 0);
        for (unsigned k = 0; k < waits && k < CATCH_UP && !fw_terminal_has_work(p->b.t); k++)
            fw_terminal_tick(p->b.t, BLOCK);
        waits = 0;
    }
    /* No page is confirmed that is not there. */
    CHECK(fw_terminal_result(p->a.t)->pages <= fw_terminal_result(p->b.t)->pages);
}

/* T4 is 3 s, and there are three tries (ITU-T T.30 clause 5.4.3.1): with the time that a command takes, over 10 s. Without
 * ECM an answer that begins in the very blocks in which the far end begins its next try still meets it. */
static void delivered_as_long_as_the_far_end_asks(void **state)
{
    (void)state;
    int failed[2] = { 0 };
    for (unsigned tenths = 0; tenths <= 100; tenths++) {
        for (int ecm = 0; ecm < 2; ecm++) {
            struct pair p;
            start(&p, ecm != 0);
            run(&p, tenths * BLOCKS_A_SECOND / 10);
            struct fw_page_difference difference = { "" };
            struct fw_fault fault = { 0 };
            uint32_t count = 0;
            const struct fw_terminal_result *a = fw_terminal_result(p.a.t), *b = fw_terminal_result(p.b.t);
            const bool whole = a->t30_code == 0 && b->t30_code == 0 && a->pages == PAGES && b->pages == PAGES &&
                               fw_pages_equal(p.tx, p.rx, &count, &difference, &fault) == FW_OK;
            if (!whole)
                print_message("# ecm %d, %u.%u s late: %u and %u pages, codes %d and %d\n", ecm, tenths / 10, tenths % 10,
                              a->pages, b->pages, a->t30_code, b->t30_code);
            failed[ecm] += !whole;
            pair_done(&p);
        }
    }
    CHECK_INT(failed[1], 0);
    CHECK(failed[0] <= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivered_as_long_as_the_far_end_asks),
    };
    return fw_terminal_guarded() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
