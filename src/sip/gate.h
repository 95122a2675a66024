/* gate.h - every SIP message that arrives, before the stack has looked at what it asks for.
 *
 * The stack answers requests by itself in many places and keeps a transaction of each. What the
 * gate turns away leaves no trace: no answer, no memory.
 */
#ifndef FW_SIP_GATE_H
#define FW_SIP_GATE_H
#include "base/pcap.h"
#include "sip/edge.h"

enum { FW_SIP_ADDRESS_SIZE = 64 };

struct fw_sip_arrival {
    const char *source;   /* numeric address, no brackets */
    const char *call_id;  /* empty: none, or not to be read */
    int status;           /* of a response; 0: a request, or not to be read */
    bool broken;          /* not to be read as SIP */
};
typedef bool fw_sip_gate_fn(void *arg, const struct fw_sip_arrival *arrival); /* false: turned away */
/* True: somebody from there may open a TCP connection to us. */
typedef bool fw_sip_door_fn(void *arg, const char *source);
/* One for the program; `fn` NULL: everything passes. */
void fw_sip_gate(fw_sip_gate_fn *fn, fw_sip_door_fn *door, void *arg);

/* A message as it was received or has just been sent, over TLS too. */
struct fw_sip_packet {
    bool                   sent;
    const char            *call_id; /* empty: none */
    struct fw_pcap_end     far;
    const struct fw_span  *parts; /* of its bytes, in order; borrowed */
    size_t                 part_count;
};
typedef void fw_sip_tap_fn(void *arg, const struct fw_sip_packet *packet);
/* One for the program, told of what passes the gate; `fn` NULL: none. */
void fw_sip_tap(fw_sip_tap_fn *fn, void *arg);
/* The same of the request whose event is being told, to `fn`, written anew by the stack; within the callback
 * only. False: there is none. */
MUST_USE bool fw_sip_tap_current(const struct fw_sip *s, fw_sip_tap_fn *fn, void *arg);
#endif
