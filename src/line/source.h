/* source.h - where a message came from: an address, or a prefix that holds it. Pure. */
#ifndef FW_LINE_SOURCE_H
#define FW_LINE_SOURCE_H
#include "base/buf.h"

struct fw_line_source {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t bits;        /* that count, 128: all */
};
/* Numeric IPv4 or IPv6, in brackets or not, with /BITS or a port or neither. False: none of it. */
MUST_USE bool fw_line_source_parse(struct fw_span text, struct fw_line_source *ret);
bool fw_line_source_has(const struct fw_line_source *prefix, const struct fw_line_source *one);
#endif
