/* text.h - small text duties: bounded copies, numbers, percent and hex and base64, UTF-8.
 *
 * Nothing here allocates; every output has a stated size and is NUL-terminated.
 */
#ifndef FW_TEXT_H
#define FW_TEXT_H
#include "base/buf.h"

/* Copies and terminates. False (and an empty `dst`) when it does not fit or holds a NUL. */
MUST_USE bool fw_text_copy(char *dst, size_t dst_size, struct fw_span text);
/* Copies what fits; for texts that only people read. */
void fw_text_clip(char *dst, size_t dst_size, const char *text);

bool fw_text_is(struct fw_span text, const char *other);      /* exact */
bool fw_text_is_nocase(struct fw_span text, const char *other); /* ASCII case ignored */
bool fw_text_starts(const char *text, const char *prefix);

/* Decimal digits only, no sign, no space, the whole span. False outside [0, max]. */
MUST_USE bool fw_text_to_u64(struct fw_span text, uint64_t max, uint64_t *ret);
/* As above with an optional leading '-'. */
MUST_USE bool fw_text_to_i64(struct fw_span text, int64_t min, int64_t max, int64_t *ret);

/* RFC 3986 clause 2.1; `plus_is_space` for application/x-www-form-urlencoded.
 * False for a bad escape, a NUL, or when it does not fit. */
MUST_USE bool fw_text_percent_decode(struct fw_span in, bool plus_is_space, char *dst,
                                     size_t dst_size);

void          fw_text_hex(struct fw_span in, char *dst, size_t dst_size); /* needs 2n + 1 */
void          fw_text_base64(struct fw_span in, char *dst, size_t dst_size); /* 4*ceil(n/3) + 1 */
/* The bytes of such a text; false when it is none or they do not fit. */
MUST_USE bool fw_text_base64_decode(struct fw_span text, uint8_t *dst, size_t dst_size, size_t *ret_size);
MUST_USE bool fw_text_is_base64(struct fw_span text); /* RFC 4648 clause 4, padded */
/* Enough to catch what is no e-mail address, or more than one: RFC 5321 clause 4.1.2 allows more than
 * anybody uses. Nothing in it can end a header or a command. */
MUST_USE bool fw_text_is_email(const char *text);
/* 1 to FW_IDENT_MAX digits, '*', '#' and spaces, as T.30 clause 5.3.6.2.8 has a sub-address. */
MUST_USE bool fw_text_is_subaddress(const char *text);
MUST_USE bool fw_text_is_utf8(struct fw_span text);   /* RFC 3629; NUL refused */
#endif
