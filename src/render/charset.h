/* charset.h - characters of a text whose encoding nobody told. Pure.
 *
 * A byte order mark decides, then whether all of it is UTF-8; everything else is read as Windows
 * code page 1252, which is Latin-1 with letters where Latin-1 has controls nobody sends.
 *
 * Sources: RFC 3629, RFC 2781, WHATWG Encoding (windows-1252).
 */
#ifndef FW_CHARSET_H
#define FW_CHARSET_H
#include "base/buf.h"

enum fw_charset { FW_CHARSET_UTF8, FW_CHARSET_CP1252, FW_CHARSET_UTF16BE, FW_CHARSET_UTF16LE };

struct fw_characters {
    enum fw_charset charset;
    struct fw_span  rest;
};

struct fw_characters fw_characters_of(struct fw_span text);
/* False at the end. What is broken becomes U+FFFD. */
MUST_USE bool        fw_character_next(struct fw_characters *c, uint32_t *ret);
MUST_USE enum fw_err fw_character_put(struct fw_buf *dst, uint32_t character); /* as UTF-8 */
#endif
