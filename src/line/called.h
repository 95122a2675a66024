/* called.h - which number an INVITE is for, by the trunk's option: pure text work on headers of strangers. */
#ifndef FW_LINE_CALLED_H
#define FW_LINE_CALLED_H
#include "base/buf.h"

/* The user part of the first URI (sip:, sips:, tel:) in a header value, with its escapes undone and its parameters
 * left out. False, and an empty text: there is none, or it does not fit. */
MUST_USE bool fw_line_user_in(const char *value, char *ret, size_t size);
/* The same of the last entry of a History-Info whose index is not the last of all: who was called before the call was
 * diverted to us (RFC 7044 clause 5); of the only one when there is only one. */
MUST_USE bool fw_line_user_in_history(const char *value, char *ret, size_t size);
#endif
