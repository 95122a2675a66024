/* file.h - files whose loss would matter: written whole, synced, then named. */
#ifndef FW_FILE_H
#define FW_FILE_H
#include "base/buf.h"

void fw_fd_close(int *fd); /* for CLEANUP; -1 is fine */

/* Makes the folder and its parents, mode 0700. */
MUST_USE enum fw_err fw_dir_make(const char *path);
/* fsync(2) of the folder itself, so that a new name in it survives power loss. */
MUST_USE enum fw_err fw_dir_sync(const char *path);
/* Removes a folder and what is in it; only regular files and folders, `depth` levels down. */
void fw_dir_remove(const char *path, int depth);

/* The file system of `path` has so many bytes free for us, and some files. False also when it cannot be asked. */
MUST_USE bool fw_dir_in_memory(const char *path); /* on a file system without a disk: tmpfs, ramfs */
MUST_USE bool fw_disk_has(const char *path, uint64_t size);

MUST_USE enum fw_err fw_file_read(const char *path, size_t size_max, struct fw_buf *ret);
/* temp file beside it, fsync, rename, fsync of the folder. */
MUST_USE enum fw_err fw_file_write(const char *path, struct fw_span data, unsigned mode);
MUST_USE enum fw_err fw_write_all(int fd, struct fw_span data);

/* flock(2), exclusive. Who was killed may hold it for a moment longer: in a program that it was just starting.
 * FW_CONFLICT: still held after `ms`; FW_IO with errno. `what` is for the log, when it waits. */
MUST_USE enum fw_err fw_file_lock(int fd, int64_t ms, const char *what);
#endif
