/* Virtual time, seeded chance, a disk that fails. */
#include "env.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "store/attempts.h"
#include "store/schedule.h"
#include "store/writer.h"

#define WALL_START_US 1774677600000000 /* 2026-03-28 06:00, the day before clocks change in Europe */
#define MONO_START_US 1000000

static struct {
    _Atomic int64_t now_us, wall_shift_us; /* the writer's thread may look at the clock too */
    uint64_t        world, ids;            /* two generators: an id more does not change the weather */
    unsigned        disk_fails, disk_failures, calls_unread;
    uint64_t        writes;
    bool            off;
    bool          (*goes_off)(void *arg);
    void           *write_arg;
    void          (*before_change)(void *arg, const struct fw_fax *to);
    void          (*on_change)(void *arg, const struct fw_fax *to, enum fw_status from, enum fw_err err);
    void           *change_arg;
} env;

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void env_start(uint64_t seed)
{
    env.now_us = MONO_START_US;
    env.wall_shift_us = 0;
    env.world = seed * 2 + 1;
    env.ids = seed * 2 + 0x8000000000000000u;
    env.disk_fails = env.disk_failures = env.calls_unread = 0;
    env.off = false;
    env.goes_off = NULL;
    env.on_change = NULL;
    env.before_change = NULL;
}

void env_on_write(bool (*goes_off)(void *arg), void *arg)
{
    env.goes_off = goes_off;
    env.write_arg = arg;
}

void env_power_back(void)
{
    env.off = false;
}

void env_on_change(void (*before)(void *arg, const struct fw_fax *to),
                   void (*after)(void *arg, const struct fw_fax *to, enum fw_status from, enum fw_err err), void *arg)
{
    env.before_change = before;
    env.on_change = after;
    env.change_arg = arg;
}

int64_t env_now_us(void)
{
    return env.now_us;
}

void env_advance_to(int64_t us)
{
    if (us > env.now_us)
        env.now_us = us;
}

void env_shift_wall(int64_t us)
{
    env.wall_shift_us += us;
}

uint64_t env_draw(uint64_t below)
{
    return below > 0 ? next(&env.world) % below : 0;
}

bool env_chance(unsigned in_a_thousand)
{
    return env_draw(1000) < in_a_thousand;
}

void env_disk_fails(unsigned in_a_thousand)
{
    env.disk_fails = in_a_thousand;
}

void env_calls_unread(unsigned in_a_thousand)
{
    env.calls_unread = in_a_thousand;
}

unsigned env_disk_failures(void)
{
    return env.disk_failures;
}

uint64_t env_writes(void)
{
    return env.writes;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_nanosleep(const struct timespec *wait, struct timespec *left);
ssize_t __wrap_getrandom(void *data, size_t size, unsigned flags);
enum fw_err __wrap_fw_writer_do(struct fw_writer *w, fw_write_fn *fn, void *arg);
enum fw_err __real_fw_writer_do(struct fw_writer *w, fw_write_fn *fn, void *arg);
enum fw_err __wrap_fw_store_fax_advance(struct fw_store *s, const struct fw_fax *f, enum fw_status expected,
                                        struct fw_event *events, int event_count, const struct fw_fax_attempt *a);
enum fw_err __real_fw_store_fax_advance(struct fw_store *s, const struct fw_fax *f, enum fw_status expected,
                                        struct fw_event *events, int event_count, const struct fw_fax_attempt *a);
enum fw_err __wrap_fw_store_fax_save_all(struct fw_store *s, const struct fw_fax_ending *faxes, int count,
                                         struct fw_event *events, int events_each);
enum fw_err __real_fw_store_fax_save_all(struct fw_store *s, const struct fw_fax_ending *faxes, int count,
                                         struct fw_event *events, int events_each);
enum fw_err __wrap_fw_store_attempt_history(struct fw_store *s, const char *fax, struct fw_policy_history *ret,
                                            int *ret_interrupted);
enum fw_err __real_fw_store_attempt_history(struct fw_store *s, const char *fax, struct fw_policy_history *ret,
                                            int *ret_interrupted);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    const int64_t us = env.now_us + (id == CLOCK_REALTIME ? WALL_START_US + env.wall_shift_us : 0);
    ts->tv_sec = us / 1000000;
    ts->tv_nsec = us % 1000000 * 1000;
    return 0;
}

int __wrap_nanosleep(const struct timespec *wait, struct timespec *left)
{
    (void)left;
    env.now_us += wait->tv_sec * 1000000 + wait->tv_nsec / 1000;
    return 0;
}

ssize_t __wrap_getrandom(void *data, size_t size, unsigned flags)
{
    (void)flags;
    for (size_t done = 0; done < size; done += 8) {
        const uint64_t value = next(&env.ids);
        memcpy((uint8_t *)data + done, &value, size - done < 8 ? size - done : 8);
    }
    return (ssize_t)size;
}

enum fw_err __wrap_fw_writer_do(struct fw_writer *w, fw_write_fn *fn, void *arg)
{
    env.writes++;
    if (env.off)
        return FW_IO;
    env.off = env.goes_off && env.goes_off(env.write_arg);
    const bool fails = env.off || (env.disk_fails > 0 && env_chance(env.disk_fails));
    if (!fails)
        return __real_fw_writer_do(w, fn, arg);
    env.disk_failures += !env.off;
    /* A commit whose answer was lost: it is on disk, and nobody was told. */
    if (env_chance(500) && __real_fw_writer_do(w, fn, arg))
        return FW_IO;
    return FW_IO;
}

enum fw_err __wrap_fw_store_fax_advance(struct fw_store *s, const struct fw_fax *f, enum fw_status expected,
                                        struct fw_event *events, int event_count, const struct fw_fax_attempt *a)
{
    if (env.before_change)
        env.before_change(env.change_arg, f);
    const enum fw_err err = __real_fw_store_fax_advance(s, f, expected, events, event_count, a);
    if (env.on_change)
        env.on_change(env.change_arg, f, expected, err);
    return err;
}

enum fw_err __wrap_fw_store_fax_save_all(struct fw_store *s, const struct fw_fax_ending *faxes, int count,
                                         struct fw_event *events, int events_each)
{
    const enum fw_err err = __real_fw_store_fax_save_all(s, faxes, count, events, events_each);
    for (int i = 0; i < count && env.on_change; i++)
        env.on_change(env.change_arg, faxes[i].fax, faxes[i].expected, err);
    return err;
}

enum fw_err __wrap_fw_store_attempt_history(struct fw_store *s, const char *fax, struct fw_policy_history *ret,
                                            int *ret_interrupted)
{
    if (env.calls_unread > 0 && env_chance(env.calls_unread))
        return FW_IO;
    return __real_fw_store_attempt_history(s, fax, ret, ret_interrupted);
}

enum fw_err env_put_pages(const char *dir, const char *to, int skip, const struct fw_header_text *header)
{
    char from[4400];
    (void)header;
    snprintf(from, sizeof from, "%s/pages.tif", dir);
    if (skip == 0)
        return link(from, to) < 0 ? FW_IO : FW_OK;
    return fw_file_write(to, fw_span_of("the rest"), 0600);
}
