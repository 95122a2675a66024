/* reader.h - a small pool of read-only connections; each sees one committed state at a time. */
#ifndef FW_STORE_READER_H
#define FW_STORE_READER_H
#include "store/db.h"

enum { FW_READERS = 4 };

struct fw_readers;

MUST_USE enum fw_err fw_readers_open(const char *path, struct fw_readers **ret,
                                     struct fw_fault *fault);
void fw_readers_close(struct fw_readers *r); /* waits for those taken; NULL is fine */

/* One connection for this thread inside a read transaction, so that all its statements see the same
 * state; waits for a free one. Give it back by fw_reader_give (for CLEANUP, after the statements').
 */
struct fw_reader_use {
    struct fw_readers *pool;
    struct fw_db *db;
    enum fw_err err;
};
struct fw_reader_use fw_reader_take(struct fw_readers *r);
void fw_reader_give(struct fw_reader_use *use);
#endif
