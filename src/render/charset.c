/* One character at a time out of bytes, and back as UTF-8. */
#include "render/charset.h"
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

static const uint16_t cp1252_high[32] = {
    0x20AC, REPLACEMENT, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, REPLACEMENT, 0x017D, REPLACEMENT, REPLACEMENT, 0x2018, 0x2019, 0x201C, 0x201D,
    0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, REPLACEMENT, 0x017E, 0x0178,
};

static void skip(struct fw_characters *c, size_t size)
{
    c->rest.data += size;
    c->rest.size -= size;
}

/* One character of valid or broken UTF-8; its size in bytes is never 0. */
static size_t utf8_read(struct fw_span s, uint32_t *ret)
{
    const uint8_t first = s.data[0];
    const size_t size = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    *ret = size == 1 ? first : REPLACEMENT;
    if (size < 2 || size > s.size)
        return 1;
    uint32_t value = first & (0x7FU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((s.data[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (s.data[i] & 0x3FU);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 1;
    *ret = value;
    return size;
}

/* Texts are judged here, not by fw_text_is_utf8: a zero byte is not our concern. */
static bool all_utf8(struct fw_span s)
{
    while (s.size > 0) {
        uint32_t c;
        const size_t size = utf8_read(s, &c);
        if (c == REPLACEMENT && size == 1)
            return false;
        s.data += size;
        s.size -= size;
    }
    return true;
}

struct fw_characters fw_characters_of(struct fw_span text)
{
    struct fw_characters c = { .rest = text };
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        skip(&c, 3);
    } else if (text.size >= 2 && (text.data[0] ^ text.data[1]) == 1 && text.data[0] >= 0xFE) {
        c.charset = text.data[0] == 0xFE ? FW_CHARSET_UTF16BE : FW_CHARSET_UTF16LE;
        skip(&c, 2);
    } else if (!all_utf8(text)) {
        c.charset = FW_CHARSET_CP1252;
    }
    return c;
}

static uint32_t utf16_unit(const struct fw_characters *c, size_t at)
{
    const uint8_t *p = c->rest.data + at;
    return c->charset == FW_CHARSET_UTF16BE ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static size_t utf16_read(const struct fw_characters *c, uint32_t *ret)
{
    *ret = REPLACEMENT;
    if (c->rest.size < 2)
        return 1;
    const uint32_t unit = utf16_unit(c, 0);
    if (unit < 0xD800 || unit >= 0xE000) {
        *ret = unit;
        return 2;
    }
    const uint32_t low = c->rest.size >= 4 ? utf16_unit(c, 2) : 0;
    if (unit >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
        return 2;
    *ret = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    return 4;
}

bool fw_character_next(struct fw_characters *c, uint32_t *ret)
{
    if (c->rest.size == 0)
        return false;
    size_t size = 1;
    const uint8_t byte = c->rest.data[0];
    switch (c->charset) {
    case FW_CHARSET_UTF8:
        size = utf8_read(c->rest, ret);
        break;
    case FW_CHARSET_CP1252:
        *ret = byte >= 0x80 && byte < 0xA0 ? cp1252_high[byte - 0x80] : byte;
        break;
    case FW_CHARSET_UTF16BE:
    case FW_CHARSET_UTF16LE:
        size = utf16_read(c, ret);
        break;
    }
    skip(c, size);
    return true;
}

enum fw_err fw_character_put(struct fw_buf *dst, uint32_t c)
{
    uint8_t bytes[4];
    const size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = size; i-- > 1; c >>= 6)
        bytes[i] = (uint8_t)(0x80 | (c & 0x3F));
    bytes[0] = (uint8_t)(marks[size] | c);
    return fw_buf_put(dst, (struct fw_span){ bytes, size });
}
