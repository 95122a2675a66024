/* receive.h - takes the calls that come in and makes faxes of them.
 *
 * One thread owns all decisions: whether a call is taken (before anything is answered), what its
 * fax is by now, what becomes of it when a program dies. A change is in the store before it is
 * acted upon. A second thread turns what a modem left into the document.
 *
 * A page is on disk and in the modem's journal before it is confirmed to the sender. So whatever
 * dies, at the latest the next start finds every confirmed page and delivers it.
 */
#ifndef FW_RECEIVE_H
#define FW_RECEIVE_H
#include <stdatomic.h>

#include "ipc/msg.h"
#include "ipc/seats.h"
#include "store/store.h"

/* What this room needs from others; called from its own thread, may not call back. */
struct fw_receive_port {
    void (*send)(void *arg, const struct fw_msg *msg); /* to the line, a modem, the carrier */
    void (*send_with)(void *arg, const struct fw_msg *msg, int fd); /* `fd` is taken over; only of traced calls */
    /* The barcodes on the first `pages` pages of the file `tif` of `fax` (fax/barcode.h), as JSON that is the caller's;
     * NULL: they cannot be read, which was logged, or `stop`. Takes `wall_ms` at the most; from two threads of this
     * room. NULL: there are never any. */
    char *(*read_codes)(void *arg, const char *fax, const char *tif, int pages, uint32_t wall_ms,
                        const atomic_bool *stop);
    void *arg;
};

struct fw_receive_config {
    struct fw_store *store;
    const char *ident;         /* our CSI: up to 20 characters; empty: the called number */
    int         modem_count;
    struct fw_seats *seats;    /* shared with who places calls */
    int         calls_max;     /* at the same time; 503 beyond */
    struct fw_limits limits;
    uint32_t    trace_bytes_max; /* of the packets of one call */
    uint64_t    disk_free_min; /* bytes that must be free for a call to be taken */
};

struct fw_receive;

/* Recovers first: what modems of an earlier run left is taken out of the spool. So it must run
 * before any modem is started, and before the spool is cleared. */
MUST_USE enum fw_err fw_receive_new(const struct fw_receive_config *config,
                                    const struct fw_receive_port *port, struct fw_receive **ret);
MUST_USE enum fw_err fw_receive_start(struct fw_receive *r);
/* What the thread does over and over: takes what was noted, acts on what is due. Returns the milliseconds until
 * it must be called again. For whoever drives the room without fw_receive_start: documents are then made inside
 * of it. */
int fw_receive_turn(struct fw_receive *r);
/* From now on no call is taken; drained once those in progress have become documents. From any thread. */
void fw_receive_drain(struct fw_receive *r);
MUST_USE bool fw_receive_drained(const struct fw_receive *r);
/* Decides nothing any more. Calls in progress stay as the store and the journals have them. */
void fw_receive_stop(struct fw_receive *r);
void fw_receive_free(struct fw_receive *r); /* NULL is fine */

/* From any thread. */
void fw_receive_message(struct fw_receive *r, const struct fw_msg *msg);
void fw_receive_line(struct fw_receive *r, bool up, uint16_t sip_port);
void fw_receive_modem(struct fw_receive *r, uint8_t modem, bool up);
/* The fax was deleted while it is being received; the store knows. */
void fw_receive_cancel(struct fw_receive *r, const char *fax);
#endif
