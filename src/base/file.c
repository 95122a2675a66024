/* Files written whole and synced; folders made, synced and removed. */
#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { FILES_FREE_MIN = 64, LOCK_TRY_MS = 20 };

void fw_fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool fw_disk_has(const char *path, uint64_t size)
{
    struct statvfs disk;
    if (statvfs(path, &disk) < 0)
        return false;
    const bool nodes = disk.f_files == 0 || disk.f_favail > FILES_FREE_MIN;
    return nodes && (uint64_t)disk.f_bavail * disk.f_frsize >= size;
}

bool fw_dir_in_memory(const char *path)
{
    struct statfs disk;
    return statfs(path, &disk) == 0 && (disk.f_type == TMPFS_MAGIC || disk.f_type == RAMFS_MAGIC);
}

enum fw_err fw_dir_make(const char *path)
{
    char part[PATH_MAX];
    const size_t size = strlen(path);
    if (size == 0 || size >= sizeof part)
        return FW_INVALID;
    memcpy(part, path, size + 1);
    for (size_t i = 1; i <= size; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        const char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return FW_IO;
        part[i] = kept;
    }
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? FW_OK : FW_IO;
}

enum fw_err fw_dir_sync(const char *path)
{
    int fd CLEANUP(fw_fd_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? FW_OK : FW_IO;
}

void fw_dir_remove(const char *path, int depth)
{
    DIR *dir = depth > 0 ? opendir(path) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char child[PATH_MAX];
        const bool self = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        const int size = snprintf(child, sizeof child, "%s/%s", path, e->d_name);
        if (self || size < 0 || (size_t)size >= sizeof child)
            continue;
        struct stat st;
        if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
            fw_dir_remove(child, depth - 1);
        else
            unlink(child);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

enum fw_err fw_file_read(const char *path, size_t size_max, struct fw_buf *ret)
{
    int fd CLEANUP(fw_fd_close) = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? FW_NOT_FOUND : FW_IO;
    fw_buf_init(ret, size_max);
    for (;;) {
        uint8_t part[16384];
        const ssize_t size = read(fd, part, sizeof part);
        if (size < 0 && errno == EINTR)
            continue;
        const enum fw_err err =
            size < 0 ? FW_IO : fw_buf_put(ret, (struct fw_span){ part, (size_t)size });
        if (err)
            fw_buf_done(ret);
        if (err || size == 0)
            return err;
    }
}

enum fw_err fw_write_all(int fd, struct fw_span data)
{
    while (data.size > 0) {
        const ssize_t size = write(fd, data.data, data.size);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return FW_IO;
        data.data += size;
        data.size -= (size_t)size;
    }
    return FW_OK;
}

enum fw_err fw_file_write(const char *path, struct fw_span data, unsigned mode)
{
    char temp[PATH_MAX], dir[PATH_MAX];
    const int size = snprintf(temp, sizeof temp, "%s.new", path);
    const char *slash = strrchr(path, '/');
    if (size < 0 || (size_t)size >= sizeof temp)
        return FW_INVALID;
    if (slash && slash != path)
        snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    else
        snprintf(dir, sizeof dir, "%s", slash ? "/" : ".");

    int fd CLEANUP(fw_fd_close) = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return FW_IO;
    if (fw_write_all(fd, data) || fsync(fd) != 0 || rename(temp, path) != 0) {
        unlink(temp);
        return FW_IO;
    }
    return fw_dir_sync(dir);
}

enum fw_err fw_file_lock(int fd, int64_t ms, const char *what)
{
    const struct fw_mono until = { fw_mono_now().us + ms * 1000 };
    const struct timespec pause = { .tv_nsec = LOCK_TRY_MS * 1000000L };
    for (bool told = false; flock(fd, LOCK_EX | LOCK_NB) < 0; told = true) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return FW_IO;
        if (!told)
            fw_log(FW_LOG_INFO, "lock.waiting", "for=%s", what);
        if (fw_mono_wait_ms(fw_mono_now(), until) == 0)
            return FW_CONFLICT;
        nanosleep(&pause, NULL);
    }
    return FW_OK;
}
