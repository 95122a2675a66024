/* env.h - what the queue's simulation puts in the place of the outside: time, chance, the disk.
 *
 * The linker wraps clock_gettime, nanosleep, getrandom and the store's writer (meson.build), so that the
 * rooms run as they are. One seed gives one run.
 */
#ifndef FW_SIM_ENV_H
#define FW_SIM_ENV_H
#include <stdbool.h>
#include <stdint.h>

#include "fax/fax.h"
#include "fax/header_line.h"

void     env_start(uint64_t seed);
int64_t  env_now_us(void);           /* of the clock that only goes forward */
void     env_advance_to(int64_t us); /* not back */
void     env_shift_wall(int64_t us); /* somebody sets the clock on the wall */
uint64_t env_draw(uint64_t below);   /* the world's chance */
bool     env_chance(unsigned in_a_thousand);
/* How many writes in a thousand fail: before anything is written, or, half of them, after. */
void     env_disk_fails(unsigned in_a_thousand);
unsigned env_disk_failures(void);    /* so far */
uint64_t env_writes(void);           /* so far, those that failed counted */
/* Asked at each write; true: the power goes with it, and no write comes to the disk before env_power_back. */
void env_on_write(bool (*goes_off)(void *arg), void *arg);
void env_power_back(void);
/* Told of each change of a fax that the queue asks the store for: before, of that fax alone, and what came of it. */
void env_on_change(void (*before)(void *arg, const struct fw_fax *to),
                   void (*after)(void *arg, const struct fw_fax *to, enum fw_status from, enum fw_err err), void *arg);
/* How many looks in a thousand at the calls of a fax fail. */
void     env_calls_unread(unsigned in_a_thousand);
/* For fw_queue_port: the page file, or words in its place when some pages went before. */
enum fw_err env_put_pages(const char *dir, const char *to, int skip, const struct fw_header_text *header);
#endif
