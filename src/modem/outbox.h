/* outbox.h - datagrams of an unpaced step, sent at the speed that a receive buffer can take.
 *
 * One step of an unpaced terminal can make 250 packets (an ECM block) or thousands (a page without
 * ECM) at once; a socket's usual receive buffer holds about 150 of them and UDP tells nobody. So
 * they leave in small portions a millisecond, and the terminal makes its next step when all are
 * out.
 */
#ifndef FW_MODEM_OUTBOX_H
#define FW_MODEM_OUTBOX_H
#include "base/buf.h"
#include "base/clock.h"

enum {
    FW_OUTBOX_BYTES_MAX = 8 * 1024 * 1024,
    FW_OUTBOX_PACKETS_A_MS = 32,
    FW_OUTBOX_BURST = 64,
};

struct fw_outbox {
    struct fw_buf bytes;  /* size (2 octets), datagram, … */
    size_t at;            /* of the next one */
    struct fw_mono since; /* packets were counted from here */
    uint32_t credit;
};

void fw_outbox_init(struct fw_outbox *o);
void fw_outbox_done(struct fw_outbox *o);
MUST_USE enum fw_err fw_outbox_put(struct fw_outbox *o, struct fw_span datagram);
bool fw_outbox_empty(const struct fw_outbox *o);
/* `send` returns false when the socket takes no more now. */
void fw_outbox_flush(struct fw_outbox *o, struct fw_mono now,
                     bool (*send)(void *arg, struct fw_span datagram), void *arg);
#endif
