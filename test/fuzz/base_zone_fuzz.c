/* Files of time zones: read or refused; what is read says something sensible at every time. */
#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fw_zone z;
    if (fw_zone_parse((struct fw_span){ data, size }, &z))
        return 0;
    fw_assert(z.count <= FW_ZONE_TRANSITIONS_MAX);
    for (int64_t at = -86400; at < INT64_C(253402300800); at += 86400 * 97 + 3601) {
        const int ahead = fw_zone_ahead(&z, at);
        fw_assert(ahead >= -26 * 3600 && ahead <= 26 * 3600);
    }
    for (int i = 0; i < z.count; i++) {
        if (z.at[i] > 0 && z.at[i] < INT64_C(253402300800))
            (void)fw_zone_ahead(&z, z.at[i]);
    }
    return 0;
}
