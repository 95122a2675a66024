/* Reading back what the library wrote, and syncing it. */
#include "t30/pagefile.h"
#include "base/file.h"
#include "page/page.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static enum fw_err folder_sync(const char *path)
{
    char folder[256];
    const char *slash = strrchr(path, '/');
    if (!slash)
        return fw_dir_sync(".");
    const size_t size = slash == path ? 1 : (size_t)(slash - path);
    if (size >= sizeof folder)
        return FW_IO;
    memcpy(folder, path, size);
    folder[size] = '\0';
    return fw_dir_sync(folder);
}

enum fw_err fw_pagefile_secure(const char *path, uint32_t index, struct fw_fault *fault)
{
    const enum fw_err err = fw_page_check(path, index, fault);
    if (err)
        return err;
    int fd CLEANUP(fw_fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    struct statfs disk;
    if (fd < 0 || fstat(fd, &st) != 0 || fstatfs(fd, &disk) != 0 || fsync(fd) != 0) {
        fw_fault_set(fault, "", "the received file cannot be synced: %s", strerror(errno));
        return FW_IO;
    }
    if (st.st_size > FW_PAGEFILE_BYTES_MAX) {
        fw_fault_set(fault, "", "the received file is over its size");
        return FW_LIMIT;
    }
    if ((uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize < FW_PAGEFILE_SPARE_BYTES) {
        fw_fault_set(fault, "", "the disk is full");
        return FW_LIMIT;
    }
    if (index == 0 && folder_sync(path) != FW_OK) {
        fw_fault_set(fault, "", "the spool folder cannot be synced");
        return FW_IO;
    }
    return FW_OK;
}
