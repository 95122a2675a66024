/* callers.h - who was refused how often, for test numbers that refuse the first few calls of each. */
#ifndef FW_CARRIER_CALLERS_H
#define FW_CARRIER_CALLERS_H
#include "carrier/far_end.h"

enum { FW_CARRIER_CALLERS = 64 };

struct fw_carrier_caller {
    uint64_t key; /* of row and caller; 0: free */
    uint8_t refused;
};

/* True while a row still refuses this caller. A full table forgets its first place. */
bool fw_carrier_refuses_still(struct fw_carrier_caller table[FW_CARRIER_CALLERS], const struct fw_far_end *far,
                              const char *from);
#endif
