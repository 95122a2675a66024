/* program.h - the real modem program with its channel, and sockets on loopback for two calls. */
#ifndef FW_TEST_MODEM_PROGRAM_H
#define FW_TEST_MODEM_PROGRAM_H
#include "fax/call.h"
#include "ipc/channel.h"
#include "pair.h"
#include <sys/types.h>

enum { CALLS = 2, DEADLINE_MS = 300 * 1000 }; /* of what never comes: a call at line speed takes half a minute */
extern const char *const ids[CALLS]; /* the first calls and sends out.tif, the second answers */

struct bench {
    char folder[PAIR_PATH], tx[PAIR_PATH + 16], rx[PAIR_PATH + 64];
    pid_t pid;
    struct fw_channel *channel;
    uint16_t ports[CALLS];
    uint32_t told[CALLS][FW_MSG_KIND_COUNT];
    uint32_t tones[CALLS][3];
    uint32_t pages[CALLS];
    uint32_t repeated_frames[CALLS]; /* of the page tried last */
    struct fw_msg_fax_result results[CALLS];
    long late_us_max; /* of its ticks, when it was stopped in order */
};

/* Starts the program with a page file of so many pages. */
void bench_start(struct bench *b, int pages, uint32_t rows);
void bench_start_for(struct bench *b, int pages, uint32_t rows, uint32_t calls_max);
void bench_stop(struct bench *b);
/* Ends the program and says what it cost. */
void program_stop(struct bench *b);
void send_msg(struct bench *b, const struct fw_msg *m, int fd);
/* Until `kind` came `count` times in all (0: until the program is gone). False: it did not. */
bool wait_for(struct bench *b, enum fw_msg_kind kind, uint32_t count);
int udp_socket(uint16_t *ret_port); /* bound to a free port */
void call_open(struct bench *b, int i, int fd, int pages);
void call_switch(struct bench *b, int i, enum fw_call_transport transport);
void calls_open(struct bench *b, int pages); /* each is the other's peer */
void calls_switch(struct bench *b, enum fw_call_transport transport);
#endif
