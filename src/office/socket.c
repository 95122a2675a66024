/* LibreOffice names its socket after user and profile; one that is left behind stops the next start. */
#include "office/socket.h"
#include "base/base.h"
#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ENTRIES_MAX = 100000 };

static bool is_dead(const char *name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    const int size = snprintf(at.sun_path, sizeof at.sun_path, "/tmp/%s", name);
    struct stat st;
    if (size <= 0 || (size_t)size >= sizeof at.sun_path || lstat(at.sun_path, &st) != 0 ||
        !S_ISSOCK(st.st_mode) || st.st_uid != getuid())
        return false;
    int fd CLEANUP(fw_fd_close) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0 &&
           errno == ECONNREFUSED;
}

void fw_office_sockets_remove(void)
{
    char prefix[64];
    const int size = snprintf(prefix, sizeof prefix, "OSL_PIPE_%u_SingleOfficeIPC_", (unsigned)getuid());
    DIR *tmp = opendir("/tmp");
    if (!tmp)
        return;
    struct dirent *entry;
    for (int i = 0; i < ENTRIES_MAX && (entry = readdir(tmp)); i++) {
        if (strncmp(entry->d_name, prefix, (size_t)size) == 0 && is_dead(entry->d_name))
            (void)unlinkat(dirfd(tmp), entry->d_name, 0);
    }
    closedir(tmp);
}
