/* guard.h - how much one source may say: a bucket of messages for each, in bounded memory.
 *
 * Pure but for its secret, which keeps senders from choosing addresses that share a place. Under a
 * flood from more sources than there is room for, the one that was quiet longest is forgotten: who
 * keeps sending stays limited.
 */
#ifndef FW_LINE_GUARD_H
#define FW_LINE_GUARD_H
#include "base/clock.h"
#include "line/source.h"

enum { FW_LINE_GUARD_SETS = 1024, FW_LINE_GUARD_WAYS = 4, FW_LINE_GUARD_BURST = 2 /* seconds' worth */ };

struct fw_line_guard {
    uint64_t secret;
    uint64_t passed, dropped;
    struct fw_line_bucket {
        uint8_t address[16];
        int64_t credit; /* thousandths of a message */
        int64_t at_us;  /* 0: free */
    } buckets[FW_LINE_GUARD_SETS][FW_LINE_GUARD_WAYS];
};

/* True: one more message of this source is within `rate` a second. IPv6 sources count by their /64.
 * `rate` 0: any number. */
bool fw_line_guard_allows(struct fw_line_guard *g, const struct fw_line_source *from, uint32_t rate,
                          struct fw_mono now);
#endif
