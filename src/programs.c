/* Finding our programs, and the lock that tells whether those of an earlier run still live. */
#include "programs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"

enum {
    LOCK_WAIT_MS = 15 * 1000,
    PORT_MIN = 20000,
    PORT_MAX = 32000,
    PORT_TRIES = 200,
};

enum fw_err fw_programs_find(struct fw_programs *ret, struct fw_fault *fault)
{
    char self[4000];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size <= 0) {
        fw_fault_set(fault, "", "the own program file cannot be found: %s", strerror(errno));
        return FW_IO;
    }
    self[size] = 0;
    *strrchr(self, '/') = 0;
    const struct { char *path; const char *name; } all[] = {
        { ret->line, "faxwire-line" }, { ret->modem, "faxwire-modem" },
        { ret->render, "faxwire-render" }, { ret->office, "faxwire-office" }, { ret->barcode, "faxwire-barcode" },
        { ret->carrier, "faxwire-carrier" },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        snprintf(all[i].path, sizeof ret->line, "%s/%s", self, all[i].name);
        if (access(all[i].path, X_OK) < 0) {
            fw_fault_set(fault, all[i].name, "is missing beside the faxwire program; install it whole");
            return FW_NOT_FOUND;
        }
    }
    return FW_OK;
}

enum fw_err fw_children_lock(const char *data_dir, struct fw_fault *fault, int *ret_fd)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/children.lock", data_dir);
    int fd CLEANUP(fw_fd_close) = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        fw_fault_set(fault, path, "cannot be made: %s", strerror(errno));
        return FW_IO;
    }
    const enum fw_err err = fw_file_lock(fd, LOCK_WAIT_MS, "programs_of_an_earlier_run");
    if (err == FW_IO)
        fw_fault_set(fault, path, "cannot be locked: %s", strerror(errno));
    else if (err)
        fw_fault_set(fault, path, "is held by a program of an earlier run; stop it first");
    if (err)
        return err;
    *ret_fd = fd;
    fd = -1;
    return FW_OK;
}

static bool port_free(int type, uint16_t port)
{
    int fd CLEANUP(fw_fd_close) = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
}

bool fw_free_sip_port(uint16_t *ret)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        const uint16_t port = (uint16_t)(PORT_MIN + fw_random_u64() % (PORT_MAX - PORT_MIN));
        if (port_free(SOCK_DGRAM, port) && port_free(SOCK_STREAM, port)) {
            *ret = port;
            return true;
        }
    }
    return false;
}
