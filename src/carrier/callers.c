/* callers.c - a small table of hashes. */
#include "carrier/callers.h"

bool fw_carrier_refuses_still(struct fw_carrier_caller table[FW_CARRIER_CALLERS], const struct fw_far_end *far,
                              const char *from)
{
    uint64_t key = 14695981039346656037u + (uint64_t)far->number; /* FNV-1a */
    for (const char *c = from; *c; c++)
        key = (key ^ (uint8_t)*c) * 1099511628211u;
    struct fw_carrier_caller *place = NULL;
    for (size_t i = 0; i < FW_CARRIER_CALLERS && (!place || place->key != key); i++) {
        if (table[i].key == key || (!place && table[i].key == 0))
            place = &table[i];
    }
    if (!place)
        place = &table[0];
    if (place->key != key)
        *place = (struct fw_carrier_caller){ .key = key };
    if (place->refused >= far->refuse_first) {
        place->key = 0;
        return false;
    }
    place->refused++;
    return true;
}
