/* The judgement on framing: counts the fields that decide where a request ends. */
#include "api/framing.h"

#include <string.h>

#include "base/text.h"

static bool name_ok(struct fw_span name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool alnum =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || !strchr(others, c)))
            return false;
    }
    return name.size > 0;
}

static bool value_ok(struct fw_span value)
{
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t c = value.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static void refuse(struct fw_framing *f, const char *fault)
{
    if (!f->fault)
        f->fault = fault;
}

static bool all_digits(struct fw_span text)
{
    uint64_t value;
    return fw_text_to_u64(text, INT64_MAX, &value);
}

void fw_framing_header(struct fw_framing *f, struct fw_span name, struct fw_span value)
{
    if (!name_ok(name))
        refuse(f, "a header name has a character that is not allowed in it");
    if (!value_ok(value))
        refuse(f, "a header value has a control character in it");
    if (fw_text_is_nocase(name, "host") && ++f->hosts > 1)
        refuse(f, "more than one Host header");
    if (fw_text_is_nocase(name, "content-length")) {
        if (++f->lengths > 1)
            refuse(f, "more than one Content-Length header");
        if (!all_digits(value))
            refuse(f, "Content-Length is not a number");
    }
    if (fw_text_is_nocase(name, "transfer-encoding")) {
        if (++f->encodings > 1)
            refuse(f, "more than one Transfer-Encoding header");
        if (!fw_text_is_nocase(value, "chunked"))
            refuse(f, "a Transfer-Encoding other than chunked");
        f->chunked = true;
    }
}

const char *fw_framing_fault(const struct fw_framing *f, bool http_1_1)
{
    if (f->fault)
        return f->fault;
    if (f->lengths > 0 && f->encodings > 0)
        return "Content-Length together with Transfer-Encoding";
    if (f->encodings > 0 && !http_1_1)
        return "Transfer-Encoding in a version of HTTP that has none";
    if (f->hosts == 0 && http_1_1)
        return "no Host header";
    return NULL;
}
