/* gate.h - every SIP message that arrives, before the stack has looked at what it asks for.
 *
 * The stack answers requests by itself in many places and keeps a transaction of each. What the
 * gate turns away leaves no trace: no answer, no memory.
 */
#ifndef FW_SIP_GATE_H
#define FW_SIP_GATE_H
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
#endif
