/* Parameters of a header value: `form-data; name="a b"; filename=x`.
 *
 * Source: RFC 9110 clause 5.6.6; the backslash of a quoted string is undone only before a quote or
 * a backslash, since browsers have long put Windows paths there unescaped.
 */
#include "api/multipart.h"
#include "base/text.h"

static void skip_space(struct fw_span *s)
{
    while (s->size > 0 && (s->data[0] == ' ' || s->data[0] == '\t'))
        *s = (struct fw_span){ s->data + 1, s->size - 1 };
}

static uint8_t take(struct fw_span *s)
{
    const uint8_t c = s->data[0];
    *s = (struct fw_span){ s->data + 1, s->size - 1 };
    return c;
}

/* Reads a token or quoted string. False when it is malformed; what is too long sets `*ret_fits`. */
static bool take_value(struct fw_span *s, char *dst, size_t dst_size, bool *ret_fits)
{
    const bool quoted = s->size > 0 && s->data[0] == '"';
    size_t used = 0;
    bool closed = !quoted;
    *ret_fits = true;
    if (quoted)
        (void)take(s);
    while (s->size > 0) {
        if (!quoted && (s->data[0] == ';' || s->data[0] == ' ' || s->data[0] == '\t'))
            break;
        uint8_t c = take(s);
        if (quoted && c == '"') {
            closed = true;
            break;
        }
        if (quoted && c == '\\' && s->size > 0 && (s->data[0] == '"' || s->data[0] == '\\'))
            c = take(s);
        if (used + 1 < dst_size)
            dst[used++] = (char)c;
        else
            *ret_fits = false;
    }
    dst[used] = '\0';
    return closed;
}

bool fw_header_parameter(struct fw_span header, const char *parameter, char *dst, size_t dst_size)
{
    bool found = false, fits = true;
    dst[0] = '\0';
    while (header.size > 0 && header.data[0] != ';')
        (void)take(&header);
    while (header.size > 0) {
        char value[1024];
        bool value_fits;
        if (take(&header) != ';')
            return false;
        skip_space(&header);
        struct fw_span name = header;
        while (header.size > 0 && header.data[0] != '=' && header.data[0] != ';')
            (void)take(&header);
        name.size -= header.size;
        if (header.size == 0 || header.data[0] == ';')
            continue; /* an empty parameter or one without a value: not ours */
        (void)take(&header);
        if (!take_value(&header, value, sizeof value, &value_fits))
            return false;
        skip_space(&header);
        if (!fw_text_is_nocase(name, parameter))
            continue;
        if (found)
            return false;
        found = true;
        fits = value_fits && fw_text_copy(dst, dst_size, fw_span_of(value));
    }
    return found && fits;
}
