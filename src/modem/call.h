/* call.h - one call in the modem: its socket, its fax machine, its journal, what it reports.
 *
 * Belongs to one thread at a time: the modem's loop, which may not block, or a worker, which does
 * what touches the disk or takes milliseconds (new, work, close).
 * Every fact is in the journal before it is reported. The working directory is the spool folder.
 */
#ifndef FW_MODEM_CALL_H
#define FW_MODEM_CALL_H
#include "base/clock.h"
#include "base/pcap.h"
#include "ipc/msg.h"

enum { FW_MODEM_TICK_SAMPLES = 160, FW_MODEM_TICK_US = 20000 };

struct fw_modem_call;
/* Tells the parent. */
typedef void fw_modem_report(void *arg, const struct fw_msg *msg);

/* May block. Takes over `fd`, also when it fails; then FAX_RESULT was reported, as after every MEDIA_OPEN. */
MUST_USE enum fw_err fw_modem_call_new(const struct fw_msg_media_open *open, int fd,
                                       uint32_t page_bytes_max, fw_modem_report *report,
                                       void *report_arg, struct fw_modem_call **ret);
/* May block. Ends the fax if it is not over, reports its result if that was not done, and frees. */
void fw_modem_call_close(struct fw_modem_call *c);
void fw_modem_call_switch(struct fw_modem_call *c, const struct fw_msg_media_switch *to);
/* From now on every datagram goes there too. Takes `trace` over. */
void fw_modem_call_trace(struct fw_modem_call *c, struct fw_pcap trace);

/* A re-INVITE of ours is out, or has got its answer. Until then a far end that says nothing is not one that is gone:
 * the fax machine stands still (answering: whatever comes), and the line has its own deadline. */
void fw_modem_call_pending(struct fw_modem_call *c, bool pending);

const char *fw_modem_call_id(const struct fw_modem_call *c);
int fw_modem_call_fd(const struct fw_modem_call *c);

/* Something is left over for a worker, until that has returned nothing else may be called. */
bool fw_modem_call_has_work(const struct fw_modem_call *c);
void fw_modem_call_work(struct fw_modem_call *c, struct fw_mono now); /* may block */

/* Its datagrams are to be taken as they come, not once a tick. */
bool fw_modem_call_eager(const struct fw_modem_call *c);
/* The socket can be read: takes what is there, within bounds, and steps an unpaced machine. */
void fw_modem_call_readable(struct fw_modem_call *c, struct fw_mono now);
/* Every 20 ms. */
void fw_modem_call_tick(struct fw_modem_call *c, struct fw_mono now);
/* Sends what waits. True: something still does, call again in a millisecond. */
bool fw_modem_call_flush(struct fw_modem_call *c, struct fw_mono now);
/* Its result is told and its last datagram has left: nothing to wait for, least of all for a line
 * that may be gone. */
bool fw_modem_call_over(const struct fw_modem_call *c);
#endif
