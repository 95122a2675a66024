/* A slow disk: preloaded into a service, it makes every sync of a file take longer, and keeps a record of all.
 *
 * FAXWIRE_SLOW_DISK is a file with two numbers, read at each sync: milliseconds in modems, and in all other programs.
 * FAXWIRE_SLOW_DISK_LOG gets a line for each sync, written when it is over: program, call, when it began and ended.
 * Both are opened before main, because a modem's sandbox lets nothing be opened afterwards. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

enum { US = 1000000 };

static int control = -1, record = -1;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void)
{
    const char *control_path = getenv("FAXWIRE_SLOW_DISK"), *record_path = getenv("FAXWIRE_SLOW_DISK_LOG");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    control = control_path ? open(control_path, O_RDONLY | O_CLOEXEC) : -1;
    record = record_path ? open(record_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
}

static long long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * US + t.tv_nsec / 1000;
}

static void linger(void)
{
    char text[64] = "";
    int modem_ms = 0, other_ms = 0;
    const ssize_t size = pread(control, text, sizeof text - 1, 0);
    if (size <= 0 || sscanf(text, "%d %d", &modem_ms, &other_ms) != 2)
        return;
    const int ms = strcmp(program_invocation_short_name, "faxwire-modem") == 0 ? modem_ms : other_ms;
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* The disk takes its time first: what it says afterwards is true. */
static int slowly(const char *call, int (*sync)(int), int fd)
{
    char line[128];
    const long long began = now_us();
    linger();
    const int rc = sync(fd), saved = errno;
    const int size = snprintf(line, sizeof line, "%s %s %lld %lld\n", program_invocation_short_name, call, began, now_us());
    if (size > 0 && write(record, line, (size_t)size) != size)
        abort(); /* a record with holes proves nothing */
    errno = saved;
    return rc;
}

int fsync(int fd) { return slowly("fsync", real_fsync, fd); }

int fdatasync(int fd) { return slowly("fdatasync", real_fdatasync, fd); }
