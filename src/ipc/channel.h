/* channel.h - one end of a SOCK_SEQPACKET pair between two of our programs.
 *
 * Never blocks. What the peer does not take at once waits in a bounded queue; a peer that lets
 * it fill up is treated as dead. One thread uses a channel at a time.
 */
#ifndef FW_CHANNEL_H
#define FW_CHANNEL_H
#include "ipc/msg.h"

struct fw_channel;

/* Takes over `fd` (made nonblocking and close-on-exec). */
MUST_USE enum fw_err fw_channel_new(int fd, struct fw_channel **ret);
void                 fw_channel_free(struct fw_channel *c); /* closes; NULL is fine */
int                  fw_channel_fd(const struct fw_channel *c);
/* True while something waits: poll for writing and call fw_channel_flush. */
bool fw_channel_wants_write(const struct fw_channel *c);

/* `fd` (or -1) goes along and stays the caller's. FW_LIMIT: the queue is full; FW_IO: peer gone. */
MUST_USE enum fw_err fw_channel_send(struct fw_channel *c, const struct fw_msg *msg, int fd);
MUST_USE enum fw_err fw_channel_flush(struct fw_channel *c);
/* One message. `*ret_fd` is -1 or a descriptor that is now the caller's (close-on-exec).
 * FW_BUSY: nothing there; FW_NOT_FOUND: the peer closed; FW_PROTOCOL: a malformed message was
 * dropped, go on; FW_IO: the channel is broken. */
MUST_USE enum fw_err fw_channel_receive(struct fw_channel *c, struct fw_msg *ret, int *ret_fd);
#endif
