/* jitter.c - the fixed jitter buffer: samples placed by timestamp, read at the consumer's clock.
 *
 * The reading point moves only when the stream leaves the buffer for good: three newest packets in
 * a row too late (underrun, slow sender), half a second of packets far ahead (fast sender), or
 * three in a row of another source or numbering. One odd packet never moves it.
 */
#include "proto/rtp.h"
#include <string.h>

enum {
    SAMPLES_PER_MS = 8,
    SLACK = FW_JITTER_SLACK_MS * SAMPLES_PER_MS,
    STRANGERS_MAX = 3,
    LATES_MAX = 3,
    EARLIES_MAX = 25,
};
_Static_assert((FW_JITTER_SAMPLES & (FW_JITTER_SAMPLES - 1)) == 0, "timestamps wrap at 2^32");
_Static_assert(FW_JITTER_DEPTH_MS_MAX *SAMPLES_PER_MS + SLACK + FW_RTP_PAYLOAD_MAX <
                   FW_JITTER_SAMPLES,
               "a full buffer with one more frame fits");

static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

void fw_jitter_init(struct fw_jitter *j, unsigned depth_ms)
{
    if (depth_ms == 0)
        depth_ms = FW_JITTER_DEPTH_MS;
    if (depth_ms > FW_JITTER_DEPTH_MS_MAX)
        depth_ms = FW_JITTER_DEPTH_MS_MAX;
    *j = (struct fw_jitter){ .depth = depth_ms * SAMPLES_PER_MS };
}

/* Empties the buffer; the frame beginning at `timestamp` will be read after `depth`. */
static void centre_on(struct fw_jitter *j, uint32_t timestamp)
{
    memset(j->present, 0, sizeof j->present);
    j->read_at = timestamp - j->depth;
    j->newest = timestamp;
    j->strangers = j->lates = j->earlies = 0;
}

/* Drops what is read before `timestamp`, which is ahead and in view. */
static void skip_to(struct fw_jitter *j, uint32_t timestamp)
{
    while (j->read_at != timestamp)
        j->present[j->read_at++ & (FW_JITTER_SAMPLES - 1)] = false;
    j->earlies = 0;
    j->stats.recentred++;
}

/* False: a packet of another stream, for now. */
static bool belongs(struct fw_jitter *j, const struct fw_rtp *rtp)
{
    const int32_t at = ahead(rtp->timestamp, j->read_at);
    const bool in_view =
        at >= -FW_JITTER_SAMPLES && at <= FW_JITTER_SAMPLES - (int32_t)rtp->payload.size;
    if (rtp->ssrc == j->ssrc && in_view) {
        j->strangers = 0;
        return true;
    }
    if (++j->strangers < STRANGERS_MAX)
        return false;
    j->ssrc = rtp->ssrc;
    centre_on(j, rtp->timestamp);
    j->stats.recentred++;
    return true;
}

/* Counts what comes early or late and moves the reading point when that lasts. */
static void keep_centred(struct fw_jitter *j, const struct fw_rtp *rtp)
{
    const uint32_t end = rtp->timestamp + (uint32_t)rtp->payload.size;
    if (ahead(end, j->newest) <= 0)
        return; /* reordered or repeated: says nothing about the delay */
    if (ahead(rtp->timestamp, j->read_at) >= 0)
        j->lates = 0;
    else if (++j->lates >= LATES_MAX) {
        centre_on(j, rtp->timestamp);
        j->stats.recentred++;
        return;
    }
    if (ahead(rtp->timestamp, j->read_at) <= (int32_t)j->depth + SLACK)
        j->earlies = 0;
    else if (++j->earlies >= EARLIES_MAX)
        skip_to(j, rtp->timestamp - j->depth);
}

static size_t place(struct fw_jitter *j, uint32_t timestamp, const int16_t *samples, size_t count)
{
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t at = timestamp + (uint32_t)i;
        const uint32_t slot = at & (FW_JITTER_SAMPLES - 1);
        if (ahead(at, j->read_at) < 0 || j->present[slot])
            continue;
        j->samples[slot] = samples[i];
        j->present[slot] = true;
        placed++;
    }
    return placed;
}

void fw_jitter_put(struct fw_jitter *j, const struct fw_rtp *rtp)
{
    const bool g711 = rtp->payload_type == FW_CODEC_PCMU || rtp->payload_type == FW_CODEC_PCMA;
    const size_t count = rtp->payload.size;
    if (!g711 || count == 0 || count > FW_RTP_PAYLOAD_MAX) {
        j->stats.ignored++;
        return;
    }
    if (!j->started) {
        j->started = true;
        j->ssrc = rtp->ssrc;
        centre_on(j, rtp->timestamp);
    } else if (!belongs(j, rtp)) {
        j->stats.ignored++;
        return;
    }
    keep_centred(j, rtp);

    int16_t samples[FW_RTP_PAYLOAD_MAX];
    fw_g711_decode((enum fw_codec)rtp->payload_type, rtp->payload.data, count, samples);
    const uint32_t end = rtp->timestamp + (uint32_t)count;
    const size_t placed = place(j, rtp->timestamp, samples, count);
    j->stats.packets++;
    if (placed == 0 && ahead(end, j->read_at) <= 0)
        j->stats.late++;
    else if (placed == 0)
        j->stats.duplicates++;
    if (ahead(end, j->newest) > 0)
        j->newest = end;
}

size_t fw_jitter_get(struct fw_jitter *j, int16_t *samples, size_t count)
{
    if (!j->started) {
        memset(samples, 0, count * sizeof *samples);
        return 0;
    }
    size_t real = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t slot = j->read_at++ & (FW_JITTER_SAMPLES - 1);
        samples[i] = j->present[slot] ? j->samples[slot] : 0;
        real += j->present[slot];
        j->present[slot] = false;
    }
    j->stats.missing += count - real;
    return real;
}
