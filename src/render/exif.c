/* Reads one tag of the first directory; every offset is the file's and so is checked. */
#include "render/exif.h"
#include <string.h>

enum { ENTRY = 12, TAG_ORIENTATION = 274, TYPE_SHORT = 3, ENTRIES_MAX = 512 };

static uint32_t number(const uint8_t *p, size_t size, bool big)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | p[big ? i : size - 1 - i];
    return value;
}

int fw_exif_orientation(struct fw_span s)
{
    if (s.size >= 6 && memcmp(s.data, "Exif\0\0", 6) == 0)
        s = (struct fw_span){ s.data + 6, s.size - 6 };
    if (s.size < 8 || (memcmp(s.data, "II*\0", 4) != 0 && memcmp(s.data, "MM\0*", 4) != 0))
        return 1;
    const bool big = s.data[0] == 'M';
    const size_t at = number(s.data + 4, 4, big);
    if (at > s.size - 2)
        return 1;
    const size_t count = number(s.data + at, 2, big), room = (s.size - at - 2) / ENTRY;
    for (size_t i = 0; i < count && i < room && i < ENTRIES_MAX; i++) {
        const uint8_t *entry = s.data + at + 2 + i * ENTRY;
        if (number(entry, 2, big) != TAG_ORIENTATION)
            continue;
        const uint32_t value = number(entry + 8, 2, big);
        return number(entry + 2, 2, big) == TYPE_SHORT && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
