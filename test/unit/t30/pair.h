/* pair.h - two terminals in one process, joined by lists of packets or by blocks of samples. */
#ifndef FW_TEST_PAIR_H
#define FW_TEST_PAIR_H
#include "t30/terminal.h"

enum { PAIR_PATH = 200 };

struct side {
    struct fw_terminal *t;
    struct packet *sent; /* by this side, not yet delivered */
    size_t sent_count, sent_size;
    uint16_t seq;
    uint32_t pages_told;
    uint32_t told[FW_TERMINAL_DONE + 1];
    struct fw_terminal_result last;
    void (*on_page)(void *arg); /* called when a page is told */
    void *on_page_arg;
};

struct pair {
    char folder[PAIR_PATH];
    char tx[PAIR_PATH + 16], rx[PAIR_PATH + 16];
    struct side a, b;    /* a calls and sends */
    int lose_permille;   /* of the packets from a to b; all copies of it */
    int mutate_permille; /* of the packets both ways: one octet changed */
    uint64_t seed;
    uint64_t samples; /* gone by */
    int16_t from_b[160];
};

/* Writes pages of 1728 pixels, fine; page n of a file differs from all others. */
void page_file_make(const char *path, int pages, uint32_t rows, bool dense);
/* A picture of which every row comes twice. */
void page_file_make_doubled(const char *path, uint32_t rows);
void pair_init(struct pair *p, int pages, uint32_t rows, bool ecm);
/* With changes to the defaults of pair_init made by the caller. */
void pair_config(const struct pair *p, bool ecm, struct fw_terminal_config *a,
                 struct fw_terminal_config *b);
void pair_start(struct pair *p, const struct fw_terminal_config *a,
                const struct fw_terminal_config *b);
void pair_done(struct pair *p);

void pair_switch(struct pair *p, bool unpaced);
/* One 20 ms tick and all packets both ways. */
void pair_tick(struct pair *p);
/* Until both are done or `seconds` of line time went by. */
void pair_run_t38(struct pair *p, uint32_t seconds);
void pair_run_audio(struct pair *p, uint32_t seconds);
void pair_run_audio_for(struct pair *p, uint64_t samples);
void side_deliver(struct pair *p, struct side *from, struct side *to, int lose_permille);
#endif
