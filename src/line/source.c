/* Addresses and prefixes as bits. */
#include "line/source.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

enum { V4_AT = 12, V4_BITS = 96, TEXT_SIZE = 80 };

static bool address_of(const char *text, struct fw_line_source *ret)
{
    static const uint8_t mapped[V4_AT] = { [10] = 0xFF, [11] = 0xFF };
    ret->bits = 128;
    if (inet_pton(AF_INET6, text, ret->address) == 1)
        return true;
    memcpy(ret->address, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, ret->address + V4_AT) == 1;
}

bool fw_line_source_parse(struct fw_span text, struct fw_line_source *ret)
{
    char copy[TEXT_SIZE];
    uint64_t bits = 0;
    if (!fw_text_copy(copy, sizeof copy, text))
        return false;
    char *host = copy, *slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    if (host[0] == '[') {
        host++;
        char *close = strchr(host, ']');
        if (!close)
            return false;
        *close = '\0';
    } else if (strchr(host, ':') && strchr(host, ':') == strrchr(host, ':')) {
        *strchr(host, ':') = '\0'; /* IPv4 with a port */
    }
    if (!address_of(host, ret))
        return false;
    if (!slash)
        return true;
    const bool v4 = !strchr(host, ':');
    if (!fw_text_to_u64(fw_span_of(slash + 1), v4 ? 32 : 128, &bits))
        return false;
    ret->bits = (uint8_t)(bits + (v4 ? V4_BITS : 0));
    return true;
}

bool fw_line_source_has(const struct fw_line_source *prefix, const struct fw_line_source *one)
{
    const size_t whole = prefix->bits / 8;
    const unsigned rest = prefix->bits % 8;
    if (memcmp(prefix->address, one->address, whole) != 0)
        return false;
    const unsigned mask = rest ? 0xFFu << (8 - rest) & 0xFFu : 0;
    return rest == 0 || ((prefix->address[whole] ^ one->address[whole]) & mask) == 0;
}
