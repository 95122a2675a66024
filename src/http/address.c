/* Address classes as a table of prefixes; the first that matches decides. */
#include "http/address.h"

#include <netinet/in.h>
#include <string.h>

struct prefix {
    uint8_t bytes[16];
    int     bits;
    enum fw_address_class class;
};

static const struct prefix v4[] = {
    { { 0 }, 8, FW_ADDRESS_RESERVED }, /* "this network"; 0.0.0.0 connects to loopback */
    { { 10 }, 8, FW_ADDRESS_PRIVATE },
    { { 100, 64 }, 10, FW_ADDRESS_PRIVATE }, /* shared space of carriers */
    { { 127 }, 8, FW_ADDRESS_LOOPBACK },
    { { 169, 254 }, 16, FW_ADDRESS_LINK_LOCAL },
    { { 172, 16 }, 12, FW_ADDRESS_PRIVATE },
    { { 192, 0, 0 }, 24, FW_ADDRESS_RESERVED }, /* protocol assignments */
    { { 192, 0, 2 }, 24, FW_ADDRESS_RESERVED }, /* documentation, also the next two */
    { { 198, 51, 100 }, 24, FW_ADDRESS_RESERVED },
    { { 203, 0, 113 }, 24, FW_ADDRESS_RESERVED },
    { { 192, 88, 99 }, 24, FW_ADDRESS_RESERVED }, /* 6to4 relays */
    { { 192, 168 }, 16, FW_ADDRESS_PRIVATE },
    { { 198, 18 }, 15, FW_ADDRESS_RESERVED }, /* benchmarks */
    { { 224 }, 4, FW_ADDRESS_MULTICAST },
    { { 240 }, 4, FW_ADDRESS_RESERVED }, /* also the broadcast address */
    { { 0 }, 0, FW_ADDRESS_PUBLIC },
};

static const struct prefix v6[] = {
    { { [15] = 1 }, 128, FW_ADDRESS_LOOPBACK },
    { { 0xfe, 0x80 }, 10, FW_ADDRESS_LINK_LOCAL },
    { { 0xfe, 0xc0 }, 10, FW_ADDRESS_PRIVATE },           /* site-local of old */
    { { 0xfc }, 7, FW_ADDRESS_PRIVATE },
    { { 0xff }, 8, FW_ADDRESS_MULTICAST },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, FW_ADDRESS_RESERVED }, /* documentation */
    { { 0x3f, 0xff }, 20, FW_ADDRESS_RESERVED },
    { { 0x20, 0x01 }, 23, FW_ADDRESS_RESERVED },          /* Teredo and other assignments */
    { { 0x20 }, 3, FW_ADDRESS_PUBLIC },                   /* all global unicast there is */
    { { 0 }, 0, FW_ADDRESS_RESERVED },
};

/* Prefixes of IPv6 that carry an IPv4 address at byte `at`: that one then decides. */
static const struct {
    uint8_t bytes[12];
    int     bits, at;
} carriers[] = {
    { { [10] = 0xff, 0xff }, 96, 12 },              /* mapped, ::ffff:0:0/96 */
    { { [8] = 0xff, 0xff }, 96, 12 },               /* translated, ::ffff:0:0:0/96 */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },         /* NAT64 */
    { { 0x20, 0x02 }, 16, 2 },                      /* 6to4 */
};

static bool starts_with(const uint8_t *address, const uint8_t *prefix, int bits)
{
    const size_t whole = (size_t)bits / 8;
    const int rest = bits % 8;
    if (memcmp(address, prefix, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ prefix[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

static enum fw_address_class class_in(const struct prefix *table, const uint8_t *address)
{
    while (!starts_with(address, table->bytes, table->bits))
        table++; /* the last entry matches everything */
    return table->class;
}

static enum fw_address_class class_v6(const uint8_t address[16])
{
    for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
        if (starts_with(address, carriers[i].bytes, carriers[i].bits))
            return class_in(v4, address + carriers[i].at);
    }
    return class_in(v6, address);
}

enum fw_address_class fw_address_class_of(const struct sockaddr *address, size_t size)
{
    if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return class_in(v4, (const uint8_t *)&in.sin_addr);
    }
    if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return class_v6(in.sin6_addr.s6_addr);
    }
    return FW_ADDRESS_RESERVED;
}

bool fw_address_allowed(enum fw_address_class class, bool allow_private)
{
    return class == FW_ADDRESS_PUBLIC ||
           (allow_private && (class == FW_ADDRESS_LOOPBACK || class == FW_ADDRESS_PRIVATE));
}

const char *fw_address_class_text(enum fw_address_class class)
{
    static const char *const text[] = { "public", "loopback", "private", "link-local", "multicast",
                                        "reserved" };
    fw_assert((unsigned)class < ARRAY_LEN(text));
    return text[class];
}
