/* mailbox.h - how one thread leaves values for another, which waits on a descriptor.
 *
 * Items of one size are copied in and out. Any thread may put; one thread takes.
 */
#ifndef FW_MAILBOX_H
#define FW_MAILBOX_H
#include "base/base.h"

struct fw_mailbox;

MUST_USE enum fw_err fw_mailbox_new(size_t item_size, struct fw_mailbox **ret);
void                 fw_mailbox_free(struct fw_mailbox *m); /* drops what is in it; NULL is fine */
/* FW_NO_MEMORY; the item is then not in. */
MUST_USE enum fw_err fw_mailbox_put(struct fw_mailbox *m, const void *item);
/* False when empty. */
MUST_USE bool fw_mailbox_take(struct fw_mailbox *m, void *ret_item);
/* Readable (poll) while something is in. */
int fw_mailbox_fd(const struct fw_mailbox *m);
#endif
