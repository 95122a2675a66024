/* Uploaded documents: the edge of this room to the file system. */
#include "api/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static bool path_of(const struct fw_uploads *u, int index, char ret[PATH_MAX])
{
    const int size = snprintf(ret, PATH_MAX, "%s/%s", u->dir, u->items[index].name);
    return size > 0 && size < PATH_MAX;
}

void fw_uploads_init(struct fw_uploads *u, const char *dir)
{
    *u = (struct fw_uploads){ .dir = dir, .fd = -1 };
}

static void remove_from(struct fw_uploads *u, int first)
{
    char path[PATH_MAX];
    for (int i = first; i < u->count; i++) {
        if (path_of(u, i, path))
            unlink(path);
    }
    if (u->count > first)
        u->count = first;
}

void fw_uploads_done(struct fw_uploads *u)
{
    if (!u->dir)
        return;
    fw_fd_close(&u->fd);
    remove_from(u, 0);
}

enum fw_err fw_uploads_begin(struct fw_uploads *u)
{
    char path[PATH_MAX];
    fw_assert(u->fd < 0);
    if (u->count == FW_MEDIA_URLS_MAX)
        return FW_LIMIT;
    fw_uuid_new(fw_wall_now(), u->items[u->count].name);
    u->items[u->count].size = 0;
    if (!path_of(u, u->count, path))
        return FW_IO;
    u->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (u->fd < 0)
        return FW_IO;
    u->count++;
    return FW_OK;
}

enum fw_err fw_uploads_data(struct fw_uploads *u, struct fw_span data)
{
    fw_assert(u->fd >= 0 && u->count > 0);
    u->items[u->count - 1].size += data.size;
    return fw_write_all(u->fd, data);
}

enum fw_err fw_uploads_end(struct fw_uploads *u, bool keep)
{
    fw_assert(u->fd >= 0 && u->count > 0);
    const bool synced = !keep || fsync(u->fd) == 0;
    fw_fd_close(&u->fd);
    if (!keep || !synced)
        remove_from(u, u->count - 1);
    return synced ? FW_OK : FW_IO;
}

/* What was written a moment ago is still in memory: this reads no disk. */
static enum fw_err hash_file(const char *path, uint64_t size, struct fw_hash *hash)
{
    uint8_t piece[64 * 1024];
    int fd CLEANUP(fw_fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return FW_IO;
    while (size > 0) {
        const ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || (uint64_t)got > size)
            return FW_IO;
        fw_hash_put(hash, (struct fw_span){ piece, (size_t)got });
        size -= (uint64_t)got;
    }
    return FW_OK;
}

enum fw_err fw_uploads_hash(const struct fw_uploads *u, struct fw_hash *hash)
{
    char path[PATH_MAX], size[32];
    fw_assert(u->fd < 0);
    for (int i = 0; i < u->count; i++) {
        snprintf(size, sizeof size, "%llu:", (unsigned long long)u->items[i].size);
        fw_hash_put(hash, fw_span_of(size));
        if (!path_of(u, i, path) || hash_file(path, u->items[i].size, hash))
            return FW_IO;
    }
    return FW_OK;
}

enum fw_err fw_uploads_move(struct fw_uploads *u, const char *folder)
{
    char from[PATH_MAX], to[PATH_MAX];
    fw_assert(u->fd < 0);
    for (int i = 0; i < u->count; i++) {
        const int size = snprintf(to, sizeof to, "%s/document-%d", folder, i + 1);
        if (size < 0 || (size_t)size >= sizeof to || !path_of(u, i, from) || rename(from, to) != 0)
            return FW_IO; /* those left are removed by done, those moved with the folder */
    }
    u->count = 0;
    return fw_dir_sync(folder);
}

enum fw_err fw_uploads_move_one(struct fw_uploads *u, const char *folder,
                                char ret_name[FW_UUID_SIZE])
{
    char from[PATH_MAX], to[PATH_MAX];
    fw_assert(u->fd < 0 && u->count == 1);
    memcpy(ret_name, u->items[0].name, FW_UUID_SIZE);
    const int size = snprintf(to, sizeof to, "%s/%s", folder, ret_name);
    if (size < 0 || (size_t)size >= sizeof to || !path_of(u, 0, from) || rename(from, to) != 0)
        return FW_IO;
    u->count = 0;
    return fw_dir_sync(folder);
}

size_t fw_uploads_head(const struct fw_uploads *u, uint8_t *dst, size_t size)
{
    char path[PATH_MAX];
    if (u->count < 1 || !path_of(u, 0, path))
        return 0;
    int fd CLEANUP(fw_fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t got = fd < 0 ? -1 : read(fd, dst, size);
    return got > 0 ? (size_t)got : 0;
}
