/* hosts.h - how much of the notifier each receiver may use at a time.
 *
 * A receiver is a host and port. One that failed several times in a row gets one send at a time
 * until it answers again, so that dead receivers do not use up what the others need. Deliveries
 * that must wait for their receiver are remembered by id only. Pure.
 */
#ifndef FW_HOSTS_H
#define FW_HOSTS_H
#include "base/base.h"

struct fw_hosts;

enum { FW_PARKED_MAX = 2048, FW_PARKED_SUSPECT_MAX = 64 };

MUST_USE enum fw_err fw_hosts_new(int host_max, struct fw_hosts **ret);
void                 fw_hosts_free(struct fw_hosts *h); /* NULL is fine */

/* True: a send to `name` may start and is counted; `*ret_host` names it until fw_hosts_end. */
MUST_USE bool fw_hosts_begin(struct fw_hosts *h, const char *name, int *ret_host);
/* Counts it out; deliveries that may go now are no longer parked. */
void fw_hosts_end(struct fw_hosts *h, int host, bool ok);

enum fw_parking {
    FW_PARKING_OK,
    FW_PARKING_REFUSED, /* enough wait for this receiver, which keeps failing: put it off */
    FW_PARKING_FULL,    /* no more can be remembered before a send has ended */
};
/* Remembers a delivery that fw_hosts_begin refused. */
enum fw_parking fw_hosts_park(struct fw_hosts *h, const char *name, int64_t delivery);
/* The parked ones; valid until the next call. */
const int64_t *fw_hosts_parked(const struct fw_hosts *h, int *ret_count);
#endif
