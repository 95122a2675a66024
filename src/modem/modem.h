/* modem.h - the loop of faxwire-modem: one channel, one clock, up to 64 calls.
 *
 * The loop's only waiting is in epoll, until the next 20 ms tick at the latest while a call is
 * open. Files and the coding of pages are left to a pool of threads; each call is with the loop or
 * with one worker. Sockets of paced calls are read at the tick, all at once.
 */
#ifndef FW_MODEM_MODEM_H
#define FW_MODEM_MODEM_H
#include "base/base.h"

struct fw_modem;
struct fw_pool;

/* Takes over `channel_fd` and `pool`. FW_IO, FW_NO_MEMORY. */
MUST_USE enum fw_err fw_modem_new(int channel_fd, struct fw_pool *pool, struct fw_modem **ret);
void fw_modem_free(struct fw_modem *m); /* ends its calls; NULL is fine */
/* Until STOP, the end of the channel, or a signal that set *stop. */
void fw_modem_run(struct fw_modem *m, const volatile int *stop);
#endif
