/* Buckets: found by a hash of address and secret, four to a place. */
#include "line/guard.h"

#include <string.h>

enum { V6_KEPT = 8 }; /* bytes: a /64 is one customer */

static bool is_v4(const struct fw_line_source *s)
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    return memcmp(s->address, mapped, sizeof mapped) == 0;
}

/* FNV-1a over the secret and the address, folded once more. */
static uint64_t hash(uint64_t secret, const uint8_t *bytes, size_t size)
{
    uint64_t h = 0xCBF29CE484222325u ^ secret;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001B3u;
    h ^= h >> 32;
    return h * (secret | 1);
}

static struct fw_line_bucket *bucket_of(struct fw_line_guard *g, const uint8_t address[16])
{
    struct fw_line_bucket *set = g->buckets[(hash(g->secret, address, 16) >> 32) % FW_LINE_GUARD_SETS];
    struct fw_line_bucket *oldest = set;
    for (int i = 0; i < FW_LINE_GUARD_WAYS; i++) {
        if (set[i].at_us && memcmp(set[i].address, address, 16) == 0)
            return &set[i];
        if (set[i].at_us < oldest->at_us)
            oldest = &set[i];
    }
    memset(oldest, 0, sizeof *oldest);
    memcpy(oldest->address, address, 16);
    return oldest;
}

bool fw_line_guard_allows(struct fw_line_guard *g, const struct fw_line_source *from, uint32_t rate,
                          struct fw_mono now)
{
    uint8_t address[16];
    const int64_t full = (int64_t)rate * FW_LINE_GUARD_BURST * 1000;
    if (rate == 0)
        return true;
    memcpy(address, from->address, sizeof address);
    if (!is_v4(from))
        memset(address + V6_KEPT, 0, sizeof address - V6_KEPT);
    struct fw_line_bucket *b = bucket_of(g, address);
    const int64_t past_us = b->at_us && now.us > b->at_us ? now.us - b->at_us : 0;
    const int64_t gained = past_us > 10000000 ? full : past_us * rate / 1000;
    b->credit = b->at_us == 0 || b->credit + gained > full ? full : b->credit + gained;
    b->at_us = now.us > 0 ? now.us : 1;
    const bool ok = b->credit >= 1000;
    b->credit -= ok ? 1000 : 0;
    g->passed += ok;
    g->dropped += !ok;
    return ok;
}
