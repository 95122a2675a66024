/* sim.h - a whole fax call in memory: two machines, our UDPTL or RTP between them, and a network that loses,
 * delays, repeats, reorders and damages datagrams. Time is counted, not waited for; everything follows from the
 * seed. */
#ifndef FW_SIM_H
#define FW_SIM_H
#include "proto/rtp.h"
#include "t30/terminal.h"

struct sim_network {
    unsigned loss;         /* of 10,000 datagrams */
    unsigned duplicates;   /* of 10,000 */
    unsigned damage;       /* of 10,000: cut, grown, bits changed, an older one or noise instead */
    unsigned delay_ms;     /* 0: 30 */
    unsigned jitter_ms;    /* added, evenly spread: datagrams overtake each other */
};

struct sim_call {
    uint64_t seed;
    const char *tx_path, *rx_path;
    bool audio;              /* G.711 instead of T.38 */
    enum fw_codec codec;
    bool no_ecm;
    bool no_t6;
    unsigned redundancy;     /* UDPTL */
    int drift_ppm;           /* how much faster the receiving end's clock goes */
    unsigned seconds_max;    /* limit of the machines themselves; 0: 600 */
    struct sim_network network;
};

struct sim_result {
    struct fw_terminal_result sent, received;
    double seconds;    /* of line time until both ends were through */
    bool over_limit;   /* an end went on past its own limit */
    uint64_t lost;     /* IFP packets that redundancy did not bring back, or samples missing */
    bool delivered;    /* both ends say so */
};

void sim_run(const struct sim_call *call, struct sim_result *ret);
/* One page of text-like marks: `rows` fine rows, about 9 bytes of T.6 code a row. */
void sim_page_make(const char *path, int pages, uint32_t rows);
#endif
