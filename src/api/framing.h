/* framing.h - which requests are refused before anything else, for how they are framed; pure.
 *
 * Two readers of one byte stream must agree where a request ends (a proxy before us is the other).
 * The HTTP library takes more than it should, so what it lets through is judged here.
 *
 * Source: RFC 9112 clauses 3.2 (Host), 6.1 and 6.3 (body length); RFC 9110 clause 5.1 (names).
 */
#ifndef FW_API_FRAMING_H
#define FW_API_FRAMING_H
#include "base/buf.h"

struct fw_framing {
    int         hosts, lengths, encodings;
    bool        chunked;
    const char *fault; /* the first; NULL while there is none */
};

/* Call for each header field in turn. */
void fw_framing_header(struct fw_framing *f, struct fw_span name, struct fw_span value);
/* After the last: NULL, or what is wrong, for the person who sent it. */
const char *fw_framing_fault(const struct fw_framing *f, bool http_1_1);
#endif
