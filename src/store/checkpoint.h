/* checkpoint.h - moves what was committed from the log into the database, beside the writer.
 *
 * A checkpoint of thousands of pages takes as long as a hundred commits, and whoever waits for a
 * commit would wait for it. So a thread with a connection of its own moves the pages while the writer
 * goes on; what came meanwhile is little, and the writer moves it itself to begin its log anew.
 * Inside of this room only.
 */
#ifndef FW_STORE_CHECKPOINT_H
#define FW_STORE_CHECKPOINT_H
#include "store/db.h"

struct fw_checkpointer;

/* `path` of the database. Opens nothing before it is first asked. */
MUST_USE enum fw_err fw_checkpointer_start(const char *path, struct fw_checkpointer **ret);
void fw_checkpointer_stop(struct fw_checkpointer *c); /* NULL is fine */
/* The writer's, after a commit, with the pages of the log: asks for a checkpoint when it is time. */
void fw_checkpointer_note(struct fw_checkpointer *c, int pages);
/* The writer's, between two batches: begins the log anew after a checkpoint. */
void fw_checkpointer_finish(struct fw_checkpointer *c, struct fw_db *writer);
#endif
