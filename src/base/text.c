/* Numbers, escapes, hex, base64 and UTF-8 over bounded texts. */
#include "base/text.h"
#include "base/bounds.h"
#include <string.h>

bool fw_text_copy(char *dst, size_t dst_size, struct fw_span text)
{
    fw_assert(dst_size > 0);
    dst[0] = '\0';
    if (text.size >= dst_size || (text.size > 0 && memchr(text.data, 0, text.size)))
        return false;
    if (text.size > 0)
        memcpy(dst, text.data, text.size);
    dst[text.size] = '\0';
    return true;
}

void fw_text_clip(char *dst, size_t dst_size, const char *text)
{
    fw_assert(dst_size > 0);
    size_t size = strnlen(text, dst_size - 1);
    if (text[size] != '\0') /* never cut a UTF-8 sequence in two */
        while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
            size--;
    memcpy(dst, text, size);
    dst[size] = '\0';
}

bool fw_text_is(struct fw_span text, const char *other)
{
    const size_t size = strlen(other);
    return text.size == size && (size == 0 || memcmp(text.data, other, size) == 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool fw_text_is_nocase(struct fw_span text, const char *other)
{
    if (text.size != strlen(other))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (lower(text.data[i]) != lower((uint8_t)other[i]))
            return false;
    return true;
}

bool fw_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool fw_text_to_u64(struct fw_span text, uint64_t max, uint64_t *ret)
{
    if (text.size == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

bool fw_text_to_i64(struct fw_span text, int64_t min, int64_t max, int64_t *ret)
{
    const bool negative = text.size > 0 && text.data[0] == '-';
    if (negative)
        text = (struct fw_span){ text.data + 1, text.size - 1 };
    uint64_t magnitude = 0;
    if (!fw_text_to_u64(text, INT64_MAX, &magnitude) || (negative && magnitude == 0))
        return false;
    const int64_t value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    if (value < min || value > max)
        return false;
    *ret = value;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool fw_text_percent_decode(struct fw_span in, bool plus_is_space, char *dst, size_t dst_size)
{
    fw_assert(dst_size > 0);
    size_t used = 0;
    dst[0] = '\0';
    for (size_t i = 0; i < in.size; i++) {
        uint8_t c = in.data[i];
        if (c == '%') {
            if (in.size - i < 3)
                return false;
            const int high = hex_digit(in.data[i + 1]), low = hex_digit(in.data[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == 0 || used + 1 >= dst_size)
            return false;
        dst[used++] = (char)c;
    }
    dst[used] = '\0';
    return true;
}

void fw_text_hex(struct fw_span in, char *dst, size_t dst_size)
{
    static const char digits[] = "0123456789abcdef";
    fw_assert(dst_size > 2 * in.size);
    for (size_t i = 0; i < in.size; i++) {
        dst[2 * i] = digits[in.data[i] >> 4];
        dst[2 * i + 1] = digits[in.data[i] & 15];
    }
    dst[2 * in.size] = '\0';
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void fw_text_base64(struct fw_span in, char *dst, size_t dst_size)
{
    fw_assert(dst_size > 4 * ((in.size + 2) / 3));
    char *out = dst;
    for (size_t i = 0; i < in.size; i += 3) {
        const size_t left = in.size - i;
        const uint32_t b1 = left > 1 ? in.data[i + 1] : 0, b2 = left > 2 ? in.data[i + 2] : 0;
        const uint32_t bits = (uint32_t)in.data[i] << 16 | b1 << 8 | b2;
        *out++ = base64_digits[bits >> 18];
        *out++ = base64_digits[bits >> 12 & 63];
        *out++ = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? base64_digits[bits & 63] : '=';
    }
    *out = '\0';
}

bool fw_text_is_base64(struct fw_span text)
{
    if (text.size % 4 != 0)
        return false;
    size_t size = text.size;
    for (int pad = 0; pad < 2 && size > 0 && text.data[size - 1] == '='; pad++)
        size--;
    for (size_t i = 0; i < size; i++)
        if (text.data[i] == 0 || !strchr(base64_digits, text.data[i]))
            return false;
    return true;
}

bool fw_text_base64_decode(struct fw_span text, uint8_t *dst, size_t dst_size, size_t *ret_size)
{
    size_t used = 0;
    if (!fw_text_is_base64(text))
        return false;
    for (size_t i = 0; i < text.size; i += 4) {
        uint32_t bits = 0;
        size_t count = 3;
        for (size_t k = 0; k < 4; k++) {
            const bool pad = text.data[i + k] == '=';
            count -= pad;
            bits = bits << 6 | (pad ? 0 : (uint32_t)(strchr(base64_digits, text.data[i + k]) - base64_digits));
        }
        if (count > dst_size - used)
            return false;
        for (size_t k = 0; k < count; k++)
            dst[used++] = (uint8_t)(bits >> (16 - 8 * k));
    }
    *ret_size = used;
    return true;
}

/* Length of the sequence at `p`, 0 when it is not one (RFC 3629 clause 4). */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    const uint8_t c = p[0];
    if (c < 0x80)
        return c != 0;
    const size_t size = c >= 0xC2 && c <= 0xDF   ? 2
                        : c >= 0xE0 && c <= 0xEF ? 3
                        : c >= 0xF0 && c <= 0xF4 ? 4
                                                 : 0;
    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
        (c == 0xF4 && p[1] > 0x8F))
        return 0;
    return size;
}

bool fw_text_is_utf8(struct fw_span text)
{
    for (size_t i = 0; i < text.size;) {
        const size_t size = utf8_sequence(text.data + i, text.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

bool fw_text_is_email(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(",;<>\"", *c))
            return false;
    }
    const char *at = strrchr(text, '@');
    return at && at != text && strchr(text, '@') == at && strchr(at, '.') && at[1] != '.' &&
           at[strlen(at) - 1] != '.';
}

bool fw_text_is_subaddress(const char *text)
{
    const size_t size = strspn(text, "0123456789*# ");
    return text[size] == '\0' && size <= FW_IDENT_MAX && text[strspn(text, " ")] != '\0';
}
