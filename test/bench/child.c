/* Runs a program and says what it alone took: child REPORT RESULT PROGRAM [ARGUMENT ...]
 *
 * REPORT gets one line: CPU seconds, wall seconds, peak memory in KB. RESULT is opened as the program's fd 3; "-" for none.
 * The peak that Linux tells of a program begins with that of the program it was forked from, so this small one stands
 * between it and the large one that asks.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void become(char **argv)
{
    if (strcmp(argv[2], "-") != 0) {
        const int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || (fd != 3 && (dup2(fd, 3) != 3 || close(fd) != 0)))
            _exit(126);
    }
    execvp(argv[3], argv + 3);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "use: child REPORT RESULT PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    const double start = seconds_now();
    const pid_t pid = fork();
    if (pid == 0)
        become(argv);
    int status = 0;
    struct rusage used;
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
        return 126;
    const double wall = seconds_now() - start;
    FILE *report = fopen(argv[1], "w");
    if (!report)
        return 126;
    fprintf(report, "%.6f %.6f %ld\n", seconds_of(used.ru_utime) + seconds_of(used.ru_stime), wall, used.ru_maxrss);
    if (fclose(report) != 0)
        return 126;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
