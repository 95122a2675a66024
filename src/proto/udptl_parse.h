/* udptl_parse.h - one UDPTL datagram taken apart; of this room only. */
#ifndef FW_UDPTL_PARSE_H
#define FW_UDPTL_PARSE_H
#include "proto/udptl.h"

struct fw_udptl_packet {
    uint16_t       seq;
    struct fw_span primary; /* never empty */
    bool           fec;
    uint8_t        span;    /* FEC: packets in each entry's sum */
    size_t         count;
    struct fw_span entries[FW_UDPTL_SECONDARIES_MAX]; /* newest first; an entry may be empty */
};
/* Everything checked up to the last octet. FW_PROTOCOL: `ret` is untouched. */
MUST_USE enum fw_err fw_udptl_parse(struct fw_span packet, struct fw_udptl_packet *ret);
#endif
