/* source.h - where a request came from, whatever its headers say. */
#ifndef FW_SIP_SOURCE_H
#define FW_SIP_SOURCE_H
#include "sip/edge.h"

enum { FW_SIP_SOURCE_SIZE = 48 };
struct fw_sip_source {
    char     host[FW_SIP_SOURCE_SIZE]; /* numeric, no brackets; IPv4 in IPv6 is shown as IPv4 */
    uint16_t port;
};
/* Of the request whose event is being told; false: there is none. Within the callback only. */
MUST_USE bool fw_sip_source(const struct fw_sip *s, struct fw_sip_source *ret);
#endif
