/* network.h - datagrams that are late, come twice and overtake each other, both ways of one call.
 *
 * Pure, time is passed in. Bounded: what does not fit is lost, as on a network.
 */
#ifndef FW_CARRIER_NETWORK_H
#define FW_CARRIER_NETWORK_H
#include "base/buf.h"
#include "base/clock.h"

enum { FW_NETWORK_HELD_MAX = 512, FW_NETWORK_MS_MAX = 5000 };

/* How bad it is; all zero: it does nothing. */
struct fw_network_terms {
    uint8_t loss_percent;
    uint8_t duplicate_percent;
    uint16_t delay_ms;
    uint16_t jitter_ms; /* added, evenly spread: above 20 ms packets overtake each other */
};
/* The worse of both in each term. */
struct fw_network_terms fw_network_worse(struct fw_network_terms a, struct fw_network_terms b);

struct fw_network;

MUST_USE enum fw_err fw_network_new(const struct fw_network_terms *terms, uint64_t seed,
                                    struct fw_network **ret);
void fw_network_free(struct fw_network *n); /* NULL is fine */
/* True when it holds datagrams at all: else they need not be put in. */
bool fw_network_delays(const struct fw_network *n);
/* How often the next datagram goes: 0 lost, 1, or 2. */
unsigned fw_network_copies(struct fw_network *n);
/* `inwards`: to the far end's machine. */
void fw_network_put(struct fw_network *n, struct fw_mono now, bool inwards, struct fw_span datagram);
/* The next one that is due, in the order of arrival; false: none. `ret` holds FW_UDP_BYTES_MAX. */
MUST_USE bool fw_network_take(struct fw_network *n, struct fw_mono now, bool *ret_inwards,
                              uint8_t *ret, size_t *ret_size);
#endif
