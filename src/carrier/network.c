/* A list in the order of arrival. */
#include "carrier/network.h"
#include "base/bounds.h"
#include <stdlib.h>
#include <string.h>

struct held {
    struct held *next;
    struct fw_mono due;
    bool inwards;
    size_t size;
    uint8_t data[];
};

struct fw_network {
    struct fw_network_terms terms;
    uint64_t chance;
    struct held *first;
    unsigned count;
};

struct fw_network_terms fw_network_worse(struct fw_network_terms a, struct fw_network_terms b)
{
    return (struct fw_network_terms){
        .loss_percent = a.loss_percent > b.loss_percent ? a.loss_percent : b.loss_percent,
        .duplicate_percent =
            a.duplicate_percent > b.duplicate_percent ? a.duplicate_percent : b.duplicate_percent,
        .delay_ms = a.delay_ms > b.delay_ms ? a.delay_ms : b.delay_ms,
        .jitter_ms = a.jitter_ms > b.jitter_ms ? a.jitter_ms : b.jitter_ms,
    };
}

enum fw_err fw_network_new(const struct fw_network_terms *terms, uint64_t seed,
                           struct fw_network **ret)
{
    fw_assert(terms->delay_ms <= FW_NETWORK_MS_MAX && terms->jitter_ms <= FW_NETWORK_MS_MAX);
    struct fw_network *n = calloc(1, sizeof *n);
    if (!n)
        return FW_NO_MEMORY;
    n->terms = *terms;
    n->chance = seed | 1;
    *ret = n;
    return FW_OK;
}

void fw_network_free(struct fw_network *n)
{
    while (n && n->first) {
        struct held *h = n->first;
        n->first = h->next;
        free(h);
    }
    free(n);
}

bool fw_network_delays(const struct fw_network *n)
{
    return n->terms.delay_ms > 0 || n->terms.jitter_ms > 0;
}

/* xorshift64 */
static uint32_t draw(struct fw_network *n, uint32_t below)
{
    n->chance ^= n->chance << 13;
    n->chance ^= n->chance >> 7;
    n->chance ^= n->chance << 17;
    return (uint32_t)(n->chance >> 16) % below;
}

unsigned fw_network_copies(struct fw_network *n)
{
    if (n->terms.loss_percent > 0 && draw(n, 100) < n->terms.loss_percent)
        return 0;
    return n->terms.duplicate_percent > 0 && draw(n, 100) < n->terms.duplicate_percent ? 2 : 1;
}

void fw_network_put(struct fw_network *n, struct fw_mono now, bool inwards, struct fw_span datagram)
{
    struct held *h = NULL;
    if (datagram.size <= FW_UDP_BYTES_MAX && n->count < FW_NETWORK_HELD_MAX)
        h = malloc(sizeof *h + datagram.size);
    if (!h)
        return;
    const uint32_t jitter = n->terms.jitter_ms > 0 ? draw(n, n->terms.jitter_ms + 1u) : 0;
    h->due.us = now.us + (int64_t)(n->terms.delay_ms + jitter) * 1000;
    h->inwards = inwards;
    h->size = datagram.size;
    memcpy(h->data, datagram.data, datagram.size);
    struct held **at = &n->first;
    while (*at && (*at)->due.us <= h->due.us)
        at = &(*at)->next;
    h->next = *at;
    *at = h;
    n->count++;
}

bool fw_network_take(struct fw_network *n, struct fw_mono now, bool *ret_inwards, uint8_t *ret,
                     size_t *ret_size)
{
    struct held *h = n->first;
    if (!h || h->due.us > now.us)
        return false;
    n->first = h->next;
    n->count--;
    *ret_inwards = h->inwards;
    *ret_size = h->size;
    memcpy(ret, h->data, h->size);
    free(h);
    return true;
}
