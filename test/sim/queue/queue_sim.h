/* queue_sim.h - the queue and the store under virtual time, with scripted far ends and faults.
 *
 * One thread drives everything (the store's writer is only ever waited for). A run is one seed: which
 * faxes, which far ends, which faults. After each step the promises of the queue are checked; a broken
 * one ends the run.
 */
#ifndef FW_QUEUE_SIM_H
#define FW_QUEUE_SIM_H
#include <stdbool.h>
#include <stdint.h>

struct sim_report {
    uint64_t hash;        /* of everything that was sent and stored, with its time */
    char     fault[512];  /* empty: all promises were kept */
    int      faxes, calls, delivered, failed, retried, crashes, disk_failures, told, told_again;
    int64_t  virtual_us;
};
/* `trace`: every step on stderr. */
void queue_sim_run(uint64_t seed, bool trace, struct sim_report *ret);
#endif
