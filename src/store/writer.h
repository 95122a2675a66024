/* writer.h - the one thread that writes: it commits what callers hand it, in groups.
 *
 * Group commit: while one fsync runs, the next callers queue; their writes then share the next
 * fsync. Each write runs in a savepoint of its own, so a failed one undoes only itself.
 */
#ifndef FW_STORE_WRITER_H
#define FW_STORE_WRITER_H
#include "store/db.h"

enum { FW_WRITER_QUEUE_MAX = 1024, FW_WRITER_BATCH_MAX = 256 };

struct fw_writer;

/* Runs on the writer's thread inside a transaction. What it returns other than FW_OK undoes it. */
typedef enum fw_err fw_write_fn(struct fw_db *db, void *arg);

/* Takes `db` over when it succeeds. */
MUST_USE enum fw_err fw_writer_start(struct fw_db *db, struct fw_writer **ret);
/* Writes what is queued, refuses more, ends the thread, closes the connection. NULL is fine. */
void fw_writer_stop(struct fw_writer *w);

/* Blocks until the write is on disk or has failed: what `fn` returned, FW_IO when the commit
 * failed, FW_BUSY when the writer is stopping. Never from the writer's own thread. */
MUST_USE enum fw_err fw_writer_do(struct fw_writer *w, fw_write_fn *fn, void *arg);

void fw_writer_on_delivery(struct fw_writer *w, void (*fn)(void *arg), void *arg);
void fw_writer_on_event(struct fw_writer *w, void (*fn)(void *arg), void *arg);

struct fw_writer_counts {
    int64_t commits, writes;
    int queued;
};
struct fw_writer_counts fw_writer_count(struct fw_writer *w);
#endif
